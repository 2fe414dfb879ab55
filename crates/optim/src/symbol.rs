//! A lane that computes nothing and remembers how: a rule run once on it yields its own formula.
//!
//! Nodes live on a tape of the thread, equal nodes once, so that [`Symbol`] is a plain number and a rule
//! cannot tell it from a float. Letters whose value makes an operation change nothing (a weight decay of
//! 0, a bound of ∞) leave no node: the formula is that of the rule with the numbers it has.

mod expression;
mod latex;

use std::cell::RefCell;
use std::collections::HashMap;
use std::iter::zip;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{Lane, Rule, Slots, Step};

pub use expression::{Expression, Term, TermKind};
pub(crate) use expression::{GRADIENT, PARAMETERS, descend, transform};

/// A term of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(usize);

/// A line of a formula, in words and in LaTeX.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) latex: String,
}

/// What a rule at the end of a chain does to one coordinate, one assignment per line; `input` is what comes
/// in:
///
/// ```text
/// v ← α·v − ε·g
/// θ ← θ + v
/// ```
///
/// A term that stands in several places is given a letter of its own, and the new value of a slot that
/// is still needed after it changed is marked with a prime.
pub(crate) fn descent<R: Rule>(rule: &R, input: &str) -> Vec<Line> {
    lines(rule, input, "θ", |θ, update| θ - update)
}

/// The same of a rule before the end of a chain, which makes u of what comes in.
pub(crate) fn transformation<R: Rule>(rule: &R, input: &str) -> Vec<Line> {
    lines(rule, input, "u", |_, update| update)
}

fn lines<R: Rule>(
    rule: &R,
    input: &str,
    target: &str,
    outcome: impl FnOnce(Symbol, Symbol) -> Symbol,
) -> Vec<Line> {
    let Trace { letters, old, new, outcome } = trace(rule, input, outcome);
    TAPE.with_borrow(|tape| Writer::new(tape, &letters, &old, &new, target, outcome).lines())
}

/// What a run of a rule has left on the tape.
struct Trace {
    /// The letters of the slots.
    letters: Vec<String>,
    /// The slots before the step.
    old: Vec<Symbol>,
    /// The slots after it.
    new: Vec<Symbol>,
    /// What the rule comes to.
    outcome: Symbol,
}

/// Runs a rule on symbols; `outcome` makes of θ and the update what it comes to.
fn trace<R: Rule>(rule: &R, input: &str, outcome: impl FnOnce(Symbol, Symbol) -> Symbol) -> Trace {
    TAPE.with_borrow_mut(|tape| *tape = Tape::default());
    let slots = rule.slots();
    let letters: Vec<&str> = slots.iter().map(|slot| letter_of(slot.name)).collect();
    // AdaGrad and RMSProp both call their slot r.
    let letters = told_apart(&letters, subscript);
    let (θ, g) = (leaf("θ"), leaf(input));
    let old: Vec<Symbol> = letters.iter().map(|letter| leaf(letter)).collect();
    // A step after the first few stands for all; a norm that is large but finite shows the clipping.
    let mut step = Step { global_norm: f64::MAX, segment_norm: f64::MAX, ..Step::new(8) };
    // Numbers of the stage before, which are not known here, may not make terms disappear.
    step.numbers = [0.7; 4];
    zip(&mut step.numbers, rule.numbers()).for_each(|(number, (_, x))| *number = x);
    let mut next = step.numbers;
    // As after all the steps before: after one alone, factors of a running product may cancel.
    (1..=step.t).for_each(|t| rule.advance(Step { t, numbers: next, ..step }, &mut next));
    let mut slots = R::Slots::read(&old);
    let update = rule.at::<Symbol>(Step { numbers: next, ..step })(θ, g, &mut slots);
    let mut new = old.clone();
    slots.write(&mut new);
    Trace { letters, old, new, outcome: outcome(θ, update) }
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
pub(crate) fn letter_of(slot: &str) -> &str {
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
        if self.is(f64::NEG_INFINITY) {
            return no;
        }
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
        target: &str,
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
        writer.assignments.push((target.to_owned(), moved));
        writer
    }

    /// Whether `term` is written with `leaf`, and not only through a term that has a name already.
    fn needs(&self, term: Symbol, leaf: Symbol) -> bool {
        let mut operands = operands(&self.tape.nodes[term.0]).into_iter();
        term == leaf
            || !self.names.contains_key(&term) && operands.any(|operand| self.needs(operand, leaf))
    }

    fn lines(&self) -> Vec<Line> {
        let line = |(name, symbol): &(String, Symbol)| {
            let node = &self.tape.nodes[symbol.0];
            Line {
                text: format!("{name} ← {}", self.node(node, 0, Alphabet::Text)),
                latex: format!(
                    r"{} &\leftarrow {}",
                    latex::letter(name),
                    self.node(node, 0, Alphabet::Latex)
                ),
            }
        };
        self.assignments.iter().map(line).collect()
    }

    fn term(&self, symbol: Symbol, outer: u8, alphabet: Alphabet) -> String {
        match self.names.get(&symbol) {
            Some(name) => alphabet.letter(name),
            None => self.node(&self.tape.nodes[symbol.0], outer, alphabet),
        }
    }

    /// `outer` is how strongly the place around the term binds: 0 not at all, 1 a sum, 2 a product, 3 a
    /// divisor.
    fn node(&self, node: &Node, outer: u8, alphabet: Alphabet) -> String {
        use Alphabet::{Latex, Text};
        let term = |symbol: Symbol, outer: u8| self.term(symbol, outer, alphabet);
        let wrap = |binds: u8, text: String| match alphabet {
            _ if binds >= outer => text,
            Text => format!("({text})"),
            Latex => latex::parentheses(&text),
        };
        match node {
            Node::Leaf(name) => alphabet.letter(name),
            Node::Letter(name, _) => alphabet.letter(name),
            Node::Constant(x) => alphabet.letter(&x.to_string()),
            Node::Neg(x) => wrap(1, format!("{}{}", alphabet.minus(), term(*x, 2))),
            Node::Binary("+", a, b) => wrap(1, format!("{} + {}", term(*a, 1), term(*b, 1))),
            Node::Binary("−", a, b) => {
                wrap(1, format!("{} {} {}", term(*a, 1), alphabet.minus(), term(*b, 2)))
            }
            Node::Binary("·", a, b) => match (alphabet, &self.tape.nodes[b.0]) {
                // The product with the letter 1/x is the quotient by x.
                (Latex, Node::Letter(name, _)) if name.starts_with("1/") => {
                    let one_over = latex::letter(name);
                    one_over.replacen("{1}", &format!("{{{}}}", term(*a, 0)), 1)
                }
                (Latex, _) if a == b => match term(*a, 3) {
                    // Two indices above are none.
                    base if base.contains('^') => format!("{{{base}}}^2"),
                    base => format!("{base}^2"),
                },
                (Latex, _) => wrap(2, format!(r"{}\,{}", term(*a, 2), term(*b, 2))),
                (Text, _) => {
                    let (a, b) = (term(*a, 2), term(*b, 2));
                    wrap(
                        2,
                        match b.strip_prefix("1/") {
                            Some(divisor) => format!("{a}/{divisor}"),
                            None => format!("{a}·{b}"),
                        },
                    )
                }
            },
            Node::Binary(sign, a, b) => match alphabet {
                Text => wrap(2, format!("{}{sign}{}", term(*a, 2), term(*b, 3))),
                Latex => format!(r"\frac{{{}}}{{{}}}", term(*a, 0), term(*b, 0)),
            },
            Node::Call("√", x) => match (alphabet, &self.tape.nodes[x[0].0]) {
                (Latex, _) => format!(r"\sqrt{{{}}}", term(x[0], 0)),
                _ if self.names.contains_key(&x[0]) => format!("√{}", term(x[0], 3)),
                (Text, Node::Leaf(_)) => format!("√{}", term(x[0], 3)),
                (Text, _) => format!("√({})", term(x[0], 0)),
            },
            Node::Call("abs", x) => match alphabet {
                Text => format!("|{}|", term(x[0], 0)),
                Latex => format!(r"\lvert {}\rvert", term(x[0], 0)),
            },
            Node::Call("if_greater", x) if alphabet == Text => {
                let [a, b, yes, no] = [0, 1, 2, 3].map(|i| term(x[i], 0));
                format!("({a} > {b} ? {yes} : {no})")
            }
            Node::Call("if_greater", x) => {
                let [a, b, yes] = [0, 1, 2].map(|i| term(x[i], 0));
                let case = format!(r"{yes} & \text{{if }} {a} > {b} \\");
                let no = term(x[3], 0);
                // A choice among the rest is more rows of this one.
                let rest = no.strip_prefix(r"\begin{cases} ");
                let rest = rest.and_then(|rest| rest.strip_suffix(r" \end{cases}"));
                let rest = rest.map_or_else(|| format!(r"{no} & \text{{else}}"), str::to_owned);
                format!(r"\begin{{cases}} {case} {rest} \end{{cases}}")
            }
            Node::Call(name, x) => {
                let x: Vec<_> = x.iter().map(|x| term(*x, 0)).collect();
                let x = x.join(", ");
                match alphabet {
                    Text => format!("{name}({x})"),
                    Latex => format!("{}{}", latex::letter(name), latex::parentheses(&x)),
                }
            }
        }
    }
}

/// What formulas are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    /// Letters and signs of Unicode, one line.
    Text,
    /// What LaTeX sets in mathematics mode.
    Latex,
}

impl Alphabet {
    fn letter(self, name: &str) -> String {
        match self {
            Alphabet::Text => name.to_owned(),
            Alphabet::Latex => latex::letter(name),
        }
    }

    fn minus(self) -> char {
        match self {
            Alphabet::Text => '−',
            Alphabet::Latex => '-',
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
    let long = |symbol: Symbol| match tape.nodes[symbol.0] {
        Node::Letter(name, _) => name.chars().count() > 8,
        Node::Leaf(_) | Node::Constant(_) => false,
        _ => true,
    };
    let worth_it = |node: &Node| match node {
        Node::Binary("·", a, b) => long(*a) || long(*b),
        Node::Binary(..) | Node::Call(..) => true,
        _ => false,
    };
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

    fn formula<R: Rule>(rule: &R) -> String {
        descent(rule, "g").into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
    }
    use crate::{
        adadelta, adagrad, adam, adamax, clip_global_norm, clip_norm, clip_value, decay,
        heavy_ball, l2, momentum, nadam, nesterov, radam, rmsprop, rprop, scale,
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

    fn latex<R: Rule>(rule: &R) -> String {
        descent(rule, "g").into_iter().map(|line| line.latex).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_rule_writes_itself_in_latex() {
        assert_eq!(
            latex(&scale(0.1).then(momentum(0.9))),
            r"v &\leftarrow \alpha\,v - \varepsilon\,g
\theta &\leftarrow \theta + v"
        );
        assert_eq!(
            latex(&scale(0.1).then(nesterov(0.9))),
            r"v^{\prime} &\leftarrow \alpha\,v - \varepsilon\,g
\theta &\leftarrow \theta - \left(\alpha\,v - (1+\alpha)\,v^{\prime}\right)"
        );
        assert_eq!(
            latex(&adam(0.9, 0.999, 1e-8).then(decay(0.01)).then(scale(1e-3))),
            r"s &\leftarrow \rho_1\,s + (1-\rho_1)\,g
r &\leftarrow \rho_2\,r + (1-\rho_2)\,g^2
\theta &\leftarrow \theta - \varepsilon\,\left(\frac{\frac{s}{1-\rho_1^t}}{\delta + \sqrt{\frac{r}{1-\rho_2^t}}} + \lambda\,\theta\right)"
        );
        assert_eq!(
            latex(&clip_value(1.0).then(scale(0.1))),
            r"\theta &\leftarrow \theta - \varepsilon\,\max\left(\min\left(g, c\right), -c\right)"
        );
        assert_eq!(
            latex(&clip_norm(1.0).then(scale(0.1))),
            r"\theta &\leftarrow \theta - \varepsilon\,\min\left(1, \frac{c}{\lVert g\rVert}\right)\,g"
        );
    }

    #[test]
    fn every_optimizer_by_name_writes_itself_in_latex() {
        let arguments =
            ["", "clip_norm=1", "cautious=true, weight_decay=0.1", "clip_global_norm=1"];
        let words = crate::OPTIMIZERS.sharing.iter().map(|word| word.name);
        let calls = words.flat_map(|word| arguments.map(|more| format!("{word}({more})")));
        for call in calls {
            // Rules of whole tensors refuse the mask.
            let Ok(optimizer) = crate::optimizer::<f64>(&call.parse().unwrap(), None) else {
                assert!(call.contains("cautious"), "{call}");
                continue;
            };
            let latex = optimizer.latex();
            assert!(latex.is_ascii(), "{call}: {latex}");
            let mut open = 0;
            for char in latex.chars() {
                open += i32::from(char == '{') - i32::from(char == '}');
                assert!(open >= 0, "{call}: {latex}");
            }
            assert_eq!(open, 0, "{call}: {latex}");
            assert_eq!(
                latex.matches(r"\left(").count(),
                latex.matches(r"\right)").count(),
                "{call}: {latex}"
            );
            // As many lines as the formula in text, each with its arrow but for those that name a group.
            let text = optimizer.formula();
            assert_eq!(latex.lines().count(), text.lines().count(), "{call}: {latex}");
            let arrows = latex.matches(r"&\leftarrow").count();
            assert_eq!(arrows, text.matches('←').count(), "{call}: {latex}");
        }
    }

    #[test]
    fn choices_and_sizes_read_as_on_paper() {
        assert_eq!(
            formula(&rprop(0.1).then(scale(0.1))),
            "u ← sign(g)\n\
             u₁ ← u·h\n\
             q ← min(max(q·(0 > u₁ ? η⁻ : (u₁ > 0 ? η⁺ : 1)), Δₘᵢₙ/ε₀), Δₘₐₓ/ε₀)\n\
             h ← (0 > u₁ ? 0 : u)\n\
             θ ← θ − ε·q·h"
        );
        assert_eq!(
            formula(&adamax(0.9, 0.999, 1e-8).then(scale(0.1))),
            "s ← ρ₁·s + (1−ρ₁)·g\n\
             r ← max(ρ₂·r, |g| + δ)\n\
             θ ← θ − ε·s/(1−ρ₁ᵗ)/r"
        );
        // What it is after the first steps.
        assert_eq!(
            formula(&radam(0.9, 0.999, 1e-8).then(scale(0.1))),
            "s ← ρ₁·s + (1−ρ₁)·g\n\
             r ← ρ₂·r + (1−ρ₂)·g·g\n\
             θ ← θ − ε·κ·√(1−ρ₂ᵗ)·s/(1−ρ₁ᵗ)/(δ + √r)"
        );
    }

    #[test]
    fn a_product_that_stands_in_several_places_gets_a_letter_if_it_is_long() {
        assert_eq!(
            formula(&adadelta(0.9, 1e-6).then(scale(1.0))),
            "r ← ρ·r + (1−ρ)·g·g\n\
             u ← √(d + δ)/√(r + δ)·g\n\
             d ← ρ·d + (1−ρ)·u·u\n\
             θ ← θ − u"
        );
        assert_eq!(
            formula(&clip_norm(1.0).then(rmsprop(0.9, 1e-8)).then(scale(0.1))),
            "u ← min(1, c/‖g‖)·g\n\
             r ← ρ·r + (1−ρ)·u·u\n\
             θ ← θ − ε·u/(δ + √r)"
        );
    }

    #[test]
    fn numbers_of_the_whole_are_those_of_a_later_step() {
        assert_eq!(
            formula(&nadam(0.9, 0.999, 1e-8).then(scale(0.1))),
            "s ← ρ₁·s + (1−ρ₁)·g\n\
             r ← ρ₂·r + (1−ρ₂)·g·g\n\
             θ ← θ − ε·(μₜ₊₁/(1−Πₜ₊₁)·s + (1−μₜ)/(1−Πₜ)·g)/(δ + √(r/(1−ρ₂ᵗ)))"
        );
    }

    #[test]
    fn choices_in_latex_are_one_list_of_cases() {
        let latex = latex(&rprop(0.1).then(scale(0.1)));
        assert!(
            latex.contains(
                r"\begin{cases} \eta^- & \text{if } 0 > u_1 \\ \eta^+ & \text{if } u_1 > 0 \\ 1 & \text{else} \end{cases}"
            ),
            "{latex}"
        );
    }
}
