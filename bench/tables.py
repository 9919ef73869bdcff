"""Measurements -> Markdown and JSON. Every verdict is computed here from the rows, so that the text cannot say what was not measured."""

import json
import math
from collections import defaultdict

from peers import PACKAGES

EVERYWHERE_SMALLER = ("ZFP", "LERC", "quantise+zstd")
WASM_BUDGET = 300_000
NATIVE = {"encode": 40, "decode": 60}


def table(head, rows):
    """A Markdown table; columns after the first are right-aligned when they hold figures."""
    figures = [all(str(row[i])[:1].isdigit() or str(row[i])[:1] in "–<" for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---:" if right else "---" for right in figures) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def name(bound):
    return "lossless" if bound is None else f"{bound:.0e}".replace("e-0", "e-")


def rate(size, seconds):
    """Megabytes (10^6) a second."""
    return size / seconds / 1e6


def yes(holds):
    return "yes" if holds else "**no**"


def down(value):
    """Six decimals, rounded down, so that a value below 1 never reads as 1."""
    return f"{math.floor(value * 1e6) / 1e6:.6f}"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


class Comparison:
    """Rows of ours and of the peers, joined by field and bound."""

    def __init__(self, result):
        self.ours = {(row["field"], row["bound"]): row for row in result["ours"]}
        self.peers = defaultdict(dict)
        for row in result["peers"]:
            self.peers[row["peer"]][row["field"], row["bound"]] = row
        self.bounds = sorted({row["bound"] for row in result["peers"]}, reverse=True)

    def pairs(self, peer, bound=None):
        """`(ours, theirs)` at a bound, or at all."""
        return [(self.ours[key], row) for key, row in self.peers[peer].items() if bound is None or key[1] == bound]

    def lost(self, peer, bound=None, overhead=False):
        """Pairs in which ours is not smaller; with `overhead`, when our share of index and record frames is added."""
        return [(a, b) for a, b in self.pairs(peer, bound) if a["bytes"] + (a["overhead"] if overhead else 0) >= b["bytes"]]

    def total(self, peer, bound=None):
        pairs = self.pairs(peer, bound)
        return sum(a["bytes"] for a, _ in pairs), sum(b["bytes"] for _, b in pairs)


def markdown(result):
    comparison = Comparison(result)
    sections = [heading(result), summary(result, comparison), sizes(result, comparison), by_peer(comparison), lossless(result), direct(result), speed(result["speed"]),
                lost(comparison), violations(comparison), method()]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def heading(result):
    about = result["about"]
    return f"""# Figures

Written by `npm run bench` on {about["date"]}; do not edit. Data: {about["data"]}, {len(result["raw"])} fields, {sum(result["raw"].values()):,} bytes.

{about["cpu"]}, {about["system"]}. {about["deepcomp"]}, {about["rustc"]}, Node {about["node"]}, Python {about["python"]}.
Peers and readers: {", ".join(f"{package} {version}" for package, version in about["packages"].items())}."""


def summary(result, comparison):
    bounded = [row for row in result["ours"] if row["bound"]]
    exact = [row for row in result["ours"] if row["bound"] is None]
    rows = [bound_row(result, bounded), lossless_row(result, exact)]
    rows += [smaller_row(comparison, peer) for peer in EVERYWHERE_SMALLER]
    rows += [sz3_row(comparison), wasm_row(result["wasm"]), *speed_rows(result["speed"])]
    rows.append(("Clean build of the page in under 10 minutes, incremental in under 1", "not measured by this command", "–", "–"))
    return "## Asked and reached\n\n" + table(["figure asked", "reached", "met", "where"], rows)


def bound_row(result, rows):
    checks = [row["holds"] for row in rows + [row for row in result["payloads"] if row["bound"]]] + [not row["problem"] for row in result["direct"] if row["bound"]]
    worst = max(row["error"] / row["allowed"] for row in rows if row["allowed"])
    honest = sum(math.isclose(row["certified"], row["error"], rel_tol=1e-9) for row in rows)
    reached = f"{sum(checks):,} of {len(checks):,} round trips; largest error / bound {down(worst)}; {honest:,} of {len(rows):,} certificates name the error measured here"
    return "Largest error ≤ bound on every value of every file", reached, yes(all(checks)), "Sizes; Files read directly"


def lossless_row(result, rows):
    payloads = [row for row in result["payloads"] if row["bound"] is None]
    checks = [row["holds"] for row in rows + payloads] + [not row["problem"] for row in result["direct"] if row["bound"] is None]
    nans = sum(row["nans"] for row in payloads)
    tried = f"one of them with {nans:,} different NaNs" if nans else "none with missing values"
    return "Lossless is bit-identical, NaN payloads included", f"{sum(checks):,} of {len(checks):,} files, {tried}", yes(all(checks)), "Lossless; Files read directly"


def smaller_row(comparison, peer):
    lost_here, pairs = comparison.lost(peer), comparison.pairs(peer)
    return f"Smaller than {peer} on every field", f"{len(pairs) - len(lost_here):,} of {len(pairs):,} (fields × bounds)", yes(not lost_here), "Fields lost"


def sz3_row(comparison):
    ratios = {bound: ours / theirs for bound in comparison.bounds for ours, theirs in [comparison.total("SZ3", bound)]}
    reached = ", ".join(f"{ratio:.3f} × at {name(bound)}" for bound, ratio in ratios.items())
    smaller = f"{len(comparison.pairs('SZ3')) - len(comparison.lost('SZ3')):,} of {len(comparison.pairs('SZ3')):,}"
    return "Within 10 % of SZ3 in total", f"{reached}; smaller on {smaller}", yes(max(ratios.values()) <= 1.1), "By peer"


def wasm_row(size):
    asked = f"WASM module ≤ {WASM_BUDGET // 1000} KB gzip"
    return (asked, f"{size['gzip']:,} bytes ({size['bytes']:,} before gzip)", yes(size["gzip"] <= WASM_BUDGET), "–") if size else (asked, "not built: run `npm run build` first", "–", "–")


def processor_share(row):
    return row["processor"] / (row["compress_command"] + row["decode"])


def wasm_is_stale(speeds):
    """Whether the WASM module wrote other archives than the native build, so that the two cannot be of the same sources."""
    return speeds["wasm_built"] and any(row["wasm_bytes"] != row["bytes"] for row in speeds["rows"])


def speed_rows(speeds):
    rows = []
    least = min(map(processor_share, speeds["rows"]))
    where = "Speed" if least > 0.95 else f"Speed (the machine was busy: the commands had {least:.0%} of a core at worst)"
    for verb, asked in NATIVE.items():
        reached = {row["bound"]: rate(speeds["bytes"], row[verb]) for row in speeds["rows"]}
        rows.append((f"Native {verb} ≥ {asked} MB/s, one thread", listed(reached, "{:.0f}"), met(value >= asked for value in reached.values()), where))
    for verb in NATIVE:
        if speeds["wasm_built"]:
            reached = {row["bound"]: row[verb] / row[f"wasm_{verb}"] for row in speeds["rows"]}
            same = "" if not wasm_is_stale(speeds) else "; **the WASM module is of other sources than the native build**"
            rows.append((f"WASM {verb} ≥ half of native", listed(reached, "{:.2f} ×") + same, met(value >= 0.5 for value in reached.values()), where))
        else:
            rows.append((f"WASM {verb} ≥ half of native", "not measured: the npm package is not built", "–", "–"))
    return rows


def listed(values, form):
    return ", ".join(f"{form.format(value)} at {name(bound)}" if bound else f"{form.format(value)} lossless" for bound, value in values.items())


def met(checks):
    checks = list(checks)
    return yes(True) if all(checks) else f"at {sum(checks)} of {len(checks)}" if any(checks) else yes(False)


def sizes(result, comparison):
    rows = []
    for dataset in [*dict.fromkeys(label.split("/")[0] for label in result["raw"]), "all"]:
        for bound in comparison.bounds:
            keys = [key for key in comparison.peers["SZ3"] if key[1] == bound and dataset in ("all", key[0].split("/")[0])]
            if keys:
                rows.append(size_row(result, comparison, dataset, bound, keys))
    head = ["data set", "bound / range", "fields", "raw", "DeepComp", "with index", *PACKAGES, "DeepComp / SZ3"]
    left_out = f" Left out: {', '.join(result['constant'])} (constant, so there is no relative bound; they came back bit for bit)." if result["constant"] else ""
    return "## Sizes\n\nBytes, sums over the fields." + left_out + "\n\n" + table(head, rows)


def size_row(result, comparison, dataset, bound, keys):
    ours = [comparison.ours[key] for key in keys]
    own = sum(row["bytes"] for row in ours)
    theirs = [sum(comparison.peers[peer][key]["bytes"] for key in keys) for peer in PACKAGES]
    raw = sum(result["raw"][field] for field, _ in keys)
    whole = own + round(sum(row["overhead"] for row in ours))
    return [dataset, name(bound), len(keys), *(f"{value:,}" for value in (raw, own, whole, *theirs)), f"{own / theirs[0]:.3f}"]


def by_peer(comparison):
    rows = []
    for peer in PACKAGES:
        for bound in comparison.bounds:
            pairs = comparison.pairs(peer, bound)
            own, their = comparison.total(peer, bound)
            mean = geometric_mean([b["bytes"] / a["bytes"] for a, b in pairs])
            rows.append([peer, name(bound), f"{their:,}", f"{their / own:.3f}", f"{mean:.3f}", len(pairs), len(comparison.lost(peer, bound)), len(comparison.lost(peer, bound, True))])
    head = ["peer", "bound / range", "bytes", "peer / DeepComp, total", "peer / DeepComp, geometric mean", "fields", "fields lost", "lost, index counted"]
    return "## By peer\n\nAbove 1, DeepComp is smaller.\n\n" + table(head, rows)


def lossless(result):
    groups = defaultdict(list)
    for row in result["ours"]:
        if row["bound"] is None:
            groups[row["field"].split("/")[0]].append(row)
    rows = []
    for dataset, group in [*groups.items(), ("all", [row for group in groups.values() for row in group])]:
        raw, own = sum(row["raw"] for row in group), sum(row["bytes"] for row in group)
        whole = own + round(sum(row["overhead"] for row in group))
        rows.append([dataset, len(group), f"{raw:,}", f"{own:,}", f"{whole:,}", f"{raw / own:.2f}", f"{sum(row['holds'] for row in group)} of {len(group)}"])
    return "## Lossless\n\nThe whole extracted file against the source file, byte by byte.\n\n" + table(["data set", "fields", "raw", "DeepComp", "with index", "ratio", "identical"], rows)


def direct(result):
    files = defaultdict(dict)
    for row in result["direct"]:
        files[row["file"]][row["bound"]] = row
    if not files:
        return "## Files read directly\n\nNone in this folder."
    bounds = [row["bound"] for row in next(iter(files.values())).values()]
    rows = []
    for file, by_bound in files.items():
        problems = [f"{row['problem']} at {name(bound)}" for bound, row in by_bound.items() if row["problem"]]
        sizes = [f"{by_bound[bound]['bytes']:,}" for bound in bounds]
        worst = max(row["worst"] for row in by_bound.values())
        same = "values and file" if by_bound[None]["identical"] else "values" if not by_bound[None]["problem"] else "**no**"
        rows.append([file, f"{by_bound[None]['raw']:,}", *sizes, down(worst), "yes" if not problems else f"**no**: {'; '.join(problems)}", same])
    head = ["file", "file size", *map(name, bounds), "largest error / bound", "bounds hold", "identical when lossless"]
    return f"""## Files read directly

NetCDF-3 files, and pictures saved as PNG for the purpose, go to the command line tool as they are; the whole archive is counted. Errors are in physical units and missing values are those that netCDF4 sees, which takes the default
fill value of the type (−32767 for int16) as missing where a file declares none that fits. Pictures are read with Pillow.
A PNG is packed already, so its size is that of another codec. What comes back is the values and attributes; a file may still differ in header padding or in how a PNG was packed.

{table(head, rows)}"""


def speed(speeds):
    rows = []
    for row in speeds["rows"]:
        cells = [rate(speeds["bytes"], row[key]) if key in row else None for key in ("encode", "decode", "wasm_encode", "wasm_decode", "sz3_encode", "sz3_decode", "compress_command")]
        rows.append([name(row["bound"]), *(f"{cell:.1f}" if cell else "–" for cell in cells), f"{processor_share(row):.0%}"])
    head = ["bound / range", "encode", "decode", "WASM encode", "WASM decode", "SZ3 encode", "SZ3 decode", "whole `compress` command", "processor / wall"]
    stale = "" if not wasm_is_stale(speeds) else "\n\n**The WASM archives differ in size from the native ones: the npm package was built from other sources (`npm run build`).**"
    return f"""## Speed

MB (10^6 bytes) of float32 a second, one thread, {speeds['fields']} float32 fields, {speeds['bytes']:,} bytes, best of {speeds['rounds']} rounds (WASM {speeds['wasm_rounds']}).
Processor / wall is that of the native commands: below 100 % other work held the processor and the figures are too low.

{table(head, rows)}{stale}"""


def lost(comparison):
    parts = ["## Fields lost\n\nEvery field where DeepComp is not smaller, by codec bytes, worst first."]
    for peer in PACKAGES:
        rows = [(b["field"], name(b["bound"]), f"{a['bytes']:,}", f"{b['bytes']:,}", f"{a['bytes'] / b['bytes']:.3f}") for a, b in sorted(comparison.lost(peer), key=lambda p: -p[0]["bytes"] / p[1]["bytes"])]
        parts.append(f"### To {peer}\n\n" + (table(["field", "bound / range", "DeepComp", peer, "DeepComp / peer"], rows) if rows else "None."))
    return "\n\n".join(parts)


def violations(comparison):
    rows = []
    for peer in PACKAGES:
        ratios = sorted(((b["error"] / b["allowed"], b) for _, b in comparison.pairs(peer) if b["error"] > b["allowed"]), key=lambda pair: -pair[0])
        if ratios:
            ratio, worst = ratios[0]
            large = [f"{row['field']} at {name(row['bound'])}" for r, row in ratios if r > 1.01]
            rows.append((peer, len(ratios), f"{ratio:.6g}", f"{worst['field']} at {name(worst['bound'])}", ", ".join(large) or "none"))
    head = ["peer", "fields × bounds above the bound", "largest error / bound", "where", "more than 1 % above"]
    return "## Bounds broken by peers\n\nChecked in float64 as ours are; a small excess comes from rounding to float32. Their sizes count all the same, which favours them.\n\n" + (table(head, rows) if rows else "None.")


def method():
    return """## How it was measured

- Fields: GRIB messages (a file of one parameter at one level is one series) and NetCDF variables of at least two dimensions and 1,000 values, in physical units: floats in their own type,
  integers as float32, missing values as NaN. All codecs get the same arrays; DeepComp gets them as NPY files.
- A bound is relative to the range (largest − smallest) of each field. Every array is decoded and compared here in float64, DeepComp's after `deepcomp extract`; where values are missing the very bits must come back.
- LERC keeps its own mask of missing values. The other peers cannot hold any: theirs are filled in three ways (relaxed smoothly from the edges, the value before, the mean) and the smallest result counts.
  They do not store where the holes are, and DeepComp does: this favours them.
- SZ3 (its default settings) and ZFP (fixed accuracy) get the smaller of plane by plane and all planes as one 3-D array; LERC gets the planes as bands; quantise+zstd is integers of the step the bound allows, bytes shuffled, zstd level 19, and 16 bytes for offset and step.
- DeepComp's size is `archive_bytes` of the variable: everything its values need, as for the peers, but not the archive's index (name, shape, attributes, checksums, certificate), of which the peers have next to nothing.
  "With index" adds the rest of the archive of the whole data set, shared equally: that is what lies on the disk.
- Speed: all float32 fields in one archive; encode is `encode_seconds` of `compress --json`, decode the wall time of the whole `deepcomp test`, start and reading included.
  SZ3 codes each field as one array, in the same rounds; constant fields are left out of its work but not of the bytes, which favours it a little.
  WASM: the npm package in Node, each field its own archive, in the seconds the package reports."""


def as_json(result):
    """One line a row; what the peers reached stands beside ours."""
    peers = defaultdict(dict)
    for row in result["peers"]:
        peers[row["field"], row["bound"]][row["peer"]] = row
    rows = [packed(row, peers[row["field"], row["bound"]]) for row in result["ours"]]
    document = {key: value for key, value in result.items() if key not in ("raw", "ours", "peers")} | {"fields": rows}
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {lines(value)}" for key, value in document.items()) + "\n}\n"


def lines(value):
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def packed(row, peers):
    sizes = {"DeepComp": row["bytes"]} | {peer: theirs["bytes"] for peer, theirs in peers.items()}
    broken = {peer: float(f"{theirs['error'] / theirs['allowed']:.6g}") for peer, theirs in peers.items() if theirs["error"] > theirs["allowed"]}
    kept = {"field": row["field"], "bound": row["bound"], "raw": row["raw"], "bytes": sizes, "allowed": row["allowed"], "error": row["error"], "holds": row["holds"]}
    return kept | ({"broken_by": broken} if broken else {})
