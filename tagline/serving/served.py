"""A model that is served: a verified bundle, its history, and how requests reach it."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tagline.bundle.load import Bundle
from tagline.bundle.single import ALIKE, SingleRow
from tagline.case.serving import ServingSection
from tagline.columns.body import Body, RequestDecoder
from tagline.columns.field import Field
from tagline.columns.kind import TEXT
from tagline.errors import TaglineError
from tagline.history.lookup import History, decided
from tagline.history.snapshot import known_as, load, newest
from tagline.lifecycle.entry import Deployment
from tagline.models.families import FAMILIES
from tagline.models.families import load as load_model
from tagline.models.model import Model
from tagline.storage.contract import Store
from tagline.storage.workspace import Workspace
from tagline.transform.compute import Column

WARM = 20
# Parts of one large batch are answered side by side, while requests for one row go on.
CORES = min(len(os.sched_getaffinity(0)), 4) if hasattr(os, "sched_getaffinity") else 1


@dataclass(frozen=True)
class Flags:
    """What is to be said of some of many rows, by their places.

    Attributes
    ----------
    unknown : dict of int to list of str
        Inputs with a category never seen.
    outside : dict of int to str
        Why history is missing; see `tagline.history.ageing.Ageing.row`.
    """

    unknown: dict[int, list[str]]
    outside: dict[int, str]


@dataclass(frozen=True)
class ServedModel:
    """One model, ready to answer.

    Attributes
    ----------
    deployed : Deployment
        Which run, by which entry of the ledger.
    bundle : Bundle
        Verified.
    history : History or None
        What is looked up; None where the bundle takes none.
    """

    deployed: Deployment
    bundle: Bundle
    history: History | None

    @cached_property
    def single(self) -> SingleRow:
        """The way of one row."""
        return SingleRow(self.bundle)

    @cached_property
    def row_id(self) -> str:
        """What a row calls its own id."""
        return self.bundle.row_id

    @cached_property
    def reader(self) -> RequestDecoder:
        """Reads bodies of requests."""
        return RequestDecoder(self.bundle.fields, id=self.row_id)

    @cached_property
    def model(self) -> Model:
        """The model, for explanations."""
        kind = str(self.bundle.inputs["model_kind"])
        return load_model(kind, self.bundle.read_bytes(FAMILIES[kind].file))

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The columns of the answer."""
        return tuple(each.name for each in self.bundle.task.answer)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields, in order."""
        return tuple(each.name for each in self.bundle.fields)

    def made(self, values: Sequence[Any]) -> tuple[list[Any], str]:
        """Give the inputs of one row as the input function makes them.

        Parameters
        ----------
        values : sequence
            In the order of the fields.

        Returns
        -------
        inputs : list
        outside : str
            Why history is missing; see `tagline.history.ageing.Ageing.row`.
        """
        if self.history is None:
            return self.single.made(self._pick(values)), ""
        named = dict(zip(self.names, values, strict=True))
        past, outside = self.history.row(named, self._decided(values))
        return self.single.made(self._pick([*values, *past])), outside

    def _decided(self, values: Sequence[Any]) -> float:
        at = None if self._time_place is None else values[self._time_place]
        return time.time() if at is None or at != at else at

    @cached_property
    def _time_place(self) -> int | None:
        # As `tagline.history.lookup.decided`, of one row.
        moment = self.bundle.decided_at
        return self.names.index(moment) if moment in self.names else None

    def inputs(self, values: Sequence[Any]) -> tuple[list[float], list[str], str]:
        """Give the model's inputs of one row, those with a category never seen, and as `made`."""
        made, outside = self.made(values)
        return *self.single.encoded(made), outside

    def many(self, columns: Sequence[Sequence[Any]]) -> tuple[list[list[Any]], Flags]:
        """Give the columns of the answers to many rows, and what is to be said of some of them.

        Parameters
        ----------
        columns : sequence of sequence
            The values of each field, in the order of the fields.
        """
        arrays, outside = self.arrays(columns)
        given = self.bundle.columns(self.bundle.answer(arrays, at_once=CORES))
        answer = [each.tolist() for each in given.values()]
        return answer, Flags(self.single.unknown(arrays), outside)

    def arrays(self, columns: Sequence[Sequence[Any]]) -> tuple[dict[str, Column], dict[int, str]]:
        """Give columns as arrays, with their history."""
        by_name = dict(zip(self.names, columns, strict=True))
        found = {each.name: _array(by_name[each.name], each) for each in self.bundle.fields}
        if self.history is None:
            return found, {}
        now = np.full(len(columns[0]), time.time())
        past, why = self.history.columns(by_name, decided(by_name, self.bundle.decided_at, now))
        return found | past, {place: each for place, each in enumerate(why) if each}

    def newest_history(self, store: Store, case: str) -> str:
        """Find the newest snapshot of what the bundle takes; empty where there is none."""
        return newest(store, f"{Workspace(case).snapshots}/{self._history_known_as}")

    def expect_known(self, section: ServingSection) -> None:
        """Refuse a case that names what the model does not have: nothing would be hidden or told.

        Raises
        ------
        TaglineError
            A field that is personal, the subject or what a reason is given for is none.
        """
        sources = self.bundle.inputs["sources"]
        named = {
            "personal": (section.personal, (*self.names, self.row_id)),
            "subject": ((section.subject,) if section.subject else (), (*self.names, self.row_id)),
            "reasons": (section.reasons, (*self.single.names, *sources.values())),
        }
        wrong = [
            f"serving.{key} names {name!r}"
            for key, (names, known) in named.items()
            for name in names
            if name not in known
        ]
        if wrong:
            raise TaglineError(
                f"The case's {'; '.join(wrong)}, which the model does not have.",
                where=self.bundle.where,
                todo="Mend the case's config, and start the server again.",
            )

    def warm(self) -> None:
        """Answer the example both ways, some times, and let it be explained.

        Raises
        ------
        TaglineError
            The two ways differ.
        """
        example = self.bundle.read_json("schema.json")["examples"][0]
        body: Body = self.reader.read(msgspec.json.encode(example))
        (row,) = body.rows
        alone = np.array([self.single.score(self.inputs(row)[0]) for _ in range(WARM)])
        many = self.bundle.answer(self.arrays(body.columns)[0])[0]
        if not (np.abs(alone - many) <= ALIKE * self.bundle.task.scale(self.bundle.rule)).all():
            raise TaglineError("It answers one row otherwise than many.", where=self.bundle.where)
        self.model.shap_values(np.array([self.inputs(row)[0]], dtype=np.float32))

    @cached_property
    def _history_known_as(self) -> str:
        return known_as(self.bundle.declarations)

    @cached_property
    def _pick(self) -> Any:
        order = [*self.names, *(self.history.names if self.history else ())]
        absent = [name for name in self.single.takes if name not in order]
        if absent:
            raise TaglineError(
                f"Its history {', '.join(absent[:3])} is in no snapshot.", where=self.bundle.where
            )
        places = [order.index(name) for name in self.single.takes]
        if len(places) > 1:
            return itemgetter(*places)
        return lambda values: tuple(values[place] for place in places)


def open_served(
    deployed: Deployment,
    path: Path,
    *,
    facts: Mapping[str, Any] | None,
    store: Store,
    case: str,
    section: ServingSection,
) -> ServedModel:
    """Open a bundle with the newest snapshot of its history.

    Parameters
    ----------
    deployed : Deployment
        What the ledger says of it.
    path : Path
        The bundle's folder.
    facts : mapping or None
        What its record tells of its making.
    store, case : Store, str
        Where the case's snapshots are.
    section : ServingSection
        How long history holds.

    Raises
    ------
    TaglineError
        The bundle is not sound, or there is no snapshot of the history that it takes.
    """
    bundle = Bundle(path, digest=deployed.bundle, facts=facts)
    served = ServedModel(deployed, bundle, None)
    if not bundle.history:
        return served
    found = served.newest_history(store, case)
    if not found:
        raise TaglineError(
            "There is no snapshot of the history that it takes.",
            where=bundle.where,
            todo="Write one: python flows/snapshot.py run",
        )
    return open_history(served, store, found, section)


def open_history(
    served: ServedModel, store: Store, name: str, section: ServingSection
) -> ServedModel:
    """Give the same model with another snapshot of its history."""
    declared, within = served.bundle.declarations, section.history_within
    history = History.of(load(store, name), declared, within=within)
    return ServedModel(served.deployed, served.bundle, history)


def differences(old: Bundle, new: Bundle) -> list[str]:
    """Say what callers of one model would notice of another's schema.

    Returns
    -------
    list of str
        One sentence each: a field that is gone, is asked for since, is of another kind or allows
        less.
    """
    before = {each.name: each for each in old.fields}
    after = {each.name: each for each in new.fields}
    found = [f"{name} is gone" for name in before if name not in after]
    found += [
        f"{name} is asked for"
        for name, each in after.items()
        if name not in before and each.required
    ]
    for name in before.keys() & after.keys():
        found += _narrower(before[name], after[name])
    return sorted(found)


def _narrower(old: Field, new: Field) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"{old.name} is a {new.kind} and was a {old.kind}"
    if new.required and not old.required:
        yield f"{old.name} is asked for and was optional"
    if old.unit != new.unit:
        yield f"{old.name} is in {new.unit or 'no unit'} and was in {old.unit or 'none'}"
    if new.minimum is not None and (old.minimum is None or old.minimum < new.minimum):
        yield f"{old.name} may be {new.minimum:g} at least"
    if new.maximum is not None and (old.maximum is None or old.maximum > new.maximum):
        yield f"{old.name} may be {new.maximum:g} at most"
    if new.allowed is not None and (old.allowed is None or set(old.allowed) - set(new.allowed)):
        yield f"{old.name} may be {', '.join(new.allowed)} only"


def _array(values: Sequence[Any], each: Field) -> Column:
    return np.array(values, dtype=TEXT if each.dtype == "utf8" else np.dtype(each.dtype))
