//! Which known samples a pass is predicted from.

use crate::codec::passes::Pass;

/// A neighbour: whether it is a diagonal or a known sample, and its row and column relative to the predicted one.
pub(super) type Tap = (bool, isize, isize);

/// Taps of a pass: near pair and far pair of the first line, then of the second.
pub(crate) const fn taps(pass: Pass) -> [[Tap; 2]; 4] {
    const K: bool = false;
    const D: bool = true;
    match pass {
        Pass::Diagonal => [[(K, 0, 0), (K, 1, 1)], [(K, -1, -1), (K, 2, 2)], [(K, 0, 1), (K, 1, 0)], [(K, -1, 2), (K, 2, -1)]],
        Pass::Horizontal => [[(K, 0, 0), (K, 0, 1)], [(K, 0, -1), (K, 0, 2)], [(D, -1, 0), (D, 0, 0)], [(D, -2, 0), (D, 1, 0)]],
        Pass::Vertical => [[(D, 0, -1), (D, 0, 0)], [(D, 0, -2), (D, 0, 1)], [(K, 0, 0), (K, 1, 0)], [(K, -1, 0), (K, 2, 0)]],
    }
}

/// Taps between the two lines of a pass: one quartet closer to the first line, one closer to the second.
pub(super) const fn oblique_taps(pass: Pass) -> [[Tap; 4]; 2] {
    const K: bool = false;
    const D: bool = true;
    match pass {
        Pass::Diagonal => [[(K, 0, -1), (K, 0, 2), (K, 1, -1), (K, 1, 2)], [(K, -1, 0), (K, -1, 1), (K, 2, 0), (K, 2, 1)]],
        Pass::Horizontal => [[(D, -1, -1), (D, -1, 1), (D, 0, -1), (D, 0, 1)], [(K, -1, 0), (K, -1, 1), (K, 1, 0), (K, 1, 1)]],
        Pass::Vertical => [[(K, 0, -1), (K, 0, 1), (K, 1, -1), (K, 1, 1)], [(D, -1, -1), (D, -1, 0), (D, 1, -1), (D, 1, 0)]],
    }
}
