"""DeepComp at the error or at the size of an autoencoder that has no bound: the setting is found by bisection of DeepComp's own bound."""

import math

from claims import ours

SAME_ERROR, SAME_SIZE = "RMSE at most that of", "bytes at most those of"
STEPS = 7
"""Halvings of the bracket's logarithm."""
FINEST = 1 / 32
"""Of the autoencoder's RMSE: the bound from which a setting of its size is sought."""


def rows(cli, field, theirs, npy, kept):
    """DeepComp at the RMSE and at the bytes of a row of an autoencoder as it is; nothing where no bound does it."""
    measure = lambda value: ours.at(cli, field, value, npy, kept)  # noqa: E731
    # No error is above the bound, and no mean error above the largest: the RMSE itself is a bound that does.
    coarsest = widest(measure, theirs["rmse"], field.range, lambda row: row["rmse"] <= theirs["rmse"])
    finest = narrowest(measure, theirs["rmse"] * FINEST, field.range, lambda row: row["bytes"] <= theirs["bytes"])
    found = {SAME_ERROR: coarsest, SAME_SIZE: finest}
    return [row | {"method": ours.OURS, "setting": f"{same} {theirs['method']}"} for same, row in found.items() if row]


def widest(measure, low, high, wanted):
    """The row of the widest bound that is found to be as wanted; `low` is one that is."""
    best = measure(high)
    if wanted(best):
        return best
    best = measure(low)
    for _ in range(STEPS):
        middle = math.sqrt(low * high)
        row = measure(middle)
        best, low, high = (row, middle, high) if wanted(row) else (best, low, middle)
    return best


def narrowest(measure, low, high, wanted):
    """The row of the narrowest bound that is found to be as wanted; None where not even the widest is."""
    best = measure(high)
    if not wanted(best):
        return None
    for _ in range(STEPS):
        middle = math.sqrt(low * high)
        row = measure(middle)
        best, low, high = (row, low, middle) if wanted(row) else (best, middle, high)
    return best
