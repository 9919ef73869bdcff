//! Speed of the engine on one thread: `cargo run --release --example engine`.

use deepcomp::network::engine::{Block, Engine, LANES, Layer};
use std::hint::black_box;
use std::time::Instant;

/// Runs a measurement; the best of them counts, since others use the machine too.
const ROUNDS: usize = 20;

fn main() -> deepcomp::Result<()> {
    for (inputs, outputs) in [(48, 38), (32, 32), (32, 34)] {
        let weights: Vec<i8> = (0..inputs * outputs).map(|i| (i * 37 % 255) as u8 as i8).collect();
        let layer = Layer::new(inputs, &weights, &vec![64; outputs], &vec![7; outputs], 1023)?;
        let mut block = Block::new(inputs);
        for channel in 0..inputs {
            block.set(channel, &core::array::from_fn(|lane| ((lane * 31 + channel * 7) % 2047) as i16 - 1023))?;
        }
        for engine in [Engine::scalar(), Engine::detect()] {
            let mut rows = vec![[0; LANES]; outputs];
            let mut next = Block::new(outputs);
            let products = inputs * outputs * LANES;
            let apply = speed(products, || layer.apply(engine, black_box(&block), -8191..=8191, black_box(&mut rows)))?;
            let activate = speed(products, || layer.activate(engine, black_box(&block), black_box(&mut next)))?;
            println!("{inputs:2} -> {outputs:2} {:8} apply {apply:6.1} activate {activate:6.1} G multiply-adds/s", engine.name());
        }
    }
    Ok(())
}

/// G multiply-adds per second.
fn speed(products: usize, mut run: impl FnMut() -> deepcomp::Result<()>) -> deepcomp::Result<f64> {
    let repeats = 200_000_000 / products;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..repeats {
            run()?;
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok((products * repeats) as f64 / best / 1e9)
}
