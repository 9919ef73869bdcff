//! What GIF, JPEG and WebP say besides their pixels, as the chunks of the PNG that they come back as: EXIF, XMP, colour profile, comments, scale.
//!
//! Deliberately absent: thumbnails outside of EXIF, IPTC, extended XMP, and how long and where a GIF is shown.

use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::error::Result;
use crate::formats::picture::spec::chunks::put_chunk;
use crate::limits::Limits;
use crate::wire::put_varint;

/// Effort of deflate on a profile.
const EFFORT: u8 = 9;

/// What a picture says.
#[derive(Default)]
pub(super) struct Said {
    profile: Vec<u8>,
    exif: Vec<u8>,
    xmp: Vec<u8>,
    comments: Vec<Vec<u8>>,
    /// As the chunk pHYs has it.
    scale: Option<[u8; 9]>,
}

impl Said {
    /// The layout of a picture: chunks that stand in front of the samples, and their length before them; empty where nothing is said.
    pub(super) fn layout(&self, limits: &Limits) -> Result<Vec<u8>> {
        let mut chunks = Vec::new();
        if !self.profile.is_empty() {
            let profile = compress_to_vec_zlib(&self.profile, EFFORT);
            put_chunk(&mut chunks, *b"iCCP", &[b"profile\0\0", profile.as_slice()].concat());
        }
        if let Some(scale) = self.scale {
            put_chunk(&mut chunks, *b"pHYs", &scale);
        }
        if !self.exif.is_empty() {
            put_chunk(&mut chunks, *b"eXIf", &self.exif);
        }
        if !self.xmp.is_empty() {
            put_chunk(&mut chunks, *b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", self.xmp.as_slice()].concat());
        }
        self.comments.iter().for_each(|comment| put_comment(&mut chunks, comment));
        Limits::check("what a picture says besides its pixels", chunks.len() as u64, limits.metadata_bytes / 4)?;
        let mut layout = Vec::new();
        if !chunks.is_empty() {
            put_varint(&mut layout, chunks.len() as u64);
            layout.extend(chunks);
        }
        Ok(layout)
    }
}

/// A comment, as UTF-8 where it is that and not ASCII; else as Latin-1.
fn put_comment(chunks: &mut Vec<u8>, comment: &[u8]) {
    let text: Vec<u8> = comment.iter().copied().filter(|b| *b != 0).collect();
    match (text.is_ascii(), core::str::from_utf8(&text)) {
        (false, Ok(_)) => put_chunk(chunks, *b"iTXt", &[b"Comment\0\0\0\0\0", text.as_slice()].concat()),
        _ => put_chunk(chunks, *b"tEXt", &[b"Comment\0", text.as_slice()].concat()),
    }
}

/// What stands in the segments of a JPEG in front of its samples.
pub(super) fn in_jpeg(bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let mut profile: Vec<(u8, &[u8])> = Vec::new();
    for (marker, data) in segments(bytes) {
        let after = |head: &[u8]| data.strip_prefix(head);
        match marker {
            0xe0 => said.scale = after(b"JFIF\0").and_then(density).or(said.scale),
            0xe1 if said.exif.is_empty() => said.exif = after(b"Exif\0\0").unwrap_or_default().to_vec(),
            _ => {}
        }
        match (marker, after(b"http://ns.adobe.com/xap/1.0/\0"), after(b"ICC_PROFILE\0")) {
            (0xe1, Some(xmp), _) => said.xmp = xmp.to_vec(),
            (0xe2, _, Some([number, _, part @ ..])) => profile.push((*number, part)),
            (0xfe, ..) => said.comments.push(data.to_vec()),
            _ => {}
        }
    }
    profile.sort_by_key(|(number, _)| *number);
    said.profile = profile.iter().flat_map(|(_, part)| part.iter().copied()).collect();
    said
}

/// Markers and contents of the segments of a JPEG, up to the samples or the first that is cut short.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    const START_OF_SCAN: u8 = 0xda;
    let mut rest = bytes.get(2..).unwrap_or_default();
    core::iter::from_fn(move || {
        while let [0xff, 0xff, ..] = rest {
            rest = rest.get(1..)?;
        }
        let [0xff, marker, high, low, behind @ ..] = rest else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        let (data, next) = behind.split_at_checked(length)?;
        rest = next;
        (*marker != START_OF_SCAN).then_some((*marker, data))
    })
}

/// The scale of a JFIF, in dots an inch or a centimetre, as pHYs has it.
fn density(jfif: &[u8]) -> Option<[u8; 9]> {
    let [_, _, unit, a, b, c, d, ..] = *jfif else { return None };
    let [across, down] = [[a, b], [c, d]].map(|n| f64::from(u16::from_be_bytes(n)));
    let per_metre = match unit {
        1 => 1.0 / 0.0254,
        2 => 100.0,
        // The shape of a pixel; most say square, which is as much as nothing.
        _ if across == down => return None,
        _ => 1.0,
    };
    let mut scale = [0; 9];
    let numbers = [across, down].map(|n| ((n * per_metre).round() as u32).to_be_bytes());
    scale.iter_mut().zip(numbers.concat().into_iter().chain([u8::from(matches!(unit, 1 | 2))])).for_each(|(to, from)| *to = from);
    Some(scale)
}

/// What stands in the chunks of a WebP.
pub(super) fn in_webp(bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((&[name @ .., a, b, c, d], body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let Some(data) = body.get(..length) else { break };
        match &name {
            b"ICCP" => said.profile = data.to_vec(),
            b"EXIF" => said.exif = data.strip_prefix(b"Exif\0\0").unwrap_or(data).to_vec(),
            b"XMP " => said.xmp = data.to_vec(),
            _ => {}
        }
        rest = length.checked_next_multiple_of(2).and_then(|length| body.get(length..)).unwrap_or_default();
    }
    said
}

/// What stands in the extensions of a GIF; profile and XMP are those that its decoder found.
pub(super) fn in_gif(bytes: &[u8], profile: Option<&[u8]>, xmp: Option<&[u8]>) -> Said {
    let [profile, xmp] = [profile, xmp].map(|found| found.unwrap_or_default().to_vec());
    Said { profile, xmp, comments: comments(bytes).unwrap_or_default(), ..Said::default() }
}

/// The comments of a GIF, up to its end; none where it is cut short.
fn comments(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    const HEAD: usize = 13;
    let mut found = Vec::new();
    let mut rest = bytes.get(HEAD + palette(*bytes.get(10)?)..)?;
    loop {
        match rest {
            [0x21, label, behind @ ..] => {
                let (data, next) = blocks(behind)?;
                found.extend((*label == 0xfe).then_some(data));
                rest = next;
            }
            // A frame: its place, its palette, the size of its codes.
            [0x2c, behind @ ..] => rest = blocks(behind.get(9 + palette(*behind.get(8)?) + 1..)?)?.1,
            _ => return Some(found),
        }
    }
}

/// Bytes of the palette that these flags tell of.
const fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Blocks of at most 255 bytes as one, and what is behind them.
fn blocks(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut data = Vec::new();
    loop {
        let (length, behind) = rest.split_first()?;
        let (block, next) = behind.split_at_checked(usize::from(*length))?;
        rest = next;
        if block.is_empty() {
            return Some((data, rest));
        }
        data.extend_from_slice(block);
    }
}
