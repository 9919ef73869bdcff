"""Turns a folder of GRIB, NetCDF and picture files into what the trainer reads: one float32 .npy stack (planes, rows, columns) per variable, missing as NaN.

    python prepare.py SOURCE TARGET [--most-planes 256]

Neighbouring planes of a stack predict each other: times in order (`series`), levels in order (`levels`), colour channels (`channels`); `single` is one plane.
A variable over times and levels is written twice, once in each order, with `again` set in the second. TARGET/index.json lists the stacks.
Needs numpy, netCDF4, eccodes and pillow, see bench/requirements.txt.
"""

import argparse
import json
import re
import warnings
from collections import defaultdict
from pathlib import Path

import eccodes
import netCDF4
import numpy as np
from PIL import Image

SMALLEST = 1000
"""Values below which a plane is bookkeeping, not a field."""
HUGE = 1e30
"""Magnitude from which a value is a missing code."""
CODES = (9999.0, -9999.0, 999.0, -999.0, -99.0, -3.0, -1.0)
"""Missing codes that look like numbers: taken as such only where they stand apart from all other values."""
APART = 0.05
"""How far from the nearest other value, as a part of the range of all others, a code must lie; and how often at least it must occur is OFTEN."""
OFTEN = 0.002


def without_codes(values):
    """float32 with NaN for what is missing: masked, not finite, huge, or an isolated code at either end of the range."""
    values = np.array(np.ma.filled(np.ma.asarray(values).astype(np.float32), np.nan), dtype=np.float32)
    values[~np.isfinite(values) | (np.abs(values) >= HUGE)] = np.nan
    for code in CODES:
        found = values == np.float32(code)
        others = values[~found & ~np.isnan(values)]
        if found.mean() < OFTEN or not others.size:
            continue
        low, high = float(others.min()), float(others.max())
        if max(low - code, code - high) > APART * max(high - low, 1e-30):
            values[found] = np.nan
    return values


def netcdf(path):
    """`(variable, kind, stack, again)` of each numeric variable of two to four dimensions."""
    with netCDF4.Dataset(path) as dataset, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for variable in dataset.variables.values():
            if variable.ndim < 2 or variable.dtype.kind not in "fiu" or np.prod(variable.shape[-2:]) < SMALLEST:
                continue
            values = without_codes(variable[...])
            axes = [(name, size) for name, size in zip(variable.dimensions[:-2], variable.shape) if size > 1]
            values = values.reshape([size for _, size in axes] + list(variable.shape[-2:]))
            if values.ndim == 2:
                yield variable.name, "single", values[None], False
            elif values.ndim == 3:
                yield variable.name, "series" if is_time(axes[0][0]) else "levels", values, False
            elif values.ndim == 4:
                for number, stack in enumerate(values):
                    yield f"{variable.name}.{number:03d}", "levels", stack, False
                for number, stack in enumerate(values.swapaxes(0, 1)):
                    yield f"{variable.name}.level{number:03d}", "series", stack, True


def is_time(name):
    return name.lower().startswith(("time", "month", "date", "day"))


def grib(path):
    """`(variable, kind, stack, again)`: messages of one parameter on one kind of level, by level if there are several, else by time."""
    groups = defaultdict(list)
    for what, order, values in grib_messages(path):
        groups[what, values.shape].append((order, values))
    for (what, _), messages in groups.items():
        messages.sort(key=lambda message: message[0])
        levels = {order[:2] for order, _ in messages}
        by_level = len(levels) == len(messages)
        kind = "single" if len(messages) == 1 else "levels" if by_level else "series"
        yield ".".join(what), kind, without_codes(np.stack([values for _, values in messages])), False


def grib_messages(path):
    """`((parameter, kind of level), (level, lower level, date, time, start, end), values)` of every message."""
    eccodes.codes_grib_multi_support_on()
    with open(path, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            text = lambda key: eccodes.codes_get_string(message, key) if eccodes.codes_is_defined(message, key) else ""
            number = lambda key: float(text(key)) if re.fullmatch(r"-?[\d.]+", text(key)) else 0.0
            name = text("shortName")
            if name == "unknown":
                keys = ("discipline", "parameterCategory", "parameterNumber", "table2Version", "indicatorOfParameter")
                name = "p" + "_".join(filter(None, map(text, keys)))
            level = text("typeOfLevel")
            if level == "unknown":
                level = "l" + (text("typeOfFirstFixedSurface") or text("indicatorOfTypeOfLevel"))
            what = (name, level, text("stepType"))
            order = tuple(map(number, ("topLevel", "bottomLevel", "dataDate", "dataTime", "startStep", "endStep")))
            shape = eccodes.codes_get(message, "Nj"), eccodes.codes_get(message, "Ni")
            eccodes.codes_set(message, "missingValue", HUGE)
            values = eccodes.codes_get_values(message).reshape(shape)
            eccodes.codes_release(message)
            yield what, order, values


def picture(path):
    """Channels as planes, one if all are equal."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"), dtype=np.float32)
    planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
    if all(np.array_equal(planes[0], plane) for plane in planes):
        planes = planes[:1]
    yield "pixels", "single" if len(planes) == 1 else "channels", planes, False


READERS = {".nc": netcdf, ".cdf": netcdf, ".grb": grib, ".grib": grib, ".grib2": grib, ".gif": picture, ".png": picture, ".jpg": picture}


def kept(stack, most):
    """Planes that say something: not all missing and not constant; of a long stack a few contiguous runs, spread over it."""
    stack = np.stack([plane for plane in stack if useful(plane)] or [np.zeros((0, 0), np.float32)])
    if len(stack) <= most:
        return [stack]
    runs = 4
    starts = np.linspace(0, len(stack) - most // runs, runs).astype(int)
    return [stack[start : start + most // runs] for start in starts]


def useful(plane):
    present = plane[~np.isnan(plane)]
    return present.size >= SMALLEST // 4 and present.min() < present.max() and np.abs(present).max() > 1e-30


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--most-planes", type=int, default=256, help="planes kept of one stack, in contiguous runs")
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    index = []
    for path in sorted(path for path in arguments.source.rglob("*") if path.suffix.lower() in READERS and path.is_file()):
        folder = path.parent.relative_to(arguments.source).as_posix()
        for variable, kind, stack, again in READERS[path.suffix.lower()](path):
            for number, part in enumerate(kept(stack, arguments.most_planes)):
                if part.size < SMALLEST:
                    continue
                name = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{folder}.{path.name}.{variable}" + (f".run{number}" if number else "")) + ".npy"
                if any(entry["file"] == name for entry in index):
                    name = f"{name[:-4]}.{len(index)}.npy"
                np.save(arguments.target / name, np.ascontiguousarray(part))
                about = {"file": name, "folder": folder, "source": path.name, "variable": variable, "kind": kind if len(part) > 1 else "single", "again": again}
                index.append(about | {"shape": list(part.shape), "missing": round(float(np.isnan(part).mean()), 4)})
    (arguments.target / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    size = sum(np.prod(entry["shape"], dtype=np.int64) * 4 for entry in index)
    print(f"{len(index)} stacks, {sum(entry['shape'][0] for entry in index)} planes, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
