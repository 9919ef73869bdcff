"""What the commands of the bench have in common: options, what they say, and how a report is written."""

import argparse
import json
import time
from pathlib import Path

import archiver
import readers

OUTPUT = readers.ROOT / "docs" / "bench"


def options(documentation, node=None):
    """A parser of the options that all take; `node` says what Node is for, where it is needed."""
    parser = argparse.ArgumentParser(description=documentation.split("\n")[0])
    parser.add_argument("--cli", required=True, help="the deepcomp command line tool, release build")
    parser.add_argument("--cache", required=True, type=Path, help="folder of the results kept between runs")
    parser.add_argument("--output", default=OUTPUT, type=Path, help="folder of the report")
    if node:
        parser.add_argument("--node", required=True, help=f"Node, {node}")
    return parser


def say(text):
    print(f"bench: {text}", flush=True)


def banner(cli):
    """Versions of the tool and of its format."""
    return ", ".join(archiver.call(cli, "--version").splitlines()[:2])


def publish(measure, report, arguments, kept):
    """Measures and writes a report of it. What was measured is kept in the cache first: a quarter of an hour is not to be lost to a report that fails."""
    start = time.perf_counter()
    result = measure(arguments)
    (arguments.cache / kept).write_text(json.dumps(result))
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, text in report.write(result).items():
        (arguments.output / name).write_text(text)
    print(report.summary(result))
    say(f"{arguments.output} written after {time.perf_counter() - start:.0f} s")
