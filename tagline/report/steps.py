"""What a step of a promotion shows: a small card, and the same in the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from metaflow.cards import Markdown, Table

Say = Callable[[str], None]


def show(card: Any, title: str, facts: Mapping[str, Any], *, say: Say) -> None:
    """Show facts, a line each."""
    card.append(Markdown(f"# {title}"))
    card.append(Table([[name, str(value)] for name, value in facts.items()]))
    say(f"{title}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))


def show_gates(card: Any, gates: Sequence[Mapping[str, Any]], *, say: Say) -> None:
    """Show gates with their figures."""
    passed = sum(gate["passed"] for gate in gates)
    card.append(Markdown(f"# {passed} of {len(gates)} gates pass now"))
    rows = [
        [gate["name"], "passed" if gate["passed"] else "FAILED", gate["detail"]] for gate in gates
    ]
    card.append(Table(rows, headers=["gate", "", "figure"]))
    for name, verdict, detail in rows:
        say(f"{verdict}  {name}: {detail}")
