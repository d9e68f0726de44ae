"""Where this machine keeps what is its own: caches, open segments, keys, what it has seen."""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from tagline.errors import TaglineError

HOME = "TAGLINE_HOME"


def home() -> Path:
    """Give the folder of this machine's own files.

    Returns
    -------
    Path
        ``$TAGLINE_HOME`` where that is set, else ``tagline`` in the user's state folder
        (``$XDG_STATE_HOME``, ``~/.local/state``).

    Raises
    ------
    TaglineError
        Nothing says where the user's home is.
    """
    named = os.environ.get(HOME)
    if named:
        return Path(named).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(state) if state else Path.home() / ".local" / "state") / "tagline"
    except RuntimeError as unknown:
        raise TaglineError(
            "Nothing says where this user's home is.",
            todo=f"Name a folder: {HOME}=/var/lib/tagline",
        ) from unknown


def seen() -> Path:
    """Give the folder where this machine remembers how far it has seen each ledger."""
    return home() / "seen"


def bundles() -> Path:
    """Give the folder of bundles at hand, each named by its digest."""
    return _made("bundles")


def cache() -> Path:
    """Give the folder of what was fetched from a store, or is there too."""
    return _made("cache")


def segments(store: str, case: str) -> Path:
    """Give the folder of what servers here have answered and not yet put into the store.

    Parameters
    ----------
    store : str
        The store's place.
    case : str
        The case.
    """
    return _made(f"segments/{_short(store)}/{case}")


def schedule(store: str, case: str) -> Path:
    """Give the folder of what this machine has seen to of a case's schedule."""
    return _made(f"schedule/{_short(store)}/{case}")


def workers() -> Path:
    """Give the folder of what the workers of each server here share."""
    return _made("workers")


def api_keys() -> Path:
    """Give the file of API keys, where no other is named."""
    return home() / "keys.json"


def pseudonym_key(case: str) -> Path:
    """Give the file of the key by which a case's logs hide who is meant."""
    return home() / f"pseudonym-{case}.key"


def flows() -> Path:
    """Give the folder of the flows."""
    return Path(__file__).resolve().parents[1] / "flows"


def lock(place: str) -> Path:
    """Give the file that whoever works at a place holds, for others on this machine."""
    return _made("locks") / f"{_short(place)}.lock"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _made(name: str) -> Path:
    folder = home() / name
    # In a place that can only be read, whoever wants to write is told so then.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def look_beside(folder: str) -> None:
    """Let Python look for modules in a config's folder too, after everywhere else."""
    if folder and folder not in sys.path:
        sys.path.append(folder)
