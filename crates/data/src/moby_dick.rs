//! Moby-Dick as a row of characters.
//!
//! Melville, *Moby-Dick; or, The Whale*, 1851: 1,190,317 characters, 83 of them different
//! (`embedded/moby-dick.md`).

use crate::file::File;
use crate::source::text;
use crate::{DataError, Provenance, Source, Text};

/// Reads Moby-Dick, or the text at a path, cut as [`Text`] says.
///
/// ```
/// use thalweg_data::{Source, moby_dick};
///
/// let text = moby_dick(&Source::Embedded)?;
/// assert_eq!((text.vocabulary().len(), text.train().len(), text.test().len()), (83, 1_071_285, 59_516));
/// # Ok::<(), thalweg_data::DataError>(())
/// ```
///
/// # Errors
///
/// If the path does not hold a text.
pub fn moby_dick(source: &Source) -> Result<Text, DataError> {
    if let Source::Path(path) = source {
        return text(path);
    }
    let bytes = include_bytes!("../embedded/moby-dick.txt.gz");
    let file = File::embedded("moby-dick.txt.gz", bytes);
    let provenance = Provenance::of("embedded text of Moby-Dick", Source::Embedded);
    Text::new(&file.unpacked()?, provenance).map_err(DataError::in_file(&file.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_begins_with_its_first_chapter() {
        let text = moby_dick(&Source::Search).unwrap();
        let begin = text.train()[..44].iter().map(|&n| text.vocabulary()[usize::from(n)]);
        assert_eq!(begin.collect::<String>(), "CHAPTER 1. Loomings.\n\nCall me Ishmael. Some ");
    }
}
