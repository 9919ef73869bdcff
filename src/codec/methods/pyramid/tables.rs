//! How the pyramid method codes a pass.

use super::residuals::code_residuals;
use super::walk::{Learned, PassCoder, PassJob};
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::Grid;

/// Residuals under tables that learn, picked by bucket and by residuals nearby.
#[derive(Debug)]
pub(crate) struct Tables;

impl PassCoder for Tables {
    async fn code<C: Coder>(&mut self, coder: &mut C, learned: &mut Learned, job: PassJob<'_>) -> Result<Grid<i32>> {
        Ok(code_residuals(coder, &mut learned.residuals, job.prediction, job.context.quantum, job.source, job.missing))
    }
}
