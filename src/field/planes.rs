//! A field as planes of its last two dimensions, in physical units.

use super::{Field, put_numbers};
use crate::error::Result;
use crate::limits;

impl Field {
    /// Rows and columns of a plane; a list is one row, a scalar one value.
    #[must_use]
    pub fn plane_shape(&self) -> (usize, usize) {
        match self.shape.as_slice() {
            [] => (1, 1),
            [columns] => (1, *columns),
            [.., rows, columns] => (*rows, *columns),
        }
    }

    /// Number of planes that hold values.
    #[must_use]
    pub fn plane_count(&self) -> usize {
        self.values.len().checked_div(self.plane_len()).unwrap_or(0)
    }

    /// Values of one plane in physical units, row by row, NaN where missing; none when there is no such plane.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] when there is not enough memory.
    pub fn plane(&self, index: usize) -> Result<Vec<f64>> {
        let (length, packing) = (self.plane_len(), self.packing());
        let start = index.saturating_mul(length);
        let end = start.saturating_add(length);
        let range = if end <= self.values.len() { start..end } else { 0..0 };
        let mut plane = limits::room("a plane of values", range.len())?;
        put_numbers(&mut plane, &self.values, &self.missing, range);
        plane.iter_mut().for_each(|x| *x = packing.unpack(*x));
        Ok(plane)
    }

    fn plane_len(&self) -> usize {
        let (rows, columns) = self.plane_shape();
        rows.saturating_mul(columns)
    }
}
