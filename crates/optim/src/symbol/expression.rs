//! The update as terms that are made of each other: what a formula says, for whoever draws it.

use std::collections::HashSet;
use std::iter::zip;
use std::ops::Range;

use super::{Node, Symbol, TAPE, Trace, operands, subscript, trace};
use crate::Rule;

/// What an optimizer does to the parameters of one group, as a graph of terms.
///
/// ```
/// use thalweg_optim::{Optimizer, Segment, optimizer};
///
/// let optimizer = optimizer::<f32>(&"momentum".parse()?, None)?;
/// let (mut w, g) = ([0.0], [0.0]);
/// let w = Segment { name: "w", shape: &[1], parameters: &mut w, gradient: (&g).into() };
/// let [expression] = &optimizer.expressions(&mut [w])?[..] else { panic!("one group") };
/// let names: Vec<&str> = expression.terms.iter().map(|term| term.name.as_str()).collect();
/// // v ← α·v − ε·g, θ ← θ + v
/// assert_eq!(names, ["θ", "g", "v", "ε", "α", "mul", "mul", "sub", "add", "v", "θ"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The pattern of names that the group was given, or `*`.
    pub group: String,
    /// The places of the segments that are in the group.
    pub segments: Vec<usize>,
    /// The chain of rules in words: `L2 → Adam → Scale`.
    pub chain: String,
    /// The formula, one line per assignment.
    pub formula: String,
    /// The terms, each after those that it is made of: first the parameters, then the gradient.
    pub terms: Vec<Term>,
}

/// A term of an [`Expression`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// The letter, or the name of the operation: `ρ₁`, `sqrt`.
    pub name: String,
    /// The places of the terms that it is made of.
    pub operands: Vec<usize>,
}

/// What a [`Term`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// The parameters before the step.
    Parameters,
    /// The gradient.
    Gradient,
    /// A slot before the step.
    Slot,
    /// A number that is the same for all coordinates of a step.
    Number,
    /// An operation on other terms; on whole tensors where a rule needs them, and then it has its name.
    Operation,
    /// What a slot or the parameters, the first operand, becomes: the second one.
    Assignment,
}

/// Where the parameters and the gradient stand in each expression.
pub(crate) const PARAMETERS: usize = 0;
pub(crate) const GRADIENT: usize = 1;

impl Expression {
    /// The terms before the first rule.
    pub(crate) fn start(segments: Range<usize>, chain: String, formula: String) -> Expression {
        let mut expression = Expression {
            group: "*".to_owned(),
            segments: segments.collect(),
            chain,
            formula,
            terms: Vec::new(),
        };
        expression.push(TermKind::Parameters, "θ", Vec::new());
        expression.push(TermKind::Gradient, "g", Vec::new());
        expression
    }

    /// What each term is called in a drawing: by its letter, or what it does, and a number from the second of
    /// a name on. `θ` and `g` are `parameters` and `gradients`; what assigns to `r` is `assign_r`.
    ///
    /// The numbers are subscripts, `mul₂`, which TensorBoard does not take for those of a series.
    pub fn names(&self) -> Vec<String> {
        let mut taken = HashSet::new();
        let name = |term: &Term| {
            let name = match term.kind {
                TermKind::Parameters => "parameters".to_owned(),
                TermKind::Gradient => "gradients".to_owned(),
                TermKind::Slot | TermKind::Number | TermKind::Operation => term.name.clone(),
                TermKind::Assignment => format!("assign_{}", term.name),
            };
            let mut numbered = (2..).map(|n| format!("{name}{}", subscript(n)));
            let free = |name: &String| taken.insert(name.clone());
            [name.clone()].into_iter().chain(&mut numbered).find(free).unwrap_or(name)
        };
        self.terms.iter().map(name).collect()
    }

    pub(crate) fn push(&mut self, kind: TermKind, name: &str, operands: Vec<usize>) -> usize {
        self.terms.push(Term { kind, name: name.to_owned(), operands });
        self.terms.len() - 1
    }

    /// Adds the term that gives `target` the value `value`.
    pub(crate) fn assign(&mut self, target: usize, value: usize) {
        let name = self.terms[target].name.clone();
        self.push(TermKind::Assignment, &name, vec![target, value]);
    }
}

/// Adds the terms of a rule at the end of a chain, to which the term `input` comes in.
pub(crate) fn descend<R: Rule>(rule: &R, expression: &mut Expression, input: usize) -> usize {
    let trace = trace(rule, INPUT, |θ, update| θ - update);
    let moved = add(&trace, expression, input);
    expression.assign(PARAMETERS, moved);
    moved
}

/// The same of a rule before the end of a chain; gives the term that comes out.
pub(crate) fn transform<R: Rule>(rule: &R, expression: &mut Expression, input: usize) -> usize {
    add(&trace(rule, INPUT, |_, update| update), expression, input)
}

/// What the tape calls what comes in.
const INPUT: &str = "g";

/// Adds the terms on the tape that are needed, and the assignments to slots; gives the term of the outcome.
fn add(trace: &Trace, expression: &mut Expression, input: usize) -> usize {
    let Trace { letters, old, new, outcome } = trace;
    TAPE.with_borrow(|tape| {
        let needed = needed(&tape.nodes, new.iter().chain([outcome]));
        // The tape has every term after those that it is made of.
        let mut places = vec![PARAMETERS; tape.nodes.len()];
        for (i, node) in tape.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            let slot = old.iter().position(|old| *old == Symbol(i));
            let mut operation = |name: &str| {
                let operands = operands(node).iter().map(|operand| places[operand.0]).collect();
                expression.push(TermKind::Operation, name, operands)
            };
            places[i] = match node {
                Node::Leaf(_) if slot.is_some() => {
                    let letter = slot.map_or("", |slot| &letters[slot]);
                    expression.push(TermKind::Slot, letter, Vec::new())
                }
                Node::Leaf(name) if name == INPUT => input,
                Node::Leaf(_) => PARAMETERS,
                Node::Letter(name, _) => expression.push(TermKind::Number, name, Vec::new()),
                Node::Constant(x) => expression.push(TermKind::Number, &x.to_string(), Vec::new()),
                Node::Binary("+", ..) => operation("add"),
                Node::Binary("−", ..) => operation("sub"),
                Node::Binary("·", ..) => operation("mul"),
                Node::Binary(..) => operation("div"),
                Node::Neg(_) => operation("neg"),
                Node::Call("√", _) => operation("sqrt"),
                Node::Call(name, _) => operation(name),
            };
        }
        for (old, new) in zip(old, new).filter(|(old, new)| old != new) {
            expression.assign(places[old.0], places[new.0]);
        }
        places[outcome.0]
    })
}

/// For each node of a tape, whether `roots` are made of it.
fn needed<'a>(nodes: &[Node], roots: impl Iterator<Item = &'a Symbol>) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    roots.for_each(|root| needed[root.0] = true);
    for (i, node) in nodes.iter().enumerate().rev() {
        if needed[i] {
            operands(node).iter().for_each(|operand| needed[operand.0] = true);
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Segment;

    fn expressions(call: &str) -> Vec<Expression> {
        let optimizer = crate::optimizer::<f64>(&call.parse().unwrap(), None).unwrap();
        let (mut w, mut b) = ([0.0; 4], [0.0; 2]);
        let mut segments = [
            Segment {
                name: "layer/weights",
                shape: &[2, 2],
                parameters: &mut w,
                gradient: (&[0.0; 4]).into(),
            },
            Segment {
                name: "layer/biases",
                shape: &[2],
                parameters: &mut b,
                gradient: (&[0.0; 2]).into(),
            },
        ];
        optimizer.expressions(&mut segments).unwrap()
    }

    /// The terms as text, by what they are made of.
    fn text(expression: &Expression, place: usize) -> String {
        let Term { kind, name, operands } = &expression.terms[place];
        let operands: Vec<_> = operands.iter().map(|place| text(expression, *place)).collect();
        match kind {
            TermKind::Operation => format!("{name}({})", operands.join(", ")),
            TermKind::Assignment => format!("{name} ← {}", operands[1]),
            _ => name.clone(),
        }
    }

    fn assignments(expression: &Expression) -> Vec<String> {
        (0..expression.terms.len())
            .filter(|place| expression.terms[*place].kind == TermKind::Assignment)
            .map(|place| text(expression, place))
            .collect()
    }

    #[test]
    fn terms_say_what_the_formula_says() {
        let [adam] = &expressions("adam")[..] else { panic!("one group") };
        assert_eq!(adam.segments, [0, 1]);
        let s = "add(mul(ρ₁, s), mul((1−ρ₁), g))";
        let r = "add(mul(ρ₂, r), mul((1−ρ₂), mul(g, g)))";
        assert_eq!(
            assignments(adam),
            [
                format!("s ← {s}"),
                format!("r ← {r}"),
                format!(
                    "θ ← sub(θ, mul(ε, div(mul({s}, 1/(1−ρ₁ᵗ)), add(δ, sqrt(mul({r}, 1/(1−ρ₂ᵗ)))))))"
                ),
            ]
        );
    }

    #[test]
    fn terms_have_names_of_their_own() {
        for call in ["adam", "adagrad(clip_norm=1)", "soap", "prodigy", "ademamix"] {
            for expression in expressions(call) {
                let names = expression.names();
                assert_eq!(names.len(), expression.terms.len());
                assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
            }
        }
        let names = expressions("adam")[0].names();
        for name in ["parameters", "gradients", "ρ₁", "mul", "mul₂", "assign_θ"] {
            assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
        }
    }

    #[test]
    fn a_rule_of_whole_tensors_is_one_operation() {
        let expressions = expressions("muon");
        let [weights, biases] = &expressions[..] else { panic!("two groups") };
        assert_eq!((&weights.segments[..], &biases.segments[..]), (&[0][..], &[1][..]));
        let assignments = assignments(weights);
        assert_eq!(assignments[0], "b ← Muon(g, b)");
        assert!(assignments[1].starts_with("θ ← "), "{assignments:?}");
        assert!(assignments[1].contains("Muon(g, b)"), "{assignments:?}");
    }

    #[test]
    fn every_optimizer_has_terms_in_order_that_all_come_to_something() {
        for word in crate::OPTIMIZERS.words.iter().filter(|word| word.name != "groups") {
            let Ok(call) = format!("{}()", word.name).parse() else { continue };
            // What goes around an optimizer needs one.
            if crate::optimizer::<f64>(&call, None).is_err() {
                continue;
            }
            for Expression { terms, formula, .. } in expressions(word.name) {
                let moves = |term: &&Term| term.kind == TermKind::Assignment;
                let count = formula.lines().filter(|line| line.starts_with('θ')).count();
                let of_parameters = terms.iter().filter(moves).filter(|term| term.name == "θ");
                assert_eq!(of_parameters.count(), count, "{}", word.name);
                let mut used = HashSet::from([PARAMETERS, GRADIENT]);
                for (place, term) in terms.iter().enumerate() {
                    assert!(term.operands.iter().all(|operand| *operand < place), "{}", word.name);
                    used.extend(&term.operands);
                    used.extend((term.kind == TermKind::Assignment).then_some(place));
                }
                assert_eq!(used.len(), terms.len(), "{}: {terms:?}", word.name);
            }
        }
    }
}
