"""The index of every archive of this version is what docs/archive.cddl says, as a library for CDDL reads that."""

import re
import struct
import zlib
from pathlib import Path

import pycddl
import pytest

from deepcomp import run

ROOT = Path(__file__).parents[2]
FORMAT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
SCHEMA = pycddl.Schema((ROOT / "docs" / "archive.cddl").read_text(encoding="utf-8"))
VERSION = re.search(r"version (\d+\.\d+)", FORMAT).group(1)
VECTORS = sorted((ROOT / "tests" / "vectors" / f"v{VERSION}").glob("*.dca"))


def words() -> bytes:
    """The words of docs/format.md, section 2."""
    block = FORMAT.split("```words\n")[1].split("\n```")[0].replace("\n", "")
    byte = lambda found: bytes([int(found[1], 16)]) if found[1] else b"\n" if found[0] == "\\n" else found[0].encode()
    return b"".join(map(byte, re.finditer(r"\\x([0-9a-f]{2})|\\n|.", block)))


def index(archive: bytes) -> bytes:
    """The CBOR of the index of an archive."""
    (at,) = struct.unpack("<Q", archive[-12:-4])
    length = shift = 0
    for number, byte in enumerate(archive[at + 2 :]):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    start = at + 2 + number + 1 + 2
    kind, body = archive[start], archive[start + 1 : start + length]
    if kind == 0:
        return body
    inflater = zlib.decompressobj(-15, zdict=words()) if kind == 2 else zlib.decompressobj(-15)
    return inflater.decompress(body) + inflater.flush()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda path: path.stem)
def test_vectors(vector):
    SCHEMA.validate_cbor(index(vector.read_bytes()))


def test_there_are_vectors():
    assert len(VECTORS) > 100


def test_archives_with_all_that_an_index_may_have(deepcomp):
    a, b, c = (deepcomp.folder / name for name in ("a.dca", "b.dca", "c.dca"))
    run(deepcomp.cli, "compress", ROOT / "samples" / "gfs_t2m.npy", "-o", a, "--abs", "0.01", "--level", "best", "--embed-model", "--comment", "said")
    run(deepcomp.cli, "compress", ROOT / "samples" / "coads_sst.nc", "-o", b, "--rel", "1e-3", "--stable")
    run(deepcomp.cli, "merge", a, b, "-o", c)
    cbor = index(c.read_bytes())
    assert b"\x03dsaid\x04\x81\x83\x1b" in cbor
    SCHEMA.validate_cbor(cbor)


@pytest.mark.parametrize(
    ("what", "cbor"),
    [
        ("no files", "a0"),
        ("a comment that is no text", "a2 00 80 03 05"),
        ("a file without a name", "a1 00 81 a1 01 01"),
        ("a data type that does not exist", "a1 00 81 a2 00 61 61 05 81 a2 00 61 76 01 0b"),
        ("a model of two numbers", "a2 00 80 04 81 82 01 02"),
        ("an error that is text", "a1 00 81 a2 00 61 61 05 81 a3 00 61 76 01 08 06 81 a1 05 a1 03 61 78"),
    ],
)
def test_other_things_are_refused(what, cbor):
    with pytest.raises(pycddl.ValidationError):
        SCHEMA.validate_cbor(bytes.fromhex(cbor))


def test_keys_of_later_versions_are_no_fault():
    SCHEMA.validate_cbor(bytes.fromhex("a2 00 81 a2 00 61 61 18 63 01 18 63 05"))
