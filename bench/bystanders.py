"""What a bound does to variables that are no measurements, in files of meshes, models, satellites and stations that tests/field_tools makes."""

import json
import tempfile
from pathlib import Path

import archiver
import made

BOUNDS = {"--rel 0.01": (0.01, True), "--abs 2 --coarse": (2.0, False)}
"""How `deepcomp compress` is told; the number, and whether it is a part of the range."""
MEASUREMENT = "measurement"


def rows(cli):
    """One row a file and bound."""
    with tempfile.TemporaryDirectory() as folder:
        return [row(cli, make, Path(folder), told) for make in made.MADE for told in BOUNDS]


def row(cli, make, folder, told):
    source, archive, out = folder / f"{make.__name__}.nc", folder / "archive.dca", folder / "out"
    measurements = make(source)
    report = json.loads(archiver.call(cli, "compress", source, "-o", archive, *told.split(), *archiver.CLASSICAL, "--json"))["variables"]
    archiver.call(cli, "extract", archive, "-C", out, "--force")
    before, after = made.stored(source), made.stored(out / source.name)
    number, is_part = BOUNDS[told]
    errors = made.errors(before, after, measurements)
    return {
        "file": make.__name__, "bound": told, "others": len(before) - len(measurements), "measurements": len(measurements),
        "moved": made.moved(before, after, measurements),
        "taken": [variable["name"] for variable in report if (variable["role"] == MEASUREMENT) != (variable["name"] in measurements)],
        "beyond": [name for name, (error, span) in errors.items() if not error <= number * (span if is_part else 1)],
        "untouched": [name for name, (error, _) in errors.items() if error == 0], "masks": made.masks_differ(source, out / source.name),
    }  # fmt: skip
