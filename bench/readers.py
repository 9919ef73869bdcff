"""Data sets: GRIB, NetCDF, NPY and picture files of a folder as fields and pixels.

Read with the reference libraries, so that every codec gets the same arrays and the checks do not rest on our own readers.
"""

import os
import warnings
from collections import defaultdict
from pathlib import Path

import eccodes
import netCDF4
import numpy as np
from PIL import Image

from fields import Field

ROOT = Path(__file__).resolve().parent.parent
SMALLEST = 1000
"""Values below which an array is bookkeeping, not a field."""
FEWEST_LEVELS = 5
"""Pressure levels from which on a variable of a GRIB file is also taken as one array (level, row, column)."""
PICTURES = (".png", ".gif", ".jpg")


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
    """Every field of every file, ordered by data set."""
    readers = {".nc": netcdf, ".cdf": netcdf, ".grb": grib, ".grib": grib, ".grib2": grib, ".npy": npy}
    fields = [field for path in files(folder, *readers) for field in readers[path.suffix.lower()](path)]
    return sorted(fields, key=lambda field: field.dataset)


def netcdf_variables(path):
    """Numeric variables of at least two dimensions in physical units, in their own type: `(netCDF4 variable, masked array)`."""
    with netCDF4.Dataset(path) as dataset, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for variable in dataset.variables.values():
            if variable.ndim >= 2 and variable.size >= SMALLEST and variable.dtype != "S1":
                yield variable, np.ma.asarray(variable[...])


def netcdf(path):
    """Floats as they are; integers, packed or not, as the float32 they stand for."""
    for variable, values in netcdf_variables(path):
        kind = variable.dtype if variable.dtype.kind == "f" else np.dtype(np.float32)
        values = np.ma.filled(values.astype(np.float64), np.nan).astype(kind)
        yield Field(path.parent.name, variable.name, np.ascontiguousarray(values), str(getattr(variable, "units", "")))


def grib(path):
    """Every message as a field; a file of one parameter at one level is one series; variables on pressure levels once more as stacks."""
    messages = list(grib_messages(path))
    dataset = path.parent.name
    if len(messages) > 1 and len({what for what, _, _ in messages}) == 1:
        return [Field(dataset, f"{path.stem}.series", np.stack([values for _, values, _ in messages]), messages[0][2])]
    single = [Field(dataset, f"{path.stem.split('.')[0]}.{number:03d}.{'.'.join(what)}", values, units) for number, (what, values, units) in enumerate(messages)]
    return single + levels(dataset, messages)


def levels(dataset, messages):
    """Variables on pressure levels as arrays (level, row, column) ordered by pressure, as a NetCDF file would hold them."""
    stacks = defaultdict(dict)
    for (name, kind, level), values, units in messages:
        if kind == "isobaricInhPa":
            stacks[name, units, values.shape].setdefault(int(level), values)
    return [
        Field(f"{dataset}-levels", name, np.stack([stack[level] for level in sorted(stack)]), units)
        for (name, units, _), stack in stacks.items()
        if len(stack) >= FEWEST_LEVELS
    ]  # fmt: skip


def grib_messages(path):
    """`((short name, type of level, level), values, units)` of every message."""
    eccodes.codes_grib_multi_support_on()
    with open(path, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            what = tuple(eccodes.codes_get_string(message, key) for key in ("shortName", "typeOfLevel", "level"))
            units = eccodes.codes_get_string(message, "units")
            shape = eccodes.codes_get(message, "Nj"), eccodes.codes_get(message, "Ni")
            missing = 1e30
            eccodes.codes_set(message, "missingValue", missing)
            values = eccodes.codes_get_values(message)
            eccodes.codes_release(message)
            yield what, np.where(values == missing, np.nan, values).astype(np.float32).reshape(shape), units


def npy(path):
    values = np.load(path)
    if values.ndim >= 2 and values.size >= SMALLEST and values.dtype.kind == "f":
        yield Field(path.parent.name, path.stem, np.ascontiguousarray(values))


def picture(path):
    """Pixels (rows, columns) or (rows, columns, channels) as any viewer shows them."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)
