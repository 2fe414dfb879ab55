//! Rules that look at whole tensors.

mod adafactor;
mod adaptive_clip;
mod cautious;
mod centralize;
mod lamb;
mod lars;
mod muon;
mod noise;
mod parallel;
mod prodigy;
mod shampoo;
mod soap;
mod workspaces;

pub use adafactor::{Adafactor, adafactor};
pub use adaptive_clip::{ClipAdaptive, clip_adaptive};
pub use cautious::{CautiousScale, cautious_scale};
pub use centralize::{Centralize, centralize};
pub use lamb::{Lamb, lamb};
pub use lars::{Lars, lars};
pub use muon::{Muon, muon};
pub use noise::{GradientNoise, gradient_noise};
pub use prodigy::ProdigyDistance;
pub use shampoo::{Shampoo, shampoo};
pub use soap::{AfterFirst, Soap, soap};
