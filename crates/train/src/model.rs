//! Integers and statistics -> the model file.

use crate::data::Data;
use crate::integer::{IntegerNet, Layer};
use deepcomp::network::model::{LayerNumbers, Model, NetNumbers, Sight, write};
use deepcomp::training::{self, Counts};

/// Decisions of a context.
type Prior = [u8; 32];

/// The bytes of a model file.
pub fn file(name: &str, sight: Sight, nets: &[IntegerNet; 3], priors: &[Prior]) -> Vec<u8> {
    let parts = nets.each_ref().map(parts);
    let numbers = parts.each_ref().map(|(sizes, layers)| NetNumbers { sizes: *sizes, layers: layers.iter().map(numbers).collect() });
    write(name, sight, &numbers, priors, None)
}

/// Sizes and layers of a net in the order of the file: first hidden layer, kernels, second, heads.
fn parts(net: &IntegerNet) -> ([usize; 3], Vec<Layer>) {
    let hidden = net.first.bias.len() - net.kernels;
    let (first, kernels) = split(&net.first, hidden);
    let sizes = [hidden, net.second.bias.len(), net.kernels];
    let kernels = Some(kernels).filter(|_| net.kernels > 0);
    (sizes, [Some(first), kernels, Some(net.second.clone()), Some(net.third.clone())].into_iter().flatten().collect())
}

/// The first `outputs` of a layer, and the others.
fn split(layer: &Layer, outputs: usize) -> (Layer, Layer) {
    let part = |from: usize, to: usize| Layer {
        inputs: layer.inputs,
        largest: layer.largest,
        weights: layer.weights.iter().skip(from * layer.inputs).take((to - from) * layer.inputs).copied().collect(),
        bias: layer.bias.iter().skip(from).take(to - from).copied().collect(),
        shift: layer.shift.iter().skip(from).take(to - from).copied().collect(),
    };
    (part(0, outputs), part(outputs, layer.bias.len()))
}

pub fn numbers(layer: &Layer) -> LayerNumbers<'_> {
    LayerNumbers { weights: &layer.weights, biases: &layer.bias, shifts: &layer.shift }
}

/// Logits of the decisions of every prior context, as the model file has them, counted over cuts of training data.
pub fn priors(model: &Model, mut data: Data, cuts: usize) -> Vec<Prior> {
    let mut counts = training::no_counts();
    for _ in 0..cuts {
        if let Some(stack) = data.cut() {
            training::count(&stack, model, &mut counts);
        }
    }
    smooth(&counts, CLASS)
}

/// Contexts of one class of scale.
const CLASS: usize = 72;
/// Observations that the rest of its class counts for.
const STRENGTH: f64 = 3.0;

/// Each context leans on its class, so many in a row, as long as it has seen little itself.
pub fn smooth(counts: &Counts, class: usize) -> Vec<Prior> {
    let mut priors = Vec::with_capacity(counts.len());
    for class in counts.chunks(class) {
        let whole: [f64; 32] = std::array::from_fn(|decision| {
            let sum = |bit: usize| class.iter().filter_map(|c| c.get(decision)?.get(bit)).map(|n| f64::from(*n)).sum::<f64>();
            (sum(1) + 0.4) / (sum(0) + sum(1) + 0.8)
        });
        for context in class {
            let prior = std::array::from_fn(|decision| {
                let count = |bit: usize| context.get(decision).and_then(|c| c.get(bit)).map_or(0.0, |n| f64::from(*n));
                let back = whole.get(decision).copied().unwrap_or(0.5);
                let one = (count(1) + STRENGTH * back) / (count(0) + count(1) + STRENGTH);
                logit(one)
            });
            priors.push(prior);
        }
    }
    priors
}

/// A probability as a byte: steps of 24/256 around 128.
fn logit(one: f64) -> u8 {
    let logit = (one / (1.0 - one)).ln();
    (128.0 + logit * 256.0 / 24.0).round().clamp(1.0, 255.0) as u8
}
