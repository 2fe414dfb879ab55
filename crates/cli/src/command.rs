//! The commands, one file each.

pub mod bench;
pub mod compare;
pub mod graph;
pub mod list;
pub mod minimize;
pub mod regret;
pub mod report;
mod rows;
mod runs;
pub mod schedule;
pub mod trace;

use thalweg_calls::{Argument, Call, Value};
use thalweg_minimize::METHODS;

/// The optimizer's call with a schedule, unless it names one itself, or has no learning rate.
fn with_schedule(mut optimizer: Call, schedule: &Option<Call>) -> Call {
    let named = |argument: &Argument| argument.name.as_deref() == Some("schedule");
    let has_one = optimizer.arguments.iter().any(named) || METHODS.find(&optimizer.name).is_ok();
    if let (Some(schedule), false) = (schedule, has_one) {
        let value = Value::Call(schedule.clone());
        optimizer.arguments.push(Argument { name: Some("schedule".into()), value });
    }
    optimizer
}
