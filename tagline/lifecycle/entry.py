"""One entry of a ledger: what changed, who did it and why, and what stands afterwards."""

import hashlib
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tagline.canonical import as_json
from tagline.errors import TaglineError
from tagline.keys import is_signed_by, public_hex

StandingName = Literal["candidate", "challenger", "champion", "retired", "rejected"]
Act = Literal[
    "promote",
    "rollback",
    "challenge",
    "retire",
    "restore",
    "approve",
    "refuse",
    "propose",
    "policy",
]
NO_ENTRY = "0" * 64
_LATER = ("author", "author_key", "policy")

Name = Annotated[str, Field(min_length=1)]
Number = Annotated[int, Field(ge=1)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$")]


def plain(value: Any) -> Any:
    """Make plain JSON of a value: NaN and infinity become None, tuples lists.

    Raises
    ------
    ValueError
        It holds something that JSON does not know.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(each) for key, each in value.items()}
    raise ValueError(f"{type(value).__name__} is not plain JSON")


class Part(BaseModel):
    """What every part of an entry has in common: nothing is added, converted or changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Change(Part):
    """One run's standing, before and after."""

    run: Name
    bundle: str
    before: StandingName
    after: StandingName


class Approval(Part):
    """Someone would have a run promoted.

    Attributes
    ----------
    number : int
        The entry that says so.
    """

    who: Name
    key: Digest
    number: Number


class Deployment(Part):
    """A run that answers requests.

    Attributes
    ----------
    number : int
        The entry that first gave it its standing.
    since : int
        The entry by which it stands now; a rollback restores an earlier standing.
    act : str
        How it came to it.
    """

    run: Name
    bundle: str
    number: Number
    since: Number
    act: Act


class Challenger(Deployment):
    """A run that answers a share of the requests, in percent; with 0 it is a shadow."""

    share: Annotated[int, Field(ge=0, le=99)]


class Policy(Part):
    """Who may do what in a case: itself an entry, and changed by one.

    Attributes
    ----------
    people : dict of str to str
        Person to public key, in hexadecimal.
    open : bool
        Whoever comes is entered with their key at their first act.
    promoters, approvers : tuple of str
        Who may; everyone who is entered, where none is named.
    approvals : int
        By different people, none of them the author, that a promotion asks for.
    reason : bool
        Whether each change asks for one.
    free_share : int
        The largest share of the traffic, in percent, that a challenger is given without what a
        promotion asks for.
    """

    people: dict[str, Digest] = {}
    open: bool = True
    promoters: tuple[Name, ...] = ()
    approvers: tuple[Name, ...] = ()
    approvals: Annotated[int, Field(ge=0)] = 0
    reason: bool = False
    free_share: Annotated[int, Field(ge=0, le=99)] = 20

    @property
    def name(self) -> str:
        """Names it where it is proposed and approved; those who came of themselves not counted."""
        fixed = self.model_copy(update={"people": {}}) if self.open else self
        digest = hashlib.sha256(as_json(fixed.model_dump(mode="json"))).hexdigest()
        return f"policy:{digest[:16]}"


class Standing(Part):
    """All that stands after an entry, so that the last entry is enough to know it."""

    champion: Deployment | None = None
    challengers: tuple[Challenger, ...] = ()
    approvals: dict[str, tuple[Approval, ...]] = {}


class Draft(Part):
    """What the writer of an entry has to say.

    Attributes
    ----------
    act, case, run, bundle, who, why
        What is done, to which run, by whom and for what reason.
    changes : tuple of Change
        The standings that change.
    gates : tuple of dict
        The gates as they were found, in plain JSON.
    approvals : tuple of Approval
        Those that it rests on.
    replaced : Live or None
        The champion before, where the champion changes: its number leads to the one before it.
    refused : str
        Why nothing was done, where it was refused.
    standing : Standing
        What stands afterwards.
    author, author_key : str
        Who made the run, and the key that sealed its bundle, where approvals depend on it.
    policy : Policy or None
        What is proposed, or stands from here on; the first entry has one.
    """

    act: Act
    case: Name
    run: str
    bundle: str
    who: Name
    why: str
    changes: tuple[Change, ...] = ()
    gates: tuple[Annotated[dict[str, Any], AfterValidator(plain)], ...] = ()
    approvals: tuple[Approval, ...] = ()
    replaced: Deployment | None = None
    refused: str = ""
    standing: Standing
    author: str = ""
    author_key: str = ""
    policy: Policy | None = None

    def plain(self) -> dict[str, Any]:
        """Give it as plain data; what entries did not always have is left out where empty."""
        said = self.model_dump(mode="json")
        return {name: each for name, each in said.items() if each or name not in _LATER}


class Entry(Draft):
    """A draft that has its place in a ledger.

    Attributes
    ----------
    number : int
        Its place, from 1.
    previous : str
        SHA-256 of the entry before it, zeros where there is none.
    at : str
        When, by the writer's clock; the order is by number only.
    nonce : str
        Makes it differ from every other.
    signed_by, signature : str
        The writer's public key, and its signature of everything else; hexadecimal.
    """

    number: Number
    previous: Digest
    at: Moment
    nonce: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    signed_by: Digest
    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]

    @classmethod
    def parse(cls, content: bytes, *, where: str) -> "Entry":
        """Read an entry, whoever wrote it.

        Parameters
        ----------
        content : bytes
            The bytes.
        where : str
            Where they were read, for messages.

        Raises
        ------
        TaglineError
            They are none.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise TaglineError(
                f"This is not an entry: {place + ': ' if place else ''}{first['msg']}.", where=where
            ) from wrong
        except ValueError as wrong:
            raise TaglineError(f"This is not an entry: {wrong}.", where=where) from wrong

    def to_bytes(self) -> bytes:
        """Write it, in one way only."""
        return as_json(self.plain())

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def signs(self, content: bytes) -> bool:
        """Tell whether its signature is by the key that it names, of the bytes it was read from.

        What is signed are these bytes without the line of the signature: no other way to write
        the same entry is accepted.
        """
        line = f'\n  "signature": "{self.signature}",\n'.encode()
        before, found, after = content.partition(line)
        return bool(found) and is_signed_by(self.signed_by, self.signature, before + b"\n" + after)


def sign(
    draft: Draft, *, number: int, previous: str, key: Ed25519PrivateKey, now: datetime | None = None
) -> Entry:
    """Make an entry of a draft.

    Parameters
    ----------
    draft : Draft
        What it says.
    number : int
        Its place.
    previous : str
        SHA-256 of the entry before it, `NO_ENTRY` where there is none.
    key : Ed25519PrivateKey
        The writer's.
    now : datetime, optional
        Has a time zone; the clock's where None.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    said = draft.plain() | {
        "number": number,
        "previous": previous,
        "at": moment.isoformat(timespec="microseconds"),
        "nonce": uuid4().hex,
        "signed_by": public_hex(key),
    }
    signed = said | {"signature": key.sign(as_json(said)).hex()}
    return Entry.parse(as_json(signed), where=f"entry {number} of {draft.case}")
