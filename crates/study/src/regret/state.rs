//! How far rounds are, as bytes in the safetensors format: what goes on from them has the same bits as what was never
//! interrupted.
//!
//! ```text
//! 0/θ, 0/lost, 0/rounds, 0/gave_up     player 0: its point, Σ f_s(θ_s), rounds played, whether it gave up
//! 0/memory                             what its sequence remembers
//! 0/…                                  what its theorem remembers
//! 0/θ.adam.s, 0/@steps, …              the slots of its optimizer
//! metadata                             what is played, and the place in it
//! ```

use std::slice;

use thalweg_online::Memory;
use thalweg_optim::Segment;
use thalweg_optim::saved::{self, Loader, SavedError, Slot, Values};
use thalweg_train::ResumeError;

use super::{Online, POINT, Place, Player};

const FORMAT: &str = "thalweg-online";
const VERSION: &str = "1";

impl Online {
    /// Everything that going on needs.
    pub fn save(&mut self) -> Vec<u8> {
        let Place { told, stop, turn, best } = self.place;
        let mut metadata = vec![
            ("format", FORMAT.to_owned()),
            ("version", VERSION.to_owned()),
            ("run", self.identity.clone()),
            ("told", told.to_string()),
            ("stop", stop.to_string()),
            ("turn", turn.to_string()),
        ];
        if let Some((value, gap)) = best {
            metadata.extend([("best", value.to_string()), ("gap", gap.to_string())]);
        }
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let players = self.players.iter_mut().enumerate();
        let slots = players.flat_map(|(index, player)| {
            let slots = player.slots().into_iter();
            slots.map(move |slot| Slot { name: format!("{index}/{}", slot.name), ..slot })
        });
        saved::tensors_to_bytes(&slots.collect::<Vec<_>>(), metadata)
    }

    /// Goes on from what [`Online::save`] gave for the same experiment, of which `written` events are there. If fewer
    /// are there than had been told, it begins with the first round, so that none is missing.
    ///
    /// # Errors
    ///
    /// If it is not such a checkpoint.
    pub fn resume(mut self, bytes: &[u8], written: usize) -> Result<Online, ResumeError> {
        let metadata = saved::metadata(bytes)?;
        let entry = |key: &'static str| metadata.get(key).ok_or(ResumeError::Metadata(key));
        if entry("format")? != FORMAT {
            return Err(ResumeError::Metadata("format"));
        }
        if entry("version")? != VERSION {
            return Err(SavedError::Version(entry("version")?.clone()).into());
        }
        if *entry("run")? != self.identity {
            let (found, expected) = (entry("run")?.clone(), self.identity);
            return Err(ResumeError::Other { found, expected });
        }
        let count = |key| entry(key)?.parse::<usize>().map_err(|_| ResumeError::Metadata(key));
        let number = |key| entry(key)?.parse::<f64>().map_err(|_| ResumeError::Metadata(key));
        let best = match metadata.contains_key("best") {
            true => Some((number("best")?, number("gap")?)),
            false => None,
        };
        let place =
            Place { told: count("told")?, stop: count("stop")?, turn: count("turn")?, best };
        if place.told > written {
            return Ok(self);
        }
        let mut slots: Vec<Vec<Slot>> = self.players.iter().map(|_| Vec::new()).collect();
        for slot in saved::tensors(bytes)? {
            let (index, name) = slot.name.split_once('/').unwrap_or_default();
            let player = index.parse().ok().and_then(|index: usize| slots.get_mut(index));
            let player = player.ok_or(ResumeError::Metadata("run"))?;
            player.push(Slot { name: name.to_owned(), ..slot });
        }
        for (player, slots) in self.players.iter_mut().zip(slots) {
            let mut loader = Loader::new(slots);
            player.load(&mut loader);
            loader.commit()?;
            player.load(&mut loader);
        }
        self.place = place;
        Ok(self)
    }
}

impl Player {
    fn slots(&mut self) -> Vec<Slot<'static>> {
        let mut slots = vec![
            Slot::number("rounds".to_owned(), self.rounds() as f64),
            Slot::number("gave_up".to_owned(), f64::from(u8::from(self.gave_up))),
        ];
        let numbers = self.numbers().into_iter();
        slots.extend(numbers.map(|(name, numbers)| Slot {
            name: name.to_owned(),
            shape: vec![numbers.len()].into(),
            values: Values::F64(numbers.to_vec().into()),
        }));
        slots.extend(self.optimizer.slots().into_iter().map(Slot::into_owned));
        slots
    }

    fn load(&mut self, saved: &mut Loader) {
        self.gave_up = saved.number("gave_up") != 0.0;
        self.sequence.memory().rounds = saved.steps("rounds");
        for (name, numbers) in self.numbers() {
            saved.read(name, &[numbers.len()], numbers);
        }
        let Player { optimizer, θ, g, .. } = self;
        let shape = [θ.len()];
        let gradient = (&*g).into();
        let point = Segment { name: POINT, shape: &shape, parameters: θ, gradient };
        optimizer.load(&mut [point], saved);
    }

    /// What changes from round to round, by name.
    fn numbers(&mut self) -> Vec<(&'static str, &mut [f64])> {
        let Player { sequence, theorem, θ, lost, .. } = self;
        let Memory { vector, .. } = sequence.memory();
        let mut numbers: Vec<(_, &mut [f64])> =
            vec![("θ", θ), ("lost", slice::from_mut(lost)), ("memory", vector)];
        numbers.extend(theorem.iter_mut().flat_map(|theorem| theorem.numbers()));
        numbers
    }
}
