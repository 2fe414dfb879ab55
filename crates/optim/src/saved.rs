//! The state of an optimizer as bytes, in the safetensors format.
//!
//! Each slot is a tensor named after its segment, `layer1/weights.adam.s`. The metadata say what wrote it:
//!
//! ```text
//! format     thalweg-optimizer
//! version    1
//! steps      1200
//! optimizer  adam(lr=0.001, beta1=0.9, …)     the call, every argument written out
//! ```

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors, View, serialize};

use crate::{Optimizer, Real, SavedSlot};

const FORMAT: &str = "thalweg-optimizer";
const VERSION: &str = "1";

/// A state as it was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved<T> {
    /// Steps that had been taken.
    pub steps: u64,
    /// The call that made the optimizer.
    pub optimizer: String,
    /// The slots, by name.
    pub slots: Vec<SavedSlot<T>>,
}

/// Bytes that are not a saved state, or not one of this type.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// Not safetensors.
    #[error("not a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Safetensors, but something else than an optimizer's state.
    #[error("not the state of an optimizer: the metadata have no valid '{0}'")]
    Metadata(&'static str),
    /// A later version wrote it.
    #[error("the state has version {0}, this program reads version {VERSION}; use a newer one")]
    Version(String),
    /// A tensor of another number type.
    #[error("'{name}' holds {found:?}, not {wanted:?}; resume with the precision it was saved in")]
    Dtype {
        /// The tensor.
        name: String,
        /// Its type.
        found: Dtype,
        /// The type that was asked for.
        wanted: Dtype,
    },
}

/// The state of `optimizer`, which was made by `call`.
pub fn to_bytes<T: Real>(optimizer: &dyn Optimizer<T>, call: &str) -> Vec<u8> {
    let entries = [
        ("format", FORMAT.to_owned()),
        ("version", VERSION.to_owned()),
        ("steps", optimizer.steps().to_string()),
        ("optimizer", call.to_owned()),
    ];
    let metadata = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let slots = optimizer.slots();
    let tensors =
        slots.iter().map(|slot| (slot.name(), Values { shape: slot.shape, values: slot.values }));
    serialize(tensors, Some(metadata)).expect("names are unique and sizes agree with shapes")
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
///
/// If the bytes are not safetensors, not the state of an optimizer, or of another number type.
pub fn from_bytes<T: Real>(bytes: &[u8]) -> Result<Saved<T>, SavedError> {
    let metadata = metadata(bytes)?;
    let entry = |key: &'static str| metadata.get(key).ok_or(SavedError::Metadata(key));
    if entry("format")? != FORMAT {
        return Err(SavedError::Metadata("format"));
    }
    if entry("version")? != VERSION {
        return Err(SavedError::Version(entry("version")?.clone()));
    }
    let steps = entry("steps")?.parse().map_err(|_| SavedError::Metadata("steps"))?;
    let optimizer = entry("optimizer")?.clone();
    Ok(Saved { steps, optimizer, slots: tensors(bytes)? })
}

/// Tensors by name as safetensors, for parameters as well as for slots. No two have the same name.
pub fn tensors_to_bytes<'a, T: Real>(
    tensors: impl Iterator<Item = (&'a str, &'a [usize], &'a [T])>,
    metadata: HashMap<String, String>,
) -> Vec<u8> {
    let views = tensors.map(|(name, shape, values)| (name, Values { shape, values }));
    // The crate cannot read the header that it writes for no tensors and an empty map.
    let metadata = Some(metadata).filter(|metadata| !metadata.is_empty());
    serialize(views, metadata).expect("names are unique and sizes agree with shapes")
}

/// The metadata of a safetensors file; empty if it has none.
///
/// # Errors
///
/// If the bytes are not safetensors.
pub fn metadata(bytes: &[u8]) -> Result<HashMap<String, String>, SavedError> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    Ok(header.metadata().clone().unwrap_or_default())
}

/// All tensors of a safetensors file in the order of their names.
///
/// # Errors
///
/// If the bytes are not safetensors, or a tensor is not of type `T`.
pub fn tensors<T: Real>(bytes: &[u8]) -> Result<Vec<SavedSlot<T>>, SavedError> {
    let tensors = SafeTensors::deserialize(bytes)?;
    let mut by_name: Vec<_> = tensors.iter().collect();
    by_name.sort_unstable_by_key(|(name, _)| *name);
    by_name
        .into_iter()
        .map(|(name, tensor)| {
            let (name, found) = (name.to_owned(), tensor.dtype());
            if found != T::DTYPE {
                return Err(SavedError::Dtype { name, found, wanted: T::DTYPE });
            }
            let values = T::read_bytes(tensor.data());
            Ok(SavedSlot { name, shape: tensor.shape().to_vec(), values })
        })
        .collect()
}

/// A tensor that becomes bytes only when its turn comes, so that no second copy of all is held.
struct Values<'a, T> {
    shape: &'a [usize],
    values: &'a [T],
}

impl<T: Real> View for Values<'_, T> {
    fn dtype(&self) -> Dtype {
        T::DTYPE
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        T::write_bytes(self.values, &mut bytes);
        bytes.into()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}
