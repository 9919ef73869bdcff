"""The command line tool, and how other tools are run."""

import subprocess


def run(*command, status=0):
    """What a program prints. It must end with that status; any, if None."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="surrogateescape", check=False)
    except FileNotFoundError:
        raise AssertionError(f"{command[0]} is not installed; `npm test -- field` installs it from Debian, or see scripts/tools.mjs for its package") from None
    said = f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    assert status is None or done.returncode == status, said
    return done.stdout


class Deepcomp:
    """Archives in a folder."""

    def __init__(self, cli, folder):
        self.cli = cli
        self.folder = folder
        self.count = 0

    def compress(self, source, *bound):
        """An archive of the variables of a file, even where it is larger, without loss unless a bound is given, by the classical predictor."""
        self.count += 1
        archive = self.folder / f"{self.count}.dca"
        run(self.cli, "compress", source, "-o", archive, "--model", "none", "--strict", *map(str, bound or ["--lossless"]))
        return archive

    def extract(self, archive, form=None):
        """The files that an archive gives, in the format of the source or another one."""
        self.count += 1
        said = run(self.cli, "extract", archive, "-C", self.folder / str(self.count), *(["--as", form] if form else []))
        paths = [self.folder / line for line in said.splitlines()]
        assert paths and all(path.exists() for path in paths), said
        return paths

    def round_trip(self, source, *bound):
        """The one file that comes back."""
        [path] = self.extract(self.compress(source, *bound))
        return path

    def saved_as(self, source, form):
        """The one file of another format."""
        [path] = self.extract(self.compress(source), form)
        return path
