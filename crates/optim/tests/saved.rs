//! Saved states that were damaged on the way, or are of another run.

use proptest::prelude::*;
use thalweg_optim::saved::{self, SavedError};
use thalweg_optim::*;

const SHAPES: [&[usize]; 3] = [&[2, 3], &[], &[0, 4]];
const NAMES: [&str; 3] = ["layer1/weights", "scale", "empty"];

/// An optimizer with parameters of its own.
struct Run {
    optimizer: Fused<Then<Adam, Scale>, f32>,
    parameters: [Vec<f32>; 3],
    gradients: [Vec<f32>; 3],
}

impl Run {
    fn new() -> Run {
        let ones = SHAPES.map(|shape| vec![1.0; shape.iter().product()]);
        let optimizer = Fused::new(adam(0.9, 0.999, 1e-8).then(scale(0.1)));
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

    fn restore(&mut self, steps: u64, slots: Vec<SavedSlot<f32>>) -> Result<(), StateError> {
        let Run { optimizer, parameters, gradients } = self;
        optimizer.restore(&mut segments(parameters, gradients), steps, slots)
    }
}

fn segments<'a>(p: &'a mut [Vec<f32>; 3], g: &'a [Vec<f32>; 3]) -> Vec<Segment<'a, f32>> {
    let tensors = std::iter::zip(std::iter::zip(NAMES, SHAPES), std::iter::zip(p, g));
    tensors
        .map(|((name, shape), (parameters, gradient))| Segment {
            name,
            shape,
            parameters,
            gradient,
        })
        .collect()
}

/// Reads what may be anything. If it can be read at all, every tensor has as many values as its shape
/// says, and it either fits and the run goes on, or it does not and nothing has changed.
fn read_and_go_on(bytes: &[u8]) {
    let Ok(saved) = saved::from_bytes::<f32>(bytes) else { return };
    for slot in &saved.slots {
        assert_eq!(slot.values.len(), slot.shape.iter().product::<usize>(), "{}", slot.name);
    }
    let mut run = Run::new();
    let steps = saved.steps;
    match run.restore(steps, saved.slots) {
        Ok(()) => {
            run.step().unwrap();
            assert_eq!(run.optimizer.steps(), steps + 1);
        }
        Err(_) => assert_eq!((run.optimizer.steps(), run.optimizer.slots().len()), (0, 0)),
    }
}

proptest! {
    #[test]
    fn damaged_bytes_are_refused_or_read_with_the_right_sizes(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_header in any::<bool>(),
    ) {
        let mut bytes = Run::saved();
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let end = if in_header { header } else { bytes.len() };
        for (place, byte) in damage {
            bytes[place.index(end)] = byte;
        }
        read_and_go_on(&bytes);
    }

    /// Digits are where a damaged header stays a header: shapes, offsets, the number of steps.
    #[test]
    fn other_digits_are_refused_or_read_with_the_right_sizes(
        damage in prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 1..4),
    ) {
        let mut bytes = Run::saved();
        let digits: Vec<usize> = (8..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
        for (place, digit) in damage {
            bytes[*place.get(&digits)] = digit;
        }
        read_and_go_on(&bytes);
    }

    #[test]
    fn what_is_cut_off_or_added_to_is_refused(
        cut in any::<prop::sample::Index>(),
        added in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let bytes = Run::saved();
        prop_assert!(saved::from_bytes::<f32>(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(saved::from_bytes::<f32>(&[bytes, added].concat()).is_err());
    }
}

#[test]
fn a_count_of_steps_that_cannot_be_counted_on_is_refused() {
    let slots = saved::from_bytes(&Run::saved()).unwrap().slots;
    let mut run = Run::new();
    for steps in [(1 << 53) + 1, u64::MAX] {
        let error = run.restore(steps, slots.clone()).unwrap_err().to_string();
        assert!(error.contains(&format!("{steps} steps are more than can be counted")), "{error}");
    }
    run.restore(1 << 53, slots).unwrap();
    assert_eq!(run.step().unwrap().step, (1 << 53) + 1);
    assert!(run.parameters.iter().flatten().all(|p| p.is_finite()));
}

#[test]
fn an_optimizer_that_remembers_nothing_is_saved_all_the_same() {
    let mut optimizer = Fused::new(scale(0.1));
    let Run { mut parameters, gradients, .. } = Run::new();
    optimizer.step(&mut segments(&mut parameters, &gradients)).unwrap();
    let saved = saved::from_bytes::<f32>(&saved::to_bytes(&optimizer, "sgd")).unwrap();
    assert_eq!((saved.steps, saved.optimizer.as_str(), saved.slots.len()), (1, "sgd", 0));
}

#[test]
fn a_file_of_nothing_can_be_read() {
    let bytes = saved::tensors_to_bytes::<f32>([].into_iter(), Default::default());
    assert_eq!(saved::tensors::<f32>(&bytes).unwrap(), []);
    assert!(saved::metadata(&bytes).unwrap().is_empty());
}

#[test]
fn another_type_or_format_says_so() {
    let bytes = Run::saved();
    let error = saved::from_bytes::<f64>(&bytes).unwrap_err();
    assert!(matches!(error, SavedError::Dtype { .. }));
    assert_eq!(
        error.to_string(),
        "'empty.adam.r' holds F32, not F64; resume with the precision it was saved in"
    );
    let tensor = ("w", &[2][..], &[1.0f32, 2.0][..]);
    let other = saved::tensors_to_bytes([tensor].into_iter(), Default::default());
    let error = saved::from_bytes::<f32>(&other).unwrap_err().to_string();
    assert_eq!(error, "not the state of an optimizer: the metadata have no valid 'format'");
}
