"""Whether values lie on lattices `offset + step · integer`, as packed and decimal data do; found from the values alone."""

import numpy as np

from fields import planes

LEAST_UNITS = 4
"""A step must be this many units in the last place, or else any float has one."""
SEED_UNITS = 32
"""The same for a step of any size, whose search starts from the difference of two gaps between rounded values."""
STEPS = np.unique([2.0**binary / 10.0**decimal for binary in range(-40, 31) for decimal in range(10)])
"""Steps in use: GRIB packs to 2^E / 10^D, tables round to decimals."""


def is_recoverable(values):
    """Whether every plane that varies lies on a lattice of its own, and one does vary."""
    varying = [distinct for plane in planes(values) if (distinct := np.unique(plane[np.isfinite(plane)])).size > 1]
    return bool(varying) and all(map(on_lattice, varying))


def on_lattice(distinct):
    unit = float(np.spacing(np.abs(distinct).max()))
    heights = distinct.astype(np.float64) - float(distinct[0])
    known = STEPS[(STEPS >= LEAST_UNITS * unit) & (STEPS <= heights[-1])]
    return any(explains(heights, step, unit) for step in known[::-1]) or explains(heights, by_gaps(heights, unit), unit)


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
