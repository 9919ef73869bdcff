"""Archivers on the bytes of the fields; results are kept in the store."""

import trials
from bounds import LOSSLESS
from claims.sample import EXACT
from peers import lossless
from versions import is_there

CLAIMED = (*lossless.CLASSICS, *lossless.ARCHIVERS)
INSTALLED = tuple(peer for peer in CLAIMED if is_there(peer.package))
ABSENT = tuple(peer.name for peer in CLAIMED if not is_there(peer.package))


def rows(field, kept):
    """One row an archiver, without loss."""
    exact = {"setting": EXACT, "rmse": 0.0, "dssim": 1.0, "allowed": 0.0}
    measured = [{"method": row["peer"], "holds": row["verdict"]} | row for row in trials.rows(field, LOSSLESS, kept, INSTALLED)]
    return [{name: row[name] for name in ("method", "field", "bytes", "error", "holds")} | exact for row in measured]
