//! What is known of a level, split into polyphase components with a margin around each, so that a row of neighbours is a slice.

use crate::codec::kept::add_numbers;
use crate::codec::passes::Pass;
use crate::codec::predictor::Context;
use crate::grid::Grid;
use crate::network::spec::REFERENCES;
use xxhash_rust::xxh3::Xxh3;

/// Samples beyond a border that are kept.
const MARGIN: usize = 3;

/// Row and column of a neighbour relative to the sample, in samples of the level.
pub(super) type Offset = (isize, isize);

/// A polyphase component of a level with a margin around it.
#[derive(Debug)]
struct Component {
    samples: Grid<i32>,
    present: Present,
}

/// −1 where there is a sample, 0 where it is missing or outside.
#[derive(Debug)]
enum Present {
    /// Rows within the component, which are alike, and those beyond.
    Whole {
        inside: Vec<i32>,
        outside: Vec<i32>,
    },
    Holed(Grid<i32>),
}

impl Component {
    /// `wrap`: columns go around.
    fn new(samples: &Grid<i32>, holes: Option<&Grid<u8>>, wrap: bool) -> Self {
        let width = samples.width;
        let row = |source: &mut dyn Iterator<Item = i32>, to: &mut [i32]| {
            to.iter_mut().skip(MARGIN).zip(source).for_each(|(t, s)| *t = s);
            around(to, width, wrap);
        };
        let empty = || Grid::new(samples.height + 2 * MARGIN, width + 2 * MARGIN);
        let mut padded: Grid<i32> = empty();
        for (to, from) in padded.rows_mut().skip(MARGIN).zip(samples.rows()) {
            if let Some(to) = to.get_mut(MARGIN..MARGIN + width) {
                to.copy_from_slice(from);
            }
            around(to, width, wrap);
        }
        let present = match holes {
            None => {
                let outside = vec![0; width + 2 * MARGIN];
                let mut inside = outside.clone();
                row(&mut core::iter::repeat_n(-1, width), &mut inside);
                Present::Whole { inside, outside }
            }
            Some(holes) => {
                let mut present = empty();
                for (y, to) in present.rows_mut().skip(MARGIN).take(samples.height).enumerate() {
                    row(&mut holes.row(y).iter().map(|h| -i32::from(*h == 0)), to);
                }
                Present::Holed(present)
            }
        };
        Self { samples: padded, present }
    }

    /// A row of samples and whether they are there, from column `x` of the component; `None` beyond the margin.
    #[inline(always)]
    fn row(&self, y: isize, x: isize) -> Option<(&[i32], &[i32])> {
        let (y, x) = (usize::try_from(y + MARGIN as isize).ok()?, usize::try_from(x + MARGIN as isize).ok()?);
        let present = match &self.present {
            Present::Whole { inside, outside } => {
                if (MARGIN..self.samples.height - MARGIN).contains(&y) {
                    inside
                } else {
                    outside
                }
            }
            Present::Holed(present) => present.row(y),
        };
        Some((self.samples.row(y).get(x..)?, present.get(x..)?))
    }
}

/// Fills the margins of a row whose columns go around.
fn around(row: &mut [i32], width: usize, wrap: bool) {
    if wrap && width > MARGIN {
        row.copy_within(width..width + MARGIN, 0);
        row.copy_within(MARGIN..2 * MARGIN, MARGIN + width);
    }
}

/// The components of a level by parity of row and column: even-even, even-odd, odd-even, odd-odd. Those not known yet are absent.
#[derive(Debug, Default)]
pub(crate) struct Level([Option<Component>; 4]);

impl Level {
    /// Adds the component whose first sample lies at `phase`. `wrap`: columns go around.
    pub(crate) fn add(&mut self, (top, left): (usize, usize), samples: &Grid<i32>, holes: Option<&Grid<u8>>, wrap: bool) {
        let Self(components) = self;
        if let Some(component) = components.get_mut(2 * top + left) {
            *component = Some(Component::new(samples, holes, wrap));
        }
    }

    /// The row of neighbours at `offset` from the sample in row `y`, column `x` of the component at `phase`.
    #[inline(always)]
    pub(super) fn row(&self, (top, left): (usize, usize), (dy, dx): Offset, y: usize, x: usize) -> Option<(&[i32], &[i32])> {
        let (dy, dx) = (dy + top as isize, dx + left as isize);
        let Self(components) = self;
        let component = components.get((2 * dy.rem_euclid(2) + dx.rem_euclid(2)) as usize)?.as_ref()?;
        component.row(y as isize + dy.div_euclid(2), x as isize + dx.div_euclid(2))
    }
}

/// The level of a plane that is known at full resolution.
pub(crate) fn whole_level(full: &Grid<i32>, stride: usize, wrap: bool) -> Level {
    let mut level = Level::default();
    for phase in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let (top, left) = phase;
        level.add(phase, &full.every(2 * stride, top * stride, left * stride), None, wrap);
    }
    level
}

/// What is known in a context: the grids already coded, among them `horizontal` and its holes once it is there.
pub(crate) fn known_level(context: &Context, horizontal: Option<(&Grid<i32>, Option<&Grid<u8>>)>, wrap: bool) -> Level {
    let mut level = Level::default();
    level.add((0, 0), context.known, context.holes.map(|h| h.known), wrap);
    if context.pass != Pass::Diagonal {
        level.add((1, 1), context.diagonal, context.holes.map(|h| h.diagonal), wrap);
    }
    if let Some((samples, holes)) = horizontal {
        level.add((0, 1), samples, holes, wrap);
    }
    level
}

/// The reference planes of a plane, split into components once for each level.
#[derive(Debug)]
pub(crate) struct ReferenceLevels<'a> {
    planes: Vec<&'a Grid<i32>>,
    wrap: bool,
    stride: usize,
    levels: Vec<Level>,
    /// A checksum of the planes, once it was asked for.
    sum: Option<u64>,
}

impl<'a> ReferenceLevels<'a> {
    /// `wrap`: columns go around.
    pub(crate) fn new(planes: impl IntoIterator<Item = &'a Grid<i32>>, wrap: bool) -> Self {
        Self { planes: planes.into_iter().take(REFERENCES).collect(), wrap, stride: 0, levels: Vec::new(), sum: None }
    }

    /// The components at a level of that stride.
    pub(crate) fn at(&mut self, stride: usize) -> &[Level] {
        if self.stride != stride {
            let wrap = wraps_at(self.wrap, self.planes.first().map_or(0, |p| p.width), stride);
            self.levels = self.planes.iter().map(|p| whole_level(p, stride, wrap)).collect();
            self.stride = stride;
        }
        &self.levels
    }

    /// A checksum of the planes.
    pub(super) fn sum(&mut self) -> u64 {
        let planes = &self.planes;
        *self.sum.get_or_insert_with(|| {
            let mut hash = Xxh3::with_seed(planes.len() as u64);
            planes.iter().for_each(|plane| add_numbers(&mut hash, &plane.samples));
            hash.digest()
        })
    }

    /// The whole level of that stride, of each plane.
    pub(crate) fn whole(&self, stride: usize) -> impl Iterator<Item = Grid<i32>> {
        self.planes.iter().map(move |plane| plane.every(stride, 0, 0))
    }
}

/// Whether columns go around at a level: only where its last sample lies as far from the first as any two neighbours.
pub(crate) const fn wraps_at(wrap: bool, width: usize, stride: usize) -> bool {
    wrap && width.is_multiple_of(2 * stride)
}
