//! NetCDF-4: round trips, files that other libraries write and read, damaged files, limits. Needs `ncgen` and `ncdump`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use std::path::Path;
use std::process::Command;

use deepcomp::field::{Attribute, DataType, Dataset, Dimension, Element, Field, Missing, SourceFormat, Values};
use deepcomp::formats::{self, netcdf4};
use deepcomp::{Error, Limits};
use hdf5_pure::{AttrValue, CompoundTypeBuilder, File, FileBuilder, LibVer, MaxExtent, make_f64_type};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "file.nc", &Limits::default())
}

fn write(dataset: &Dataset) -> Vec<u8> {
    netcdf4::write(dataset).unwrap()
}

fn back(dataset: &Dataset) -> Dataset {
    read(&write(dataset)).unwrap()
}

fn unsupported(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(Error::Unsupported { what, advice }) => format!("{what}; {advice}"),
        other => panic!("expected Unsupported, got {other:?}"),
    }
}

fn dimension(name: &str, length: usize, unlimited: bool) -> Dimension {
    Dimension { name: name.into(), length, unlimited }
}

fn field(name: &str, dimensions: &[usize], shape: &[usize], values: Values) -> Field {
    Field {
        name: name.into(),
        dimensions: dimensions.to_vec(),
        shape: shape.to_vec(),
        values,
        attributes: Vec::new(),
        missing: Missing::NonFinite,
        derived: None,
    }
}

/// A record dimension with its coordinate variable, a packed field, text, a scalar, and a group.
fn sample() -> Dataset {
    let mut packed = field("packed", &[0, 1], &[2, 3], Values::I16(vec![1, -9, 3, 4, 5, 6]));
    packed.attributes = vec![
        Attribute { name: "_FillValue".into(), value: Values::I16(vec![-9]) },
        Attribute::text("units", "K"),
        Attribute { name: "valid_range".into(), value: Values::I16(vec![0, 100]) },
    ];
    packed.missing = Missing::Patterns(vec![(-9i16).to_bits64()]);
    let default_fill = |bits| Missing::Patterns(vec![bits]);
    let mut time = field("time", &[0], &[2], Values::F64(vec![0.5, 1.5]));
    time.missing = default_fill(f64::from(f32::from_bits(0x7cf0_0000)).to_bits());
    let mut inner = field("model/sub/t", &[0, 3], &[2, 2], Values::F32(vec![1.0, f32::NAN, -0.0, 4.0]));
    inner.missing = default_fill(0x7cf0_0000);
    let fields =
        vec![time, packed, field("text", &[1, 2], &[3, 4], Values::Char(b"abcdefghijkl".to_vec())), field("one", &[], &[], Values::U64(vec![u64::MAX])), inner];
    Dataset {
        format: netcdf4::FORMAT,
        dimensions: vec![dimension("time", 2, true), dimension("x", 3, false), dimension("len", 4, false), dimension("model/k", 2, false)],
        attributes: vec![Attribute::text("title", "a sample"), Attribute::text("empty", ""), Attribute::text("model/title", "an inner one")],
        fields,
        layout: Vec::new(),
    }
}

/// The dataset without what only the file says.
fn bare(mut dataset: Dataset) -> Dataset {
    dataset.layout = Vec::new();
    dataset
}

// ------------------------------------------------------------------------------------------------------------------------------- Round trips

#[test]
fn everything_comes_back() {
    assert_eq!(bare(back(&sample())), sample());
}

#[test]
fn what_was_read_once_comes_back_with_its_layout() {
    let once = back(&sample());
    assert_eq!(back(&once), once);
    assert_eq!(write(&once), write(&once.clone()));
}

#[test]
fn every_type_comes_back() {
    let bytes: Vec<u8> = (0..48).collect();
    for data_type in DataType::ALL {
        let values = Values::from_le_bytes(data_type, &bytes).unwrap();
        let shape = [values.len()];
        let dataset = Dataset::from_array("v", &shape, values.clone(), SourceFormat::ARRAY).unwrap();
        let found = back(&dataset);
        assert_eq!((&found.fields[0].values, found.fields[0].shape.as_slice()), (&values, shape.as_slice()), "{data_type:?}");
    }
}

#[test]
fn large_arrays_are_compressed_by_default() {
    let values: Vec<f32> = (0..300_000).map(|i| (i / 1000) as f32).collect();
    let dataset = Dataset::from_array("v", &[3, 100_000], Values::F32(values), SourceFormat::ARRAY).unwrap();
    let bytes = write(&dataset);
    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
    assert_eq!(read(&bytes).unwrap().fields[0].values, dataset.fields[0].values);
}

#[test]
fn chunks_that_do_not_divide_the_array_come_back() {
    let bytes = hdf5(|file| {
        let data: Vec<i32> = (0..7 * 11).collect();
        file.create_dataset("v").with_i32_data(&data).with_shape(&[7, 11]).with_chunks(&[3, 4]).with_shuffle().with_deflate(5).with_fletcher32();
    });
    let dataset = read(&bytes).unwrap();
    assert_eq!(dataset.fields[0].values, Values::I32((0..77).collect()));
    assert_eq!(back(&dataset), dataset);
    let file = File::from_bytes(write(&dataset)).unwrap();
    let stored = file.dataset("v").unwrap();
    assert_eq!((stored.chunk_shape().unwrap(), stored.filters()), (Some(vec![3, 4]), vec![2, 1, 3]));
}

#[test]
fn more_chunks_than_a_node_of_the_tree_holds_come_back() {
    let values: Vec<u16> = (0..9000).collect();
    let bytes = hdf5(|file| {
        file.create_dataset("v").with_u16_data(&values).with_chunks(&[2]);
    });
    let dataset = read(&bytes).unwrap();
    assert_eq!(dataset.fields[0].values, Values::U16(values.clone()));
    let again = write(&dataset);
    assert_eq!(read(&again).unwrap(), dataset);
    assert_eq!(File::from_bytes(again).unwrap().dataset("v").unwrap().read_u16().unwrap(), values);
}

#[test]
fn a_layout_of_another_format_is_ignored() {
    for layout in [vec![0xff; 40], b"not a layout".to_vec(), vec![0xbf], vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
        let dataset = Dataset { layout, ..sample() };
        assert_eq!(bare(back(&dataset)), sample());
    }
}

#[test]
fn a_dataset_without_its_variables_still_has_dimensions_and_attributes() {
    let dataset = Dataset { fields: Vec::new(), ..sample() };
    assert_eq!(bare(back(&dataset)).dimensions, dataset.dimensions);
}

#[test]
fn names_and_shapes_are_checked() {
    let refused = |change: &dyn Fn(&mut Dataset)| {
        let mut dataset = sample();
        change(&mut dataset);
        assert_eq!(netcdf4::write(&dataset).unwrap_err().code(), "invalid-argument");
    };
    refused(&|d| d.fields[1].name = String::new());
    refused(&|d| d.fields[1].name = "model//t".into());
    refused(&|d| d.fields[1].name = "one".into());
    refused(&|d| d.fields[1].name = "model".into());
    refused(&|d| d.fields[1].shape = vec![3, 2]);
    refused(&|d| d.fields[1].values = Values::I16(vec![1]));
    refused(&|d| d.dimensions[1].name = "a\nb".into());
    refused(&|d| d.dimensions.push(dimension("long", 1 << 62, false)));
    refused(&|d| d.fields[1].attributes.push(Attribute::text("units", "m")));
    refused(&|d| d.fields[1].attributes.push(Attribute::text("a/b", "m")));
}

#[test]
fn names_that_the_format_keeps_for_itself_are_left_out() {
    let mut dataset = sample();
    dataset.fields[0].attributes.push(Attribute::text("CLASS", "of its own"));
    dataset.attributes.push(Attribute::text("_NCProperties", "of another"));
    assert_eq!(bare(back(&dataset)), sample());
}

#[test]
fn many_variables_share_dimensions() {
    let dimensions = (0..50).map(|i| dimension(&format!("d{i}"), 2, false)).collect();
    let fields = (0..1500).map(|i| field(&format!("v{i}"), &[i % 50], &[2], Values::I8(vec![i as i8, 1]))).collect();
    let dataset = Dataset { format: netcdf4::FORMAT, dimensions, attributes: Vec::new(), fields, layout: Vec::new() };
    let found = formats::read(&write(&dataset), "x", &Limits { metadata_bytes: 1 << 20, ..Limits::default() }).unwrap();
    assert_eq!(bare(found), dataset);
}

#[test]
fn groups_flatten_into_names_that_do_not_clash() {
    let numbers = |count: usize| Values::F64((0..count).map(|n| n as f64).collect());
    let mut fields: Vec<Field> = [("x", 0), ("g/x", 1), ("g/v", 1), ("g_v", 0), ("y", 0)].map(|(name, d)| field(name, &[d], &[2 + d], numbers(2 + d))).into();
    fields[2].attributes = vec![Attribute::text("coordinates", "x y z"), Attribute::text("long_name", "x y z")];
    let attributes = vec![Attribute::text("g_title", "of the file"), Attribute::text("g/title", "of a group")];
    let dimensions = vec![dimension("x", 2, false), dimension("g/x", 3, false)];
    let dataset = Dataset { format: netcdf4::FORMAT, dimensions, attributes, fields, layout: Vec::new() };
    let flat = read(&formats::netcdf3::write(&dataset).unwrap()).unwrap();
    assert_eq!(flat.dimensions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["x", "g_x"]);
    assert_eq!(flat.attributes.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["g_title", "g_title_2"]);
    assert_eq!(flat.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["x", "g_x", "g_v_2", "g_v", "y"]);
    assert!(flat.fields.iter().zip(&dataset.fields).all(|(a, b)| a.values == b.values));
    let text = |name: &str| flat.fields[2].attribute(name).and_then(Values::as_text);
    assert_eq!((text("coordinates").as_deref(), text("long_name").as_deref()), (Some("g_x y z"), Some("x y z")));
}

#[test]
fn a_group_may_have_nothing_but_attributes() {
    let mut dataset = Dataset::from_array("v", &[2], Values::I8(vec![1, 2]), netcdf4::FORMAT).unwrap();
    dataset.attributes = vec![Attribute::text("a/b/title", "far in")];
    assert_eq!(bare(back(&dataset)), dataset);
}

// --------------------------------------------------------------------------------------------------------------------- Files of another library

fn hdf5(fill: impl FnOnce(&mut FileBuilder)) -> Vec<u8> {
    let mut file = FileBuilder::new();
    fill(&mut file);
    file.finish().unwrap()
}

#[test]
fn plain_hdf5_gets_dimensions_by_length() {
    let bytes = hdf5(|file| {
        file.create_dataset("a").with_f64_data(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).with_shape(&[2, 3]);
        file.create_dataset("b").with_i8_data(&[1, 2, 3]);
        file.create_dataset("square").with_u8_data(&[0; 9]).with_shape(&[3, 3]);
    });
    let dataset = read(&bytes).unwrap();
    let names: Vec<_> = dataset.dimensions.iter().map(|d| (d.name.as_str(), d.length)).collect();
    assert_eq!(names, [("phony_dim_0", 2), ("phony_dim_1", 3), ("phony_dim_2", 3)]);
    let ids: Vec<_> = dataset.fields.iter().map(|f| f.dimensions.clone()).collect();
    assert_eq!(ids, [vec![0, 1], vec![1], vec![1, 2]]);
}

#[test]
fn every_index_of_chunks_is_read() {
    let data: Vec<i32> = (0..600).collect();
    let (fixed, one) = (MaxExtent::Fixed, MaxExtent::Unlimited);
    for version in [LibVer::V18, LibVer::V110] {
        let bytes = hdf5(|file| {
            file.with_libver_bounds(version, LibVer::V114);
            file.create_dataset("fixed").with_i32_data(&data).with_shape(&[20, 30]).with_chunks(&[7, 8]).with_deflate(1);
            file.create_dataset("single").with_i32_data(&data).with_shape(&[20, 30]).with_chunks(&[20, 30]);
            file.create_dataset("grows").with_i32_data(&data).with_shape(&[20, 30]).with_chunks(&[1, 1]).with_maxshape(&[one, fixed(30)]);
            file.create_dataset("sideways").with_i32_data(&data).with_shape(&[20, 30]).with_chunks(&[3, 2]).with_maxshape(&[fixed(20), one]).with_deflate(1);
        });
        let dataset = read(&bytes).unwrap();
        assert_eq!(dataset.fields.len(), 4);
        for field in &dataset.fields {
            assert_eq!(field.values, Values::I32(data.clone()), "{} {version:?}", field.name);
        }
    }
}

#[test]
fn strings_get_a_dimension_and_stay_strings() {
    let bytes = hdf5(|file| {
        file.create_dataset("names").with_vlen_strings(&["Jan", "", "März"]).set_attr("list", AttrValue::VarLenStringArray(vec!["a".into(), "bc".into()]));
        file.create_dataset("sized").with_ascii_strings(&["one", "three", "x"]).unwrap();
        file.set_attr("fixed", AttrValue::AsciiString("chars".into()));
        file.set_attr("string", AttrValue::VarLenString("text".into()));
    });
    let dataset = read(&bytes).unwrap();
    let [names, sized] = dataset.fields.as_slice() else { panic!("two fields") };
    assert_eq!((names.shape.as_slice(), &names.values), ([3, 5].as_slice(), &Values::Char("Jan\0\0\0\0\0\0\0März".as_bytes().to_vec())));
    assert_eq!((sized.shape.as_slice(), &sized.values), ([3, 5].as_slice(), &Values::Char(b"one\0\0threex\0\0\0\0".to_vec())));
    assert_eq!(names.attribute("list"), Some(&Values::Char(b"a\0bc".to_vec())));
    assert!(dataset.dimensions.contains(&dimension("string5", 5, false)));
    let again = write(&dataset);
    assert_eq!(read(&again).unwrap(), dataset);
    let file = File::from_bytes(again).unwrap();
    assert_eq!(file.dataset("names").unwrap().read_string().unwrap(), ["Jan", "", "März"]);
    assert_eq!(file.dataset("names").unwrap().shape().unwrap(), [3]);
    assert!(file.dataset("string5").is_err());
    let attributes = file.root().attrs().unwrap();
    assert_eq!(attributes["string"].as_str(), Some("text"));
    assert_eq!(file.dataset("names").unwrap().attrs().unwrap()["list"], AttrValue::VarLenStringArray(vec!["a".into(), "bc".into()]));
}

#[test]
fn another_library_reads_what_is_written() {
    let file = File::from_bytes(write(&sample())).unwrap();
    assert_eq!(file.dataset("packed").unwrap().read_i16().unwrap(), [1, -9, 3, 4, 5, 6]);
    assert_eq!(file.dataset("one").unwrap().read_u64().unwrap(), [u64::MAX]);
    assert_eq!(file.dataset("model/sub/t").unwrap().shape().unwrap(), [2, 2]);
    assert_eq!(file.dataset("packed").unwrap().attrs().unwrap()["units"].as_str(), Some("K"));
    assert_eq!(file.group("model").unwrap().attrs().unwrap()["title"].as_str(), Some("an inner one"));
}

#[test]
fn what_is_not_held_is_refused_by_name() {
    let compound = hdf5(|file| {
        let kind = CompoundTypeBuilder::new().i32_field("a").f64_field("b").build().unwrap();
        file.create_dataset("pairs").with_compound_data(kind, vec![0; 24], 2);
    });
    assert_eq!(unsupported(&compound), "variable \"pairs\" with compound values; remove it with `ncks -x -v pairs`");
    let filtered = hdf5(|file| {
        file.create_dataset("v").with_f64_data(&[0.0; 64]).with_chunks(&[64]).with_lzf();
    });
    assert_eq!(unsupported(&filtered), "variable \"v\" with the filter LZF; remove it with `ncks -x -v v`");
    let long = hdf5(|file| file.set_attr("history", AttrValue::VarLenString("x".repeat(70_000))));
    assert_eq!(unsupported(&long), "attribute \"history\" with more than 65000 bytes; remove it with `ncatted -a history,global,d,,`");
    let typed = hdf5(|file| file.commit_datatype("kind", make_f64_type()));
    assert!(unsupported(&typed).starts_with("the user-defined type \"kind\""));
}

// -------------------------------------------------------------------------------------------------------------------- Damage and limits

/// Limits under which no damage takes long.
const TIGHT: Limits = Limits { decoded_bytes: 1 << 20, items: 1 << 10, files: 1, metadata_bytes: 1 << 18 };

fn small() -> Vec<u8> {
    hdf5(|file| {
        file.with_libver_bounds(LibVer::V18, LibVer::V114);
        file.create_dataset("a").with_i32_data(&[1, 2, 3, 4, 5, 6]).with_chunks(&[4]).with_shuffle().with_deflate(1).with_fletcher32();
        file.create_dataset("s").with_vlen_strings(&["x", "yz"]);
    })
}

#[test]
fn a_file_cut_anywhere_is_malformed() {
    let bytes = write(&sample());
    for length in 8..bytes.len() - 1 {
        assert!(matches!(read(&bytes[..length]), Err(Error::Malformed { format: "NetCDF-4", .. })), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn a_damaged_chunk_is_told_by_its_place() {
    let mut bytes = small();
    let file = File::from_bytes(bytes.clone()).unwrap();
    let at = file.dataset("a").unwrap().chunks().unwrap()[0].address;
    bytes[at as usize + 3] ^= 0x55;
    assert!(matches!(read(&bytes), Err(Error::Malformed { offset, .. }) if offset == at));
}

#[test]
fn limits_hold() {
    let bytes = write(&sample());
    let under = |limits: Limits| formats::read(&bytes, "x", &limits).map_err(|e| e.code()).map(|_| ());
    assert_eq!(under(TIGHT), Ok(()));
    assert_eq!(under(Limits { decoded_bytes: 40, ..TIGHT }), Err("limit-exceeded"));
    assert_eq!(under(Limits { items: 3, ..TIGHT }), Err("limit-exceeded"));
    assert_eq!(under(Limits { metadata_bytes: 1000, ..TIGHT }), Err("limit-exceeded"));
}

#[test]
fn an_array_that_was_never_written_is_checked_before_it_is_filled() {
    let bytes = hdf5(|file| {
        let large = file.create_dataset("v").with_dtype(make_f64_type()).with_shape(&[0, 1 << 40]);
        large.with_maxshape(&[MaxExtent::Unlimited, MaxExtent::Fixed(1 << 40)]).with_chunks(&[1, 8]);
    });
    let found = find(&bytes, &[0u64.to_le_bytes(), (1u64 << 40).to_le_bytes()].concat());
    let mut bytes = bytes;
    bytes[found + 5] = 1;
    assert!(matches!(formats::read(&bytes, "x", &TIGHT), Err(Error::LimitExceeded { .. } | Error::Malformed { .. })));
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|w| w == needle).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), ours in any::<bool>()) {
        let mut bytes = if ours { write(&sample()) } else { small() };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(dataset) = formats::read(&bytes, "x", &TIGHT) {
            let _ = netcdf4::write(&dataset);
        }
    }
}

// ----------------------------------------------------------------------------------------------------------------- Files of the NetCDF library

fn run(tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("{tool} cannot be run ({e}); install the package netcdf-bin"));
    assert!(output.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What `ncdump` says of a file but for its name and the library that wrote it.
fn dump(path: &Path) -> String {
    let text = run("ncdump", &["-s", "-p", "9,17", path.to_str().unwrap()]);
    text.lines().skip(1).filter(|l| !l.contains(":_NCProperties") && !l.contains(":_SuperblockVersion")).fold(String::new(), |text, l| text + l + "\n")
}

/// The file that `ncgen` makes of a description.
fn generate(folder: &Path, kind: &str, description: &str) -> Vec<u8> {
    let (source, made) = (folder.join("source.cdl"), folder.join("made.nc"));
    std::fs::write(&source, description).unwrap();
    run("ncgen", &["-k", kind, "-o", made.to_str().unwrap(), source.to_str().unwrap()]);
    std::fs::read(made).unwrap()
}

fn assert_same_dump(name: &str, kind: &str, description: &str) -> Dataset {
    let folder = std::env::temp_dir().join(format!("deepcomp-netcdf4-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let bytes = generate(&folder, kind, description);
    let dataset = read(&bytes).unwrap();
    let written = folder.join("written.nc");
    std::fs::write(&written, write(&dataset)).unwrap();
    assert_eq!(dump(&written), dump(&folder.join("made.nc")));
    std::fs::remove_dir_all(&folder).unwrap();
    dataset
}

#[test]
fn the_library_sees_the_same_types_dimensions_and_attributes() {
    let dataset = assert_same_dump(
        "types",
        "nc4",
        "netcdf made {
        dimensions: time = UNLIMITED; level = UNLIMITED; never = UNLIMITED; x = 3; unused = 7;
        variables:
            byte b(x); ubyte ub(x); char c(x); short s(x); ushort us(x); int i(x); uint ui(x); int64 l(x); uint64 ul(x); float f(x); double d(x);
            float field(time, level, x); float short_one(time); float nothing(never, x); double scalar;
            int x(x); double time(time); int level(time);
            i:valid_range = 1, 2; ul:large = 18446744073709551615ull; f:units = \"K\"; f:_FillValue = -1.f; field:scale_factor = 0.5; b:flag = 1b, -1b;
            :title = \"types\"; :empty = \"\"; :numbers = 1.5f, 2.5f; string :word = \"one\"; string :words = \"a\", \"bc\", \"\";
        data:
            b = 1, -2, 3; ub = 1, 2, 255; c = \"abc\"; s = 1, -2, 3; us = 1, 2, 65535; i = 1, -2, 3; ui = 1, 2, 4294967295;
            l = 1, -2, 9223372036854775807; ul = 1, 2, 18446744073709551615; f = 1.5, _, 3.25; d = 1e300, NaN, -0.0;
            field = {1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}; short_one = 1; scalar = 2.5; x = 10, 20, 30; time = 0, 1; level = 5, 6;
        }",
    );
    assert_eq!(dataset.dimensions[0], dimension("time", 2, true));
    assert!(dataset.fields.iter().any(|f| f.name == "level" && f.dimensions == [0]));
}

#[test]
fn the_library_sees_the_same_groups_and_strings() {
    let dataset = assert_same_dump(
        "groups",
        "nc4",
        "netcdf made {
        dimensions: t = UNLIMITED; n = 2;
        variables: double t(t); string names(n); string alone; string grows(t); names:kind = \"text\"; string names:one = \"a string\";
        :title = \"outer\";
        data: t = 1, 2, 3; names = \"Zürich\", \"a longer one\"; alone = \"alone\"; grows = \"x\", \"yy\", \"zzz\";
        group: zeta { dimensions: k = 2; variables: float v(t, k); v:units = \"m\"; :title = \"inner\"; data: v = 1, 2, 3, 4, 5, 6;
            group: deep { variables: int k(k); int w(k); data: k = 1, 2; w = 3, 4; } }
        group: alpha { }
        }",
    );
    let names: Vec<&str> = dataset.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["t", "names", "alone", "grows", "zeta/v", "zeta/deep/k", "zeta/deep/w"]);
    assert!(dataset.attributes.contains(&Attribute::text("zeta/title", "inner")));
    assert_eq!(dataset.fields[1].shape, [2, 12]);
}

#[test]
fn the_library_sees_the_same_storage() {
    assert_same_dump(
        "storage",
        "nc4",
        "netcdf made {
        dimensions: t = UNLIMITED; y = 5; x = 6;
        variables:
            float plain(y, x); plain:_Storage = \"contiguous\";
            float packed(t, y, x); packed:_ChunkSizes = 1, 3, 4; packed:_DeflateLevel = 5; packed:_Shuffle = \"true\"; packed:_Fletcher32 = \"true\";
            int big(y, x); big:_Endianness = \"big\"; big:_ChunkSizes = 2, 6; big:_Shuffle = \"true\";
            double deflated(y, x); deflated:_DeflateLevel = 1; deflated:_ChunkSizes = 5, 6;
            short unfilled(x); unfilled:_NoFill = \"true\"; unfilled:units = \"1\";
        data:
            plain = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30;
            packed = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30;
            big = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30;
            deflated = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30;
            unfilled = 1, 2, 3, 4, 5, 6;
        }",
    );
}

#[test]
fn the_library_sees_the_classic_model_again() {
    let description = "netcdf made {
        dimensions: time = UNLIMITED; length = 3;
        variables: char time(time, length); float v(time); v:missing_value = -99.f;
        data: time = \"jan\", \"feb\"; v = 1, -99;
        }";
    let dataset = assert_same_dump("classic", "nc7", description);
    assert_eq!(dataset.fields[1].missing, Missing::Patterns(vec![(-99f32).to_bits64(), 0x7cf0_0000]));
}

#[test]
fn the_library_reads_what_came_from_elsewhere() {
    let folder = std::env::temp_dir().join(format!("deepcomp-netcdf4-{}-elsewhere", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("array.nc");
    let values: Vec<f32> = (0..100_000).map(|i| i as f32).collect();
    std::fs::write(&path, write(&Dataset::from_array("v", &[100, 1000], Values::F32(values), SourceFormat::ARRAY).unwrap())).unwrap();
    let text = dump(&path);
    std::fs::remove_dir_all(&folder).unwrap();
    for expected in ["dim_1 = 1000 ;", "float v(dim_0, dim_1) ;", "_DeflateLevel = 4 ;", "_Shuffle = \"true\" ;", "99998, 99999 ;"] {
        assert!(text.contains(expected), "{expected}");
    }
}
