"""What a case's feature module offers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tagline.columns.field import Field
from tagline.history.declare import Declaration
from tagline.transform.compile_row import record
from tagline.transform.program import Program

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
    sources : dict
        Source to the beginnings of its inputs' names; explanations add up a source's inputs.
    notes : tuple of str
        What a person should know of how the tables were read.
    hints : dict
        Column to what a person should know of how it was taken.
    not_read : int
        Rows of a larger table that ``table.max_rows`` leaves out.
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
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    not_read: int = 0

    def program(self, text: Iterable[str]) -> Program:
        """Make the program of one row, where the inputs `text` are categories."""
        history = [declared.name for declared in self.history]
        return record(self.inputs, fields=self.fields, history=history, text=tuple(text))

    def source_of(self, names: Iterable[str]) -> dict[str, str]:
        """Give each input its source: the longest beginning counts; itself where none fits."""
        return {name: self._source(name) for name in names}

    def _source(self, name: str) -> str:
        fitting = [
            (len(start), source)
            for source, starts in self.sources.items()
            for start in starts
            if name.startswith(start)
        ]
        return max(fitting)[1] if fitting else name
