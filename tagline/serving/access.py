"""Who may ask: API keys of which only the digest is kept, scopes, and a limit of requests."""

import hashlib
import json
import logging
import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from tagline.errors import TaglineError
from tagline.serving.limits import Buckets
from tagline.serving.problems import Problem
from tagline.storage.files import locked, write_whole

log = logging.getLogger(__name__)

Scope = Literal["predict", "explain", "outcomes", "metrics", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "tl_"
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
Headers = list[tuple[bytes, bytes]]


@dataclass
class Key:
    """One key.

    Attributes
    ----------
    name : str
        Whose it is; several keys may bear one name while they are exchanged.
    digest : str
        SHA-256 of the key, in hexadecimal.
    scopes : frozenset of str
        What it may do; ``admin`` may do all.
    per_second : float or None
        How many requests a second, over all workers of a server; no limit where None.
    until : str or None
        When it ends, ISO 8601; never where None.
    """

    name: str
    digest: str
    scopes: frozenset[str]
    per_second: float | None = None
    until: str | None = None

    def may(self, scope: Scope) -> bool:
        """Tell whether it may do something."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def has_ended(self) -> bool:
        """Whether it holds no more."""
        return self.until is not None and datetime.fromisoformat(self.until) <= datetime.now(UTC)


class Access:
    """Lets requests in.

    Parameters
    ----------
    file : Path or None
        The keys; where None, everyone on this machine may do everything.
    limits : Path
        Where it is counted how often each key has asked; a folder that all workers share.
    """

    def __init__(self, file: Path | None, *, limits: Path) -> None:
        self.file, self._limits = file, Buckets(limits)
        self._keys: dict[str, Key] = {}
        self._read_at = 0
        if file is not None and not file.exists():
            raise TaglineError("There is no file of keys.", where=str(file))
        self.read_again()

    def read_again(self) -> bool:
        """Read the file again, where it has changed; give whether it has.

        While it is gone, as it is for a moment when somebody writes it anew, the keys as they were
        still hold.

        Raises
        ------
        TaglineError
            It can not be read; the keys as they were still hold.
        """
        if self.file is None:
            return False
        changed = self.file.stat().st_mtime_ns if self.file.exists() else 0
        if changed == self._read_at:
            return False
        # Once: a file that is damaged or gone is told of when it changes, and not every second.
        self._read_at = changed
        if not changed:
            log.error(f"The keys at {self.file} are gone: those that were read last still hold")
            return False
        self._keys = {key.digest: key for key in read_keys(self.file)}
        return True

    def admit(self, headers: Headers, scope: Scope) -> str:
        """Give the name of whoever asks.

        Raises
        ------
        Problem
            401: no such key; 403: it may not; 429: too often. 421: without keys, another host.
        """
        if self.file is None:
            _expect_local(headers)
            return "anyone"
        key = self._keys.get(hashlib.sha256(_given(headers)).hexdigest())
        if key is None or key.has_ended:
            raise Problem(
                401,
                "Send a key as 'Authorization: Bearer KEY'.",
                headers={"WWW-Authenticate": 'Bearer realm="tagline"'},
            )
        if not key.may(scope):
            raise Problem(403, f"The key of {key.name} may not {scope}.")
        if key.per_second is not None:
            self._spend(key, key.per_second)
        return key.name

    def _spend(self, key: Key, rate: float) -> None:
        wait = self._limits.spend(key.digest, rate)
        if wait:
            raise Problem(
                429,
                f"The key of {key.name} may ask {rate:g} times a second.",
                headers={"Retry-After": str(math.ceil(wait))},
            )


def read_keys(file: Path) -> list[Key]:
    """Read a file of keys.

    Raises
    ------
    TaglineError
        It is none.
    """
    try:
        listed = json.loads(file.read_text()) if file.exists() else []
        return [Key(**{**each, "scopes": frozenset(each["scopes"])}) for each in listed]
    except (OSError, ValueError, TypeError, KeyError) as wrong:
        raise TaglineError(
            f"This is no file of keys: {wrong}.",
            where=str(file),
            todo="Make one with `tagline keys add NAME`.",
        ) from wrong


def add_key(
    file: Path, name: str, scopes: tuple[str, ...], *, per_second: float | None, until: str | None
) -> str:
    """Make a key; give it, for the only time.

    Raises
    ------
    TaglineError
        There is no such scope, or no such date.
    """
    strange = [scope for scope in scopes if scope not in SCOPES]
    if strange:
        raise TaglineError(
            f"There is no scope {strange[0]!r}.", todo=f"Scopes: {', '.join(SCOPES)}."
        )
    if until is not None:
        until = _moment(until)
    secret = PREFIX + secrets.token_urlsafe(32)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    with _alone(file):
        _write(file, [*read_keys(file), Key(name, digest, frozenset(scopes), per_second, until)])
    return secret


def end_keys(file: Path, name: str, *, but_newest: bool = False) -> int:
    """Take the keys of someone away; give how many.

    Parameters
    ----------
    file : Path
        The keys.
    name : str
        Whose.
    but_newest : bool, optional
        Leave the one that was made last, as after an exchange.
    """
    with _alone(file):
        keys = read_keys(file)
        own = [key for key in keys if key.name == name]
        ended = own[:-1] if but_newest else own
        _write(file, [key for key in keys if key not in ended])
    return len(ended)


def described(key: Key) -> dict[str, Any]:
    """Give what may be shown of a key."""
    return {
        "name": key.name,
        "digest": key.digest,
        "scopes": sorted(key.scopes),
        "per_second": key.per_second,
        "until": key.until,
    }


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with locked(file.with_name(f".{file.name}.lock")):
        yield


def _write(file: Path, keys: list[Key]) -> None:
    write_whole(file, json.dumps([described(key) for key in keys], indent=1), mode=0o600)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise TaglineError(f"{text!r} is no date.", todo="Write it like 2027-01-31.") from wrong
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.isoformat()


def _given(headers: Headers) -> bytes:
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
        if name == b"x-api-key":
            return value
    return b""


def _expect_local(headers: Headers) -> None:
    # A page in a browser on this machine may call a name its own that leads here.
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1").rsplit(":", 1)[0] if value[-1:] != b"]" else ""
            if host not in LOCAL and value.decode("latin-1") not in LOCAL:
                raise Problem(421, "Without keys, this server answers to localhost only.")
