"""Which model answers which row: the champion, or a challenger by its share of the subjects.

Who is routed where follows from names alone, so that every server, whenever it started, does the
same, and a share that grows keeps the subjects that it had.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Model = TypeVar("Model")
WHOLE = 100.0


@dataclass(frozen=True)
class Arm(Generic[Model]):
    """A model that answers a share of the subjects.

    Attributes
    ----------
    name : str
        Its run: what subjects are dealt by.
    share : float
        In percent of all subjects.
    model : Model
        What answers.
    """

    name: str
    share: float
    model: Model


@dataclass(frozen=True)
class Routing(Generic[Model]):
    """Who answers; another one takes its place as a whole.

    Attributes
    ----------
    case : str
        The case's name.
    champion : Model
        Answers whom no challenger does.
    challengers : tuple of Arm
        In the order of their names.
    shadows : tuple of Model
        Answer nobody: what they would answer is logged.
    """

    case: str
    champion: Model
    challengers: tuple[Arm[Model], ...] = ()
    shadows: tuple[Model, ...] = field(default=())

    def route(self, subject: str) -> Model:
        """Give the model that answers a subject.

        Each challenger in turn takes its share of those whom none before it has taken, by a number
        of the subject and its own name: the share of one is dealt independently of the others'.
        """
        left = WHOLE
        for arm in self.challengers:
            if number_of(self.case, arm.name, subject) * left < arm.share:
                return arm.model
            left -= arm.share
        return self.champion

    def parted(self, subjects: Sequence[str]) -> list[tuple[Model, list[int]]]:
        """Deal rows to models: each model that answers any, with the places of its rows."""
        places: dict[int, tuple[Model, list[int]]] = {}
        for place, subject in enumerate(subjects):
            model = self.route(subject)
            places.setdefault(id(model), (model, []))[1].append(place)
        return list(places.values())

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model, the champion first."""
        return (self.champion, *(each.model for each in self.challengers), *self.shadows)


def number_of(case: str, challenger: str, subject: str) -> float:
    """Give a subject's number for a challenger, from 0 to below 1, the same everywhere.

    The first 8 bytes of the SHA-256 of the three names, each ended by a zero byte, as a whole
    number, over 2 to the power of 64.
    """
    named = "".join(f"{each}\0" for each in (case, challenger, subject))
    digest = hashlib.sha256(named.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def in_order(arms: Iterable[Arm[Model]]) -> tuple[Arm[Model], ...]:
    """Order arms as every server does: by name."""
    return tuple(sorted(arms, key=lambda arm: arm.name))
