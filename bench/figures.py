"""Measures everything and writes docs/bench. Run by `npm run bench`; nothing here is asserted, figures that are not reached are reported."""

import gzip
import json
import multiprocessing
import os
import platform
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

import ablation
import acceptance
import archiver
import command
import lattice
import memory
import pictures
import readers
import speed
import trials
import wasm_wheels
from bounds import ALL, LOSSLESS, RELATIVE
from peers import lossless
from report import pages
from store import Store
from versions import PYTHON, is_there, version

PROCESSES = 2
DIRECT_BOUNDS = (*RELATIVE, LOSSLESS)
READERS = ("eccodes", "netCDF4", "numpy", "pillow", "scipy")


def measure(arguments):
    folder, data_name = readers.data_folder()
    kept = Store(arguments.cache / "bench-results.sqlite")
    with tempfile.TemporaryDirectory() as scratch, multiprocessing.Pool(PROCESSES, silence) as pool:
        command.say(f"reading {data_name}")
        fields = readers.all_fields(folder)
        if not any(field.values.dtype == np.float32 for field in fields):
            raise SystemExit(f"bench: no float32 fields in {data_name}")
        for field in fields:
            np.save(Path(scratch, field.file_name), field.values)
        result = {"about": about(arguments, data_name), "fields": pool.map(facts, fields)}
        command.say(f"DeepComp on {len(fields)} fields")
        result["ours"] = archived(archiver.measure, arguments.cli, fields, scratch, pool)
        result["classical"] = archived(archiver.classical, arguments.cli, fields, scratch, pool)
        paths = direct_files(folder, scratch)
        result["direct"] = pool.starmap(archiver.direct, [(arguments.cli, path, bound) for path in paths for bound in DIRECT_BOUNDS], chunksize=1)
        holes = max((field for field in fields if field.values.dtype == np.float32), key=lambda field: np.isnan(field.values).sum())
        result["payloads"] = archiver.nan_payloads(arguments.cli, holes, (RELATIVE[1], LOSSLESS), scratch)
        command.say("peers")
        result["peers"] = peer_rows(fields, kept, pool)
        exact = [row for row in result["direct"] if row["bound"] == str(LOSSLESS)]
        result["pictures"] = pool.starmap(pictures.measure, [(path, row, kept) for path, row in zip(paths, exact, strict=True) if path.suffix == ".png"], chunksize=1)
        command.say("acceptance tests")
        judged = pool.starmap(acceptance.rows, [(arguments.cli, field, scratch, kept) for field in acceptance.sample(fields)], chunksize=1)
        result["acceptance"] = [row for rows in judged for row in rows]
        command.say("parts of the network")
        worth = pool.starmap(ablation.rows, [(arguments.cli, field, scratch, kept) for field in ablation.sample(fields)], chunksize=1)
        result["ablation"] = [row for rows in worth for row in rows]
        pool.close()
        pool.join()
        command.say("memory and speed, on one core")
        result["memory"] = memory.measure(arguments.cli, max(fields, key=lambda field: field.values.nbytes), scratch)
        result["speed"] = speed.measure(arguments.cli, arguments.node, arguments.npm, fields, scratch)
        result["wasm"] = wasm_size()
    return result


def silence():
    """The WASM of EBCC writes warnings past Python's own standard error; failures come back as exceptions all the same."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def facts(field):
    return {
        "field": field.label, "raw": field.values.nbytes, "samples": field.values.size, "planes": len(field.volume), "type": field.values.dtype.name, "units": field.units,
        "missing": field.has_missing, "constant": not field.range, "temperature": field.is_temperature, "lattice": lattice.is_recoverable(field.values),
    }  # fmt: skip


def archived(measure, cli, fields, npy, pool):
    """One archive for each data set and bound; a bound that means nothing for any field of it is left out."""
    datasets = defaultdict(list)
    for field in fields:
        datasets[field.dataset].append(field)
    groups = [([field for field in group if bound.kind != "abs" or bound.applies(field)], bound) for group in datasets.values() for bound in ALL]
    jobs = [(cli, group, npy, bound) for group, bound in groups if group]
    return [row for rows in pool.starmap(measure, jobs, chunksize=1) for row in rows]


def direct_files(folder, scratch):
    """Files that the tool reads by itself: NetCDF-3 as they are, pictures as PNG."""
    paths = [path for path in readers.files(folder, ".nc", ".cdf") if path.read_bytes()[:3] == b"CDF"]
    for path in readers.files(folder, *readers.PICTURES):
        png = Path(scratch, path.parent.name, path.stem + ".png")
        png.parent.mkdir(exist_ok=True)
        Image.fromarray(readers.picture(path)).save(png)
        paths.append(png)
    return paths


def peer_rows(fields, kept, pool):
    """The large ones first, so that no process is left with one at the end; in the order of the fields nevertheless."""
    jobs = [(field, bound, kept) for field in fields for bound in ALL]
    order = sorted(range(len(jobs)), key=lambda number: -jobs[number][0].values.nbytes)
    results = pool.starmap(trials.rows, [jobs[number] for number in order], chunksize=1)
    return [row for _, rows in sorted(zip(order, results), key=lambda pair: pair[0]) for row in rows]


def wasm_size():
    """Bytes of the optimised module as built, and gzip -9; None when it is not built."""
    modules = sorted((readers.ROOT / "pkg" / "wasm").glob("*.wasm"))
    return {"bytes": sum(m.stat().st_size for m in modules), "gzip": sum(len(gzip.compress(m.read_bytes(), 9, mtime=0)) for m in modules)} if modules else None


def about(arguments, data_name):
    banner = lambda program: subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()  # noqa: E731
    peers = [peer.package for bound in (RELATIVE[0], LOSSLESS) for peer in trials.peers_at(bound)]
    packages = {*peers, *READERS, *wasm_wheels.PACKAGES, *(package for package, *_ in pictures.PEERS.values())} - {PYTHON}
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "cpu": cpu(), "system": platform.system(), "data": data_name, "deepcomp": banner(arguments.cli),
        "rustc": banner("rustc"), "node": banner(arguments.node), "python": platform.python_version(), "packages": {package: version(package) for package in sorted(packages)},
        "npm": json.loads(Path(__file__).with_name("package.json").read_text())["dependencies"], "absent": [peer.name for peer in lossless.KNOWN if not is_there(peer.package)],
    }  # fmt: skip


def cpu():
    info = Path("/proc/cpuinfo")
    models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return f"{models[0] if models else platform.processor() or platform.machine()}, {multiprocessing.cpu_count()} cores"


def main():
    parser = command.options(__doc__, "for the WASM figures")
    parser.add_argument("--npm", required=True, type=Path, help="folder of the peers that run as WASM in Node")
    command.publish(measure, pages, parser.parse_args(), "bench-last.json")


if __name__ == "__main__":
    main()
