"""What a record says: a request's answers, or outcomes that were reported."""

from typing import Any

import msgspec


class Answered(msgspec.Struct, array_like=True, frozen=True):
    """One answered row.

    Attributes
    ----------
    prediction_id : str
        Its name.
    row_id : str or None
        The caller's own, pseudonymous where it is personal.
    values : list
        The fields as they were read, in the order of the request's `fields`.
    probability : float
        The answer.
    decision : bool
        What follows from it.
    unknown, missing : list of str
        Inputs with a category never seen; fields without a value.
    """

    prediction_id: str
    row_id: str | None
    values: list[Any]
    probability: float
    decision: bool
    unknown: list[str]
    missing: list[str]


class Answers(msgspec.Struct, array_like=True, frozen=True, tag="answers"):
    """One request that was answered.

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
    rows : list of Answered
        Its rows.
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
    rows: list[Answered]


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
    outcome : float
        The label.
    observed : int or None
        When it came true, seconds since 1970 UTC, where that was said.
    """

    at: int
    request_id: str
    principal: str
    prediction_id: str | None
    row_id: str | None
    outcome: float
    observed: int | None


encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Answers | Outcome] = msgspec.msgpack.Decoder(Answers | Outcome)


def decode(record: bytes) -> Answers | Outcome:
    """Read a record back."""
    return _decoder.decode(record)
