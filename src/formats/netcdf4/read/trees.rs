//! Trees of either version.

use super::cursor::{Cursor, Widths, malformed};
use super::file::File;
use crate::error::Result;

impl<'a> File<'a> {
    /// Visits key and child of every entry in the leaves of a tree of version 1.
    pub(super) fn tree_v1(&self, at: u64, kind: u8, key: u64, level: Option<u8>, visit: &mut dyn FnMut(Cursor<'a>, u64) -> Result<()>) -> Result<()> {
        let mut node = self.region(at, 8 + 2 * self.widths.address)?;
        node.expect("TREE")?;
        let (found, own, count) = (node.byte()?, node.byte()?, node.number(2)?);
        if found != kind || level.is_some_and(|l| own != l) {
            return Err(malformed(at, "a node of the same tree, one level lower"));
        }
        let mut entries = self.region(at + 8 + 2 * self.widths.address, count * (key + self.widths.address))?;
        for _ in 0..count {
            let (key_of, child) = (entries.part(key)?, entries.defined()?);
            match own.checked_sub(1) {
                None => visit(key_of, child)?,
                below => self.tree_v1(child, kind, key, below, visit)?,
            }
        }
        Ok(())
    }

    /// Visits every record of a tree of version 2.
    pub(super) fn tree_v2(&self, at: u64, visit: &mut dyn FnMut(Cursor<'a>) -> Result<()>) -> Result<()> {
        let mut header = self.region(at, 18 + self.widths.address + self.widths.length)?;
        header.expect("BTHD")?;
        header.take(2)?;
        let (node, record, depth) = (header.number(4)?, header.number(2)?, header.number(2)?);
        header.take(2)?;
        let root = header.address()?;
        let count = header.number(2)?;
        let Some(root) = root else { return Ok(()) };
        let shape = TreeShape::new(node, record, depth, self.widths).ok_or_else(|| malformed(at, "nodes that hold their records"))?;
        self.node_v2(root, count, &shape, shape.totals.len(), visit)
    }

    fn node_v2(&self, at: u64, count: u64, shape: &TreeShape, depth: usize, visit: &mut dyn FnMut(Cursor<'a>) -> Result<()>) -> Result<()> {
        let total = depth.checked_sub(1).map(|below| shape.totals.get(below).copied().unwrap_or_default());
        let pointer = total.map_or(0, |total| self.widths.address + shape.count + total);
        let children = if depth == 0 { 0 } else { count + 1 };
        let mut node = self.region(at, 6 + count * shape.record + children * pointer)?;
        node.expect(if depth == 0 { "BTLF" } else { "BTIN" })?;
        node.take(2)?;
        for _ in 0..count {
            visit(node.part(shape.record)?)?;
        }
        for _ in 0..children {
            let (child, count) = (node.defined()?, node.number(shape.count)?);
            node.take(total.unwrap_or_default())?;
            self.node_v2(child, count, shape, depth.saturating_sub(1), visit)?;
        }
        Ok(())
    }
}

/// Sizes of the fields in a tree of version 2.
struct TreeShape {
    record: u64,
    /// Bytes of the number of records in a node.
    count: u64,
    /// Bytes of the number of records below a node, for each level above the leaves less one.
    totals: Vec<u64>,
}

impl TreeShape {
    fn new(node: u64, record: u64, depth: u64, widths: Widths) -> Option<Self> {
        let leaf = node.checked_sub(10)?.checked_div(record).filter(|n| *n > 0)?;
        let count = counter_bytes(leaf);
        let mut totals = Vec::new();
        let mut most = leaf;
        for level in 0..depth.min(64) {
            let total = if level == 0 { 0 } else { counter_bytes(most) };
            totals.push(total);
            let pointer = widths.address + count + total;
            let records = node.checked_sub(10 + pointer)? / (record + pointer);
            most = (records + 1).checked_mul(most)?.checked_add(records)?;
        }
        Some(Self { record, count, totals })
    }
}

/// Bytes that a counter up to `most` takes.
fn counter_bytes(most: u64) -> u64 {
    u64::from(most.checked_ilog2().unwrap_or(0) / 8 + 1)
}
