"""The streams and the history that a config declares beside its table."""

import dataclasses
from collections.abc import Mapping

import pandas as pd

from tagline.case.config import Case
from tagline.case.history import EventsSection, HistorySection
from tagline.columns.kinds import Kind
from tagline.data.features import Tables
from tagline.data.tables import read_table, require_columns
from tagline.errors import TaglineError
from tagline.history.declare import Declaration, Events
from tagline.history.written import DECLARATIONS
from tagline.names import near

BESIDE = "events."
BY_WORD = {
    "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]: kind
    for name, kind in DECLARATIONS.items()
}


def declared_streams(case: Case) -> dict[str, Events]:
    """Give the streams that a config names."""
    return {name: Events(name) for name in case.events}


def declared_history(case: Case, streams: Mapping[str, Events]) -> tuple[Declaration, ...]:
    """Give the history that a config declares over some streams.

    Raises
    ------
    TaglineError
        It names a stream that there is not, or lacks what its kind needs.
    """
    return tuple(_declared(case, streams, *each) for each in case.history.items())


def _declared(
    case: Case, streams: Mapping[str, Events], name: str, section: HistorySection
) -> Declaration:
    place = f"{case.file}: history.{name}"
    if section.stream not in streams:
        raise TaglineError(
            f"There are no events {section.stream!r}{near(section.stream, streams)}.",
            where=place,
            todo=f'Say where they are: [events.{section.stream}] with source = "events.csv" '
            'and time = "at".',
        )
    kind, given = BY_WORD[section.kind], section.arguments
    known = {each.name: each for each in dataclasses.fields(kind)}
    strange = [each for each in given if each not in known]
    needed = [
        each.name
        for each in known.values()
        if each.name not in ("name", "events", *given)
        and each.default is dataclasses.MISSING
        and each.default_factory is dataclasses.MISSING
    ]
    if strange or needed:
        wrong = f"knows no {strange[0]!r}" if strange else f"needs {needed[0]!r}"
        raise TaglineError(
            f"{section.kind!r} {wrong}.",
            where=place,
            todo="docs/history.md has the arguments of each.",
        )
    own = case.events.get(section.stream)
    by = tuple(own.keys) if section.by is None and own else section.by or ()
    keys = (by,) if isinstance(by, str) else by
    return kind(name=name, events=streams[section.stream], by=keys, **given)


def read_streams(case: Case) -> dict[str, pd.DataFrame]:
    """Read the tables of the streams that a config names, by ``events.NAME``.

    Raises
    ------
    TaglineError
        A table can not be read, or its time is none.
    """
    found = {}
    for name, section in case.events.items():
        moments: dict[str, Kind] = {section.time: "timestamp"}
        moments[section.known or section.time] = "timestamp"
        found[BESIDE + name] = read_table(case, section.source, kinds=moments)
    return found


def streams_of(case: Case, tables: Tables) -> dict[str, pd.DataFrame]:
    """Make the streams of their tables: with the keys of the decisions, and what counts alone.

    Raises
    ------
    TaglineError
        A column is missing, or no event has a value that must be had.
    """
    return {
        name: _stream(tables[BESIDE + name], section, where=f"{case.file}: events.{name}")
        for name, section in case.events.items()
    }


def _stream(table: pd.DataFrame, section: EventsSection, *, where: str) -> pd.DataFrame:
    known = section.known or section.time
    require_columns(
        table, (section.time, known, *section.keys.values(), *section.where), where=where
    )
    counts = pd.Series(True, table.index)
    for name, wanted in section.where.items():
        counts &= _has(table[name], wanted if isinstance(wanted, tuple) else (wanted,), where)
    keys = {own: table[theirs] for own, theirs in section.keys.items()}
    times = {"occurred_at": table[section.time], "known_at": table[known]}
    return table.assign(**keys, **times)[counts].reset_index(drop=True)


def _has(values: pd.Series, wanted: tuple[object, ...], where: str) -> pd.Series:
    there = set(values.dropna().unique().tolist())
    for each in wanted:
        if each not in there:
            texts = [value for value in there if isinstance(value, str)]
            raise TaglineError(
                f"No event has {values.name} = {each!r}{near(str(each), texts)}.",
                where=f"{where}.where",
            )
    return values.isin(wanted)
