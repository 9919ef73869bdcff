"""Sections on sizes: geometric means, data sets, lossless, pictures."""

import math

from report.comparison import BEST_ARCHIVER, BEST_PEER, BETTER_OF_TWO, BOUNDED, JPEG_XL, KINDS, NUMERIC, in_dataset
from report.markdown import bold, geometric_mean, number, table
from speed import OURS


def means(comparison):
    columns = {bound: [bound] for bound in comparison.relative} | {"all three": comparison.relative} | {bound: [bound] for bound in comparison.absolute}
    row = lambda codec, with_index=False: [mean_and_lost(comparison, codec, comparison.keys(bounds), with_index) for bounds in columns.values()]  # noqa: E731
    everywhere = [[codec, *row(codec)] for codec in (BETTER_OF_TWO, BEST_PEER, *BOUNDED)]
    everywhere += [[f"{codec}, DeepComp with index", *row(codec, True)] for codec in (BETTER_OF_TWO, JPEG_XL)]
    by_group = [
        [name, codec, *(mean_and_lost(comparison, codec, comparison.keys(bounds, wanted)) for bounds in columns.values())]
        for name, wanted in KINDS.items() for codec in (BETTER_OF_TWO, JPEG_XL, BEST_PEER)
    ]  # fmt: skip
    return f"""## Geometric means

DeepComp's bytes ÷ the peer's, geometric mean over the fields: below 1, DeepComp is smaller. In brackets the number of fields where it is not. Bounds are shares of each field's range,
"all three" of them together, or kelvin for temperatures. A peer does not count where it is not applicable or breaks the bound by more than an ulp. "With index": see Data sets.

{table(["peer", *columns], everywhere)}

Fields that are a single plane, series of planes (time, or time and level), and variables on pressure levels as one array:

{table(["fields", "peer", *columns], by_group)}"""


def mean_and_lost(comparison, codec, keys, with_index=False):
    ratios = [ratio for ratio, _ in comparison.ratios(codec, keys, with_index)]
    return f"{geometric_mean(ratios):.3f} ({sum(ratio >= 1 for ratio in ratios)})" if ratios else "–"


def datasets(comparison):
    constant = [row["field"] for row in comparison.fields.values() if row["constant"]]
    left_out = f"\nLeft out: {', '.join(constant)} (constant, so there is no relative bound; they came back bit for bit)." if constant else ""
    head = f"""## Data sets

Compression ratios: raw bytes ÷ coded bytes of all fields together, their number in brackets; the best of each column is bold. † and a number: so many fields are left out of this
figure, since the codec is not applicable there or breaks the bound. "With index" adds DeepComp's share of the archive's own frames, of which the peers have next to nothing.{left_out}

![Bits per sample against the bound](rate.svg)"""
    return "\n\n".join([head, *(one_dataset(comparison, name) for name in comparison.datasets)])


def one_dataset(comparison, name):
    keys = {bound: found for bound in comparison.bounds if (found := comparison.keys([bound], in_dataset(name)))}
    members = [row for row in comparison.fields.values() if in_dataset(name)(row)]
    rows = ratio_rows(comparison, (OURS, *BOUNDED), keys.values())
    totals = [(comparison.total(OURS, found), comparison.overhead(found)) for found in keys.values()]
    rows.insert(1, ["with index", *(f"{raw / (size + overhead):.2f}" for (raw, size, _, _), overhead in totals)])
    head = ["codec", *(f"{bound} ({len(found)})" for bound, found in keys.items())]
    return f"### {name}\n\n{len(members)} fields, {sum(row['raw'] for row in members):,} bytes.\n\n{table(head, rows)}"


def ratio_rows(comparison, codecs, columns):
    """A row a codec, a cell a list of keys: the ratio, bold where it is the best of those that leave no field out."""
    totals = {codec: [comparison.total(codec, keys) for keys in columns] for codec in codecs}
    ratios = {codec: [raw / size if size else math.nan for raw, size, _, _ in row] for codec, row in totals.items()}
    left_out = {codec: [left_out for *_, left_out in row] for codec, row in totals.items()}
    best = [max(ratios[codec][column] for codec in codecs if not left_out[codec][column]) for column in range(len(columns))]
    cell = lambda ratio, top, count: number(ratio, ".2f") + f" †{count}" if count else bold(number(ratio, ".2f"), ratio == top)  # noqa: E731
    return [[codec, *map(cell, ratios[codec], best, left_out[codec])] for codec in codecs]


def lossless(comparison):
    exact = [comparison.lossless]
    keys = {name: comparison.keys(exact, in_dataset(name)) for name in comparison.datasets} | {"all": comparison.keys(exact)}
    rows = ratio_rows(comparison, (OURS, *comparison.exact), keys.values())
    for row in rows:
        row.append("–" if row[0] == OURS else mean_and_lost(comparison, row[0], keys["all"]))
    on, off = comparison.keys(exact, lambda field: field["lattice"]), comparison.keys(exact, lambda field: not field["lattice"])
    by_lattice = [[codec, mean_and_lost(comparison, codec, on), mean_and_lost(comparison, codec, off)] for codec in (BEST_ARCHIVER, *NUMERIC)]
    return f"""## Lossless

Raw bytes ÷ coded bytes of every data set; every field is a file of its own for the archivers. The last column is DeepComp ÷ peer, geometric mean, and in brackets the number of fields
where DeepComp is not smaller.

{table(["codec", *keys, "DeepComp ÷ peer"], rows)}

A lattice can be recovered in {len(on)} of {len(on) + len(off)} fields (`bench/lattice.py`: every plane is offset + step · integer to within an ulp, with a step of at least four ulps).
DeepComp ÷ peer there and elsewhere:

{table(["peer", "lattice", "no lattice"], by_lattice)}"""


def pictures(rows):
    if not rows:
        return "## Pictures\n\nNone in this folder."
    codecs = list(rows[0]["bytes"])
    whole = {"picture": "all", "raw": sum(row["raw"] for row in rows), "bytes": {codec: sum(row["bytes"][codec] for row in rows) for codec in codecs}}
    lines = [
        [row["picture"], f"{row['raw']:,}", *(f"{row['bytes'][codec]:,}" for codec in codecs), *(f"{row['bytes'][OURS] / row['bytes'][codec]:.3f}" for codec in ("JPEG XL e7", "WebP"))]
        for row in (*rows, whole)
    ]  # fmt: skip
    wrong = [f"{codec} on {row['picture']}" for row in rows for codec, exact in row["exact"].items() if not exact]
    checked = f"**Not given back: {', '.join(wrong)}.**" if wrong else "Every codec gave every pixel back."
    return f"""## Pictures

Bytes without loss, DeepComp's whole archive among them. {checked}

{table(["picture", "pixels as bytes", *codecs, "DeepComp ÷ JPEG XL e7", "DeepComp ÷ WebP"], lines)}"""
