"""Values that were compressed before, compressed once more at the same bound: nothing may move, in whatever pieces they come."""

from pathlib import Path

import numpy as np

import returned

STABLE = ("--stable",)
FILES = ("files", "default")
"""The same files once more, with `--stable` in both rounds and without it in either."""
WAYS = (*FILES, "flat", "pieces", "told", "units")
"""Or their arrays: all in one dimension; in halves, without and with the word of what the first round kept; whole, with the bound in units where it was a part of the range."""
BESIDE = "1e-3"
"""The bound at which "default" and "units" are measured, which nothing is promised of."""


def row(round_):
    """Values that a second round moved, of the fields of an archive together, and in which of them."""
    under = [number for number, report in enumerate(round_.reports["stable"]) if report["bound"] != returned.LOSSLESS]
    reports, values = ([table[number] for number in under] for table in (round_.reports["stable"], round_.decoded["stable"]))
    labels = [field.label for field in round_.fields]
    names = {what: labels if what in FILES else [labels[number] for number in under] for what in WAYS}
    relative, absolute = [report["bound"] for report in reports], [in_units(report) for report in reports]
    first = through(round_, "first", [[round_.fields[number].values] for number in under], absolute)
    measured = {
        "files": files(round_, "stable", STABLE),
        "flat": again(round_, "flat", [[array.reshape(-1)] for array in values], relative),
        "pieces": again(round_, "pieces", [halves(array) for [array] in first[1]], absolute),
    }
    kept = [[kept["value"] for kept in report.get("kept", [])] for report in first[0]]
    if any(measured["pieces"]):
        measured["told"] = again(round_, "told", [halves(array) for [array] in first[1]], absolute, kept)
    if round_.setting == BESIDE:
        measured |= {"default": files(round_, "default", ()), "units": again(round_, "units", [[array] for array in values], absolute)}
    return {
        "dataset": round_.fields[0].dataset, "bound": round_.setting, "fields": len(under), "values": sum(int(np.isfinite(array).sum()) for array in values),
        "moved": {what: sum(counts) for what, counts in measured.items()},
        "where": [[what, label, count] for what in WAYS if what != "default" for label, count in zip(names[what], measured.get(what, [])) if count],
        "bytes": [sum(report["archive_bytes"] for report in round_.reports["stable"]), round_.again],
    }  # fmt: skip


def files(round_, way, options):
    """How many values of each file moved that went round as `extract` wrote it."""
    first, second = Path(round_.folder, way), Path(round_.folder, f"{way}-again")
    archive = second.with_suffix(".dca")
    reports = returned.archived(round_.cli, [first / path.name for path in round_.paths], archive, returned.SETTINGS[round_.setting], (*round_.options, *options))
    returned.extracted(round_.cli, archive, second)
    if way == "stable":
        round_.again = sum(report["archive_bytes"] for report in reports)
    return [moved(before, returned.read(second / path.name)) for before, path in zip(round_.decoded[way], round_.paths, strict=True)]


def again(round_, name, arrays, bounds, kept=None):
    """How many values of each field moved."""
    _, back = through(round_, name, arrays, bounds, kept)
    return [sum(moved(before, after) for before, after in zip(*pair, strict=True)) for pair in zip(arrays, back, strict=True)]


def through(round_, name, arrays, bounds, kept=None):
    """Reports of the first piece of each field, and all pieces as they come back; arrays alone, without names and units."""
    members = {f"v{number}_{part}": array for number, parts in enumerate(arrays) for part, array in enumerate(parts)}
    if not members:
        return [], []
    number_of = lambda member: int(member[1:].split("_")[0])  # noqa: E731
    source, archive = Path(round_.folder, f"{name}.npz"), Path(round_.folder, f"{name}.dca")
    np.savez(source, **members)
    told = ", ".join(f"{member}={bounds[number_of(member)]}" for member in members)
    keep = ", ".join([f"{member}={value!r}" for member in members for value in kept[number_of(member)]] + ["auto"]) if kept else "auto"
    reports = returned.archived(round_.cli, [source], archive, ("--bound", told, "--keep", keep, "--coarse"), (*round_.options, *STABLE))
    returned.extracted(round_.cli, archive, Path(round_.folder, name))
    by_name = {report["name"]: report for report in reports}
    with np.load(Path(round_.folder, name, source.name)) as back:
        return [by_name[f"v{number}_0"] for number in range(len(arrays))], [[back[f"v{number}_{part}"] for part in range(len(parts))] for number, parts in enumerate(arrays)]


def in_units(report):
    """The bound in the units of the values: a part of the range would be another one for a piece."""
    return report["bound"] if report["bound"].endswith("%") else repr(report["absolute_bound"])


def halves(values):
    """Cut where no chunk of the whole ends."""
    middle = values.shape[-1] // 2
    return [np.ascontiguousarray(values[..., :middle]), np.ascontiguousarray(values[..., middle:])]


def moved(before, after):
    bits = f"u{before.itemsize}"
    return int((before.reshape(-1).view(bits) != after.reshape(-1).view(bits)).sum())
