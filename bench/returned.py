"""What came back of fields under a bound: counted here value by value, whatever the certificate says."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np

import archiver
from checks import same_missing

SETTINGS = {"1e-2": ("--rel", "0.01"), "1e-3": ("--rel", "0.001"), "1e-4": ("--rel", "0.0001"), "recommended": ("--bound", "recommended")}
"""Bounds, and how `deepcomp compress` is told."""
LOSSLESS = "lossless"
EXTRA = ("--no-times", "--threads", "1")
FAULTS = ("beyond", "outside", "kept_moved", "zeros_moved", "missing_changed")
"""Values beyond the bound, outside the range of the source, kept ones and zeros at an end of the range that moved, and whether missing values changed."""


def write(field, path):
    """A NetCDF file of one field, with all that readers of the data know of it: name and unit, on which advice and what is kept depend."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        for axis, length in enumerate(field.values.shape):
            file.createDimension(f"axis_{axis}", length)
        variable = file.createVariable(name_of(field), field.values.dtype, [f"axis_{axis}" for axis in range(field.values.ndim)], fill_value=np.nan)
        variable.set_auto_maskandscale(False)
        variable[...] = field.values
        if field.units:
            variable.units = field.units


def file_name(field):
    return f"{field.label.replace('/', '.')}.nc"


def name_of(field):
    """The variable's name: a GRIB message is called file, number, variable, type of level, level."""
    parts = field.name.split(".")
    return parts[2] if len(parts) > 3 else parts[0]


def read(path):
    """The one variable of a file, bit for bit."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        [variable] = file.variables.values()
        return np.asarray(variable[...]).astype(variable.dtype.newbyteorder("="))


def archived(cli, inputs, archive, arguments, options):
    """Rows of `deepcomp compress`, one a file of one variable."""
    return json.loads(archiver.call(cli, "compress", *inputs, "-o", archive, *arguments, *options, *EXTRA, "--json"))["variables"]


def extracted(cli, archive, folder):
    archiver.call(cli, "extract", archive, "-C", folder, "--threads", "1")


def judged(cli, archive, sources):
    """What `deepcomp test` says of the acceptance tests, whether or not bounds hold, which is counted here."""
    done = subprocess.run([cli, "test", archive, "--threads", "1", "--json", "--source", *sources], capture_output=True, text=True)
    return [row["passes"] for row in json.loads(done.stdout)["variables"]]


def allowed(report, source):
    """Largest error of each value, from the bound that the report names and from nothing else in it."""
    bound = report["bound"]
    magnitudes = np.abs(source.astype(np.float64))
    if bound == LOSSLESS:
        return np.zeros(source.shape)
    if bound.endswith("%"):
        return magnitudes * (float(bound[:-1]) / 100)
    present = source[np.isfinite(source)].astype(np.float64)
    number = float(bound.removesuffix(" of range"))
    return np.full(source.shape, number * float(np.ptp(present)) if bound.endswith("range") else number)


def faults(source, decoded, report):
    """How often each of FAULTS is there."""
    present = np.isfinite(source)
    before, after = (values[present].astype(np.float64) for values in (source, decoded))
    low, high = before.min(initial=np.inf), before.max(initial=-np.inf)
    kept = np.isin(source[present], [np.asarray(kept["value"]).astype(source.dtype) for kept in report.get("kept", [])])
    zeros = (before == 0) & (low == 0 or high == 0)
    return {
        "beyond": int((~(np.abs(after - before) <= allowed(report, source)[present])).sum()), "outside": int(((after < low) | (after > high)).sum()),
        "kept_moved": int((after != before)[kept].sum()), "zeros_moved": int((after != before)[zeros].sum()), "missing_changed": int(not same_missing(source, decoded)),
        "kept": int(kept.sum()), "zeros": int(zeros.sum()),
    }  # fmt: skip


def bias(source, decoded):
    """|mean error| as a part of the mean magnitude."""
    present = np.isfinite(source)
    before, after = (values[present].astype(np.float64) for values in (source, decoded))
    magnitude = np.abs(before).mean() if before.size else 0.0
    return float(abs((after - before).mean()) / magnitude) if magnitude else 0.0


@dataclass
class Round:
    """Fields of one archive at one bound, encoded in all ways."""

    cli: str
    fields: list
    setting: str
    options: tuple
    folder: Path
    """What comes back lies in a folder of it for each way; there is room for more."""
    paths: list
    reports: dict
    decoded: dict
    again: int = 0
    """Bytes of the values of the stable archive, compressed once more."""

    @property
    def archive(self):
        return Path(self.folder, "default.dca")


WAYS = {"default": (), "keep-none": ("--keep", "none"), "stable": ("--stable",)}


def encode(cli, fields, scratch, setting, options, folder):
    paths = [Path(scratch, file_name(field)) for field in fields]
    reports = {way: archived(cli, paths, Path(folder, f"{way}.dca"), SETTINGS[setting], (*options, *more)) for way, more in WAYS.items()}
    for way in ("default", "stable"):
        extracted(cli, Path(folder, f"{way}.dca"), Path(folder, way))
    decoded = {way: [read(Path(folder, way, path.name)) for path in paths] for way in ("default", "stable")}
    return Round(cli, fields, setting, options, folder, paths, reports, decoded)


def rows(round_):
    """One row a field: faults of both ways to encode, bias, acceptance tests, and sizes of all three."""
    passes = judged(round_.cli, round_.archive, round_.paths)
    at = lambda table, number: {way: members[number] for way, members in table.items()}  # noqa: E731
    return [row(field, round_.setting, at(round_.reports, number), at(round_.decoded, number), passes[number]) for number, field in enumerate(round_.fields)]


def row(field, setting, reports, decoded, passes):
    told = {way: faults(field.values, decoded[way], reports[way]) for way in decoded}
    tests = [passed for passed in passes.values() if passed is not None]
    return {
        "field": field.label, "bound": setting, "asked": reports["default"]["bound"], "values": int(np.isfinite(field.values).sum()),
        "bytes": [reports[way]["archive_bytes"] for way in WAYS], "kept": told["default"]["kept"], "zeros": told["default"]["zeros"],
        "faults": [told["default"][name] for name in FAULTS], "faults_stable": [told["stable"][name] for name in FAULTS],
        "bias": bias(field.values, decoded["default"]), "tests": [sum(tests), len(tests)],
    }  # fmt: skip
