"""Speed on one thread of DeepComp and its peers, native and as WASM, in one run on the same fields: the best of interleaved rounds."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import archiver
import wasm_wheels
from bounds import LOSSLESS, RELATIVE
from peers import bounded, lossless, quantised
from readers import ROOT

ROUNDS = 3
ENOUGH = 5
"""Seconds after which a codec is not run another time."""
BOUNDS = (*RELATIVE, LOSSLESS)
NATIVE, WHEEL, NODE = "native", "WASM, wasmtime", "WASM, Node"
OURS, CLASSICAL, FAST = "DeepComp", "DeepComp, classical", "DeepComp, fast"
PACKAGE = ROOT / "pkg" / "dist" / "index.js"
BOUNDED = ("SZ3", "SPERR", "ZFP", "LERC", "BitRound+zstd", "quantise+JXL", "quantise+pco", "quantise+zstd")
EXACT = ("pco", "fpzip", "shuffle+zstd -19")
EIGHT_BIT = RELATIVE[0]
"""The bound at which quantised planes fit the 8 bits that the JPEG XL package of npm takes."""


def sample(fields):
    """The largest float32 field of each data set."""
    largest = {}
    for field in fields:
        if field.values.dtype == np.float32 and field.range and field.values.nbytes > (largest[field.dataset].values.nbytes if field.dataset in largest else 0):
            largest[field.dataset] = field
    return list(largest.values())


def measure(cli, node, npm, fields, npy):
    """Rows of seconds for the whole sample at each bound; `npm` is the folder of the WASM peers for Node."""
    fields = sample(fields)
    rows = []
    for bound in BOUNDS:
        with tempfile.TemporaryDirectory() as folder:
            runs = list(contenders(cli, node, npm, fields, npy, bound, Path(folder)))
            rows += [{"codec": codec, "where": where, "bound": str(bound)} | best for (codec, where, _), best in zip(runs, interleaved([run for *_, run in runs]))]
    return {"fields": [field.label for field in fields], "bytes": sum(field.values.nbytes for field in fields), "rounds": ROUNDS, "wasm_built": PACKAGE.exists(), "rows": rows}


def interleaved(runs):
    """The least of every figure over the rounds; a slow one takes part in the first alone."""
    results = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, done in zip(runs, results):
            if sum(result.get("encode", 0) + result["decode"] for result in done) < ENOUGH:
                done.append(run())
    return [{key: min(result[key] for result in done) for key in done[0]} for done in results]


def contenders(cli, node, npm, fields, npy, bound, folder):
    """`(codec, where it runs, a function that returns its seconds and bytes for all fields)`."""
    paths = [Path(npy, field.file_name) for field in fields]
    yield FAST, NATIVE, lambda: ours(cli, paths, folder / "speed.dca", bound, ("--level", "fast"))
    for name, model in ((OURS, "auto"), (CLASSICAL, "none")):
        yield name, NATIVE, lambda model=model: ours(cli, paths, folder / "speed.dca", bound, ("--model", model))
        if PACKAGE.exists():
            job = {"package": PACKAGE.as_uri(), "files": [str(path) for path in paths], "rel": bound.value or None, "model": model}
            yield name, NODE, lambda job=job: child([node, script("wasm.mjs")], job)
    for peer in native_peers(bound):
        yield peer.name, NATIVE, in_process(peer, fields, bound)
        if peer.name in wasm_wheels.CODECS:
            yield peer.name, WHEEL, wheel(peer, fields, bound, folder)
    if bound != LOSSLESS:
        yield from in_node(node, npm, fields, bound, folder)


def native_peers(bound):
    wanted = EXACT if bound == LOSSLESS else BOUNDED
    known = lossless.PEERS if bound == LOSSLESS else (*bounded.PEERS, *quantised.PEERS)
    return [peer for peer in known if peer.name in wanted] + ([] if bound == LOSSLESS else [quantised.JPEG_XL_7])


ONE_THREAD = ("--threads", 1)


def ours(cli, paths, archive, bound, options):
    """Encoding as the tool reports it; decoding is the whole command that decodes and checks everything, its start included."""
    processor, start = processor_seconds(), time.perf_counter()
    report = archiver.compress(cli, paths, archive, bound, (*options, *ONE_THREAD))
    compressed = time.perf_counter()
    archiver.call(cli, "test", archive, *archiver.models(options), *ONE_THREAD)
    tested = time.perf_counter()
    seconds = {"encode": report["encode_seconds"], "decode": tested - compressed, "bytes": sum(variable["archive_bytes"] for variable in report["variables"])}
    return seconds | {"wall": tested - start, "processor": processor_seconds() - processor}


def processor_seconds():
    """Processor time of the commands run so far, in microseconds where `os.times` counts in hundredths; with the wall time it tells whether they had a core, and only one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def smaller_way(peer, field, bound):
    """`(way, volume)`: the filled values of a field and the way of a peer that makes them smaller."""
    volume = field.volume if peer.holds_missing else field.fills[0]
    ways = peer.ways_for(volume)
    return ways[0] if len(ways) == 1 else min(ways, key=lambda way: sum(map(len, way.encode(volume, bound.allowed(field))))), volume


def in_process(peer, fields, bound):
    """A peer on arrays in memory."""
    work = [(*smaller_way(peer, field, bound), bound.allowed(field)) for field in fields]

    def run():
        total = {"encode": 0.0, "decode": 0.0, "bytes": 0}
        for way, volume, allowed in work:
            start = time.perf_counter()
            parts = way.encode(volume, allowed)
            encoded = time.perf_counter()
            way.decode(parts, volume.dtype, volume.shape)
            total["decode"] += time.perf_counter() - encoded
            total["encode"] += encoded - start
            total["bytes"] += sum(map(len, parts))
        return total

    return run


def wheel(peer, fields, bound, folder):
    """The same codec as a wheel, on the same arrays: planes or volumes, whichever its native build makes smaller."""
    job = {"codec": peer.name, "files": [], "allowed": []}
    for field in fields:
        way, volume = smaller_way(peer, field, bound)
        by_plane = len(peer.ways) > 1 and way is peer.ways[0]
        for number, array in enumerate(volume if by_plane else [volume]):
            path = folder / f"{peer.name}.{number}.{field.file_name}"
            np.save(path, array)
            job["files"].append(str(path))
            job["allowed"].append(bound.allowed(field))
    return lambda: child([sys.executable, "-B", script("wasm_wheels.py")], job)


def in_node(node, npm, fields, bound, folder):
    """The npm packages take bytes: quantised planes, shuffled for zstd; LERC only decodes. Quantising is not in their time."""
    files = {"zstd": [], "LERC": [], "JPEG XL": []}
    for number, field in enumerate(fields):
        _, _, integers = quantised.quantise(field.fills[0], bound.allowed(field), None)
        contents = {"zstd": quantised.shuffle(integers), "LERC": bounded.lerc_encode(field.volume, bound.allowed(field)), "JPEG XL": integers.tobytes()}
        for codec, data in contents.items():
            path = folder / f"{codec}.{number}"
            path.write_bytes(data)
            files[codec].append({"file": str(path), "rows": field.volume.shape[1], "columns": field.volume.shape[2]})
    for codec, items in files.items():
        if codec != "JPEG XL" or bound == EIGHT_BIT:
            job = {"packages": str(npm), "codec": codec, "items": items}
            yield codec, NODE, lambda job=job: child([node, script("wasm_peers.mjs")], job)


def script(name):
    return str(Path(__file__).with_name(name))


def child(command, job):
    run = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{command[-1]} failed: {run.stderr.strip()}")
    return json.loads(run.stdout)

