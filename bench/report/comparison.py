"""Rows of DeepComp and of the peers, joined by field and bound. A peer that breaks its bound there by more than an ulp does not count."""

from collections import defaultdict

from bounds import ABSOLUTE, LOSSLESS, RELATIVE
from checks import BROKEN
from peers import bounded, ebcc, lossless, numeric, quantised

BOUNDED = tuple(peer.name for peer in (*bounded.PEERS, *quantised.PEERS, *ebcc.PEERS))
NUMERIC = tuple(peer.name for peer in (*numeric.PEERS, *lossless.NUMERIC))
JPEG_XL = "quantise+JXL"
BETTER_OF_TWO = "better of SZ3 and SPERR"
BEST_PEER = "best peer of each field"
BEST_ARCHIVER = "best archiver of each field"


class Comparison:
    def __init__(self, result):
        self.fields = {row["field"]: row for row in result["fields"]}
        self.ours = {(row["field"], row["bound"]): row for row in result["ours"]}
        self.peers = defaultdict(dict)
        for row in result["peers"]:
            self.peers[row["field"], row["bound"]][row["peer"]] = row
        self.archivers = tuple(peer.name for peer in lossless.ARCHIVERS if any(peer.name in rows for rows in self.peers.values()))
        self.exact = tuple(peer.name for peer in (*numeric.PEERS, *lossless.KNOWN) if any(peer.name in rows for rows in self.peers.values()))
        self.groups = {BETTER_OF_TWO: ("SZ3", "SPERR"), BEST_PEER: BOUNDED, BEST_ARCHIVER: self.archivers}
        self.relative = [str(bound) for bound in RELATIVE]
        self.absolute = [str(bound) for bound in ABSOLUTE if any(key[1] == str(bound) for key in self.peers)]
        self.lossless = str(LOSSLESS)

    @property
    def bounds(self):
        return self.relative + self.absolute

    @property
    def datasets(self):
        return list(dict.fromkeys(map(dataset, self.fields)))

    def keys(self, bounds, wanted=lambda field: True):
        """Pairs (field, bound) at which the bound means something."""
        return [key for key in self.peers if key[1] in bounds and wanted(self.fields[key[0]])]

    def size(self, codec, key):
        """Bytes of DeepComp, a peer or the best of a group; None where it is not applicable or breaks the bound."""
        if codec == "DeepComp":
            return self.ours[key]["bytes"]
        if codec in self.groups:
            return min((size for peer in self.groups[codec] if (size := self.size(peer, key)) is not None), default=None)
        row = self.peers[key].get(codec, {})
        return None if row.get("verdict", BROKEN) == BROKEN else row["bytes"]

    def ratios(self, codec, keys, with_index=False):
        """`(DeepComp ÷ codec, key)` where the codec counts; with the index, DeepComp's share of the archive's own frames is added."""
        counted = [(key, size) for key in keys if (size := self.size(codec, key)) is not None]
        return [((self.ours[key]["bytes"] + with_index * self.ours[key]["overhead"]) / size, key) for key, size in counted]

    def lost(self, codec, keys):
        """Where DeepComp is not smaller, worst first."""
        return sorted((pair for pair in self.ratios(codec, keys) if pair[0] >= 1), reverse=True)

    def total(self, codec, keys):
        """`(raw bytes, coded bytes, samples, keys left out)` over the pairs where the codec counts."""
        counted = [(key, size) for key in keys if (size := self.size(codec, key)) is not None]
        fields = [self.fields[field] for (field, _), _ in counted]
        return sum(field["raw"] for field in fields), sum(size for _, size in counted), sum(field["samples"] for field in fields), len(keys) - len(counted)

    def overhead(self, keys):
        """DeepComp's share of the archives' own frames, in bytes."""
        return sum(self.ours[key]["overhead"] for key in keys)


def dataset(label):
    return label.split("/")[0]


def in_dataset(name):
    return lambda field: dataset(field["field"]) == name


def is_levels(field):
    return dataset(field["field"]).endswith("-levels")


def is_series(field):
    return field["planes"] > 1 and not is_levels(field)


def is_plane(field):
    return field["planes"] == 1


KINDS = {"planes": is_plane, "series": is_series, "levels": is_levels}
