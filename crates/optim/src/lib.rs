//! Optimizers.

mod lane;
mod optimizer;

pub use lane::{Lane, Real};
pub use optimizer::{
    Optimizer, OwnedSlot, Segment, Segments, Slot, SlotName, StateError, StepError, StepInfo,
};
