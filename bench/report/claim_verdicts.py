"""Claimed and measured: every verdict is computed here from the rows, so that the text cannot say what was not measured."""

from checks import BROKEN
from claims import equal, rivals
from claims.autoencoder import CONVOLUTIONAL, MULTILAYER
from claims.ours import ALWAYS_BASE, BASE_SHORT, BASE_SHORT_WITHOUT, CLASSICAL, OURS, SHORT, SHORT_PREFIX, WITHOUT_BASE
from claims.picture_codecs import JPEG_LS, JPEG_XL
from claims.sample import EXACT, NEAR, PICTURE_SETTINGS, PICTURES, RECOMMENDED, RELATIVE
from report.claim_rows import ALL_ARCHIVERS, BEST_ARCHIVER, whole
from report.markdown import geometric_mean, number, percent, table, yes

OVER_ARCHIVERS, OVER_AUTOENCODERS = 0.69, 0.48
"""How much better the ratio of the paper's codec is said to be than that of archivers and of multilayer autoencoders, on average."""
ARCHIVERS_CLAIM, AUTOENCODERS_CLAIM = f"{100 * OVER_ARCHIVERS:.0f} % over archivers", f"{100 * OVER_AUTOENCODERS:.0f} % over multilayer autoencoders"
UNCLAIMED = "–"
"""What the paper says nothing of."""
BOUNDS = tuple(map(str, RELATIVE))
COARSE = BOUNDS[:2]
"""Bounds at which the base is to earn its place."""
NOT_MEASURED = "not measured"
HEAD = ["claimed", "definition", "measured", "pairs", "reached"]


def summary(result, rows):
    lines = [holds(result), *over_archivers(rows), *over_autoencoders(rows, MULTILAYER), *without_bound(rows, MULTILAYER), *by_dataset(rows), *over_autoencoders(rows, CONVOLUTIONAL, claimed=False)]
    lines += [*parts(rows), *pictures(rows)]
    return f"""## Claimed and measured

"Smaller" is 1 − DeepComp's bytes ÷ the other's, "better" is DeepComp's ratio ÷ the other's − 1; both from the geometric mean over all pairs of field and setting that are named.
Either may be meant by a percentage: it is reached where "smaller" is at least that, and where only "better" is, the table says so. What claims no percentage
is reached by any gain. Pairs in which a method breaks its bound count for nothing.

{table(HEAD, lines)}"""


def holds(result):
    rows = [row for row in result["rows"] if row["allowed"] is not None and row["method"].startswith(OURS)]
    held = sum(row["holds"] != BROKEN and row["error"] <= row["allowed"] for row in rows)
    definition = "DeepComp: error ≤ bound on every value, bit for bit without loss, in all variants"
    return UNCLAIMED, definition, f"{held:,} of {len(rows):,} arrays", f"{len(rows):,}", yes(held == len(rows))


def over_archivers(rows):
    for other in (BEST_ARCHIVER, ALL_ARCHIVERS):
        for setting, what in ((EXACT, "both without loss"), (RECOMMENDED, "DeepComp at the recommended bounds, archivers without loss")):
            yield compared(ARCHIVERS_CLAIM, f"against {other}, {what}", rows.ratios(whole(setting), (other, EXACT)), OVER_ARCHIVERS)


def by_dataset(rows):
    """The main claims once more for each data set of fields."""
    as_is, same_error = (MULTILAYER, rivals.AS_IT_IS), whole(f"{equal.SAME_ERROR} {MULTILAYER}")
    for name in rows.datasets:
        if name == PICTURES:
            continue
        ratios = lambda one, other, name=name: rows.ratios(one, other, fields=rows.members(name))  # noqa: E731
        yield compared(ARCHIVERS_CLAIM, f"{name}: against {BEST_ARCHIVER}, DeepComp at the recommended bounds", ratios(whole(RECOMMENDED), (BEST_ARCHIVER, EXACT)), OVER_ARCHIVERS)
        every = [ratio for setting in BOUNDS for ratio in ratios(whole(setting), (MULTILAYER, setting))]
        yield compared(AUTOENCODERS_CLAIM, f"{name}: {MULTILAYER}, at equal largest error {', '.join(BOUNDS)}", every, OVER_AUTOENCODERS)
        yield compared(AUTOENCODERS_CLAIM, f"{name}: {MULTILAYER} as it is, at equal RMSE", ratios(same_error, as_is), OVER_AUTOENCODERS)


def over_autoencoders(rows, name, claimed=True):
    claim, least = (AUTOENCODERS_CLAIM, OVER_AUTOENCODERS) if claimed else (UNCLAIMED, None)
    for setting in (*BOUNDS, *PICTURE_SETTINGS):
        unit = "of the range" if setting in BOUNDS else "greys, pictures"
        yield compared(claim, f"{name}, residual corrected to the same largest error {setting} {unit}", rows.ratios(whole(setting), (name, setting)), least)
    every = [ratio for setting in BOUNDS for ratio in rows.ratios(whole(setting), (name, setting))]
    yield compared(claim, f"… at all of {', '.join(BOUNDS)} together", every, least)


def without_bound(rows, name):
    """Against an autoencoder as it is, at its own error and at its own size."""
    as_is = name, rivals.AS_IT_IS
    same_error, same_size = (whole(f"{same} {name}") for same in (equal.SAME_ERROR, equal.SAME_SIZE))
    yield compared(AUTOENCODERS_CLAIM, f"{name} as it is, DeepComp with at most its RMSE (bisection of the bound)", rows.ratios(same_error, as_is), OVER_AUTOENCODERS)
    errors = rows.ratios(same_size, as_is, "rmse")
    # An exact field has no place in a geometric mean; it is told of apart.
    mean = geometric_mean([ratio for ratio in errors if ratio])
    exact = f", on {errors.count(0)} exact and not in this mean" if 0 in errors else ""
    measured = f"RMSE {number(mean)} × the other's, lower on {sum(ratio < 1 for ratio in errors)}{exact}" if errors else NOT_MEASURED
    definition = f"{name} as it is, DeepComp with at most its bytes (bisection of the bound)"
    yield "lower error than multilayer autoencoders", definition, measured, f"{len(errors)}", yes(mean < 1) if errors else "–"


def parts(rows):
    """What a part is worth: with it ÷ without it."""
    for what, settings, one, other in (
        ("attention", BOUNDS, SHORT, SHORT_PREFIX + "without attention"), ("references", BOUNDS, SHORT, SHORT_PREFIX + "without references"),
        ("attention in the base", COARSE, BASE_SHORT, BASE_SHORT_WITHOUT),
        ("the predictor's network", BOUNDS, OURS, CLASSICAL), ("the predictor's network", PICTURE_SETTINGS, OURS, CLASSICAL),
        ("the base", COARSE, OURS, WITHOUT_BASE), ("the base", COARSE, ALWAYS_BASE, WITHOUT_BASE), ("the base", PICTURE_SETTINGS, OURS, WITHOUT_BASE),
    ):  # fmt: skip
        ratios = [ratio for setting in settings for ratio in rows.ratios((one, setting), (other, setting))]
        yield compared(f"worth of {what}", f"“{one}” against “{other}”, at {', '.join(settings)}", ratios, 0)


def pictures(rows):
    for other in (JPEG_XL, JPEG_LS):
        for near, setting in zip(NEAR, PICTURE_SETTINGS):
            yield compared("images as well as fields", f"{other} at ±{near} greys", rows.ratios(whole(setting), (other, setting)), 0)


def compared(claim, definition, ratios, least):
    """A line from ratios of bytes; `least` is the share claimed, 0 for any gain, None where nothing is."""
    if not ratios:
        return claim, definition, NOT_MEASURED, "0", "–"
    mean = geometric_mean(ratios)
    measured = f"{percent(1 - mean)} smaller, {percent(1 / mean - 1)} better" if mean <= 1 else f"{percent(mean - 1)} larger"
    if least is None:
        reached = "–"
    elif 1 - mean >= least and mean < 1:
        reached = yes(True)
    else:
        reached = "as “better” only" if least and 1 / mean - 1 >= least else yes(False)
    return claim, definition, measured, f"{len(ratios)}", reached
