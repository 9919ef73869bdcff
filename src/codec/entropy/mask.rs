//! Which samples are missing (docs/format.md, "Mask"): four neighbours of a row are one symbol, whose table is picked by what lies above,
//! to the left and at the same place of the plane before. Coastlines that do not move cost almost nothing.

use super::{Coder, SYMBOLS, Table};
use crate::grid::Grid;

/// Learned tables of a chunk's masks.
#[derive(Debug)]
pub(crate) struct MaskTables {
    flags: Vec<Table>,
    classes: Table,
    still: Table,
}

impl Default for MaskTables {
    fn default() -> Self {
        Self { flags: vec![Table::uniform(SYMBOLS, 5); (1 + SYMBOLS) * 2 * SYMBOLS], classes: Table::uniform(SYMBOLS, 5), still: Table::uniform(2, 5) }
    }
}

impl MaskTables {
    /// Codes whether all classes of a plane are those of the plane before, so that nothing more need be said of them.
    pub(crate) fn code_still<C: Coder>(&mut self, coder: &mut C, still: bool) -> bool {
        coder.adaptive(&mut self.still, still.into()) == 1
    }

    /// Codes a plane of classes: 0 is a value, anything else the number of a special pattern, at most `patterns` ≤ 15.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, plane: &mut Grid<u8>, before: Option<&Grid<u8>>, patterns: usize) {
        let mut above = vec![0; plane.width];
        for (y, row) in plane.rows_mut().enumerate() {
            let before_row = before.map(|b| b.row(y)).unwrap_or_default();
            let mut left = 0;
            let befores = before_row.chunks(4).map(Some).chain(core::iter::repeat(None));
            for ((four, above), before) in row.chunks_mut(4).zip(above.chunks(4)).zip(befores) {
                let context = before.map_or(0, |b| 1 + flags(b)) * 2 * SYMBOLS + flags(above) * 2 + left;
                let Some(table) = self.flags.get_mut(context) else { return };
                let coded = coder.adaptive(table, flags(four));
                for (class, bit) in four.iter_mut().zip(0..) {
                    *class = match (coded >> bit & 1, patterns) {
                        (0, _) => 0,
                        (_, 0 | 1) => 1,
                        _ => 1 + coder.adaptive(&mut self.classes, usize::from(class.saturating_sub(1))) as u8,
                    };
                }
                left = coded >> (four.len() - 1) & 1;
            }
            above.copy_from_slice(row);
        }
    }
}

/// Bit `i` tells whether sample `i` is missing.
fn flags(four: &[u8]) -> usize {
    four.iter().zip(0..).map(|(class, bit)| usize::from(*class != 0) << bit).sum()
}
