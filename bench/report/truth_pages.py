"""The page on what a bound must not do, from the measurements."""

from report.documents import as_lines, rounded
from report.markdown import bold, geometric_mean, number, percent, table, yes
from returned import FAULTS, LOSSLESS, SETTINGS, WAYS

COLUMNS = ("field", "bound", "asked", "values", "bytes", "kept", "zeros", "faults", "faults_stable", "bias", "tests")
PREDICTORS = {"classical": "`--model none`", "network": "the network"}
BIASED = 1e-3
BROKEN = (
    "values beyond their bound", "values outside the range of their source", "kept values that moved", "zeros at an end of the range that moved", "fields whose missing values changed",
)  # fmt: skip
"""FAULTS in words."""
AGAIN = {
    "files": "as `extract` wrote them, same words",
    "flat": "in one dimension, same bound",
    "pieces": "in halves, same bound",
    "told": "in halves, same bound and kept values (where halves moved)",
}
HEADS = {"pieces": "halves"}
"""Columns that are not called as what was measured."""
MISTAKES = {
    "moved": "variables that are no measurements and moved",
    "taken": "variables taken for something else",
    "beyond": "measurements beyond their bound",
    "masks": "variables whose mask differs in xarray",
}


def summary(result):
    """Verdicts as lines of text."""
    return "\n".join(f"{what}: {measured}" for what, measured, _ in verdicts(result))


def write(result):
    """File name to text, from what the JSON keeps, so that the page can be written again from it."""
    kept = document(result)
    result = read(kept)
    sections = [heading(result), reached(result), faults(result), again(result), sums(result), sizes(result), made(result), method(result)]
    return {"truth.md": "\n\n".join(sections) + "\n", "truth.json": as_lines(kept)}


def document(result):
    cell = lambda value: rounded(value) if isinstance(value, float) else value  # noqa: E731
    return result | {"columns": COLUMNS} | {name: [[cell(row[column]) for column in COLUMNS] for row in result[name]] for name in PREDICTORS}


def read(document):
    columns = document["columns"]
    rows = {name: [dict(zip(columns, row, strict=True)) for row in document[name]] for name in PREDICTORS}
    return {key: value for key, value in document.items() if key != "columns"} | rows


def heading(result):
    about = result["about"]
    datasets = ", ".join(f"{count} of {name}" for name, count in about["datasets"].items())
    packages = ", ".join(f"{package} {version}" for package, version in about["packages"].items())
    return f"""# What a bound must not do

Written by `npm run bench -- truth` on {about["date"]}; do not edit. Data: {about["data"]}: {about["fields"]} fields that vary, {about["values"]:,} values: {datasets}.

A bound says how far a value may move. It must not move what is no measurement, values that mean something, or values that it moved before, nor take any out of the range that the source
has. All is counted here, value by value, from files that the command line tool wrote and other libraries read. {about["deepcomp"]}, Python {about["python"]}; {packages}."""


# ------------------------------------------------------------------------------------------------------------------------- Verdicts


def verdicts(result):
    """`(what, measured, whether it is what is promised)`."""
    every = [row for name in PREDICTORS for row in result[name]]
    for number_of, what in enumerate(BROKEN):
        count = sum(row[way][number_of] for row in every for way in ("faults", "faults_stable"))
        yield f"{what}, {len(every):,} fields and bounds, by default and with `--stable`", f"{count:,}", count == 0
    for what, name in AGAIN.items():
        count = sum(row["moved"].get(what, 0) for row in result["repeated"])
        yield f"values moved by compressing again with `--stable`, {name}", f"{count:,}", count == 0
    for name, title in PREDICTORS.items():
        having, others, stable = costs(bounded(result[name]))
        cheap = geometric_mean(having) <= 1.01 and all(ratio <= 1 for ratio in others)
        yield f"cost of keeping, {title}: fields that have such values (at most 1 %), others (none)", f"{change(having)}, {change(others)}", cheap
        yield f"cost of `--stable`, {title} (below 0.5 % it would be the one way)", change(stable), geometric_mean(stable) < 1.005
    for what, name in MISTAKES.items():
        count = sum(len(row[what]) for row in result["made"])
        yield f"{name}, {len(result['made'])} files and bounds", f"{count}", count == 0


def reached(result):
    lines = [[what, measured, yes(holds)] for what, measured, holds in verdicts(result)]
    return f"## Promised and measured\n\n{table(['what', 'measured', 'reached'], lines)}"


def bounded(rows):
    return [row for row in rows if row["asked"] != LOSSLESS]


def costs(rows):
    """Bytes by default ÷ without keeping, of fields that have kept values and of the others; bytes with `--stable` ÷ by default."""
    size = lambda row, way: row["bytes"][list(WAYS).index(way)]  # noqa: E731
    ratio = lambda row: size(row, "default") / size(row, "keep-none")  # noqa: E731
    return [ratio(row) for row in rows if row["kept"]], [ratio(row) for row in rows if not row["kept"]], [size(row, "stable") / size(row, "default") for row in rows]


def change(ratios):
    mean = 100 * (geometric_mean(ratios) - 1)
    return f"{number(mean, '+.2f')} %"


# --------------------------------------------------------------------------------------------------------------------------- Tables


def at(rows, setting):
    return [row for row in rows if row["bound"] == setting]


def faults(result):
    lines = []
    for name, title in PREDICTORS.items():
        for setting in SETTINGS:
            rows = at(result[name], setting)
            for way, told in (("faults", "default"), ("faults_stable", "`--stable`")):
                counts = [sum(row[way][number] for row in rows) for number in range(len(FAULTS))]
                totals = [len(rows), len(bounded(rows)), *(f"{sum(row[column] for row in rows):,}" for column in ("values", "kept", "zeros"))]
                lines.append([setting, title, told, *totals, *(bold(f"{count:,}", count) for count in counts)])
    return f"""## Under a bound

Bounds are parts of each field's range, or what is recommended for it by name and unit. *Fields*: all, and those that the bound was not lossless for. *Values*: those that are not
missing; of them the ones equal to a value that `deepcomp list` names as kept, and the zeros of fields whose range ends at 0. Then what must be 0: values farther from the source than the
bound that was asked for, outside the source's smallest and largest value, kept ones that are not equal to the source, zeros likewise, and fields in which a missing value has other bits
or another is missing.

{table(["bound", "predictor", "way", "fields", "bounded", "values", "kept", "zeros", "beyond", "outside", "kept moved", "zeros moved", "missing changed"], lines)}"""


def again(result):
    kinds = ("files", "flat", "pieces", "told", "default", "units")
    lines = []
    for setting in SETTINGS:
        rows = at(result["repeated"], setting)
        total = lambda what: sum(row["moved"][what] for row in rows if what in row["moved"])  # noqa: E731
        counts = [f"{total(what):,}" if any(what in row["moved"] for row in rows) else "–" for what in kinds]
        first, second = (sum(row["bytes"][number] for row in rows) for number in (0, 1))
        lines.append([setting, sum(row["fields"] for row in rows), f"{sum(row['values'] for row in rows):,}", *counts, f"{second / first:.4f}"])
    return f"""## Compressed again

What was decoded, compressed and decoded once more, all with `--stable` and `--model none`; values whose bits changed. *Files*: as `extract` wrote them, with the same words on the
command line. *Flat*: the arrays in one dimension, with the same bound. *Halves*: arrays under the bound in their units, cut in two across the last dimension, where no chunk ended; kept
values are searched anew in each. *Told*: the same, where halves moved, with `--keep` naming what the first round kept. Two columns that nothing is promised of, measured at one bound:
*default*: files without `--stable` in either round; *units*: a part of the range in the first round, and as many units in the second. *Bytes*: of the second archive's values ÷ the
first's.

{table(["bound", "fields", "values", "files", "flat", "halves", "told", "default", "units", "bytes"], lines)}{where(result["repeated"])}"""


def where(rows):
    """The fields in which something moved that should not have."""
    rows = sorted(rows, key=lambda row: list(SETTINGS).index(row["bound"]))
    lines = [[row["bound"], HEADS.get(what, what), field, count] for row in rows for what, field, count in row["where"] if what != "units"]
    told = (
        "`recommended` derives the bound from the values (a limit of each value, or of their mean, beside one in units), and so another one from values that moved within it. "
        "In halves a value that was kept for being frequent, and lies on no step, is not found where it is rare; named with `--keep` it stays."
    )
    return f"\n\n{told}\n\n{table(['bound', 'way', 'field', 'values'], lines)}" if lines else ""


def sums(result):
    lines = []
    for setting in SETTINGS:
        rows = bounded(at(result["classical"], setting))
        worst = max(rows, key=lambda row: row["bias"], default={"bias": 0.0, "field": "–"})
        tests = [sum(row["tests"][number] for row in rows) for number in (0, 1)]
        every = sum(row["tests"][0] == row["tests"][1] for row in rows)
        passed = f"{tests[0]:,} of {tests[1]:,} ({percent(tests[0] / max(tests[1], 1))})"
        lines.append([setting, len(rows), f"{worst['bias']:.1e}", worst["field"], sum(row["bias"] > BIASED for row in rows), passed, every])
    return f"""## Sums and the acceptance tests

Fields that a bound was asked for, by `--model none`. *Bias*: |mean of decoded − source| ÷ mean |source|, the largest, its field, and in how many fields it passes {BIASED:g}, which is
where the tool warns. *Tests*: those of Baker et al. that `deepcomp test --source` finds passed, of those that can be made (Pearson, Kolmogorov–Smirnov, spatial relative error, DSSIM);
fields that pass all of theirs. A test is missed where a bound is coarse for the field: this is what the recommended ones are for.

{table(["bound", "fields", "bias", "of", f"above {BIASED:g}", "tests passed", "fields that pass all"], lines)}"""


def sizes(result):
    lines = []
    for name, title in PREDICTORS.items():
        for setting in SETTINGS:
            rows = bounded(at(result[name], setting))
            having, others, stable = costs(rows)
            cell = lambda ratios: [len(ratios), number(geometric_mean(ratios), ".4f"), number(max(ratios, default=float("nan")), ".3f")]  # noqa: E731
            lines.append([setting, title, *cell(having), *cell(others), *cell(stable)])
    about = result["about"]["network"]
    return f"""## Bytes

Ratios of `archive_bytes` by field, fields that a bound was asked for: how many, geometric mean, largest. *Kept*: default ÷ `--keep none` where something is kept; *others*: the same
where nothing is. *Stable*: `--stable` ÷ default. By `--model none` on all fields, with the network on {about["fields"]} of them ({about["bytes"] / 1e6:.1f} MB): one in {about["every"]}
of each data set, from the first on, of those of no more than {about["most"] / 1e6:g} MB.

{table(["bound", "predictor", "kept", "mean", "largest", "others", "mean", "largest", "stable", "mean", "largest"], lines)}

Means by data set, of *kept* and *stable*, by `--model none`. That of CESM describes its grid: areas, lengths and angles, smooth and of few bytes.

{by_dataset(result)}"""


def by_dataset(result):
    rows = bounded(result["classical"])
    members = {name: [row for row in rows if row["field"].split("/")[0] == name] for name in result["about"]["datasets"]}
    means = lambda group, setting: [number(geometric_mean(ratios), ".4f") for ratios in costs(at(group, setting))[::2]]  # noqa: E731
    lines = [[name, *(cell for setting in SETTINGS for cell in means(group, setting))] for name, group in members.items()]
    return table(["data set", *(f"{setting}, {what}" for setting in SETTINGS for what in ("kept", "stable"))], lines)


def made(result):
    names = lambda row, *kinds: [bold(", ".join(row[what]), row[what]) or "0" for what in kinds]  # noqa: E731
    lines = [[row["file"], f"`{row['bound']}`", row["others"], *names(row, "moved"), row["measurements"], *names(row, "beyond", "taken", "masks")] for row in result["made"]]
    return f"""## What is no measurement

Files made as meshes (UGRID), models (CMIP on hybrid levels; WRF), satellites (GOES, 16 bits without sign) and stations (linked lists) have them: `tests/field_tools/made.py`. *Others*:
variables that are no measurements, of which those are named that did not come back bit for bit. *Measurements*: those beyond their bound, in their unit, unpacked here. *Taken*:
variables that the report of `compress` takes for a measurement and are none, or the other way round. *Masks*: variables of which xarray, decoding by CF, finds other values missing in
what was extracted.

{table(["file", "bound", "others", "moved", "measurements", "beyond", "taken for something else", "masks differ"], lines)}"""


def method(result):
    return """## How it was measured

- Fields are those of `npm run bench`, less the constant ones; each becomes a NetCDF-3 file of one variable with its name and unit (of GRIB its short name), fields of one data set share archives of 4 MB.
- The range, the bound as asked, zeros and missing values are those of the source, in float64; nothing is taken from the certificate but the words of the bound and which values are kept.
- The calls: `deepcomp compress … --rel 0.01 --model none [--keep none | --stable] --json`, `deepcomp extract`, `deepcomp test --source --json`.
- Results are kept in the user's cache folder under a hash of the tool, the fields and what measures."""
