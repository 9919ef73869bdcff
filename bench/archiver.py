"""DeepComp through its command line tool, with every extracted value checked here against the source: no report of ours is believed."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import readers
from bounds import LOSSLESS
from checks import largest_error, same_missing
from fields import with_payloads


ARCHIVE = "bench.dca"
CLASSICAL = ("--model", "none")
"""Options of `compress` that leave the network out."""


def call(cli, *arguments):
    result = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"deepcomp {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout


def models(options):
    """What `extract` and `test` are told of the model files that `compress` was given."""
    return [part for option in options if Path(option).suffix == ".dcm" for part in ("--models", option)]


def compress(cli, inputs, archive, bound, options=()):
    return json.loads(call(cli, "compress", *inputs, "-o", archive, *bound.arguments, "--no-times", *options, "--json"))


def classical(cli, fields, npy, bound):
    """Sizes without the network, of fields that share an archive."""
    with tempfile.TemporaryDirectory() as folder:
        report = compress(cli, [Path(npy, field.file_name) for field in fields], Path(folder, ARCHIVE), bound, CLASSICAL)
        return [{"field": field.label, "bound": str(bound), "bytes": variable["archive_bytes"]} for field, variable in zip(fields, report["variables"], strict=True)]


def round_trip(cli, inputs, bound, folder, options=()):
    """Compresses files into one archive and extracts them to `folder`; returns the report of `compress` and the archive's size."""
    archive = Path(folder, ARCHIVE)
    report = compress(cli, inputs, archive, bound, options)
    call(cli, "extract", archive, "-C", folder, "--force", *models(options))
    return report, archive.stat().st_size


def measure(cli, fields, npy, bound):
    """Sizes and checks of fields that share an archive: one row a field."""
    paths = [Path(npy, field.file_name) for field in fields]
    with tempfile.TemporaryDirectory() as folder:
        report, whole = round_trip(cli, paths, bound, folder)
        overhead = (whole - sum(variable["archive_bytes"] for variable in report["variables"])) / len(fields)
        return [row(field, path, Path(folder, path.name), variable, bound, overhead) for field, path, variable in zip(fields, paths, report["variables"], strict=True)]


def row(field, path, extracted, variable, bound, overhead):
    decoded = np.load(extracted)
    identical = path.read_bytes() == extracted.read_bytes()
    allowed = bound.allowed(field)
    error = largest_error(field.values, decoded)
    holds = identical if allowed == 0 else error <= allowed and same_missing(field.values, decoded)
    return {
        "field": field.label, "bound": str(bound), "bytes": variable["archive_bytes"], "overhead": overhead,
        "allowed": allowed, "error": error, "certified": variable["max_abs_error"], "identical": identical, "holds": bool(holds),
    }  # fmt: skip


def nan_payloads(cli, field, bounds, folder):
    """Whether NaNs that all differ come back, from a copy of a real field with holes."""
    values = with_payloads(field.values)
    path = Path(folder, "payloads.npy")
    np.save(path, values)
    rows = []
    for bound in bounds:
        with tempfile.TemporaryDirectory() as out:
            round_trip(cli, [path], bound, out)
            decoded = np.load(Path(out, path.name))
            identical = values.tobytes() == decoded.tobytes()
            holds = identical if bound == LOSSLESS else largest_error(values, decoded) <= bound.allowed(field)
            rows.append({"field": field.label, "bound": str(bound), "nans": int(np.isnan(values).sum()), "holds": holds and same_missing(values, decoded)})
    return rows


def direct(cli, path, bound):
    """A file the tool reads by itself, archived whole: size, largest error over bound, and what is wrong, if anything."""
    with tempfile.TemporaryDirectory() as folder:
        _, whole = round_trip(cli, [path], bound, folder)
        extracted = Path(folder, path.name)
        identical = path.read_bytes() == extracted.read_bytes()
        checks = [against_bound(source, decoded, bound) for source, decoded in zip(arrays(path), arrays(extracted), strict=True)]
    return {
        "file": f"{path.parent.name}/{path.name}", "bound": str(bound), "raw": path.stat().st_size, "bytes": whole, "identical": identical,
        "worst": max((worst for worst, _ in checks), default=0.0), "problem": ", ".join(problem for _, problem in checks if problem),
    }  # fmt: skip


def arrays(path):
    return [np.ma.asarray(readers.picture(path))] if path.suffix == ".png" else [values for _, values in readers.netcdf_variables(path)]


def against_bound(source, decoded, bound):
    """Largest error over bound of one variable in physical units, and what is wrong with it as a reader of the file sees it."""
    changed = int((np.ma.getmaskarray(source) != np.ma.getmaskarray(decoded)).sum())
    if changed:
        return 0.0, f"{changed} values became missing or stopped being so"
    source, decoded = (np.ma.compressed(a).astype(np.float64) for a in (source, decoded))
    present = source[np.isfinite(source)]
    allowed = bound.value * float(np.ptp(present)) if present.size else 0.0
    error = largest_error(source, decoded)
    problem = "error above the bound" if error > allowed else "" if same_missing(source, decoded) else "missing values changed"
    return error / allowed if allowed else 0.0, problem
