"""Verify a whole ledger, and name each place that is passed over."""

from tagline.lifecycle.chain import Ledger
from tagline.lifecycle.fault import Fault
from tagline.lifecycle.last_seen import LastSeen


def audit(ledger: Ledger, *, last_seen: LastSeen | None = None) -> list[Fault]:
    """Read and judge every entry anew.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    last_seen : LastSeen, optional
        What this machine has seen of it; without one, nobody can notice that the end is gone.

    Returns
    -------
    list of Fault
        By number; empty where every entry counts.

    Raises
    ------
    TaglineError
        The ledger can not be read.
    """
    if last_seen is not None:
        # Where this machine knows how trust began, a damaged first entry is one fault and not all.
        last_seen.read()
    found = {place.number: place.fault for place in ledger.places() if place.fault is not None}
    state = ledger.state()
    for each in ledger.strays():
        found.setdefault(each.number, each)
    seen = last_seen.fault(state) if last_seen else None
    if seen is not None:
        found.setdefault(seen.number, seen)
    return [found[number] for number in sorted(found)]
