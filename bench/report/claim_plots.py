"""The plot of the claims: error against size, a panel for each data set."""

from claims.autoencoder import CONVOLUTIONAL, MULTILAYER
from claims.ours import CLASSICAL, OURS, WITHOUT_BASE
from claims.picture_codecs import JPEG_LS, JPEG_XL
from claims.rivals import AS_IT_IS
from claims.sample import PICTURE_SETTINGS, RELATIVE
from report.markdown import geometric_mean
from report.plots import COLUMNS, legend, legend_height
from report.svg import Drawing, Panel, around, powers

SETTINGS = (*map(str, RELATIVE), *PICTURE_SETTINGS)
STYLES = {
    OURS: ("#000000", ""),
    WITHOUT_BASE: ("#009e73", ""),
    CLASSICAL: ("#777777", ""),
    MULTILAYER: ("#d55e00", ""),
    CONVOLUTIONAL: ("#0072b2", ""),
    JPEG_XL: ("#e31a1c", "6 3"),
    JPEG_LS: ("#6a3d9a", "6 3"),
}
"""Colour and dashes; an autoencoder as it is has the colour of its corrected self."""
WIDTH, HEIGHT, LEGEND = 370, 330, 260
"""Of a panel, and the width of a column of the legend."""


def distortion(rows):
    """RMSE against bits a sample, geometric means of the fields."""
    panels = {name: curves(rows, rows.members(name)) for name in rows.datasets}
    styles = {name: style for method, style in STYLES.items() for name in (method, as_it_is(method))}
    names = [name for name in styles if any(name in found for found in panels.values())]
    columns = min(COLUMNS, len(panels))
    bottom = -(-len(panels) // columns) * HEIGHT
    drawing = Drawing(columns * WIDTH, bottom + 15 + legend_height(columns * WIDTH, names, LEGEND))
    for place, (name, found) in enumerate(panels.items()):
        x_range, y_range = (around([point[axis] for points in found.values() for point in points], base) for axis, base in ((0, 2), (1, 10)))
        panel = Panel(drawing, place % columns * WIDTH + 62, place // columns * HEIGHT + 32, WIDTH - 80, HEIGHT - 85, x_range, y_range)
        panel.frame(name, "bits a sample", "RMSE ÷ range", powers(x_range, 2), powers(y_range, 10))
        for method, points in found.items():
            colour, dash = styles[method]
            panel.curve(points, colour, ["circle" if method in STYLES else "diamond"] * len(points), 2.5 if method == OURS else 1.5, dash, 3 if method in STYLES else 6)
    legend(drawing, bottom + 15, names, styles, LEGEND)
    return drawing.render()


def as_it_is(method):
    return f"{method}, {AS_IT_IS}"


def curves(rows, fields):
    """Points of each method over its bounds, and of an autoencoder as it is."""
    found = {}
    for method in STYLES:
        for name, settings in ((method, SETTINGS), (as_it_is(method), (AS_IT_IS,))):
            points = [point(rows, method, setting, fields) for setting in settings if rows.counted(method, setting, fields)]
            if points:
                found[name] = points
    return found


def point(rows, method, setting, fields):
    errors = [error for error in rows.relative("rmse", method, setting, fields) if error]
    return geometric_mean(rows.bits(method, setting, fields)), geometric_mean(errors)
