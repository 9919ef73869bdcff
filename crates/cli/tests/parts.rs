//! Parts of archives, on disk and at the other end of a network: what is asked for comes out, and no more is fetched than that takes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{fails, folder_with, listed, ok, warns};
use deepcomp::field::{Dataset, Values};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn read(path: &Path) -> Dataset {
    deepcomp::formats::read(&fs::read(path).unwrap(), "x.nc", &deepcomp::Limits::default()).unwrap()
}

fn values(dataset: &Dataset, name: &str) -> Vec<f64> {
    let field = dataset.fields.iter().find(|field| field.name == name).unwrap();
    match &field.values {
        Values::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
        Values::F64(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_and_boxes_come_out_as_a_file_of_their_own() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--abs", "0.01"]);
    // Over the ends of the longitudes, which go on to 379.
    ok(at, &["extract", "a.dca", "-C", "out", "--variable", "SST", "--time", "0000-03..0000-05", "--box", "350,-10,20,30"]);
    assert_eq!(listed(&at.join("out")), ["coads_sst.nc"]);
    let (part, whole) = (read(&at.join("out/coads_sst.nc")), read(&at.join("coads_sst.nc")));
    let [x, y] = ["COADSX", "COADSY"].map(|name| values(&part, name));
    assert_eq!((x.len(), x[0], x[14], y.len(), y[0], y[19]), (15, 351.0, 379.0, 20, -9.0, 29.0));
    assert_eq!(values(&part, "TIME"), values(&whole, "TIME")[2..5]);
    let [wx, wy] = ["COADSX", "COADSY"].map(|name| values(&whole, name));
    let [sst, all] = [&part, &whole].map(|dataset| values(dataset, "SST"));
    let mut compared = 0;
    for t in 0..3 {
        for (j, lat) in y.iter().enumerate() {
            for (i, lon) in x.iter().enumerate() {
                let (row, column) = (wy.iter().position(|v| v == lat).unwrap(), wx.iter().position(|v| v.rem_euclid(360.0) == lon.rem_euclid(360.0)).unwrap());
                let (a, b) = (sst[(t * 20 + j) * 15 + i], all[((t + 2) * 90 + row) * 180 + column]);
                assert!((a - b).abs() <= 0.01, "{t} {lat} {lon}: {a} {b}");
                compared += usize::from(a > -100.0);
            }
        }
    }
    // The others are land.
    assert_eq!(compared, 273);
    // Over the ends of the file's own longitudes, 21 to 379, they go on as well.
    ok(at, &["extract", "a.dca", "-C", "seam", "--variable", "SST", "--box", "10,0,30,10"]);
    let seam = values(&read(&at.join("seam/coads_sst.nc")), "COADSX");
    assert!(seam.len() == 10 && seam.windows(2).all(|pair| pair[1] - pair[0] == 2.0), "{seam:?}");
    assert!(fails(at, &["extract", "a.dca", "-C", "no", "--variable", "sst"]).contains("SST"));
    assert!(fails(at, &["extract", "a.dca", "-C", "no", "--time", "2001"]).contains("TIME goes from 0000-01-16"));
    assert!(fails(at, &["extract", "a.dca", "-C", "no", "--file", "b.nc"]).contains("coads_sst.nc"));
    assert!(!at.join("no").exists());
}

#[test]
fn of_what_is_kept_byte_for_byte_parts_come_out_as_well() {
    let folder = folder_with(&[]);
    let at = folder.path();
    fs::write(at.join("t.csv"), "time,a,b\n0,1.5,7\n1,2.5,8\n2,3.5,9\n").unwrap();
    assert!(warns(at, &["compress", "t.csv", "-o", "a.dca", "--lossless"]).contains("kept whole"));
    let whole = deepcomp::formats::read(&fs::read(at.join("t.csv")).unwrap(), "t.csv", &deepcomp::Limits::default()).unwrap();
    let (field, dimension) = (&whole.fields[0], &whole.dimensions[whole.fields[0].dimensions[0]].name);
    ok(at, &["extract", "a.dca", "-C", "out", "--variable", &field.name, "--index", &format!("{dimension}=1..3")]);
    let rest = field.values.len() / field.shape[0];
    assert_eq!(values(&read(&at.join("out/t.nc")), &field.name), values(&whole, &field.name)[rest..3 * rest]);
}

/// A server of one file that gives parts of it; its address, and the bytes it gave.
fn serve(content: Vec<u8>) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/a.dca", listener.local_addr().unwrap());
    let given = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&given);
    std::thread::spawn(move || {
        for stream in listener.incoming().map(Result::unwrap) {
            let (content, count) = (content.clone(), Arc::clone(&count));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut stream = stream;
                loop {
                    let mut range = None;
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(asked) = line.to_lowercase().strip_prefix("range: bytes=") {
                            let (from, to) = asked.trim().split_once('-').unwrap();
                            let length = content.len();
                            range = Some(match (from.parse::<usize>(), to.parse::<usize>()) {
                                (Ok(from), Ok(to)) => from..(to + 1).min(length),
                                (Ok(from), Err(_)) => from..length,
                                (Err(_), Ok(last)) => length.saturating_sub(last)..length,
                                _ => panic!("{asked}"),
                            });
                        }
                        if line.trim().is_empty() {
                            break;
                        }
                    }
                    let part = range.unwrap();
                    let body = &content[part.clone()];
                    count.fetch_add(body.len() as u64, Ordering::Relaxed);
                    let head = format!(
                        "HTTP/1.1 206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes {}-{}/{}\r\nContent-Length: {}\r\n\r\n",
                        part.start,
                        part.end - 1,
                        content.len(),
                        body.len()
                    );
                    if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, given)
}

#[test]
fn of_an_archive_on_a_network_only_what_is_asked_for_is_fetched() {
    let folder = folder_with(&[]);
    let at = folder.path();
    // 24 planes of two mebibytes that do not shrink, in chunks of eight.
    let plane = |p: usize| (0..512 * 1024).map(move |i: usize| ((i * 2_654_435_761 + p * 977) as u32 >> 9) as f32 / 1e4);
    let dataset = Dataset::from_array("v", &[24, 512, 1024], Values::F32((0..24).flat_map(plane).collect()), deepcomp::field::SourceFormat::ARRAY).unwrap();
    fs::write(at.join("v.npy"), deepcomp::formats::npy::write(&dataset.fields[0], dataset.format)).unwrap();
    ok(at, &["compress", "v.npy", "-o", "a.dca", "--abs", "0.001", "--level", "fast"]);
    let bytes = fs::read(at.join("a.dca")).unwrap();
    let (address, given) = serve(bytes.clone());
    assert!(ok(at, &["list", &address]).contains("24×512×1024"));
    let listed = given.swap(0, Ordering::Relaxed);
    assert!(listed < 1 << 16, "{listed}");
    ok(at, &["extract", &address, "-C", "out", "--index", "dim_0=9", "--as", "npy"]);
    let fetched = given.swap(0, Ordering::Relaxed);
    // Two chunks of six: eight planes of half the rows each.
    assert!(fetched * 5 < 2 * bytes.len() as u64, "{fetched} of {}", bytes.len());
    let part = fs::read(at.join("out/v.npy")).unwrap();
    let part: Vec<f32> = part[part.len() - 4 * 512 * 1024..].chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    assert!(part.iter().zip(plane(9)).all(|(a, b)| (a - b).abs() <= 0.001_001));
    ok(at, &["test", &address]);
    assert!(given.load(Ordering::Relaxed) >= bytes.len() as u64);
    assert!(fails(at, &["list", "http://127.0.0.1:1/a.dca"]).contains("http://127.0.0.1:1/a.dca"));
}
