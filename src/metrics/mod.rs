//! How far decoded values lie from their source, and whether climate scientists would accept them in its place.

mod acceptance;
mod comparison;
mod dssim;
mod kolmogorov_smirnov;
mod pearson;

pub use acceptance::{Acceptance, LEAST_DSSIM, LEAST_KS_P, LEAST_PEARSON, MOST_SPATIAL_RELATIVE_ERROR, Verdicts, acceptance};
pub use comparison::{Comparison, compare};
