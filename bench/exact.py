"""Measures what lossless coding takes and writes docs/bench/lossless.md. Run by `npm run bench -- lossless`; nothing here is asserted.

What is measured is kept as it comes, so that a run that is cut off goes on where it was; DeepComp's sizes under the command line tool's bytes.
"""

import functools
import json
import multiprocessing
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import archiver
import checks
import command
import handed
import kinds
import lattice
import readers
import trials
from bounds import LOSSLESS
from peers import lossless, numeric
from report import lossless_pages
from store import Store, digest, source_of
from versions import PYTHON, is_there, version

PROCESSES = 2
PREDICTORS = {"classical": archiver.CLASSICAL, "network": ()}
NETWORK_MOST = 1_000_000
"""With the network fields of no more bytes are measured, and those made for this."""
MADE = (kinds.ERA5_LIKE, kinds.MEAN)
READERS = ("eccodes", "netCDF4", "numpy", "scipy")


def measure(arguments):
    folder, data_name = readers.data_folder()
    with tempfile.TemporaryDirectory() as scratch, multiprocessing.Pool(arguments.processes) as pool:
        command.say(f"reading {data_name}")
        every = [field for field in readers.all_fields(folder) if field.range > 0]
        fields = [*((field, None) for field in sample(every, arguments.every)), *kinds.made(folder)]
        for field, _ in fields:
            np.save(Path(scratch, field.file_name), field.values)
        command.say(f"{len(fields)} fields")
        order = sorted(range(len(fields)), key=lambda number: -fields[number][0].values.nbytes)
        done = dict(zip(order, pool.imap(job, [(arguments, *fields[number], scratch) for number in order]), strict=True))
    rows = [done[number] for number in range(len(fields))]
    return {"about": about(arguments, data_name, rows), "rows": rows}


def sample(fields, every):
    """One in so many of each data set, from the first on."""
    return [field for name in dict.fromkeys(field.dataset for field in fields) for field in [field for field in fields if field.dataset == name][::every]]


def job(given):
    """All of one field."""
    arguments, field, integers, scratch = given
    kept = Store(arguments.cache / "bench-results.sqlite")
    known = facts(field, integers)
    names = [name for name in PREDICTORS if not name == "network" or with_network(field)]
    return known | {"ours": {name: ours(arguments, field, scratch, PREDICTORS[name], kept) for name in names}} | (as_before(arguments, known) or theirs(field, integers, kept))


def as_before(arguments, known):
    """What an earlier page says of the peers, where it says the same of the field."""
    rows = page(arguments.peers)["rows"] if arguments.peers else []
    return next(({"peers": row["peers"], "broken": row["broken"]} for row in rows if known.items() <= row.items()), None)


@functools.cache
def page(path):
    return json.loads(path.read_text())


def theirs(field, integers, kept):
    peers = [peer for peer in trials.peers_at(LOSSLESS) if peer not in lossless.CLASSICS]
    results = {row["peer"]: row for row in trials.rows(field, LOSSLESS, kept, peers)} | {handed.NAME: handed.row(field, integers, kept)}
    return {
        "peers": {name: row["bytes"] for name, row in results.items() if "bytes" in row},
        "broken": [name for name, row in results.items() if row.get("verdict", checks.HOLDS) != checks.HOLDS],
    }  # fmt: skip


def with_network(field):
    return field.values.nbytes <= NETWORK_MOST or field.dataset in MADE


def facts(field, integers):
    return {
        "field": field.label, "group": group(field), "type": field.values.dtype.name, "samples": field.values.size, "raw": field.values.nbytes,
        "missing": field.has_missing, "distinct": int(np.unique(field.values[np.isfinite(field.values)]).size), "lattice": integers is not None or lattice.is_recoverable(field.values),
    }  # fmt: skip


def group(field):
    """The data set; fields of float64 are apart, since in the data those are what describes a grid."""
    return f"{field.dataset}, float64" if field.values.dtype == np.float64 else field.dataset


def ours(arguments, field, scratch, options, kept):
    """`[bytes of the values, bytes of the archive of this field alone, whether the file came back]`."""
    key = digest(Path(arguments.cli).read_bytes(), source_of(archiver), field.content, LOSSLESS.kind, options)
    return kept.get(key, lambda: round_trip(arguments.cli, Path(scratch, field.file_name), options))


def round_trip(cli, path, options):
    with tempfile.TemporaryDirectory() as folder:
        report, whole = archiver.round_trip(cli, [path], LOSSLESS, folder, options)
        return [report["variables"][0]["archive_bytes"], whole, path.read_bytes() == Path(folder, path.name).read_bytes()]


def about(arguments, data_name, rows):
    packages = {peer.package for peer in trials.peers_at(LOSSLESS)} - {PYTHON} | {handed.PACKAGE, *READERS}
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "data": data_name, "deepcomp": command.banner(arguments.cli),
        "python": platform.python_version(), "packages": {package: version(package) for package in sorted(packages)}, "every": arguments.every, "openzl": numeric.OFFERED,
        "index": statistics.median(whole - values for row in rows for values, whole, _ in row["ours"].values()),
        "network_most": NETWORK_MOST, "absent": [peer.name for peer in lossless.ARCHIVERS if not is_there(peer.package)],
    }  # fmt: skip


def main():
    parser = command.options(__doc__)
    parser.add_argument("--every", default=1, type=int, help="one in so many fields of each data set")
    parser.add_argument("--peers", type=Path, help="a lossless.json whose sizes of peers hold for all fields of which it says the same: only DeepComp is measured there")
    parser.add_argument("--processes", default=PROCESSES, type=int)
    arguments = parser.parse_args()
    if arguments.peers:
        named = page(arguments.peers)["about"]["packages"]
        if changed := sorted(package for package, known in named.items() if version(package) != known):
            parser.error(f"{arguments.peers} has other versions of {', '.join(changed)}: measure the peers again")
    command.publish(measure, lossless_pages, arguments, "bench-lossless.json")


if __name__ == "__main__":
    main()
