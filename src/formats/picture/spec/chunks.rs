//! The chunks that a PNG is made of.

/// A chunk as it stands in the file.
pub(crate) struct Chunk<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) data: &'a [u8],
    /// With length and checksum.
    pub(crate) whole: &'a [u8],
}

impl Chunk<'_> {
    /// Whether the picture can be shown without it.
    pub(crate) const fn is_ancillary(&self) -> bool {
        self.kind[0].is_ascii_lowercase()
    }

    /// Whether programs that do not know it may copy it.
    pub(crate) const fn is_safe_to_copy(&self) -> bool {
        self.kind[3].is_ascii_lowercase()
    }
}

/// Chunks one after the other, up to the first that is cut short or damaged.
pub(crate) fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    const AROUND: usize = 12;
    core::iter::from_fn(move || {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        let (whole, behind) = rest.split_at_checked(length.checked_add(AROUND)?)?;
        let (body, checksum) = whole.get(4..)?.split_last_chunk()?;
        let (kind, data) = body.split_first_chunk()?;
        rest = behind;
        (crc32fast::hash(body) == u32::from_be_bytes(*checksum)).then_some(Chunk { kind: *kind, data, whole })
    })
}

/// Appends a chunk.
#[cfg(feature = "formats")]
pub(crate) fn put_chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let body = [&kind, data].concat();
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    out.extend_from_slice(&body);
    out.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
}
