"""What each input of a case is: its formula, what it holds, what it tells alone."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tagline.case.load import load_case
from tagline.data.leaks import as_series, telling_alone
from tagline.data.origins import look_again
from tagline.data.own_code import imported
from tagline.data.rehearsal import Rehearsal, rehearse
from tagline.data.split import PARTS
from tagline.data.windows import full_since
from tagline.history.declare import Declaration
from tagline.history.written import to_dict
from tagline.tasks.tasks import task_of
from tagline.workflows.checking import NEWEST

MOST_LETTERS = 100


@dataclass(frozen=True)
class InputLine:
    """What an input is.

    Attributes
    ----------
    name, kind : str
        The input, and whether it is a number or a text.
    formula : str
        The line that makes it, with its place; empty where the column is the input.
    of : tuple of str
        The fields and history columns that it is made of, each with where it comes from.
    low, high : float or None
        The range of its numbers; None of text.
    distinct : int
        How many different values it has.
    missing : float
        Share of rows without a value.
    alone : float
        How much it tells alone of the target, on training rows, from 0.5 to 1: ROC AUC; of several
        classes the greatest of each against the rest; of a number its rank correlation.
    full_from : str
        When all windows that it is made of are full; empty without windows.
    """

    name: str
    kind: str
    formula: str
    of: tuple[str, ...]
    low: float | None
    high: float | None
    distinct: int
    missing: float
    alone: float
    full_from: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


def describe(config: Path) -> list[InputLine]:
    """Say what each input of a case is, by its newest rows.

    Raises
    ------
    TaglineError
        As a training, before its search.
    """
    look_again()
    found = rehearse(load_case(config), most=NEWEST)
    declared = {each.name: each for each in found.features.history}
    formulas, needs = _formulas(found), found.features.program(found.inputs.encoders).needs()
    return [_line(found, name, formulas, needs[name], declared) for name in found.inputs.names]


def _line(
    found: Rehearsal,
    name: str,
    formulas: Mapping[str, str],
    needs: frozenset[str],
    declared: Mapping[str, Declaration],
) -> InputLine:
    series = as_series(found.made[name])
    number = name not in found.inputs.encoders
    known = series[series.notna()]
    train = found.used.of(PARTS[0])
    alone = telling_alone(
        series[train].reset_index(drop=True),
        found.used.y[train],
        found.used.group[train],
        task_of(found.case.task),
    )
    since = [full_since(found.case, found.gathered, declared[n]) for n in needs if n in declared]
    full = max((each for each in since if each is not None), default=None)
    return InputLine(
        name=name,
        kind="number" if number else "text",
        formula=formulas.get(name, ""),
        of=tuple(_origin(each, declared) for each in sorted(needs)),
        low=float(known.min()) if number and len(known) else None,
        high=float(known.max()) if number and len(known) else None,
        distinct=int(known.nunique()),
        missing=float(series.isna().mean()),
        alone=float(np.max(alone)),
        full_from="" if full is None else f"{full:%Y-%m-%d %H:%M}",
    )


def _origin(name: str, declared: Mapping[str, Declaration]) -> str:
    if name not in declared:
        return name
    said = to_dict(declared[name])
    own = {k: v for k, v in said.items() if k not in ("kind", "name", "events") and v}
    given = ", ".join(
        f"{k}={'+'.join(v) if isinstance(v, (list, tuple)) else v}" for k, v in own.items()
    )
    return f"{name} = {said['kind']} of {said['events']['name']} ({given})"


def _formulas(found: Rehearsal) -> dict[str, str]:
    """Find, in a module's source, the expression that stands beside each input's name."""
    if found.case.features is None:
        return {}
    return dict(_expressions(imported(found.case.features)))


def _expressions(module: ModuleType) -> Iterator[tuple[str, str]]:
    try:
        source, first = inspect.getsourcelines(module.inputs)
    except (AttributeError, OSError, TypeError):
        return
    file = Path(inspect.getfile(module)).name
    text = textwrap.dedent("".join(source))
    for node in ast.walk(ast.parse(text)):
        pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
        for key, value in pairs:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                written = " ".join((ast.get_source_segment(text, value) or "").split())
                place = f"{file}:{first + value.lineno - 1}"
                yield key.value, f"{written[:MOST_LETTERS]} ({place})"
