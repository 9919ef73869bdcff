//! The numbers that networks, model files and the codec have to agree on (docs/format.md, "Neighbourhood", "Network", "Latents").

/// Pairs of neighbours in the plane itself.
pub(crate) const PAIRS: usize = 12;
/// Reference planes looked at.
pub(crate) const REFERENCES: usize = 2;
/// Pairs in a reference plane that are also pairs in the plane itself.
pub(crate) const SHARED: usize = 4;
/// Inputs from each: how its shared pairs bend, how two more do, and how the differences of the first two compare.
pub(crate) const REFERENCE_INPUTS: usize = SHARED + 2 + 2;
/// Numbers that describe the surroundings as a whole.
pub(crate) const DESCRIPTORS: usize = 7;
/// Inputs of the predictor.
pub const INPUTS: usize = 2 * PAIRS + REFERENCES * REFERENCE_INPUTS + DESCRIPTORS;
/// Corrections to choose from: those of the pairs, and of the shared pairs moved by each reference.
pub const DIRECT: usize = PAIRS + REFERENCES * SHARED;
/// Inputs lie within ± this.
pub(crate) const INPUT_LIMIT: i32 = 1023;
/// Corrections lie within ± this.
pub(crate) const DIRECT_LIMIT: i32 = 8191;

/// Decisions that share a context, each foreseen by one byte of a prior.
pub const DECISIONS: usize = 32;
/// Classes of the predictor's scale: quarters of an octave from 2^-5 quanta, then the four of residuals that are split.
pub(crate) const SCALES: usize = 32;
/// Classes of the energy of residuals nearby.
pub(crate) const RESIDUAL_ENERGIES: usize = 24;
/// Classes of the side on which a prediction lies.
pub(crate) const SIDES: usize = 3;
/// Contexts of residuals that a model knows beforehand.
pub const PRIORS: usize = SCALES * RESIDUAL_ENERGIES * SIDES;

/// Latents lie within ± this.
pub(crate) const LATENT_LIMIT: i32 = 127;
/// Neighbours that foresee a latent: to the left, above, above left, above right.
pub const NEIGHBOURS: usize = 4;
/// Most latents of a token.
pub(crate) const MAX_LATENTS: usize = 64;
/// Classes of the energy around; contexts of a latent that a model knows beforehand.
pub const ENERGIES: usize = 16;
