"""The plots of docs/bench: rate against bound, and ratio against speed."""

from bounds import LOSSLESS, NAMED
from report.comparison import in_dataset
from report.rates import Rates
from report.svg import Drawing, Panel, around, powers
from speed import NATIVE, OURS

STYLES = {
    "DeepComp": ("#000000", ""),
    "DeepComp, classical": ("#777777", ""),
    "SZ3": ("#d55e00", ""),
    "SPERR": ("#0072b2", ""),
    "ZFP": ("#009e73", ""),
    "LERC": ("#b8860b", ""),
    "BitRound+zstd": ("#cc79a7", ""),
    "EBCC": ("#8b4513", "2 3"),
    "quantise+JXL": ("#e31a1c", "6 3"),
    "quantise+JXL e7": ("#fb9a99", "6 3"),
    "JPEG XL": ("#fb9a99", "6 3"),
    "quantise+JPEG 2000": ("#56b4e9", "6 3"),
    "quantise+pco": ("#6a3d9a", "6 3"),
    "quantise+zstd": ("#777777", "6 3"),
    "zstd": ("#777777", "6 3"),
    "pco": ("#6a3d9a", ""),
    "fpzip": ("#33a02c", "2 3"),
    "shuffle+zstd -19": ("#777777", "2 3"),
}
"""Colour and dashes; what quantises first is dashed."""
IN_RATE = ("ZFP", "LERC", "BitRound+zstd", "EBCC", "quantise+zstd", "quantise+JPEG 2000", "SZ3", "SPERR", "quantise+JXL", "DeepComp")
SHAPES = {"1e-2": "circle", "1e-3": "square", "1e-4": "triangle", str(LOSSLESS): "diamond"}
LEAST_COVERED = 0.9
"""Share of a data set's samples that a codec must hold for a point."""
COLUMNS = 4
BITS_OF_A_BYTE = 8
LEGEND_ROW, LEGEND_COLUMN = 20, 185


def rate(comparison):
    """Bits per sample against the relative bound, a panel for each data set."""
    curves = {name: rate_curves(comparison, name) for name in comparison.datasets}
    curves = {name: found for name, found in curves.items() if any(found.values())}
    width, height = 290, 285
    rows = -(-len(curves) // COLUMNS)
    columns = min(COLUMNS, len(curves))
    codecs = [codec for codec in reversed(IN_RATE) if any(found[codec] for found in curves.values())]
    drawing = Drawing(columns * width, rows * height + legend_height(columns * width, codecs) + 10)
    bounds = [NAMED[bound].value for bound in comparison.relative]
    for place, (name, found) in enumerate(curves.items()):
        y_range = around([bits for points in found.values() for _, bits in points], 2)
        panel = Panel(drawing, place % COLUMNS * width + 58, place // COLUMNS * height + 32, width - 75, height - 85, (min(bounds) / 1.3, max(bounds) * 1.3), y_range)
        panel.frame(name, "bound ÷ range", "bits per sample", {NAMED[bound].value: bound for bound in comparison.relative}, powers(y_range, 2))
        for codec, points in found.items():
            if points:
                colour, dash = STYLES[codec]
                panel.curve(points, colour, ["circle"] * len(points), 2.5 if codec == OURS else 1.5, dash)
    legend(drawing, rows * height + 15, codecs)
    return drawing.render()


def rate_curves(comparison, name):
    curves = {}
    for codec in IN_RATE:
        curves[codec] = []
        for bound in comparison.relative:
            keys = comparison.keys([bound], in_dataset(name))
            _, size, samples, _ = comparison.total(codec, keys)
            if samples and samples >= LEAST_COVERED * sum(comparison.fields[field]["samples"] for field, _ in keys):
                curves[codec].append((NAMED[bound].value, BITS_OF_A_BYTE * size / samples))
    return curves


def throughput(speeds, verb):
    """Compression ratio against speed, native and WASM beside each other."""
    rates = Rates(speeds)
    curves = {}
    for codec, where in rates.codecs:
        bounds = [bound for bound in rates.bounds if rates.of(codec, where, bound, verb)]
        curves[codec, where] = [(bound, rates.of(codec, where, bound, verb), rates.ratio(codec, where, bound)) for bound in bounds]
    points = [point for found in curves.values() for point in found]
    x_range, y_range = around([speed for _, speed, _ in points], 10), around([ratio for _, _, ratio in points], 2)
    codecs = list(dict.fromkeys(codec for codec, _ in curves))
    bottom = 435 + legend_height(1120, codecs)
    drawing = Drawing(1120, bottom + 2 * LEGEND_ROW)
    panels = {NATIVE: Panel(drawing, 60, 35, 480, 340, x_range, y_range), "WASM": Panel(drawing, 620, 35, 480, 340, x_range, y_range)}
    for title, panel in panels.items():
        panel.frame(f"{title}, one thread", f"{verb[:-1]}ing speed, MB/s of float32", "compression ratio", powers(x_range, 10), powers(y_range, 2))
    for (codec, where), found in curves.items():
        colour, dash = STYLES[codec]
        panel = panels[NATIVE if where == NATIVE else "WASM"]
        panel.curve([(speed, ratio) for _, speed, ratio in found], colour, [SHAPES[bound] for bound, _, _ in found], 2.5 if codec == OURS else 1.2, dash, 5 if codec == OURS else 4)
    legend(drawing, 435, codecs)
    for number, bound in enumerate(rates.bounds):
        drawing.marker(SHAPES[bound], 40 + 160 * number, bottom + 8, "#000000")
        drawing.text(52 + 160 * number, bottom + 12, bound if bound == str(LOSSLESS) else f"bound ÷ range {bound}", anchor="start")
    return drawing.render()


def legend(drawing, top, codecs, styles=STYLES, width=LEGEND_COLUMN):
    """Names with their lines, in columns of a width."""
    columns = drawing.width // width
    for number, codec in enumerate(codecs):
        x, y = 30 + number % columns * width, top + number // columns * LEGEND_ROW
        colour, dash = styles[codec]
        drawing.line([(x, y), (x + 30, y)], colour, 2.5 if codec == OURS else 1.5, dash)
        drawing.text(x + 36, y + 4, codec, anchor="start")


def legend_height(whole, codecs, width=LEGEND_COLUMN):
    return -(-len(codecs) // (whole // width)) * LEGEND_ROW
