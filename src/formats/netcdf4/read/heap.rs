//! Fractal heaps.

use super::cursor::{Cursor, Widths, malformed};
use super::file::File;
use crate::error::Result;

/// A fractal heap, where large groups keep their links and objects many attributes.
pub(super) struct Heap {
    /// Tree of the objects that are too large for blocks.
    huge: Option<u64>,
    /// Blocks in a row.
    width: u64,
    /// Bytes of the smallest block.
    start: u64,
    /// Bytes of the largest block that holds objects.
    direct: u64,
    offset_width: u64,
    size_width: u64,
    root: Option<u64>,
    /// Rows of the root block; 0 when it holds objects itself.
    rows: u64,
}

impl<'a> File<'a> {
    pub(super) fn heap(&self, at: u64) -> Result<Heap> {
        let Widths { address, length } = self.widths;
        let mut header = self.region(at, 22 + 12 * length + 3 * address)?;
        header.expect("FRHP")?;
        header.take(3)?;
        let filtered = header.number(2)? != 0;
        header.take(1)?;
        let largest = header.number(4)?;
        header.length()?;
        let huge = header.address()?;
        header.take(address + 9 * length)?;
        let (width, start, direct) = (header.number(2)?, header.length()?, header.length()?);
        let bits = header.number(2)?;
        header.take(2)?;
        let (root, rows) = (header.address()?, header.number(2)?);
        let powers = start.is_power_of_two() && direct.is_power_of_two() && width.is_power_of_two() && direct >= start;
        if filtered || !powers || bits > 64 || largest == 0 {
            return Err(malformed(at, "a heap without filters, whose blocks double in size"));
        }
        let size_width = limit_bytes(direct).min(limit_bytes(largest));
        Ok(Heap { huge, width, start, direct, offset_width: bits.div_ceil(8), size_width, root, rows })
    }

    /// The object that an identifier in a heap stands for.
    pub(super) fn heap_object(&self, heap: &Heap, mut id: Cursor<'a>) -> Result<Cursor<'a>> {
        let at = id.at;
        let first = id.byte()?;
        match first >> 4 {
            0 => {
                let (offset, length) = (id.number(heap.offset_width)?, id.number(heap.size_width)?);
                let root = heap.root.ok_or_else(|| malformed(at, "a heap that is not empty"))?;
                let address = if heap.rows == 0 { root.checked_add(offset) } else { Some(self.heap_address(heap, root, heap.rows, offset, 0)?) };
                self.region(address.unwrap_or(u64::MAX), length)
            }
            1 => {
                let wanted = id.number(id.rest.len().min(self.widths.length as usize) as u64)?;
                let tree = heap.huge.ok_or_else(|| malformed(at, "a heap with huge objects"))?;
                let mut found = None;
                self.tree_v2(tree, &mut |mut record| {
                    let (address, length) = (record.defined()?, record.length()?);
                    if record.length()? == wanted {
                        found = Some((address, length));
                    }
                    Ok(())
                })?;
                let (address, length) = found.ok_or_else(|| malformed(at, "the number of a huge object"))?;
                self.region(address, length)
            }
            2 => id.part(u64::from(first & 15) + 1),
            _ => Err(malformed(at, "an object in a heap")),
        }
    }

    /// Where the byte at `offset` in the heap lies, below an indirect block that has it.
    fn heap_address(&self, heap: &Heap, block: u64, rows: u64, offset: u64, depth: u32) -> Result<u64> {
        let outside = || malformed(block, "a block of the heap that holds the object");
        // Rows 0 and 1 have blocks of the smallest size; each further row doubles it.
        let row_bytes = heap.width.checked_mul(heap.start).ok_or_else(outside)?;
        let row = u64::from((offset / row_bytes).checked_ilog2().map_or(0, |log| log + 1));
        let size = heap.start.checked_shl(row.saturating_sub(1) as u32).filter(|s| *s != 0).ok_or_else(outside)?;
        let before = if row == 0 { 0 } else { size.checked_mul(heap.width).ok_or_else(outside)? };
        let column = (offset - before) / size;
        let direct_rows = u64::from(heap.direct.ilog2() - heap.start.ilog2()) + 2;
        if row >= rows || depth > 16 {
            return Err(outside());
        }
        let entry = (row * heap.width + column) * self.widths.address;
        let mut pointers = self.region(block, 5 + self.widths.address + heap.offset_width)?;
        pointers.expect("FHIB")?;
        let child = self.region((block + 5 + self.widths.address + heap.offset_width).saturating_add(entry), self.widths.address)?.defined()?;
        let inside = (offset - before) % size;
        if row < direct_rows {
            return child.checked_add(inside).ok_or_else(outside);
        }
        let child_rows = u64::from(size.ilog2()).checked_sub(u64::from(row_bytes.ilog2())).ok_or_else(outside)? + 1;
        self.heap_address(heap, child, child_rows, inside, depth + 1)
    }
}

/// Bytes of a length up to `most` in a heap.
fn limit_bytes(most: u64) -> u64 {
    u64::from(most.checked_ilog2().unwrap_or(0).div_ceil(8))
}
