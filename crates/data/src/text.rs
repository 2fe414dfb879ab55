//! Text as a row of numbers, one for each character.
//!
//! The text is cut by position, so that no part is seen in training and measured on as well: the first 90 %
//! of its characters are for training, the next 5 % for measuring; the last 5 % are left for a last look and
//! not read. The vocabulary is that of the first part, in the order of Unicode.

use crate::Provenance;

/// A text in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    vocabulary: Vec<char>,
    train: Vec<u16>,
    test: Vec<u16>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The text cannot be used. The caller knows the name of its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Bytes that are no text.
    #[error("is not UTF-8 (byte {byte}): save it as UTF-8 text")]
    NotUtf8 {
        /// The first byte that is wrong.
        byte: usize,
    },
    /// Too little to be cut.
    #[error("has {characters} characters: give at least 40")]
    TooShort {
        /// How many there are.
        characters: usize,
    },
    /// Too many different characters.
    #[error("has {symbols} different characters: take a text of at most 65536")]
    TooMany {
        /// How many.
        symbols: usize,
    },
    /// A character that is new in the part that is measured on.
    #[error(
        "line {line}: {character:?} (character {place}, from 0) does not stand in the first 90 % of the text, \
         from which the vocabulary is taken: replace it, or move a line with it to the front"
    )]
    Unknown {
        /// The character.
        character: char,
        /// Its place in the text.
        place: usize,
        /// Its line, from 1.
        line: usize,
    },
}

impl Text {
    /// Cuts a text and numbers its characters.
    ///
    /// # Errors
    ///
    /// If it is no UTF-8 or too short, or if the second part has a character that the first lacks.
    pub fn new(bytes: &[u8], provenance: Provenance) -> Result<Text, TextError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| TextError::NotUtf8 { byte: error.valid_up_to() })?;
        let characters = text.chars().count();
        if characters < 40 {
            return Err(TextError::TooShort { characters });
        }
        let [end, test_end] = [90, 95].map(|percent| characters * percent / 100);
        let mut vocabulary: Vec<char> = text.chars().take(end).collect();
        vocabulary.sort_unstable();
        vocabulary.dedup();
        if vocabulary.len() > 1 << 16 {
            return Err(TextError::TooMany { symbols: vocabulary.len() });
        }
        let mut line = 1;
        let mut numbers = Vec::with_capacity(test_end);
        for (place, character) in text.chars().take(test_end).enumerate() {
            match vocabulary.binary_search(&character) {
                Ok(number) => numbers.push(number as u16),
                Err(_) => return Err(TextError::Unknown { character, place, line }),
            }
            line += usize::from(character == '\n');
        }
        let test = numbers.split_off(end);
        Ok(Text { vocabulary, train: numbers, test, provenance })
    }

    /// The characters: a number is a place in this list.
    pub fn vocabulary(&self) -> &[char] {
        &self.vocabulary
    }

    /// The part for training, at least 36 characters.
    pub fn train(&self) -> &[u16] {
        &self.train
    }

    /// The part that is measured on, at least 2 characters.
    pub fn test(&self) -> &[u16] {
        &self.test
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    fn text(text: &str) -> Result<Text, TextError> {
        Text::new(text.as_bytes(), Provenance::of("a test", Source::Embedded))
    }

    #[test]
    fn a_text_is_cut_by_position_and_numbered() {
        let whole: String = "aé\n".repeat(70);
        let text = text(&whole[..whole.len()]).unwrap();
        assert_eq!(text.vocabulary(), ['\n', 'a', 'é']);
        assert_eq!((text.train().len(), text.test().len()), (189, 10));
        let back: String = [text.train(), text.test()]
            .concat()
            .iter()
            .map(|&number| text.vocabulary()[usize::from(number)])
            .collect();
        assert!(whole.starts_with(&back));
    }

    #[test]
    fn a_character_that_training_lacks_is_named_with_its_place() {
        let whole = ["ab\n".repeat(30), "aß\n".into(), "ab\n".repeat(3)].concat();
        assert_eq!(
            text(&whole).unwrap_err().to_string(),
            "line 31: 'ß' (character 91, from 0) does not stand in the first 90 % of the text, \
             from which the vocabulary is taken: replace it, or move a line with it to the front"
        );
        // What is not read is not judged.
        assert!(text(&["ab\n".repeat(100), "ß".into()].concat()).is_ok());
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let provenance = Provenance::of("a test", Source::Embedded);
        let error = Text::new(b"abc\xff", provenance).unwrap_err();
        assert_eq!(error.to_string(), "is not UTF-8 (byte 3): save it as UTF-8 text");
        assert_eq!(text("too short"), Err(TextError::TooShort { characters: 9 }));
        let symbols: String = ('\u{10000}'..).take(80_000).collect();
        assert_eq!(text(&symbols), Err(TextError::TooMany { symbols: 72_000 }));
    }
}
