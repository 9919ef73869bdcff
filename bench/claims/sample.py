"""What the claims are measured on: fields of the NCEP sets and the pictures, and the settings of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import readers
from bounds import LOSSLESS, Bound
from fields import Field

DATASETS = ("gfs", "nam", "ncep-r1", "coads")
"""NCEP's among the data sets. Their variables on pressure levels as arrays are left out: the same values again."""
PICTURES = "imagery"
MOST = 24
"""Of a data set with more fields, one in so many is taken that no more than this are left."""
EVERY = 2
"""One picture in so many is taken."""
MOST_SIDE = 512
"""Of larger pictures the middle is taken."""
RELATIVE = (Bound("rel", 1e-1), Bound("rel", 3e-2), Bound("rel", 1e-2), Bound("rel", 1e-3))
NEAR = (2, 4, 8)
"""Largest errors of 8-bit pictures."""
RECOMMENDED, EXACT = "recommended", str(LOSSLESS)
FIELD_SETTINGS = (*map(str, RELATIVE), RECOMMENDED, EXACT)
PICTURE_SETTINGS = tuple(f"±{near}" for near in NEAR)

PASCALS = {"pa": 1.0, "mb": 0.01, "hpa": 0.01}
PRESSURES = {"msl", "sp", "prmsl", "mslet", "slp"}
WINDS = {"u", "v", "10u", "10v", "uwnd", "vwnd"}
ELSEWHERE = Bound("rel", 1e-3)
"""Where nothing is recommended; also for specific humidity, whose 1 % of each value is not a bound that this tool has."""


@dataclass
class Picture(Field):
    """An 8-bit picture as planes (channel, row, column)."""

    @property
    def pixels(self):
        """As picture codecs take them: (row, column) or (row, column, channel)."""
        return np.ascontiguousarray(np.moveaxis(self.values, 0, -1).squeeze())

    @cached_property
    def settings(self):
        return dict(zip(PICTURE_SETTINGS, (Bound("abs", float(near)) for near in NEAR)))


@dataclass
class Sampled(Field):
    """A field and the bound that each setting means for it."""

    @cached_property
    def settings(self):
        return {str(bound): bound for bound in RELATIVE} | {RECOMMENDED: recommended(self), EXACT: LOSSLESS}


def recommended(field):
    """The bound for a variable that keeps what is known of it; masks have none to lose."""
    variable, units = short_name(field), field.units.lower()
    if np.unique(field.values[np.isfinite(field.values)]).size <= 2:
        return LOSSLESS
    if field.is_temperature:
        return Bound("abs", 0.01)
    if variable in WINDS:
        return Bound("abs", 0.001)
    if variable == "gh":
        return Bound("abs", 1.0)
    if variable in PRESSURES and units in PASCALS:
        return Bound("abs", PASCALS[units])
    return ELSEWHERE


def short_name(field):
    """The variable of a field: a GRIB message's name is file, number, variable, level."""
    parts = field.name.split(".")
    return (parts[2] if len(parts) > 3 else parts[0]).lower()


def fields(folder):
    """One in so many of the fields of each data set that vary; a range below the least normal float32 is not a field's."""
    members = {name: [] for name in DATASETS}
    for field in readers.all_fields(folder):
        if field.dataset in members and field.values.dtype == np.float32 and field.range > np.finfo(np.float32).tiny:
            members[field.dataset].append(Sampled(field.dataset, field.name, field.values, field.units))
    return [field for group in members.values() for field in group[:: -(-len(group) // MOST) or 1]]


def pictures(folder):
    """One in so many of the pictures, in the order of their names."""
    return [Picture(PICTURES, path.stem, picture_planes(readers.picture(path))) for path in readers.files(folder, *readers.PICTURES)[::EVERY]]


def picture_planes(pixels):
    """The middle of a picture as planes, one where all channels are equal."""
    starts = [max(size - MOST_SIDE, 0) // 2 for size in pixels.shape[:2]]
    rows, columns = (slice(start, start + MOST_SIDE) for start in starts)
    planes = np.moveaxis(np.atleast_3d(pixels[rows, columns]), -1, 0)
    return np.ascontiguousarray(planes[:1] if (planes == planes[0]).all() else planes)
