//! Tables of numbers as text, and NumPy archives.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use std::process::Command;

use deepcomp::field::{Dataset, Field, Missing, SourceFormat, Values};
use deepcomp::formats::{self, csv, npz};
use deepcomp::{Error, Limits};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "table.txt", &Limits::default())
}

fn field<'a>(dataset: &'a Dataset, name: &str) -> &'a Field {
    dataset.fields.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name} among {:?}", dataset.fields))
}

/// Reads a table, which must come back byte for byte.
fn table(text: &str) -> Dataset {
    let dataset = read(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    assert_eq!(String::from_utf8(formats::write(&dataset).unwrap()).unwrap(), text);
    dataset
}

#[test]
fn plain_grids_of_every_delimiter() {
    let expected = Values::F32(vec![1.5, -2.0, 3.25, 4.0, 5.0, 6.5]);
    for text in ["1.5,-2,3.25\n4,5,6.5\n", "1.5;-2;3.25\r\n4;5;6.5\r\n", "1,5;-2;3,25\n4;5;6,5", "1.5\t-2\t3.25\n4\t5\t6.5\n", "  1.5 -2   3.25\n 4  5  6.5\n"]
    {
        let dataset = table(text);
        assert_eq!((&field(&dataset, "table").values, field(&dataset, "table").shape.as_slice()), (&expected, [2, 3].as_slice()), "{text:?}");
        assert_eq!(dataset.format, csv::FORMAT);
    }
}

#[test]
fn the_type_is_the_smallest_that_holds_every_number() {
    let values = |text: &str| field(&table(text), "table").values.clone();
    assert_eq!(values("1,2\n-3,2147483647\n"), Values::I32(vec![1, 2, -3, i32::MAX]));
    assert_eq!(values("1,2\n-3,0.1\n"), Values::F32(vec![1.0, 2.0, -3.0, 0.1]));
    assert_eq!(values("0.1234567,1\n2,3\n"), Values::F32(vec![0.123_456_7, 1.0, 2.0, 3.0]));
    assert_eq!(values("0.12345678,1\n2,3\n"), Values::F64(vec![0.123_456_78, 1.0, 2.0, 3.0]));
    assert_eq!(values("16777217,1.5\n2,3\n"), Values::F64(vec![16_777_217.0, 1.5, 2.0, 3.0]));
    assert_eq!(values("1,2\n,4\n"), Values::F32(vec![1.0, 2.0, f32::NAN, 4.0]));
}

#[test]
fn decimals_comments_and_missing_cells_come_back() {
    let dataset = table("# from a station\n\n1.50,2.00,NA\n# half way\n3.25,NA,0.10\n");
    assert_eq!(field(&dataset, "table").values, Values::F32(vec![1.5, 2.0, f32::NAN, 3.25, f32::NAN, 0.1]));
    for missing in ["", "NaN", "-", "nan"] {
        let dataset = table(&format!("1,2,{missing}\n4,5,6\n"));
        assert_eq!(field(&dataset, "table").values, Values::F32(vec![1.0, 2.0, f32::NAN, 4.0, 5.0, 6.0]), "{missing:?}");
    }
}

#[test]
fn floats_of_python_come_back() {
    let dataset = table("a,b\n0.0,1.5\n0.0001,-2.0\n9.9e-05,\n1e+16,1e+100\n123456789.0,1e-300\n");
    assert_eq!(field(&dataset, "table").shape, [5, 2]);
    // Others write small numbers otherwise.
    table("1.5,0.00005\n2.5,0.25\n");
    table("1.5,2.5e-6\n2.5,0.25\n");
    table("1.0,0.25\n2,3.5\n2.5,1.25\n".replace("1.0", "1").as_str());
}

#[test]
fn names_and_coordinates_stand_beside_the_values() {
    let dataset = table("lat\\lon,0,90,180\n45,1,2,3\n-45,4,5,6\n");
    assert_eq!(field(&dataset, "lat").values, Values::F64(vec![45.0, -45.0]));
    assert_eq!(field(&dataset, "lon").values, Values::F64(vec![0.0, 90.0, 180.0]));
    assert_eq!(field(&dataset, "table").values, Values::I32(vec![1, 2, 3, 4, 5, 6]));
    let dataset = table("station,t2m,rh\nBern,10.5,70\n\"Chur\",9.0,65\n");
    assert_eq!(field(&dataset, "table").attribute("rows").unwrap().as_text().unwrap(), "Bern\nChur");
    assert_eq!(field(&dataset, "table").attribute("columns").unwrap().as_text().unwrap(), "station\nt2m\nrh".split_once('\n').unwrap().1);
    assert_eq!(field(&dataset, "table").shape, [2, 2]);
}

#[test]
fn long_tables_in_order_become_grids() {
    let dataset =
        table("time,lat,lon,t2m,rh\n0,45,5,1.5,70\n0,45,6,2.5,71\n0,46,5,3.5,72\n0,46,6,4.5,73\n6,45,5,5.5,74\n6,45,6,6.5,75\n6,46,5,7.5,76\n6,46,6,8.5,77\n");
    assert_eq!(dataset.dimensions.iter().map(|d| (d.name.as_str(), d.length)).collect::<Vec<_>>(), [("time", 2), ("lat", 2), ("lon", 2)]);
    assert_eq!(field(&dataset, "rh").values, Values::I32((70..78).collect()));
    assert_eq!(field(&dataset, "t2m").shape, [2, 2, 2]);
    let columns = table("lat,lon,v\n1,5,10\n2,5,20\n1,6,30\n2,6,40\n");
    assert_eq!(columns.dimensions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["lon", "lat"]);
    let scattered = table("lat,lon,v\n1,5,10\n2,7,20\n3,6,30\n");
    assert_eq!(field(&scattered, "table").shape, [3, 3]);
}

#[test]
fn changed_values_go_into_the_same_text() {
    let mut dataset = table("a;b\n1,50;2,25\n3,00;-\n");
    let last = dataset.fields.len() - 1;
    dataset.fields[last].values = Values::F32(vec![0.125, 2.0, f32::NAN, 7.5]);
    assert_eq!(formats::write(&dataset).unwrap(), b"a;b\n0,125;2,00\n-;7,50\n");
}

#[test]
fn other_text_is_no_table() {
    let others = [
        "",
        "\n\n",
        "Hello, world\nthis is prose, and more\n",
        "{\"a\": 1,\n \"b\": 2}\n",
        "[1, 2, 3]\n",
        "<html>\n<p>1</p>\n",
        "fn main() {\n    let x = 1;\n}\n",
        "#include <stdio.h>\nint main() { return 0; }\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "netcdf a {\ndimensions:\n x = 3 ;\n}\n",
        "name,colour\nanna,red\nbert,blue\n",
        "key: 1\nother: 2\n",
        "42",
        "ncols 4\nnrows 2\nxllcorner 0\n",
        "1,2\n3,4\n\u{1}5,6\n",
    ];
    for text in others {
        assert!(formats::sniff(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(formats::sniff(b"1,2\n\xff,3\n").is_err());
    assert_eq!(formats::sniff(b"1,2\n3,4\n").unwrap().name, "csv");
}

#[test]
fn missing_cells_among_spaces_stay_cells() {
    let dataset = read(b"1 \"\" 2\n3 - 4\n").unwrap();
    assert_eq!(read(&formats::write(&dataset).unwrap()).unwrap().fields, dataset.fields);
    table("1 \"\" 2\n3 \"\" 4\n");
}

#[test]
fn commas_are_no_decimal_points_beside_points() {
    let with_names = table("t. at noon;1,5;2,5\n10;3,25;4\n");
    assert_eq!(field(&with_names, "table").values, Values::F32(vec![3.25, 4.0]));
    assert_eq!(read(b"1012.5;1,E10;7;1,E10\n").unwrap_err().code(), "unknown-format", "which would be 10000000000 without a comma when it is written");
}

#[test]
fn a_row_of_the_wrong_length_is_named() {
    let text = "1,2\n".repeat(20) + "3\n";
    assert!(matches!(read(text.as_bytes()), Err(Error::Malformed { offset: 80, .. })));
}

#[test]
fn fields_become_rows_of_physical_values() {
    let mut dataset = Dataset::from_array("a", &[2, 3], Values::I16(vec![1, 2, -9, 4, 5, 6]), SourceFormat::ARRAY).unwrap();
    dataset.fields[0].missing = Missing::Patterns(vec![0xfff7]);
    assert_eq!(csv::write(&dataset.fields[0]).unwrap(), b"1,2,\n4,5,6\n");
    let float = Dataset::from_array("a", &[3], Values::F32(vec![0.1, 1e-30, f32::INFINITY]), SourceFormat::ARRAY).unwrap();
    assert_eq!(csv::write(&float.fields[0]).unwrap(), b"0.1,1e-30,\n");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[0-9a-z,;.\\-\n\t #\"é]{0,80}") {
        if let Ok(dataset) = read(text.as_bytes()) {
            let back = read(&formats::write(&dataset).unwrap()).unwrap();
            prop_assert_eq!(back.fields, dataset.fields);
        }
    }

    #[test]
    fn numbers_survive_as_text(values in prop::collection::vec(prop::num::f64::NORMAL, 4..20)) {
        let even = values.len() / 2 * 2;
        let dataset = Dataset::from_array("table", &[even / 2, 2], Values::F64(values[..even].to_vec()), SourceFormat::ARRAY).unwrap();
        let again = read(&csv::write(&dataset.fields[0]).unwrap()).unwrap();
        let found = &again.fields.last().unwrap().values;
        for (i, value) in values[..even].iter().enumerate() {
            prop_assert_eq!(found.get_f64(i), Some(*value));
        }
    }
}

// ------------------------------------------------------------------------------------------------------------------------------------- NPZ

fn arrays() -> Dataset {
    let mut dataset = Dataset::from_array("a", &[2, 3], Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, f32::NAN]), npz::FORMAT).unwrap();
    for (name, shape, values) in
        [("b", vec![2], Values::I64(vec![-1, 2])), ("folder/c", vec![4], Values::U8(vec![1, 2, 3, 4])), ("ä", vec![], Values::F64(vec![0.5]))]
    {
        let field = Dataset::from_array(name, &shape, values, SourceFormat::ARRAY).unwrap().fields.remove(0);
        dataset.fields.push(field);
    }
    dataset
}

#[test]
fn archives_of_arrays_come_back() {
    let bytes = npz::write(&arrays()).unwrap();
    let dataset = read(&bytes).unwrap();
    for (found, expected) in dataset.fields.iter().zip(&arrays().fields) {
        assert_eq!((&found.name, &found.shape, &found.values), (&expected.name, &expected.shape, &expected.values));
    }
    let names: Vec<(&str, usize)> = dataset.dimensions.iter().map(|d| (d.name.as_str(), d.length)).collect();
    assert_eq!(names, [("dim_0", 2), ("dim_1", 3), ("folder/c_dim_0", 4)], "equal lengths share an axis");
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
}

#[test]
fn damaged_archives_are_refused() {
    let good = npz::write(&arrays()).unwrap();
    for at in 0..good.len() {
        for byte in [0, 0xff, good[at] ^ 1] {
            let mut bad = good.clone();
            bad[at] = byte;
            if let Ok(dataset) = read(&bad) {
                let _ = formats::write(&dataset);
            }
        }
        assert!(read(&good[..at]).is_err(), "cut at {at}");
    }
    let mut bad = good.clone();
    let data = good.windows(4).position(|w| w == 2f32.to_le_bytes()).unwrap();
    bad[data] ^= 1;
    assert_eq!(read(&bad).unwrap_err().code(), "malformed", "the checksum differs");
    let limits = Limits { decoded_bytes: 30, ..Limits::default() };
    assert_eq!(formats::read(&good, "x", &limits).unwrap_err().code(), "limit-exceeded");
    let mut none = good.clone();
    let count = good.len() - 12;
    none[count..count + 2].fill(0);
    assert_eq!(read(&none).unwrap_err().code(), "malformed", "a directory without members");
}

#[test]
fn text_and_large_integers_are_written_as_they_are() {
    let text = b"a,b\0\0\0q\"q  \0K\xc3\xb6ln\0".to_vec();
    let text = Dataset::from_array("station", &[3, 6], Values::Char(text), SourceFormat::ARRAY).unwrap();
    assert_eq!(csv::write(&text.fields[0]).unwrap(), "\"a,b\"\n\"q\"\"q\"\nKöln\n".as_bytes());
    let count = Dataset::from_array("count", &[2], Values::U64(vec![u64::MAX, 0]), SourceFormat::ARRAY).unwrap();
    assert_eq!(csv::write(&count.fields[0]).unwrap(), b"18446744073709551615,0\n");
}

/// What Python's `zipfile` makes of a script, in which `out` is the file to write and `npy` an array.
fn python(script: &str) -> Vec<u8> {
    let head = "import sys, io, zipfile\nout = io.BytesIO()\nnpy = b'\\x93NUMPY\\x01\\0\\x46\\0' + b\"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\".ljust(69) + b'\\n' + bytes(range(12))\n";
    let output = Command::new("python3").args(["-c", &format!("{head}{script}\nsys.stdout.buffer.write(out.getvalue())")]).output();
    let output = output.unwrap_or_else(|e| panic!("python3 is needed here ({e}): install it"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn archives_of_python_are_read() {
    for method in ["zipfile.ZIP_STORED", "zipfile.ZIP_DEFLATED"] {
        let bytes = python(&format!(
            "z = zipfile.ZipFile(out, 'w', {method})\nfor n in ('x', 'y'):\n  f = z.open(n + '.npy', 'w', force_zip64=True); f.write(npy); f.close()\nz.close()"
        ));
        let dataset = read(&bytes).unwrap();
        assert_eq!((dataset.fields[0].shape.as_slice(), &dataset.fields[1].values), ([3, 2].as_slice(), &Values::I16(vec![1, 515, 1029, 1543, 2057, 2571])));
        let back = formats::write(&dataset).unwrap();
        assert_eq!(read(&back).unwrap(), dataset, "{method}");
    }
}

#[test]
fn other_archives_are_refused_with_advice() {
    let text = python("z = zipfile.ZipFile(out, 'w')\nz.writestr('readme.txt', 'hello')\nz.close()");
    assert_eq!(read(&text).unwrap_err().code(), "unsupported");
    let packed = python("z = zipfile.ZipFile(out, 'w', zipfile.ZIP_BZIP2)\nz.writestr('a.npy', npy)\nz.close()");
    assert_eq!(read(&packed).unwrap_err().code(), "unsupported");
}
