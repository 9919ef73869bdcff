//! Readers and writers of NetCDF, NPY and PNG: files built byte by byte here, round trips, and bytes that nobody meant to be a file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::field::{Attribute, DataType, Dataset, Dimension, Element, Field, Missing, SourceFormat, Values};
use deepcomp::formats::{self, netcdf3, npy, picture};
use deepcomp::{Error, Limits};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "folder/t2m.file", &Limits::default())
}

fn malformed_at(bytes: &[u8]) -> u64 {
    match read(bytes) {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("expected Malformed, got {other:?}"),
    }
}

fn code(bytes: &[u8]) -> &'static str {
    read(bytes).map_or_else(|e| e.code(), |_| "read")
}

// ---------------------------------------------------------------------------------------------------------------------------------- NetCDF

/// A file written word by word, after the format specification.
#[derive(Clone)]
struct Words(Vec<u8>);

impl Words {
    fn new(version: u8) -> Self {
        Self(vec![b'C', b'D', b'F', version])
    }

    fn put(mut self, words: &[u32]) -> Self {
        self.0.extend(words.iter().flat_map(|w| w.to_be_bytes()));
        self
    }

    fn text(mut self, text: &str) -> Self {
        self = self.put(&[u32::try_from(text.len()).unwrap()]);
        self.0.extend(text.bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}

/// Dimensions t (record, 2 records) and x = 3; variables fixed(x) int16, temperature(t, x) float, flag(t) int8. Offsets of interest are in the tests.
fn classic() -> Vec<u8> {
    let header = Words::new(1).put(&[2, 0x0a, 2]).text("t").put(&[0]).text("x").put(&[3]);
    let header = header.put(&[0x0c, 1]).text("title").put(&[2]).text("hello").put(&[0x0b, 3]);
    let header = header.text("fixed").put(&[1, 1, 0, 0, 3, 8, 236]);
    let header = header.text("temperature").put(&[2, 0, 1, 0x0c, 1]).text("_FillValue").put(&[5, 1]).bytes(&(-9.5f32).to_be_bytes()).put(&[5, 12, 244]);
    let header = header.text("flag").put(&[1, 0, 0, 0, 1, 4, 256]);
    assert_eq!(header.0.len(), 236);
    let record = |words: Words, row: [f32; 3], flag: u8| words.put(&row.map(f32::to_bits)).bytes(&[flag, 0x81, 0x81, 0x81]);
    let data = header.bytes(&[0, 1, 0xff, 0xfe, 0, 3, 0x80, 0x01]);
    record(record(data, [1.0, -9.5, 3.0], 7), [4.0, 5.0, f32::NAN], 0xff).0
}

fn with_word(bytes: &[u8], at: usize, word: u32) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[at..at + 4].copy_from_slice(&word.to_be_bytes());
    out
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|w| w == needle).unwrap()
}

#[test]
fn netcdf_reads_fixed_variables_and_interleaved_records() {
    let dataset = read(&classic()).unwrap();
    assert_eq!(dataset.format, netcdf3::format(1));
    let t = Dimension { name: "t".into(), length: 2, unlimited: true };
    assert_eq!(dataset.dimensions, [t, Dimension { name: "x".into(), length: 3, unlimited: false }]);
    assert_eq!(dataset.attributes, [Attribute::text("title", "hello")]);
    let [fixed, temperature, flag] = dataset.fields.as_slice() else { panic!("three fields") };
    assert_eq!((fixed.shape.as_slice(), &fixed.values, &fixed.missing), ([3].as_slice(), &Values::I16(vec![1, -2, 3]), &Missing::NonFinite));
    assert_eq!((temperature.shape.as_slice(), temperature.dimensions.as_slice()), ([2, 3].as_slice(), [0, 1].as_slice()));
    assert_eq!(temperature.values, Values::F32(vec![1.0, -9.5, 3.0, 4.0, 5.0, f32::NAN]));
    assert_eq!(temperature.missing, Missing::Patterns(vec![(-9.5f32).to_bits64()]));
    assert_eq!((flag.shape.as_slice(), &flag.values), ([2].as_slice(), &Values::I8(vec![7, -1])));
}

#[test]
fn netcdf_comes_back_byte_for_byte() {
    let bytes = classic();
    assert_eq!(formats::write(&read(&bytes).unwrap()).unwrap(), bytes);
}

#[test]
fn netcdf_lone_record_variable_is_not_padded() {
    let header = |records| Words::new(2).put(&[records, 0x0a, 1]).text("t").put(&[0, 0, 0, 0x0b, 1]).text("s").put(&[1, 0, 0, 0, 3, 4, 0, 84]);
    let bytes = header(3).bytes(&[0, 1, 0, 2, 0, 3]).0;
    assert_eq!(bytes.len(), 90);
    let dataset = read(&bytes).unwrap();
    assert_eq!(dataset.fields[0].values, Values::I16(vec![1, 2, 3]));
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
    let streamed = header(u32::MAX).bytes(&[0, 1, 0, 2, 0, 3]).0;
    assert_eq!(without_layout(&streamed), dataset, "a streamed file has as many records as it holds");
}

/// A file's dataset but for the way it lies in the file.
fn without_layout(bytes: &[u8]) -> Dataset {
    Dataset { layout: Vec::new(), ..read(bytes).unwrap() }
}

/// [`classic`] with 8 bytes of room behind the header, its fixed variable behind the records, other bytes in the gaps, and something at the end.
fn unusual() -> Vec<u8> {
    let good = classic();
    let begins = find(&good, &[0, 0, 0, 236]);
    let mut out = with_word(&good, begins, 284);
    out = with_word(&out, find(&good, &[0, 0, 0, 244]), 244);
    let (header, records) = (out[..236].to_vec(), &good[244..]);
    let mut out = [header.as_slice(), b"room....", records].concat();
    out[257..260].copy_from_slice(b"gap");
    out.resize(284, 0xee);
    out.extend(&good[236..244]);
    out.extend(b"end");
    out
}

#[test]
fn netcdf_of_unusual_layout_comes_back_byte_for_byte() {
    assert!(read(&classic()).unwrap().layout.is_empty(), "nothing to remember of a usual file");
    let streamed = with_word(&classic(), 4, u32::MAX);
    for bytes in [unusual(), streamed] {
        let dataset = read(&bytes).unwrap();
        assert_eq!(without_layout(&bytes), read(&classic()).unwrap());
        assert_eq!(formats::write(&dataset).unwrap(), bytes);
    }
}

#[test]
fn netcdf_layout_takes_other_values_and_gives_way_to_other_shapes() {
    let bytes = unusual();
    let mut dataset = read(&bytes).unwrap();
    dataset.fields[0].values = Values::I16(vec![7, 8, 9]);
    let changed = formats::write(&dataset).unwrap();
    assert_eq!((changed.len(), &changed[284..290]), (bytes.len(), [0, 7, 0, 8, 0, 9].as_slice()));
    dataset.attributes.push(Attribute::text("history", "changed"));
    assert_eq!(without_layout(&formats::write(&dataset).unwrap()), Dataset { layout: Vec::new(), ..dataset.clone() });
    dataset.attributes.pop();
    let layout = dataset.layout.clone();
    for at in 0..layout.len() {
        dataset.layout.clone_from(&layout);
        dataset.layout[at] ^= 0x55;
        assert_eq!(read(&formats::write(&dataset).unwrap()).unwrap().fields, dataset.fields, "byte {at}");
    }
}

#[test]
fn netcdf_names_may_count_the_zeros_behind_them() {
    let bytes = Words::new(1).put(&[0, 0x0a, 1]).text("pp\0\0\0\0\0\0").put(&[3, 0x0c, 1]).text("title\0").put(&[2]).text("x").put(&[0x0b, 1]);
    let bytes = bytes.text("v\0").put(&[1, 0, 0, 0, 1, 4, 108]).bytes(&[1, 2, 3, 0x81]).0;
    let dataset = read(&bytes).unwrap();
    assert_eq!((dataset.dimensions[0].name.as_str(), dataset.attributes[0].name.as_str(), dataset.fields[0].name.as_str()), ("pp", "title", "v"));
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
    assert_eq!(code(&Words::new(1).put(&[0, 0x0a, 1]).text("\0\0").put(&[3, 0, 0, 0, 0]).0), "malformed", "nothing but zeros");
    assert_eq!(code(&Words::new(1).put(&[0, 0x0a, 2]).text("p").put(&[3]).text("p\0").put(&[3, 0, 0, 0, 0]).0), "malformed", "the same name");
}

#[test]
fn netcdf_records_without_bytes_may_be_any_number() {
    let bytes = Words::new(1).put(&[i32::MAX as u32, 0x0a, 1]).text("t").put(&[0, 0, 0, 0, 0]).0;
    let dataset = read(&bytes).unwrap();
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
}

#[test]
fn netcdf_streamed_file_counts_whole_records() {
    let bytes = with_word(&classic(), 4, u32::MAX);
    assert_eq!(without_layout(&bytes), read(&classic()).unwrap());
    let short = read(&bytes[..bytes.len() - 16]).unwrap();
    assert_eq!((short.dimensions[0].length, &short.fields[2].values), (1, &Values::I8(vec![7])));
}

#[test]
fn netcdf_names_the_offset_of_each_broken_rule() {
    let good = classic();
    let begin = |name: &[u8], rest: usize| find(&good, name) + rest;
    let cases: Vec<(&str, usize, u32, u64)> = vec![
        ("negative number of records", 4, 1 << 31, 4),
        ("more records than the file holds", 4, 3, begin(b"flag", 28) as u64),
        ("unknown list tag", 8, 0x0d, 8),
        ("more dimensions than the file has room for", 12, 1 << 30, 8),
        ("name length", 16, i32::MAX as u32, 20),
        ("empty name", 16, 0, 16),
        ("duplicate dimension", 32, u32::from_be_bytes(*b"t\0\0\0"), 28),
        ("control character", 32, 0x0100_0000, 28),
        ("name that is not UTF-8", 32, 0xff00_0000, 28),
        ("second record dimension", 36, 0, 36),
        ("attribute longer than the file", 64, i32::MAX as u32, 68),
        ("version 5 type in version 1", 60, 7, 60),
        ("dimension number", begin(b"fixed", 12), 2, begin(b"fixed", 8) as u64),
        ("record dimension in second place", begin(b"temperature", 20), 0, begin(b"temperature", 12) as u64),
        ("data in the header", begin(b"fixed", 32), 232, begin(b"fixed", 32) as u64),
        ("data past the end", begin(b"fixed", 32), 4000, begin(b"fixed", 32) as u64),
        ("records over a fixed variable", begin(b"temperature", 60), 240, begin(b"temperature", 60) as u64),
        ("one record over another", begin(b"flag", 28), 252, begin(b"flag", 28) as u64),
    ];
    for (what, at, word, offset) in cases {
        assert_ne!(good[at..at + 4], word.to_be_bytes(), "{what} changes nothing");
        assert_eq!(malformed_at(&with_word(&good, at, word)), offset, "{what}");
    }
}

#[test]
fn netcdf_declared_sizes_of_2_to_the_60_are_refused_without_allocating() {
    let dimension = |length: u32| Words::new(5).put(&[0, 0, 0x0a, 0, 1, 0, 1]).bytes(b"x\0\0\0").put(&[length, 0, 0, 0, 0]);
    let variable = |words: Words, ids: &[u32]| {
        let words = words.put(&[0x0b, 0, 1, 0, 1]).bytes(b"v\0\0\0").put(&[0, ids.len() as u32]);
        ids.iter().fold(words, |w, id| w.put(&[0, *id])).put(&[0, 0, 0, 6, 0, 0, 0, 200]).bytes(&[0; 300]).0
    };
    assert_eq!(code(&variable(dimension(1 << 28), &[0])), "malformed");
    assert_eq!(code(&variable(dimension(1 << 28), &[0, 0])), "malformed", "a product beyond 64 bits");
    assert_eq!(code(&Words::new(5).put(&[0, 0, 0x0a, 1 << 28, 0]).bytes(&[0; 99]).0), "malformed");
    assert_eq!(code(&Words::new(5).put(&[1 << 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).0), "read", "records without variables need no room");
}

#[test]
fn netcdf_obeys_the_limits() {
    let bytes = classic();
    let with = |limits: Limits| formats::read(&bytes, "", &limits).map_or_else(|e| e.code(), |_| "read");
    assert_eq!(with(Limits { decoded_bytes: 32, items: 3, files: 1, metadata_bytes: 236 }), "read");
    assert_eq!(with(Limits { decoded_bytes: 31, ..Limits::default() }), "limit-exceeded");
    assert_eq!(with(Limits { items: 2, ..Limits::default() }), "limit-exceeded");
    assert_eq!(with(Limits { metadata_bytes: 235, ..Limits::default() }), "limit-exceeded");
}

#[test]
fn netcdf_missing_values_are_compared_in_the_type_of_the_variable() {
    let rule = |values: Values, attributes: &[(&str, Values)]| {
        let mut dataset = Dataset::from_array("v", &[1], values, SourceFormat::ARRAY).unwrap();
        dataset.fields[0].attributes = attributes.iter().map(|(name, value)| Attribute { name: (*name).into(), value: value.clone() }).collect();
        match read(&netcdf3::write(&dataset).unwrap()).unwrap().fields.remove(0).missing {
            Missing::NonFinite => vec![],
            Missing::Patterns(patterns) => patterns,
        }
    };
    let default = 9.969_209_968_386_869e36;
    assert_eq!(rule(Values::F32(vec![0.0]), &[]), [(default as f32).to_bits64()]);
    assert_eq!(
        rule(Values::F64(vec![0.0]), &[("missing_value", Values::F32(vec![-999.0, 1e36]))]),
        [(-999f64).to_bits64(), f64::from(1e36f32).to_bits64(), default.to_bits64()]
    );
    assert_eq!(rule(Values::F32(vec![0.0]), &[("_FillValue", Values::F32(vec![f32::NAN]))]), [0u64; 0]);
    assert_eq!(rule(Values::F32(vec![0.0]), &[("_FillValue", Values::F64(vec![1e20])), ("missing_value", Values::F32(vec![1e20]))]), [1e20f32.to_bits64()]);
    assert_eq!(rule(Values::I16(vec![0]), &[("_FillValue", Values::I16(vec![-1])), ("missing_value", Values::F64(vec![32766.0, 1e20, 0.5]))]), [0xffff, 32766]);
    assert_eq!(rule(Values::I64(vec![0]), &[("_FillValue", Values::I64(vec![i64::MIN + 1]))]), [(i64::MIN + 1).to_bits64()]);
    assert_eq!(rule(Values::I32(vec![0]), &[("missing_value", Values::Char(b"-999".to_vec()))]), [0u64; 0]);
}

fn values_of(data_type: DataType, count: usize) -> Values {
    let bytes: Vec<u8> = (0..count * data_type.size()).map(|i| (i * 37 + 11) as u8).collect();
    Values::from_le_bytes(data_type, &bytes).unwrap()
}

/// One fixed and one record variable of every type in `types`.
fn dataset_of(types: &[DataType], version: u8) -> Dataset {
    let dimension = |name: &str, length, unlimited| Dimension { name: name.into(), length, unlimited };
    let mut fields = Vec::new();
    for t in types {
        for (kind, dimensions, shape) in [("fixed", vec![1], vec![3]), ("record", vec![0, 1], vec![2, 3]), ("scalar", vec![], vec![])] {
            let values = values_of(*t, shape.iter().product());
            let attributes = vec![Attribute { name: "some".into(), value: values_of(*t, 5) }];
            fields.push(Field { name: format!("{kind}_{}", t.name()), dimensions, shape, values, attributes, missing: Missing::NonFinite, derived: None });
        }
    }
    Dataset {
        format: netcdf3::format(version),
        dimensions: vec![dimension("t", 2, true), dimension("x", 3, false)],
        attributes: vec![],
        fields,
        layout: vec![],
    }
}

#[test]
fn netcdf_all_types_round_trip_in_all_versions() {
    for version in [1, 2, 5] {
        let types: Vec<DataType> = DataType::ALL
            .into_iter()
            .filter(|t| version == 5 || matches!(t, DataType::I8 | DataType::I16 | DataType::I32 | DataType::F32 | DataType::F64 | DataType::Char))
            .collect();
        let mut expected = dataset_of(&types, version);
        let bytes = formats::write(&expected).unwrap();
        let found = read(&bytes).unwrap();
        for (e, f) in expected.fields.iter_mut().zip(&found.fields) {
            e.missing = f.missing.clone();
        }
        assert_eq!(found, expected);
        assert_eq!(formats::write(&found).unwrap(), bytes);
    }
}

#[test]
fn netcdf_writer_takes_the_oldest_version_that_holds_the_data() {
    let version = |dataset: &Dataset| netcdf3::write(dataset).unwrap()[3];
    assert_eq!(version(&dataset_of(&[DataType::F32], 1)), 1);
    assert_eq!(version(&dataset_of(&[DataType::U8], 1)), 5);
    let array = |shape: &[usize], values| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    assert_eq!(version(&array(&[2], Values::F64(vec![0.0; 2]))), 2);
    assert_eq!(version(&array(&[2], Values::U64(vec![0; 2]))), 5);
    assert_eq!(version(&array(&[0, 1 << 33], Values::F32(vec![]))), 5, "a dimension beyond 31 bits");
    assert_eq!(version(&array(&[0, 1 << 20, 1 << 11], Values::F64(vec![]))), 2, "only the last variable may exceed 32 bits");
    let two = |length: usize| {
        let mut dataset = array(&[0, length], Values::F64(vec![]));
        dataset.format = netcdf3::format(1);
        dataset.fields.push(Field { name: "w".into(), ..dataset.fields[0].clone() });
        dataset
    };
    assert_eq!(version(&two(1 << 20)), 1);
    assert_eq!(version(&two(1 << 28)), 2, "an offset beyond 31 bits");
    assert_eq!(version(&two(1 << 29)), 5, "a size beyond 32 bits");
}

#[test]
fn netcdf_writer_refuses_what_the_format_cannot_say() {
    let array = |name: &str, shape: &[usize], count| Dataset::from_array(name, shape, Values::F32(vec![1.0; count]), SourceFormat::ARRAY).unwrap();
    let failure = |dataset: &Dataset| netcdf3::write(dataset).map_or_else(|e| e.code(), |_| "written");
    for name in ["", "a/b", " a", "a ", "-a", "a\n"] {
        assert_eq!(failure(&array(name, &[1], 1)), "invalid-argument", "{name:?}");
    }
    for name in ["a b", "2m", "_x", "Höhe", "t(850)"] {
        assert_eq!(failure(&array(name, &[1], 1)), "written", "{name:?}");
    }
    assert_eq!(failure(&array("v", &[0, 3], 0)), "written", "length 0 becomes the record dimension");
    assert_eq!(failure(&array("v", &[3, 0], 0)), "unsupported");
    assert_eq!(failure(&array("v", &[0, 0], 0)), "unsupported");
    let mut twice = array("v", &[1], 1);
    twice.fields.push(twice.fields[0].clone());
    assert_eq!(failure(&twice), "invalid-argument");
    for (shape, dimensions) in [(vec![2], vec![0]), (vec![1], vec![1]), (vec![1, 1], vec![0])] {
        let mut wrong = array("v", &[1], 1);
        wrong.fields[0].shape = shape;
        wrong.fields[0].dimensions = dimensions;
        assert_eq!(failure(&wrong), "invalid-argument");
    }
}

// ------------------------------------------------------------------------------------------------------------------------------------- NPY

/// A version 1.0 file with that header text, unaligned as old writers left it.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    out.extend(header.bytes());
    out.extend(data);
    out
}

#[test]
fn npy_is_written_as_numpy_does() {
    let dataset = Dataset::from_array("t2m", &[2], Values::F32(vec![1.0, -2.0]), npy::format(false, false)).unwrap();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    let expected = npy(&format!("{header:117}\n"), &[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
    assert_eq!(expected.len(), 128 + 8);
    assert_eq!(formats::write(&dataset).unwrap(), expected);
    assert_eq!(read(&expected).unwrap(), dataset);
}

#[test]
fn npy_leaves_room_for_the_growing_axis() {
    let shape = [vec![2], vec![1; 15]].concat();
    let dataset = Dataset::from_array("t2m", &shape, Values::F32(vec![1.0; 2]), SourceFormat::ARRAY).unwrap();
    // 101 characters of header would fit 128 bytes; NumPy keeps 20 more for the first axis.
    assert_eq!(formats::write(&dataset).unwrap().len(), 192 + 8);
}

#[test]
fn npy_fortran_order_reverses_the_shape_and_keeps_the_bytes() {
    let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2), }";
    let bytes = npy(&format!("{header:117}\n"), &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]);
    let dataset = read(&bytes).unwrap();
    assert_eq!((dataset.fields[0].name.as_str(), dataset.fields[0].shape.as_slice()), ("t2m", [2, 3].as_slice()));
    assert_eq!(dataset.fields[0].values, Values::I16(vec![1, 2, 3, 4, 5, 6]));
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
}

#[test]
fn npy_types_shapes_and_orders_round_trip() {
    for t in DataType::ALL {
        for shape in [vec![], vec![0], vec![4], vec![2, 0, 3], vec![2, 3, 4], vec![1; 30]] {
            for (fortran_order, big_endian) in [(false, false), (true, false), (false, t.size() > 1), (true, t.size() > 1)] {
                let values = values_of(t, shape.iter().product());
                let dataset = Dataset::from_array("t2m", &shape, values, npy::format(fortran_order, big_endian)).unwrap();
                let bytes = formats::write(&dataset).unwrap();
                assert_eq!(read(&bytes).unwrap(), dataset);
                assert_eq!((bytes.len() - dataset.fields[0].values.byte_len()) % 64, 0);
            }
        }
    }
}

#[test]
fn npy_longer_headers_use_version_2() {
    let shape = vec![1; 30_000];
    let dataset = Dataset::from_array("t2m", &shape, Values::I8(vec![5]), npy::format(false, false)).unwrap();
    let bytes = formats::write(&dataset).unwrap();
    assert_eq!(bytes[6..8], [2, 0]);
    assert_eq!(read(&bytes).unwrap(), dataset);
}

#[test]
fn npy_accepts_any_python_spelling_of_the_header() {
    for header in [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }",
        "{\"shape\":(2,1),\"descr\":\"u1\",\"fortran_order\":False}",
        " { 'fortran_order' : False ,\n\t'shape' : ( 2L , 1L , ) ,\r\n 'descr' : '<u1' } \n ",
    ] {
        let dataset = read(&npy(header, &[8, 9])).unwrap();
        assert_eq!((dataset.fields[0].shape.as_slice(), &dataset.fields[0].values), ([2, 1].as_slice(), &Values::U8(vec![8, 9])), "{header}");
    }
}

#[test]
fn npy_refuses_broken_headers_and_wrong_lengths() {
    for header in [
        "",
        "{}",
        "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1152921504606846976, 1152921504606846976)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1152921504606846976,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '|u1' 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|u1, 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '|ü1', 'fortran_order': False, 'shape': (2,)",
    ] {
        assert_eq!(code(&npy(header, &[8, 9])), "malformed", "{header}");
    }
    assert_eq!(code(b"\x93NUMPY\x04\x00\x00\x00"), "malformed");
    assert_eq!(code(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f"), "limit-exceeded");
}

#[test]
fn npy_says_how_to_convert_other_types() {
    for (descriptor, advice) in [
        ("'|b1'", "uint8"),
        ("'<f2'", "float32"),
        ("'<c8'", "real"),
        ("'|O'", "plain"),
        ("'<M8[s]'", "int64"),
        ("'<U3'", "integers"),
        ("[('a', '<f4')]", "columns"),
    ] {
        let bytes = npy(&format!("{{'descr': {descriptor}, 'fortran_order': False, 'shape': (), }}"), &[0; 4]);
        match read(&bytes) {
            Err(Error::Unsupported { advice: given, .. }) => assert!(given.contains(advice), "{descriptor}: {given}"),
            other => panic!("{descriptor}: {other:?}"),
        }
    }
}

#[test]
fn npy_obeys_the_limits() {
    let bytes = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1)}", &[8, 9]);
    let with = |limits: Limits| formats::read(&bytes, "", &limits).map_or_else(|e| e.code(), |_| "read");
    assert_eq!(with(Limits { decoded_bytes: 1, ..Limits::default() }), "limit-exceeded");
    assert_eq!(with(Limits { items: 1, ..Limits::default() }), "limit-exceeded");
    assert_eq!(with(Limits { metadata_bytes: 20, ..Limits::default() }), "limit-exceeded");
}

// ------------------------------------------------------------------------------------------------------------------------------------- PNG

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let body = [kind.as_slice(), data].concat();
    let crc = body.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |c, _| c >> 1 ^ if c & 1 == 1 { 0xedb8_8320 } else { 0 }));
    out.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    out.extend(body);
    out.extend((!crc).to_be_bytes());
}

/// A PNG from its header fields, other chunks, and unfiltered scan lines.
fn png(width: u32, height: u32, [depth, colour, interlace]: [u8; 3], others: &[(&[u8; 4], &[u8])], lines: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, interlace]].concat();
    chunk(&mut out, b"IHDR", &header);
    others.iter().for_each(|(kind, data)| chunk(&mut out, kind, data));
    chunk(&mut out, b"IDAT", &miniz_oxide::deflate::compress_to_vec_zlib(lines, 6));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn picture(channels: usize, values: Values) -> Dataset {
    let y_x = values.len() / channels / 5;
    let mut dataset = Dataset::from_array("t2m", &[channels, y_x, 5], values, picture::PNG).unwrap();
    dataset.dimensions.iter_mut().zip(["channel", "y", "x"]).for_each(|(d, name)| d.name = name.into());
    dataset
}

#[test]
fn png_all_colour_types_round_trip() {
    for channels in 1..=4 {
        for t in [DataType::U8, DataType::U16] {
            let dataset = picture(channels, values_of(t, channels * 20));
            assert_eq!(read(&formats::write(&dataset).unwrap()).unwrap(), dataset);
            assert_eq!(picture::write(&dataset.fields[0], 7).unwrap(), formats::write(&dataset).unwrap());
            assert_eq!(picture::planes(&dataset.fields[0]), 1);
        }
    }
}

#[test]
fn png_small_depths_palettes_and_transparent_colours_are_expanded() {
    let values = |bytes: &[u8]| read(bytes).unwrap().fields.remove(0).values;
    assert_eq!(values(&png(5, 1, [1, 0, 0], &[], &[0, 0b1010_0000])), Values::U8(vec![255, 0, 255, 0, 0]));
    assert_eq!(values(&png(5, 1, [4, 0, 0], &[], &[0, 0x01, 0x2e, 0xf0])), Values::U8(vec![0, 17, 34, 238, 255]));
    let palette: (&[u8; 4], &[u8]) = (b"PLTE", &[1, 2, 3, 4, 5, 6]);
    assert_eq!(values(&png(2, 1, [8, 3, 0], &[palette], &[0, 1, 0])), Values::U8(vec![4, 1, 5, 2, 6, 3]));
    assert_eq!(values(&png(2, 1, [8, 3, 0], &[palette, (b"tRNS", &[9])], &[0, 1, 0])), Values::U8(vec![4, 1, 5, 2, 6, 3, 255, 9]));
    assert_eq!(values(&png(2, 1, [16, 0, 0], &[(b"tRNS", &[0, 7])], &[0, 0, 7, 1, 0])), Values::U16(vec![7, 256, 0, 65535]));
}

#[test]
fn png_interlaced_rows_fall_into_place() {
    let mut lines = Vec::new();
    for (x0, y0, dx, dy) in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] {
        for y in (y0..6).step_by(dy) {
            let row: Vec<u8> = (x0..5).step_by(dx).map(|x| 10 * y + x).collect();
            if !row.is_empty() {
                lines.push(0);
                lines.extend(row);
            }
        }
    }
    let expected = (0..6).flat_map(|y| (0..5).map(move |x| 10 * y + x)).collect();
    assert_eq!(read(&png(5, 6, [8, 0, 1], &[], &lines)).unwrap(), picture(1, Values::U8(expected)));
}

/// Types and data of the chunks of a PNG.
fn png_chunks(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut rest = &file[8..];
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        chunks.push((String::from_utf8(rest[4..8].to_vec()).unwrap(), rest[8..8 + length].to_vec()));
        rest = &rest[12 + length..];
    }
    chunks
}

#[test]
fn png_keeps_what_it_says_besides_pixels() {
    let said = |file: &[u8]| {
        let all = png_chunks(&formats::write(&read(file).unwrap()).unwrap());
        let kinds: Vec<String> = all.iter().map(|c| c.0.clone()).collect();
        (kinds.join(" "), all.into_iter().filter(|c| !["IHDR", "IDAT", "IEND"].contains(&c.0.as_str())).map(|c| c.1).collect::<Vec<_>>())
    };
    let scale: (&[u8; 4], &[u8]) = (b"pHYs", &[0, 0, 11, 18, 0, 0, 11, 19, 1]);
    let gamma: (&[u8; 4], &[u8]) = (b"gAMA", &[0, 0, 177, 143]);
    let before = [gamma, (b"sBIT", &[5]), (b"bKGD", &[0, 1]), scale, (b"tEXt", b"Title\0map"), (b"prVa", b"copy"), (b"prVA", b"leave")];
    let mut file = png(2, 1, [8, 0, 0], &before, &[0, 1, 2]);
    let end = file.split_off(file.len() - 12);
    chunk(&mut file, b"tIME", &[7, 231, 1, 2, 3, 4, 5]);
    file.extend(end);
    let expected: Vec<Vec<u8>> = before[..6].iter().map(|(_, data)| data.to_vec()).chain([vec![7, 231, 1, 2, 3, 4, 5]]).collect();
    assert_eq!(said(&file), ("IHDR gAMA sBIT bKGD pHYs tEXt prVa IDAT tIME IEND".to_owned(), expected));
    // Of a palette, what is said of samples no longer holds.
    let palette: (&[u8; 4], &[u8]) = (b"PLTE", &[1, 2, 3, 4, 5, 6]);
    let palette = png(2, 1, [8, 3, 0], &[gamma, palette, (b"tRNS", &[9]), (b"bKGD", &[1]), (b"hIST", &[0, 1, 0, 1]), scale], &[0, 1, 0]);
    assert_eq!(said(&palette), ("IHDR gAMA pHYs IDAT IEND".to_owned(), vec![gamma.1.to_vec(), scale.1.to_vec()]));
    assert!(read(&png(2, 1, [8, 0, 0], &[], &[0, 1, 2])).unwrap().layout.is_empty());
    // A forged layout is left aside.
    let mut dataset = read(&file).unwrap();
    let layout = dataset.layout.clone();
    for at in 0..layout.len() {
        dataset.layout.clone_from(&layout);
        dataset.layout[at] ^= 0x55;
        assert_eq!(read(&formats::write(&dataset).unwrap()).unwrap().fields, dataset.fields, "byte {at}");
    }
    let mut forged = vec![0];
    chunk(&mut forged, b"IDAT", b"more pixels");
    dataset.layout = forged;
    assert_eq!(said(&formats::write(&dataset).unwrap()).0, "IHDR IDAT IEND");
}

#[test]
fn png_bad_files_are_typed_errors() {
    assert_eq!(code(&png(2, 1, [8, 0, 0], &[], &[0, 1])), "malformed", "too few samples");
    assert_eq!(code(&png(0, 1, [8, 0, 0], &[], &[0])), "malformed");
    assert_eq!(code(&png(2, 1, [3, 0, 0], &[], &[0, 1, 2])), "malformed");
    assert_eq!(code(&png(i32::MAX as u32, i32::MAX as u32, [16, 6, 0], &[], &[0; 99])), "malformed", "2^65 bytes in a small file");
    assert_eq!(code(&png(2, 1, [8, 0, 0], &[(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0])], &[0, 1, 2])), "unsupported");
    let good = png(2, 1, [8, 0, 0], &[], &[0, 1, 2]);
    for at in 8..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert_ne!(code(&flipped), "read", "checksums cover byte {at}");
    }
    let stream = miniz_oxide::deflate::compress_to_vec_zlib(&[0, 1, 2], 6);
    let at = find(&good, &stream) - 8;
    let mut wrong_sum = good[..at].to_vec();
    chunk(&mut wrong_sum, b"IDAT", &[&stream[..stream.len() - 1], &[!stream[stream.len() - 1]]].concat());
    chunk(&mut wrong_sum, b"IEND", &[]);
    assert_eq!(code(&wrong_sum), "malformed", "the checksum of the samples");
    let limits = Limits { decoded_bytes: 1, ..Limits::default() };
    assert_eq!(formats::read(&good, "", &limits).unwrap_err().code(), "limit-exceeded");
}

/// Samples (gray, alpha) and text of a drawn plane, through the `png` crate alone.
fn drawn(bytes: &[u8]) -> (Vec<[u16; 2]>, Vec<(String, String)>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut samples).unwrap();
    assert_eq!((frame.color_type, frame.bit_depth), (png::ColorType::GrayscaleAlpha, png::BitDepth::Sixteen));
    let mut texts: Vec<_> = reader.info().uncompressed_latin1_text.iter().map(|t| (t.keyword.clone(), t.text.clone())).collect();
    texts.extend(reader.info().utf8_text.iter().map(|t| (t.keyword.clone(), t.get_text().unwrap())));
    (samples.as_chunks().0.iter().map(|[a, b, c, d]| [u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])]).collect(), texts)
}

fn text(keyword: &str, text: &str) -> (String, String) {
    (keyword.into(), text.into())
}

#[test]
fn png_draws_planes_in_physical_units_with_missing_transparent() {
    let values = Values::I16(vec![0, 0, 0, 0, 10, -99, 20, 30]);
    let mut field = Dataset::from_array("sst", &[2, 2, 2], values, SourceFormat::ARRAY).unwrap().fields.remove(0);
    field.missing = Missing::Patterns(vec![(-99i16).to_bits64()]);
    field.attributes = vec![
        Attribute::text("units", "°C"),
        Attribute { name: "scale_factor".into(), value: Values::F64(vec![-0.5]) },
        Attribute { name: "add_offset".into(), value: Values::F64(vec![100.0]) },
    ];
    assert_eq!(picture::planes(&field), 2);
    let (samples, texts) = drawn(&picture::write(&field, 1).unwrap());
    assert_eq!(samples, [[65535, 65535], [0, 0], [32768, 65535], [0, 65535]]);
    assert_eq!(texts, [text("variable", "sst"), text("minimum", "85"), text("maximum", "95"), text("units", "°C")]);
    assert_eq!(drawn(&picture::write(&field, 0).unwrap()).0, [[0, 65535]; 4], "a constant");
    assert_eq!(picture::write(&field, 2).unwrap_err().code(), "invalid-argument");
}

#[test]
fn png_draws_extremes_scalars_rows_and_nothing_but_missing() {
    let field = |shape: &[usize], values| Dataset::from_array("Θ", shape, Values::F64(values), SourceFormat::ARRAY).unwrap().fields.remove(0);
    let (samples, texts) = drawn(&picture::write(&field(&[3], vec![f64::MIN, 0.0, f64::MAX]), 0).unwrap());
    assert_eq!(samples, [[0, 65535], [32768, 65535], [65535, 65535]]);
    assert!(texts.contains(&text("variable", "Θ")));
    assert_eq!(drawn(&picture::write(&field(&[], vec![5.0]), 0).unwrap()).0, [[0, 65535]]);
    let (samples, texts) = drawn(&picture::write(&field(&[1, 2], vec![f64::NAN, f64::INFINITY]), 0).unwrap());
    assert_eq!((samples, texts), (vec![[0, 0]; 2], vec![text("variable", "Θ")]));
    assert_eq!(picture::write(&field(&[2, 0], vec![]), 0).unwrap_err().code(), "invalid-argument");
}

#[test]
fn png_writer_refuses_what_is_no_picture() {
    for (shape, values) in [(vec![5, 1, 1], values_of(DataType::U8, 5)), (vec![1, 2], values_of(DataType::U8, 2)), (vec![1, 1, 2], values_of(DataType::F32, 2))]
    {
        let dataset = Dataset::from_array("v", &shape, values, picture::PNG).unwrap();
        assert_eq!(formats::write(&dataset).unwrap_err().code(), "invalid-argument", "{shape:?}");
    }
}

// ------------------------------------------------------------------------------------------------------------------------------ all formats

fn told(bytes: &[u8]) -> deepcomp::Result<&'static str> {
    formats::sniff(bytes).map(|format| format.name)
}

#[test]
fn sniff_tells_known_foreign_and_unknown_bytes() {
    assert_eq!(told(&classic()), Ok("netcdf"));
    assert_eq!(told(b"\x93NUMPY\x01"), Ok("npy"));
    assert_eq!(told(b"\x89PNG\r\n\x1a\n"), Ok("png"));
    assert!(matches!(formats::sniff(b"\x89DCA\r\n\x1a\n..."), Err(Error::InvalidArgument { what }) if what.contains("archive")));
    assert_eq!(code(b"\x89DCA\r\n\x1a\n..."), "invalid-argument");
    for (bytes, format) in [
        (b"\x89HDF\r\n\x1a\n".as_slice(), "netcdf4"),
        (b"GRIB\0\0\0\x02", "grib"),
        (b"GIF89a", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"RIFF\0\0\0\0WEBP", "picture"),
        (b"II*\0", "tiff"),
        (b"MM\0+", "tiff"),
        (b"PK\x03\x04", "npz"),
        (b"1,2\n3,4\n", "csv"),
    ] {
        assert_eq!(told(bytes), Ok(format));
    }
    for (bytes, name, advice) in [(b"BM\0\0".as_slice(), "BMP", "PNG"), (b"\x0e\x03\x13\x01", "HDF4", "h4toh5"), (b"\x1f\x8b\x08", "gzip", "decompress")] {
        match formats::sniff(bytes) {
            Err(Error::Unsupported { what, advice: given }) => assert!(what.contains(name) && given.contains(advice), "{what}; {given}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for (bytes, expected) in [(b"".as_slice(), "empty"), (b"CDF\x03", "version"), (b"hello, world", "hello"), (b"\0\x01\xfe", "00 01 fe"), (b"\x89P", "PNG")] {
        match formats::sniff(bytes) {
            Err(Error::UnknownFormat { seen }) => assert!(seen.contains(expected), "{seen}"),
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
}

#[test]
fn arrays_of_a_program_are_npy_when_there_is_one_and_netcdf_when_there_are_more() {
    let mut dataset = Dataset::from_array("a", &[2], Values::I32(vec![1, 2]), SourceFormat::ARRAY).unwrap();
    assert_eq!(told(&formats::write(&dataset).unwrap()), Ok("npy"));
    dataset.fields.push(Field { name: "b".into(), ..dataset.fields[0].clone() });
    let found = read(&formats::write(&dataset).unwrap()).unwrap();
    assert_eq!(found.format, netcdf3::format(2));
    assert_eq!((found.dimensions, found.fields), (dataset.dimensions.clone(), dataset.fields.clone()));
    dataset.format = npy::format(false, false);
    assert_eq!(formats::write(&dataset).unwrap_err().code(), "invalid-argument");
}

/// One small valid file of each kind.
fn samples() -> Vec<Vec<u8>> {
    let mut all = vec![classic(), npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", &[0; 8])];
    all.push(formats::write(&dataset_of(&DataType::ALL, 5)).unwrap());
    all.push(formats::write(&picture(3, values_of(DataType::U16, 60))).unwrap());
    all.push(png(5, 1, [1, 3, 0], &[(b"PLTE", &[1, 2, 3, 4, 5, 6]), (b"tRNS", &[9])], &[0, 0b1010_0000]));
    all
}

#[test]
fn truncated_files_are_errors_at_every_length() {
    for sample in samples() {
        // What is behind the last value of a NetCDF file is padding, which nobody misses.
        let padding = if sample.starts_with(b"CDF") { 3 } else { 0 };
        for length in 0..sample.len() - padding {
            assert_ne!(code(&sample[..length]), "read", "{length} of {} bytes of {:?}", sample.len(), formats::sniff(&sample));
        }
    }
}

/// Reading ends in a typed error or in a dataset that survives being written and read again.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let limits = Limits { decoded_bytes: 1 << 20, items: 1 << 10, files: 1 << 10, metadata_bytes: 1 << 16 };
    if let Ok(dataset) = formats::read(bytes, "t2m.file", &limits) {
        let written = formats::write(&dataset).map_err(|e| TestCaseError::fail(format!("{e}")))?;
        let again = formats::read(&written, "t2m.file", &Limits::default()).map_err(|e| TestCaseError::fail(format!("{e}")))?;
        prop_assert_eq!((dataset.dimensions, dataset.attributes, dataset.fields), (again.dimensions, again.attributes, again.fields));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_after_a_signature(start in 0..5usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let signature: [&[u8]; 5] = [b"CDF\x01", b"CDF\x05", b"\x93NUMPY\x01\x00", b"\x89PNG\r\n\x1a\n", b""];
        survives(&[signature[start], &bytes].concat())?;
    }

    #[test]
    fn mutated_files(which in 0..5usize, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = samples().swap_remove(which);
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&bytes)?;
        bytes.truncate(cut.index(bytes.len()));
        survives(&bytes)?;
    }

    #[test]
    fn mutated_header_words(at in 1..59usize, word in prop_oneof![0..16u32, Just(u32::MAX), Just(i32::MAX as u32), any::<u32>()]) {
        survives(&with_word(&classic(), 4 * at, word))?;
    }

    #[test]
    fn arrays_round_trip_through_every_format(t in 0..11usize, shape in prop::collection::vec(0..5usize, 0..4), fortran_order: bool) {
        let t = DataType::ALL[t];
        let values = values_of(t, shape.iter().product());
        let dataset = Dataset::from_array("t2m", &shape, values, npy::format(fortran_order, false)).unwrap();
        prop_assert_eq!(&read(&formats::write(&dataset).unwrap()).unwrap(), &dataset);
        match netcdf3::write(&dataset) {
            Ok(bytes) => {
                let field = &read(&bytes).unwrap().fields[0];
                prop_assert_eq!((&field.shape, &field.values), (&dataset.fields[0].shape, &dataset.fields[0].values));
            }
            Err(error) => prop_assert!(shape.contains(&0), "{}", error),
        }
    }
}
