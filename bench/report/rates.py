"""Seconds of the speed run as megabytes (10^6 bytes) of float32 a second, and ratios."""

from speed import NATIVE, NODE, OURS


class Rates:
    def __init__(self, speeds):
        self.raw = speeds["bytes"]
        self.rows = {(row["codec"], row["where"], row["bound"]): row for row in speeds["rows"]}
        self.bounds = list(dict.fromkeys(bound for _, _, bound in self.rows))
        self.codecs = list(dict.fromkeys((codec, where) for codec, where, _ in self.rows))

    def of(self, codec, where, bound, verb):
        """Megabytes a second; None where it was not measured."""
        row = self.rows.get((codec, where, bound))
        return self.raw / row[verb] / 1e6 if row and verb in row else None

    def ratio(self, codec, where, bound):
        """Raw ÷ coded bytes."""
        return self.raw / self.rows[codec, where, bound]["bytes"]

    @property
    def processor_share(self):
        """The least share of a core that DeepComp's commands had: below 1 other work held the processor."""
        return min(row["processor"] / row["wall"] for row in self.rows.values() if "wall" in row)

    @property
    def wasm_is_stale(self):
        """Whether the WASM module wrote other archives than the native build, so that the two cannot be of the same sources."""
        return any(self.rows[OURS, NODE, bound]["bytes"] != self.rows[OURS, NATIVE, bound]["bytes"] for bound in self.bounds if (OURS, NODE, bound) in self.rows)
