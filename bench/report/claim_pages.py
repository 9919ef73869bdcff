"""The files of docs/bench on the claims of the paper, from the measurements."""

from collections import defaultdict

from claims import picture_codecs, rivals, sample
from claims.autoencoder import CODES, WIDTHS
from claims.ours import OURS, VARIANTS, beside
from report import claim_plots, claim_verdicts
from report.claim_rows import ALL_ARCHIVERS, BEST_ARCHIVER, ClaimRows, decibels, whole
from report.documents import as_lines, rounded
from report.markdown import geometric_mean, number, table

PAPER = "Arabian J. Sci. Eng. 2022, doi [10.1007/s13369-022-06587-x](https://doi.org/10.1007/s13369-022-06587-x)"
JSON_COLUMNS = ("field", "setting", "method", "bytes", "allowed", "error", "rmse", "dssim", "holds")


def summary(result):
    return claim_verdicts.summary(result, ClaimRows(result))


def write(result):
    """File name to text, from what the JSON keeps, so that the pages can be written again from it."""
    kept = document(result)
    result = read(kept)
    rows = ClaimRows(result)
    sections = [heading(result), claim_verdicts.summary(result, rows), archivers(rows), variants(rows), means(rows), datasets(rows), speed(result["speed"]), bounds(result), method(result)]
    return {"claims.md": "\n\n".join(sections) + "\n", "claims.json": as_lines(kept), "claims.svg": claim_plots.distortion(rows)}


def document(result):
    """The result with its rows as lists in the order of the columns, errors with six digits."""
    cell = lambda value: rounded(value) if isinstance(value, float) else value  # noqa: E731
    return result | {"columns": JSON_COLUMNS, "rows": [[cell(row[column]) for column in JSON_COLUMNS] for row in result["rows"]]}


def read(document):
    """The result back from what `document` made of it."""
    columns = document["columns"]
    return {key: value for key, value in document.items() if key != "columns"} | {"rows": [dict(zip(columns, row, strict=True)) for row in document["rows"]]}


def heading(result):
    about = result["about"]
    members = defaultdict(list)
    for row in result["fields"]:
        members[row["field"].split("/")[0]].append(row)
    counts = ", ".join(f"{len(group)} of {name} ({sum(row['samples'] for row in group):,} values)" for name, group in members.items())
    absent = "".join(f"\nLeft out, since {why}: {what}." for why, what in left_out(about) if what)
    return f"""# Claims of the paper

Written by `npm run bench -- claims` on {about["date"]}; do not edit. Data: {about["data"]}: {counts}.

The paper ({PAPER}) shrinks fields and pictures with an autoencoder that has attention and packs what it leaves with an archiver. It says that its ratio is 69 % better than that of
archivers on average and 48 % better than that of multilayer autoencoders, with lower error than theirs. Here its claims are measured on this codec, which adds a bound.

{about["cpu"]}, {about["system"]}. {about["deepcomp"]}, Python {about["python"]}. Peers and readers: {", ".join(f"{package} {version}" for package, version in about["packages"].items())}.{absent}"""


def left_out(about):
    yield "not installed here", ", ".join(about["absent"])
    yield "the tool refuses them", "; ".join(f"{name} (`{reason}`)" for name, reason in about["refused"].items())
    yield "they have no weights here", ", ".join(about["untrained"])


def archivers(rows):
    names = [*rows.archivers, BEST_ARCHIVER, ALL_ARCHIVERS]
    fields = [name for name in rows.datasets if name != sample.PICTURES]
    line = lambda title, method, setting: [title, *(number(geometric_mean(rows.compression(method, setting, members)), ".2f") for members in (*map(rows.members, fields), None))]  # noqa: E731
    versus = lambda name: [f"{geometric_mean(rows.ratios(whole(setting), (name, sample.EXACT))):.3f}" for setting in (sample.EXACT, sample.RECOMMENDED)]  # noqa: E731
    lines = [[*line(f"{OURS}, {setting}", OURS, setting), "–", "–"] for setting in (sample.EXACT, sample.RECOMMENDED)]
    lines += [[*line(name, name, sample.EXACT), *versus(name)] for name in names]
    return f"""## Archivers

Ratios, geometric mean over the fields; each field is a file of its own of float32. The last columns are DeepComp's bytes ÷ the archiver's, without loss and at the recommended bounds.

{table(["codec", *fields, "all", f"{OURS} {sample.EXACT} ÷", f"{OURS} {sample.RECOMMENDED} ÷"], lines)}"""


def variants(rows):
    """Bytes of each variant against the one it compares with."""
    settings = [*map(str, sample.RELATIVE), *sample.PICTURE_SETTINGS]
    lines = []
    for name in VARIANTS:
        measured = [rows.ratios((name, setting), (beside(name), setting)) for setting in settings]
        if any(measured):
            lines.append([name, *(f"{geometric_mean(ratios):.3f} ({sum(ratio < 1 for ratio in ratios)})" if ratios else "–" for ratios in measured)])
    return f"""## What the parts are worth

Bytes ÷ those of “{OURS}”, for the short trainings (`bench/ablations`) ÷ those of the one that has everything; geometric mean, above 1 the part left out earns its place. In brackets
the number of fields that are smaller without it.

{table(["variant", *settings], lines)}"""


def means(rows):
    """All fields together."""
    fields = [field for name in rows.datasets if name != sample.PICTURES for field in rows.members(name)]
    settings = [setting for setting in dict.fromkeys(setting for _, setting in rows.rows) if setting not in sample.PICTURE_SETTINGS]
    return f"""## All fields

{FIGURES}

![Root mean square error against bits a sample](claims.svg)

{figures_table(rows, settings, fields)}"""


FIGURES = """Ratio and bits a sample: geometric means over the fields. RMSE and largest error: shares of the range, mean and largest of all fields. PSNR: mean of the fields that are
not exact, in dB of the range. DSSIM: mean of the fields, in brackets the least; the worst plane of a field counts. † and a number: so many fields are left out, since the method breaks the
bound there."""
COLUMNS = ["setting", "method", "fields", "ratio", "bits a sample", "RMSE ÷ range", "largest error ÷ range", "PSNR", "DSSIM"]


def figures_table(rows, settings, fields):
    """A row a setting and method; the short training has a table of its own."""
    wanted = [(setting, name) for setting in settings for name in rows.methods(setting) if beside(name) == OURS]
    lines = [figures_row(rows, setting, name, fields) for setting, name in wanted if rows.rows[name, setting].keys() & set(fields)]
    return table(COLUMNS, lines)


def figures_row(rows, setting, name, fields):
    counted, broken = rows.counted(name, setting, fields), rows.broken(name, setting, fields)
    number_of = f"{len(counted)}" + (f" †{broken}" if broken else "")
    if not counted:
        return [setting, name, number_of, *"–" * (len(COLUMNS) - 3)]
    errors = rows.relative("rmse", name, setting, fields)
    similar = [row["dssim"] for row in counted.values()]
    return [
        setting, name, number_of, f"{geometric_mean(rows.compression(name, setting, fields)):.2f}", f"{geometric_mean(rows.bits(name, setting, fields)):.3f}",
        f"{sum(errors) / len(errors):.2e}", f"{max(rows.relative('error', name, setting, fields)):.2e}", number(decibels(errors), ".1f"), f"{sum(similar) / len(similar):.5f} ({min(similar):.5f})",
    ]  # fmt: skip


def datasets(rows):
    parts = ["## Data sets"]
    for name in rows.datasets:
        fields = rows.members(name)
        settings = [setting for setting in dict.fromkeys(setting for _, setting in rows.rows) if any(rows.rows[method, setting].keys() & set(fields) for method in rows.methods(setting))]
        parts.append(f"### {name}\n\n{figures_table(rows, settings, fields)}")
    return "\n\n".join(parts)


def speed(measured):
    lines = [
        [f"{row['what']}, {row['setting']}", row["method"], f"{row['raw'] / row['bytes']:.2f}", *(f"{row['raw'] / row[verb] / 1e6:.2f} ({row[verb]:.3f} s)" for verb in ("encode", "decode"))]
        for row in measured
    ]  # fmt: skip
    told = "; ".join(dict.fromkeys(f"{row['what']}: {', '.join(row['fields'])}" for row in measured))
    ours = [row["processor"] / row["wall"] for row in measured if "wall" in row]
    busy = f" DeepComp's commands had {min(ours):.0%} of a core at worst: well below 100 % other work held the processor." if ours else ""
    return f"""## Time

MB (10^6 bytes) a second and seconds on one thread, the largest field of each data set together, or one picture; the best of interleaved rounds, of fewer for what takes seconds. {told}.
DeepComp: encoding as the tool reports it, decoding the whole command. Autoencoders: NumPy, and the tool for their integers; archivers and picture codecs called from Python.{busy}

{table(["what", "method", "ratio", "encode", "decode"], lines)}"""


def bounds(result):
    """Which bound was recommended for which variable."""
    groups = defaultdict(list)
    for row in result["fields"]:
        if row["recommended"]:
            groups[allowed(row)].append(row["variable"])
    lines = [[bound, len(names), ", ".join(dict.fromkeys(names))] for bound, names in groups.items()]
    return f"""## Recommended bounds

Temperatures 0.01 K, winds 0.001 m/s, geopotential height 1 gpm, pressure at the surface and the sea 1 Pa, masks without loss. Everything else 1e-3 of its range, and so specific humidity, for
which 1 % of each value would be recommended: the measured tool is given no bound that is a share of each value.

{table(["largest error", "fields", "variables"], sorted(lines))}"""


def allowed(row):
    """The recommended bound of a field, with its unit."""
    bound = row["recommended"]
    return bound if bound == sample.EXACT else f"{bound.removesuffix(' K')} {row['units']}" if bound.endswith(" K") else f"{bound} of the range"


def method(result):
    about = result["about"]
    weights = ", ".join(f"{name}: {size:,} bytes, {about['steps'][name]:,} steps" for name, size in about["weights"].items())
    return f"""## How it was measured

- Fields: of {", ".join(sample.DATASETS)} those of float32 that vary, one in so many of each data set that no more than {sample.MOST} are left, from the first on. Variables on pressure
  levels as arrays are left out: the same values again. Pictures: one in {sample.EVERY} of {sample.PICTURES}, of those with a side above {sample.MOST_SIDE} the middle;
  one plane where all channels are equal.
- Every array is decoded and compared here in float64. A field is archived with the others of its data set at its bound; sizes are `archive_bytes` of the variable, without the archive's index.
- Archivers get the bytes of the float32. Order-0 Huffman is zlib's Huffman-only mode, LZ77 is LZ4's high-compression mode, LZ78 is LZW as in TIFF.
- Autoencoders (`bench/claims`) are trained here on the training data in NumPy (Adam, mean square error, fixed seed). Each plane is brought to 0..1 by its least and
  largest value, {rivals.SCALES_BYTES} bytes that are counted; missing values are filled smoothly, and their places counted as a mask. The multilayer one has the layers of the
  paper's implementation, {layers()}, on tiles of 18 × 20 values, with ReLU (not on the latents, where units died) and a sigmoid at the end. The
  convolutional one has strided convolutions to an eighth and 4 latents for 64 values. Latents are bytes ({CODES} steps of the range that each has in training).
  Weights are not counted, as ours are not ({weights}).
- "As it is": the latents, with no bound. At a bound: the residual is rounded to twice the bound and added. All integers go through
  `deepcomp compress --lossless`, so that no gain here is one of the entropy coder; so do latents and masks.
- At equal RMSE or bytes DeepComp's bound is bisected, field by field, each in an archive of its own, for the widest that has at most the other's RMSE, or the narrowest that has at most
  its bytes; not on pictures, whose bounds are whole greys.
- JPEG XL: pictures rounded to 2 n + 1 greys, effort {picture_codecs.EFFORT}, channels together. JPEG-LS: its near-lossless mode, all channels in one call of imagecodecs.
- Results are kept in the user's cache folder under a hash of all they depend on, DeepComp's own under the tool's bytes too; times are measured anew, and with
  `DEEPCOMP_BENCH_FRESH=1` everything."""


def layers():
    return "-".join(map(str, WIDTHS)) + " and back"
