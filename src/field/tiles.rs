//! What of an array readers will take at a time: that is to lie in few chunks.

use crate::error::{Error, Result};
use core::fmt;
use core::str::FromStr;

/// What of an array is to lie together in a chunk. Where an array is short, or has fewer than three dimensions longer than 1, less is to be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tiles {
    /// Planes of the last two dimensions, a few at a time: the smallest archive, of which a map is read from little.
    #[default]
    Map,
    /// All indices of the first dimension: a series at a point is read from little, a map from everything.
    Series,
    /// Some of each, so that both are read from less than a twentieth of a long series.
    Both,
    /// So many indices of dimensions by their names, and of others what is usual.
    Of(Vec<(String, usize)>),
}

impl Tiles {
    /// Those that have a name.
    pub const NAMED: [Self; 3] = [Self::Map, Self::Series, Self::Both];

    /// So many indices of a dimension, if somebody said so.
    pub(crate) fn of(&self, dimension: &str) -> Option<usize> {
        let Self::Of(sizes) = self else { return None };
        sizes.iter().find(|(name, _)| name == dimension).map(|(_, size)| *size)
    }
}

impl fmt::Display for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Map => f.write_str("map"),
            Self::Series => f.write_str("series"),
            Self::Both => f.write_str("both"),
            Self::Of(sizes) => f.write_str(&sizes.iter().map(|(name, size)| format!("{name}={size}")).collect::<Vec<_>>().join(",")),
        }
    }
}

impl FromStr for Tiles {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(named) = Self::NAMED.into_iter().find(|tiles| tiles.to_string() == text) {
            return Ok(named);
        }
        let wrong = || Error::InvalidArgument {
            what: format!("{text:?} says of no tiles how large they are; write map, series, both, or sizes as in time=24,lat=90,lon=90"),
        };
        let mut sizes: Vec<(String, usize)> = Vec::new();
        for part in text.split(',') {
            let (name, size) = part.split_once('=').ok_or_else(wrong)?;
            let (name, size) = (name.trim(), size.trim().parse().ok().filter(|size| *size > 0).ok_or_else(wrong)?);
            if name.is_empty() || sizes.iter().any(|(known, _)| known == name) {
                return Err(wrong());
            }
            sizes.push((name.to_owned(), size));
        }
        Ok(Self::Of(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_written_as_they_are_read() {
        for text in ["map", "series", "both", "time=24", "time=24,lat=90"] {
            assert_eq!(text.parse::<Tiles>().unwrap().to_string(), text);
        }
        assert_eq!("time=24, lat=90".parse::<Tiles>().unwrap().of("lat"), Some(90));
        for text in ["", "maps", "time", "time=", "time=0", "time=-1", "=3", "a=1,a=2", "a=1,"] {
            assert!(text.parse::<Tiles>().is_err(), "{text:?}");
        }
    }
}
