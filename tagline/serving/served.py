"""A model that is served: a verified bundle, its history, and how requests reach it."""

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tagline.bundle.load import Bundle
from tagline.bundle.single import ALIKE, SingleRow
from tagline.case.serving import ServingSection
from tagline.errors import TaglineError
from tagline.history.snapshot import Snapshot, known_as, load, newest
from tagline.inputs.body import Body, BodyReader
from tagline.inputs.compute import TEXT, Column
from tagline.inputs.field import Field
from tagline.ledger.entry import Deployed
from tagline.training.model import Model
from tagline.training.models import FAMILIES
from tagline.training.models import load as load_model

WARM = 20
# Parts of one large batch are answered side by side, while requests for one row go on.
CORES = min(len(os.sched_getaffinity(0)), 4) if hasattr(os, "sched_getaffinity") else 1
Flags = dict[int, list[str]]


@dataclass(frozen=True)
class History:
    """A snapshot, ready to be looked up."""

    snapshot: Snapshot

    @cached_property
    def lookups(self) -> tuple[Any, ...]:
        """One for each set of keys."""
        return tuple(group.lookup() for group in self.snapshot.groups)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order in which the lookups give them."""
        return tuple(name for group in self.snapshot.groups for name in group.names)


@dataclass(frozen=True)
class ServedModel:
    """One model, ready to answer.

    Attributes
    ----------
    deployed : Deployed
        Which run, by which entry of the ledger.
    bundle : Bundle
        Verified.
    history : History or None
        What is looked up; None where the bundle takes none.
    """

    deployed: Deployed
    bundle: Bundle
    history: History | None

    @cached_property
    def single(self) -> SingleRow:
        """The way of one row."""
        return SingleRow(self.bundle)

    @cached_property
    def row_id(self) -> str:
        """What a row calls its own id."""
        return str(self.bundle.provenance["case"]["table"]["id"])

    @cached_property
    def reader(self) -> BodyReader:
        """Reads bodies of requests."""
        return BodyReader(self.bundle.fields, id=self.row_id)

    @cached_property
    def model(self) -> Model:
        """The model, for explanations."""
        kind = str(self.bundle.inputs["model_kind"])
        return load_model(kind, self.bundle.read_bytes(FAMILIES[kind].file))

    @property
    def threshold(self) -> float:
        """Act where the probability is at least as great."""
        return self.bundle.threshold

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields, in order."""
        return tuple(each.name for each in self.bundle.fields)

    def made(self, values: Sequence[Any]) -> list[Any]:
        """Give the inputs of one row as the input function makes them.

        Parameters
        ----------
        values : sequence
            In the order of the fields.
        """
        if self.history is None:
            return self.single.made(self._pick(values))
        named = dict(zip(self.names, values, strict=True))
        past = [lookup(named) for lookup in self.history.lookups]
        return self.single.made(self._pick([*values, *chain.from_iterable(past)]))

    def inputs(self, values: Sequence[Any]) -> tuple[list[float], list[str]]:
        """Give the model's inputs of one row, and those with a category never seen."""
        return self.single.encoded(self.made(values))

    def many(self, columns: Sequence[Sequence[Any]]) -> tuple[list[float], Flags]:
        """Give the probabilities of many rows, and the unknown categories of those that have any.

        Parameters
        ----------
        columns : sequence of sequence
            The values of each field, in the order of the fields.
        """
        arrays = self.arrays(columns)
        return self.bundle.answer(arrays, at_once=CORES).tolist(), self.single.unknown(arrays)

    def arrays(self, columns: Sequence[Sequence[Any]]) -> dict[str, Column]:
        """Give columns as arrays, with their history."""
        by_name = dict(zip(self.names, columns, strict=True))
        found = {each.name: _array(by_name[each.name], each) for each in self.bundle.fields}
        if self.history is not None:
            for group in self.history.snapshot.groups:
                found |= group.columns(by_name, len(columns[0]))
        return found

    def newest_history(self, snapshots: Path) -> Path | None:
        """Find the newest snapshot of what the bundle takes; None where there is none."""
        return newest(snapshots / self._history_known_as)

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

    def warm(self) -> float:
        """Answer the example both ways, some times, and let it be explained.

        Returns
        -------
        float
            Its probability.

        Raises
        ------
        TaglineError
            The two ways differ.
        """
        example = self.bundle.read_json("schema.json")["examples"][0]
        body: Body = self.reader.read(msgspec.json.encode(example))
        (row,) = body.rows
        answers = {self.single.score(self.inputs(row)[0]) for _ in range(WARM)}
        (many,), _ = self.many(body.columns)
        if not all(abs(many - alone) <= ALIKE for alone in answers):
            raise TaglineError("It answers one row otherwise than many.", where=self.bundle.where)
        self.model.shap_values(np.array([self.inputs(row)[0]], dtype=np.float32))
        return many

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
    deployed: Deployed, path: Path, *, trusted: Container[str], snapshots: Path
) -> ServedModel:
    """Open a bundle with the newest snapshot of its history.

    Parameters
    ----------
    deployed : Deployed
        What the ledger says of it.
    path : Path
        The bundle's folder.
    trusted : container of str
        The keys with which it may be sealed.
    snapshots : Path
        Where the case's snapshots are.

    Raises
    ------
    TaglineError
        The bundle is not sound, or there is no snapshot of the history that it takes.
    """
    bundle = Bundle(path, trusted=trusted)
    served = ServedModel(deployed, bundle, None)
    if not bundle.history:
        return served
    found = served.newest_history(snapshots)
    if found is None:
        raise TaglineError(
            "There is no snapshot of the history that it takes.",
            where=bundle.where,
            todo="Write one: python flows/snapshot.py run",
        )
    return open_history(served, found)


def open_history(served: ServedModel, path: Path) -> ServedModel:
    """Give the same model with another snapshot of its history."""
    return ServedModel(served.deployed, served.bundle, History(load(path)))


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
    if each.kind == "string":
        return np.array(values, dtype=TEXT)
    return np.array(values, dtype=np.dtype(each.dtype))
