//! Groups of parameters, each with an optimizer of its own.
//!
//! ```text
//! groups("*", adamw(lr=1e-3), "*/biases", sgd(lr=0.1), "layer1/*", frozen)
//! ```
//!
//! A pattern is a name with `*` for any run of characters, also of `/`, and `?` for any one of them. The last
//! group whose pattern matches takes the segment. A segment that none takes is an error, and so is a pattern
//! that no segment has, which is almost surely a slip; both are found at the first step.
//!
//! If any member wants the norm of the gradient, it is measured once, over all segments that are not frozen,
//! and is the same for all. So is what becomes of the step: if any member skips a gradient that is not
//! finite, then all do. Where the norm is measured, a member that puts 0 in place of what is not finite is
//! overruled by one that stops.

use std::sync::Arc;

use super::no_step;
use super::places::Places;
use crate::norm::{self, Measured};
use crate::saved::{Loader, STEPS, Slot};
use crate::segment::Subset;
use crate::{
    Around, Expression, Level, NonFinite, Norms, Observe, Optimizer, Outcome, Part, Segments,
    StepError, StepInfo, Stored,
};

/// Groups of parameters.
pub struct Groups<T: Stored> {
    members: Vec<Member<T>>,
    by: By,
    places: Places,
    steps: u64,
    skipped: u64,
    /// The places of the segments that are not frozen.
    active: Vec<usize>,
    norms: Vec<f64>,
}

struct Member<T: Stored> {
    pattern: Arc<str>,
    optimizer: Box<dyn Optimizer<T>>,
    frozen: bool,
    /// The places of its segments.
    indices: Vec<usize>,
}

/// What decides which group takes a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Pattern,
    /// The first takes matrices, the second everything else.
    Shape,
}

/// There is no group of this pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no group has the pattern \"{pattern}\"; there are {patterns}")]
pub struct NoSuchGroup {
    pattern: String,
    patterns: String,
}

impl<T: Stored> Groups<T> {
    /// Patterns and optimizers; the last that matches takes a segment.
    pub fn new<P: Into<Arc<str>>>(
        groups: impl IntoIterator<Item = (P, Box<dyn Optimizer<T>>)>,
    ) -> Groups<T> {
        let members = groups.into_iter().map(|(pattern, optimizer)| Member {
            pattern: pattern.into(),
            optimizer,
            frozen: false,
            indices: Vec::new(),
        });
        Groups {
            members: members.collect(),
            by: By::Pattern,
            places: Places::default(),
            steps: 0,
            skipped: 0,
            active: Vec::new(),
            norms: Vec::new(),
        }
    }

    /// Two groups by shape: `matrices` takes the segments of two dimensions above 1, `rest` all others.
    /// Either may be empty.
    pub fn of_matrices(matrices: Box<dyn Optimizer<T>>, rest: Box<dyn Optimizer<T>>) -> Groups<T> {
        Groups { by: By::Shape, ..Groups::new([("matrices", matrices), ("rest", rest)]) }
    }

    /// From the next step on, the group of this pattern stays as it is, state and count of steps too.
    ///
    /// # Errors
    ///
    /// If there is no such group.
    pub fn freeze(&mut self, pattern: &str) -> Result<(), NoSuchGroup> {
        self.set_frozen(pattern, true)
    }

    /// From the next step on, the group of this pattern goes on from where it was frozen.
    ///
    /// # Errors
    ///
    /// If there is no such group.
    pub fn thaw(&mut self, pattern: &str) -> Result<(), NoSuchGroup> {
        self.set_frozen(pattern, false)
    }

    fn set_frozen(&mut self, pattern: &str, frozen: bool) -> Result<(), NoSuchGroup> {
        let patterns = self.patterns();
        let named = self.members.iter_mut().filter(|member| &*member.pattern == pattern);
        match named.map(|member| member.frozen = frozen).count() {
            0 => Err(NoSuchGroup { pattern: pattern.to_owned(), patterns }),
            _ => Ok(()),
        }
    }

    fn patterns(&self) -> String {
        listed(self.members.iter().map(|member| &*member.pattern))
    }

    /// The places of the segments of each group.
    fn shared_out(&self, segments: &mut dyn Segments<T>) -> Result<Vec<Vec<usize>>, StepError> {
        let mut indices = vec![Vec::new(); self.members.len()];
        let mut matched = vec![self.by == By::Shape; self.members.len()];
        for index in 0..segments.count() {
            let segment = segments.segment(index);
            let taker = match self.by {
                By::Shape => match segment.shape {
                    [rows, columns] if *rows > 1 && *columns > 1 => Some(0),
                    _ => Some(1),
                },
                By::Pattern => {
                    let matches = |member: &Member<T>| is_match(&member.pattern, segment.name);
                    let found = self.members.iter().map(matches).enumerate();
                    let found = found.filter(|(_, matches)| *matches).map(|(group, _)| group);
                    found.inspect(|group| matched[*group] = true).last()
                }
            };
            let Some(taker) = taker else {
                let (segment, patterns) = (segment.name.to_owned(), self.patterns());
                return Err(StepError::NoGroup { segment, patterns });
            };
            indices[taker].push(index);
        }
        if let Some(group) = matched.iter().position(|matched| !matched) {
            let pattern = self.members[group].pattern.to_string();
            return Err(StepError::NoMatch { pattern, names: listed(names(segments)) });
        }
        Ok(indices)
    }

    fn settle(&mut self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        if !self.places.is_settled() {
            let indices = self.shared_out(segments)?;
            self.places.settle(segments);
            std::iter::zip(&mut self.members, indices)
                .for_each(|(member, indices)| member.indices = indices);
        }
        Ok(())
    }

    /// The norm over all segments that are not frozen; `None` if nobody wants it.
    fn measure(&mut self, segments: &mut dyn Segments<T>) -> Result<Option<f64>, Measured> {
        let Groups { members, active, norms, .. } = self;
        active.clear();
        let (mut wanted, mut zero) = (false, true);
        for member in members.iter().filter(|member| member.is_active()) {
            active.extend(&member.indices);
            wanted |= member.optimizer.measures_first();
            zero &= member.optimizer.non_finite() == NonFinite::Zero;
        }
        if !wanted {
            return Ok(None);
        }
        active.sort_unstable();
        norms.resize(active.len(), 0.0);
        let level = Level::widest();
        let norm = if active.len() == segments.count() {
            // The segments as they are, so that the sum is that of an optimizer without groups.
            norm::of_segments(level, segments, zero, norms)
        } else {
            norm::of_segments(
                level,
                &mut Subset { of: segments, indices: active, offset: 0 },
                zero,
                norms,
            )
        };
        norm.map(Some).map_err(|Measured { segment }| Measured { segment: active[segment] })
    }

    /// Calls `step` for each group that is not frozen, and puts together what comes of it. All groups take
    /// their step even if one ends in an error, as the segments of one optimizer would.
    fn each(
        &mut self,
        segments: &mut dyn Segments<T>,
        step: impl Fn(
            &mut dyn Optimizer<T>,
            &mut dyn Segments<T>,
        ) -> Result<Option<StepInfo>, StepError>,
    ) -> Result<Total, StepError> {
        let (mut total, mut first_error) = (Total::default(), None);
        for member in self.members.iter_mut() {
            if member.frozen {
                continue;
            }
            let Member { optimizer, indices, .. } = member;
            let steps = optimizer.steps();
            let mut own = Subset { of: segments, indices, offset: 0 };
            match step(&mut **optimizer, &mut own) {
                Ok(Some(info)) => {
                    let length = |index: &usize| self.places.range(*index).len();
                    total.add(&info, indices.iter().map(length).sum::<usize>());
                }
                Ok(None) => {}
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
            total.moved |= optimizer.steps() > steps;
        }
        if total.moved {
            self.steps += 1;
        }
        match first_error {
            Some(error) => Err(error),
            None => Ok(total),
        }
    }

    fn indented(&self, text: impl Fn(&dyn Optimizer<T>) -> String) -> Vec<(Arc<str>, String)> {
        let line = |member: &Member<T>| (member.pattern.clone(), text(&*member.optimizer));
        self.members.iter().map(line).collect()
    }
}

impl<T: Stored> Member<T> {
    fn is_active(&self) -> bool {
        !self.frozen && !self.optimizer.is_frozen()
    }
}

/// What the groups' steps come to.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    moved: bool,
    outcome: Option<Outcome>,
    learning_rate: f64,
    gradient_squares: f64,
    gradient_unknown: bool,
    non_finite: u64,
    skipped: u64,
    /// Σ Δθ², Σ θ² and coordinates that were clipped, if all that took a step have told.
    norms: [f64; 3],
    norms_unknown: bool,
    coordinates: usize,
}

impl Total {
    fn add(&mut self, info: &StepInfo, coordinates: usize) {
        let rank = |outcome| match outcome {
            Outcome::Frozen => 0,
            Outcome::Skipped => 1,
            Outcome::Accumulated => 2,
            Outcome::Taken => 3,
        };
        self.non_finite += info.non_finite;
        self.skipped += info.skipped;
        if info.outcome == Outcome::Taken {
            if self.outcome != Some(Outcome::Taken) {
                self.learning_rate = info.learning_rate;
            }
            match info.gradient_norm {
                Some(norm) => self.gradient_squares += norm * norm,
                None => self.gradient_unknown = true,
            }
            match info.norms {
                Some(Norms { update, parameters, clipped }) => {
                    self.coordinates += coordinates;
                    let own =
                        [update * update, parameters * parameters, clipped * coordinates as f64];
                    std::iter::zip(&mut self.norms, own).for_each(|(sum, x)| *sum += x);
                }
                None => self.norms_unknown = true,
            }
        }
        if self.outcome.is_none_or(|outcome| rank(info.outcome) > rank(outcome)) {
            self.outcome = Some(info.outcome);
        }
    }

    fn info(&self, step: u64, skipped: u64, measured: Option<f64>) -> StepInfo {
        let outcome = self.outcome.unwrap_or(Outcome::Frozen);
        let info = no_step(step, outcome, skipped + self.skipped);
        if outcome != Outcome::Taken {
            return StepInfo { gradient_norm: measured, ..info };
        }
        let [update, parameters, clipped] = self.norms;
        let summed = (!self.gradient_unknown).then(|| self.gradient_squares.sqrt());
        StepInfo {
            learning_rate: self.learning_rate,
            gradient_norm: measured.or(summed),
            non_finite: self.non_finite,
            norms: (!self.norms_unknown).then(|| Norms {
                update: update.sqrt(),
                parameters: parameters.sqrt(),
                clipped: clipped / self.coordinates.max(1) as f64,
            }),
            ..info
        }
    }
}

impl<T: Stored> Optimizer<T> for Groups<T> {
    fn step_within(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<StepInfo, StepError> {
        self.check(segments)?;
        self.settle(segments)?;
        let measured = match around.global_norm {
            Some(norm) => Some(norm),
            None => match self.measure(segments) {
                Ok(norm) => norm,
                Err(Measured { .. }) if self.non_finite() == NonFinite::Skip => {
                    self.skipped += 1;
                    return Ok(no_step(self.steps, Outcome::Skipped, self.skipped));
                }
                Err(Measured { segment }) => {
                    return Err(norm::error(segments, self.steps + 1, segment));
                }
            },
        };
        let around = Around { global_norm: measured, ..*around };
        let total =
            self.each(segments, |optimizer, own| optimizer.step_within(own, &around).map(Some))?;
        Ok(total.info(self.steps, self.skipped, measured))
    }

    fn flush(
        &mut self,
        segments: &mut dyn Segments<T>,
        around: &Around,
    ) -> Result<Option<StepInfo>, StepError> {
        if !self.places.is_settled() {
            return Ok(None);
        }
        self.check(segments)?;
        let total = self.each(segments, |optimizer, own| optimizer.flush(own, around))?;
        Ok(total.outcome.map(|_| total.info(self.steps, self.skipped, None)))
    }

    fn check(&self, segments: &mut dyn Segments<T>) -> Result<(), StepError> {
        self.places.check(segments, self.steps + 1)?;
        let first_time = !self.places.is_settled();
        let shared_out = if first_time { self.shared_out(segments)? } else { Vec::new() };
        for (group, Member { optimizer, indices, .. }) in self.members.iter().enumerate() {
            let indices = shared_out.get(group).unwrap_or(indices);
            optimizer.check(&mut Subset { of: segments, indices, offset: 0 })?;
        }
        Ok(())
    }

    fn moved(&mut self, segments: &mut dyn Segments<T>) {
        for Member { optimizer, indices, .. } in &mut self.members {
            optimizer.moved(&mut Subset { of: segments, indices, offset: 0 });
        }
    }

    fn measured(&mut self, measure: f64) {
        self.members.iter_mut().for_each(|member| member.optimizer.measured(measure));
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn to_iterate(&self, segments: &mut dyn Segments<T>) {
        if self.places.is_settled() {
            for Member { optimizer, indices, .. } in &self.members {
                optimizer.to_iterate(&mut Subset { of: segments, indices, offset: 0 });
            }
        }
    }

    fn looks_ahead(&self) -> bool {
        self.members.iter().any(|member| member.optimizer.looks_ahead())
    }

    fn slots(&self) -> Vec<Slot<'_>> {
        let counts = [(STEPS, self.steps), ("@skipped", self.skipped)]
            .map(|(name, count)| Slot::number(name.to_owned(), count as f64));
        let mut slots = Vec::from(counts);
        for (group, Member { optimizer, frozen, .. }) in self.members.iter().enumerate() {
            let scope = group.to_string();
            let frozen = Slot::number("@frozen".to_owned(), f64::from(u8::from(*frozen)));
            slots.push(frozen.within(&scope));
            slots.extend(optimizer.slots().into_iter().map(|slot| slot.within(&scope)));
        }
        slots
    }

    fn load(&mut self, segments: &mut dyn Segments<T>, saved: &mut Loader) {
        let (steps, skipped) = (saved.steps(STEPS), saved.steps("@skipped"));
        let indices = match self.shared_out(segments) {
            Ok(indices) => indices,
            Err(error) => return saved.differ(error.to_string()),
        };
        for (group, (member, indices)) in std::iter::zip(&mut self.members, indices).enumerate() {
            saved.within(&group.to_string(), |saved| {
                let frozen = saved.number("@frozen");
                if ![0.0, 1.0].contains(&frozen) {
                    saved.differ(format!("a group is frozen or not, 1 or 0, and not {frozen}"));
                }
                let own = &mut Subset { of: segments, indices: &indices, offset: 0 };
                member.optimizer.load(own, saved);
                if saved.commits() {
                    (member.frozen, member.indices) = (frozen == 1.0, indices);
                }
            });
        }
        if saved.commits() {
            (self.steps, self.skipped) = (steps, skipped);
            self.places = Places::of(segments);
        }
    }

    fn observe(&mut self, observe: Observe) {
        self.members.iter_mut().for_each(|member| member.optimizer.observe(observe));
    }

    fn parts(&self) -> Vec<Part> {
        let of = |member: &Member<T>| {
            let mut parts = member.optimizer.parts();
            let only = parts.len() == 1;
            for part in &mut parts {
                part.name = group_name(&member.pattern, &part.name, only).into();
            }
            parts
        };
        self.members.iter().flat_map(of).collect()
    }

    fn measures_first(&self) -> bool {
        let mut active = self.members.iter().filter(|member| member.is_active());
        active.any(|member| member.optimizer.measures_first())
    }

    fn non_finite(&self) -> NonFinite {
        let active = self.members.iter().filter(|member| member.is_active());
        let policies = active.map(|member| member.optimizer.non_finite());
        let strictness = |policy: &NonFinite| match policy {
            NonFinite::Zero => 0,
            NonFinite::Stop => 1,
            NonFinite::Refuse => 2,
            NonFinite::Skip => 3,
        };
        policies.max_by_key(strictness).unwrap_or_default()
    }

    fn is_frozen(&self) -> bool {
        !self.members.iter().any(Member::is_active)
    }

    fn wraps(&self, word: &str) -> usize {
        self.members.iter().map(|member| member.optimizer.wraps(word)).max().unwrap_or_default()
    }

    /// The most that any group may need; by shape, what the group of this shape does.
    fn state_bytes(&self, shape: &[usize]) -> u64 {
        let bytes = |member: &Member<T>| member.optimizer.state_bytes(shape);
        match (self.by, shape) {
            (By::Shape, [rows, columns]) if *rows > 1 && *columns > 1 => bytes(&self.members[0]),
            (By::Shape, _) => bytes(&self.members[1]),
            (By::Pattern, _) => self.members.iter().map(bytes).max().unwrap_or_default(),
        }
    }

    /// That of the group that moves most.
    fn step_bytes(&self) -> f64 {
        self.members.iter().map(|member| member.optimizer.step_bytes()).fold(0.0, f64::max)
    }

    fn chain(&self) -> String {
        let lines = self.indented(|optimizer| optimizer.chain());
        let lines: Vec<_> =
            lines.into_iter().map(|(pattern, chain)| format!("{pattern}: {chain}")).collect();
        format!("Groups({})", lines.join("; "))
    }

    fn formula(&self) -> String {
        let lines = self.indented(|optimizer| optimizer.formula());
        let lines: Vec<_> =
            lines.into_iter().map(|(pattern, text)| format!("{pattern}:\n{text}")).collect();
        lines.join("\n")
    }

    fn latex(&self) -> String {
        let lines = self.indented(|optimizer| optimizer.latex());
        let lines: Vec<_> = lines
            .into_iter()
            .map(|(pattern, text)| {
                format!("\\texttt{{{}}} \\\\\n{text}", pattern.replace('_', "\\_"))
            })
            .collect();
        lines.join(" \\\\\n")
    }

    fn expressions(&self, segments: &mut dyn Segments<T>) -> Result<Vec<Expression>, StepError> {
        let mut all = Vec::new();
        for (member, indices) in std::iter::zip(&self.members, self.shared_out(segments)?) {
            let own = &mut Subset { of: segments, indices: &indices, offset: 0 };
            let mut expressions = member.optimizer.expressions(own)?;
            let only = expressions.len() == 1;
            for expression in &mut expressions {
                expression.group = group_name(&member.pattern, &expression.group, only);
                expression.segments.iter_mut().for_each(|index| *index = indices[*index]);
            }
            all.append(&mut expressions);
        }
        Ok(all)
    }
}

/// What a part of a group is called: by the group's pattern alone if it is the `only` one.
fn group_name(pattern: &str, part: &str, only: bool) -> String {
    if only { pattern.to_owned() } else { format!("{pattern}: {part}") }
}

fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let quoted = names.into_iter().map(|name| format!("\"{}\"", name.as_ref()));
    quoted.collect::<Vec<_>>().join(", ")
}

fn names<T: Stored>(segments: &mut dyn Segments<T>) -> Vec<String> {
    (0..segments.count()).map(|index| segments.segment(index).name.to_owned()).collect()
}

/// Whether `name` is of `pattern`, in which `*` stands for any run of characters and `?` for any one.
fn is_match(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // Where the last star stands, and how far it reaches.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, reach)) = star else { return false };
                star = Some((at, reach + 1));
                (p, n) = (at + 1, reach + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn a_star_is_any_run_and_a_question_mark_one_character() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "layer1/weights", true),
            ("*/biases", "a/b/biases", true),
            ("*/biases", "biases", false),
            ("layer?/*", "layer1/weights", true),
            ("layer?/*", "layer12/weights", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*ab", "aab", true),
            ("w", "w", true),
            ("w", "ww", false),
            ("", "", true),
            ("", "w", false),
            ("é?", "éü", true),
        ] {
            assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
        }
    }
}
