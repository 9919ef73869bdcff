"""The page on levels and peers: who is outside the front, from the measurements."""

from report.documents import as_lines
from report.markdown import geometric_mean, percent, table, yes
from report.plots import COLUMNS, LEGEND_COLUMN, STYLES, legend, legend_height
from report.svg import Drawing, Panel, around, powers
from speed import NATIVE, NODE

LEVELS = {"fast": "#000000", "balanced": "#444444", "best": "#777777", "max": "#aaaaaa"}
MORE_STYLES = {
    "geozl": ("#a6761d", ""), "quantise+JPEG-LS": ("#17becf", "6 3"), "quantise+pco 4": ("#9467bd", "6 3"), "quantise+blosc2": ("#bcbd22", "6 3"), "quantise+zstd 3": ("#999999", "6 3"),
}  # fmt: skip
SHAPES = {"1e-2": "circle", "1e-3": "square", "1e-4": "triangle"}
MEGA = 1e6
ASKED = (
    ("fast", "encode", 0.5, "SZ3"), ("fast", "decode", 0.5, "SZ3"), ("fast", "bytes", 0.85, "SZ3"), ("fast", "bytes", 1.0, "SPERR"),
    ("balanced", "encode", 60, None), ("balanced", "decode", 130, None), ("best", "encode", 8, None), ("best", "decode", 18, None), ("max", "encode", 0.5, None), ("max", "decode", 0.5, None),
    ("max", "bytes", 0.97, "best"),
)  # fmt: skip
"""Level, what of it, how much, and whose it is a part of; megabytes a second without one."""
MIDDLE = "1e-3"
WASM_SHARE = 0.55


class Front:
    def __init__(self, result):
        self.raw = [field["bytes"] for field in result["fields"]]
        self.rows = {(row["codec"], row["where"], row["bound"]): row for row in result["rows"]}
        self.bounds = list(dict.fromkeys(bound for *_, bound in self.rows))
        self.peers = [codec for codec, where, bound in self.rows if where == NATIVE and bound == self.bounds[0] and codec not in LEVELS]
        self.levels = [level for level in LEVELS if (level, NATIVE, self.bounds[0]) in self.rows]

    def ratio(self, codec, bound):
        """Geometric mean over the fields."""
        return geometric_mean([raw / size for raw, size in zip(self.raw, self.rows[codec, NATIVE, bound]["sizes"], strict=True)])

    def rate(self, codec, bound, verb, where=NATIVE):
        """Megabytes a second; None where it was not measured."""
        row = self.rows.get((codec, where, bound))
        return sum(self.raw) / MEGA / row[verb] if row else None

    def all(self, codec, bound):
        return self.ratio(codec, bound), self.rate(codec, bound, "encode"), self.rate(codec, bound, "decode")

    def ahead(self, peer, bound):
        """The levels that are smaller and quicker both ways than a peer."""
        theirs = self.all(peer, bound)
        return [level for level in self.levels if all(own >= their for own, their in zip(self.all(level, bound), theirs, strict=True))]

    def nearest(self, peer, bound):
        """`(level, its part of the peer's ratio and speeds)` of the smaller level that falls short least, of any where none is smaller."""
        theirs = self.all(peer, bound)
        parts = {level: tuple(own / their for own, their in zip(self.all(level, bound), theirs, strict=True)) for level in self.levels}
        smaller = {level: part for level, part in parts.items() if part[0] >= 1} or parts
        return max(smaller.items(), key=lambda item: min(item[1]))


def write(result):
    """File name to text."""
    front = Front(result)
    sections = [heading(result), outside(front), asked(front), everything(front), wasm(front), method(result)]
    pages = {"front.md": "\n\n".join(section for section in sections if section) + "\n", "front.json": as_lines(result)}
    return pages | {f"front-{verb}.svg": plot(front, verb) for verb in ("encode", "decode")}


def read(document):
    return document


def summary(result):
    front = Front(result)
    return "\n".join(f"{bound}: outside the front {', '.join(peer for peer in front.peers if not front.ahead(peer, bound)) or 'nobody'}" for bound in front.bounds)


def heading(result):
    about = result["about"]
    packages = ", ".join(f"{package} {version_}" for package, version_ in about["packages"].items())
    total = sum(field["bytes"] for field in result["fields"])
    return f"""# Levels and peers

Written by `npm run bench -- front` on {about["date"]}; do not edit. Data: {about["data"]}, the largest float32 field of each data set, {len(result["fields"])} fields, {total:,} bytes.

{about["deepcomp"]}, Python {about["python"]}; {packages}. Load of the machine at the end: {about["load"]:.1f}."""


def outside(front):
    rows = []
    for peer in front.peers:
        cells = []
        for bound in front.bounds:
            ahead = front.ahead(peer, bound)
            if ahead:
                cells.append(f"inside: {', '.join(ahead)}")
            else:
                level, (ratio, encode, decode) = front.nearest(peer, bound)
                cells.append(f"**outside**: {level} has {encode:.2f} and {decode:.2f} of its speeds and {1 / ratio:.2f} of its bytes")
        rows.append([peer, *cells])
    count = sum(cell.startswith("**") for row in rows for cell in row[1:])
    return f"""## Who is outside the front

A peer is inside where a level makes smaller files (geometric mean of the fields) and is quicker both ways, encoding and decoding; of {len(front.peers) * len(front.bounds)} pairs of peer and bound {count} are outside. Where it is outside, the level that falls short least
of those that are smaller stands there, with what it has of the peer's speed to encode, to decode, and of its bytes.

{table(["peer", *(f"bound ÷ range {bound}" for bound in front.bounds)], rows)}

![Ratio over encoding speed](front-encode.svg)

![Ratio over decoding speed](front-decode.svg)"""


def asked(front):
    rows = []
    for level, what, least, whose in ASKED:
        if level not in front.levels:
            continue
        if what == "bytes":
            parts = {bound: front.ratio(whose, bound) / front.ratio(level, bound) for bound in front.bounds}
            rows.append([level, f"bytes ÷ {whose}", f"≤ {least:g}", " / ".join(f"{part:.3f}" for part in parts.values()), yes(max(parts.values()) <= least)])
        elif whose:
            parts = {bound: front.rate(level, bound, what) / front.rate(whose, bound, what) for bound in front.bounds}
            rows.append([level, f"{what} ÷ {whose}", f"≥ {least:g}", " / ".join(f"{part:.2f}" for part in parts.values()), yes(parts[MIDDLE] >= least)])
        else:
            rates = {bound: front.rate(level, bound, what) for bound in front.bounds}
            rows.append([level, f"{what}, MB/s", f"≥ {least:g}", " / ".join(f"{rate:.3g}" for rate in rates.values()), yes(rates[MIDDLE] >= least)])
    return f"""## What is asked

At {" / ".join(front.bounds)} of the range; speeds are judged at {MIDDLE}.

{table(["level", "figure", "asked", "measured", "reached"], rows)}"""


def everything(front):
    rows = [
        [codec, bound, f"{front.ratio(codec, bound):.2f}", f"{front.rate(codec, bound, 'encode'):.3g}", f"{front.rate(codec, bound, 'decode'):.3g}", ", ".join(front.rows[codec, NATIVE, bound].get("broken", [])) or "–"]
        for codec in (*front.levels, *front.peers) for bound in front.bounds
    ]  # fmt: skip
    return f"""## All of it

Ratio: geometric mean over the fields. Speeds: MB (10^6 bytes) of float32 a second of processor time on one thread, all fields together.

{table(["codec", "bound ÷ range", "ratio", "encode", "decode", "passes the bound on"], rows)}"""


def wasm(front):
    rows = []
    for level in front.levels:
        for bound in front.bounds:
            rates = [(front.rate(level, bound, verb, NODE), front.rate(level, bound, verb)) for verb in ("encode", "decode")]
            if all(ours for ours, _ in rates):
                rows.append([level, bound, *(f"{ours:.3g} ({ours / native:.2f})" for ours, native in rates), yes(all(ours >= WASM_SHARE * native for ours, native in rates))])
    if not rows:
        return "## WebAssembly\n\nNot measured: the npm package is not built."
    return f"""## WebAssembly

The npm package in Node, in brackets as a part of the native speed; {percent(WASM_SHARE)} is asked.

{table(["level", "bound ÷ range", "encode", "decode", "reached"], rows)}"""


def method(result):
    return f"""## How

The least of {result["about"]["rounds"]} interleaved rounds, or of one for what takes long. Of DeepComp it is the processor time of the whole commands, less that of a start: `compress` reads the files, decodes what it wrote and checks every value, `test` decodes and checks all sums. Peers
code arrays in memory, planes or volumes, whichever they make smaller, filled where they cannot hold missing values; choosing that, and geozl's choice of filters, are not in their time. What passes the bound by more than a hundred-thousandth of it is named. Left out: tthresh, which bounds
means and no single value, and QPET-SPERR, which is SPERR where the quantity of interest is the value itself."""


def plot(front, verb):
    styles = {level: (colour, "") for level, colour in LEVELS.items()} | STYLES | MORE_STYLES
    codecs = [*front.levels, *front.peers]
    points = {codec: [(front.rate(codec, bound, verb), front.ratio(codec, bound)) for bound in front.bounds] for codec in codecs}
    every = [point for found in points.values() for point in found]
    x_range, y_range = around([x for x, _ in every], 10), around([y for _, y in every], 2)
    width = COLUMNS * 290
    drawing = Drawing(width, 460 + legend_height(width, codecs, LEGEND_COLUMN) + 40)
    panel = Panel(drawing, 60, 35, width - 90, 360, x_range, y_range)
    panel.frame("one thread", f"{verb[:-1]}ing speed, MB/s of float32", "compression ratio", powers(x_range, 10), powers(y_range, 2))
    for codec, found in points.items():
        colour, dash = styles[codec]
        panel.curve(found, colour, [SHAPES[bound] for bound in front.bounds], 2.5 if codec in LEVELS else 1.2, dash, 5 if codec in LEVELS else 4)
    for number in range(len(front.bounds)):
        panel.curve(sorted(points[level][number] for level in front.levels), "#000000", [], 1.0, "2 4")
    legend(drawing, 460, codecs, styles)
    bottom = 460 + legend_height(width, codecs, LEGEND_COLUMN) + 15
    for number, bound in enumerate(front.bounds):
        drawing.marker(SHAPES[bound], 40 + 160 * number, bottom, "#000000")
        drawing.text(52 + 160 * number, bottom + 4, f"bound ÷ range {bound}", anchor="start")
    return drawing.render()
