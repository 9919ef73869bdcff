//! Archives written once and never regenerated: each must decode to the values it decoded to then. Those of 0.x, a few of which are in `gone`, are refused as of a version that is gone.
//!
//! A new format version adds a folder, and takes none away. `DEEPCOMP_WRITE_VECTORS=1 cargo test --test compat` fills the folder of the current version, once.
//!
//! What today's encoder makes of the same inputs is held by checksums in `encoded.xxh3`, so that every machine is seen to write the bytes that all others write. They change
//! when the encoder is meant to write other bytes: `DEEPCOMP_WRITE_ENCODED=1 cargo test --test compat` notes those.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, FormatVersion, VariableReport};
use deepcomp::codec::{Base, Level, Options};
use deepcomp::field::{Bounds, DataType, Dataset, Derived, ErrorBound, MissingRule, SourceFormat, Values};
use deepcomp::formats::file;
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits};
use std::path::PathBuf;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

fn folder(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(version)
}

/// 2^exponent.
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127).clamp(1, 254) as u32) << 23)
}

/// A wave without library functions, which may differ between machines.
fn smooth(y: usize, x: usize) -> f32 {
    let bump = |t: f32| t * (1.0 - t) * (1.0 + t * t);
    bump(y as f32 / 97.0) * bump(x as f32 / 131.0) * 100.0 + bump((y * x % 97) as f32 / 97.0) * 0.001
}

fn class(y: usize, x: usize) -> i16 {
    let distance = (y as i32 - 40).pow(2) + (x as i32 - 60).pow(2);
    if distance < 900 { (distance / 40) as i16 * 3 + (y * 7 + x * 3) as i16 % 5 } else { 0 }
}

fn pixel(i: usize) -> u8 {
    let (channel, y, x) = (i / (61 * 67), i / 67 % 61, i % 67);
    (y * 2 + x + x * y / 30 + channel * 11 + (x * x + y * 3 + channel) % 7) as u8
}

/// A value as a message of its own for each plane gives it, with the scale factors of that.
fn message(plane: usize, y: usize, x: usize) -> f32 {
    let (step, offset) = [(0.1, -271.5), (0.5, 0.0), (0.5, 13.031_7), (0.2, 0.0), (0.1, 5.37)][plane];
    let hills = f64::from(hill(y, x)) * (1.0 + plane as f64 / 8.0) - 20.0;
    (offset + (hills / step).round() * step) as f32
}

/// A number that looks random.
fn random(i: u32) -> u32 {
    let mixed = i.wrapping_add(1).wrapping_mul(0x9E37_79B1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B).rotate_left(11).wrapping_mul(0xC2B2_AE35)
}

/// A noisy tone that channels share.
fn tone(i: usize) -> u8 {
    let (channel, place) = (i / (61 * 67), (i % (61 * 67)) as u32);
    (60 + place / 97 + random(place) % 24 + channel as u32 * 9 + random(i as u32 + 9999) % 3) as u8
}

fn rings(plane: usize, y: usize, x: usize) -> f32 {
    [3.0, 77.0, 12.0, 99.0, 5.0, 6.0, 1.0][((x * x + y * y) >> 4) % 7] * [1.0, 0.37, 5.11][plane]
}

/// Inputs that together reach every filling, lattice, mask and data type. Only the vectors they became are fixed, not these.
fn inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let wave = |i: usize| ((i % 37) as f64 - 18.0) * ((i / 37 % 41) as f64 - 20.0) * 0.29 + (i * i % 19) as f64 * 0.017 + (i / 1517) as f64;
    let numbers = |count: usize| (0..count).map(wave);
    // Not to be extrapolated.
    let packed = (0..1517).map(|i| (random(i) % 4096) as f32 - 2048.0).map(|k| k * 0.015_013 + 271.218_7);
    let rough = |count: usize| (0..count).map(|i| wave(i) + f64::from(random(i as u32) % 4096) * 0.011);
    let dataset = |shape: &[usize], values| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    let abs = |e| ErrorBound::absolute(e).unwrap();
    let typed = |t: DataType| {
        Values::from_le_bytes(t, &(0..1517u64).flat_map(|i| (wave(i as usize) as i64 * 3).to_le_bytes().into_iter().take(t.size())).collect::<Vec<_>>())
            .unwrap()
    };
    let mut inputs = vec![
        ("bounded_series", dataset(&[3, 41, 37], Values::F32(numbers(3 * 1517).map(|v| v as f32).collect())), abs(0.02)),
        (
            "bounded_missing",
            dataset(&[2, 41, 37], Values::F32(numbers(2 * 1517).enumerate().map(|(i, v)| if i % 37 < 9 { f32::NAN } else { v as f32 }).collect())),
            abs(0.1),
        ),
        ("lossless_ordered", dataset(&[41, 37], Values::F64(rough(1517).map(|v| v * 1.000_000_123_457).collect())), ErrorBound::Lossless),
        ("lossless_decimals", dataset(&[41, 37], Values::F32(numbers(1517).map(|v| ((v * 10.0).round() / 10.0) as f32).collect())), ErrorBound::Lossless),
        ("lossless_packed", dataset(&[41, 37], Values::F32(numbers(1517).map(|v| (v.round() * 0.037_123 + 271.3) as f32).collect())), ErrorBound::Lossless),
        (
            "sparse",
            dataset(&[41, 37], Values::F32(numbers(1517).map(|v| if v < 60.0 { 0.0 } else { v as f32 }).collect())),
            ErrorBound::relative(1e-3).unwrap(),
        ),
        (
            "explicit_missing",
            dataset(&[41, 37], Values::F32((0..1517u32).map(|i| if i % 3 == 0 { f32::from_bits(0x7FC0_0000 | i) } else { i as f32 }).collect())),
            ErrorBound::Lossless,
        ),
        ("lossless_truncated", dataset(&[41, 37], Values::F32(numbers(1517).map(|v| (v * 0.370_123_4) as f32).collect())), ErrorBound::Lossless),
        ("lossless_single", dataset(&[41, 37], Values::F32(packed.clone().collect())), ErrorBound::Lossless),
        ("lossless_narrow", dataset(&[41, 37], Values::F64(packed.clone().map(f64::from).collect())), ErrorBound::Lossless),
        ("lossless_doubles", dataset(&[41, 37], Values::F64(rough(1517).map(|v| v * core::f64::consts::PI).collect())), ErrorBound::Lossless),
        (
            "lossless_octaves",
            dataset(&[41, 37], Values::F32(rough(1517).map(|v| power_of_two(v as i32 / 4) * (1.0 + (v.abs() % 1.0) as f32)).collect())),
            ErrorBound::Lossless,
        ),
        (
            "lossless_stacked",
            dataset(
                &[4, 41, 37],
                Values::F32(numbers(4 * 1517).enumerate().map(|(i, v)| ((i / 1517 + 1) as f64 / 7.3 + (v * 20.0).round() / 64.0 + 270.0) as f32).collect()),
            ),
            ErrorBound::Lossless,
        ),
        (
            "lossless_steps",
            dataset(&[5, 61, 67], Values::F32((0..5 * 61 * 67).map(|i| message(i / (61 * 67), i / 67 % 61, i % 67)).collect())),
            ErrorBound::Lossless,
        ),
        ("ranks", dataset(&[41, 37], Values::F64(numbers(1517).map(|v| (v / 9.0).round().powi(3) * 1.234_567_891).collect())), ErrorBound::Lossless),
        ("smooth", dataset(&[97, 131], Values::F32((0..97 * 131).map(|i| smooth(i / 131, i % 131)).collect())), ErrorBound::relative(1e-5).unwrap()),
        ("classes", dataset(&[97, 131], Values::I16((0..97 * 131).map(|i| class(i / 131, i % 131)).collect())), ErrorBound::Lossless),
        ("picture", dataset(&[3, 61, 67], Values::U8((0..3 * 61 * 67).map(pixel).collect())), ErrorBound::Lossless),
        ("picture_bounded", dataset(&[3, 61, 67], Values::U8((0..3 * 61 * 67).map(pixel).collect())), abs(3.0)),
        (
            "picture_palette",
            dataset(&[4, 61, 67], Values::U8((0..4 * 61 * 67).map(|i| pixel(i % (61 * 67)) / 40 * (1 + (i / (61 * 67)) as u8)).collect())),
            ErrorBound::Lossless,
        ),
        ("picture_alpha", dataset(&[4, 61, 67], Values::U8((0..4 * 61 * 67).map(tone).collect())), ErrorBound::Lossless),
        (
            "lossless_octave_doubles",
            dataset(&[41, 37], Values::F64(rough(1517).map(|v| f64::from(power_of_two(v as i32 / 4) * (1.0 + (v.abs() % 1.0) as f32))).collect())),
            ErrorBound::Lossless,
        ),
        (
            "lossless_noise",
            dataset(
                &[41, 37],
                Values::F32((0..1517).map(|i| power_of_two((random(i) % 25) as i32 - 14) * (1.0 + random(i + 7) as u8 as f32 / 256.0)).collect()),
            ),
            ErrorBound::Lossless,
        ),
        (
            "lossless_shifted",
            dataset(&[41, 37], Values::I64((0..1517).map(|i| 4 * (i64::from(i) * 1_000_000_007 * 3 + i64::from(random(i) >> 2))).collect())),
            ErrorBound::Lossless,
        ),
        ("long", dataset(&[1030, 1024], Values::F32((0..1030 * 1024).map(|i| smooth(i / 1024, i % 1024)).collect())), ErrorBound::relative(1e-4).unwrap()),
        ("raw", dataset(&[41, 37], Values::U32((0..1517).map(random).collect())), ErrorBound::Lossless),
        (
            "repeats",
            dataset(
                &[3, 61, 67],
                Values::F32(
                    (0..3 * 61 * 67)
                        .map(|i| (i / (61 * 67), i / 67 % 61, i % 67))
                        .map(|(p, y, x)| if x * y % 7 == 0 { f32::NAN } else { rings(p, y, x) })
                        .collect(),
                ),
            ),
            ErrorBound::Lossless,
        ),
        ("constant", dataset(&[41, 37], Values::F64(vec![-0.0; 1517])), ErrorBound::Lossless),
        ("scalar", dataset(&[], Values::I32(vec![-7])), ErrorBound::Lossless),
        ("empty", dataset(&[3, 0], Values::F32(vec![])), ErrorBound::Lossless),
    ];
    for t in DataType::ALL.into_iter().filter(|t| !t.is_float()) {
        inputs.push((t.name(), dataset(&[41, 37], typed(t)), if t.size() == 2 { abs(4.0) } else { ErrorBound::Lossless }));
    }
    inputs
}

/// Inputs that are coded with the small network beside the vectors.
fn network_inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let dataset = |shape: &[usize], values: Vec<f32>| Dataset::from_array("v", shape, Values::F32(values), SourceFormat::ARRAY).unwrap();
    let planes = |count: usize, height: usize, width: usize, value: fn(usize, usize, usize) -> f32| {
        let values = (0..count).flat_map(|p| (0..height).flat_map(move |y| (0..width).map(move |x| value(p, y, x))));
        dataset(&[count, height, width], values.collect())
    };
    let relative = |e| ErrorBound::relative(e).unwrap();
    vec![
        ("network_smooth", planes(1, 97, 131, |_, y, x| hill(y, x)), relative(1e-4)),
        ("network_loose", planes(1, 64, 80, |_, y, x| hill(y, x)), relative(1e-2)),
        ("network_around", planes(1, 40, 72, |_, y, x| around(y, x)), relative(1e-3)),
        ("network_decimals", planes(1, 61, 67, |_, y, x| (hill(y, x) * 2.0).round() / 10.0), ErrorBound::Lossless),
        ("network_series", planes(3, 48, 56, |p, y, x| hill(y + p, x) * (1.0 + p as f32 / 16.0)), relative(1e-3)),
        ("network_missing", planes(2, 61, 67, |p, y, x| if y * y + x * (p + 20) < 900 { f32::NAN } else { hill(y, x + p) }), relative(1e-3)),
        (
            "network_levels",
            dataset(&[2, 3, 24, 28], (0..6 * 24 * 28).map(|i| hill(i / 28 % 24 + i / 2016, i % 28) * (1 + i / 672 % 3) as f32).collect()),
            relative(1e-3),
        ),
        ("network_steps", planes(4, 48, 56, message), ErrorBound::Lossless),
        ("network_row", planes(1, 1, 300, |_, y, x| hill(y + 9, x)), relative(1e-4)),
    ]
}

/// Inputs whose first planes get a base layer.
fn layered_inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let dataset = |shape: &[usize], values: Vec<f32>| Dataset::from_array("v", shape, Values::F32(values), SourceFormat::ARRAY).unwrap();
    let places = |planes: usize, height: usize, width: usize| (0..planes).flat_map(move |p| (0..height).flat_map(move |y| (0..width).map(move |x| (p, y, x))));
    let relative = |e| ErrorBound::relative(e).unwrap();
    vec![
        ("layered_smooth", dataset(&[97, 131], places(1, 97, 131).map(|(_, y, x)| hill(y, x)).collect()), relative(3e-2)),
        ("layered_tight", dataset(&[40, 56], places(1, 40, 56).map(|(_, y, x)| hill(y, x)).collect()), relative(1e-4)),
        ("layered_series", dataset(&[3, 48, 56], places(3, 48, 56).map(|(p, y, x)| hill(y + p, x) * (1.0 + p as f32 / 16.0)).collect()), relative(1e-2)),
        (
            "layered_missing",
            dataset(&[2, 61, 67], places(2, 61, 67).map(|(p, y, x)| if y * y + x * (p + 20) < 900 { f32::NAN } else { hill(y, x + p) }).collect()),
            relative(1e-2),
        ),
        ("layered_decimals", dataset(&[61, 67], places(1, 61, 67).map(|(_, y, x)| (hill(y, x) * 2.0).round() / 10.0).collect()), ErrorBound::Lossless),
        ("layered_row", dataset(&[1, 300], places(1, 1, 300).map(|(_, y, x)| hill(y + 9, x)).collect()), relative(1e-2)),
        (
            "layered_picture",
            Dataset::from_array("v", &[3, 61, 67], Values::U8((0..3 * 61 * 67).map(tone).collect()), SourceFormat::ARRAY).unwrap(),
            ErrorBound::absolute(8.0).unwrap(),
        ),
    ]
}

/// Bounds relative to each value, text, and a file that is no data.
fn other_inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let dataset = |shape: &[usize], values| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    // The power of two is no widened f32, since QEMU before 8.1 gives other products of two of those.
    let octaves = |i: usize| f64::from(hill(i / 67, i % 67)) * f64::from_bits((1014 + i as u64 / 67 / 4) << 52);
    let words = [b"ocean ".as_slice(), b"air ", b"temperature ", b"of the ", b"wind\n"];
    let text: Vec<u8> = (0..3000u32).flat_map(|i| words[random(i) as usize % 5].iter().copied()).collect();
    let pointwise = |share| ErrorBound::pointwise(share).unwrap();
    vec![
        ("pointwise", dataset(&[61, 67], Values::F32((0..61 * 67).map(|i| octaves(i) as f32).collect())), pointwise(0.01)),
        ("pointwise_zeros", dataset(&[61, 67], Values::F64((0..61 * 67).map(|i| if i / 300 % 2 == 0 { 0.0 } else { octaves(i) }).collect())), pointwise(0.001)),
        // Means of eleven values packed to 0.01, unpacked and added up in single precision; a product and a sum rounded once, as fused arithmetic does.
        ("near_means", dataset(&[61, 67], Values::F32((0..61 * 67).map(mean_of_packed).collect())), ErrorBound::Lossless),
        (
            "near_fused",
            dataset(&[61, 67], Values::F64((0..61 * 67).map(|i| f64::from(random(i) % 4096 + 100 * i).mul_add(0.001_234_567_891, 270.123_456_789)).collect())),
            ErrorBound::Lossless,
        ),
        ("text", dataset(&[100, 40], Values::Char(text.iter().take(4000).copied().collect())), ErrorBound::Lossless),
        ("file", file::keep(text), ErrorBound::Lossless),
    ]
}

fn mean_of_packed(i: u32) -> f32 {
    let day = |d: u32| (27_000 + (hill(i as usize / 67, i as usize % 67) * 20.0) as u32 + random(i * 11 + d) % 300) as f32 * 0.01;
    (0..11).map(day).sum::<f32>() / 11.0
}

/// Where the points of a grid are, which follow from section 3 of a GRIB: conformal conic, rotated, and an earth that is no sphere.
fn grid_inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let section = |template: u8, earth: [u8; 16], numbers: &[u32]| {
        let mut bytes = vec![0, 0, 0, 0, 3, 0, 0, 0, 4, 176, 0, 0, 0, template];
        bytes.extend(earth);
        numbers.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes
    };
    let mut earth = [0xff; 16];
    earth[0] = 6;
    let mut oblate = earth;
    oblate[0] = 4;
    let conic = |earth| {
        let mut bytes = section(30, earth, &[40, 30, 21_138_123, 237_280_472]);
        bytes.push(8);
        [38_500_000u32, 262_500_000, 60_000_000, 50_000_000].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes.extend([0, 64]);
        [30_500_000u32, 45_500_000, 0x8000_0000 | 90_000_000, 0].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes[3] = bytes.len() as u8;
        bytes
    };
    let rotated = {
        let mut bytes = section(1, earth, &[40, 30, 0, u32::MAX, 60_000_000, 350_000_000]);
        bytes.push(48);
        [31_000_000u32, 29_000_000, 1_000_000, 1_000_000].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes.push(0);
        [0x8000_0000 | 40_000_000u32, 10_000_000, 0x41a0_0000].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes[3] = bytes.len() as u8;
        bytes
    };
    let places = |definition: Vec<u8>, part: u8| {
        let derived = Derived { rule: 2, part, definition };
        let shape: &[usize] = match part {
            0 | 1 => &[30, 40],
            2 => &[30],
            _ => &[40],
        };
        let mut dataset = Dataset::from_array("v", shape, deepcomp::formats::derive(&derived, shape).unwrap(), SourceFormat::ARRAY).unwrap();
        dataset.fields[0].derived = Some(derived);
        dataset
    };
    vec![
        ("derived_latitude", places(conic(earth), 0), ErrorBound::Lossless),
        ("derived_longitude", places(conic(oblate), 1), ErrorBound::Lossless),
        ("derived_rotated", places(rotated, 0), ErrorBound::Lossless),
        ("derived_rows", places(conic(oblate), 2), ErrorBound::Lossless),
        ("derived_columns", places(conic(earth), 3), ErrorBound::Lossless),
    ]
}

/// Hills with a grain.
fn hill(y: usize, x: usize) -> f32 {
    let bump = |t: f32| t * (1.0 - t) * (1.0 + t);
    (bump((y % 50) as f32 / 50.0) + bump((x % 41) as f32 / 41.0) * bump(y as f32 / 200.0) * 3.0) * 100.0 + (random((y * 131 + x) as u32) % 64) as f32 / 256.0
}

/// A wave that closes after 72 columns.
fn around(y: usize, x: usize) -> f32 {
    let wave = |t: usize| if t % 36 < 18 { (t % 18) as f32 * (18 - t % 18) as f32 } else { -((t % 18) as f32) * (18 - t % 18) as f32 };
    wave(x + 9) * (y + 3) as f32 / 8.0 + (random((y * 131 + x) as u32) % 64) as f32 / 64.0
}

/// Inputs of each type of data, without loss and under a bound, for the network that ships.
fn shipped_inputs() -> Vec<(&'static str, Dataset, ErrorBound, Base)> {
    let plane = |values| Dataset::from_array("v", &[61, 67], values, SourceFormat::ARRAY).unwrap();
    let hills = || (0..61 * 67).map(|i| hill(i / 67, i % 67));
    let bytes = || (0..61 * 67).map(tone);
    let (lossless, relative, abs) = (ErrorBound::Lossless, |e| ErrorBound::relative(e).unwrap(), |e| ErrorBound::absolute(e).unwrap());
    vec![
        ("shipped_f32", plane(Values::F32(hills().collect())), relative(1e-3), Base::Auto),
        ("shipped_f32_lossless", plane(Values::F32(hills().map(|v| (v * 2.0).round() / 10.0).collect())), lossless, Base::Never),
        ("shipped_f64", plane(Values::F64(hills().map(|v| f64::from(v) * 1.000_000_123_457).collect())), relative(1e-4), Base::Auto),
        ("shipped_f64_lossless", plane(Values::F64(hills().map(|v| f64::from((v * 8.0).round()) / 100.0).collect())), lossless, Base::Never),
        ("shipped_i16", plane(Values::I16(hills().map(|v| (v * 30.0) as i16).collect())), abs(2.0), Base::Auto),
        ("shipped_i16_lossless", plane(Values::I16(hills().map(|v| (v * 30.0) as i16).collect())), lossless, Base::Never),
        ("shipped_u8", plane(Values::U8(hills().map(|v| (v * 2.0) as u8).collect())), abs(1.0), Base::Auto),
        ("shipped_u8_lossless", plane(Values::U8(bytes().collect())), lossless, Base::Never),
        ("shipped_layered", plane(Values::F32(hills().collect())), relative(3e-2), Base::Always),
        ("shipped_layered_u8", plane(Values::U8(bytes().collect())), abs(8.0), Base::Always),
    ]
}

/// The small network that vectors of this version name.
fn tiny(folder: &std::path::Path) -> Arc<Model> {
    Model::parse(&std::fs::read(folder.join("tiny.dcm")).unwrap()).unwrap()
}

/// An input and how it is coded.
type Case = (&'static str, Dataset, Options);

/// A field that is 0 in most places, and its share of the largest value, cut at 1.
fn drops(y: usize, x: usize) -> f32 {
    (smooth(y, x) - 4.0).max(0.0)
}

/// Inputs and options that reach what is kept: steps through values and those that type and bound set, masks of kept values, signs, the ends of a range.
fn kept_inputs() -> Vec<(&'static str, Dataset, ErrorBound, &'static str, bool)> {
    let plane = |values| Dataset::from_array("v", &[97, 131], values, SourceFormat::ARRAY).unwrap();
    let floats = |value: fn(usize, usize) -> f32| (0..97 * 131).map(move |i| value(i / 131, i % 131));
    let single = |value| plane(Values::F32(floats(value).collect()));
    let shares = || plane(Values::F32(floats(drops).map(|v| (v / 9.0).min(1.0)).collect()));
    let whole = || plane(Values::I16(floats(smooth).map(|v| (v * 31.0) as i16 - 700).collect()));
    let codes = || plane(Values::F32(floats(smooth).enumerate().map(|(i, v)| if i % 131 < 9 { [-999.0, -3.0][i % 2] } else { v }).collect()));
    let (abs, rel, each) = (|e| ErrorBound::absolute(e).unwrap(), |e| ErrorBound::relative(e).unwrap(), |e| ErrorBound::pointwise(e).unwrap());
    vec![
        ("kept_zeros", single(drops), rel(1e-3), "auto", false),
        ("kept_ends", shares(), abs(0.02), "auto", false),
        ("kept_codes", codes(), abs(0.05), "auto", false),
        ("kept_integers", whole(), abs(4.0), "-700", false),
        ("signs", single(|y, x| smooth(y, x) - 6.0), abs(0.3), "sign", false),
        ("signs_integers", whole(), abs(9.0), "sign", false),
        ("stable", single(smooth), abs(0.02), "auto", true),
        ("stable_zeros", single(drops), rel(1e-2), "auto", true),
        ("stable_f64", plane(Values::F64(floats(smooth).map(|v| f64::from(v) * 1.000_000_123_457 - 3.0).collect())), rel(1e-4), "none", true),
        ("stable_integers", whole(), abs(7.0), "auto", true),
        ("stable_pointwise", single(drops), each(0.01), "auto", true),
        (
            "range_ends",
            Dataset::from_array("v", &[64], Values::F32((0..64u32).map(|i| 1.0 + (random(i) >> 8) as f32 / 16_777_216.0).collect()), SourceFormat::ARRAY)
                .unwrap(),
            rel(3e-7),
            "auto",
            false,
        ),
    ]
}

/// Numbers that are extrapolated: of a grid in double precision, its corners, times, levels of a few planes, of single precision, and of planes that are mirror images.
fn smooth_inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let array = |shape: &[usize], values| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    let latitude = |y: usize, x: usize| 80.0 - (y as f64 * 3.7 + 0.3) / (1.0 + 0.001 * (x as f64 - 20.0) * (x as f64 - 20.0) / (1.0 + y as f64));
    let places = |height: usize, width: usize| (0..height * width).map(move |i| (i / width, i % width));
    let corners = places(9, 80).flat_map(|(y, x)| [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(dy, dx)| latitude(y + dy, x + dx))).collect();
    let levels = (0..3).flat_map(|p| places(20, 31).map(move |(y, x)| latitude(y, x) * (1.0 + p as f64 * 0.1))).collect();
    // About columns 19 and 39 the other way, about row 20, and each plane about row 20.
    let poles = |y: usize, x: usize| if x > 19 && x < 39 { -latitude(y, 38 - x) } else { latitude(y, x) };
    let hemispheres = |y: usize, x: usize| latitude(y.min(40 - y), x) * if y > 20 { -1.0 } else { 1.0 };
    let halves = (0..2).flat_map(|p| places(41, 40).map(move |(y, x)| hemispheres(y, x) + p as f64)).collect();
    vec![
        ("extrapolated_poles", array(&[41, 40], Values::F64(places(41, 40).map(|(y, x)| poles(y, x)).collect())), ErrorBound::Lossless),
        ("extrapolated_hemispheres", array(&[41, 40], Values::F64(places(41, 40).map(|(y, x)| hemispheres(y, x)).collect())), ErrorBound::Lossless),
        ("extrapolated_halves", array(&[2, 41, 40], Values::F64(halves)), ErrorBound::Lossless),
        ("extrapolated", array(&[41, 37], Values::F64(places(41, 37).map(|(y, x)| latitude(y, x)).collect())), ErrorBound::Lossless),
        ("extrapolated_corners", array(&[9, 80, 4], Values::F64(corners)), ErrorBound::Lossless),
        ("extrapolated_levels", array(&[3, 20, 31], Values::F64(levels)), ErrorBound::Lossless),
        ("extrapolated_times", array(&[200], Values::I64((0..200).map(|i| -7 + 86_400_000_007 * i * i * (i - 90)).collect())), ErrorBound::Lossless),
        ("extrapolated_single", array(&[41, 37], Values::F32(places(41, 37).map(|(y, x)| (latitude(y, x) * 1e-3) as f32).collect())), ErrorBound::Lossless),
    ]
}

/// What other levels make of some of the inputs above: the level, their names there and as vectors, and whether they take the network.
const LEVELLED: [(Level, &str, &str, bool); 19] = [
    (Level::Fast, "bounded_series", "fast_series", false),
    (Level::Fast, "bounded_missing", "fast_missing", false),
    (Level::Fast, "lossless_ordered", "fast_ordered", false),
    (Level::Fast, "lossless_steps", "fast_steps", false),
    (Level::Fast, "smooth", "fast_smooth", false),
    (Level::Fast, "classes", "fast_classes", false),
    (Level::Fast, "long", "fast_long", false),
    (Level::Fast, "pointwise", "fast_pointwise", false),
    (Level::Fast, "network_around", "fast_around", false),
    (Level::Fast, "network_row", "fast_row", false),
    (Level::Max, "bounded_series", "max_series", false),
    (Level::Max, "bounded_missing", "max_missing", false),
    (Level::Max, "network_smooth", "max_smooth", false),
    (Level::Max, "network_smooth", "max_network", true),
    (Level::Max, "network_around", "max_around", true),
    (Level::Max, "network_series", "max_network_series", true),
    (Level::Max, "network_missing", "max_network_missing", true),
    (Level::Max, "network_levels", "max_levels", true),
    (Level::Max, "network_steps", "max_steps", true),
];

fn levelled_cases(model: &Arc<Model>) -> impl Iterator<Item = Case> + use<> {
    let model = model.clone();
    LEVELLED.into_iter().map(move |(level, there, here, network)| {
        let mut all = inputs().into_iter().chain(other_inputs()).chain(network_inputs());
        let (_, dataset, bound) = all.find(|(name, ..)| *name == there).unwrap();
        (here, dataset, Options { level, model: network.then(|| model.clone()), base: Base::Never, coarse: true, ..Options::new(bound) })
    })
}

/// What becomes vectors, with the network that lies beside them.
fn vector_cases(folder: &std::path::Path) -> impl Iterator<Item = Case> {
    let model = tiny(folder);
    let levelled = levelled_cases(&model);
    let coded = move |inputs: Vec<(&'static str, Dataset, ErrorBound)>, network: bool, base| {
        let model = network.then(|| model.clone());
        inputs.into_iter().map(move |(name, dataset, bound)| (name, dataset, Options { model: model.clone(), base, coarse: true, ..Options::new(bound) }))
    };
    let plain = coded(inputs(), false, Base::Never).chain(coded(network_inputs(), true, Base::Never));
    let kept = kept_inputs().into_iter().map(|(name, dataset, bound, keep, stable)| {
        let bounds = Bounds { missing: MissingRule::None, ..bound.into() };
        (name, dataset, Options { base: Base::Never, keep: keep.parse().unwrap(), stable, coarse: true, ..Options::new(bounds) })
    });
    let others = coded(other_inputs(), false, Base::Never).chain(coded(grid_inputs(), false, Base::Never)).chain(coded(smooth_inputs(), false, Base::Never));
    plain.chain(coded(layered_inputs(), true, Base::Always)).chain(others).chain(kept).chain(levelled).chain(tiled_cases())
}

fn shipped_cases() -> impl Iterator<Item = Case> {
    let model = Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap();
    shipped_inputs()
        .into_iter()
        .map(move |(name, dataset, bound, base)| (name, dataset, Options { model: Some(model.clone()), base, coarse: true, ..Options::new(bound) }))
}

/// An archive, and what is said about it.
struct Encoded {
    name: &'static str,
    bytes: Vec<u8>,
    report: VariableReport,
}

impl Encoded {
    /// Its checksum, and whether it took the network and a base layer.
    fn line(&self) -> String {
        let network = if self.report.model.is_some() { " network" } else { "" };
        let base = if self.report.base.is_some_and(|base| base.chunks > 0) { " base" } else { "" };
        format!("{} {:016x}{network}{base}\n", self.name, xxh3_64(&self.bytes))
    }
}

fn encode((name, dataset, options): Case) -> Encoded {
    let (bytes, mut reports) = Compressor::new(dataset, name, &options).unwrap().finish().unwrap();
    Encoded { name, bytes, report: reports.remove(0) }
}

/// A series in tiles of other sizes than the usual ones: of series at points, for both, and of sizes by names.
fn tiled_cases() -> impl Iterator<Item = Case> {
    [("tiles_series", "series"), ("tiles_both", "both"), ("tiles_sizes", "dim_0=7,dim_1=2,dim_3=20")].into_iter().map(|(name, tiles)| {
        let values = (0..24 * 2 * 30 * 40).map(|i| hill(i / 40 % 30 + i / 2400, i % 40)).collect();
        let dataset = Dataset::from_array("v", &[24, 2, 30, 40], Values::F32(values), SourceFormat::ARRAY).unwrap();
        let options = Options { tiles: tiles.parse().unwrap(), base: Base::Never, coarse: true, ..Options::new(ErrorBound::absolute(0.5).unwrap()) };
        (name, dataset, options)
    })
}

/// What came as a stream: seven sections of three times and one of two, of a variable and of their times.
fn streamed() -> Vec<u8> {
    let options = Options { tiles: "time=3".parse().unwrap(), base: Base::Never, ..Options::new(ErrorBound::absolute(0.5).unwrap()) };
    let mut header = Dataset::from_array("v", &[0, 30, 40], Values::F32(Vec::new()), SourceFormat::ARRAY).unwrap();
    header.dimensions[0].name = "time".to_owned();
    let times =
        deepcomp::field::Field { name: "time".to_owned(), dimensions: vec![0], shape: vec![0], values: Values::F64(Vec::new()), ..header.fields[0].clone() };
    header.fields.push(times);
    let mut compressor = Compressor::empty(&options);
    compressor.begin_stream(header, "stream.nc", 0).unwrap();
    for time in 0..23 {
        compressor.add_values(0, Values::F32((0..30 * 40).map(|i| hill(i / 40 + time, i % 40)).collect())).unwrap();
        compressor.add_values(1, Values::F64(vec![time as f64 * 6.0])).unwrap();
    }
    compressor.end_stream().unwrap();
    compressor.finish().unwrap().0
}

/// Text whose variables would take more than it does.
const WHOLE: &[u8] = b"lat,lon,t\n1.5,2,3\n2.5,3,4.25\n";

/// That file, kept whole.
fn whole() -> Vec<u8> {
    let mut compressor = Compressor::empty(&Options::new(ErrorBound::Lossless));
    let dataset = deepcomp::formats::read(WHOLE, "whole.csv", &Limits::default()).unwrap();
    compressor.begin(dataset.without_values(), "whole.csv").unwrap();
    compressor.set_original(WHOLE.to_vec());
    dataset.fields.into_iter().for_each(|field| compressor.add_variable(field).unwrap());
    compressor.end(dataset.layout).unwrap();
    while compressor.step().unwrap().is_some() {}
    assert_eq!(compressor.kept_whole().unwrap().len(), 1);
    compressor.finish().unwrap().0
}

#[test]
fn a_file_that_is_kept_whole_is_written_as_it_was() {
    let path = folder(&format!("v{}", FormatVersion::CURRENT)).join("whole.dca");
    if std::env::var_os("DEEPCOMP_WRITE_WHOLE").is_some() {
        std::fs::write(&path, whole()).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    assert!(archive.is_whole(0).unwrap());
    let dataset = Decompressor::new(archive, 0, &Models::default()).unwrap().finish(&bytes).unwrap();
    assert_eq!(dataset, deepcomp::formats::read(WHOLE, "whole.csv", &Limits::default()).unwrap());
}

#[test]
fn vectors_decode_to_what_they_were() {
    let current = folder(&format!("v{}", FormatVersion::CURRENT));
    if std::env::var_os("DEEPCOMP_WRITE_VECTORS").is_some() {
        write(&current);
    }
    let list = std::fs::read_to_string(current.join("values.xxh3")).unwrap();
    assert!(list.lines().count() >= 109);
    let models = Models::from_iter([tiny(&current)]);
    for line in list.lines() {
        let (name, sum) = line.split_once(' ').unwrap();
        let bytes = std::fs::read(current.join(name)).unwrap();
        let dataset = Decompressor::new(Archive::open(&bytes, &Limits::default()).unwrap(), 0, &models).unwrap().finish(&bytes).unwrap();
        assert_eq!(format!("{:016x}", xxh3_64(&dataset.fields[0].values.to_le_bytes())), sum, "{name}");
    }
}

#[test]
fn vectors_of_versions_that_are_gone_are_refused_as_such() {
    let files: Vec<PathBuf> = std::fs::read_dir(folder("gone")).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3);
    for file in files {
        assert!(matches!(Archive::open(&std::fs::read(&file).unwrap(), &Limits::default()), Err(Error::UnsupportedVersion { .. })), "{}", file.display());
    }
}

#[test]
fn inputs_encode_to_the_same_bytes_everywhere() {
    let list = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/encoded.xxh3");
    let current = folder(&format!("v{}", FormatVersion::CURRENT));
    let cases = vector_cases(&current).chain(shipped_cases());
    let encoded: Vec<String> = cases.map(|case| encode(case).line()).chain([format!("stream {:016x}\n", xxh3_64(&streamed()))]).collect();
    if std::env::var_os("DEEPCOMP_WRITE_ENCODED").is_some() {
        std::fs::write(&list, encoded.concat()).unwrap();
    }
    let noted = std::fs::read_to_string(&list).unwrap();
    let differing: Vec<&str> = encoded.iter().map(|line| line.trim_end()).filter(|line| !noted.lines().any(|noted| noted == *line)).collect();
    assert_eq!(differing, [""; 0], "other bytes than those noted in {}", list.display());
    assert_eq!(noted.lines().count(), encoded.len());
}

fn write(folder: &std::path::Path) {
    assert!(!folder.join("values.xxh3").exists(), "vectors are written once; a new format version adds a folder");
    std::fs::create_dir_all(folder).unwrap();
    let mut list = String::new();
    for (name, dataset, options) in vector_cases(folder) {
        let (model, base) = (options.model.as_ref().map(|m| m.id()), options.base);
        let Encoded { bytes, report, .. } = encode((name, dataset, options));
        assert_eq!(report.model, model, "{name}");
        assert_eq!(report.base.is_some(), base == Base::Always, "{name}");
        std::fs::write(folder.join(format!("{name}.dca")), bytes).unwrap();
        list += &format!("{name}.dca {:016x}\n", report.checksum);
    }
    let stream = streamed();
    let archive = Archive::open(&stream, &Limits::default()).unwrap();
    let values = Decompressor::new(archive, 0, &Models::default()).unwrap().finish(&stream).unwrap().fields[0].values.to_le_bytes();
    list += &format!("stream.dca {:016x}\n", xxh3_64(&values));
    std::fs::write(folder.join("stream.dca"), stream).unwrap();
    std::fs::write(folder.join("values.xxh3"), list).unwrap();
}
