"""Asked and reached: every verdict is computed here from the rows, so that the text cannot say what was not measured."""

import math

from bounds import LOSSLESS
from report.comparison import BEST_ARCHIVER, BEST_PEER, BETTER_OF_TWO, JPEG_XL, in_dataset, is_levels, is_series
from report.markdown import down, geometric_mean, met, number, percent, table, yes
from report.rates import Rates
from speed import CLASSICAL, NATIVE, NODE, OURS

SMALLER_SHARE, SMALLER_BY = 0.95, 0.18
JPEG_XL_FACTOR, PICTURE_FACTOR = 0.88, 1.05
BEST_PEER_FACTOR, SERIES_FACTOR = 0.92, 0.8
BEHIND_CLASSICAL = 1.01
ARCHIVER_FACTOR, OTHER_FACTOR = 1.69, 1.15
"""Where a lattice is recovered, and elsewhere."""
NATIVE_SPEED = {"encode": 30, "decode": 50}
"""Megabytes a second, of the classical predictor."""
NETWORK_SPEED = {"encode": 2, "decode": 4}
"""Megabytes a second in WASM."""
WASM_FACTOR = 0.5
MEMORY_FACTOR = 6
WASM_BUDGET = 400_000
"""Bytes after gzip."""


def summary(result, comparison):
    rows = [bounds_hold(result), bits_hold(result), *two_best(comparison), *jpeg_xl(comparison), *best_peer(comparison), behind_classical(result), *lossless(comparison), *pictures(result["pictures"])]
    rows += [*speed(result["speed"]), memory(result["memory"]), wasm(result["wasm"])]
    return "## Asked and reached\n\n" + table(["figure asked", "reached", "met", "where"], rows)


def bounds_hold(result):
    rows = [row for row in result["ours"] if row["bound"] != str(LOSSLESS)]
    checks = [row["holds"] for row in rows + [row for row in result["payloads"] if row["bound"] != str(LOSSLESS)]]
    checks += [not row["problem"] for row in result["direct"] if row["bound"] != str(LOSSLESS)]
    worst = max(row["error"] / row["allowed"] for row in rows if row["allowed"])
    honest = sum(math.isclose(row["certified"], row["error"], rel_tol=1e-9) for row in rows)
    reached = f"{sum(checks):,} of {len(checks):,} round trips; largest error ÷ bound {down(worst)}; {honest:,} of {len(rows):,} certificates name the error measured here"
    return "Error ≤ bound on every value of every file", reached, yes(all(checks)), "Data sets; Files read directly"


def bits_hold(result):
    payloads = [row for row in result["payloads"] if row["bound"] == str(LOSSLESS)]
    checks = [row["holds"] for row in result["ours"] + payloads if row["bound"] == str(LOSSLESS)]
    checks += [not row["problem"] for row in result["direct"] if row["bound"] == str(LOSSLESS)]
    nans = sum(row["nans"] for row in payloads)
    tried = f"one of them with {nans:,} different NaNs" if nans else "none with missing values"
    return "Lossless is bit-identical, NaN payloads included", f"{sum(checks):,} of {len(checks):,} files, {tried}", yes(all(checks)), "Lossless; Files read directly"


def two_best(comparison):
    ratios = [ratio for ratio, _ in comparison.ratios(BETTER_OF_TWO, comparison.keys(comparison.bounds))]
    smaller = sum(ratio < 1 for ratio in ratios)
    share = smaller / len(ratios)
    asked = f"Smaller than the {BETTER_OF_TWO} on ≥ {SMALLER_SHARE:.0%} of fields × bounds"
    yield asked, f"{smaller:,} of {len(ratios):,} ({percent(share)})", yes(share >= SMALLER_SHARE), "Geometric means"
    mean = geometric_mean([ratio for ratio, _ in comparison.ratios(BETTER_OF_TWO, comparison.keys(comparison.relative))])
    yield f"… and ≥ {SMALLER_BY:.0%} smaller in geometric mean at the relative bounds", f"{percent(1 - mean)} smaller", yes(mean <= 1 - SMALLER_BY), "Geometric means"


def jpeg_xl(comparison):
    groups = {"everywhere": (lambda field: True, JPEG_XL_FACTOR, "≤"), "on series": (is_series, 1, "<"), "on levels": (is_levels, 1, "<")}
    for name, (wanted, most, sign) in groups.items():
        ratios = [ratio for ratio, _ in comparison.ratios(JPEG_XL, comparison.keys(comparison.relative, wanted))]
        mean = geometric_mean(ratios)
        asked = f"DeepComp ÷ {JPEG_XL} {sign} {most} {name}, geometric mean at the relative bounds"
        reached = f"{number(mean)} ({len(ratios):,} fields × bounds)" if ratios else "no such fields"
        yield asked, reached, (yes(mean <= most if sign == "≤" else mean < most) if ratios else "–"), "Geometric means"


def best_peer(comparison):
    groups = {"everywhere": (lambda field: True, BEST_PEER_FACTOR), "on series": (is_series, SERIES_FACTOR), "on levels": (is_levels, SERIES_FACTOR)}
    for name, (wanted, most) in groups.items():
        ratios = [ratio for ratio, _ in comparison.ratios(BEST_PEER, comparison.keys(comparison.relative, wanted))]
        mean = geometric_mean(ratios)
        asked = f"DeepComp ÷ {BEST_PEER} ≤ {most} {name}, geometric mean at the relative bounds"
        yield asked, f"{number(mean)} ({len(ratios):,} fields × bounds)" if ratios else "no such fields", yes(mean <= most) if ratios else "–", "Geometric means"


def behind_classical(result):
    without = {(row["field"], row["bound"]): row["bytes"] for row in result["classical"]}
    ratios = [row["bytes"] / without[row["field"], row["bound"]] for row in result["ours"] if (row["field"], row["bound"]) in without]
    reached = f"at most {max(ratios):.4f} ×, geometric mean {number(geometric_mean(ratios))} of {len(ratios):,} fields × bounds"
    return f"With the network ≤ {BEHIND_CLASSICAL} × without, on each field", reached, yes(max(ratios) <= BEHIND_CLASSICAL), "–"


def lossless(comparison):
    worst = {}
    for name in comparison.datasets:
        keys = comparison.keys([comparison.lossless], in_dataset(name))
        for peer in (*comparison.archivers, "pco", "fpzip"):
            worst[name, peer] = comparison.total("DeepComp", keys)[1] / comparison.total(peer, keys)[1]
    lost = [f"{peer} on {name} ({ratio:.3f} ×)" for (name, peer), ratio in worst.items() if ratio >= 1]
    reached = f"not than {', '.join(lost)}" if lost else f"closest: {max(worst.values()):.3f} × {' on '.join(reversed(max(worst, key=worst.get)))}"
    yield "Lossless: smaller than every archiver, pco and fpzip on every data set", reached, yes(not lost), "Lossless"
    for where, least, recovered in (("where a lattice can be recovered", ARCHIVER_FACTOR, True), ("elsewhere", OTHER_FACTOR, False)):
        keys = comparison.keys([comparison.lossless], lambda field, recovered=recovered: bool(field["lattice"]) == recovered)
        factors = [1 / ratio for ratio, _ in comparison.ratios(BEST_ARCHIVER, keys)]
        mean = geometric_mean(factors)
        asked = f"… and ≥ {least} × smaller than the {BEST_ARCHIVER} {where}, geometric mean"
        yield asked, f"{number(mean)} × on {len(factors)} fields" if factors else "no such fields", yes(mean >= least) if factors else "–", "Lossless"


def pictures(rows):
    if not rows:
        yield "Pictures without loss", "none in this folder", "–", "Pictures"
        return
    xl = [row["bytes"]["DeepComp"] / row["bytes"]["JPEG XL e7"] for row in rows]
    total = sum(row["bytes"]["DeepComp"] for row in rows) / sum(row["bytes"]["JPEG XL e7"] for row in rows)
    reached = f"total {total:.3f} ×; each {min(xl):.3f} to {max(xl):.3f} ×, within on {sum(ratio <= PICTURE_FACTOR for ratio in xl)} of {len(xl)}"
    yield f"Pictures without loss: total and each ≤ {PICTURE_FACTOR} × JPEG XL e7", reached, yes(max(*xl, total) <= PICTURE_FACTOR), "Pictures"
    others = [name for name in rows[0]["bytes"] if name.startswith(("WebP", "PNG"))]
    smaller = [all(row["bytes"]["DeepComp"] < row["bytes"][name] for name in others) for row in rows]
    yield f"… and smaller than {' and '.join(others)} on each", f"{sum(smaller)} of {len(smaller)}", yes(all(smaller)), "Pictures"


def speed(speeds):
    rates = Rates(speeds)
    busy = "" if rates.processor_share > 0.95 else f" (the machine was busy: the commands had {rates.processor_share:.0%} of a core at worst)"
    for verb, asked in NATIVE_SPEED.items():
        reached = {bound: rates.of(CLASSICAL, NATIVE, bound, verb) for bound in rates.bounds}
        yield f"Native {verb} ≥ {asked} MB/s without the network, one thread", listed(reached, ".0f"), met(rate >= asked for rate in reached.values()), "Speed" + busy
    for verb, least in NETWORK_SPEED.items():
        if speeds["wasm_built"]:
            reached = {bound: rates.of(OURS, NODE, bound, verb) for bound in rates.bounds}
            yield f"WASM {verb} ≥ {least} MB/s with the network, one thread", listed(reached, ".1f"), met(rate >= least for rate in reached.values()), "Speed" + busy
    for verb in NATIVE_SPEED:
        asked = f"WASM {verb} ≥ {WASM_FACTOR} × native"
        if not speeds["wasm_built"]:
            yield asked, "not measured: the npm package is not built (`npm run build`)", "–", "–"
            continue
        reached = {bound: rates.of(OURS, NODE, bound, verb) / rates.of(OURS, NATIVE, bound, verb) for bound in rates.bounds}
        stale = "; **the WASM module is of other sources than the native build**" if rates.wasm_is_stale else ""
        yield asked, listed(reached, ".2f") + stale, met(ratio >= WASM_FACTOR for ratio in reached.values()), "Speed" + busy


def memory(measured):
    asked = f"Memory ≤ {MEMORY_FACTOR} × the field"
    if measured is None:
        return asked, "not measured: GNU time is not installed", "–", "–"
    worst = max((row[verb] / measured["bytes"], verb, row["bound"]) for row in measured["rows"] for verb in ("compress", "extract"))
    return asked, f"{worst[0]:.2f} × at most ({worst[1]}, {worst[2]}), {measured['field']}", yes(worst[0] <= MEMORY_FACTOR), "Memory"


def wasm(size):
    asked = f"WASM module ≤ {WASM_BUDGET // 1000} KB gzip"
    if size is None:
        return asked, "not built: run `npm run build` first", "–", "–"
    return asked, f"{size['gzip']:,} bytes ({size['bytes']:,} before gzip)", yes(size["gzip"] <= WASM_BUDGET), "–"


def listed(values, form):
    return ", ".join(f"{value:{form}} {bound if bound == str(LOSSLESS) else f'at {bound}'}" for bound, value in values.items())
