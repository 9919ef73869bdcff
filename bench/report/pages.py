"""The files of docs/bench from the measurements."""

from acceptance import TESTS
from report import checked, frame, losses, parts, plots, running, sizes, verdicts
from report.comparison import BOUNDED, Comparison
from report.documents import as_lines, rounded


def summary(result):
    return verdicts.summary(result, Comparison(result))


def write(result):
    """File name to text."""
    comparison = Comparison(result)
    sections = [
        frame.heading(result), verdicts.summary(result, comparison),
        sizes.means(comparison), sizes.datasets(comparison), sizes.lossless(comparison), sizes.pictures(result["pictures"]),
        parts.section(result["ablation"], comparison),
        checked.acceptance(result["acceptance"], TESTS), running.speed(result["speed"]), running.memory(result["memory"]),
        losses.section(comparison), checked.broken(comparison), checked.direct(result["direct"]), frame.method(),
    ]  # fmt: skip
    return {
        "figures.md": "\n\n".join(sections) + "\n",
        "lost.md": losses.whole_list(comparison),
        "figures.json": as_json(result, comparison),
        "rate.svg": plots.rate(comparison),
        "encode.svg": plots.throughput(result["speed"], "encode"),
        "decode.svg": plots.throughput(result["speed"], "decode"),
    }


def as_json(result, comparison):
    """One line a row; sizes of a field at a bound as lists in the order of the codecs named first, null where a codec is not applicable."""
    document = {key: value for key, value in result.items() if key not in ("ours", "peers")}
    document |= {"bounded_peers": BOUNDED, "lossless_peers": comparison.exact}
    document |= {"sizes": all_sizes(comparison), "broken": all_broken(comparison)}
    return as_lines(document)


def all_sizes(comparison):
    """`[field, bound, DeepComp, its largest error ÷ bound, [peers]]`, sizes in bytes."""
    rows = []
    for (field, bound), ours in comparison.ours.items():
        peers = comparison.peers.get((field, bound), {})
        names = comparison.exact if bound == comparison.lossless else BOUNDED
        rows.append([field, bound, ours["bytes"], rounded(ours["error"] / ours["allowed"]) if ours["allowed"] else 0, [peers.get(name, {}).get("bytes") for name in names]])
    return rows


def all_broken(comparison):
    """`[field, bound, peer, "ulp" or "broken", error ÷ bound]`."""
    return [
        [*key, peer, row["verdict"], rounded(row["error"] / comparison.ours[key]["allowed"]) if comparison.ours[key]["allowed"] else None]
        for key, peers in comparison.peers.items() for peer, row in peers.items() if row.get("verdict", "holds") != "holds"
    ]  # fmt: skip
