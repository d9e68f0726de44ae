"""What a case's feature module offers, checked when it is loaded."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tagline.case.config import Case
from tagline.errors import TaglineError
from tagline.history.declare import Declaration
from tagline.inputs.field import Field

Tables = Mapping[str, pd.DataFrame]
InputFunction = Callable[[Any, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Features:
    """How one case turns tables into decisions and inputs.

    Attributes
    ----------
    module : str
        Where it came from, for messages.
    fields : tuple of Field
        The raw fields of a request.
    history : tuple of Declaration
        What is known of the past.
    load : callable
        Gives the raw tables by name; takes the tables that are already there.
    decisions : callable
        Makes the decision table of the raw tables.
    events : callable
        Makes the streams that `history` names of the raw tables.
    inputs : callable
        The input function, ``inputs(xp, row)``.
    tables : dict
        Columns that each raw table must have.
    behaviour : tuple
        Behaviour tests of the model.
    monotone : dict
        Input name to +1 or -1.
    groups : dict
        Source to the beginnings of its inputs' names; explanations add up a source's inputs.
    """

    module: str
    fields: tuple[Field, ...]
    history: tuple[Declaration, ...]
    load: Callable[[], Tables]
    decisions: Callable[[Tables], pd.DataFrame]
    events: Callable[[Tables], Tables]
    inputs: InputFunction
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    behaviour: tuple[Any, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sources(self, names: Iterable[str]) -> dict[str, str]:
        """Give each input its source: the longest beginning counts; itself where none fits."""
        return {name: self._source(name) for name in names}

    def _source(self, name: str) -> str:
        fitting = [
            (len(start), source)
            for source, starts in self.groups.items()
            for start in starts
            if name.startswith(start)
        ]
        return max(fitting)[1] if fitting else name


REQUIRED = {
    "FIELDS": "fields",
    "HISTORY": "history",
    "load": "load",
    "decisions": "decisions",
    "events": "events",
    "inputs": "inputs",
}
OPTIONAL = {
    "TABLES": "tables",
    "BEHAVIOUR": "behaviour",
    "MONOTONE": "monotone",
    "GROUPS": "groups",
}


def load_features(case: Case) -> Features:
    """Import a case's feature module, or make its like from the table's columns.

    Raises
    ------
    TaglineError
        There is no such module, or it lacks something that a feature module offers.
    """
    if case.features is None:
        from tagline.data.plain import plain_features  # noqa: PLC0415 - it builds on this module

        return plain_features(case)
    module = _imported(case.features, file=case.file)
    missing = [name for name in REQUIRED if not hasattr(module, name)]
    if missing:
        raise TaglineError(
            f"The feature module {case.features!r} lacks {', '.join(missing)}.",
            where=f"{case.file}: features",
            todo="docs/case.md shows what a feature module offers.",
        )
    optional = {
        part: getattr(module, name) for name, part in OPTIONAL.items() if hasattr(module, name)
    }
    return Features(
        module=case.features,
        **{part: getattr(module, name) for name, part in REQUIRED.items()},
        **optional,
    )


def _imported(name: str, *, file: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not name.startswith(missing.name):
            raise
        raise TaglineError(
            f"There is no feature module {name!r}.",
            where=f"{file}: features",
            todo="Name a module that Python can import, such as 'features.flights'.",
        ) from missing
