//! How values of a variable are laid out: in one piece, or in chunks with filters.

use super::encode::{Out, PlacedChunk, UNDEFINED};
use crate::field::Values;
use crate::formats::netcdf4::spec::checksum::fletcher32;
use crate::formats::netcdf4::spec::layout::VariableLayout;
use crate::formats::netcdf4::spec::rows::each_row;

/// Arrays up to this many bytes are stored in one piece.
const SMALL: u64 = 1 << 16;
/// Bytes of a chunk.
const CHUNK: u64 = 1 << 20;
/// Level of deflate.
const LEVEL: u8 = 4;
/// Bytes that a header may hold.
const COMPACT: usize = 1 << 15;

/// What the header says of storage.
pub(super) struct Stored {
    pub(super) layout: Vec<u8>,
    pub(super) filters: Option<Vec<u8>>,
}

/// Shape and type of what is stored.
pub(super) struct Shape<'a> {
    pub(super) extent: &'a [u64],
    /// For each dimension.
    pub(super) unlimited: &'a [bool],
    /// Bytes of an element.
    pub(super) element: usize,
    /// Whether elements are references into a heap, which compress to nothing useful.
    pub(super) references: bool,
}

impl Shape<'_> {
    fn bytes(&self) -> u64 {
        self.extent.iter().fold(self.element as u64, |n, d| n.saturating_mul(*d))
    }

    /// The layout of the source where it fits this shape, else chunks for what is large or grows.
    pub(super) fn choose(&self, source: Option<&VariableLayout>) -> VariableLayout {
        let grows = self.unlimited.contains(&true);
        let fixed_empty = self.extent.iter().zip(self.unlimited).any(|(n, u)| *n == 0 && !u);
        if self.extent.is_empty() || fixed_empty && !grows {
            let compact = source.is_some_and(|s| s.compact);
            return VariableLayout { compact, ..VariableLayout::default() };
        }
        if let Some(source) = source.filter(|s| s.chunks.as_ref().map_or(!grows, |c| self.fits(c))) {
            return source.clone();
        }
        let large = self.bytes() > SMALL && !self.references;
        let chunks = (grows || large).then(|| self.default_chunks());
        VariableLayout { chunks, deflate: large.then_some(LEVEL), shuffle: large, ..VariableLayout::default() }
    }

    fn fits(&self, chunks: &[u64]) -> bool {
        let bounded = chunks.iter().zip(self.extent.iter().zip(self.unlimited)).all(|(c, (n, unlimited))| *c > 0 && (*unlimited || c <= n));
        let bytes = chunks.iter().try_fold(self.element as u64, |n, c| n.checked_mul(*c));
        chunks.len() == self.extent.len() && bounded && bytes.is_some_and(|n| u32::try_from(n).is_ok())
    }

    /// Whole last dimensions, as many as fit.
    fn default_chunks(&self) -> Vec<u64> {
        let mut room = (CHUNK / self.element as u64).max(1);
        let mut chunks: Vec<u64> = Vec::new();
        for length in self.extent.iter().rev() {
            let parts = length.div_ceil(room).max(1);
            let chunk = length.div_ceil(parts).max(1);
            room = (room / chunk).max(1);
            chunks.push(chunk);
        }
        chunks.reverse();
        chunks
    }

    /// Appends the values and tells how.
    pub(super) fn store(&self, out: &mut Out, bytes: &[u8], layout: &VariableLayout) -> Stored {
        match &layout.chunks {
            Some(chunks) => self.store_chunks(out, bytes, chunks, layout),
            None if layout.compact && bytes.len() <= COMPACT => {
                Stored { layout: [&[3, 0], (bytes.len() as u16).to_le_bytes().as_slice(), bytes].concat(), filters: None }
            }
            None => {
                let at = if bytes.is_empty() { UNDEFINED } else { out.place(bytes) };
                Stored { layout: contiguous(at, bytes.len() as u64), filters: None }
            }
        }
    }

    fn store_chunks(&self, out: &mut Out, bytes: &[u8], chunks: &[u64], layout: &VariableLayout) -> Stored {
        let shape: Vec<usize> = self.extent.iter().map(|n| *n as usize).collect();
        let grid: Vec<u64> = self.extent.iter().zip(chunks).map(|(n, c)| n.div_ceil(*c)).collect();
        let length = chunks.iter().product::<u64>() as usize * self.element;
        let mut placed = Vec::new();
        for i in 0..grid.iter().product::<u64>() {
            let scaled = place_in(i, &grid);
            let mut chunk = vec![0; length];
            // Every row is inside both, by the way they are counted.
            let _ = each_row(&scaled, chunks, self.extent, &shape, |to, from, count| {
                let [to, from, count] = [to, from, count].map(|n| n * self.element);
                chunk.get_mut(to..to + count)?.copy_from_slice(bytes.get(from..from + count)?);
                Some(())
            });
            let stored = filtered(chunk, self.element, layout);
            let offsets = scaled.iter().zip(chunks).map(|(s, c)| s * c).collect();
            placed.push(PlacedChunk { offsets, length: stored.len() as u32, at: out.place(&stored) });
        }
        let tree = out.chunk_tree(&placed, chunks, self.element);
        Stored { layout: chunked(tree, chunks, self.element), filters: pipeline(layout, self.element) }
    }
}

fn place_in(mut i: u64, grid: &[u64]) -> Vec<u64> {
    let mut place: Vec<u64> = grid
        .iter()
        .rev()
        .map(|n| {
            let at = i % n;
            i /= n;
            at
        })
        .collect();
    place.reverse();
    place
}

/// The message of values in one piece.
pub(super) fn contiguous(at: u64, length: u64) -> Vec<u8> {
    [&[3, 1], at.to_le_bytes().as_slice(), &length.to_le_bytes()].concat()
}

/// The message of values in chunks.
pub(super) fn chunked(tree: u64, chunks: &[u64], element: usize) -> Vec<u8> {
    let mut bytes = vec![3, 2, chunks.len() as u8 + 1];
    bytes.extend(tree.to_le_bytes());
    chunks.iter().copied().chain([element as u64]).for_each(|n| bytes.extend((n as u32).to_le_bytes()));
    bytes
}

fn pipeline(layout: &VariableLayout, element: usize) -> Option<Vec<u8>> {
    // Number, whether it may be left out, and parameter.
    let filters = [
        layout.shuffle.then_some((2u16, 1u16, Some(element as u32))),
        layout.deflate.map(|level| (1, 1, Some(u32::from(level)))),
        layout.fletcher32.then_some((3, 0, None)),
    ];
    let filters: Vec<_> = filters.into_iter().flatten().collect();
    let mut bytes = vec![2, filters.len() as u8];
    for (id, optional, parameter) in &filters {
        for n in [*id, *optional, u16::from(parameter.is_some())] {
            bytes.extend(n.to_le_bytes());
        }
        bytes.extend(parameter.iter().flat_map(|p| p.to_le_bytes()));
    }
    (!filters.is_empty()).then_some(bytes)
}

fn filtered(mut chunk: Vec<u8>, element: usize, layout: &VariableLayout) -> Vec<u8> {
    if layout.shuffle {
        let mut planes = Vec::with_capacity(chunk.len());
        (0..element).for_each(|byte| planes.extend(chunk.iter().skip(byte).step_by(element)));
        chunk = planes;
    }
    if let Some(level) = layout.deflate {
        chunk = miniz_oxide::deflate::compress_to_vec_zlib(&chunk, level.min(9));
    }
    if layout.fletcher32 {
        let sum = fletcher32(&chunk);
        chunk.extend(sum.to_le_bytes());
    }
    chunk
}

/// The message of the fill value, if there is one.
pub(super) fn fill(value: Option<&[u8]>, chunked: bool) -> Vec<u8> {
    // Room is made when it is needed, and filled if there is a value.
    let allocated = if chunked { 3 } else { 2 };
    let mut bytes = vec![3, allocated | 2 << 2 | u8::from(value.is_some()) << 5];
    if let Some(value) = value {
        bytes.extend((value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// The values in the order of bytes that is asked for.
pub(super) fn ordered(values: &Values, big_endian: bool) -> Vec<u8> {
    let mut bytes = values.to_le_bytes();
    if big_endian {
        bytes.chunks_exact_mut(values.data_type().size()).for_each(<[u8]>::reverse);
    }
    bytes
}
