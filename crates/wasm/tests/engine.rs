//! The engine's WebAssembly kernel computes what the plain loops do, bit for bit. Natively: `tests/engine.rs` of the core.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "tests, which clippy knows by #[test] only")]

use deepcomp::network::engine::{Block, Engine, LANES, Layer};
use wasm_bindgen_test::wasm_bindgen_test;

/// Numbers that look random.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % limit
    }

    /// Any byte, or one of the largest magnitude.
    fn weight(&mut self, extreme: bool) -> i8 {
        if extreme { [-127, 127].into_iter().nth(self.below(2) as usize).unwrap() } else { self.below(256) as u8 as i8 }
    }

    fn sample(&mut self, extreme: bool) -> i16 {
        let largest = if extreme { i16::MAX } else { 1023 };
        (self.below(2 * largest as u32 + 1) as i32 - i32::from(largest)) as i16
    }
}

#[wasm_bindgen_test]
fn kernels_agree() {
    assert_eq!(Engine::detect().name(), "simd128");
    let mut random = Random(1);
    for case in 0..200 {
        let extreme = case % 3 == 0;
        let (inputs, outputs) = (1 + random.below(60) as usize, 1 + random.below(50) as usize);
        let weights: Vec<i8> = (0..inputs * outputs).map(|_| random.weight(extreme)).collect();
        let biases: Vec<i32> = (0..outputs).map(|_| random.below(1_000_001) as i32 - 500_000).collect();
        let shifts: Vec<u8> = (0..outputs).map(|_| random.below(23) as u8).collect();
        let layer = Layer::new(inputs, &weights, &biases, &shifts, 1023).unwrap();
        let mut block = Block::new(inputs);
        for channel in 0..inputs {
            block.set(channel, &core::array::from_fn(|_| random.sample(extreme))).unwrap();
        }
        let run = |engine| {
            let (mut rows, mut next) = (vec![[0; LANES]; outputs], Block::new(outputs));
            layer.apply(engine, &block, i32::MIN..=i32::MAX, &mut rows).unwrap();
            layer.activate(engine, &block, &mut next).unwrap();
            (rows, next)
        };
        assert!(run(Engine::detect()) == run(Engine::scalar()), "{inputs} -> {outputs}, case {case}");
    }
}
