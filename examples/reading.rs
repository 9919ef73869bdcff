//! How fast files are read from memory: `cargo run --release --example reading -- FILES` prints the best of several runs, in MB of values a second.

use deepcomp::Limits;
use deepcomp::formats;
use std::time::{Duration, Instant};

/// Each file is read for so long, and at least three times.
const LONG: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let (start, mut best, mut runs) = (Instant::now(), f64::INFINITY, 0);
        let mut size = 0;
        while runs < 3 || start.elapsed() < LONG {
            let run = Instant::now();
            let dataset = formats::read(&bytes, &path, &Limits::default())?;
            best = best.min(run.elapsed().as_secs_f64());
            size = dataset.fields.iter().map(|f| f.values.byte_len()).sum::<usize>();
            runs += 1;
        }
        println!("{path}: {:.1} MB of values, {:.0} MB/s", size as f64 / 1e6, size as f64 / 1e6 / best);
    }
    Ok(())
}
