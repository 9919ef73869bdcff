"""Section on what the parts of the network are worth."""

from ablation import EVERY, NETWORKS, STEPS, WHOLE
from report.comparison import KINDS
from report.markdown import geometric_mean, table


def section(rows, comparison):
    columns = {bound: [bound] for bound in comparison.relative} | {"all three": comparison.relative, comparison.lossless: [comparison.lossless]}
    lines = []
    for kind, wanted in ({"all": lambda field: True} | KINDS).items():
        members = [row for row in rows if wanted(comparison.fields[row["field"]])]
        if members:
            count = len({row["field"] for row in members})
            lines += [[f"{kind} ({count})", network, *(mean_and_smaller(members, network, bounds) for bounds in columns.values())] for network in NETWORKS]
    return f"""## What the parts of the network are worth

Bytes ÷ bytes with the whole network, geometric mean: above 1, the part left out earns its place. In brackets the number of fields that are smaller without it, or after the kind of fields
how many there are. One in {EVERY} of the fields of each data set that are not constant, {len({row["field"] for row in rows})} in all, each in an archive of its own.
Bytes are `archive_bytes` of `compress --json`; these archives are not extracted.

{table(["fields", "predictor", *columns], lines)}

The networks (`bench/ablations`) were trained alike but for one part, with the same data and seed, for {STEPS:,} steps each: far shorter than the one shipped (docs/training.md), so they compare
with each other and not with it; each is one run of one seed, so half a percent may be chance. The whole one is of `train RUN --steps {STEPS} --hidden1 64 --hidden2 48 --kernels 6`.

- Without attention (`--kernels 0`): the correction is a linear read-out alone.
- Without references (`--without-references`): neither in training nor in the codec does the network see reference planes; the classical prediction that it corrects still has its own.
- Without scale (`--without-scale`): inputs are scaled by the quantum alone instead of by the surroundings.
- No network: the classical path (`--model none`)."""


def mean_and_smaller(rows, network, bounds):
    ratios = [row["bytes"][network] / row["bytes"][WHOLE] for row in rows if row["bound"] in bounds]
    return f"{geometric_mean(ratios):.3f}" + ("" if network == WHOLE else f" ({sum(ratio < 1 for ratio in ratios)})")
