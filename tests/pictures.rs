//! GIF, JPEG and WebP pictures: small files given here byte by byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::field::{Dataset, Role, Values};
use deepcomp::formats::{self, picture};
use deepcomp::{Error, Limits};

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "map.bin", &Limits::default())
}

fn code(bytes: &[u8]) -> &'static str {
    read(bytes).map_or_else(|e| e.code(), |_| "read")
}

/// A GIF of 2 × 2 pixels with the colours 0, 1, 1, 0, in codes of three bits that never grow: a clear code goes before every pixel.
fn gif(palette: [[u8; 3]; 2], transparent: Option<u8>, frames: usize) -> Vec<u8> {
    let mut out = b"GIF89a\x02\0\x02\0\x80\0\0".to_vec();
    out.extend(palette.concat());
    for _ in 0..frames {
        if let Some(index) = transparent {
            out.extend([0x21, 0xf9, 4, 1, 0, 0, index, 0]);
        }
        out.extend([0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2]);
        let codes = [4u32, 0, 4, 1, 4, 1, 4, 0, 5];
        let bits = codes.iter().rev().fold(0u32, |bits, code| bits << 3 | code);
        out.extend([4]);
        out.extend(bits.to_le_bytes());
        out.push(0);
    }
    out.push(0x3b);
    out
}

#[test]
fn gif_becomes_gray_colour_and_alpha_as_its_pixels_need() {
    let gray = read(&gif([[9; 3], [200; 3]], None, 1)).unwrap();
    assert_eq!(gray.format, picture::PICTURE);
    assert_eq!(gray.dimensions.iter().map(|d| (d.name.as_str(), d.length)).collect::<Vec<_>>(), [("channel", 1), ("y", 2), ("x", 2)]);
    assert_eq!((gray.fields[0].name.as_str(), &gray.fields[0].values), ("map", &Values::U8(vec![9, 200, 200, 9])));
    let colour = read(&gif([[1, 2, 3], [4, 5, 6]], None, 1)).unwrap();
    assert_eq!(colour.fields[0].values, Values::U8(vec![1, 4, 4, 1, 2, 5, 5, 2, 3, 6, 6, 3]));
    let clear = read(&gif([[1, 2, 3], [4, 5, 6]], Some(1), 1)).unwrap();
    assert_eq!(clear.fields[0].shape, [4, 2, 2]);
    let Values::U8(samples) = &clear.fields[0].values else { panic!("bytes") };
    assert_eq!(&samples[12..], [255, 0, 0, 255]);
}

#[test]
fn colours_of_a_table_are_no_measurements() {
    let indexed = |colour: u8| {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 2, 2);
        encoder.set_color(if colour == 3 { png::ColorType::Indexed } else { png::ColorType::Grayscale });
        encoder.set_palette(vec![1, 2, 3, 40, 50, 60]);
        encoder.write_header().unwrap().write_image_data(&[0, 1, 1, 0]).unwrap();
        out
    };
    for (bytes, expected) in [(indexed(3), Role::Palette), (indexed(0), Role::Measurement), (gif([[1, 2, 3], [4, 5, 6]], None, 1), Role::Palette)] {
        let mut dataset = read(&bytes).unwrap();
        // Gray from 0 to 1 would be a mask.
        dataset.fields[0] = dataset.fields[0].without_values();
        assert_eq!(dataset.role(&dataset.fields[0]).role, expected);
    }
}

#[test]
fn pictures_come_back_as_png() {
    let dataset = read(&gif([[1, 2, 3], [4, 5, 6]], None, 1)).unwrap();
    let png = formats::write(&dataset).unwrap();
    assert_eq!(read(&png).unwrap().fields, dataset.fields);
}

#[test]
fn animations_are_refused_with_advice() {
    assert_eq!(code(&gif([[0; 3], [1; 3]], None, 2)), "unsupported");
}

/// Gray, 8 × 8, all 128: one block whose only coefficient is 0.
fn jpeg() -> Vec<u8> {
    let mut out = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    out.extend([1; 64]);
    out.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    // One code of one bit in each table: no bits of difference, end of block.
    for table in [0, 0x10] {
        out.extend([0xff, 0xc4, 0, 20, table, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    out.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f, 0xff, 0xd9]);
    out
}

#[test]
fn jpeg_is_read() {
    let dataset = read(&jpeg()).unwrap();
    assert_eq!((dataset.fields[0].shape.as_slice(), &dataset.fields[0].values), ([1, 8, 8].as_slice(), &Values::U8(vec![128; 64])));
}

/// Lossless, 1 × 1: each of the five codes has one symbol, so that the pixel itself takes no bits.
fn webp() -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: u32, count: u32| bits.extend((0..count).map(|i| value >> i & 1 == 1));
    put(0, 14); // width - 1
    put(0, 14); // height - 1
    put(0, 1); // alpha
    put(0, 3); // version
    put(0, 1); // no transform
    put(0, 1); // no colour cache
    put(0, 1); // no groups of codes
    for symbol in [20, 10, 30, 255, 0] {
        put(1, 1); // simple code
        put(0, 1); // one symbol
        put(1, 1); // of eight bits
        put(symbol, 8);
    }
    let mut data = vec![0x2f];
    data.extend(bits.chunks(8).map(|byte| byte.iter().rev().fold(0u8, |n, bit| n << 1 | u8::from(*bit))));
    data.resize(data.len().next_multiple_of(2), 0);
    let mut out = b"RIFF".to_vec();
    out.extend(u32::try_from(12 + data.len()).unwrap().to_le_bytes());
    out.extend(b"WEBPVP8L");
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(data);
    out
}

#[test]
fn webp_is_read() {
    let dataset = read(&webp()).unwrap();
    assert_eq!((dataset.fields[0].shape.as_slice(), &dataset.fields[0].values), ([3, 1, 1].as_slice(), &Values::U8(vec![10, 20, 30])));
}

#[test]
fn a_webp_whose_frame_is_larger_than_the_picture_is_refused_before_there_is_room_for_it() {
    let mut out = b"RIFF\x2c\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend(b"VP8 \x0e\0\0\0\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0\0\0");
    assert!(matches!(read(&out), Err(Error::Malformed { expected, .. }) if expected.contains("of another size")));
}

#[test]
fn cut_and_changed_pictures_never_panic() {
    for good in [gif([[0; 3], [9, 8, 7]], Some(0), 1), jpeg(), webp()] {
        assert_eq!(code(&good), "read");
        for at in 0..good.len() {
            let _ = read(&good[..at]);
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let _ = formats::read(&bad, "x", &Limits { decoded_bytes: 1 << 20, ..Limits::default() });
            }
        }
    }
}

#[test]
fn limits_hold_before_pixels_are_decoded() {
    let limits = Limits { decoded_bytes: 3, ..Limits::default() };
    for good in [gif([[0; 3], [9, 8, 7]], None, 1), jpeg(), webp()] {
        assert_eq!(formats::read(&good, "x", &limits).unwrap_err().code(), "limit-exceeded");
    }
}

/// Chunks of a PNG, by kind.
fn chunk(png: &[u8], kind: &[u8; 4]) -> Vec<u8> {
    let at = png.windows(4).position(|w| w == kind).unwrap_or_else(|| panic!("{kind:?}"));
    let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
    png[at + 4..at + 4 + length].to_vec()
}

#[test]
fn what_pictures_say_besides_their_pixels_comes_back() {
    let (exif, xmp, profile) = (b"MM\0*\0\0\0\x08\0\0\0\0\0\0".as_slice(), b"<x:xmpmeta/>".as_slice(), [7u8; 3000].as_slice());
    let segment = |marker: u8, parts: &[&[u8]]| {
        let data = parts.concat();
        [&[0xff, marker], ((data.len() + 2) as u16).to_be_bytes().as_slice(), &data].concat()
    };
    let mut file = jpeg();
    let said = [
        segment(0xe0, &[b"JFIF\0\x01\x02\x01\x00\x48\x00\x90\0\0"]),
        segment(0xe1, &[b"Exif\0\0", exif]),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", xmp]),
        // Parts need not stand in order.
        segment(0xe2, &[b"ICC_PROFILE\0\x02\x02", &profile[1000..]]),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x02", &profile[..1000]]),
        segment(0xfe, &["Höhe".as_bytes()]),
        segment(0xfe, &[b"plain"]),
    ];
    file.splice(2..2, said.concat());
    let dataset = read(&file).unwrap();
    assert_eq!(dataset.fields, read(&jpeg()).unwrap().fields);
    let png = formats::write(&dataset).unwrap();
    assert_eq!(chunk(&png, b"eXIf"), exif);
    assert_eq!(chunk(&png, b"pHYs"), [2835u32.to_be_bytes().as_slice(), &5669u32.to_be_bytes(), &[1]].concat());
    assert_eq!(chunk(&png, b"tEXt"), b"Comment\0plain");
    let all = png.windows(4).filter(|w| *w == b"iTXt").count();
    assert_eq!((all, chunk(&png, b"iTXt").ends_with(xmp)), (2, true));
    let icc = chunk(&png, b"iCCP");
    assert_eq!(miniz_oxide::inflate::decompress_to_vec_zlib(&icc[9..]).unwrap(), profile);
    // As a PNG it says the same, and does so again.
    let again = read(&png).unwrap();
    assert_eq!((&again.fields[0].values, formats::write(&again).unwrap()), (&dataset.fields[0].values, png));

    let mut file = gif([[1, 2, 3], [4, 5, 6]], Some(1), 1);
    let end = file.len() - 1;
    file.splice(end..end, *b"\x21\xfe\x05after\x06 words\0");
    file.splice(19..19, *b"\x21\xfe\x05words\0");
    let png = formats::write(&read(&file).unwrap()).unwrap();
    let comments: Vec<_> = png.windows(4).enumerate().filter(|(_, w)| w == b"tEXt").map(|(at, _)| png[at + 12..at + 17].to_vec()).collect();
    assert_eq!(comments, [b"words".to_vec(), b"after".to_vec()]);
    assert!(png.windows(12).any(|w| w == b"after words\0" || w.starts_with(b"after words")));

    let plain = webp();
    let mut body = plain[12..].to_vec();
    for (name, data) in [(b"EXIF", exif), (b"XMP ", xmp), (b"ICCP", profile)] {
        body.extend([name.as_slice(), &(data.len() as u32).to_le_bytes(), data, &vec![0; data.len() % 2]].concat());
    }
    let file = [b"RIFF", ((body.len() + 4) as u32).to_le_bytes().as_slice(), b"WEBP", &body].concat();
    let png = formats::write(&read(&file).unwrap()).unwrap();
    assert_eq!((chunk(&png, b"eXIf").as_slice(), chunk(&png, b"iTXt").ends_with(xmp), chunk(&png, b"iCCP").is_empty()), (exif, true, false));
    for length in 0..file.len() {
        let _ = read(&file[..length]);
    }
}

/// A PNG of one bit a pixel, that large, whose pixels are `packed`.
fn huge_png(side: u32, packed: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let body = [kind, content].concat();
        [&(content.len() as u32).to_be_bytes()[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
    };
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", packed), chunk(b"IEND", b"")].concat()
}

#[test]
fn pixels_that_a_header_promises_are_charged_before_there_is_room_for_them() {
    let limits = Limits { decoded_bytes: 1 << 20, ..Limits::default() };
    let refused = |png: &[u8]| formats::read(png, "x.png", &limits).unwrap_err().code();
    // A header alone promises nothing that so few bytes could hold.
    assert_eq!(read(&huge_png(100_000, &[])).unwrap_err().code(), "malformed");
    // Fifty megabytes of pixels in fifty kilobytes are another matter.
    let rows = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 2501 * 20_000], 6);
    assert!(rows.len() < 1 << 17);
    assert_eq!(refused(&huge_png(20_000, &rows)), "limit-exceeded");
}
