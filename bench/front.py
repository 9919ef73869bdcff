"""Measures levels beside peers, bytes and seconds in one run, and writes docs/bench/front.md. Run by `npm run bench -- front`; nothing here is asserted.

A peer is outside the front where no level is smaller and quicker both ways than it.
"""

import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

import archiver
import command
import readers
import speed
from bounds import RELATIVE
from checks import largest_error
from peers import bounded, geospatial, quantised
from report import front_pages
from versions import version

ROUNDS = 5
ENOUGH = 20
"""Seconds after which a codec is not run another time."""
LEVELS = ("fast", "balanced", "best", "max")
IN_NODE = LEVELS[:3]
"""The last takes minutes there."""
PEERS = (*bounded.PEERS, *geospatial.PEERS, *quantised.PEERS, quantised.JPEG_XL_7, *quantised.QUICK)
SLACK = 1 + 1e-5
"""A peer that misses the bound by rounding of the field's type alone is not left out for it, and marked."""


def measure(arguments):
    folder, data_name = readers.data_folder()
    with tempfile.TemporaryDirectory() as scratch:
        command.say(f"reading {data_name}")
        fields = speed.sample(readers.all_fields(folder))
        for field in fields:
            np.save(Path(scratch, field.file_name), field.values)
        rows = []
        for bound in RELATIVE:
            command.say(f"bound {bound}, {len(fields)} fields")
            contenders = [*((level, speed.NATIVE, levelled(arguments.cli, fields, scratch, bound, level)) for level in LEVELS), *in_node(arguments.node, fields, scratch, bound)]
            contenders += [(peer.name, speed.NATIVE, in_process(peer, fields, bound)) for peer in PEERS]
            rows += [{"codec": codec, "where": where, "bound": str(bound)} | best for (codec, where, _), best in zip(contenders, interleaved([run for *_, run in contenders]), strict=True)]
    return {"about": about(arguments, data_name), "fields": [{"field": field.label, "shape": field.values.shape, "bytes": field.values.nbytes} for field in fields], "rows": rows}


def interleaved(runs):
    """The least seconds of the rounds; a slow one takes part in the first alone."""
    results = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, done in zip(runs, results, strict=True):
            if sum(result["encode"] + result["decode"] for result in done) < ENOUGH:
                done.append(run())
    return [done[0] | {verb: min(result[verb] for result in done) for verb in ("encode", "decode")} for done in results]


def levelled(cli, fields, scratch, bound, level):
    """Processor seconds of the whole commands, which read files, decode and check what they wrote, and of `test`, which decodes and checks all; less those on nothing."""
    paths = [Path(scratch, field.file_name) for field in fields]

    def run():
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "front.dca")
            report, encode = timed(lambda: archiver.compress(cli, paths, archive, bound, ("--level", level, *speed.ONE_THREAD)))
            _, decode = timed(lambda: archiver.call(cli, "test", archive, *speed.ONE_THREAD))
            _, start = timed(lambda: archiver.call(cli, "--version"))
            return {"encode": encode - start, "decode": decode - start, "sizes": [variable["archive_bytes"] for variable in report["variables"]]}

    return run


def timed(command):
    """What a command came to, and its processor seconds."""
    before = speed.processor_seconds()
    result = command()
    return result, speed.processor_seconds() - before


def in_process(peer, fields, bound):
    """A peer on arrays in memory: planes or volumes, whichever it makes smaller. A field that it cannot hold leaves it out."""

    def run():
        total = {"encode": 0.0, "decode": 0.0, "sizes": [], "broken": []}
        for field, way, volume in ways:
            start = time.process_time()
            parts = way.encode(volume, bound.allowed(field))
            encoded = time.process_time()
            decoded = way.decode(parts, volume.dtype, volume.shape)
            total["decode"] += time.process_time() - encoded
            total["encode"] += encoded - start
            total["sizes"].append(sum(map(len, parts)))
            if largest_error(volume, decoded) > SLACK * bound.allowed(field):
                total["broken"].append(field.label)
        return total

    ways = [(field, *speed.smaller_way(peer, field, bound)) for field in fields]
    return run


def in_node(node, fields, scratch, bound):
    """The npm package in Node, where it was built."""
    if speed.PACKAGE.exists():
        for level in IN_NODE:
            job = {"package": speed.PACKAGE.as_uri(), "files": [str(Path(scratch, field.file_name)) for field in fields], "rel": bound.value, "level": level}
            yield level, speed.NODE, lambda job=job: speed.child([node, speed.script("wasm.mjs")], job)


def about(arguments, data_name):
    packages = {peer.package for peer in PEERS} | {"numpy"}
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "data": data_name, "deepcomp": command.banner(arguments.cli), "rounds": ROUNDS,
        "python": platform.python_version(), "packages": {package: version(package) for package in sorted(packages)}, "load": os.getloadavg()[0],
    }  # fmt: skip


def main():
    command.publish(measure, front_pages, command.options(__doc__, "for the package").parse_args(), "bench-front.json")


if __name__ == "__main__":
    main()
