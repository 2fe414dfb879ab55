//! The state of an optimizer as bytes, in the safetensors format.
//!
//! Each slot is a tensor named after its segment, `layer1/weights.adam.s`; numbers of the whole begin with
//! `@`, like `@steps`. The metadata say what wrote it:
//!
//! ```text
//! format     thalweg-optimizer
//! version    2
//! steps      1200
//! optimizer  adam(lr=0.001, beta1=0.9, …)     the call, every argument written out
//! ```
//!
//! Version 1 had no tensor `@steps`; it is read as if it had.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use half::bf16;
use safetensors::{Dtype, SafeTensors, View, serialize};

use crate::{Optimizer, Stored};

const FORMAT: &str = "thalweg-optimizer";
const VERSION: &str = "2";

/// The name of the count of steps.
pub const STEPS: &str = "@steps";

/// The steps that `f64`, in which bias corrections are worked out, can count.
const MAX_STEPS: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;

/// One tensor of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot<'a> {
    /// The segment, the rule and its letter: `layer1/weights.adam.s`; or `@` and the name of a number.
    pub name: String,
    /// The shape.
    pub shape: Cow<'a, [usize]>,
    /// The values.
    pub values: Values<'a>,
}

/// The values of a tensor of a state, in the type in which they are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(Cow<'a, [f32]>),
    /// 64-bit floats.
    F64(Cow<'a, [f64]>),
    /// 16-bit floats with the exponent of `f32`.
    Bf16(Cow<'a, [bf16]>),
    /// Codes of 8 bits, or bytes.
    U8(Cow<'a, [u8]>),
}

/// A state as it was saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Steps that had been taken.
    pub steps: u64,
    /// The call that made the optimizer.
    pub optimizer: String,
    /// The tensors, by name.
    pub slots: Vec<Slot<'static>>,
}

/// Bytes that are not a saved state.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// Not safetensors.
    #[error("not a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Safetensors, but something else than an optimizer's state.
    #[error("not the state of an optimizer: the metadata have no valid '{0}'")]
    Metadata(&'static str),
    /// A later version wrote it.
    #[error(
        "the state has version {0}, this program reads versions up to {VERSION}; use a newer one"
    )]
    Version(String),
    /// A tensor of a type that no state has.
    #[error("'{name}' holds {found:?}, which no state of an optimizer does")]
    Dtype {
        /// The tensor.
        name: String,
        /// Its type.
        found: Dtype,
    },
}

/// A state that does not belong to the optimizer it was given to.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the saved state does not fit: {}", differences.join("; "))]
pub struct StateError {
    /// Each difference, in words.
    pub differences: Vec<String>,
}

/// The state of `optimizer`, which was made by `call`.
pub fn to_bytes<T: Stored>(optimizer: &dyn Optimizer<T>, call: &str) -> Vec<u8> {
    let entries = [
        ("format", FORMAT.to_owned()),
        ("version", VERSION.to_owned()),
        ("steps", optimizer.steps().to_string()),
        ("optimizer", call.to_owned()),
    ];
    let metadata = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    tensors_to_bytes(&optimizer.slots(), metadata)
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
///
/// If the bytes are not safetensors, or not the state of an optimizer.
pub fn from_bytes(bytes: &[u8]) -> Result<Saved, SavedError> {
    let metadata = metadata(bytes)?;
    let entry = |key: &'static str| metadata.get(key).ok_or(SavedError::Metadata(key));
    if entry("format")? != FORMAT {
        return Err(SavedError::Metadata("format"));
    }
    let steps = entry("steps")?.parse().map_err(|_| SavedError::Metadata("steps"))?;
    let optimizer = entry("optimizer")?.clone();
    let mut slots = tensors(bytes)?;
    match entry("version")?.as_str() {
        VERSION => {}
        "1" => slots.push(Slot::number(STEPS.to_owned(), steps as f64)),
        newer => return Err(SavedError::Version(newer.to_owned())),
    }
    Ok(Saved { steps, optimizer, slots })
}

/// Tensors as the bytes of a safetensors file. The names must differ.
pub fn tensors_to_bytes(slots: &[Slot<'_>], metadata: HashMap<String, String>) -> Vec<u8> {
    let views = slots.iter().map(|slot| (slot.name.as_str(), slot));
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
/// If the bytes are not safetensors, or a tensor is of a type that no state has.
pub fn tensors(bytes: &[u8]) -> Result<Vec<Slot<'static>>, SavedError> {
    let tensors = SafeTensors::deserialize(bytes)?;
    let by_name: BTreeMap<&str, _> = tensors.iter().collect();
    by_name
        .into_iter()
        .map(|(name, tensor)| {
            let values = Values::read(tensor.dtype(), tensor.data());
            let (name, found) = (name.to_owned(), tensor.dtype());
            let shape = tensor.shape().to_vec().into();
            match values {
                Some(values) => Ok(Slot { name, shape, values }),
                None => Err(SavedError::Dtype { name, found }),
            }
        })
        .collect()
}

impl Slot<'_> {
    /// A single number.
    pub fn number(name: String, x: f64) -> Slot<'static> {
        Slot { name, shape: Cow::Borrowed(&[]), values: Values::F64(Cow::Owned(vec![x])) }
    }

    /// The same with values of its own.
    pub fn into_owned(self) -> Slot<'static> {
        let Slot { name, shape, values } = self;
        Slot { name, shape: shape.into_owned().into(), values: values.into_owned() }
    }

    /// The same; a number of the whole becomes one of the part that `scope` names: `@steps` is `@0.steps`.
    pub(crate) fn within(self, scope: &str) -> Self {
        match self.name.strip_prefix('@') {
            Some(rest) => Slot { name: format!("@{scope}.{rest}"), ..self },
            None => self,
        }
    }
}

impl Values<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
            Values::Bf16(values) => values.len(),
            Values::U8(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values as numbers of type `T`, if that is how they are kept.
    pub fn of<T: Stored>(&self) -> Option<&[T]> {
        T::of(self)
    }

    fn into_owned(self) -> Values<'static> {
        match self {
            Values::F32(values) => Values::F32(values.into_owned().into()),
            Values::F64(values) => Values::F64(values.into_owned().into()),
            Values::Bf16(values) => Values::Bf16(values.into_owned().into()),
            Values::U8(values) => Values::U8(values.into_owned().into()),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Values::F32(_) => "f32",
            Values::F64(_) => "f64",
            Values::Bf16(_) => "bf16",
            Values::U8(_) => "u8",
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Values::F32(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::F64(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::Bf16(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Values::U8(values) => values.to_vec(),
        }
    }

    fn read(dtype: Dtype, bytes: &[u8]) -> Option<Values<'static>> {
        macro_rules! words {
            ($float:ident) => {
                bytes.as_chunks().0.iter().map(|word| $float::from_le_bytes(*word)).collect()
            };
        }
        match dtype {
            Dtype::F32 => Some(Values::F32(words!(f32))),
            Dtype::F64 => Some(Values::F64(words!(f64))),
            Dtype::BF16 => Some(Values::Bf16(words!(bf16))),
            Dtype::U8 => Some(Values::U8(bytes.to_vec().into())),
            _ => None,
        }
    }
}

/// A tensor becomes bytes only when its turn comes, so that no second copy of all is held.
impl View for &Slot<'_> {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
            Values::Bf16(_) => Dtype::BF16,
            Values::U8(_) => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.bytes().into()
    }

    fn data_len(&self) -> usize {
        match &self.values {
            Values::F32(values) => size_of_val(&**values),
            Values::F64(values) => size_of_val(&**values),
            Values::Bf16(values) => size_of_val(&**values),
            Values::U8(values) => values.len(),
        }
    }
}

/// Hands out the pieces of a saved state, and notes what does not fit. It is gone through twice: first to
/// see whether everything fits, then, if it does, to take it over.
#[derive(Debug)]
pub struct Loader {
    slots: HashMap<String, (Slot<'static>, bool)>,
    differences: Vec<String>,
    commits: bool,
    /// What stands between the `@` and the name of a number.
    scope: String,
}

impl Loader {
    /// Of these pieces, whose names differ.
    pub fn new(saved: Vec<Slot<'static>>) -> Loader {
        let slots = saved.into_iter().map(|slot| (slot.name.clone(), (slot, false))).collect();
        Loader { slots, differences: Vec::new(), commits: false, scope: String::new() }
    }

    /// Whether what is handed out is to be taken over.
    pub fn commits(&self) -> bool {
        self.commits
    }

    /// Whether the state has a piece of this name.
    pub fn has(&self, name: &str) -> bool {
        self.slots.contains_key(&*self.scoped(name))
    }

    /// Lets `load` read numbers of the whole that were saved by [`Slot::within`] `scope`.
    pub(crate) fn within(&mut self, scope: &str, load: impl FnOnce(&mut Loader)) {
        let length = self.scope.len();
        self.scope.push_str(scope);
        self.scope.push('.');
        load(self);
        self.scope.truncate(length);
    }

    fn scoped<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match name.strip_prefix('@') {
            Some(rest) if !self.scope.is_empty() => format!("@{}{rest}", self.scope).into(),
            _ => name.into(),
        }
    }

    /// Fills `out` from the tensor called `name`, if there is one of this shape and type.
    pub fn read<T: Stored>(&mut self, name: &str, shape: &[usize], out: &mut [T]) {
        if let Some(values) = self.tensor::<T>(name, shape, out.len()) {
            out.copy_from_slice(values);
        }
    }

    /// The same for bytes.
    pub fn read_bytes(&mut self, name: &str, shape: &[usize], out: &mut [u8]) {
        let of = |values: &Values<'static>| matches!(values, Values::U8(_));
        if let Some(Values::U8(values)) = self.checked(name, shape, out.len(), "u8", of) {
            out.copy_from_slice(values);
        }
    }

    /// The number called `name`; 0 if it is missing.
    pub fn number(&mut self, name: &str) -> f64 {
        self.tensor::<f64>(name, &[], 1).map_or(0.0, |values| values[0])
    }

    /// The count of steps called `name`, a whole number that can be counted on from.
    pub fn steps(&mut self, name: &str) -> u64 {
        let steps = self.number(name);
        if !(0.0..=MAX_STEPS).contains(&steps) || steps.fract() != 0.0 {
            self.differ(format!("{steps} steps are more than can be counted"));
            return 0;
        }
        steps as u64
    }

    /// Notes a difference.
    pub fn differ(&mut self, difference: String) {
        if !self.commits {
            self.differences.push(difference);
        }
    }

    fn tensor<T: Stored>(&mut self, name: &str, shape: &[usize], length: usize) -> Option<&[T]> {
        let of = |values: &Values<'static>| T::of(values).is_some();
        T::of(self.checked(name, shape, length, T::NAME, of)?)
    }

    fn checked(
        &mut self,
        name: &str,
        shape: &[usize],
        length: usize,
        wanted: &str,
        of: impl Fn(&Values<'static>) -> bool,
    ) -> Option<&Values<'static>> {
        let name = &*self.scoped(name);
        let Some((slot, used)) = self.slots.get_mut(name) else {
            self.differ(format!("'{name}' is missing"));
            return None;
        };
        *used = true;
        let mut differences = Vec::new();
        if !of(&slot.values) {
            let found = slot.values.type_name();
            differences.push(format!("'{name}' is kept in {found}, not {wanted}"));
        }
        if *slot.shape != *shape || slot.values.len() != length {
            differences.push(format!("'{name}' is {:?}, not {shape:?}", slot.shape));
        }
        if !differences.is_empty() {
            differences.into_iter().for_each(|difference| self.differ(difference));
            return None;
        }
        Some(&self.slots.get(name)?.0.values)
    }

    /// Ends the first time through.
    ///
    /// # Errors
    ///
    /// If something did not fit, or a piece was not asked for; all of it is listed.
    pub fn commit(&mut self) -> Result<(), StateError> {
        let unknown = self.slots.iter().filter(|(_, (_, used))| !used).map(|(name, _)| name);
        let mut unknown: Vec<_> = unknown.map(|name| format!("'{name}' is not known")).collect();
        unknown.sort_unstable();
        self.differences.append(&mut unknown);
        self.commits = true;
        match std::mem::take(&mut self.differences) {
            differences if differences.is_empty() => Ok(()),
            differences => Err(StateError { differences }),
        }
    }
}
