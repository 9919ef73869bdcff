//! What the network says of a pass, on the CPU: the definition that accelerators are held to.

use super::levels::{Level, whole_level};
use super::neighbourhood::{Neighbourhood, Surroundings};
use crate::codec::accelerator::{Accelerator, LocalFuture, Part, PassAnswer, PassRequest};
use crate::codec::passes::Pass;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::network::engine::{Engine, LANES};
use crate::network::model::Model;

/// The definition of what an [`Accelerator`] answers, on the CPU.
#[derive(Debug, Clone, Copy)]
pub struct OnCpu(pub Engine);

impl Accelerator for OnCpu {
    fn answer<'a>(&'a self, model: &'a Model, requests: &'a [PassRequest]) -> LocalFuture<'a, Result<Vec<PassAnswer>>> {
        Box::pin(async move { requests.iter().map(|request| self.one(model, request)).collect() })
    }
}

impl OnCpu {
    fn one(self, model: &Model, request: &PassRequest) -> Result<PassAnswer> {
        let pass = [Pass::Diagonal, Pass::Horizontal, Pass::Vertical].into_iter().find(|p| p.number() == request.pass);
        let pass = pass.ok_or_else(|| Error::Accelerator { what: format!("there is no pass {}", request.pass) })?;
        let grid = |height: usize, width: usize, samples: &[i32]| Grid { height, width, samples: samples.to_vec() };
        let holes = |height: usize, width: usize, missing: &Option<Vec<u8>>| missing.clone().map(|samples| Grid { height, width, samples });
        let mut plane = Level::default();
        for (part, phase) in request.known.iter().zip([(0, 0), (0, 1), (1, 0), (1, 1)]) {
            if let Some(Part { height, width, samples, missing }) = part {
                plane.add(phase, &grid(*height, *width, samples), holes(*height, *width, missing).as_ref(), request.wrap);
            }
        }
        let references: Vec<Level> = request.references.iter().map(|p| whole_level(&grid(p.height, p.width, &p.samples), 1, request.wrap)).collect();
        let adaptive_scale = model.predictor().sight().adaptive_scale;
        let PassRequest { level, quantum, height, width, .. } = *request;
        let surroundings = Surroundings { pass, level, quantum, plane: &plane, references: &references, adaptive_scale };
        Ok(answer(model, self.0, &surroundings, &grid(height, width, &request.predicted), holes(height, width, &request.missing).as_ref()))
    }
}

/// What the network says of a pass.
pub(super) fn answer(model: &Model, engine: Engine, around: &Surroundings, base: &Grid<i32>, missing: Option<&Grid<u8>>) -> PassAnswer {
    let samples = base.samples.len();
    let (mut corrections, mut scales, mut exponents) = (vec![0; samples], vec![0; samples], vec![0; samples]);
    if let Some(mut forward) = model.predictor().start(around.pass.number(), engine) {
        let mut seen = Box::<Neighbourhood>::default();
        let said = corrections.chunks_mut(LANES).zip(scales.chunks_mut(LANES)).zip(exponents.chunks_mut(LANES));
        let holes = missing.map(|m| m.samples.as_slice()).unwrap_or_default();
        // Rows follow each other within a block, so that narrow ones fill it.
        for (block, (values, ((corrections, scales), exponents))) in base.samples.chunks(LANES).zip(said).enumerate() {
            let first = block * LANES;
            let holes = holes.get(first..).map(|holes| holes.get(..values.len()).unwrap_or(holes)).unwrap_or_default();
            // Nothing is said of a block that is missing altogether.
            if !holes.is_empty() && !holes.contains(&0) {
                continue;
            }
            engine.wide(
                #[inline(always)]
                || seen.look_along(around, (first / base.width.max(1), first % base.width.max(1)), base.width, values),
            );
            let Ok(said) = forward.run(&seen.inputs, &seen.direct, values.len()) else { continue };
            for (to, from) in [(&mut *corrections, &said.correction), (&mut *scales, &said.scale), (&mut *exponents, &seen.exponents)] {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                // A missing sample keeps the classical prediction.
                to.iter_mut().zip(holes).filter(|(_, hole)| **hole != 0).for_each(|(to, _)| *to = 0);
            }
        }
    }
    PassAnswer { corrections, scales, exponents }
}
