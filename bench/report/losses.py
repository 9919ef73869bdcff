"""Fields where DeepComp is not smaller: the section of figures.md, and the whole list of lost.md."""

from report.comparison import BETTER_OF_TWO, BOUNDED, JPEG_XL, NUMERIC
from report.markdown import table

IMPORTANT = (BETTER_OF_TWO, JPEG_XL)
"""Opponents whose wins figures.md names."""
SHOWN = 10
"""Lost fields of each bound in figures.md."""


def section(comparison):
    parts = ["## Fields lost\n\nWhere DeepComp is not smaller, worst first, with DeepComp ÷ peer; the whole list is in [lost.md](lost.md)."]
    for codec in IMPORTANT:
        rows = []
        for bound in comparison.bounds:
            keys = comparison.keys([bound])
            pairs = comparison.lost(codec, keys)
            more = f", … {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
            rows.append([bound, f"{len(pairs)} of {len(comparison.ratios(codec, keys))}", named(pairs[:SHOWN]) + more or "none"])
        parts.append(f"### To {'the ' if codec == BETTER_OF_TWO else ''}{codec}\n\n" + table(["bound", "lost", "fields"], rows))
    return "\n\n".join(parts)


def whole_list(comparison):
    """Every field lost to anyone."""
    parts = ["# Fields lost", "Written by `npm run bench`; do not edit. Every field where DeepComp is not smaller, worst first, with DeepComp ÷ peer."]
    for codec in (*IMPORTANT, *(peer for peer in BOUNDED if peer != JPEG_XL)):
        parts += of_codec(comparison, codec, comparison.bounds)
    for codec in (*NUMERIC, *comparison.archivers):
        parts += of_codec(comparison, codec, [comparison.lossless])
    return "\n\n".join(parts) + "\n"


def of_codec(comparison, codec, bounds):
    lists = {bound: comparison.lost(codec, comparison.keys([bound])) for bound in bounds}
    lines = [f"- {bound} ({len(pairs)}): {named(pairs)}" for bound, pairs in lists.items() if pairs]
    return [f"## To {codec}", "\n".join(lines) or "None."]


def named(pairs):
    return ", ".join(f"{field} {ratio:.3f}" for ratio, (field, _) in pairs)
