"""What findings come to, in a word and in sentences that say what to do."""

from collections.abc import Iterator
from math import isnan

from tagline.case.monitoring import MonitoringSection
from tagline.data.split import day_name
from tagline.metrics.intervals import Interval
from tagline.monitoring.drift import ColumnDrift
from tagline.monitoring.findings import Findings, Verdict, readable
from tagline.monitoring.harm import hurts
from tagline.tasks.tasks import task_of

MOST = 5


def verdict(found: Findings, section: MonitoringSection) -> Verdict:
    """Say in a word how a model does."""
    if hurts(found.excess, section.min_excess):
        return "hurts"
    if found.rows == 0 or found.days < section.min_days:
        return "unknown"
    return "moved" if found.moved or found.changed else "quiet"


def said(found: Findings, section: MonitoringSection) -> list[str]:
    """Say it in sentences: how much was seen, what moved, whether it hurts, what to do."""
    return list(_said(found, section))


def _said(found: Findings, section: MonitoringSection) -> Iterator[str]:
    if not found.rows:
        yield "Nothing was answered in the window. Is the server called, and its log here?"
        return
    yield (
        f"{found.rows:,} rows were answered on {found.days} days, {found.first} to {found.last}; "
        f"of {found.outcomes:,} it is known what came true."
    )
    if found.days < section.min_days:
        yield f"{found.days} days are too few to test; {section.min_days} are needed."
    elif found.days < (needed := section.recent_days + section.min_days):
        yield (
            f"Sudden changes could not be tested: they need {needed} days with answers, the newest "
            f"{section.recent_days} of them against the others."
        )
    yield from _changed(found, section)
    yield from _moved(found)
    yield from _harm(found, section)
    yield from _todo(found, section)


def _changed(found: Findings, section: MonitoringSection) -> Iterator[str]:
    for each in found.changed[:MOST]:
        yield (
            f"{readable(each.column)} changed within the newest {section.recent_days} days: "
            f"{each.most!r} from {each.share_before:.1%} to {each.share:.1%} of the rows. Look at "
            "its source."
        )
    if len(found.changed) > MOST:
        yield f"{len(found.changed) - MOST} more columns changed as suddenly."


def _moved(found: Findings) -> Iterator[str]:
    for each in found.moved[:MOST]:
        yield _movement(each)
    if len(found.moved) > MOST:
        yield f"{len(found.moved) - MOST} more columns have moved."


def _movement(each: ColumnDrift) -> str:
    when = f" since {day_name(each.since)}" if each.since is not None else ""
    name = readable(each.column)
    return (
        f"{name} has moved{when} (PSI {each.psi:.2f}): {each.most!r} from "
        f"{each.share_before:.1%} to {each.share:.1%} of the rows."
    )


def _harm(found: Findings, section: MonitoringSection) -> Iterator[str]:
    over = found.excess
    if not found.outcomes:
        estimate = found.estimated.get("log_loss")
        before = found.before.get("log_loss")
        if estimate and before:
            yield (
                f"No outcome has arrived. By its answers alone, log loss is {estimate.value:.4f}"
                f"{_between(estimate)}; {before:.4f} on its test rows."
            )
        return
    if over.note:
        yield f"Whether it hurts can not be said: {over.note}."
        return
    bad = hurts(over, section.min_excess)
    loss = task_of(found.task).loss
    yield (
        f"{'It hurts' if bad else 'It does not hurt'}: {loss} is {over.value:+.4f} "
        f"({over.low:+.4f} to {over.high:+.4f}) beside what the answers promised."
    )
    if bad:
        costly = sorted(found.harm.items(), key=lambda each: -each[1].value)
        for name, cost in costly[:MOST]:
            if cost.low > 0:
                yield (
                    f"Rows that the movement of {readable(name)} brought cost "
                    f"{cost.value:.4f} of it ({cost.low:.4f} to {cost.high:.4f})."
                )
        for each in [part for part in found.slices if part["low"] > 0][:MOST]:
            yield (
                f"{each['field']} {each['value']}: {each['excess']:+.4f} a row over "
                f"{each['outcomes']:,} outcomes."
            )


def _between(figure: Interval) -> str:
    return "" if isnan(figure.low) else f" ({figure.low:.4f} to {figure.high:.4f})"


def _todo(found: Findings, section: MonitoringSection) -> Iterator[str]:
    lost = [each for each in found.moved if each.missing - each.missing_before > 0.05]
    for each in lost[:MOST]:
        yield (
            f"Look at the source of {readable(each.column)}: {each.missing:.0%} of it "
            f"is missing, {each.missing_before:.0%} was."
        )
    if not found.outcomes:
        yield "Send outcomes (POST /v1/outcomes): without them only the answers can be looked at."
    if hurts(found.excess, section.min_excess):
        yield "Train again, unless one of the sources above is broken: mend that first."
    elif found.moved and found.outcomes and not found.excess.note:
        yield "What moved costs nothing so far: nothing is to be done."
