"""A little SVG: white ground, log-log panels, lines with markers, a legend. The same input gives the same bytes."""

import math
from html import escape

GREY, LIGHT, BLACK = "#666666", "#dddddd", "#000000"


class Drawing:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.parts = []

    def text(self, x, y, content, size=12, anchor="middle", colour=BLACK, weight="normal", turned=False):
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"{turn}>{escape(content)}</text>')

    def line(self, points, colour, width=1.0, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def marker(self, shape, x, y, colour, size=4.0):
        corners = {"square": 4, "triangle": 3, "diamond": 4}.get(shape)
        if corners is None:
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"/>')
            return
        start = {"square": math.pi / 4, "triangle": -math.pi / 2, "diamond": 0}[shape]
        angles = [start + 2 * math.pi * i / corners for i in range(corners)]
        points = " ".join(f"{x + 1.3 * size * math.cos(angle):.1f},{y + 1.3 * size * math.sin(angle):.1f}" for angle in angles)
        self.parts.append(f'<polygon points="{points}" fill="{colour}"/>')

    def render(self):
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}" font-family="sans-serif">'
        return "\n".join([head, f'<rect width="{self.width}" height="{self.height}" fill="#ffffff"/>', *self.parts, "</svg>"]) + "\n"


class Panel:
    """A rectangle with logarithmic axes; ranges are `(least, most)` values."""

    def __init__(self, drawing, left, top, width, height, x_range, y_range):
        self.drawing, self.left, self.top, self.width, self.height = drawing, left, top, width, height
        self.x_range, self.y_range = x_range, y_range

    def x(self, value):
        return self.left + self.width * share(value, self.x_range)

    def y(self, value):
        return self.top + self.height * (1 - share(value, self.y_range))

    def frame(self, title, x_label, y_label, x_ticks, y_ticks):
        """Ticks are `{value: text}`."""
        right, bottom = self.left + self.width, self.top + self.height
        for value, content in x_ticks.items():
            self.drawing.line([(self.x(value), self.top), (self.x(value), bottom)], LIGHT)
            self.drawing.text(self.x(value), bottom + 15, content, 11, colour=GREY)
        for value, content in y_ticks.items():
            self.drawing.line([(self.left, self.y(value)), (right, self.y(value))], LIGHT)
            self.drawing.text(self.left - 6, self.y(value) + 4, content, 11, "end", GREY)
        self.drawing.line([(self.left, self.top), (self.left, bottom), (right, bottom)], GREY)
        self.drawing.text(self.left + self.width / 2, self.top - 8, title, 13, weight="bold")
        self.drawing.text(self.left + self.width / 2, bottom + 32, x_label)
        self.drawing.text(self.left - 38, self.top + self.height / 2, y_label, turned=True)

    def curve(self, points, colour, shapes, width=1.5, dash="", size=3.0):
        """Points `(x, y)` in the units of the axes, each with its marker."""
        places = [(self.x(x), self.y(y)) for x, y in points]
        self.drawing.line(places, colour, width, dash)
        for (x, y), shape in zip(places, shapes):
            self.drawing.marker(shape, x, y, colour, size)


def share(value, limits):
    least, most = map(math.log, limits)
    return (math.log(value) - least) / (most - least)


def powers(limits, base, label="{:g}"):
    """Ticks at the powers of a base within limits."""
    first, last = (math.log(limit, base) for limit in limits)
    return {base**power: label.format(base**power) for power in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)}


def around(values, base):
    """Limits at powers of a base that hold all values."""
    return base ** math.floor(math.log(min(values), base)), base ** math.ceil(math.log(max(values), base))
