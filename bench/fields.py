"""Data sets: GRIB, NetCDF and NPY files of a folder as named arrays, missing values as NaN.

The command line tool of this version reads NetCDF-3, NPY and PNG, so the bench reads the rest with the reference libraries
and hands every codec the same arrays.
"""

import os
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import eccodes
import netCDF4
import numpy as np
from scipy.ndimage import distance_transform_edt

ROOT = Path(__file__).resolve().parent.parent
SMALLEST = 1000
"""Values below which an array is bookkeeping, not a field."""


@dataclass
class Field:
    """One array: the last two dimensions are a plane."""

    dataset: str
    name: str
    values: np.ndarray

    @property
    def label(self):
        return f"{self.dataset}/{self.name}"

    @property
    def file_name(self):
        return f"{self.dataset}.{self.name}.npy"

    @cached_property
    def range(self):
        """Largest minus smallest value, in float64; 0 for constant and all-missing fields."""
        present = self.values[np.isfinite(self.values)].astype(np.float64)
        return float(present.max() - present.min()) if present.size else 0.0

    @property
    def fills(self):
        """The ways to give the field to a codec that cannot hold missing values; none of them is always the best."""
        return [fill(self.values) for fill in (smooth, previous, mean)] if np.isnan(self.values).any() else [self.values]


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
    planes, result = values.reshape(-1, *values.shape[-2:]), mean(values).reshape(-1, *values.shape[-2:])
    missing = ~np.isfinite(planes)
    for plane, hole in zip(result, missing):
        if hole.any() and not hole.all():
            plane[:] = plane[tuple(distance_transform_edt(hole, return_distances=False, return_indices=True))]
    for _ in range(rounds):
        wide = np.pad(result, ((0, 0), (1, 1), (1, 1)), mode="edge")
        around = (wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]) / 4
        result[missing] = around[missing]
    return result.reshape(values.shape)


def data_folder():
    """The folder to measure, and how to call it in the report."""
    if os.environ.get("DEEPCOMP_DATA"):
        return Path(os.environ["DEEPCOMP_DATA"]), "the folder named by DEEPCOMP_DATA"
    shared = ROOT.parent / "shared" / "data" / "valid"
    if shared.is_dir():
        return shared, "`../shared/data/valid`"
    return ROOT / "samples", "`samples/`, the few that ship with the project: not the full set of fields"


def files(folder, *extensions):
    """Files of a folder and those below it, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in extensions and path.is_file())


def all_fields(folder):
    """Every field of every file."""
    readers = {".nc": netcdf, ".cdf": netcdf, ".grb": grib, ".grib": grib, ".grib2": grib, ".npy": npy}
    return [Field(path.parent.name, name, np.ascontiguousarray(values)) for path in files(folder, *readers) for name, values in readers[path.suffix.lower()](path)]


def netcdf_variables(path):
    """Numeric variables of at least two dimensions in physical units, in their own type: `(name, masked array)`."""
    with netCDF4.Dataset(path) as dataset, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, variable in dataset.variables.items():
            if variable.ndim >= 2 and variable.size >= SMALLEST and variable.dtype != "S1":
                yield name, np.ma.asarray(variable[...]), variable.dtype


def netcdf(path):
    """Floats as they are; integers, packed or not, as the float32 they stand for."""
    for name, values, stored in netcdf_variables(path):
        kind = stored if stored.kind == "f" else np.dtype(np.float32)
        yield name, np.ma.filled(values.astype(np.float64), np.nan).astype(kind)


def grib(path):
    """Every message as a field; a file of one parameter at one level is one series."""
    messages = list(grib_messages(path))
    if len(messages) > 1 and len({what for what, _ in messages}) == 1:
        yield f"{path.stem}.series", np.stack([values for _, values in messages])
        return
    for number, (what, values) in enumerate(messages):
        yield f"{path.stem.split('.')[0]}.{number:03d}.{'.'.join(what)}", values


def grib_messages(path):
    eccodes.codes_grib_multi_support_on()
    with open(path, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            what = tuple(eccodes.codes_get_string(message, key) for key in ("shortName", "typeOfLevel", "level"))
            shape = eccodes.codes_get(message, "Nj"), eccodes.codes_get(message, "Ni")
            missing = 1e30
            eccodes.codes_set(message, "missingValue", missing)
            values = eccodes.codes_get_values(message)
            eccodes.codes_release(message)
            yield what, np.where(values == missing, np.nan, values).astype(np.float32).reshape(shape)


def npy(path):
    values = np.load(path)
    if values.ndim >= 2 and values.size >= SMALLEST and values.dtype.kind == "f":
        yield path.stem, values


def with_payloads(values):
    """A float32 array whose missing values are NaNs that all differ: quiet and signalling ones of both signs."""
    bits = values.astype(np.float32).view(np.uint32).copy()
    missing = np.isnan(values)
    number = np.arange(missing.sum(), dtype=np.uint32)
    bits[missing] = 0x7F800000 | (number % 2) << 31 | 1 + number % 0x7FFFFE
    return bits.view(np.float32)
