//! Small passes of all kinds, on which a GPU has to say what the CPU says.

use deepcomp::Result;
use deepcomp::codec::OnCpu;
use deepcomp::codec::accelerator::{Accelerator, Part, PassAnswer, PassRequest};
use deepcomp::network::engine::Engine;
use deepcomp::network::model::Model;

/// Rows and columns of the levels.
const SIZES: [(usize, usize); 4] = [(1, 2), (5, 3), (9, 14), (16, 24)];
/// Shifts that make samples small, and odd distances between reconstructions.
const RANGES: [(u32, i32); 4] = [(24, 1), (16, 129), (0, 1), (8, 65_537)];

/// What the CPU says.
pub(crate) async fn expected(model: &Model, requests: &[PassRequest]) -> Result<Vec<PassAnswer>> {
    OnCpu(Engine::detect()).answer(model, requests).await
}

/// Every pass in every size with every range of numbers, some with holes, some around the globe, with up to two references.
pub(crate) fn requests() -> Vec<PassRequest> {
    let mut random = 1u64;
    let mut requests = Vec::new();
    for pass in 0..3 {
        for (number, size) in SIZES.into_iter().enumerate() {
            for (kind, (shift, quantum)) in RANGES.into_iter().enumerate() {
                let mut samples = |count: usize| -> Vec<i32> { (0..count).map(|_| next(&mut random) as i32 >> shift).collect() };
                requests.extend(request(pass, size, quantum, [number, kind], &mut samples));
            }
        }
    }
    requests
}

/// Steele and Vigna's SplitMix64, the high half.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 32) as u32
}

/// A pass over a level of that size; `None` when it has no samples.
fn request(
    pass: usize,
    (rows, columns): (usize, usize),
    quantum: i32,
    [number, kind]: [usize; 2],
    samples: &mut impl FnMut(usize) -> Vec<i32>,
) -> Option<PassRequest> {
    let part = |top: usize, left: usize| ((rows + 1 - top) / 2, (columns + 1 - left) / 2);
    let holes = (number + kind) % 2 == 1;
    let mut missing = |count: usize| holes.then(|| samples(count).iter().map(|s| u8::from(s & 3 == 0)).collect());
    let (top, left) = [(1, 1), (0, 1), (1, 0)].into_iter().nth(pass)?;
    let (height, width) = part(top, left);
    let phases = [(0, 0), (0, 1), (1, 0), (1, 1)];
    let wanted = [true, pass == 2, false, pass > 0];
    let masks: Vec<Option<Vec<u8>>> = phases.iter().map(|(y, x)| part(*y, *x)).map(|(h, w)| missing(h * w)).collect();
    let own = missing(height * width);
    let mut grid = |(height, width): (usize, usize), missing| Part { height, width, samples: samples(height * width), missing };
    let mut parts = phases.iter().zip(wanted).zip(masks).map(|(((y, x), wanted), mask)| wanted.then(|| grid(part(*y, *x), mask)));
    let known = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    drop(parts);
    let references = (0..(number + 2 * kind) % 3).map(|_| grid((rows, columns), None)).collect();
    let predicted = samples(height * width);
    let (level, wrap) = (number as u32 * 3, columns.is_multiple_of(2) && kind % 2 == 0);
    (height * width > 0).then_some(PassRequest { pass, level, quantum, wrap, height, width, predicted, missing: own, known, references })
}
