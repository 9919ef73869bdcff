"""What every test of this folder gets: the command line tool and a folder of its own.

Files made by the libraries and tools of the field go into an archive and come out again; the same libraries and tools say whether anything changed. The CLI's path is
in DEEPCOMP_CLI. Nothing is skipped: a tool or library that is missing fails the tests that ask it. `npm test -- field` installs all of them and runs this.
"""

import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("comparison", "deepcomp")

from deepcomp import Deepcomp  # noqa: E402


@pytest.fixture(scope="session")
def cli():
    path = Path(os.environ.get("DEEPCOMP_CLI", "target/debug/deepcomp")).resolve()
    assert path.exists(), f"no deepcomp at {path}: build it with `cargo build -p deepcomp-cli`, or name another in DEEPCOMP_CLI"
    return path


@pytest.fixture
def deepcomp(cli, tmp_path):
    return Deepcomp(cli, tmp_path)


def pytest_make_parametrize_id(val):
    """Cases are called as the functions that make their files."""
    return getattr(val, "__name__", None)
