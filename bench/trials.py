"""Every peer on a field at a bound, decoded and checked; the best of what it offers counts. Results are kept in the store."""

import checks
import fields
import store
from bounds import LOSSLESS
from peers import base, bounded, ebcc, lossless, numeric, quantised
from versions import version

MODULES = {peer.name: module for module in (bounded, quantised, ebcc, lossless, numeric) for peer in module.PEERS}
RANK = (checks.HOLDS, checks.ULP, checks.BROKEN)


def peers_at(bound):
    return (*numeric.PEERS, *lossless.PEERS) if bound == LOSSLESS else (*bounded.PEERS, *quantised.PEERS, *ebcc.PEERS)


def rows(field, bound, kept, peers=None):
    """One row a peer, of all that take the bound unless told which."""
    if not bound.applies(field):
        return []
    where = {"field": field.label, "bound": str(bound)}
    return [where | {"peer": peer.name} | kept.get(key(field, peer, bound), lambda peer=peer: measured(field, peer, bound)) for peer in peers or peers_at(bound)]


def key(field, peer, bound, *more):
    wrapper = store.source_of(MODULES[peer.name], base, fields, checks)
    return store.digest(field.content, bound.kind == LOSSLESS.kind, bound.allowed(field), peer.name, version(peer.package), wrapper, *more)


def measured(field, peer, bound):
    try:
        verdict, size, decoded = best(field, peer, bound)
    except base.NotApplicable as reason:
        return {"not_applicable": str(reason)}
    return {"bytes": size, "verdict": verdict, "error": checks.largest_error(field.volume, decoded)}


def best(field, peer, bound):
    """The smallest of the attempts that hold the bound best: `(verdict, size in bytes, decoded volume)`."""
    allowed = bound.allowed(field)
    results = []
    for volume in [field.volume] if peer.holds_missing else field.fills[: peer.fills]:
        for way in peer.ways_for(volume):
            parts = way.encode(volume, allowed)
            decoded = way.decode(parts, volume.dtype, volume.shape)
            verdict = checks.identical(field.volume, decoded) if bound == LOSSLESS else checks.verdict(field.volume, decoded, allowed)
            results.append((verdict, sum(map(len, parts)), decoded))
    return min(results, key=lambda result: (RANK.index(result[0]), result[1]))
