//! Numbers kept in fewer bits than the `f32` they are calculated in.
//!
//! ```text
//! load codes ─► decode ─► f32 ─► one step ─► f32 ─► encode ─► store codes
//! ```
//!
//! A step over a billion coordinates is a matter of bytes moved: Adam in `f32` moves 28 per coordinate,
//! with slots of 8 bits 16, with everything but the gradient in bfloat16 16 too. [`bf16`] is for
//! parameters and slots, [`block8`] for slots.
//!
//! All is done by exactly rounded operations and by integers, so that the codes are the same at every
//! [`Level`](crate::Level). The functions of one coordinate are there to stand inside the loop of the step,
//! where decoding hides behind the division: a separate pass over the block would not.

pub(crate) mod bf16;
pub(crate) mod block8;
