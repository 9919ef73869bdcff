//! Every kernel computes what the plain loops do, bit for bit, and a layer whose sums could become too large is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::Error;
use deepcomp::network::engine::{Block, Engine, LANES, Layer, Row};
use proptest::prelude::*;

/// A layer and what goes into it.
#[derive(Debug)]
struct Case {
    inputs: usize,
    weights: Vec<i8>,
    biases: Vec<i32>,
    shifts: Vec<u8>,
    channels: Vec<[i16; LANES]>,
}

impl Case {
    fn outputs(&self) -> usize {
        self.biases.len()
    }

    fn layer(&self, largest: u16) -> Result<Layer, Error> {
        Layer::new(self.inputs, &self.weights, &self.biases, &self.shifts, largest)
    }

    fn block(&self) -> Block {
        let mut block = Block::new(self.inputs);
        for (channel, values) in self.channels.iter().enumerate() {
            block.set(channel, values).unwrap();
        }
        block
    }

    /// `(weights · input + bias) >> shift`, written once more and without any packing.
    fn expected(&self) -> Vec<Row> {
        let rows = self.weights.chunks(self.inputs).zip(&self.biases).zip(&self.shifts);
        rows.map(|((weights, &bias), &shift)| {
            core::array::from_fn(|lane| {
                let products = weights.iter().zip(&self.channels).map(|(&w, channel)| i32::from(w) * i32::from(channel[lane]));
                products.fold(bias, i32::wrapping_add) >> shift
            })
        })
        .collect()
    }

    /// Asserts that all engines agree with `expected`.
    fn check(&self, largest: u16, low: i32, high: i32) {
        let (layer, block) = (self.layer(largest).unwrap(), self.block());
        for engine in Engine::all() {
            let mut rows = vec![[0; LANES]; self.outputs()];
            layer.apply(engine, &block, low..=high, &mut rows).unwrap();
            let clamped: Vec<Row> = self.expected().into_iter().map(|row| row.map(|v| v.clamp(low, high))).collect();
            assert_eq!(rows, clamped, "{}", engine.name());

            let mut next = Block::new(self.outputs());
            layer.activate(engine, &block, &mut next).unwrap();
            for (output, row) in self.expected().into_iter().enumerate() {
                assert_eq!(next.get(output).unwrap(), row.map(|v| v.clamp(0, 255) as i16), "{} output {output}", engine.name());
            }
        }
    }
}

/// Any layer within the bound, of any size, with inputs up to `largest`.
fn cases(largest: i16) -> impl Strategy<Value = Case> {
    let weight = prop_oneof![8 => -127..=127i8, 1 => Just(127i8), 1 => Just(-127i8), 1 => Just(0i8)];
    let sample = prop_oneof![8 => -largest..=largest, 1 => Just(largest), 1 => Just(-largest), 1 => Just(0i16)];
    (1..=60usize, 1..=50usize).prop_flat_map(move |(inputs, outputs)| {
        let weights = prop::collection::vec(weight.clone(), inputs * outputs);
        let biases = prop::collection::vec(-500_000..=500_000i32, outputs);
        let shifts = prop::collection::vec(0..=22u8, outputs);
        let channels = prop::collection::vec(prop::collection::vec(sample.clone(), LANES).prop_map(|v| v.try_into().unwrap()), inputs);
        (weights, biases, shifts, channels).prop_map(move |(weights, biases, shifts, channels)| Case { inputs, weights, biases, shifts, channels })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn kernels_agree(case in cases(1023), low in -40_000..=0i32, high in 0..=40_000i32) {
        case.check(1023, low, high);
    }

    /// Also where inputs are larger than the layer was made for.
    #[test]
    fn kernels_agree_beyond_the_bound(case in cases(i16::MAX)) {
        case.check(1023, i32::MIN, i32::MAX);
    }
}

/// All weights and inputs at their largest, in every combination of signs, just within the bound.
#[test]
fn extremes() {
    for inputs in [1, 2, 3, 47, 48, 64] {
        for (weight, sample) in [(127, 1023), (127, -1023), (-127, 1023), (-127, -1023), (-128, i16::MIN), (-128, i16::MAX)] {
            let reach = inputs as i32 * i32::from(i8::unsigned_abs(weight)) * 1023;
            let room = (1 << 23) - 1 - reach;
            let biases: Vec<i32> = (0..7).map(|i| if i % 2 == 0 { room } else { -room }).collect();
            let shifts = vec![0, 1, 7, 21, 22, 8, 0];
            Case { inputs, weights: vec![weight; inputs * 7], biases, shifts, channels: vec![[sample; LANES]; inputs] }.check(1023, i32::MIN, i32::MAX);
        }
    }
}

#[test]
fn bound() {
    let layer = |bias: i32| Layer::new(3, &[127, -127, 1], &[bias], &[0], 1023).map(|_| ());
    let room = (1 << 23) - 255 * 1023;
    assert_eq!(layer(room - 1), Ok(()));
    assert_eq!(layer(1 - room), Ok(()));
    for bias in [room, -room, i32::MIN, i32::MAX] {
        assert!(matches!(layer(bias), Err(Error::InvalidArgument { .. })), "{bias}");
    }
    // The last output counts as well as the first.
    assert!(Layer::new(1, &[0, 0, 0, 0, 1], &[0, 0, 0, 0, (1 << 23) - 1], &[0; 5], 1).is_err());
    assert!(Layer::new(66, &[127; 66], &[0], &[0], 1023).is_err());
}

#[test]
fn shapes() {
    let refused = |inputs, weights: usize, biases: usize, shifts: &[u8], largest| {
        matches!(Layer::new(inputs, &vec![0; weights], &vec![0; biases], shifts, largest), Err(Error::InvalidArgument { .. }))
    };
    assert!(!refused(3, 6, 2, &[0, 22], 1023));
    assert!(refused(3, 6, 2, &[0, 23], 1023), "shift");
    assert!(refused(3, 6, 2, &[0], 1023), "shifts");
    assert!(refused(3, 5, 2, &[0, 0], 1023), "weights");
    assert!(refused(0, 0, 2, &[0, 0], 1023), "no inputs");
    assert!(refused(3, 0, 0, &[], 1023), "no outputs");
    assert!(refused(usize::MAX, 6, 2, &[0, 0], 1023), "overflow");
    assert!(refused(3, 6, 2, &[0, 0], 1 << 15), "magnitude");

    let layer = Layer::new(3, &[0; 6], &[0; 2], &[0; 2], 1023).unwrap();
    assert!(layer.apply(Engine::detect(), &Block::new(4), 0..=1, &mut [[0; LANES]; 2]).is_err(), "inputs");
    assert!(layer.apply(Engine::detect(), &Block::new(3), 0..=1, &mut [[0; LANES]; 3]).is_err(), "rows");
    assert!(layer.activate(Engine::detect(), &Block::new(3), &mut Block::new(1)).is_err(), "channels");
}

#[test]
fn block_keeps_channels() {
    let mut block = Block::new(3);
    let channel = |c: i16| core::array::from_fn(|lane| (lane as i16 - 32) * 1023 * (c - 1));
    for c in [1, 0, 2, 0] {
        block.set(c as usize, &channel(c)).unwrap();
    }
    for c in 0..3 {
        assert_eq!(block.get(c as usize), Ok(channel(c)));
    }
    assert!(block.set(3, &[0; LANES]).is_err());
    assert!(block.get(3).is_err());
    assert!(block.get(usize::MAX).is_err());
}
