"""A field: one array, missing values as NaN, and the ways to fill them for codecs that cannot hold any."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt

from store import digest

TEMPERATURES = {"k", "kelvin", "degk", "c", "degc", "celsius", "degreesc", "degreescelsius", "degreecelsius"}
"""Units of temperature in lower case without blanks and underscores."""


def planes(values):
    """An array of any number of dimensions as a volume (planes, rows, columns)."""
    return values.reshape(-1, *values.shape[-2:])


@dataclass
class Field:
    """One array: the last two dimensions are a plane."""

    dataset: str
    name: str
    values: np.ndarray
    units: str = ""

    @property
    def label(self):
        return f"{self.dataset}/{self.name}"

    @property
    def file_name(self):
        return f"{self.dataset}.{self.name}.npy"

    @property
    def volume(self):
        return planes(self.values)

    @property
    def is_temperature(self):
        return self.units.lower().replace(" ", "").replace("_", "") in TEMPERATURES

    @cached_property
    def content(self):
        """Hash of type, shape and values."""
        return digest(self.values.dtype.str, self.values.shape, self.values.tobytes())

    @cached_property
    def has_missing(self):
        return bool(np.isnan(self.values).any())

    @cached_property
    def range(self):
        """Largest minus smallest value, in float64; 0 for constant and all-missing fields."""
        present = self.values[np.isfinite(self.values)].astype(np.float64)
        return float(present.max() - present.min()) if present.size else 0.0

    @cached_property
    def fills(self):
        """The volume for a codec that cannot hold missing values, filled in several ways; none of them is always the best."""
        return [planes(fill(self.values)) for fill in (smooth, previous, mean)] if self.has_missing else [self.volume]


def mean(values):
    """Missing values as the mean of the others."""
    present = np.isfinite(values)
    return np.where(present, values, values[present].mean(dtype=np.float64) if present.any() else 0).astype(values.dtype)


def previous(values):
    """Missing values as the last one before them, or the first of all."""
    flat = values.reshape(-1)
    present = np.flatnonzero(np.isfinite(flat))
    before = np.searchsorted(present, np.arange(flat.size), side="right") - 1
    return flat[present[np.maximum(before, 0)]].reshape(values.shape) if present.size else np.zeros_like(values)


def smooth(values, rounds=300):
    """Missing values relaxed towards the mean of their four neighbours, from the nearest value of their plane."""
    result = planes(mean(values))
    missing = ~np.isfinite(planes(values))
    for plane, hole in zip(result, missing):
        if hole.any() and not hole.all():
            plane[:] = plane[tuple(distance_transform_edt(hole, return_distances=False, return_indices=True))]
    for _ in range(rounds):
        wide = np.pad(result, ((0, 0), (1, 1), (1, 1)), mode="edge")
        around = (wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]) / 4
        result[missing] = around[missing]
    return result.reshape(values.shape)


def with_payloads(values):
    """A float32 array whose missing values are NaNs that all differ: quiet and signalling ones of both signs."""
    bits = values.astype(np.float32).view(np.uint32).copy()
    missing = np.isnan(values)
    number = np.arange(missing.sum(), dtype=np.uint32)
    bits[missing] = 0x7F800000 | (number % 2) << 31 | 1 + number % 0x7FFFFE
    return bits.view(np.float32)
