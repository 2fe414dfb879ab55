//! The rule that changes nothing: u = u. Where others have their rule, plain descent has this one.

use super::{Link, Rule, Step, Update};
use crate::Lane;

/// Changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Identity;

impl Rule for Identity {
    type Slots<V: Lane> = ();

    fn at<V: Lane>(&self, _step: Step) -> impl Update<V, ()> {
        #[inline(always)]
        move |_θ, u, ()| u
    }

    fn name(&self) -> Option<&'static str> {
        None
    }
}

impl Link for Identity {}
