"""Measures what a bound must not do and writes docs/bench/truth.md. Run by `npm run bench -- truth`; nothing here is asserted.

What is measured is kept as it comes, under the command line tool's bytes, so that a run that is cut off goes on where it was.
"""

import multiprocessing
import platform
import sys
import tempfile
import time
from pathlib import Path

import readers

sys.path.append(str(readers.ROOT / "tests" / "field_tools"))

import archiver  # noqa: E402
import bystanders  # noqa: E402
import command  # noqa: E402
import repeated  # noqa: E402
import returned  # noqa: E402
from report import truth_pages  # noqa: E402
from store import Store, digest, source_of  # noqa: E402
from versions import version  # noqa: E402

PROCESSES = 2
BATCH = 4_000_000
"""Bytes of the fields that share an archive, so that no process is left with one at the end."""
NETWORK_EVERY, NETWORK_MOST = 24, 1_000_000
"""With the network one field in so many of each data set is measured, of those of no more bytes."""
NETWORK = ()
"""Options that take it: none."""
PACKAGES = ("eccodes", "netCDF4", "numpy", "scipy", "xarray")


def measure(arguments):
    folder, data_name = readers.data_folder()
    with tempfile.TemporaryDirectory() as scratch, multiprocessing.Pool(PROCESSES) as pool:
        command.say(f"reading {data_name}")
        fields = [field for field in readers.all_fields(folder) if field.range > 0]
        for field in fields:
            returned.write(field, Path(scratch, returned.file_name(field)))
        command.say("files made for it")
        made = bystanders.rows(arguments.cli)
        some = subset(fields)
        command.say(f"{len(fields)} fields, {len(some)} of them with the network")
        result = {"about": about(arguments, data_name, fields, some), "made": made}
        jobs = [(arguments, batch, scratch, setting, options) for options, members in ((archiver.CLASSICAL, fields), (NETWORK, some)) for batch in batches(members) for setting in returned.SETTINGS]
        done = pool.map(job, jobs, chunksize=1)
    for name, options in (("classical", archiver.CLASSICAL), ("network", NETWORK)):
        result[name] = [row for given, (rows, _) in zip(jobs, done, strict=True) if given[-1] == options for row in rows]
    result["repeated"] = [again for _, again in done if again]
    return result


def job(given):
    """Rows of one archive; what is encoded twice is so by the classical predictor alone, since the network has no part in what steps are."""
    arguments, fields, scratch, setting, options = given
    key = digest(Path(arguments.cli).read_bytes(), source_of(returned, repeated), [field.content for field in fields], [field.label for field in fields], setting, options)
    return Store(arguments.cache / "bench-truth.sqlite").get(key, lambda: measured(arguments.cli, fields, scratch, setting, options))


def measured(cli, fields, scratch, setting, options):
    with tempfile.TemporaryDirectory() as folder:
        round_ = returned.encode(cli, fields, scratch, setting, options, folder)
        return [returned.rows(round_), repeated.row(round_) if options == archiver.CLASSICAL else None]


def batches(fields):
    """Fields of one data set that share an archive."""
    groups = []
    for field in fields:
        fits = groups and groups[-1][0].dataset == field.dataset and sum(member.values.nbytes for member in groups[-1]) + field.values.nbytes <= BATCH
        groups[-1].append(field) if fits else groups.append([field])
    return groups


def subset(fields):
    small = [field for field in fields if field.values.nbytes <= NETWORK_MOST]
    members = [[field for field in small if field.dataset == name] for name in dict.fromkeys(field.dataset for field in small)]
    return [field for group in members for field in group[::NETWORK_EVERY]]


def about(arguments, data_name, fields, some):
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "data": data_name, "deepcomp": command.banner(arguments.cli),
        "python": platform.python_version(), "packages": {package: version(package) for package in PACKAGES}, "fields": len(fields), "values": sum(field.values.size for field in fields),
        "datasets": {name: sum(field.dataset == name for field in fields) for name in dict.fromkeys(field.dataset for field in fields)},
        "network": {"fields": len(some), "bytes": sum(field.values.nbytes for field in some), "every": NETWORK_EVERY, "most": NETWORK_MOST},
    }  # fmt: skip


def main():
    command.publish(measure, truth_pages, command.options(__doc__).parse_args(), "bench-truth.json")


if __name__ == "__main__":
    main()
