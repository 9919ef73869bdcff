//! How long a step takes, and which part of it.

use crate::checkpoint::Learner;
use crate::error::Result;
use crate::net::Sizes;
use crate::objective::{self, Run};
use crate::source::{Source, Synthetic};
use crate::trainer::step;
use burn::tensor::{Distribution, Tensor};
use std::time::Instant;

/// Prints milliseconds of a step and of its parts.
pub fn measure(sizes: Sizes, samples: usize, run: &Run) -> Result<()> {
    let batch = Synthetic::new(1, sizes.inputs).batch(0, samples);
    let mut learners = Learner::all(sizes, 1, 1e-4, &run.device);
    let learner = learners.first_mut().ok_or("no net")?;
    let report = |name: &str, time: Time| {
        println!("{name:34} {:8.2} ms {:8.2} ms of cores {:8.2} M samples/s", time.wall * 1e3, time.cores * 1e3, samples as f64 / time.wall / 1e6);
    };
    for quantised in [false, true] {
        let run = Run { quantised, ..run.clone() };
        let name = if quantised { "quantised" } else { "float" };
        report(
            &format!("{name}: step"),
            time(|| {
                let slope = objective::slope(&learner.net, &batch, &run)?;
                step(learner, slope, 1e-4, 1.0)
            })?,
        );
        report(&format!("{name}: gradient"), time(|| objective::slope(&learner.net, &batch, &run).map(drop))?);
        report(&format!("{name}: forward and bits"), time(|| objective::bits(&learner.net, &batch, &run).map(drop))?);
        report(&format!("{name}: forward"), time(|| objective::predictions(&learner.net, &batch, &run).map(drop))?);
        report(&format!("{name}: copy of the net"), time(|| learner.net.copy(quantised, &run.device).map(drop))?);
    }
    let mixture = learner.net.mixture()?;
    let said = objective::predictions(&learner.net, &batch, run)?;
    report(
        "cost and slopes, one thread",
        time(|| {
            let costs = said.iter().zip(batch.target.iter().zip(&batch.width)).map(|(&said, (&target, &width))| mixture.cost(said, target, width).bits);
            if costs.sum::<f32>().is_nan() { Err("not a number".into()) } else { Ok(()) }
        })?,
    );
    // The matrix products of forward and backward alone, in shards on one thread.
    let random = |rows, columns| Tensor::<2>::random([rows, columns], Distribution::Default, &run.device);
    let layers = [
        (sizes.inputs, sizes.hidden1, false),
        (sizes.inputs, sizes.kernels, false),
        (sizes.hidden1, sizes.hidden2, true),
        (sizes.hidden2, 26 + sizes.kernels, true),
        (sizes.hidden2, 2, true),
    ];
    let mut whole = Time::default();
    for (inputs, outputs, inner) in layers.into_iter().filter(|(_, outputs, _)| *outputs > 0) {
        let (x, w, g) = (random(run.shard, inputs), random(inputs, outputs), random(run.shard, outputs));
        let time = time(|| {
            for _ in 0..samples / run.shard {
                let _ = x.clone().matmul(w.clone());
                let _ = x.clone().transpose().matmul(g.clone());
                if inner {
                    let _ = g.clone().matmul(w.clone().transpose());
                }
            }
            Ok(())
        })?;
        let products = if inner { 3.0 } else { 2.0 } * 2.0 * (inputs * outputs * samples) as f64;
        report(&format!("products {inputs}x{outputs}, one thread"), time);
        println!("{:34} {:8.1} GFLOP/s", "", products / time.cores / 1e9);
        whole = Time { wall: whole.wall + time.wall, cores: whole.cores + time.cores };
    }
    report("all products, one thread", whole);
    Ok(())
}

/// Seconds of a call.
#[derive(Debug, Clone, Copy, Default)]
struct Time {
    /// As a clock sees it.
    wall: f64,
    /// All cores together: what counts on a machine that others use too. Only on Linux.
    cores: f64,
}

/// Mean time of a call, over a few seconds.
fn time(mut call: impl FnMut() -> Result<()>) -> Result<Time> {
    for _ in 0..3 {
        call()?;
    }
    let (start, before) = (Instant::now(), core_seconds());
    let mut calls = 0;
    while start.elapsed().as_secs_f64() < 2.0 {
        call()?;
        calls += 1;
    }
    let calls = f64::from(calls);
    Ok(Time { wall: start.elapsed().as_secs_f64() / calls, cores: (core_seconds() - before) / calls })
}

/// Time of all threads so far, in steps of 10 ms.
fn core_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, fields) = text.rsplit_once(')').unwrap_or_default();
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}
