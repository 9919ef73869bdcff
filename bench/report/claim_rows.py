"""Rows of the claims, joined by method and setting. One that breaks its bound by more than an ulp does not count."""

import math

from checks import BROKEN
from claims.archivers import CLAIMED
from claims.ours import OURS
from report.markdown import geometric_mean

BEST_ARCHIVER = "best archiver of each field"
ALL_ARCHIVERS = "all archivers alike"
"""Their geometric mean on each field."""
BITS_OF_A_BYTE = 8


class ClaimRows:
    def __init__(self, result):
        self.fields = {row["field"]: row for row in result["fields"]}
        self.archivers = [peer.name for peer in CLAIMED if peer.name not in result["about"]["absent"]]
        self.rows = {}
        for row in result["rows"]:
            self.rows.setdefault((row["method"], row["setting"]), {})[row["field"]] = row

    @property
    def datasets(self):
        return list(dict.fromkeys(field.split("/")[0] for field in self.fields))

    def members(self, dataset):
        return [field for field in self.fields if field.split("/")[0] == dataset]

    def methods(self, setting):
        return [method for method, at in self.rows if at == setting]

    def counted(self, method, setting, fields=None):
        """`{field: row}` of those that keep their bound; of all fields unless told which."""
        rows = self.rows.get((method, setting), {})
        return {field: row for field, row in rows.items() if row["holds"] != BROKEN and (fields is None or field in fields)}

    def broken(self, method, setting, fields):
        return sum(row["holds"] == BROKEN for field, row in self.rows.get((method, setting), {}).items() if field in fields)

    def sizes(self, method, setting, fields=None):
        """`{field: bytes}` of a method or of a group of archivers."""
        if method not in (BEST_ARCHIVER, ALL_ARCHIVERS):
            return {field: row["bytes"] for field, row in self.counted(method, setting, fields).items()}
        of = min if method == BEST_ARCHIVER else geometric_mean
        sizes = [self.sizes(archiver, setting, fields) for archiver in self.archivers]
        return {field: of([each[field] for each in sizes if field in each]) for field in set().union(*sizes)}

    def ratios(self, one, other, figure="bytes", fields=None):
        """A figure of one ÷ the other's on the fields that both count on; `(method, setting)` each."""
        if figure == "bytes":
            ones, others = self.sizes(*one, fields), self.sizes(*other, fields)
        else:
            ones, others = ({field: row[figure] for field, row in self.counted(*which, fields).items()} for which in (one, other))
        return [ones[field] / others[field] for field in self.fields if field in ones and others.get(field)]

    def compression(self, method, setting, fields=None):
        """Raw bytes ÷ coded bytes of each field."""
        return [self.fields[field]["raw"] / size for field, size in self.sizes(method, setting, fields).items()]

    def bits(self, method, setting, fields=None):
        """Bits a sample of each field."""
        return [BITS_OF_A_BYTE * size / self.fields[field]["samples"] for field, size in self.sizes(method, setting, fields).items()]

    def relative(self, figure, method, setting, fields=None):
        """An error of each field as a share of its range."""
        return [row[figure] / self.fields[field]["range"] for field, row in self.counted(method, setting, fields).items()]


def decibels(errors):
    """Mean PSNR of errors as shares of the range, of those that are not 0; NaN for none."""
    return -20 * math.log10(geometric_mean([error for error in errors if error]))


def whole(setting):
    """The codec itself at a setting."""
    return OURS, setting
