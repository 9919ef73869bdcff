"""The page on lossless sizes, from the measurements."""

from handed import NAME as TOMOZ
from kinds import DAYS, ERA5_LIKE, MEAN, TILED
from peers import lossless, numeric
from report.documents import as_lines
from report.markdown import bold, geometric_mean, number, table, yes

BEST_OF = ("OpenZL", "pco", "gridpack", "fpzip")
"""The rivals that figures are asked against; the others are shown."""
NUMERIC = tuple(peer.name for peer in (*numeric.PEERS, *lossless.NUMERIC))
ARCHIVERS = tuple(peer.name for peer in lossless.ARCHIVERS)
BEST, ARCHIVER = "best of the four", "best archiver"
ARCHIVER_FACTOR, BEST_FACTOR, EACH_FACTOR, AXES_FACTOR, ERA5_FACTOR, ERA5_BITS = 1.69, 0.80, 1.0, 1.0, 0.88, 6.5
INTEGER_BITS = 7
"""Bits a value by tomoz up to which ERA5_BITS is asked."""
AXES = ("ULONG", "TLONG")
REPEATED = 3
"""From how many times on it is told how often a value comes on average."""
OTHER_FACTOR = 1.15
"""Where no lattice is recovered, asked of the bench as a whole."""


def summary(result):
    return "\n".join(f"{what}: {measured}" for what, measured, _ in verdicts(result["rows"]))


def write(result):
    """File name to text."""
    sections = [heading(result), reached(result["rows"]), groups(result["rows"]), archivers(result["rows"]), integers(result["rows"]), lost(result["rows"]), method(result["about"])]
    return {"lossless.md": "\n\n".join(sections) + "\n", "lossless.json": as_lines(result)}


def read(document):
    return document


def heading(result):
    about = result["about"]
    packages = ", ".join(f"{package} {version}" for package, version in about["packages"].items())
    few = "" if about["every"] == 1 else f" One in {about['every']} of the fields of each data set is measured, so these figures are of a sample."
    absent = f" Left out, since not installed: {', '.join(about['absent'])}." if about["absent"] else ""
    return f"""# Without loss

Written by `npm run bench -- lossless` on {about["date"]}; do not edit. Data: {about["data"]}, {len(result["rows"])} fields, {sum(row["raw"] for row in result["rows"]):,} bytes.{few}

{about["deepcomp"]}, Python {about["python"]}; {packages}.{absent}"""


# ---------------------------------------------------------------------------------------------------------------------------- Sizes


def ours(row, predictor=None, part=0):
    """Bytes of the values, or as part 1 of the archive: by a predictor, None where it was not measured; or by what the tool does when it is told nothing, as far as measured."""
    sizes = row["ours"]
    name = predictor or ("network" if "network" in sizes else "classical")
    return sizes[name][part] if name in sizes else None


def size(row, peer):
    """Bytes of a peer or of the smallest of some; None where none holds the field."""
    names = {BEST: BEST_OF, ARCHIVER: ARCHIVERS}.get(peer, (peer,))
    return min((row["peers"][name] for name in names if name in row["peers"] and name not in row["broken"]), default=None)


def ratios(rows, peer, predictor=None, part=0):
    """DeepComp ÷ peer, with the row, where both are."""
    return [(mine / theirs, row) for row in rows if (theirs := size(row, peer)) and (mine := ours(row, predictor, part))]


def mean(rows, peer, predictor=None, part=0):
    return geometric_mean([ratio for ratio, _ in ratios(rows, peer, predictor, part)])


def of(rows, name):
    return [row for row in rows if row["group"] == name]


# ------------------------------------------------------------------------------------------------------------------------- Verdicts


def verdicts(rows):
    """`(what, measured, whether it is what is asked)`; None for the last where there is nothing to measure."""
    exact = [[whole[2] for whole in row["ours"].values()] for row in rows]
    yield "every file came back bit for bit", f"{sum(map(all, exact)):,} of {len(exact):,}", all(map(all, exact))
    broken = [f"{peer} on {row['field']}" for row in rows for peer in row["broken"]]
    yield "every peer gave its values back", ", ".join(broken) or f"{sum(len(row['peers']) for row in rows):,} times", not broken
    yield from against_archivers(rows)
    yield at_most(f"÷ {BEST} ({', '.join(BEST_OF)}), geometric mean", rows, BEST, BEST_FACTOR)
    yield "… with the index of an archive for each field", number(mean(rows, BEST, part=1)), None
    every = ratios(rows, BEST)
    worst = max(every, key=lambda pair: pair[0], default=None)
    above = sum(ratio > EACH_FACTOR for ratio, _ in every)
    yield f"… on no field above {EACH_FACTOR:.2f}", f"{above} of {len(every):,} are" + (f", at most {worst[0]:.3f} ({worst[1]['field']})" if worst else ""), above == 0
    yield at_most(f"{' and '.join(AXES)} ÷ pco, the larger", [row for row in rows if row["field"].endswith(tuple(f"/{name}" for name in AXES))], "pco", AXES_FACTOR, max)
    like = [ratio for ratio, _ in ratios(of(rows, ERA5_LIKE), "OpenZL")]
    yield at_most("ERA5-like fields ÷ OpenZL, geometric mean", of(rows, ERA5_LIKE), "OpenZL", ERA5_FACTOR)
    yield "… and on each", f"{min(like):.3f} to {max(like):.3f}" if like else "no such fields", max(like) <= ERA5_FACTOR if like else None
    yield era5_bits([row for row in of(rows, ERA5_LIKE) if 8 * size(row, TOMOZ) <= INTEGER_BITS * row["samples"]])


def era5_bits(rows):
    bits = [8 * ours(row, "network") / row["samples"] for row in rows]
    asked = f"… with the network at most {ERA5_BITS} bits a value, where tomoz takes at most {INTEGER_BITS} for the integers"
    return asked, ", ".join(f"{each:.2f}" for each in bits) or "no such fields", all(each <= ERA5_BITS for each in bits) if bits else None


def against_archivers(rows):
    for where, least, recovered in (("where a lattice is recovered", ARCHIVER_FACTOR, True), ("elsewhere", OTHER_FACTOR, False)):
        factor = 1 / mean([row for row in rows if row["lattice"] == recovered], ARCHIVER)
        count = sum(row["lattice"] == recovered for row in rows)
        yield f"{ARCHIVER} of each field ÷ DeepComp ≥ {least} {where}, geometric mean", f"{number(factor)} ({count} fields)", factor >= least if count else None


def at_most(what, rows, peer, most, reduce=geometric_mean):
    found = [ratio for ratio, _ in ratios(rows, peer)]
    asked = f"DeepComp {'on ' if reduce is max else ''}{what}, ≤ {most:.2f}"
    return (asked, f"{number(reduce(found))} ({len(found):,} fields)", reduce(found) <= most) if found else (asked, "no such fields", None)


def reached(rows):
    lines = [[what, measured, "–" if holds is None else yes(holds)] for what, measured, holds in verdicts(rows)]
    return f"## Asked and reached\n\n{table(['what', 'measured', 'reached'], lines)}"


# --------------------------------------------------------------------------------------------------------------------------- Tables


def parts(rows):
    """Name to rows: the groups, then what cuts across them."""
    named = {name: of(rows, name) for name in dict.fromkeys(row["group"] for row in rows)}
    across = {"lattice recovered": [row for row in rows if row["lattice"]], "no lattice": [row for row in rows if not row["lattice"]], "all": rows}
    return {name: members for name, members in (named | across).items() if members}


def cell(rows, peer, predictor=None, part=0):
    found = [ratio for ratio, _ in ratios(rows, peer, predictor, part)]
    short = f" †{len(rows) - len(found)}" if found and len(found) < len(rows) else ""
    return bold(number(geometric_mean(found)), bool(found) and geometric_mean(found) > 1) + short


def groups(rows):
    lines = []
    for name, members in parts(rows).items():
        above = sum(ratio > 1 for ratio, _ in ratios(members, BEST))
        lines.append([name, len(members), above, cell(members, BEST), cell(members, BEST, part=1), cell(members, BEST, "classical"), *(cell(members, peer) for peer in NUMERIC)])
    return f"""## Against coders of numbers

DeepComp ÷ peer, geometric mean: below 1 DeepComp is smaller. *Above*: fields on which it is larger than the best of the four ({", ".join(BEST_OF)}). DeepComp's are its sizes when it is
told nothing, with the network where that was measured; the next two columns are against the best of the four as well, by the whole archive of each field, and without the network.
† and a number: so many fields are left out, where the peer cannot hold them.

{table(["fields", "number", "above", BEST, "with index", "`--model none`", *NUMERIC], lines)}"""


def archivers(rows):
    present = [name for name in ARCHIVERS if any(name in row["peers"] for row in rows)]
    lines = [[name, len(members), cell(members, ARCHIVER), *(cell(members, peer) for peer in present)] for name, members in parts(rows).items()]
    return f"""## Against archivers

DeepComp ÷ archiver, geometric mean; every field is a file of its own.

{table(["fields", "number", ARCHIVER, *present], lines)}"""


def integers(rows):
    lines = []
    for name, members in parts(rows).items():
        having = [row for row in members if size(row, TOMOZ)]
        if having:
            bits = lambda measure, having=having: number(geometric_mean([8 * measure(row) / row["samples"] for row in having]), ".2f")  # noqa: E731
            lines.append([name, len(having), cell(having, TOMOZ), sum(ratio > 1 for ratio, _ in ratios(having, TOMOZ)), bits(ours), bits(lambda row: size(row, TOMOZ))])
    return f"""## Against a coder that is handed the integers

tomoz, learned, of 16-bit volumes, gets the integers of every field whose values lie on a lattice (`bench/lattice.py`) of at most 65,536 steps, and pays 16 bytes for each lattice. What
takes the integers back to the values' bits is not counted: it is told where to look, so it is no peer. Bits a value, geometric means.

{table(["fields", "number", "DeepComp ÷ tomoz", "above", "DeepComp", "tomoz"], lines)}"""


def lost(rows):
    pairs = sorted((pair for pair in ratios(rows, BEST) if pair[0] > EACH_FACTOR), key=lambda pair: -pair[0])
    lines = []
    for ratio, row in pairs:
        rival = min((name for name in BEST_OF if size(row, name)), key=lambda name: size(row, name))
        lines.append([row["field"], f"{ratio:.3f}", rival, f"{size(row, rival):,}", f"{ours(row):,}", f"{row['samples']:,}", f"{row['distinct']:,}", reason(row)])
    head = "## Fields lost\n\nWhere DeepComp is larger than the best of the four, worst first; bytes, values, and how many of them differ."
    return f"{head}\n\n{table(['field', 'DeepComp ÷ best', 'best', 'its bytes', 'DeepComp', 'values', 'different', 'what is known'], lines)}" if lines else f"{head}\n\nNone."


def reason(row):
    """What the values themselves say."""
    if row["group"] == MEAN:
        return f"multiples of a decimal ÷ {DAYS}, with the noise of float32 sums: no lattice to the bit"
    if row["group"] == ERA5_LIKE and not row["field"].endswith(TILED):
        return "linear between the points it was interpolated from, so that second differences are next to nothing"
    often = row["samples"] / row["distinct"]
    lies = "on a lattice" if row["lattice"] else f"{row['type']}, on no lattice"
    return lies + (f"; each value comes {often:.0f} times on average" if often >= REPEATED else "")


def method(about):
    every = "" if about["every"] == 1 else f", one in {about['every']} of each data set, from the first on"
    return f"""## How it was measured

- Fields are those of `npm run bench` (GRIB messages and NetCDF variables of at least two dimensions and 1,000 values, missing ones as NaN) less the constant ones{every}.
  Those of float64, which describe CESM's curvilinear grid, are apart.
- `{ERA5_LIKE}`: planes of the training data, interpolated to 721 × 1440 (bilinear, hence smoother than an analysis of that grid) or tiled (as rough as one of one degree), packed to
  int16 as ECMWF does and unpacked in float32, scale, product and sum each rounded. `{MEAN}`: {DAYS} days of CESM's surface temperature packed to 0.01, unpacked and averaged in float32, on
  their own grid and interpolated.
- All get the same values; DeepComp as a NPY file, each in an archive of its own that is extracted and compared byte by byte; every peer's output is decoded and compared by the bits.
  DeepComp's bytes are `archive_bytes` of the variable: all that the values need; the archive has besides an index of {about["index"]:.0f} bytes (median here), which no peer here has.
- With the network: fields of at most {about["network_most"]:,} bytes and those made for this.
- OpenZL: values as one stream; {about["openzl"]} (`bench/peers/numeric.py`), the smallest of which counts. gridpack: modes none, spatial and dt, zstd 19 and zlib 9.
  blosc2: zstd 9 after no filter, shuffle, bitshuffle, or shuffle and bytedelta, as one block. pco: level 12. fpzip: plane by plane or all at once.
- Results are kept in the user's cache folder under a hash of values, version and wrapper, DeepComp's under one of the tool."""
