//! The rows of a chunk, in it and in its array.

/// Calls `visit` for each row of the chunk at `scaled` with its index in the chunk, its index in an array of `shape`, and its length, without what lies
/// outside of `extent`; none as soon as `visit` gives none.
pub(crate) fn each_row(scaled: &[u64], chunk: &[u64], extent: &[u64], shape: &[usize], mut visit: impl FnMut(usize, usize, usize) -> Option<()>) -> Option<()> {
    let starts = scaled.iter().zip(chunk).map(|(s, c)| s * c);
    // Of each dimension: first index, length inside, length of a chunk, length of the array.
    let axes: Vec<[usize; 4]> = starts
        .zip(extent)
        .zip(chunk.iter().zip(shape))
        .map(|((s, n), (c, full))| [s as usize, n.saturating_sub(s).min(*c) as usize, *c as usize, *full])
        .collect();
    let (last, outer) = axes.split_last()?;
    let [last_start, row, last_chunk, last_full] = *last;
    let rows: usize = outer.iter().map(|[_, length, ..]| length).product();
    for i in 0..rows {
        let (mut rest, mut from, mut to, mut chunk_stride, mut stride) = (i, 0, last_start, last_chunk, last_full);
        for [start, length, in_chunk, full] in outer.iter().rev() {
            let index = rest % length;
            rest /= length;
            from += index * chunk_stride;
            to += (start + index) * stride;
            chunk_stride *= in_chunk;
            stride *= full;
        }
        visit(from, to, row)?;
    }
    Some(())
}
