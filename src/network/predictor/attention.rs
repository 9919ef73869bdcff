//! The weighted mean of the tokens of a block of samples.

use crate::network::engine::{LANES, Row, Softmax};

/// The mean of the tokens by their scores, in quarters of a unit.
pub(crate) fn mean(softmax: &Softmax, scores: &[Row], tokens: [&[Row]; 2]) -> Row {
    let mut largest = [i32::MIN; LANES];
    for score in scores {
        largest.iter_mut().zip(score).for_each(|(l, s)| *l = (*l).max(*s));
    }
    let (mut sum, mut total) = ([0i32; LANES], [0i32; LANES]);
    let [first, second] = tokens;
    for (score, token) in scores.iter().zip(first.iter().chain(second)) {
        let mut weights = [0i32; LANES];
        weights.iter_mut().zip(score).zip(&largest).for_each(|((weight, score), largest)| *weight = softmax.weight(largest - score));
        for (((sum, total), weight), token) in sum.iter_mut().zip(&mut total).zip(weights).zip(token) {
            *sum += weight;
            *total = total.wrapping_add(weight.wrapping_mul(*token));
        }
    }
    let mut mean = [0; LANES];
    mean.iter_mut().zip(sum).zip(total).for_each(|((mean, sum), total)| *mean = softmax.mean(total, sum));
    mean
}
