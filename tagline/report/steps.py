"""What a step of a promotion shows: a small card, and the same in the log."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from metaflow.cards import Markdown, Table

from tagline.lifecycle.rules import NOTHING_ASKED

log = logging.getLogger(__name__)


def show(card: Any, title: str, facts: Mapping[str, Any]) -> None:
    """Show facts, a line each."""
    card.append(Markdown(f"# {title}"))
    card.append(Table([[name, str(value)] for name, value in facts.items()]))
    log.info(f"{title}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))


def show_files(card: Any, files: Sequence[Mapping[str, Any]]) -> None:
    """Show what became of each file that was scored."""
    rows = sum(each["scored"] for each in files)
    card.append(Markdown(f"# {rows:,} rows of {len(files)} files are scored"))
    shown = [
        [
            each["file"],
            "before" if each["before"] else "now",
            f"{each['scored']:,}",
            f"{each['rejected']:,}",
            "; ".join(f"{reason} ({count:,})" for reason, count in (each["reasons"] or {}).items()),
            each["run"],
        ]
        for each in files
    ]
    card.append(Table(shown, headers=["file", "", "scored", "rejected", "why", "model"]))


def show_gates(card: Any, gates: Sequence[Mapping[str, Any]]) -> None:
    """Show gates with their figures."""
    if not gates:
        card.append(Markdown(f"# {NOTHING_ASKED}"))
        log.info(NOTHING_ASKED)
        return
    passed = sum(gate["passed"] for gate in gates)
    card.append(Markdown(f"# {passed} of {len(gates)} gates pass now"))
    rows = [
        [gate["name"], "passed" if gate["passed"] else "FAILED", gate["detail"]] for gate in gates
    ]
    card.append(Table(rows, headers=["gate", "", "figure"]))
    for name, verdict, detail in rows:
        log.info(f"{verdict}  {name}: {detail}")
