"""Markdown tables and the numbers in them."""

import math


def table(head, rows):
    """A Markdown table; columns after the first are right-aligned when they hold figures."""
    figures = [all(str(row[i]).strip("*†~")[:1].isdigit() or str(row[i])[:1] in "–<" for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---:" if right else "---" for right in figures) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def yes(holds):
    return "yes" if holds else "**no**"


def met(checks):
    checks = list(checks)
    return yes(True) if all(checks) else f"at {sum(checks)} of {len(checks)}" if any(checks) else yes(False)


def bold(text, condition):
    return f"**{text}**" if condition else text


def down(value):
    """Six decimals, rounded down, so that a value below 1 never reads as 1."""
    return f"{math.floor(value * 1e6) / 1e6:.6f}"


def percent(share):
    return f"{100 * share:.1f} %"


def geometric_mean(values):
    """NaN for none."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def number(value, form=".3f"):
    return "–" if math.isnan(value) else f"{value:{form}}"
