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
    let empty = || Grid::new(base.height, base.width);
    let (mut corrections, mut scales, mut exponents) = (empty(), empty(), empty());
    if let Some(mut forward) = model.predictor().start(around.pass.number(), engine) {
        let mut seen = Box::<Neighbourhood>::default();
        let rows = base.rows().zip(scales.rows_mut()).zip(corrections.rows_mut().zip(exponents.rows_mut()));
        for (y, ((values, scales), (corrections, exponents))) in rows.enumerate() {
            let said = corrections.chunks_mut(LANES).zip(exponents.chunks_mut(LANES));
            let blocks = values.chunks(LANES).zip(scales.chunks_mut(LANES)).zip(said);
            let holes = missing.map(|m| m.row(y)).unwrap_or_default();
            for (block, ((values, scales), (corrections, exponents))) in blocks.enumerate() {
                // Nothing is said of a block that is missing altogether.
                let holes = holes.chunks(LANES).nth(block).unwrap_or_default();
                if !holes.is_empty() && !holes.contains(&0) {
                    continue;
                }
                seen.look(around, y, block * LANES, values);
                let Ok(said) = forward.run(&seen.inputs, &seen.direct, values.len()) else { continue };
                scales.copy_from_slice(said.scale.get(..values.len()).unwrap_or_default());
                corrections.copy_from_slice(said.correction.get(..values.len()).unwrap_or_default());
                exponents.copy_from_slice(seen.exponents.get(..values.len()).unwrap_or_default());
                for ((hole, scale), (correction, exponent)) in holes.iter().zip(scales.iter_mut()).zip(corrections.iter_mut().zip(exponents.iter_mut())) {
                    // A missing sample keeps the classical prediction.
                    if *hole != 0 {
                        (*scale, *correction, *exponent) = (0, 0, 0);
                    }
                }
            }
        }
    }
    PassAnswer { corrections: corrections.samples, scales: scales.samples, exponents: exponents.samples }
}
