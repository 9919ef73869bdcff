"""Error bounds: relative to a field's range, absolute in kelvin for temperatures, or none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    kind: str
    """`rel`, `abs` or `lossless`."""
    value: float = 0.0

    def __str__(self):
        return {"rel": f"{self.value:.0e}".replace("e-0", "e-"), "abs": f"{self.value:g} K", "lossless": "lossless"}[self.kind]

    @property
    def arguments(self):
        """How `deepcomp compress` is told."""
        return ["--lossless"] if self.kind == "lossless" else [f"--{self.kind}", repr(self.value)]

    def applies(self, field):
        """Whether the bound means anything for a field: a constant one has no range."""
        return {"rel": field.range > 0, "abs": field.is_temperature, "lossless": True}[self.kind]

    def allowed(self, field):
        """Largest error, in the units of the field."""
        return self.value * field.range if self.kind == "rel" else self.value


RELATIVE = (Bound("rel", 1e-2), Bound("rel", 1e-3), Bound("rel", 1e-4))
ABSOLUTE = (Bound("abs", 0.1), Bound("abs", 0.01), Bound("abs", 0.001))
LOSSLESS = Bound("lossless")
ALL = (*RELATIVE, *ABSOLUTE, LOSSLESS)
NAMED = {str(bound): bound for bound in ALL}
