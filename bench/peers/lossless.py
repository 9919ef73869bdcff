"""Lossless codecs of float arrays, archivers, and the classics of each idea; the bound is ignored."""

import io
import lzma
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path

import fpzip
import imagecodecs
import numpy as np
import zstandard
from pcodec import ChunkConfig, standalone

from peers.base import Peer, both, shuffle, together, unshuffle
from versions import PYTHON, is_there

NAME_IN_ARCHIVE = "a"


def on_bytes(compress, decompress):
    """A way to code the bytes of the array as they lie in memory."""
    encode = lambda volume, _: compress(volume.tobytes())  # noqa: E731
    return (together(encode, lambda data, dtype, shape: np.frombuffer(decompress(data, int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)),)


def pco_encode(volume, _):
    return standalone.simple_compress(volume.reshape(-1), ChunkConfig(compression_level=12))


def pco_decode(data, _dtype, shape):
    return standalone.simple_decompress(data).reshape(shape)


def fpzip_encode(array, _):
    return fpzip.compress(array, precision=0, order="C")


def fpzip_decode(data, dtype, shape):
    return fpzip.decompress(data, order="C").astype(dtype, copy=False).reshape(shape)


def shuffle_zstd_encode(volume, _):
    return zstandard.ZstdCompressor(level=19).compress(shuffle(volume))


def shuffle_zstd_decode(data, dtype, shape):
    return unshuffle(zstandard.ZstdDecompressor().decompress(data), dtype).reshape(shape)


def zip_compress(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(zipfile.ZipInfo(NAME_IN_ARCHIVE), data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def zip_decompress(data, _size):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(NAME_IN_ARCHIVE)


def by_tool(suffix, add, take):
    """An archiver run on a file: `add` makes an archive of it, `take` prints its contents."""

    def compress(data):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, NAME_IN_ARCHIVE).write_bytes(data)
            subprocess.run([*add, f"archive.{suffix}", NAME_IN_ARCHIVE], cwd=folder, check=True, capture_output=True)
            return Path(folder, f"archive.{suffix}").read_bytes()

    def decompress(data, _size):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"archive.{suffix}").write_bytes(data)
            return subprocess.run([*take, f"archive.{suffix}"], cwd=folder, check=True, capture_output=True).stdout

    return on_bytes(compress, decompress)


def lz4_compress(data):
    return imagecodecs.lz4_encode(data, level=12, hc=True)


def huffman_compress(data):
    """zlib without string matching: order-0 Huffman codes, new ones for every block, which favours it over one code for all."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(data) + coder.flush()


SEVEN_ZIP = ("7zz", "a", "-t7z", "-mx=9", "-mmt=1")
SEVEN_ZIP_TAKE = ("7zz", "x", "-so")

NUMERIC = (
    Peer("pco", "pcodec", (together(pco_encode, pco_decode),), holds_missing=True),
    Peer("fpzip", "fpzip", both(fpzip_encode, fpzip_decode), holds_missing=True),
    Peer("shuffle+zstd -19", "zstandard", (together(shuffle_zstd_encode, shuffle_zstd_decode),), holds_missing=True),
)
ARCHIVERS = (
    Peer("xz -9e", PYTHON, on_bytes(lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME), lambda data, _: lzma.decompress(data)), holds_missing=True),
    Peer("zip -9", PYTHON, on_bytes(zip_compress, zip_decompress), holds_missing=True),
    Peer("7-Zip LZMA2", "7zz", by_tool("7z", SEVEN_ZIP, SEVEN_ZIP_TAKE), holds_missing=True),
    Peer("7-Zip PPMd", "7zz", by_tool("7z", (*SEVEN_ZIP, "-m0=PPMd"), SEVEN_ZIP_TAKE), holds_missing=True),
    Peer("RAR5", "rar", by_tool("rar", ("rar", "a", "-ma5", "-m5", "-idq", "-mt1"), ("rar", "p", "-inul")), holds_missing=True),
)
CLASSICS = (
    Peer("Huffman (order 0, zlib)", PYTHON, on_bytes(huffman_compress, lambda data, _: zlib.decompress(data, -zlib.MAX_WBITS)), holds_missing=True),
    Peer("LZ77 (LZ4 HC)", "imagecodecs", on_bytes(lz4_compress, lambda data, size: imagecodecs.lz4_decode(data, out=size)), holds_missing=True),
    Peer("LZ78 (LZW)", "imagecodecs", on_bytes(imagecodecs.lzw_encode, lambda data, size: imagecodecs.lzw_decode(data, out=size)), holds_missing=True),
)
KNOWN = (*NUMERIC, *ARCHIVERS, *CLASSICS)
PEERS = tuple(peer for peer in KNOWN if is_there(peer.package))
