"""Whether an entry follows from what stood before it."""

from collections.abc import Iterator, Mapping

from tagline.lifecycle.entry import (
    Act,
    Approval,
    Change,
    Deployment,
    Entry,
    Standing,
    StandingName,
)

LIVE = frozenset({"champion", "challenger"})
CROWNING = frozenset({"promote", "rollback"})
MOST = 99
GIVEN: Mapping[Act, frozenset[StandingName]] = {
    "promote": frozenset({"champion", "retired"}),
    "rollback": frozenset({"champion", "retired"}),
    "challenge": frozenset({"challenger"}),
    "retire": frozenset({"retired"}),
    "restore": frozenset({"candidate"}),
    "approve": frozenset(),
    "refuse": frozenset(),
    "propose": frozenset(),
    "policy": frozenset(),
}


def inconsistency(
    entry: Entry, *, before: Standing, known: Mapping[str, StandingName] | None = None
) -> str:
    """Say how an entry does not follow from what stood before it.

    Parameters
    ----------
    entry : Entry
        The entry.
    before : Standing
        What stood before it.
    known : mapping of str to str, optional
        The standing of every run of the ledger so far; of the live ones only where None.

    Returns
    -------
    str
        One sentence; empty where it follows.
    """
    standings = roles(before) if known is None else known
    return next(_contradictions(entry, before, standings), "")


def roles(standing: Standing) -> dict[str, StandingName]:
    """Give the standing of each run that answers requests."""
    found: dict[str, StandingName] = {each.run: "challenger" for each in standing.challengers}
    if standing.champion is not None:
        found[standing.champion.run] = "champion"
    return found


def without(standing: Standing, run: str) -> Standing:
    """Take a run out; approvals were for one act, and who comes back asks for them again."""
    return Standing(
        champion=standing.champion,
        challengers=tuple(each for each in standing.challengers if each.run != run),
        approvals={name: given for name, given in standing.approvals.items() if name != run},
    )


def effect(entry: Entry, before: Standing) -> Standing:
    """Give what stands by what an entry does, whatever it says of the rest.

    What it says of the rest is not to be believed where the entries before it were lost.
    """
    own = entry.standing
    if entry.act in CROWNING:
        return without(before, entry.run).model_copy(update={"champion": own.champion})
    if entry.act == "challenge":
        others = tuple(each for each in before.challengers if each.run != entry.run)
        mine = tuple(each for each in own.challengers if each.run == entry.run)
        return before.model_copy(update={"challengers": (*others, *mine)})
    if entry.act in ("retire", "restore", "policy"):
        return without(before, entry.run)
    if entry.act == "approve":
        new = Approval(who=entry.who, key=entry.signed_by, number=entry.number)
        given = (*before.approvals.get(entry.run, ()), new)
        return before.model_copy(update={"approvals": {**before.approvals, entry.run: given}})
    return before


def _contradictions(
    entry: Entry, before: Standing, known: Mapping[str, StandingName]
) -> Iterator[str]:
    yield from _wrong_changes(entry, known)
    yield from _wrong_champion(entry, before)
    yield from _wrong_challengers(entry, before)
    yield from _wrong_approvals(entry, before)
    if (entry.act == "refuse") != bool(entry.refused):
        yield "A refusal has a reason, and nothing else has one."


def _wrong_changes(entry: Entry, known: Mapping[str, StandingName]) -> Iterator[str]:
    if len({change.run for change in entry.changes}) < len(entry.changes):
        yield "It changes the same run twice."
    for change in entry.changes:
        was = known.get(change.run)
        if change.after not in GIVEN[entry.act]:
            yield f"{entry.act} can not make a run {change.after}."
        if change.before != was and (was is not None or change.before in LIVE):
            yield f"{change.run} was {was or 'not in the ledger'}, not {change.before}."
    if entry.act in CROWNING and len(_to(entry, "champion")) != 1:
        yield f"{entry.act} makes one champion, not {len(_to(entry, 'champion'))}."


def _wrong_champion(entry: Entry, before: Standing) -> Iterator[str]:
    crowned, old, new = _to(entry, "champion"), before.champion, entry.standing.champion
    if crowned:
        if entry.replaced != old:
            yield "The champion that it replaces is not the one that stood."
        if new is None or not _came_by(new, crowned[0], entry):
            yield "Its champion is not the run that it makes champion."
        if old is not None and old.run not in {change.run for change in entry.changes}:
            yield f"It leaves two champions, {old.run} beside {crowned[0].run}."
    elif new != old or entry.replaced is not None:
        yield "The champion is another, and it makes none."


def _wrong_challengers(entry: Entry, before: Standing) -> Iterator[str]:
    moved = {change.run for change in entry.changes}
    now = {each.run: each for each in entry.standing.challengers}
    named = _to(entry, "challenger")
    stay = {each.run: each for each in before.challengers if each.run not in moved}
    if set(now) != set(stay) | {change.run for change in named}:
        yield "Its challengers are not those that stood, and what it changes of them."
    elif any(now[run] != each for run, each in stay.items()):
        yield "A challenger is another than stood, and it changes none."
    elif not all(_came_by(now[change.run], change, entry) for change in named):
        yield "A challenger is not the run that it makes challenger."
    if len(now) < len(entry.standing.challengers) or sum(c.share for c in now.values()) > MOST:
        yield f"Its challengers have more than {MOST}% together, or one is there twice."


def _wrong_approvals(entry: Entry, before: Standing) -> Iterator[str]:
    old, new = dict(before.approvals), dict(entry.standing.approvals)
    if entry.act == "approve":
        *given, own = new.pop(entry.run, ()) or (None,)
        if tuple(given) != old.pop(entry.run, ()) or own is None:
            yield "It is no approval of its run beside those that stood."
        elif (own.who, own.key, own.number) != (entry.who, entry.signed_by, entry.number):
            yield "Its approval is not by whoever signed it."
    gone = set(old) - set(new)
    if any(old.get(run) != given for run, given in new.items()):
        yield "Approvals are others than stood."
    named = {entry.run} if entry.act == "policy" else {change.run for change in entry.changes}
    if gone - named:
        yield "Approvals are gone of a run that it does not change."
    if any(each not in before.approvals.get(entry.run, ()) for each in entry.approvals):
        yield "It rests on an approval that did not stand."


def _came_by(live: Deployment, change: Change, entry: Entry) -> bool:
    own = live.number == entry.number
    earlier = entry.act != "promote" and live.number < entry.number
    named = (live.run, live.bundle, live.act) == (change.run, change.bundle, entry.act)
    return named and (own or earlier) and live.since == entry.number


def _to(entry: Entry, after: StandingName) -> list[Change]:
    return [change for change in entry.changes if change.after == after]
