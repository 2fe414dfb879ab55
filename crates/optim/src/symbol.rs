//! A lane that computes nothing and remembers how: a rule run once on it yields its own formula.
//!
//! Nodes live on a tape of the thread, equal nodes once, so that [`Symbol`] is a plain number and a rule
//! cannot tell it from a float. Letters whose value makes an operation change nothing (a weight decay of
//! 0, a bound of ∞) leave no node: the formula is that of the rule with the numbers it has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{Lane, Rule, Slots, Step};

/// A term of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol(usize);

/// What a rule does to one coordinate, one assignment per line:
///
/// ```text
/// v ← α·v − ε·g
/// θ ← θ + v
/// ```
///
/// A term that stands in several places is given a letter of its own, and the new value of a slot that
/// is still needed after it changed is marked with a prime.
pub(crate) fn formula<R: Rule>(rule: &R) -> String {
    TAPE.with_borrow_mut(|tape| *tape = Tape::default());
    let letters: Vec<&str> = rule.slots().iter().map(|name| letter_of(name)).collect();
    let (θ, g) = (leaf("θ"), leaf("g"));
    let old: Vec<Symbol> = letters.iter().map(|letter| leaf(letter)).collect();
    // Any step after the first stands for all; a norm that is large but finite shows the clipping.
    let step = Step { t: 2, global_norm: f64::MAX, segment_norm: f64::MAX };
    let mut slots = R::Slots::read(&old);
    let update = rule.at::<Symbol>(&step)(θ, g, &mut slots);
    let mut new = old.clone();
    slots.write(&mut new);
    let moved = θ - update;
    TAPE.with_borrow(|tape| Writer::new(tape, &letters, &old, &new, moved).lines())
}

/// `s` of `adam.s`.
fn letter_of(slot: &'static str) -> &'static str {
    slot.rsplit('.').next().unwrap_or(slot)
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Leaf(&'static str),
    Letter(&'static str, f64),
    Constant(f64),
    Binary(&'static str, Symbol, Symbol),
    Call(&'static str, Vec<Symbol>),
    Neg(Symbol),
}

#[derive(Default)]
struct Tape {
    nodes: Vec<Node>,
    /// Nodes by how they print, so that equal ones are one.
    known: HashMap<String, Symbol>,
}

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

fn push(node: Node) -> Symbol {
    TAPE.with_borrow_mut(|tape| {
        let next = Symbol(tape.nodes.len());
        let symbol = *tape.known.entry(format!("{node:?}")).or_insert(next);
        if symbol == next {
            tape.nodes.push(node);
        }
        symbol
    })
}

fn leaf(name: &'static str) -> Symbol {
    push(Node::Leaf(name))
}

impl Symbol {
    /// The number it stands for, where it is one.
    fn value(self) -> Option<f64> {
        TAPE.with_borrow(|tape| match tape.nodes[self.0] {
            Node::Letter(_, x) | Node::Constant(x) => Some(x),
            _ => None,
        })
    }

    fn is(self, x: f64) -> bool {
        self.value() == Some(x)
    }

    /// What it is the negative of.
    fn negated(self) -> Option<Symbol> {
        TAPE.with_borrow(|tape| match tape.nodes[self.0] {
            Node::Neg(x) => Some(x),
            _ => None,
        })
    }
}

impl Add for Symbol {
    type Output = Symbol;

    fn add(self, other: Symbol) -> Symbol {
        match () {
            () if self.is(0.0) => other,
            () if other.is(0.0) => self,
            () => push(Node::Binary("+", self, other)),
        }
    }
}

impl Sub for Symbol {
    type Output = Symbol;

    fn sub(self, other: Symbol) -> Symbol {
        match other.negated() {
            Some(positive) => self + positive,
            None if other.is(0.0) => self,
            None if self.is(0.0) => -other,
            None => push(Node::Binary("−", self, other)),
        }
    }
}

impl Mul for Symbol {
    type Output = Symbol;

    fn mul(self, other: Symbol) -> Symbol {
        match () {
            () if self.is(0.0) || other.is(0.0) => Symbol::constant(0.0),
            () if self.is(1.0) => other,
            () if other.is(1.0) => self,
            () => push(Node::Binary("·", self, other)),
        }
    }
}

impl Div for Symbol {
    type Output = Symbol;

    fn div(self, other: Symbol) -> Symbol {
        if other.is(1.0) { self } else { push(Node::Binary("/", self, other)) }
    }
}

impl Neg for Symbol {
    type Output = Symbol;

    fn neg(self) -> Symbol {
        match (self.negated(), self.value()) {
            (Some(positive), _) => positive,
            (None, Some(x)) if x.is_infinite() => Symbol::constant(-x),
            _ => push(Node::Neg(self)),
        }
    }
}

impl Lane for Symbol {
    fn constant(x: f64) -> Symbol {
        push(Node::Constant(x))
    }

    fn letter(name: &'static str, x: f64) -> Symbol {
        push(Node::Letter(name, x))
    }

    fn sqrt(self) -> Symbol {
        push(Node::Call("√", vec![self]))
    }

    fn abs(self) -> Symbol {
        push(Node::Call("abs", vec![self]))
    }

    fn min(self, other: Symbol) -> Symbol {
        if other.is(f64::INFINITY) { self } else { push(Node::Call("min", vec![self, other])) }
    }

    fn max(self, other: Symbol) -> Symbol {
        if other.is(f64::NEG_INFINITY) { self } else { push(Node::Call("max", vec![self, other])) }
    }

    fn sign(self) -> Symbol {
        push(Node::Call("sign", vec![self]))
    }

    fn if_greater(self, other: Symbol, yes: Symbol, no: Symbol) -> Symbol {
        push(Node::Call("if_greater", vec![self, other, yes, no]))
    }
}

/// Writes the terms that are needed, each once.
struct Writer<'a> {
    tape: &'a Tape,
    /// What a term is called where it is used, if it has a name.
    names: HashMap<Symbol, String>,
    /// The assignments, in an order in which each uses only what stands before it.
    assignments: Vec<(String, Symbol)>,
}

impl<'a> Writer<'a> {
    fn new(
        tape: &'a Tape,
        letters: &[&str],
        old: &[Symbol],
        new: &[Symbol],
        moved: Symbol,
    ) -> Writer<'a> {
        let mut writer = Writer { tape, names: HashMap::new(), assignments: Vec::new() };
        writer.name_shared(new, moved);
        for (i, (letter, symbol)) in std::iter::zip(letters, new).enumerate() {
            // The old value is still to be had by its plain letter if anything after this needs it.
            let later = new[i + 1..].iter().chain([&moved]);
            let needed = later.into_iter().any(|root| writer.reaches(*root, old[i], *symbol));
            let name = format!("{letter}{}", if needed { "′" } else { "" });
            writer.names.insert(*symbol, name.clone());
            writer.assignments.push((name, *symbol));
        }
        writer.assignments.push(("θ".to_owned(), moved));
        writer
    }

    /// Gives letters to the terms that several assignments use and that are neither slots nor letters.
    fn name_shared(&mut self, new: &[Symbol], moved: Symbol) {
        let mut uses: HashMap<Symbol, usize> = HashMap::new();
        let mut pending: Vec<Symbol> = new.iter().copied().chain([moved]).collect();
        let mut seen = vec![false; self.tape.nodes.len()];
        while let Some(symbol) = pending.pop() {
            if std::mem::replace(&mut seen[symbol.0], true) {
                continue;
            }
            for operand in operands(&self.tape.nodes[symbol.0]) {
                *uses.entry(operand).or_default() += 1;
                pending.push(operand);
            }
        }
        let mut shared: Vec<Symbol> = uses
            .into_iter()
            .filter(|(symbol, count)| *count > 1 && !new.contains(symbol))
            .map(|(symbol, _)| symbol)
            .filter(|symbol| {
                matches!(self.tape.nodes[symbol.0], Node::Binary("+" | "−", ..) | Node::Call(..))
            })
            .collect();
        shared.sort_unstable_by_key(|symbol| symbol.0);
        for (i, symbol) in shared.into_iter().enumerate() {
            let name = format!("u{}", ["", "₁", "₂", "₃", "₄"].get(i).unwrap_or(&"₅"));
            self.names.insert(symbol, name.clone());
            self.assignments.push((name, symbol));
        }
    }

    /// Whether `from` needs `target` without passing through `around`.
    fn reaches(&self, from: Symbol, target: Symbol, around: Symbol) -> bool {
        from == target
            || from != around
                && operands(&self.tape.nodes[from.0])
                    .into_iter()
                    .any(|operand| self.reaches(operand, target, around))
    }

    fn lines(&self) -> String {
        let line = |(name, symbol): &(String, Symbol)| {
            format!("{name} ← {}", self.node(&self.tape.nodes[symbol.0], 0))
        };
        self.assignments.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn term(&self, symbol: Symbol, outer: u8) -> String {
        match self.names.get(&symbol) {
            Some(name) => name.clone(),
            None => self.node(&self.tape.nodes[symbol.0], outer),
        }
    }

    /// `outer` is how strongly the place around the term binds: 0 not at all, 1 a sum, 2 a product, 3 a
    /// divisor.
    fn node(&self, node: &Node, outer: u8) -> String {
        let wrap = |binds: u8, text: String| {
            if binds < outer { format!("({text})") } else { text }
        };
        match node {
            Node::Leaf(name) | Node::Letter(name, _) => (*name).to_owned(),
            Node::Constant(x) => x.to_string(),
            Node::Neg(x) => wrap(1, format!("−{}", self.term(*x, 2))),
            Node::Binary("+", a, b) => {
                wrap(1, format!("{} + {}", self.term(*a, 1), self.term(*b, 1)))
            }
            Node::Binary("−", a, b) => {
                wrap(1, format!("{} − {}", self.term(*a, 1), self.term(*b, 2)))
            }
            Node::Binary("·", a, b) => {
                wrap(2, format!("{}·{}", self.term(*a, 2), self.term(*b, 2)))
            }
            Node::Binary(sign, a, b) => {
                wrap(2, format!("{}{sign}{}", self.term(*a, 2), self.term(*b, 3)))
            }
            Node::Call("√", x) => match self.tape.nodes[x[0].0] {
                _ if self.names.contains_key(&x[0]) => format!("√{}", self.term(x[0], 3)),
                Node::Leaf(_) => format!("√{}", self.term(x[0], 3)),
                _ => format!("√({})", self.term(x[0], 0)),
            },
            Node::Call(name, x) => {
                let x: Vec<_> = x.iter().map(|x| self.term(*x, 0)).collect();
                format!("{name}({})", x.join(", "))
            }
        }
    }
}

fn operands(node: &Node) -> Vec<Symbol> {
    match node {
        Node::Leaf(_) | Node::Letter(..) | Node::Constant(_) => Vec::new(),
        Node::Neg(x) => vec![*x],
        Node::Binary(_, a, b) => vec![*a, *b],
        Node::Call(_, x) => x.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adam, clip_global_norm, decay, heavy_ball, l2, momentum, nesterov, scale};

    #[test]
    fn a_rule_prints_the_lecture() {
        assert_eq!(formula(&scale(0.1)), "θ ← θ − ε·g");
        assert_eq!(formula(&scale(0.1).then(momentum(0.9))), "v ← α·v − ε·g\nθ ← θ + v");
        assert_eq!(
            formula(&scale(0.1).then(nesterov(0.9))),
            "v′ ← α·v − ε·g\nθ ← θ − (α·v − (1+α)·v′)"
        );
        assert_eq!(
            formula(&adam(0.9, 0.999, 1e-8).then(decay(0.01)).then(scale(1e-3))),
            "s ← ρ₁·s + (1−ρ₁)·g\n\
             r ← ρ₂·r + (1−ρ₂)·g·g\n\
             θ ← θ − ε·(s/(1−ρ₁ᵗ)/(δ + √(r/(1−ρ₂ᵗ))) + λ·θ)"
        );
    }

    #[test]
    fn numbers_that_change_nothing_leave_no_trace() {
        let plain = formula(&adam(0.9, 0.999, 1e-8).then(scale(1e-3)));
        assert_eq!(formula(&l2(0.0).then(adam(0.9, 0.999, 1e-8)).then(scale(1e-3))), plain);
        assert_eq!(formula(&heavy_ball(0.9).then(scale(0.1))), "b ← μ·b + g\nθ ← θ − ε·b");
    }

    #[test]
    fn a_shared_term_gets_a_letter() {
        assert_eq!(
            formula(
                &clip_global_norm(1.0).then(l2(0.1)).then(adam(0.9, 0.99, 0.0)).then(scale(0.1))
            ),
            "u ← min(1, c/‖(g₁,g₂,…)‖)·g + λ·θ\n\
             s ← ρ₁·s + (1−ρ₁)·u\n\
             r ← ρ₂·r + (1−ρ₂)·u·u\n\
             θ ← θ − ε·s/(1−ρ₁ᵗ)/√(r/(1−ρ₂ᵗ))"
        );
    }
}
