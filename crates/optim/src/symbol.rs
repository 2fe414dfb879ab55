//! A lane that computes nothing and remembers how: a rule run once on it yields its own formula.
//!
//! Nodes live on a tape of the thread, equal nodes once, so that [`Symbol`] is a plain number and a rule
//! cannot tell it from a float. Letters whose value makes an operation change nothing (a weight decay of
//! 0, a bound of ∞) leave no node: the formula is that of the rule with the numbers it has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::iter::zip;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{Lane, Rule, Slots, Step};

/// A term of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(usize);

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
    // AdaGrad and RMSProp both call their slot r.
    let letters = told_apart(&letters, subscript);
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

/// The names, each with its number from the second time on that it occurs: v, v₂, v₃.
pub(crate) fn told_apart(names: &[&str], number: impl Fn(usize) -> String) -> Vec<String> {
    let nth = |i: usize| names[..=i].iter().filter(|name| **name == names[i]).count();
    let name = |i: usize| match nth(i) {
        1 => names[i].to_owned(),
        n => format!("{}{}", names[i], number(n)),
    };
    (0..names.len()).map(name).collect()
}

/// 12 as ₁₂.
fn subscript(n: usize) -> String {
    let digit = |digit: char| char::from_u32('₀' as u32 + digit as u32 - '0' as u32);
    n.to_string().chars().filter_map(digit).collect()
}

/// `s` of `adam.s`.
fn letter_of(slot: &'static str) -> &'static str {
    slot.rsplit('.').next().unwrap_or(slot)
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Leaf(String),
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

fn leaf(name: &str) -> Symbol {
    push(Node::Leaf(name.to_owned()))
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
        letters: &[String],
        old: &[Symbol],
        new: &[Symbol],
        moved: Symbol,
    ) -> Writer<'a> {
        let shared = shared(tape, new, moved).into_iter().enumerate().map(|(i, symbol)| {
            let letter = if i == 0 { "u".to_owned() } else { format!("u{}", subscript(i)) };
            (symbol, letter, None)
        });
        let slots = zip(letters, zip(new, old))
            .filter(|(_, (new, old))| new != old)
            .map(|(letter, (new, old))| (*new, letter.clone(), Some(*old)));
        let mut order: Vec<_> = shared.chain(slots).collect();
        // The tape has every term after those that it is made of.
        order.sort_by_key(|(symbol, ..)| symbol.0);

        let mut writer = Writer { tape, names: HashMap::new(), assignments: Vec::new() };
        for (i, (symbol, letter, old)) in order.iter().enumerate() {
            writer.names.insert(*symbol, letter.clone());
            // The old value is still to be had by its plain letter if anything after this needs it.
            let mut later = order[i + 1..].iter().map(|(symbol, ..)| *symbol).chain([moved]);
            let needed = old.is_some_and(|old| later.any(|root| writer.needs(root, old)));
            let name = format!("{letter}{}", if needed { "′" } else { "" });
            writer.names.insert(*symbol, name.clone());
            writer.assignments.push((name, *symbol));
        }
        writer.assignments.push(("θ".to_owned(), moved));
        writer
    }

    /// Whether `term` is written with `leaf`, and not only through a term that has a name already.
    fn needs(&self, term: Symbol, leaf: Symbol) -> bool {
        let mut operands = operands(&self.tape.nodes[term.0]).into_iter();
        term == leaf
            || !self.names.contains_key(&term) && operands.any(|operand| self.needs(operand, leaf))
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
            Node::Leaf(name) => name.clone(),
            Node::Letter(name, _) => (*name).to_owned(),
            Node::Constant(x) => x.to_string(),
            Node::Neg(x) => wrap(1, format!("−{}", self.term(*x, 2))),
            Node::Binary("+", a, b) => {
                wrap(1, format!("{} + {}", self.term(*a, 1), self.term(*b, 1)))
            }
            Node::Binary("−", a, b) => {
                wrap(1, format!("{} − {}", self.term(*a, 1), self.term(*b, 2)))
            }
            Node::Binary("·", a, b) => {
                let (a, b) = (self.term(*a, 2), self.term(*b, 2));
                // The product with the letter 1/x is the quotient by x.
                let text = match b.strip_prefix("1/") {
                    Some(divisor) => format!("{a}/{divisor}"),
                    None => format!("{a}·{b}"),
                };
                wrap(2, text)
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

/// The terms that get letters because they are used several times, and are neither slots nor letters.
fn shared(tape: &Tape, new: &[Symbol], moved: Symbol) -> Vec<Symbol> {
    let mut uses = vec![0; tape.nodes.len()];
    let mut pending: Vec<Symbol> = new.iter().copied().chain([moved]).collect();
    let mut seen = vec![false; tape.nodes.len()];
    while let Some(symbol) = pending.pop() {
        if std::mem::replace(&mut seen[symbol.0], true) {
            continue;
        }
        for operand in operands(&tape.nodes[symbol.0]) {
            uses[operand.0] += 1;
            pending.push(operand);
        }
    }
    let worth_it = |node: &Node| matches!(node, Node::Binary("+" | "−" | "/", ..) | Node::Call(..));
    (0..tape.nodes.len())
        .filter(|&i| uses[i] > 1 && worth_it(&tape.nodes[i]) && !new.contains(&Symbol(i)))
        .map(Symbol)
        .collect()
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
    use crate::{
        adagrad, adam, clip_global_norm, decay, heavy_ball, l2, momentum, nesterov, rmsprop, scale,
    };

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
    fn slots_with_the_same_letter_are_told_apart() {
        assert_eq!(
            formula(&adagrad(1e-7).then(rmsprop(0.9, 1e-8)).then(scale(0.1))),
            "r ← r + g·g\n\
             u ← g/(δ + √r)\n\
             r₂ ← ρ·r₂ + (1−ρ)·u·u\n\
             θ ← θ − ε·u/(δ + √r₂)"
        );
        let names = ["v"; 12];
        assert_eq!(told_apart(&names, subscript)[11], "v₁₂");
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
