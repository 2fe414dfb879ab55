//! Saved states that were damaged on the way, or are of another run.

#[path = "every_call/run.rs"]
#[allow(dead_code, reason = "shared with the table of properties, which uses more of it")]
mod run;
#[path = "every_call/table.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "as above")]
mod table;

use half::bf16;
use proptest::prelude::*;
use thalweg_optim::saved;
use thalweg_optim::*;

use crate::table::Line;

const SHAPES: [&[usize]; 3] = [&[2, 3], &[], &[0, 4]];
const NAMES: [&str; 3] = ["layer1/weights", "scale", "empty"];

/// An optimizer with parameters of its own.
struct Run {
    optimizer: Chain<f32>,
    parameters: [Vec<f32>; 3],
    gradients: [Vec<f32>; 3],
}

impl Run {
    fn new() -> Run {
        let ones = SHAPES.map(|shape| vec![1.0; shape.iter().product()]);
        let optimizer = Chain::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
        Run { optimizer, parameters: ones.clone(), gradients: ones }
    }

    /// A run of two steps.
    fn saved() -> Vec<u8> {
        let mut run = Run::new();
        run.step().unwrap();
        run.step().unwrap();
        saved::to_bytes(&run.optimizer, "adam(lr=0.1)")
    }

    fn step(&mut self) -> Result<StepInfo, StepError> {
        let Run { optimizer, parameters, gradients } = self;
        optimizer.step(&mut segments(parameters, gradients))
    }

    fn restore(&mut self, slots: Vec<Slot<'static>>) -> Result<(), StateError> {
        let Run { optimizer, parameters, gradients } = self;
        optimizer.restore(&mut segments(parameters, gradients), slots)
    }
}

fn segments<'a>(p: &'a mut [Vec<f32>; 3], g: &'a [Vec<f32>; 3]) -> Vec<Segment<'a, f32>> {
    let tensors = std::iter::zip(std::iter::zip(NAMES, SHAPES), std::iter::zip(p, g));
    tensors
        .map(|((name, shape), (parameters, gradient))| Segment {
            name,
            shape,
            parameters,
            gradient: gradient.into(),
        })
        .collect()
}

/// Every kind of piece that a state can have.
const CALLS: [&str; 8] = [
    "adam(lr=0.1)",
    "adam(lr=0.1; slots=int8)",
    "adam(lr=0.1; slots=bf16; clip_global_norm=1)",
    "prodigy(d0=0.01)",
    "adafactor(lr=0.1)",
    "schedule_free_adamw(lr=0.1)",
    "lamb(lr=0.1; cautious=true)",
    "rmsprop(lr=0.1; momentum=0.9; centered=true)",
];
const AROUND: [&str; 6] = [
    "{}",
    "lookahead(ema({}, decay=0.9), k=2)",
    "accumulate({}, steps=2)",
    "groups(\"*\", {}, \"layer1/*\", swa(momentum, start=1))",
    "sam({})",
    "project({}, onto=box)",
];

fn line() -> impl Strategy<Value = Line> {
    let calls = prop::sample::select(&CALLS[..]);
    (calls, prop::sample::select(&AROUND[..]))
        .prop_map(|(call, around)| Line::new(call).within(around))
}

/// The bytes of a run of five steps.
fn saved_run<T: Stored>(line: &Line) -> Vec<u8> {
    let mut run = run::Run::<T>::new(line).unwrap();
    run.steps(5);
    run.bytes()
}

/// Reads what may be anything. If it can be read at all, every tensor has as many values as its shape
/// says, and it either fits and the run goes on, or it does not and nothing has changed.
fn read_and_go_on<T: Stored>(line: &Line, bytes: &[u8]) {
    let Ok(saved) = saved::from_bytes(bytes) else { return };
    for slot in &saved.slots {
        assert_eq!(slot.values.len(), slot.shape.iter().product::<usize>(), "{}", slot.name);
    }
    let mut run = run::Run::<T>::new(line).unwrap();
    run.steps(2);
    let (bits, state) = (run.bits(), run.state());
    match run.restore(saved.slots) {
        Ok(()) => {
            assert_eq!(run.bits(), bits, "parameters are no part of a state");
            // Damaged numbers may be anything, and so may what comes of them.
            run.differentiate();
            let _ = run.step_as_is();
        }
        Err(_) => assert!((run.bits(), run.state()) == (bits, state), "{line}: loads a part"),
    }
}

fn damaged(line: &Line, half: bool, damage: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = if half { saved_run::<bf16>(line) } else { saved_run::<f32>(line) };
    damage(&mut bytes);
    if half { read_and_go_on::<bf16>(line, &bytes) } else { read_and_go_on::<f32>(line, &bytes) }
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused_or_read_with_the_right_sizes(
        line in line(),
        half in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header in any::<bool>(),
    ) {
        damaged(&line, half, |bytes| {
            let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let end = if in_header { header } else { bytes.len() };
            for (place, byte) in damage {
                bytes[place.index(end)] = byte;
            }
        });
    }

    /// Digits and letters are where a damaged header stays a header: shapes, offsets, the number of steps,
    /// names.
    #[test]
    fn other_digits_and_names_are_refused_or_read_with_the_right_sizes(
        line in line(),
        half in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 1..4),
        letters in any::<bool>(),
    ) {
        damaged(&line, half, |bytes| {
            let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let is_wanted = |byte: u8| {
                if letters { byte.is_ascii_lowercase() } else { byte.is_ascii_digit() }
            };
            let places: Vec<usize> = (8..header).filter(|i| is_wanted(bytes[*i])).collect();
            for (place, digit) in damage {
                bytes[*place.get(&places)] = if letters { digit - b'0' + b'a' } else { digit };
            }
        });
    }

    /// The numbers of the whole, which counts are worked out from, are the last that a state should trust.
    #[test]
    fn other_numbers_of_the_whole_are_refused_or_gone_on_with(
        line in line(),
        x in prop::num::f64::ANY,
        which in any::<prop::sample::Index>(),
    ) {
        let mut saved = saved::from_bytes(&saved_run::<f32>(&line)).unwrap();
        let numbers: Vec<usize> =
            (0..saved.slots.len()).filter(|i| saved.slots[*i].name.starts_with('@')).collect();
        let slot = &mut saved.slots[*which.get(&numbers)];
        *slot = Slot::number(slot.name.clone(), x);
        let metadata = [
            ("format", "thalweg-optimizer"),
            ("version", "2"),
            ("steps", "5"),
            ("optimizer", "sgd"),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        read_and_go_on::<f32>(&line, &saved::tensors_to_bytes(&saved.slots, metadata));
    }

    #[test]
    fn what_is_cut_off_or_added_to_is_refused(
        line in line(),
        cut in any::<prop::sample::Index>(),
        added in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let bytes = saved_run::<f32>(&line);
        prop_assert!(saved::from_bytes(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(saved::from_bytes(&[bytes, added].concat()).is_err());
    }
}

#[test]
fn a_count_of_steps_that_cannot_be_counted_on_is_refused() {
    let slots = |steps: f64| {
        let mut slots = saved::from_bytes(&Run::saved()).unwrap().slots;
        slots.retain(|slot| slot.name != saved::STEPS);
        slots.push(Slot::number(saved::STEPS.to_owned(), steps));
        slots
    };
    let mut run = Run::new();
    for steps in [2f64.powi(53) + 2.0, f64::INFINITY, f64::NAN, -1.0, 0.5] {
        let error = run.restore(slots(steps)).unwrap_err().to_string();
        assert!(error.contains(&format!("{steps} steps are more than can be counted")), "{error}");
    }
    run.restore(slots(2f64.powi(53))).unwrap();
    assert_eq!(run.step().unwrap().step, (1 << 53) + 1);
    assert!(run.parameters.iter().flatten().all(|p| p.is_finite()));
}

#[test]
fn an_optimizer_that_remembers_nothing_is_saved_all_the_same() {
    let mut optimizer = Chain::<f32>::new(scale(0.1));
    let Run { mut parameters, gradients, .. } = Run::new();
    optimizer.step(&mut segments(&mut parameters, &gradients)).unwrap();
    let saved = saved::from_bytes(&saved::to_bytes(&optimizer, "sgd")).unwrap();
    assert_eq!((saved.steps, saved.optimizer.as_str()), (1, "sgd"));
    let names: Vec<_> = saved.slots.iter().map(|slot| slot.name.as_str()).collect();
    assert_eq!(names, ["@skipped", "@steps"]);
}

#[test]
fn a_file_of_nothing_can_be_read() {
    let bytes = saved::tensors_to_bytes(&[], Default::default());
    assert_eq!(saved::tensors(&bytes).unwrap(), []);
    assert!(saved::metadata(&bytes).unwrap().is_empty());
}

/// Version 1 kept the count of steps in the metadata alone.
#[test]
fn a_state_of_the_first_version_is_gone_on_with() {
    let saved = saved::from_bytes(&Run::saved()).unwrap();
    let tensors: Vec<_> =
        saved.slots.into_iter().filter(|slot| !slot.name.starts_with('@')).collect();
    let entries =
        [("format", "thalweg-optimizer"), ("version", "1"), ("steps", "2"), ("optimizer", "")];
    let metadata = entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let old = saved::from_bytes(&saved::tensors_to_bytes(&tensors, metadata)).unwrap();
    let mut run = Run::new();
    run.restore(old.slots).unwrap();
    assert_eq!(run.step().unwrap().step, 3);
}

#[test]
fn a_later_version_says_so() {
    let entries =
        [("format", "thalweg-optimizer"), ("version", "3"), ("steps", "2"), ("optimizer", "")];
    let metadata = entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let error = saved::from_bytes(&saved::tensors_to_bytes(&[], metadata)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the state has version 3, this program reads versions up to 2; use a newer one"
    );
}

#[test]
fn another_type_or_format_says_so() {
    let slots = saved::from_bytes(&Run::saved()).unwrap().slots;
    let mut double = Chain::<f64>::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
    let (mut p, g) = (vec![0.0f64; 6], vec![0.0f64; 6]);
    let shape = SHAPES[0];
    let mut segment =
        [Segment { name: NAMES[0], shape, parameters: &mut p, gradient: (&g).into() }];
    let mut of_one = slots;
    of_one.retain(|slot| slot.name.starts_with(['@', 'l']));
    assert_eq!(
        double.restore(&mut segment, of_one).unwrap_err().to_string(),
        "the saved state does not fit: 'layer1/weights.adam.s' is kept in f32, not f64; \
         'layer1/weights.adam.r' is kept in f32, not f64"
    );
    let values = saved::Values::F32(vec![1.0, 2.0].into());
    let tensor = Slot { name: "w".to_owned(), shape: vec![2].into(), values };
    let other = saved::tensors_to_bytes(&[tensor], Default::default());
    let error = saved::from_bytes(&other).unwrap_err().to_string();
    assert_eq!(error, "not the state of an optimizer: the metadata have no valid 'format'");
}
