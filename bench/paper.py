"""Measures the claims of the DeepComp paper and writes docs/bench/claims.md. Run by `npm run bench -- claims`; nothing here is asserted.

One process at a time. What is measured is kept as it comes, so that a run that is cut off goes on where it was.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

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
        figures.say(f"reading {data_name}")
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
            figures.say(f"DeepComp on {len(batch[2])} of {batch[2][0].dataset} at {batch[0]}")
            rows += ours.rows(arguments.cli, variants, batch, scratch, kept)
        figures.say("archivers and picture codecs")
        rows += [row for field in fields for row in archivers.rows(field, kept)]
        rows += [row for picture in pictures for row in picture_codecs.rows(picture, kept)]
        for coder in coders:
            figures.say(coder.name)
            theirs = [row for field in (*fields, *pictures) for row in rivals.rows(arguments.cli, coder, field, kept)]
            rows += theirs
            as_is = {row["field"]: row for row in theirs if row["setting"] == rivals.AS_IT_IS}
            if coder.name == MULTILAYER:
                figures.say("DeepComp at its error and at its size")
                rows += [row for field in fields for row in equal.rows(arguments.cli, field, as_is[field.label], scratch, kept)]
        figures.say("speed")
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
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cli", required=True, help="the deepcomp command line tool, release build")
    parser.add_argument("--node", required=True, help="Node, whose version the report names")
    parser.add_argument("--cache", required=True, type=Path, help="folder of the results kept between runs")
    parser.add_argument("--train", type=Path, default=os.environ.get("DEEPCOMP_TRAIN"), help="train the autoencoders anew first: folder of prepared stacks or raw data; else DEEPCOMP_TRAIN")
    parser.add_argument("--output", default=figures.OUTPUT, type=Path, help="folder of the report")
    arguments = parser.parse_args()
    start = time.perf_counter()
    if arguments.train:
        figures.say(f"training the autoencoders, {', '.join(f'{name} {steps:,} steps' for name, steps in train.STEPS.items())}")
        train.all_networks(Path(arguments.train))
    figures.publish(measure(arguments), claim_pages, arguments, "bench-claims.json")
    figures.say(f"{arguments.output} written after {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
