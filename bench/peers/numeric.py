"""Lossless codecs of arrays of numbers that offer many ways each: OpenZL, gridpack and blosc2; the smallest counts, the bound is ignored."""

import functools

import blosc2
import gridpack
import numpy as np
from openzl import ext as openzl
from openzl.ext import graphs, nodes

from peers.base import Peer, together

LEVEL = 19
"""Of zstd, wherever a peer ends in it."""


def smallest(ways):
    """The way to encode that makes an array smallest."""
    return lambda volume, _: min((encode(volume) for encode in ways), key=len)


OFFERED = "eight graphs at three levels"
"""What OpenZL is tried with, for the report: its generic coder of numbers is smallest now at the lowest level, now at the one it has by itself, now at the highest, by up to a tenth."""
OPENZL_LEVELS = {1: False, 6: False, LEVEL: True}
"""Levels, and whether all ends are tried: those but the generic one hardly depend on it."""


def openzl_graphs(compressor, every_end):
    """Graphs that were smallest on some of thirty fields, out of some eighty; taking floats apart (its node is for float32) never was.

    Numbers go as they are, above the smallest, or as differences, once and twice; or as ranks in the table of what values there are, sorted or by first appearance, and these likewise. What
    is left ends in the generic graph (FieldLz for numbers), in its bytes of equal significance, each by order-0 entropy or zstd, or in zstd.
    """
    through = lambda node, *rest: node(compressor, *rest)  # noqa: E731
    end = lambda *ends: graphs.BruteForce(list(ends))(compressor)  # noqa: E731
    generic, zstd = graphs.Compress()(compressor), graphs.Zstd(compression_level=LEVEL)(compressor)
    lanes = through(nodes.ConvertNumToStructLE(), through(nodes.TransposeSplit(), end(graphs.Entropy()(compressor), zstd, generic)))
    best = end(generic, lanes, through(nodes.ConvertNumToSerialLE(), zstd)) if every_end else generic
    once, twice = (functools.reduce(lambda rest, _: through(nodes.DeltaInt(), rest), range(times), through(nodes.Zigzag(), best)) for times in (1, 2))
    ranks = lambda ends, order: through(nodes.Tokenize(type=openzl.Type.Numeric, sort=order), through(nodes.DeltaInt(), best) if order else best, ends)  # noqa: E731
    return [best, through(nodes.RangePack(), best), once, twice, *(ranks(ends, True) for ends in (best, once, twice)), ranks(best, False)]


@functools.cache
def openzl_compressors():
    """One a graph and level, without checksums, as the other peers."""
    number = len(openzl_graphs(openzl.Compressor(), True))
    return [openzl_compressor(graph, level, every_end) for level, every_end in OPENZL_LEVELS.items() for graph in range(number)]


def openzl_compressor(graph, level, every_end):
    compressor = openzl.Compressor()
    settings = {openzl.CParam.FormatVersion: openzl.MAX_FORMAT_VERSION, openzl.CParam.CompressionLevel: level, openzl.CParam.ContentChecksum: 2, openzl.CParam.CompressedChecksum: 2}
    for setting, value in settings.items():
        compressor.set_parameter(setting, value)
    compressor.select_starting_graph(openzl_graphs(compressor, every_end)[graph])
    return compressor


def openzl_encode(volume, _):
    numbers = openzl.Input(openzl.Type.Numeric, volume.reshape(-1).view(f"u{volume.itemsize}"))
    return min((compress(compressor, numbers) for compressor in openzl_compressors()), key=len)


def compress(compressor, numbers):
    context = openzl.CCtx()
    context.ref_compressor(compressor)
    return context.compress([numbers])


def openzl_decode(data, dtype, shape):
    return np.asarray(openzl.DCtx().decompress(data)[0].content.as_nparray()).view(dtype).reshape(shape)


def by_gridpack(mode, entropy, level):
    return lambda volume: gridpack.encode_array(volume, level=level, mode=mode, entropy=entropy)


def gridpack_decode(data, dtype, shape):
    return gridpack.decode_array(data, shape, dtype)


def by_blosc2(*filters):
    """One block for all: smaller ones have no use where nothing is read in part."""
    options = {"codec": blosc2.Codec.ZSTD, "clevel": 9, "nthreads": 1, "filters": list(filters), "filters_meta": [0] * len(filters)}
    return lambda volume: blosc2.compress2(volume, typesize=volume.itemsize, blocksize=volume.nbytes, **options)


def blosc2_decode(data, dtype, shape):
    return np.frombuffer(blosc2.decompress2(data), dtype).reshape(shape)


GRIDPACK = [by_gridpack(mode, *entropy) for mode in ("none", "spatial", "dt") for entropy in (("zstd", LEVEL), ("zlib", 9))]
"""Its others are called research by itself, take a second for 40 kB, and are larger."""
BLOSC2 = [by_blosc2(*filters) for filters in ([blosc2.Filter.NOFILTER], [blosc2.Filter.SHUFFLE], [blosc2.Filter.BITSHUFFLE], [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA])]
PEERS = (
    Peer("OpenZL", "openzl", (together(openzl_encode, openzl_decode),), holds_missing=True),
    Peer("gridpack", "gridpack", (together(smallest(GRIDPACK), gridpack_decode),), holds_missing=True),
    Peer("blosc2", "blosc2", (together(smallest(BLOSC2), blosc2_decode),), holds_missing=True),
)
