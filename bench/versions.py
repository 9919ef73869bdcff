"""Versions of what is measured with, for the report and for the keys of kept results."""

import functools
import importlib.metadata
import platform
import re
import shutil
import subprocess

PYTHON = "python"
"""The package name of what Python brings itself."""
TOOLS = ("7zz", "rar")
"""Programs that may be missing; their peers are then left out."""


@functools.cache
def version(package):
    """Version of a PyPI package, of Python, or of one of the programs."""
    if package == PYTHON:
        return platform.python_version()
    if package in TOOLS:
        banner = subprocess.run([package], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
        return re.search(r"\d+\.\d+", banner)[0]
    return importlib.metadata.version(package)


def is_there(package):
    return package not in TOOLS or shutil.which(package) is not None
