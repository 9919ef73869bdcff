//! The GPU says what the CPU says, to the last bit, whatever networks and numbers come; and where it cannot, it says so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use burn::cubecl::future::block_on;
use deepcomp::archive::{Compressor, Done, Job, run_on_accelerator};
use deepcomp::codec::OnCpu;
use deepcomp::codec::Options;
use deepcomp::codec::accelerator::{Accelerator, Part, PassAnswer, PassRequest};
use deepcomp::field::{Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::network::engine::Engine;
use deepcomp::network::model::{LayerNumbers, Model, NetNumbers, Sight, write};
use deepcomp_gpu::Gpu;
use std::sync::Arc;

/// Random networks, and random passes for each of them.
const NETWORKS: usize = 1000;
const PASSES: usize = 3;
const INPUTS: usize = 47;
const DIRECT: usize = 20;
const PRIORS: usize = 2304;

fn shipped() -> Arc<Model> {
    Model::parse(include_bytes!("../../../models/deepcomp.dcm")).unwrap()
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }
}

/// Numbers of a layer as large as the rules allow: weights up to ±127, sums up to 2^23, any shift.
fn layer(random: &mut Random, inputs: usize, outputs: usize, largest: i64) -> (Vec<i8>, Vec<i32>, Vec<u8>) {
    const LIMIT: i64 = (1 << 23) - 1;
    let (mut weights, mut biases, mut shifts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..outputs {
        let bold = random.below(3) == 0;
        let mut row: Vec<i8> =
            (0..inputs).map(|_| if bold { if random.below(2) == 0 { 127 } else { -127 } } else { (random.next() % 255) as u8 as i8 }).collect();
        row.iter_mut().for_each(|w| *w = (*w).max(-127));
        while row.iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>() * largest > LIMIT {
            row.iter_mut().for_each(|w| *w /= 2);
        }
        let room = LIMIT - row.iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>() * largest;
        let bias = if random.below(2) == 0 { room } else { i64::from(random.next()) % (room + 1) };
        weights.extend(row);
        biases.push(if random.below(2) == 0 { bias as i32 } else { -(bias as i32) });
        shifts.push(if random.below(4) == 0 { random.below(23) } else { 4 + random.below(8) } as u8);
    }
    (weights, biases, shifts)
}

/// Weights, biases and shifts of each layer of a net, and its sizes.
type Net = ([usize; 3], Vec<(Vec<i8>, Vec<i32>, Vec<u8>)>);

fn numbers((sizes, layers): &Net) -> NetNumbers<'_> {
    let layers = layers.iter().map(|(weights, biases, shifts)| LayerNumbers { weights, biases, shifts }).collect();
    NetNumbers { sizes: *sizes, layers }
}

/// A model of random sizes and weights.
fn network(random: &mut Random) -> Arc<Model> {
    let nets: Vec<Net> = (0..3)
        .map(|_| {
            let (first, second, kernels) = (1 + random.below(70), 1 + random.below(50), [0, 1, 3, 12][random.below(4)]);
            let heads = if kernels > 0 { DIRECT + kernels } else { 0 } + 2;
            let mut layers = vec![layer(random, INPUTS, first, 1023)];
            if kernels > 0 {
                layers.push(layer(random, INPUTS, kernels, 1023));
            }
            layers.push(layer(random, first, second, 255));
            layers.push(layer(random, second, heads, 255));
            ([first, second, kernels], layers)
        })
        .collect();
    let nets = [numbers(&nets[0]), numbers(&nets[1]), numbers(&nets[2])];
    let sight = Sight { adaptive_scale: random.below(3) > 0, references: true };
    Model::parse(&write("random", sight, &nets, &vec![[128; 32]; PRIORS], None)).unwrap()
}

fn samples(random: &mut Random, count: usize) -> Vec<i32> {
    // All over 32 bits, or close together anywhere, or a few extremes.
    let (kind, shift, middle) = (random.below(4), random.below(31) as u32, random.next() as i32);
    let one = |random: &mut Random| match kind {
        0 => random.next() as i32,
        1 => [i32::MIN, i32::MAX, 0, -1, i32::MIN + 1, i32::MAX - 1][random.below(6)],
        _ => middle.wrapping_add(random.next() as i32 >> shift),
    };
    (0..count).map(|_| one(random)).collect()
}

/// A pass over a level of random size, with everything that may be there or not.
fn request(random: &mut Random) -> PassRequest {
    loop {
        let side = |random: &mut Random| if random.below(4) == 0 { 1 + random.below(3) } else { 1 + random.below(40) };
        let (rows, columns) = (side(random), side(random));
        let pass = random.below(3);
        let part = |(top, left): (usize, usize)| ((rows + 1 - top) / 2, (columns + 1 - left) / 2);
        let (height, width) = part([(1, 1), (0, 1), (1, 0)][pass]);
        if height * width == 0 {
            continue;
        }
        let holes = random.below(3) == 0;
        let missing = |random: &mut Random, count: usize| holes.then(|| (0..count).map(|_| u8::from(random.below(3) == 0) * 7).collect::<Vec<_>>());
        let grid = |random: &mut Random, (height, width): (usize, usize)| Part {
            height,
            width,
            samples: samples(random, height * width),
            missing: missing(random, height * width),
        };
        let known = [Some((0, 0)), (pass == 2).then_some((0, 1)), None, (pass > 0).then_some((1, 1))].map(|phase| phase.map(|phase| grid(random, part(phase))));
        let whole = |random: &mut Random| Part { height: rows, width: columns, samples: samples(random, rows * columns), missing: None };
        let references = (0..random.below(3)).map(|_| whole(random)).collect();
        let predicted = samples(random, height * width);
        let quantum = [1, 3, 129, 65_537, i32::MAX][random.below(5)];
        let wrap = columns % 2 == 0 && random.below(2) == 0;
        return PassRequest {
            pass,
            level: random.below(12) as u32,
            quantum,
            wrap,
            height,
            width,
            predicted,
            missing: missing(random, height * width),
            known,
            references,
        };
    }
}

fn answers(accelerator: &dyn Accelerator, model: &Model, requests: &[PassRequest]) -> Vec<PassAnswer> {
    block_on(accelerator.answer(model, requests)).unwrap()
}

fn check(gpu: &Gpu, model: &Model, requests: &[PassRequest]) {
    let scalar = answers(&OnCpu(Engine::scalar()), model, requests);
    assert_eq!(scalar, answers(&OnCpu(Engine::detect()), model, requests), "the engines of the CPU");
    for (number, (on_gpu, on_cpu)) in answers(gpu, model, requests).iter().zip(&scalar).enumerate() {
        assert_eq!(on_gpu, on_cpu, "request {number}: {:?}", requests[number]);
    }
}

fn hills(shape: &[usize]) -> Dataset {
    let width = shape[shape.len() - 1];
    let value = |i: usize| ((i / width) as f32 / 9.0).sin() * 8.0 + ((i % width) as f32 / 23.0).cos() * 5.0 + ((i * 2_654_435_761) % 1000) as f32 / 4000.0;
    Dataset::from_array("hills", shape, Values::F32((0..shape.iter().product()).map(value).collect()), SourceFormat::ARRAY).unwrap()
}

fn archive(accelerator: &dyn Accelerator, model: &Arc<Model>) -> (Vec<u8>, bool) {
    let options = Options { model: Some(model.clone()), coarse: true, ..Options::new(ErrorBound::relative(1e-3).unwrap()) };
    let mut compressor = Compressor::new(hills(&[3, 120, 181]), "hills", &options).unwrap();
    compressor.add(hills(&[64, 64]), "more").unwrap();
    let jobs: Vec<Job> = std::iter::from_fn(|| compressor.next_job()).collect();
    let (done, reason) = block_on(run_on_accelerator(&jobs, &std::iter::once(model.clone()).collect(), accelerator));
    let done: Vec<Done> = done.into_iter().map(Result::unwrap).collect();
    done.into_iter().for_each(|done| _ = compressor.accept(done).unwrap());
    (compressor.finish().unwrap().0, reason.is_some())
}

/// One test, since the loss of the device, which comes last, is for all of the process.
#[test]
fn the_gpu_says_what_the_cpu_says_until_it_is_lost() {
    let gpu = match Gpu::new() {
        Ok(gpu) => gpu,
        Err(error) if std::env::var_os("DEEPCOMP_GPU_OPTIONAL").is_some() => return println!("skipped: {error}"),
        Err(error) => panic!("{error}; install a Vulkan driver such as mesa-vulkan-drivers, or set DEEPCOMP_GPU_OPTIONAL to skip this"),
    };
    println!("on {:?}", gpu.adapter());
    let model = shipped();
    block_on(gpu.self_test(&model)).unwrap();

    let mut random = Random(7);
    for number in 0..NETWORKS {
        let model = network(&mut random);
        let requests: Vec<PassRequest> = (0..PASSES).map(|_| request(&mut random)).collect();
        check(&gpu, &model, &requests);
        if number % 100 == 0 {
            block_on(gpu.self_test(&model)).unwrap();
            let together = answers(&gpu, &model, &requests);
            let alone: Vec<PassAnswer> = requests.iter().flat_map(|request| answers(&gpu, &model, std::slice::from_ref(request))).collect();
            assert_eq!(together, alone);
        }
    }

    assert_eq!(archive(&gpu, &model), archive(&OnCpu(Engine::detect()), &model));

    let large: Vec<PassRequest> = (0..3).map(|_| request(&mut random)).collect();
    gpu.lose();
    assert_eq!(block_on(gpu.answer(&model, &large)).unwrap_err().code(), "accelerator");
    assert_eq!(Gpu::new().unwrap_err().code(), "accelerator");
    let (bytes, fell_back) = archive(&gpu, &model);
    assert!(fell_back);
    assert_eq!(bytes, archive(&OnCpu(Engine::detect()), &model).0);
}
