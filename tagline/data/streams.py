"""The streams and the history that a config declares beside its table."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from tagline.case.config import Case
from tagline.case.history import EventsSection, HistorySection
from tagline.columns.cleaning import Cleaning
from tagline.columns.kinds import Kind
from tagline.data.features import Features, Tables
from tagline.data.tables import read_table, require_columns
from tagline.errors import TaglineError
from tagline.history.declare import Declaration, Events
from tagline.history.written import DECLARATIONS
from tagline.names import near

BESIDE = "events."
OCCURRED, KNOWN = "occurred_at", "known_at"
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
    return {BESIDE + name: _read(case, name, section) for name, section in case.events.items()}


def _read(case: Case, name: str, section: EventsSection) -> pd.DataFrame:
    where = f"{case.file}: events.{name}"
    moments: dict[str, Kind] = {section.time: "timestamp"}
    moments[section.known or section.time] = "timestamp"
    kinds = {**section.kinds, **moments}
    try:
        table = read_table(case, section.source, kinds=kinds, formats=section.formats)
    except TaglineError as wrong:
        raise TaglineError(
            wrong.what,
            where=f"{where} ({wrong.where or section.source})",
            todo=wrong.todo.replace("[table]", f"[events.{name}]"),
        ) from wrong
    own = (*section.keys.values(), *section.where, *section.kinds, *section.formats)
    named = (*moments, *own)
    require_columns(table, named, where=where)
    _expect_own_names(table, section, where)
    for column, wanted in section.where.items():
        _expect_there(table[column], _several(wanted), f"{where}.where")
    return table


def streams_of(case: Case, tables: Tables) -> dict[str, pd.DataFrame]:
    """Make the streams of their tables: with the keys of the decisions, and what counts alone.

    Raises
    ------
    TaglineError
        A column is missing.
    """
    return {name: _stream(tables[BESIDE + name], each) for name, each in case.events.items()}


def _stream(table: pd.DataFrame, section: EventsSection) -> pd.DataFrame:
    known = section.known or section.time
    counts = pd.Series(True, table.index)
    for name, wanted in section.where.items():
        counts &= table[name].isin(_several(wanted))
    keys = {own: table[theirs] for own, theirs in section.keys.items()}
    times = {OCCURRED: table[section.time], KNOWN: table[known]}
    return table.assign(**keys, **times)[counts].reset_index(drop=True)


def _expect_own_names(table: pd.DataFrame, section: EventsSection, where: str) -> None:
    """Refuse names that would take the place of a column which means something else."""
    if KNOWN in table and section.known is None and section.time != KNOWN:
        raise TaglineError(
            f"The events have a column {KNOWN!r}, and the config does not say when they are known.",
            where=where,
            todo=f'Write known = "{KNOWN}", or known = "{section.time}".',
        )
    for own, theirs in section.keys.items():
        if own in (OCCURRED, KNOWN) or (own != theirs and own in table):
            raise TaglineError(
                f"The key {own!r} is called like another column of the events.",
                where=f"{where}.key",
                todo="Give one of them another name, with a query or a function as the source.",
            )


def _several(wanted: Any) -> tuple[Any, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _expect_there(values: pd.Series, wanted: tuple[object, ...], where: str) -> None:
    there = set(values.dropna().unique().tolist())
    for each in wanted:
        if each not in there:
            texts = [value for value in there if isinstance(value, str)]
            raise TaglineError(
                f"No event has {values.name} = {each!r}{near(str(each), texts)}.",
                where=where,
            )


def with_clean_keys(features: Features) -> Features:
    """Let the keys of all streams be put right as the fields of that name are.

    A decision whose shop is "shoes" would find no event of "SHOES " otherwise.
    """
    keys = {name for each in features.history for name in each.by}
    cleaned = {
        field.name: field.cleaning
        for field in features.fields
        if field.name in keys and (field.cleaning.changes or field.missing)
    }
    if not cleaned:
        return features

    def events(tables: Tables) -> Tables:
        return {
            name: frame.assign(
                **{key: _put_right(frame[key], how) for key, how in cleaned.items() if key in frame}
            )
            for name, frame in features.events(tables).items()
        }

    return dataclasses.replace(features, events=events)


def _put_right(keys: pd.Series, how: Cleaning) -> pd.Series:
    found = how.column(keys)
    lacking = how.lacking(found)
    return found.mask(lacking) if lacking.any() else found
