//! Values of a variable: finding its chunks, putting them into the array.

use super::cursor::{Cursor, malformed};
use super::file::File;
use super::filters::{Buffers, StoredChunk};
use super::messages::{ChunkIndex, Filter};
use crate::error::Result;
use crate::formats::netcdf4::spec::rows::each_row;
use crate::limits::Limits;

/// What is needed to read the chunks of a variable.
pub(super) struct Chunks<'a, 'f> {
    pub(super) file: &'f File<'a>,
    /// Lengths of a chunk.
    pub(super) chunk: &'f [u64],
    /// Lengths of the stored array.
    pub(super) extent: &'f [u64],
    /// Lengths it can have; none where unlimited.
    pub(super) most: &'f [Option<u64>],
    /// Lengths of the array to fill, none shorter than stored.
    pub(super) shape: &'f [usize],
    /// Bytes of an element.
    pub(super) size: u64,
    pub(super) filters: &'f [Filter],
    /// Where the variable is described, for errors.
    pub(super) at: u64,
}

impl<'a> Chunks<'a, '_> {
    /// Fills `out`, an array of `shape` in C order, with what is stored.
    pub(super) fn read(&self, index: &ChunkIndex, out: &mut [u8]) -> Result<()> {
        let rank = self.extent.len();
        let too_large = || malformed(self.at, "chunks that fit the variable");
        if self.chunk.len() != rank || rank == 0 {
            return Err(malformed(self.at, "as many chunk lengths as dimensions"));
        }
        let bytes = self.chunk.iter().try_fold(self.size, |n, c| n.checked_mul(*c)).ok_or_else(too_large)?;
        let length = Limits::check("a chunk", bytes, self.file.limits.decoded_bytes)?;
        let grid: Vec<u64> = self.extent.iter().zip(self.chunk).map(|(n, c)| n.div_ceil(*c)).collect();
        let total = grid.iter().try_fold(1u64, |n, g| n.checked_mul(*g)).ok_or_else(too_large)?;
        let mut buffers = Buffers::new(length);
        let mut left = total;
        self.visit(index, &grid, bytes, &mut |chunk, scaled| {
            if scaled.iter().zip(&grid).any(|(s, g)| s >= g) {
                return Ok(());
            }
            left = left.checked_sub(1).ok_or_else(|| malformed(chunk.at, "each chunk once"))?;
            let stored = self.file.data(chunk.at, chunk.length)?;
            self.file.unpack(chunk.at, chunk.length.max(bytes))?;
            let decoded = buffers.decode(&stored, chunk, self.filters, self.size as usize)?;
            self.place(decoded, scaled, out)
        })
    }

    /// Calls `visit` with each stored chunk and its place in the grid.
    fn visit(&self, index: &ChunkIndex, grid: &[u64], bytes: u64, visit: &mut dyn FnMut(&StoredChunk, &[u64]) -> Result<()>) -> Result<()> {
        match index {
            ChunkIndex::TreeV1(at) => self.file.tree_v1(*at, 1, 8 * (grid.len() as u64 + 2), None, &mut |mut key, at| {
                let (length, skipped) = (key.number(4)?, key.number(4)? as u32);
                let scaled = self.chunk.iter().map(|c| key.number(8).map(|offset| offset / c)).collect::<Result<Vec<_>>>()?;
                visit(&StoredChunk { at, length, skipped }, &scaled)
            }),
            ChunkIndex::Single(at, filtered) => {
                let (length, skipped) = filtered.unwrap_or((bytes, 0));
                visit(&StoredChunk { at: *at, length, skipped }, &vec![0; grid.len()])
            }
            ChunkIndex::Implicit(at) => {
                let most = self.largest_grid();
                let count = most.iter().try_fold(1u64, |n, g| n.checked_mul(*g)).filter(|n| n.checked_mul(bytes).is_some_and(|b| b <= self.file.size()));
                for i in 0..count.ok_or_else(|| malformed(*at, "chunks inside the file"))? {
                    let scaled = unravel(i, &most);
                    let chunk = StoredChunk { at: at.saturating_add(i * bytes), length: bytes, skipped: 0 };
                    visit(&chunk, &scaled)?;
                }
                Ok(())
            }
            ChunkIndex::FixedArray(at) => self.fixed_array(*at, bytes, visit),
            ChunkIndex::ExtensibleArray(at) => self.extensible_array(*at, bytes, visit),
            ChunkIndex::TreeV2(at) => self.file.tree_v2(*at, &mut |mut record| {
                let rest = record.rest().len() as u64;
                let at = record.defined()?;
                let places = 8 * grid.len() as u64;
                let width = rest.checked_sub(places + record.widths().address).ok_or_else(|| malformed(at, "a record of a chunk"))?;
                let (length, skipped) = match width.checked_sub(4) {
                    Some(width) => (record.number(width.min(8))?, record.number(4)? as u32),
                    None => (bytes, 0),
                };
                let scaled = grid.iter().map(|_| record.number(8)).collect::<Result<Vec<_>>>()?;
                visit(&StoredChunk { at, length, skipped }, &scaled)
            }),
        }
    }

    /// Chunks in each dimension at its largest length; where that is unlimited, at its present one.
    fn largest_grid(&self) -> Vec<u64> {
        let lengths = self.most.iter().zip(self.extent).map(|(most, extent)| most.unwrap_or(*extent));
        lengths.zip(self.chunk).map(|(n, c)| n.div_ceil(*c)).collect()
    }

    /// One element of an array that lists chunks; none where the chunk was not written.
    fn entry(&self, entries: &mut Cursor<'a>, width: u64, bytes: u64) -> Result<Option<StoredChunk>> {
        let at = entries.address()?;
        let (length, skipped) = match width.checked_sub(entries.widths().address + 4) {
            Some(length) => (entries.number(length.min(8))?, entries.number(4)? as u32),
            None => (bytes, 0),
        };
        Ok(at.map(|at| StoredChunk { at, length, skipped }))
    }

    fn fixed_array(&self, at: u64, bytes: u64, visit: &mut dyn FnMut(&StoredChunk, &[u64]) -> Result<()>) -> Result<()> {
        let mut header = self.file.from(at)?;
        header.expect("FAHD")?;
        header.take(2)?;
        let (width, page_bits, count) = (u64::from(header.byte()?), header.byte()?, header.length()?);
        let block = header.defined()?;
        if width < header.widths().address {
            return Err(malformed(at, "entries that hold an address"));
        }
        let grid = self.largest_grid();
        let page = 1u64.checked_shl(u32::from(page_bits)).unwrap_or(u64::MAX);
        let mut cursor = self.file.from(block)?;
        cursor.expect("FADB")?;
        cursor.take(2)?;
        cursor.defined()?;
        self.file.charge(count.saturating_mul(width))?;
        let mut written = Bitmap(&[]);
        if count > page {
            written = Bitmap(cursor.take(count.div_ceil(page).div_ceil(8))?);
            cursor.take(4)?;
        }
        let paged = count > page;
        for i in 0..count {
            if paged && i % page == 0 {
                if !written.has(i / page) {
                    // Pages that were never written have their room all the same.
                    cursor.take(page.min(count - i).saturating_mul(width).saturating_add(4))?;
                }
                if i > 0 && written.has(i / page - 1) {
                    cursor.take(4)?;
                }
            }
            if paged && !written.has(i / page) {
                continue;
            }
            if let Some(chunk) = self.entry(&mut cursor, width, bytes)? {
                visit(&chunk, &unravel(i, &grid))?;
            }
        }
        Ok(())
    }

    fn extensible_array(&self, at: u64, bytes: u64, visit: &mut dyn FnMut(&StoredChunk, &[u64]) -> Result<()>) -> Result<()> {
        let mut header = self.file.from(at)?;
        header.expect("EAHD")?;
        header.take(2)?;
        let mut small = || header.byte().map(u64::from);
        let (width, bits, in_index, smallest, pointers, page_bits) = (small()?, small()?, small()?, small()?, small()?, small()?);
        let length = header.widths().length;
        header.take(4 * length)?;
        let count = header.length()?;
        header.take(length)?;
        let Some(index) = header.address()? else { return Ok(()) };
        let shaped = smallest.is_power_of_two() && pointers.is_power_of_two() && bits <= 64 && page_bits < 64 && width >= header.widths().address;
        if !shaped {
            return Err(malformed(at, "an array whose blocks double in size"));
        }
        self.file.charge(count.saturating_mul(width))?;
        let array = ExtensibleArray { offset_width: bits.div_ceil(8), width, page: 1 << page_bits, count, smallest };
        let mut cursor = self.file.from(index)?;
        cursor.expect("EAIB")?;
        cursor.take(2)?;
        cursor.defined()?;
        let (grid, turned) = self.turned_grid();
        let mut each = |chunk: StoredChunk, i: u64| {
            let mut scaled = unravel(i, &grid);
            if let Some(slowest) = turned {
                let first = scaled.remove(0);
                scaled.insert(slowest, first);
            }
            visit(&chunk, &scaled)
        };
        let mut next = 0;
        for i in 0..in_index {
            let chunk = self.entry(&mut cursor, width, bytes)?;
            if let Some(chunk) = chunk.filter(|_| i < count) {
                each(chunk, i)?;
            }
            next += 1;
        }
        let direct = 2 * u64::from(pointers.ilog2());
        let levels = 1 + bits.saturating_sub(u64::from(smallest.ilog2()));
        for level in 0..levels {
            if next >= count {
                break;
            }
            let (blocks, elements) = (1u64 << (level / 2).min(62), array.elements(level));
            if level < direct {
                for _ in 0..blocks {
                    let block = cursor.address()?;
                    self.data_block(&array, block, elements, next, bytes, None, &mut each)?;
                    next = next.saturating_add(elements);
                }
            } else {
                let block = cursor.address()?;
                self.super_block(&array, block, blocks, elements, next, bytes, &mut each)?;
                next = next.saturating_add(blocks.saturating_mul(elements));
            }
        }
        Ok(())
    }

    /// The grid of chunks with the unlimited dimension slowest, and which one that is where it is not the first anyway.
    fn turned_grid(&self) -> (Vec<u64>, Option<usize>) {
        let mut grid = self.largest_grid();
        let turned = self.most.iter().position(Option::is_none).filter(|d| *d > 0 && *d < grid.len());
        if let Some(d) = turned {
            let slowest = grid.remove(d);
            grid.insert(0, slowest);
        }
        (grid, turned)
    }

    #[allow(clippy::too_many_arguments)]
    fn super_block(
        &self,
        array: &ExtensibleArray,
        at: Option<u64>,
        blocks: u64,
        elements: u64,
        mut next: u64,
        bytes: u64,
        each: &mut dyn FnMut(StoredChunk, u64) -> Result<()>,
    ) -> Result<()> {
        let Some(at) = at else { return Ok(()) };
        let mut cursor = self.file.from(at)?;
        cursor.expect("EASB")?;
        cursor.take(2)?;
        cursor.defined()?;
        cursor.take(array.offset_width)?;
        let pages = if elements > array.page { elements / array.page } else { 0 };
        let per_block = pages.div_ceil(8);
        let written = cursor.take(per_block.saturating_mul(blocks))?;
        for i in 0..blocks {
            if next >= array.count {
                break;
            }
            self.file.charge(array.width)?;
            let block = cursor.address()?;
            let own = written.get((i * per_block) as usize..((i + 1) * per_block) as usize).unwrap_or_default();
            self.data_block(array, block, elements, next, bytes, Some(Bitmap(own)), each)?;
            next = next.saturating_add(elements);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn data_block(
        &self,
        array: &ExtensibleArray,
        at: Option<u64>,
        elements: u64,
        first: u64,
        bytes: u64,
        written: Option<Bitmap<'_>>,
        each: &mut dyn FnMut(StoredChunk, u64) -> Result<()>,
    ) -> Result<()> {
        let Some(at) = at else { return Ok(()) };
        let mut cursor = self.file.from(at)?;
        cursor.expect("EADB")?;
        cursor.take(2)?;
        cursor.defined()?;
        cursor.take(array.offset_width)?;
        let paged = elements > array.page;
        cursor.take(if paged { 4 } else { 0 })?;
        let mut i = 0;
        while i < elements && first.saturating_add(i) < array.count {
            if paged && i % array.page == 0 {
                cursor.take(if i > 0 { 4 } else { 0 })?;
                if !written.as_ref().is_some_and(|w| w.has(i / array.page)) {
                    cursor.take(array.page.saturating_mul(array.width))?;
                    i += array.page;
                    continue;
                }
            }
            if let Some(chunk) = self.entry(&mut cursor, array.width, bytes)? {
                each(chunk, first + i)?;
            }
            i += 1;
        }
        Ok(())
    }

    /// Copies a chunk to its place, without what lies outside of the stored array.
    fn place(&self, chunk: &[u8], scaled: &[u64], out: &mut [u8]) -> Result<()> {
        let size = self.size as usize;
        let copied = each_row(scaled, self.chunk, self.extent, self.shape, |from, to, length| {
            let source = chunk.get(from * size..(from + length) * size)?;
            out.get_mut(to * size..(to + length) * size)?.copy_from_slice(source);
            Some(())
        });
        copied.ok_or_else(|| malformed(self.at, "chunks inside the variable"))
    }
}

/// Sizes in an array of chunks that grows.
struct ExtensibleArray {
    /// Bytes of an offset in the array.
    offset_width: u64,
    /// Bytes of an element.
    width: u64,
    /// Elements of a page.
    page: u64,
    count: u64,
    /// Elements of the smallest block.
    smallest: u64,
}

impl ExtensibleArray {
    /// Elements of a block of that level.
    fn elements(&self, level: u64) -> u64 {
        self.smallest.saturating_mul(1u64 << level.div_ceil(2).min(62))
    }
}

/// A bit for each page that was written.
struct Bitmap<'a>(&'a [u8]);

impl Bitmap<'_> {
    /// The first page is the highest bit of the first byte.
    fn has(&self, i: u64) -> bool {
        usize::try_from(i / 8).ok().and_then(|byte| self.0.get(byte)).is_some_and(|byte| byte >> (7 - i % 8) & 1 != 0)
    }
}

/// The place in a grid of its element `i` in C order.
fn unravel(mut i: u64, grid: &[u64]) -> Vec<u64> {
    let mut place = vec![0; grid.len()];
    for (at, length) in place.iter_mut().zip(grid).rev() {
        let length = (*length).max(1);
        *at = i % length;
        i /= length;
    }
    // Beyond the grid, which only an unlimited dimension that has shrunk can give.
    if let Some(first) = place.first_mut().filter(|_| i > 0) {
        *first = u64::MAX;
    }
    place
}
