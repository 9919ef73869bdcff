//! Tilings for how an array will be read: maps at a time, series at a point, or both.

use super::tiles::{MAX_CHUNK_SAMPLES, Tiling, even_share, product};
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::Tiles;

/// Samples of a tile of series.
const SERIES_SAMPLES: usize = 1 << 19;
/// Samples of a tile that serves both: as few where an array is short, as many where it is long.
const BOTH_SAMPLES: [f64; 2] = [8192.0, 4_194_304.0];
/// The part of an array that a map or a series is then read from, where it is neither.
const BOTH_PART: f64 = 0.04;

impl Tiling {
    /// The tiling of an array whose dimensions have names.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when tiles of the sizes that are asked for cannot be.
    pub(super) fn fitted(shape: &[usize], names: &[&str], tiles: &Tiles) -> Result<Self> {
        let long: Vec<(usize, &str)> =
            shape.iter().copied().zip(names.iter().copied().chain(core::iter::repeat(""))).filter(|(length, _)| *length != 1).collect();
        let [slow @ .., (height, _), (width, _)] = long.as_slice() else { return Ok(Self::of(shape)) };
        let (plane, lengths) = ((*height, *width), slow.iter().map(|(length, _)| *length).collect::<Vec<_>>());
        let Some((first, inner)) = lengths.split_first() else { return Self::sized(shape, &long, tiles) };
        let inner = product(inner);
        let all = (*first as f64) * (inner as f64) * (*height as f64) * (*width as f64);
        if all == 0.0 {
            return Ok(Self::of(shape));
        }
        let (along, side) = match tiles {
            Tiles::Map => return Ok(Self::of(shape)),
            Tiles::Of(_) => return Self::sized(shape, &long, tiles),
            Tiles::Series => {
                let along = even_share(*first, (SERIES_SAMPLES / inner).max(1));
                (along, (SERIES_SAMPLES as f64 / (along as f64 * inner as f64 * plane.0 as f64 * plane.1 as f64)).sqrt())
            }
            Tiles::Both => {
                let [fewest, most] = BOTH_SAMPLES.map(|samples| (samples / all).sqrt());
                let part = fewest.max(BOTH_PART).min(most).min(1.0);
                (even_share(*first, (*first as f64 * part) as usize), part.sqrt())
            }
        };
        let most = |length: usize| ((length as f64 * side.min(1.0)) as usize).max(1);
        let tile = ChunkShape { planes: along.saturating_mul(inner), height: even_share(plane.0, most(plane.0)), width: even_share(plane.1, most(plane.1)) };
        Self::over(1, ChunkShape { planes: first.saturating_mul(inner), height: plane.0, width: plane.1 }, tile)
    }

    /// With tiles of so many indices of some dimensions, which are longer than 1 and of which two are rows and columns.
    fn sized(shape: &[usize], long: &[(usize, &str)], tiles: &Tiles) -> Result<Self> {
        let asked = |(length, name): &(usize, &str)| tiles.of(name).map(|size| size.min(*length));
        let ([slow @ .., rows, columns], true) = (long, long.iter().any(|dimension| asked(dimension).is_some())) else { return Ok(Self::of(shape)) };
        let usual = Self::of(shape);
        if slow.iter().all(|dimension| asked(dimension).is_none()) && (usual.view.height, usual.view.width) == (rows.0, columns.0) {
            let tile = ChunkShape { height: asked(rows).unwrap_or(usual.tile.height), width: asked(columns).unwrap_or(usual.tile.width), ..usual.tile };
            return Self::over(usual.blocks, usual.view, tile);
        }
        // Those within the slowest that is cut are whole, those outside it single.
        let cut = slow.iter().position(|dimension| asked(dimension).is_some_and(|size| size > 1));
        let (outer, within) = slow.split_at(cut.unwrap_or(slow.len()));
        let planes = match within {
            [] => 1,
            [cut, inner @ ..] => {
                if let Some((_, name)) = inner.iter().find(|dimension| asked(dimension).is_some_and(|size| size < dimension.0)) {
                    let what = format!(
                        "a tile with several indices of {:?} has all of the dimensions within it: leave {name:?} out, or give it its whole length",
                        cut.1
                    );
                    return Err(Error::InvalidArgument { what });
                }
                asked(cut).unwrap_or(1).saturating_mul(product(&inner.iter().map(|(length, _)| *length).collect::<Vec<_>>()))
            }
        };
        let lengths = |dimensions: &[(usize, &str)]| product(&dimensions.iter().map(|(length, _)| *length).collect::<Vec<_>>());
        let usual = Self::of(&[planes, rows.0, columns.0]).tile;
        let width = asked(columns).unwrap_or(if usual.width > 0 { usual.width } else { columns.0 });
        let height = asked(rows).unwrap_or(if usual.planes >= planes { usual.height } else { rows.0 });
        Self::over(lengths(outer), ChunkShape { planes: lengths(within).max(1), height: rows.0, width: columns.0 }, ChunkShape { planes, height, width })
    }

    /// That tile over that view.
    fn over(blocks: usize, view: ChunkShape, tile: ChunkShape) -> Result<Self> {
        let samples = product(&[tile.planes, tile.height, tile.width]);
        if samples > MAX_CHUNK_SAMPLES {
            return Err(Error::InvalidArgument {
                what: format!("a tile of {samples} values is more than the {MAX_CHUNK_SAMPLES} that one may have; ask for less of some dimension"),
            });
        }
        Ok(Self { start: 0, blocks, view, tile })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of an array that has to be read for all of its tiles that have any of some.
    fn part(tiling: &Tiling, planes: usize, points: (usize, usize)) -> f64 {
        let share = |tile: usize, view: usize, wanted: usize| (wanted.div_ceil(tile) * tile).min(view) as f64 / view as f64;
        share(tiling.tile.planes, tiling.view.planes, planes) / tiling.blocks as f64
            * share(tiling.tile.height, tiling.view.height, points.0)
            * share(tiling.tile.width, tiling.view.width, points.1)
    }

    #[test]
    fn a_map_and_a_series_are_both_read_from_little_of_a_long_series() {
        for shape in [[1000, 1, 721, 1440], [10_000, 1, 73, 144], [2000, 17, 181, 360], [8760, 37, 721, 1440]] {
            let names = ["time", "level", "latitude", "longitude"];
            let both = Tiling::fitted(&shape, &names, &Tiles::Both).unwrap();
            let (map, series) = (part(&both, shape[1], (shape[2], shape[3])), part(&both, both.view.planes, (1, 1)));
            assert!(map < 0.05 && series < 0.05, "{shape:?} {map} {series} {both:?}");
            let of_series = Tiling::fitted(&shape, &names, &Tiles::Series).unwrap();
            assert!(part(&of_series, of_series.view.planes, (1, 1)) < 0.05, "{shape:?} {of_series:?}");
            for tiling in [both, of_series] {
                assert_eq!(tiling.tile.planes % shape[1], 0, "{shape:?}");
                assert!(tiling.checked(shape.iter().product()).is_ok());
            }
        }
    }

    #[test]
    fn short_arrays_are_not_cut_into_crumbs() {
        let tiling = Tiling::fitted(&[8, 20, 30], &["t", "y", "x"], &Tiles::Both).unwrap();
        assert!(tiling.is_whole());
        assert!(Tiling::fitted(&[200, 180, 360], &["t", "y", "x"], &Tiles::Both).unwrap().tile.samples() > 1 << 13);
    }

    #[test]
    fn tiles_have_the_sizes_that_are_asked_for() {
        let tile = |shape: &[usize], sizes: &str| {
            let names = ["t", "z", "y", "x"];
            let tiling = Tiling::fitted(shape, names.get(4 - shape.len()..).unwrap(), &sizes.parse().unwrap())?.checked(shape.iter().product())?;
            Ok::<_, Error>((tiling.blocks, tiling.view.planes, [tiling.tile.planes, tiling.tile.height, tiling.tile.width]))
        };
        assert_eq!(tile(&[100, 5, 90, 180], "t=10,y=45,x=60").unwrap(), (1, 500, [50, 45, 60]));
        assert_eq!(tile(&[100, 5, 90, 180], "z=2").unwrap(), (100, 5, [2, 90, 180]));
        assert_eq!(tile(&[100, 5, 90, 180], "t=1,y=9").unwrap(), (500, 1, [1, 9, 180]));
        assert_eq!(tile(&[100, 5, 90, 180], "t=3,z=5,y=1000").unwrap(), (1, 500, [15, 90, 180]));
        assert_eq!(tile(&[90, 180], "y=30").unwrap(), (1, 1, [1, 30, 180]));
        assert_eq!(tile(&[90, 180], "other=30").unwrap(), (1, 1, [1, 90, 180]));
        assert!(tile(&[100, 5, 90, 180], "t=10,z=2").unwrap_err().to_string().contains("\"z\""));
        assert!(tile(&[4000, 5, 900, 1800], "t=4000,y=900,x=1800").unwrap_err().to_string().contains("32400000000"));
    }
}
