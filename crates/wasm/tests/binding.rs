//! The binding as JavaScript sees it, in Node.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests, which clippy knows by #[test] only")]

use deepcomp_wasm::{DeepCompError, WasmArchive, WasmCompressor, WasmDataset, WasmDecompressor, WasmModels, acceptance, compare, difference, run_job};
use js_sys::{Array, BigInt64Array, Error, Float32Array, Float64Array, Function, Int16Array, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const WEIGHTS: &[u8] = include_bytes!("../../../models/deepcomp.dcm");

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn number(object: &JsValue, key: &str) -> f64 {
    get(object, key).as_f64().unwrap_or_else(|| panic!("{key} is not a number"))
}

fn array(name: &str, values: &JsValue, shape: &[u32]) -> Object {
    let object = Object::new();
    let shape: Array = shape.iter().map(|&n| JsValue::from(n)).collect();
    for (key, value) in [("name", &name.into()), ("values", values), ("shape", &shape.into())] {
        Reflect::set(&object, &key.into(), value).unwrap();
    }
    object
}

fn dataset(object: &Object) -> WasmDataset {
    WasmDataset::from_arrays(&Array::of1(object), "made.npy").unwrap()
}

/// What gives stretches of bytes.
fn reader(bytes: &[u8]) -> Function {
    let make = Function::new_with_args("bytes", "return (at, length) => bytes.subarray(at, at + length)");
    make.call1(&JsValue::NULL, &Uint8Array::from(bytes)).unwrap().dyn_into().unwrap()
}

fn open(bytes: &[u8], name: &str) -> Result<WasmDataset, DeepCompError> {
    WasmDataset::open(bytes.len() as f64, reader(bytes), name, false)
}

/// A wave with a hole of NaN; large enough for several chunks.
fn wave(planes: u32) -> WasmDataset {
    let size = planes * 181 * 360;
    let values: Vec<f32> = (0..size).map(|i| if i % 977 == 3 { f32::NAN } else { 280.0 + 20.0 * (i as f32 / 300.0).sin() }).collect();
    dataset(&array("t", &Float32Array::from(values.as_slice()), &[planes, 181, 360]))
}

/// The weights that ship.
fn models() -> WasmModels {
    let mut models = WasmModels::new();
    models.add(WEIGHTS).unwrap();
    models
}

/// Does a job that was handed out.
fn done(job: &JsValue) -> Vec<u8> {
    run_job(&get(job, "bytes").dyn_into::<Uint8Array>().unwrap().to_vec(), &models()).unwrap()
}

/// Does what is left.
macro_rules! work {
    ($work:expr) => {
        loop {
            let job = $work.next_job().unwrap();
            if job.is_undefined() {
                break;
            }
            $work.accept(&done(&job)).unwrap();
        }
    };
}

/// One bound for all variables.
fn bounds(kind: &str, value: f64) -> JsValue {
    JSON::parse(&format!(r#"{{"others": {{"kind": "{kind}", "value": 0}}, "named": []}}"#))
        .inspect(|object| _ = Reflect::set(&get(object, "others"), &"value".into(), &value.into()))
        .unwrap()
}

fn compress_with(dataset: &WasmDataset, bound: (&str, f64), model: &str, base: &str) -> JsValue {
    let mut job = WasmCompressor::new(dataset, bounds(bound.0, bound.1), &models(), model, base).unwrap();
    work!(job);
    job.finish().unwrap()
}

/// By the classical predictor, which is quick.
fn compress(dataset: &WasmDataset, kind: &str, value: f64) -> JsValue {
    compress_with(dataset, (kind, value), "none", "auto")
}

fn bytes(result: &JsValue) -> Vec<u8> {
    get(result, "bytes").dyn_into::<Uint8Array>().unwrap().to_vec()
}

fn archive(bytes: &[u8]) -> Result<WasmArchive, DeepCompError> {
    WasmArchive::new(bytes.len() as f64, reader(bytes))
}

fn inspect(bytes: &[u8]) -> Result<JsValue, DeepCompError> {
    archive(bytes)?.info()
}

fn preview(bytes: &[u8], file: usize, variable: usize, plane: usize, models: &WasmModels) -> Result<JsValue, DeepCompError> {
    archive(bytes)?.preview(reader(bytes), file, variable, plane, models)
}

fn nothing() -> Function {
    Function::new_no_args("")
}

/// What decodes the first file of an archive.
fn decompressor(bytes: &[u8], models: &WasmModels) -> Result<WasmDecompressor, DeepCompError> {
    archive(bytes)?.decompressor(reader(bytes), nothing(), 0, None, Vec::new(), &[], models)
}

fn decompress(archive: Vec<u8>) -> WasmDataset {
    let mut job = decompressor(&archive, &models()).unwrap();
    work!(job);
    job.finish().unwrap()
}

fn error<T>(result: Result<T, DeepCompError>, code: &str) {
    let error = result.err().expect("an error");
    assert!(error.is_instance_of::<DeepCompError>() && error.is_instance_of::<Error>());
    assert_eq!(error.name(), "DeepCompError");
    assert_eq!(error.code(), code, "{:?}", error.message());
    assert!(!String::from(error.message()).is_empty());
}

#[wasm_bindgen_test]
fn a_bounded_round_trip_holds_its_bound_and_keeps_missing_values() {
    let original = wave(3);
    let result = compress(&original, "abs", 0.01);
    let decoded = decompress(bytes(&result));
    let comparison = compare(&original, &decoded, 0, 0).unwrap();
    let largest = number(&comparison, "maxAbsError");
    assert!(largest > 0.0 && largest <= 0.01, "{largest}");
    assert_eq!(get(&comparison, "missingEqual"), JsValue::TRUE);
    let report = get(&get(&result, "variables"), "0");
    assert_eq!(number(&report, "maxAbsError"), largest);
    assert_eq!(number(&report, "absoluteBound"), 0.01);
    assert_eq!(number(&report, "rawBytes"), f64::from(3 * 181 * 360 * 4));
    assert!(number(&report, "archiveBytes") * 2.0 < number(&report, "rawBytes"));
    assert_eq!(decoded.file_name(), "made.npy");
}

#[wasm_bindgen_test]
fn what_cannot_keep_its_bound_stays_lossless_and_codes_are_told() {
    let result = compress(&wave(1), "abs", 1e-12);
    let report = get(&get(&result, "variables"), "0");
    assert_eq!(get(&get(&report, "bound"), "kind").as_string().as_deref(), Some("lossless"));
    assert!(get(&report, "unmet").as_string().unwrap().contains("precision"));
    assert!(get(&report, "bias").is_undefined() && get(&report, "biased").is_falsy());

    let coded: Vec<f32> = (0..5000).map(|i| if i % 50 == 0 { 1e36 } else { 20.0 * (i as f32 / 90.0).sin() + 30.0 }).collect();
    let result = compress(&dataset(&array("t", &Float32Array::from(coded.as_slice()), &[50, 100])), "rel", 0.01);
    let report = get(&get(&result, "variables"), "0");
    let told = get(&get(&report, "suspects"), "0");
    assert_eq!((number(&told, "value") as f32, number(&told, "count"), get(&told, "taken")), (1e36, 100.0, JsValue::TRUE));
    assert_eq!((number(&report, "missing"), number(&report, "absoluteBound") < 1.0), (100.0, true));
    assert!((number(&report, "bias") - (number(&report, "meanError") / number(&report, "meanMagnitude")).abs()).abs() < 1e-12);
}

#[wasm_bindgen_test]
fn archives_say_how_long_files_were() {
    let file = WasmDataset::from_file(vec![7; 5000], "seven.bin");
    assert_eq!((file.file_bytes(), wave(1).file_bytes()), (Some(5000.0), None));
    let listed = inspect(&bytes(&compress(&file, "lossless", 0.0))).unwrap();
    assert_eq!(number(&get(&get(&listed, "files"), "0"), "bytes"), 5000.0);
    let listed = inspect(&bytes(&compress(&wave(1), "lossless", 0.0))).unwrap();
    assert!(get(&get(&get(&listed, "files"), "0"), "bytes").is_undefined());
}

#[wasm_bindgen_test]
fn chunks_done_elsewhere_make_the_same_archive() {
    let original = wave(40);
    let expected = bytes(&compress(&original, "abs", 0.01));
    let mut packing = WasmCompressor::new(&original, bounds("abs", 0.01), &models(), "none", "auto").unwrap();
    let mut jobs = Vec::new();
    loop {
        let job = packing.next_job().unwrap();
        if job.is_undefined() {
            break;
        }
        jobs.push(job);
    }
    assert!(jobs.len() > 1);
    let samples: f64 = jobs.iter().map(|job| number(job, "samples")).sum();
    assert_eq!(samples, f64::from(40 * 181 * 360));
    let mut last = JsValue::UNDEFINED;
    for job in jobs.iter().rev() {
        last = packing.accept(&done(job)).unwrap();
    }
    assert_eq!(number(&last, "doneBytes"), number(&last, "totalBytes"));
    let archive = bytes(&packing.finish().unwrap());
    assert_eq!(archive, expected);

    let mut unpacking = decompressor(&archive, &models()).unwrap();
    let first = unpacking.next_job().unwrap();
    let second = unpacking.next_job().unwrap();
    unpacking.accept(&done(&second)).unwrap();
    error(unpacking.accept(&done(&second)), "invalid-argument");
    unpacking.accept(&done(&first)).unwrap();
    let decoded = unpacking.finish().unwrap();
    assert!(number(&compare(&original, &decoded, 0, 0).unwrap(), "maxAbsError") <= 0.01);
    error(run_job(&[1, 2, 3], &models()), "corrupt");
}

#[wasm_bindgen_test]
fn a_lossless_round_trip_is_the_same_in_every_type() {
    let floats = Float64Array::from([1.5, f64::NAN, -0.0, f64::INFINITY, 5e-324, 1e300].as_slice());
    let shorts = Int16Array::from([i16::MIN, -1, 0, 1, 2, i16::MAX].as_slice());
    let longs = BigInt64Array::from([i64::MIN, -1, 0, 1, 1 << 53, i64::MAX].as_slice());
    for values in [floats.dyn_ref::<JsValue>(), shorts.dyn_ref(), longs.dyn_ref()].into_iter().flatten() {
        let original = dataset(&array("v", values, &[2, 3]));
        let decoded = decompress(bytes(&compress(&original, "lossless", 0.0)));
        let back = decoded.values(0).unwrap();
        let raw = |a: &JsValue| Uint8Array::new(&get(a, "buffer")).to_vec();
        assert_eq!(get(&get(&back, "constructor"), "name"), get(&get(values, "constructor"), "name"));
        assert_eq!(raw(&back).as_slice(), &original_bytes(values));
        assert_eq!(get(&compare(&original, &decoded, 0, 0).unwrap(), "bitIdentical"), JsValue::TRUE);
    }
}

fn original_bytes(values: &JsValue) -> Vec<u8> {
    let slice: js_sys::Function = get(values, "slice").dyn_into().unwrap();
    Uint8Array::new(&get(&slice.call0(values).unwrap(), "buffer")).to_vec()
}

#[wasm_bindgen_test]
fn planes_are_physical_and_missing_is_nan() {
    let object = array("p", &Int16Array::from([100, -1, 300, 400].as_slice()), &[2, 1, 2]);
    let attributes = Object::new();
    Reflect::set(&attributes, &"scale_factor".into(), &0.5.into()).unwrap();
    Reflect::set(&attributes, &"units".into(), &"K".into()).unwrap();
    Reflect::set(&object, &"attributes".into(), &attributes).unwrap();
    Reflect::set(&object, &"fill".into(), &Int16Array::from([-1].as_slice())).unwrap();
    let made = dataset(&object);
    let plane = made.plane(0, 0).unwrap();
    let values = get(&plane, "values").dyn_into::<Float32Array>().unwrap().to_vec();
    assert!(values[0] == 50.0 && values[1].is_nan());
    assert_eq!((number(&plane, "min"), number(&plane, "max"), number(&plane, "missing")), (50.0, 50.0, 1.0));
    assert_eq!((number(&plane, "width"), number(&plane, "height")), (2.0, 1.0));
    assert_eq!(number(&made.range(0).unwrap(), "max"), 200.0);
    let info = get(&made.variables().unwrap(), "0");
    assert_eq!(get(&info, "units"), JsValue::from("K"));
    assert_eq!(number(&info, "planes"), 2.0);
    error(made.plane(0, 2), "invalid-argument");
    error(made.plane(1, 0), "no-such-variable");
}

#[wasm_bindgen_test]
fn difference_is_decoded_minus_original() {
    let a = dataset(&array("v", &Float64Array::from([1e9, f64::NAN].as_slice()), &[1, 2]));
    let b = dataset(&array("v", &Float64Array::from([1e9 + 0.125, 1.0].as_slice()), &[1, 2]));
    let values = get(&difference(&a, &b, 0, 0, 0).unwrap(), "values").dyn_into::<Float32Array>().unwrap().to_vec();
    assert!(values[0] == 0.125 && values[1].is_nan());
}

#[wasm_bindgen_test]
fn acceptance_tells_values_and_verdicts_and_leaves_out_what_does_not_apply() {
    let list = |values: &[f64]| dataset(&array("v", &Float64Array::from(values), &[values.len() as u32]));
    let (a, b) = (list(&[0.0, 1.0, f64::NAN, 3.0]), list(&[0.0, 1.5, 2.0, 3.0]));
    let found = acceptance(&a, &b, 0, 0).unwrap();
    assert_eq!((number(&found, "ksP"), number(&found, "spatialRelativeError")), (1.0, 1.0 / 3.0));
    assert!((number(&found, "pearson") + number(&found, "oneMinusPearson") - 1.0).abs() < 1e-15);
    assert_eq!(String::from(JSON::stringify(&get(&found, "passes")).unwrap()), r#"{"pearson":false,"ksP":true,"spatialRelativeError":false}"#);
    assert!(get(&found, "dssim").is_undefined());
    error(acceptance(&a, &list(&[1.0]), 0, 0), "invalid-argument");
    error(acceptance(&a, &b, 1, 1), "no-such-variable");
    assert_eq!(number(&compare(&a, &b, 0, 0).unwrap(), "bias"), 0.5 / 3.0);
}

#[wasm_bindgen_test]
fn inspect_tells_without_decoding_what_compress_reported() {
    let result = compress(&wave(1), "rel", 0.001);
    let info = inspect(&bytes(&result)).unwrap();
    let file = get(&get(&info, "files"), "0");
    assert_eq!(get(&file, "name"), JsValue::from("made.npy"));
    let text = |value: &JsValue| String::from(JSON::stringify(value).unwrap());
    // An archive knows no level.
    assert_eq!(text(&get(&file, "variables")), text(&get(&result, "variables")).replace(r#","level":"best""#, ""));
    assert!(text(&get(&result, "variables")).contains(r#""level":"best""#));
}

#[wasm_bindgen_test]
fn files_are_saved_and_read_again() {
    let made = wave(1);
    for format in ["npy", "npz", "netcdf", "csv"] {
        let file = made.save(format, 0, 0).unwrap();
        let again = open(&file, "t.nc").unwrap();
        let which = again.variables().unwrap().dyn_into::<Array>().unwrap().length() as usize - 1;
        assert_eq!(number(&again.range(which).unwrap(), "max"), number(&made.range(0).unwrap(), "max"), "{format}");
    }
    assert_eq!(open(&made.save("png", 0, 0).unwrap(), "t.png").unwrap().format(), "png");
    error(made.save("doc", 0, 0), "invalid-argument");
    assert_eq!(get(&made.original().unwrap(), "bytes").dyn_into::<Uint8Array>().unwrap().to_vec(), made.save("npy", 0, 0).unwrap());
}

#[wasm_bindgen_test]
fn formats_of_the_other_module_are_left_to_it() {
    error(wave(1).save("netcdf4", 0, 0), "formats-needed");
    error(wave(1).save("tiff", 0, 0), "formats-needed");
    for start in [b"\x89HDF\r\n\x1a\n".as_slice(), b"GRIB\0\0\0\x02", b"II*\0", b"GIF89a"] {
        error(open(start, "x"), "formats-needed");
        error(WasmDataset::open(start.len() as f64, reader(start), "x", true), "formats-needed");
    }
}

#[wasm_bindgen_test]
fn a_file_that_cannot_be_read_is_an_error() {
    let file = wave(1).save("npy", 0, 0).unwrap();
    let throwing = Function::new_no_args("throw new Error('it is gone')");
    let failed = WasmDataset::open(file.len() as f64, throwing, "t.npy", true);
    assert!(String::from(failed.as_ref().err().unwrap().message()).contains("it is gone"));
    error(failed, "unreadable");
    error(WasmDataset::open(file.len() as f64, reader(&file[..1000]), "t.npy", false), "unreadable");
    error(WasmDataset::open(file.len() as f64 + 1.0, reader(&file), "t.npy", false), "malformed");
    let other = WasmDataset::open(5.0, reader(b"words"), "t.txt", true).unwrap();
    assert_eq!((other.format(), other.kept().is_some()), ("file".to_owned(), true));
}

/// What is too large to be kept in memory is read again when it is asked for.
#[wasm_bindgen_test]
fn a_large_file_is_read_variable_by_variable() {
    const SIDE: usize = 6000;
    // Three variables of 108 MB, whose values are made as they are read.
    let header = large_header(SIDE as u32);
    let length = header.len() as f64 + 3.0 * (3 * SIDE * SIDE) as f64;
    let make = Function::new_with_args(
        "header, log",
        "return (at, length) => { log.push(length); const bytes = new Uint8Array(length).fill(1); bytes.set(header.subarray(at, at + length)); return bytes; }",
    );
    let log = Array::new();
    let read: Function = make.call2(&JsValue::NULL, &Uint8Array::from(header.as_slice()), &log).unwrap().dyn_into().unwrap();
    let large = WasmDataset::open(length, read, "large.nc", false).unwrap();
    let total = |log: &Array| log.iter().filter_map(|n| n.as_f64()).sum::<f64>();
    assert!(total(&log) < 1e6, "{} bytes to open it", total(&log));
    for variable in [0, 1, 0, 2, 0] {
        assert_eq!(number(&large.plane(variable, 2).unwrap(), "max"), 1.0);
    }
    assert!(total(&log) > 3.9 * (3 * SIDE * SIDE) as f64 && total(&log) < 5.1 * (3 * SIDE * SIDE) as f64, "{} bytes", total(&log));
}

/// Of a NetCDF file of three variables of bytes, 3 planes of `side` rows and columns, without their values.
fn large_header(side: u32) -> Vec<u8> {
    let mut out = b"CDF\x02".to_vec();
    let word = |out: &mut Vec<u8>, n: u32| out.extend(n.to_be_bytes());
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u32).to_be_bytes());
        out.extend(text.bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    };
    [0, 0x0a, 3].iter().for_each(|n| word(&mut out, *n));
    for (name, length) in [("t", 3), ("y", side), ("x", side)] {
        text(&mut out, name);
        word(&mut out, length);
    }
    [0, 0, 0x0b, 3].iter().for_each(|n| word(&mut out, *n));
    let size = 3 * side * side;
    let end = out.len() as u32 + 3 * (8 + 16 + 8 + 8 + 8);
    for (i, name) in ["a", "b", "c"].iter().enumerate() {
        text(&mut out, name);
        [3, 0, 1, 2, 0, 0, 1, size, 0, end + i as u32 * size].iter().for_each(|n| word(&mut out, *n));
    }
    assert_eq!(out.len() as u32, end);
    out
}

#[wasm_bindgen_test]
fn any_file_comes_back_byte_for_byte() {
    let bytes = b"no data, but words. ".repeat(50);
    error(open(&bytes, "notes.txt"), "unknown-format");
    let file = WasmDataset::from_file(bytes.clone(), "notes.txt");
    let result = compress(&file, "rel", 0.1);
    let archive = get(&result, "bytes").dyn_into::<Uint8Array>().unwrap().to_vec();
    let mut job = decompressor(&archive, &models()).unwrap();
    work!(job);
    let back = job.finish().unwrap();
    assert_eq!(back.format(), "file");
    assert_eq!(get(&back.original().unwrap(), "bytes").dyn_into::<Uint8Array>().unwrap().to_vec(), bytes);
}

#[wasm_bindgen_test]
fn variables_have_bounds_of_their_own_and_codes_can_be_named() {
    let values = Float32Array::from((0..900u16).map(|i| if i % 100 == 7 { -999.0 } else { f32::from(i % 37) }).collect::<Vec<_>>().as_slice());
    let list = Array::of2(&array("a", &values, &[30, 30]), &array("b", &values, &[30, 30]));
    let made = WasmDataset::from_arrays(&list, "two.nc").unwrap();
    assert_eq!(made.suspect(0).unwrap(), Some(-999.0));
    made.set_missing(0, -999.0).unwrap();
    assert_eq!(made.suspect(0).unwrap(), None);
    assert_eq!(number(&made.range(0).unwrap(), "missing"), 9.0);
    error(made.set_missing(2, 1.0), "no-such-variable");
    let asked = |name: &str| {
        JSON::parse(&format!(r#"{{"others": {{"kind": "pointwise", "value": 0.01}}, "named": [["{name}", {{"kind": "abs", "value": 0.5}}]]}}"#)).unwrap()
    };
    error(WasmCompressor::new(&made, asked("c"), &models(), "none", "auto"), "no-such-variable");
    let mut job = WasmCompressor::new(&made, asked("b"), &models(), "none", "auto").unwrap();
    work!(job);
    let variables = get(&job.finish().unwrap(), "variables");
    let kind = |variable: &str| String::from(JSON::stringify(&get(&get(&variables, variable), "bound")).unwrap());
    assert_eq!([kind("0"), kind("1")], [r#"{"kind":"pointwise","value":0.01}"#, r#"{"kind":"abs","value":0.5}"#]);
}

#[wasm_bindgen_test]
fn errors_are_typed_and_have_codes() {
    error(open(&[], "empty"), "unknown-format");
    error(open(b"CDF\x01\0\0", "short.nc"), "malformed");
    error(inspect(b"not an archive"), "not-an-archive");
    let made = wave(1);
    for bound in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        error(WasmCompressor::new(&made, bounds("abs", bound), &models(), "auto", "auto"), "invalid-bound");
    }
    let strict = bounds("abs", 1e-12);
    Reflect::set(&strict, &"strict".into(), &JsValue::TRUE).unwrap();
    let mut fine = WasmCompressor::new(&made, strict, &models(), "auto", "auto").unwrap();
    error(fine.next_job(), "bound-below-precision");
    error(WasmCompressor::new(&made, bounds("about", 1.0), &models(), "auto", "auto"), "invalid-argument");
    error(WasmCompressor::new(&made, bounds("abs", 1.0), &models(), "big", "auto"), "model-unavailable");
    error(WasmCompressor::new(&made, bounds("abs", 1.0), &models(), "auto", "sometimes"), "invalid-argument");
    let short = array("v", &Float32Array::from([1.0].as_slice()), &[2, 2]);
    error(WasmDataset::from_arrays(&Array::of1(&short), "x"), "invalid-argument");
    let list = array("v", &Array::of1(&1.into()), &[1]);
    error(WasmDataset::from_arrays(&Array::of1(&list), "x"), "invalid-argument");
}

#[wasm_bindgen_test]
fn a_damaged_archive_is_refused() {
    let mut archive = bytes(&compress(&wave(1), "abs", 0.01));
    error(inspect(&archive[..archive.len() - 1]), "truncated");
    let middle = archive.len() / 3;
    archive[middle] ^= 1;
    let mut job = decompressor(&archive, &models()).unwrap();
    error(job.finish(), "checksum-mismatch");
}

#[wasm_bindgen_test]
fn a_finished_job_says_so() {
    let mut job = WasmCompressor::new(&wave(1), bounds("lossless", 0.0), &models(), "auto", "auto").unwrap();
    job.finish().unwrap();
    error(job.finish(), "invalid-argument");
}

#[wasm_bindgen_test]
fn a_part_is_read_and_what_is_not_at_hand_is_asked_for_again() {
    let values: Vec<f32> = (0..40 * 181 * 360).map(|i| (i as f32 / 300.0).sin()).collect();
    let original = dataset(&array("t", &Float32Array::from(values.as_slice()), &[40, 181, 360]));
    let whole = bytes(&compress(&original, "abs", 0.01));
    // Gives every stretch at the second time alone, and counts.
    let make = "const seen = new Set(); const stats = { misses: 0, bytes: 0, told: [] };
        const read = (at, length) => {
            const key = at + '+' + length;
            if (!seen.has(key)) { seen.add(key); stats.misses++; throw new Error('not yet'); }
            stats.bytes += length;
            return bytes.subarray(at, at + length);
        };
        return { read, stats, prepare: (bounds) => stats.told.push(...bounds) };";
    let made = Function::new_with_args("bytes", make).call1(&JsValue::NULL, &Uint8Array::from(whole.as_slice())).unwrap();
    let [read, prepare] = ["read", "prepare"].map(|key| get(&made, key).dyn_into::<Function>().unwrap());
    let opened = (0..4).find_map(|_| WasmArchive::new(whole.len() as f64, read.clone()).ok()).unwrap();
    let file = get(&get(&opened.info().unwrap(), "files"), "0");
    let first = get(&get(&file, "dimensions"), "0");
    assert_eq!((get(&first, "name").as_string().unwrap(), number(&first, "length")), ("dim_0".to_owned(), 40.0));
    let part = |file, variables, ranges: &[(&str, usize, usize)]| {
        let bounds: Vec<usize> = ranges.iter().flat_map(|(_, first, end)| [*first, *end]).collect();
        let names = ranges.iter().map(|(name, ..)| (*name).to_owned()).collect();
        opened.decompressor(read.clone(), prepare.clone(), file, variables, names, &bounds, &models())
    };
    let mut job = part(0, Some(vec![0]), &[("dim_0", 2, 3), ("dim_0", 7, 9), ("dim_1", 0, 5)]).unwrap();
    let before = number(&get(&made, "stats"), "misses");
    while let Some(given) = match job.next_job() {
        Ok(given) if given.is_undefined() => None,
        Ok(given) => Some(Some(given)),
        Err(error) if error.code() == "unreadable" => Some(None),
        Err(error) => panic!("{:?}", error.message()),
    } {
        given.map(|given| job.accept(&done(&given)).unwrap());
    }
    let stats = get(&made, "stats");
    assert!(number(&stats, "misses") > before);
    assert!(get(&stats, "told").dyn_into::<Array>().unwrap().length() >= 2, "stretches are announced");
    assert!(number(&stats, "bytes") < whole.len() as f64, "only what is needed is read");
    let read_back = job.finish().unwrap().values(0).unwrap().dyn_into::<Float32Array>().unwrap().to_vec();
    let all = decompress(whole.clone()).values(0).unwrap().dyn_into::<Float32Array>().unwrap().to_vec();
    let expected: Vec<f32> = [2, 7, 8].iter().flat_map(|plane| all[plane * 181 * 360..plane * 181 * 360 + 5 * 360].to_vec()).collect();
    assert!(read_back == expected);
    error(part(1, None, &[]), "invalid-argument");
    error(part(0, Some(vec![1]), &[]), "no-such-variable");
    error(part(0, None, &[("time", 0, 1)]), "invalid-argument");
    error(part(0, None, &[("dim_0", 39, 41)]), "invalid-argument");
    error(part(0, None, &[("dim_0", 2, 1)]), "invalid-argument");
}

/// A field that the network makes smaller.
fn hills() -> WasmDataset {
    let height = |i: u32| f64::from(i / 90) * 0.3 + (f64::from(i % 90) / 7.0).sin() * 5.0 + f64::from(i.wrapping_mul(2_654_435_761) >> 24) * 0.01;
    let values: Vec<f32> = (0..60 * 90).map(|i| height(i) as f32).collect();
    dataset(&array("h", &Float32Array::from(values.as_slice()), &[60, 90]))
}

#[wasm_bindgen_test]
fn the_network_is_used_named_and_needed() {
    let original = hills();
    let (with, without) = (compress_with(&original, ("abs", 0.01), "auto", "auto"), compress(&original, "abs", 0.01));
    assert!(bytes(&with).len() < bytes(&without).len());
    let id = get(&models().add(WEIGHTS).unwrap(), "id");
    let model = |result: &JsValue| get(&get(&get(result, "variables"), "0"), "model");
    assert_eq!((model(&with), model(&without)), (id.clone(), JsValue::UNDEFINED));
    assert_eq!(bytes(&compress_with(&original, ("abs", 0.01), &id.as_string().unwrap(), "auto")), bytes(&with));
    assert!(number(&compare(&original, &decompress(bytes(&with)), 0, 0).unwrap(), "maxAbsError") <= 0.01);

    let mut none = WasmModels::new();
    none.looked("here and there".to_owned());
    let refused = decompressor(&bytes(&with), &none).err().unwrap();
    let message = String::from(refused.message());
    assert!(refused.code() == "model-unavailable" && message.contains("here and there") && message.contains(&id.as_string().unwrap()), "{message}");
    assert!(decompressor(&bytes(&without), &none).is_ok());
    let mut job = WasmCompressor::new(&original, bounds("abs", 0.01), &none, "auto", "auto").unwrap();
    assert_eq!(bytes(&job.finish().unwrap()), bytes(&without));
    let mut damaged = WEIGHTS.to_vec();
    damaged[300] ^= 1;
    error(none.add(&damaged), "weights");
}

#[wasm_bindgen_test]
fn a_base_layer_is_made_as_asked_and_shows_a_plane_by_itself() {
    let original = hills();
    let made = |base| compress_with(&original, ("rel", 0.1), "auto", base);
    let report = |result: &JsValue| get(&get(result, "variables"), "0");
    let shown = |result: &JsValue| preview(&bytes(result), 0, 0, 0, &models()).unwrap();
    let (always, never) = (made("always"), made("never"));
    let base = get(&report(&always), "base");
    assert_eq!((number(&base, "tried"), number(&base, "chunks")), (1.0, 1.0));
    assert!(number(&base, "bytes") > 0.0);
    assert_eq!(number(&base, "saved"), number(&report(&never), "archiveBytes") - number(&report(&always), "archiveBytes"));
    assert!(get(&report(&never), "base").is_undefined() && shown(&never).is_undefined());

    let (coarse, whole) = (shown(&always), original.plane(0, 0).unwrap());
    assert_eq!((number(&coarse, "width"), number(&coarse, "height"), number(&coarse, "missing")), (90.0, 60.0, 0.0));
    let values = |plane: &JsValue| get(plane, "values").dyn_into::<Float32Array>().unwrap().to_vec();
    let off: f32 = values(&coarse).iter().zip(values(&whole)).map(|(a, b)| (a - b).abs()).sum::<f32>() / 5400.0;
    let range = (number(&whole, "max") - number(&whole, "min")) as f32;
    assert!(off > 0.0 && off < range / 4.0, "{off} of {range}");
    let limit = number(&report(&always), "absoluteBound");
    assert!(number(&compare(&original, &decompress(bytes(&always)), 0, 0).unwrap(), "maxAbsError") <= limit);

    assert!(get(&models().add(WEIGHTS).unwrap(), "autoencoder").is_truthy());
    error(preview(&bytes(&always), 0, 0, 0, &WasmModels::new()), "model-unavailable");
    error(preview(&bytes(&always), 0, 0, 1, &models()), "invalid-argument");
    error(preview(&bytes(&always), 1, 0, 0, &models()), "invalid-argument");
    error(preview(b"not an archive", 0, 0, 0, &models()), "not-an-archive");
}

/// Bounds as JavaScript asks for them, with more beside.
fn asked(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

#[wasm_bindgen_test]
fn bounds_that_are_refused_come_with_what_they_are_refused_for() {
    let refused = |arrays: &Array, coarse: bool| {
        let original = WasmDataset::from_arrays(arrays, "made.npz").unwrap();
        let bounds = asked(&format!(r#"{{"others": {{"kind": "abs", "value": 10}}, "named": [], "coarse": {coarse}}}"#));
        let mut job = WasmCompressor::new(&original, bounds, &models(), "none", "auto").unwrap();
        work!(job);
        job.finish()
    };
    let values = Float32Array::from((0..5000).map(|i| 20.0 * (i as f32 / 90.0).sin()).collect::<Vec<_>>().as_slice());
    let narrow = array("q", &values, &[50, 100]);
    let coarse = refused(&Array::of1(&narrow), false).err().unwrap();
    assert_eq!(coarse.code(), "bound-too-coarse");
    let listed = get(&get(&coarse, "coarse"), "0");
    assert_eq!((get(&listed, "name").as_string().as_deref(), number(&listed, "bound")), (Some("q"), 10.0));
    assert!((number(&listed, "part") - 0.25).abs() < 1e-3);
    assert!(refused(&Array::of1(&narrow), true).is_ok());

    let wide = |name: &str, units: &str| {
        let values = Float32Array::from((0..5000).map(|i| 2000.0 * (i as f32 / 90.0).sin()).collect::<Vec<_>>().as_slice());
        let object = array(name, &values, &[50, 100]);
        Reflect::set(&object, &"attributes".into(), &asked(&format!(r#"{{"units": "{units}"}}"#))).unwrap();
        object
    };
    let mixed = refused(&Array::of2(&wide("t", "K"), &wide("u", "m s-1")), false).err().unwrap();
    assert_eq!(mixed.code(), "mixed-units");
    assert_eq!(JSON::stringify(&get(&mixed, "units")).unwrap(), r#"["K of \"t\"","m s-1 of \"u\""]"#);
    assert!(refused(&Array::of2(&wide("t", "K"), &wide("u", "K")), false).is_ok());
}

#[wasm_bindgen_test]
fn what_is_kept_goes_by_names_of_any_kind_and_a_decoded_dataset_says_so() {
    let values: Vec<f32> = (0..5000).map(|i| (20.0 * (i as f32 / 90.0).sin() - 10.0).max(0.0)).collect();
    let original = dataset(&array("rain, in = mm", &Float32Array::from(values.as_slice()), &[50, 100]));
    let made = |keep: &str| {
        let bounds = asked(&format!(r#"{{"others": {{"kind": "rel", "value": 0.01}}, "named": [], "keep": {keep}}}"#));
        let mut job = WasmCompressor::new(&original, bounds, &models(), "none", "auto")?;
        work!(job);
        job.finish()
    };
    let kept = |result: &JsValue| JSON::stringify(&get(&get(&get(result, "variables"), "0"), "kept")).unwrap();
    let zeros = values.iter().filter(|v| **v == 0.0).count();
    let by_name = made(r#"{"others": "none", "named": [["rain, in = mm", "0"]]}"#).unwrap();
    assert_eq!(kept(&by_name), format!(r#"[{{"value":0,"count":{zeros}}}]"#));
    assert_eq!(kept(&made(r#"{"others": "none", "named": []}"#).unwrap()), "[]");
    error(made(r#"{"others": "nothing", "named": []}"#), "invalid-argument");
    error(made(r#"{"others": "rain=0", "named": []}"#), "invalid-argument");
    error(made(r#"{"others": "auto", "named": [["snow", "0"]]}"#), "no-such-variable");

    let attributes = |dataset: &WasmDataset| get(&get(&dataset.variables().unwrap(), "0"), "attributes");
    let decoded = attributes(&decompress(bytes(&by_name)));
    assert_eq!(get(&decoded, "deepcomp_error_bound").as_string().as_deref(), Some("0.01 of range"));
    assert_eq!(number(&decoded, "deepcomp_kept"), 0.0);
    assert_eq!(number(&decoded, "deepcomp_largest_error"), number(&get(&get(&by_name, "variables"), "0"), "maxAbsError"));
    assert!(get(&attributes(&decompress(bytes(&compress(&original, "lossless", 0.0)))), "deepcomp_error_bound").is_undefined());
}
