"""Sections on what was checked: acceptance tests, bounds broken by peers, files read directly."""

from collections import defaultdict

from bounds import LOSSLESS
from checks import BROKEN, ULP
from report.comparison import BOUNDED
from report.markdown import down, table, yes


def acceptance(rows, tests):
    groups = defaultdict(list)
    for row in rows:
        groups[row["bound"], row["codec"]].append(row)
    fields = list(dict.fromkeys(row["field"] for row in rows))
    lines = [[bound, codec, *outcome(group, tests)] for (bound, codec), group in groups.items()]
    return f"""## Acceptance tests

How many of {len(fields)} fields pass the tests of Baker et al. 2017 and 2022 (`bench/similarity.py`): {", ".join(fields)}.
The worst plane of a field counts for DSSIM and Kolmogorov–Smirnov. Errors are shares of the range: the largest of all fields, and the mean of their root mean squares.
Whether a test is passed depends on the data and the bound; a codec that errs less than it is allowed to passes more, and is larger for it.

{table(["bound ÷ range", "codec", *(title for title, _ in tests.values()), "all four", "largest error", "RMS error"], lines)}

{agreement(rows)}"""


def outcome(group, tests):
    passed = [[passes(row[test]) for test, (_, passes) in tests.items()] for row in group]
    largest = max(row["largest_error"] / row["range"] for row in group)
    mean_square = sum(row["rms_error"] / row["range"] for row in group) / len(group)
    return *map(sum, zip(*passed)), sum(map(all, passed)), f"{largest:.2e}", f"{mean_square:.2e}"


def agreement(rows):
    """How far `deepcomp test --source` is off the figures of this bench."""
    off = defaultdict(float)
    for row in rows:
        for name, difference in row.get("tool_off_by", {}).items():
            off[name] = max(off[name], difference)
    if not off:
        return "This build of `deepcomp test` has no `--source` option to compare with."
    differences = ", ".join(f"{name.replace('_', ' ')} {difference:.1e}" for name, difference in off.items())
    return f"`deepcomp test --source` computes the same figures on its own; largest differences, errors as shares of the range: {differences}."


def broken(comparison):
    results = {peer: [(key, rows[peer]) for key, rows in comparison.peers.items() if peer in rows] for peer in BOUNDED}
    reasons = defaultdict(int)
    for peer, rows in results.items():
        for _, row in rows:
            if "not_applicable" in row:
                reasons[peer, row["not_applicable"]] += 1
    inapplicable = [[peer, reason, count] for (peer, reason), count in reasons.items()]
    exact = [f"{row['peer']} on {field}" for field, bound in comparison.keys([comparison.lossless]) for row in comparison.peers[field, bound].values() if row["verdict"] == BROKEN]
    return f"""## Bounds broken by peers

Every array of every peer is decoded and compared here in float64, as ours are. Over the bound by an ulp: by no more than one unit in the last place of the value's own type, which comes
from rounding; such results count. Over it by more: the bound is broken, and the result counts for nothing.
{f"**Not given back without loss: {', '.join(exact)}.**" if exact else "All lossless peers gave every bit back."}

{table(["peer", "fields × bounds", "over by an ulp", "broken", "largest error ÷ bound", "where"], [broken_by(comparison, peer, rows) for peer, rows in results.items()])}

Where a peer is not applicable:

{table(["peer", "why", "fields × bounds"], inapplicable) if inapplicable else "Nowhere."}"""


def broken_by(comparison, peer, rows):
    """The worst case is that of the broken bounds where there are any."""
    tried = [(row["error"] / comparison.ours[key]["allowed"], row["verdict"], key) for key, row in rows if "verdict" in row]
    broken, ulp = ([result for result in tried if result[1] == verdict] for verdict in (BROKEN, ULP))
    worst, _, where = max(broken or ulp, default=(None, None, None))
    return [peer, len(tried), len(ulp), len(broken), *([f"{worst:.6g}", " at ".join(where)] if where else ["–", "–"])]


def direct(results):
    files = defaultdict(dict)
    for row in results:
        files[row["file"]][row["bound"]] = row
    if not files:
        return "## Files read directly\n\nNone in this folder."
    bounds = list(next(iter(files.values())))
    return f"""## Files read directly

NetCDF-3 files, and pictures saved as PNG for the purpose, go to the command line tool as they are; the whole archive is counted. Errors are in physical units and missing values are those
that netCDF4 sees, which takes the default fill value of the type (−32767 for int16) as missing where a file declares none that fits. Pictures are read with Pillow.
A PNG is packed already, so its size is that of another codec. What comes back is the values and attributes; a file may still differ in header padding or in how a PNG was packed.

{table(["file", "file size", *bounds, "largest error ÷ bound", "bounds hold", "identical when lossless"], [direct_row(file, rows) for file, rows in files.items()])}"""


def direct_row(file, rows):
    exact = rows[str(LOSSLESS)]
    problems = [f"{row['problem']} at {bound}" for bound, row in rows.items() if row["problem"]]
    same = "values and file" if exact["identical"] else "values" if not exact["problem"] else "**no**"
    held = f"{yes(False)}: {'; '.join(problems)}" if problems else yes(True)
    return [file, f"{exact['raw']:,}", *(f"{row['bytes']:,}" for row in rows.values()), down(max(row["worst"] for row in rows.values())), held, same]
