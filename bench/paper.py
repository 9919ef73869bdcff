"""Measures the claims of the DeepComp paper and writes docs/bench/claims.md. Run by `npm run bench -- claims`; nothing here is asserted.

One process at a time. What is measured is kept as it comes, so that a run that is cut off goes on where it was.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

import command
import figures
import readers
from claims import archivers, equal, ours, picture_codecs, rivals, sample, timing, train
from claims.autoencoder import MULTILAYER
from report import claim_pages
from store import Store


def measure(arguments):
    folder, data_name = readers.data_folder()
    kept = Store(arguments.cache / "bench-claims.sqlite")
    with tempfile.TemporaryDirectory() as scratch:
        command.say(f"reading {data_name}")
        fields, pictures = sample.fields(folder), sample.pictures(folder)
        if not fields:
            raise SystemExit(f"bench: no fields of {', '.join(sample.DATASETS)} in {data_name}")
        for field in (*fields, *pictures):
            np.save(Path(scratch, field.file_name), field.values)
        variants, refused = ours.accepted(arguments.cli)
        coders = rivals.trained()
        result = {"about": about(arguments, data_name, refused, coders), "fields": [facts(field) for field in (*fields, *pictures)]}
        rows = result["rows"] = []
        for batch in ours.batches((*fields, *pictures)):
            command.say(f"DeepComp on {len(batch[2])} of {batch[2][0].dataset} at {batch[0]}")
            rows += ours.rows(arguments.cli, variants, batch, scratch, kept)
        command.say("archivers and picture codecs")
        rows += [row for field in fields for row in archivers.rows(field, kept)]
        rows += [row for picture in pictures for row in picture_codecs.rows(picture, kept)]
        for coder in coders:
            command.say(coder.name)
            theirs = [row for field in (*fields, *pictures) for row in rivals.rows(arguments.cli, coder, field, kept)]
            rows += theirs
            as_is = {row["field"]: row for row in theirs if row["setting"] == rivals.AS_IT_IS}
            if coder.name == MULTILAYER:
                command.say("DeepComp at its error and at its size")
                rows += [row for field in fields for row in equal.rows(arguments.cli, field, as_is[field.label], scratch, kept)]
        command.say("speed")
        result["speed"] = timing.rows(arguments.cli, variants, coders, fields, pictures, scratch)
    return result


def facts(field):
    return {
        "field": field.label, "variable": sample.short_name(field), "units": field.units, "raw": field.values.nbytes, "samples": field.values.size,
        "planes": len(field.volume), "type": field.values.dtype.name, "range": field.range, "recommended": str(field.settings[sample.RECOMMENDED]) if sample.RECOMMENDED in field.settings else None,
    }  # fmt: skip


def about(arguments, data_name, refused, coders):
    known = figures.about(arguments, data_name)
    packages = {*figures.READERS, "imagecodecs", *(peer.package for peer in archivers.INSTALLED)}
    return {name: known[name] for name in ("date", "cpu", "system", "data", "deepcomp", "python")} | {
        "packages": {package: found for package, found in known["packages"].items() if package in packages},
        "absent": archivers.ABSENT, "refused": refused, "untrained": [name for name in train.STEPS if name not in [coder.name for coder in coders]],
        "weights": {coder.name: coder.path.stat().st_size for coder in coders}, "steps": train.STEPS,
    }  # fmt: skip


def main():
    parser = command.options(__doc__, "whose version the report names")
    parser.add_argument("--train", type=Path, default=os.environ.get("DEEPCOMP_TRAIN"), help="train the autoencoders anew first: folder of prepared stacks or raw data; else DEEPCOMP_TRAIN")
    arguments = parser.parse_args()
    if arguments.train:
        command.say(f"training the autoencoders, {', '.join(f'{name} {steps:,} steps' for name, steps in train.STEPS.items())}")
        train.all_networks(Path(arguments.train))
    command.publish(measure, claim_pages, arguments, "bench-claims.json")


if __name__ == "__main__":
    main()
