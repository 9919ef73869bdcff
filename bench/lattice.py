"""Whether values lie on lattices `offset + step · integer`, as packed and decimal data do; found from the values alone."""

import numpy as np

from fields import planes

LEAST_UNITS = 4
"""A step must be this many units in the last place, or else any float has one."""
SEED_UNITS = 32
"""The same for a step of any size, whose search starts from the difference of two gaps between rounded values."""
MOST_STEPS = 0xFFFF
STEPS = np.unique([2.0**binary / 10.0**decimal for binary in range(-40, 31) for decimal in range(10)])
"""Steps in use: GRIB packs to 2^E / 10^D, tables round to decimals."""


def is_recoverable(values):
    """Whether every plane that varies lies on a lattice of its own, and one does vary."""
    varying = [distinct for plane in planes(values) if (distinct := np.unique(plane[np.isfinite(plane)])).size > 1]
    return bool(varying) and all(map(on_lattice, varying))


def integers(values):
    """`(volume of 16-bit integers, how many lattices)` that values stand for: all planes on one, or each on its own; none, one or both."""
    ways = ([values.reshape(1, -1)], planes(values))
    found = ([steps(part) for part in parts] for parts in ways[: 1 + (len(ways[1]) > 1)])
    return [(np.stack(parts).reshape(planes(values).shape), len(parts)) for parts in found if all(part is not None for part in parts)]


def steps(values):
    """Steps above the smallest value, missing values below it; None where there is no lattice or more steps than 16 bits tell apart."""
    present = np.isfinite(values)
    distinct = np.unique(values[present])
    step = step_of(distinct) if distinct.size > 1 else 1.0
    if not step or not distinct.size:
        return None
    heights = np.rint((values.astype(np.float64) - float(distinct[0])) / step) + (not present.all())
    return np.where(present, heights, 0).astype(np.uint16) if heights[present].max() <= MOST_STEPS else None


def on_lattice(distinct):
    return step_of(distinct) > 0


def step_of(distinct):
    """The step of a lattice, 0 when there is none."""
    unit = float(np.spacing(np.abs(distinct).max()))
    heights = distinct.astype(np.float64) - float(distinct[0])
    known = STEPS[(STEPS >= LEAST_UNITS * unit) & (STEPS <= heights[-1])]
    step = next((step for step in known[::-1] if explains(heights, step, unit)), None) or by_gaps(heights, unit)
    return float(step) if explains(heights, step, unit) else 0.0


def explains(heights, step, unit):
    """Whether every height is a multiple of the step to within one unit in the last place; a few are tried first."""
    return step >= LEAST_UNITS * unit and all(np.abs(part - step * np.rint(part / step)).max() <= unit for part in (heights[:50], heights))


def by_gaps(heights, unit):
    """A step of any size, as `scale_factor` of packed NetCDF files, refined on ever larger heights; 0 when there is none."""
    gaps = np.sort(np.diff(heights))
    seeds = np.concatenate([gaps, np.diff(gaps)])
    known = step = seeds[seeds >= SEED_UNITS * unit].min(initial=np.inf)
    while known < heights[-1]:
        # The step is known to unit · step / known: that far up the integers can be told apart.
        within = heights[heights <= known * 0.2 * step / unit]
        if not within.size or within[-1] <= known:
            return 0.0
        known = within[-1]
        step = known / np.rint(known / step)
    return step if step < np.inf else 0.0
