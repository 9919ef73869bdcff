//! Encoder and decoder of a plane.

use super::attention::Attention;
use super::tokens::{TOKEN_LIMIT, Tokens, apply};
use crate::error::Result;
use crate::grid::Grid;
use crate::network::engine::{Engine, LANES, Layer, Softmax};
use crate::network::spec::{DECISIONS, LATENT_LIMIT, NEIGHBOURS};

/// Samples along a side of a cell; tokens lie on the corners of cells.
const CELL: usize = 8;
/// Samples that a token sees and helps to draw: the four cells around it, by rows, each by rows.
pub(crate) const WINDOW: usize = 4 * CELL * CELL;
/// What a token draws lies within ± this; samples count eight times as much as what the encoder sees of them.
const DRAWN_LIMIT: i32 = 32767;
const DRAWN_BITS: i32 = 3;
/// What the encoder sees of a sample lies within ± this.
pub(crate) const SAMPLE_LIMIT: i32 = 1023;
/// Largest binary logarithm of a unit.
pub(crate) const MAX_UNIT: u32 = 24;

/// Attention, then two layers for each token, both added to the tokens.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// `None` leaves every token to itself.
    pub(crate) attention: Option<Attention>,
    pub(crate) widen: Layer,
    pub(crate) narrow: Layer,
}

/// How the latents of a model are foreseen.
#[derive(Debug, Clone)]
pub(crate) struct Foresight {
    /// Of each latent, what its neighbours count.
    pub(crate) factors: Vec<[i8; NEIGHBOURS]>,
    /// Of each latent, by energy.
    pub(crate) priors: Vec<[u8; DECISIONS]>,
}

/// The net of the base layer.
#[derive(Debug, Clone)]
pub(crate) struct Autoencoder {
    /// Samples to fine tokens, fine tokens two by two to coarse ones, those to latents.
    pub(crate) embed: Layer,
    pub(crate) fine_encoder: Block,
    pub(crate) merge: Layer,
    pub(crate) coarse_encoder: Block,
    pub(crate) latents: Layer,
    /// And back.
    pub(crate) open: Layer,
    pub(crate) coarse_decoder: Block,
    pub(crate) split: Layer,
    pub(crate) fine_decoder: Block,
    pub(crate) synthesis: Layer,
    pub(crate) foresight: Foresight,
    pub(crate) softmax: Softmax,
}

/// How a plane is shown to the net: less its middle, in units of a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// Binary logarithm of the unit, at most [`MAX_UNIT`].
    pub(crate) unit: u32,
    /// Middle of the plane, in lattice units.
    pub(crate) middle: i32,
}

impl Block {
    fn apply(&self, engine: Engine, softmax: &Softmax, mut tokens: Tokens) -> Result<Tokens> {
        if let Some(attention) = &self.attention {
            let seen = attention.apply(engine, softmax, &tokens)?;
            tokens.add(&seen);
        }
        let hidden = tokens.through(engine, &self.widen, 0..=TOKEN_LIMIT)?;
        tokens.add(&hidden.through(engine, &self.narrow, -TOKEN_LIMIT..=TOKEN_LIMIT)?);
        Ok(tokens)
    }
}

/// Rows and columns of fine tokens of a plane.
fn fine_size(height: usize, width: usize) -> (usize, usize) {
    (height.div_ceil(CELL) + 1, width.div_ceil(CELL) + 1)
}

/// Rows and columns of latents of a plane.
pub(crate) fn coarse_size(height: usize, width: usize) -> (usize, usize) {
    let (height, width) = fine_size(height, width);
    (height.div_ceil(2), width.div_ceil(2))
}

impl Autoencoder {
    /// The latents of a plane without holes.
    ///
    /// # Errors
    /// None: the layers fit each other, as was proved when they were read.
    pub(crate) fn encode(&self, engine: Engine, plane: &Grid<i32>, view: View) -> Result<Tokens> {
        let range = -TOKEN_LIMIT..=TOKEN_LIMIT;
        let fine = self.fine_encoder.apply(engine, &self.softmax, self.embedded(engine, plane, view)?)?;
        let coarse = fine.gathered().through(engine, &self.merge, range)?;
        let coarse = self.coarse_encoder.apply(engine, &self.softmax, coarse)?;
        coarse.through(engine, &self.latents, -LATENT_LIMIT..=LATENT_LIMIT)
    }

    /// The base plane that latents draw.
    ///
    /// # Errors
    /// None, as for [`Self::encode`].
    pub(crate) fn draw(&self, engine: Engine, latents: &Tokens, (height, width): (usize, usize), view: View) -> Result<Grid<i32>> {
        let range = -TOKEN_LIMIT..=TOKEN_LIMIT;
        let coarse = self.coarse_decoder.apply(engine, &self.softmax, latents.through(engine, &self.open, range.clone())?)?;
        let (rows, columns) = fine_size(height, width);
        let fine = coarse.through(engine, &self.split, range)?.scattered(rows, columns);
        let fine = self.fine_decoder.apply(engine, &self.softmax, fine)?;
        self.drawn(engine, &fine, (height, width), view)
    }

    /// Fine tokens of what is around them; beyond its border a plane goes on as it ends.
    fn embedded(&self, engine: Engine, plane: &Grid<i32>, view: View) -> Result<Tokens> {
        let (height, width) = fine_size(plane.height, plane.width);
        let mut tokens = Tokens::new(height, width, self.embed.outputs());
        let mut corners = Corners::new(width);
        let load = |channel: usize, first: usize, lanes: &mut [i16; LANES]| {
            let (dy, dx) = offset(channel);
            let (bottom, right) = (plane.height as isize - 1, plane.width as isize - 1);
            for (lane, (y, x)) in lanes.iter_mut().zip(corners.from(first)) {
                let sample = plane.get((y + dy).clamp(0, bottom), (x + dx).clamp(0, right));
                *lane = view.shown(sample.unwrap_or(view.middle)) as i16;
            }
        };
        apply(engine, &self.embed, (height * width, -TOKEN_LIMIT..=TOKEN_LIMIT), load, |first, rows| tokens.store(first, rows))?;
        Ok(tokens)
    }

    /// The sum of what the tokens draw.
    fn drawn(&self, engine: Engine, fine: &Tokens, (height, width): (usize, usize), view: View) -> Result<Grid<i32>> {
        let mut sums: Grid<i32> = Grid::new(height, width);
        let mut corners = Corners::new(fine.width);
        let load = |channel: usize, first: usize, lanes: &mut [i16; LANES]| fine.load(channel, first, lanes);
        apply(engine, &self.synthesis, (fine.len(), -DRAWN_LIMIT..=DRAWN_LIMIT), load, |first, rows| {
            let corners = corners.from(first);
            for (channel, row) in rows.iter().enumerate() {
                let (dy, dx) = offset(channel);
                for (drawn, (y, x)) in row.iter().zip(corners).take(fine.len() - first) {
                    let (y, x) = ((y + dy) as usize, (x + dx) as usize);
                    if let Some(sum) = sums.samples.get_mut(y.wrapping_mul(width).wrapping_add(x)).filter(|_| y < height && x < width) {
                        *sum += drawn;
                    }
                }
            }
        })?;
        sums.samples.iter_mut().for_each(|sum| *sum = view.sample(*sum));
        Ok(sums)
    }
}

/// Where the windows of a block of tokens are centred.
struct Corners {
    width: usize,
    first: usize,
    places: [(isize, isize); LANES],
}

impl Corners {
    /// Of a grid of that many columns.
    fn new(width: usize) -> Self {
        Self { width, first: usize::MAX, places: [(0, 0); LANES] }
    }

    /// Rows and columns of the samples right below the corners from token `first` on.
    fn from(&mut self, first: usize) -> &[(isize, isize); LANES] {
        if self.first != first {
            self.first = first;
            self.places = core::array::from_fn(|lane| {
                let at = first + lane;
                ((at / self.width * CELL) as isize, (at % self.width * CELL) as isize)
            });
        }
        &self.places
    }
}

/// Row and column of a sample of a window, from its centre.
fn offset(sample: usize) -> (isize, isize) {
    let (quadrant, sample) = (sample / (CELL * CELL), sample % (CELL * CELL));
    let at = |half: usize, inside: usize| (half * CELL + inside) as isize - CELL as isize;
    (at(quadrant / 2, sample / CELL), at(quadrant % 2, sample % CELL))
}

impl View {
    /// What the encoder sees of a sample.
    fn shown(self, sample: i32) -> i32 {
        let half = 1i64 << self.unit >> 1;
        let units = (i64::from(sample) - i64::from(self.middle) + half) >> self.unit;
        units.clamp(-i64::from(SAMPLE_LIMIT), SAMPLE_LIMIT.into()) as i32
    }

    /// The sample of what was drawn, wrapping.
    fn sample(self, drawn: i32) -> i32 {
        let bits = self.unit as i32 - DRAWN_BITS;
        let units = if bits >= 0 { drawn.wrapping_shl(bits as u32) } else { (drawn + (1 << -bits >> 1)) >> -bits };
        self.middle.wrapping_add(units)
    }
}
