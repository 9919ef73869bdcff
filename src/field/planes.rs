//! A field as planes of its last two dimensions, in physical units.

use super::{Element, Field, with_values};
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
        with_values!(&self.values, v => {
            let stored = v.get(start..start.saturating_add(length)).unwrap_or_default();
            let mut plane = limits::room("a plane of values", stored.len())?;
            plane.extend(stored.iter().map(|&x| if self.missing.is_missing(x) { f64::NAN } else { packing.unpack(x.to_f64()) }));
            Ok(plane)
        })
    }

    fn plane_len(&self) -> usize {
        let (rows, columns) = self.plane_shape();
        rows.saturating_mul(columns)
    }
}
