"""What a record says: a request's answers, or outcomes that were reported."""

from array import array
from collections.abc import Iterator
from typing import Any

import msgspec

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


class Answers(msgspec.Struct, array_like=True, frozen=True, tag="answers/2"):
    """One request that was answered, column by column.

    Attributes
    ----------
    at : int
        When, nanoseconds since 1970 UTC.
    request_id, principal : str
        Which request, and by whom.
    run, digest : str
        The model.
    entry : int
        The entry of the ledger that made it champion.
    latency : int
        Microseconds from the request's arrival to the writing of this record.
    snapshot : str
        The history that was looked up; empty without history.
    fields : tuple of str
        The names of the values.
    columns : list of list or bytes
        The fields as they were read, each as long as there are rows; a pseudonym where a field
        names a person; bytes are doubles beside each other, as an ``array`` is written.
    prediction_ids : list of str
        The name of each answer.
    row_ids : list
        The caller's own names, pseudonymous where they are personal; None where there is none.
    answer : dict of str to list
        The columns of the answers; see `tagline.tasks.task.Task`.
    unknown, missing : dict of int to list of str
        Inputs with a category never seen, and fields without a value, of the rows that have any.
    outside : dict of int to str
        Why history is missing, of the rows where it is.
    arm : str
        As what the model answered: ``champion``, ``challenger``, or ``shadow``, which nobody saw.
    """

    at: int
    request_id: str
    principal: str
    run: str
    digest: str
    entry: int
    latency: int
    snapshot: str
    fields: tuple[str, ...]
    columns: list[list[Any] | bytes]
    prediction_ids: list[str]
    row_ids: list[str | None]
    answer: dict[str, list[Any]]
    unknown: dict[int, list[str]]
    missing: dict[int, list[str]]
    outside: dict[int, str] = {}
    arm: str = CHAMPION

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Give the values of each row, in the order of the fields."""
        if not self.fields:
            return iter([()] * len(self.prediction_ids))
        unpacked = (array("d", each) if isinstance(each, bytes) else each for each in self.columns)
        return zip(*unpacked, strict=True)


class _Answers1(msgspec.Struct, array_like=True, frozen=True, tag="answers"):
    """What a record was before questions had other answers than a probability and a decision."""

    at: int
    request_id: str
    principal: str
    run: str
    digest: str
    entry: int
    latency: int
    snapshot: str
    fields: tuple[str, ...]
    columns: list[list[Any] | bytes]
    prediction_ids: list[str]
    row_ids: list[str | None]
    probability: list[float]
    decision: list[bool]
    unknown: dict[int, list[str]]
    missing: dict[int, list[str]]
    outside: dict[int, str] = {}

    def today(self) -> Answers:
        given = msgspec.structs.asdict(self)
        answer = {name: given.pop(name) for name in ("probability", "decision")}
        return Answers(**given, answer=answer)


class Outcome(msgspec.Struct, array_like=True, frozen=True, tag="outcome"):
    """What came true.

    Attributes
    ----------
    at : int
        When it was reported, nanoseconds since 1970 UTC.
    request_id, principal : str
        By which request, and by whom.
    prediction_id, row_id : str or None
        Of which prediction, or of which row; one of them.
    outcome : float or str
        The label; of several classes as text.
    observed : int or None
        When it came true, seconds since 1970 UTC, where that was said.
    """

    at: int
    request_id: str
    principal: str
    prediction_id: str | None
    row_id: str | None
    outcome: float | str
    observed: int | None


# Doubles are written as they lie in memory: each by itself takes as long as to read them.
encode = msgspec.msgpack.Encoder(enc_hook=memoryview).encode
_decoder = msgspec.msgpack.Decoder(Answers | _Answers1 | Outcome)


def decode(record: bytes) -> Answers | Outcome:
    """Read a record back."""
    found = _decoder.decode(record)
    return found.today() if isinstance(found, _Answers1) else found
