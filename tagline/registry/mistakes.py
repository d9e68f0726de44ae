"""A person's mistake inside a step: one sentence in the log instead of a traceback."""

import functools
import getpass
import os
from collections.abc import Callable, Sequence
from typing import Any

from metaflow.exception import MetaflowException
from metaflow.util import get_username

from tagline.errors import TaglineError
from tagline.log import show_log

NAMELESS = "superuser"


class UserMistake(MetaflowException):
    """What Metaflow prints, without a traceback, when a person has to act."""

    headline = "Tagline stopped"


def mistakes_as_sentences(step: Callable[..., None]) -> Callable[..., None]:
    """Turn a `TaglineError` of a step into what Metaflow prints as one sentence; show the log."""

    @functools.wraps(step)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        show_log()
        try:
            step(*args, **kwargs)
        except TaglineError as mistake:
            raise UserMistake(str(mistake)) from mistake

    return wrapped


def with_a_user() -> None:
    """Give Metaflow a user's name where it knows none.

    Metaflow refuses to run as root and where no name is set, as in most containers.
    """
    if get_username() is None:
        os.environ["USERNAME"] = _login()


def _login() -> str:
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        return NAMELESS
    return NAMELESS if login == "root" else login


def one_option(words: Sequence[str], option: str) -> list[str]:
    """Make one value, a line each, of all words that follow an option, as a shell's ``*`` gives."""
    if option not in words:
        return list(words)
    start = list(words).index(option) + 1
    rest = list(words[start:])
    end = next((place for place, word in enumerate(rest) if word.startswith("--")), len(rest))
    return [*words[:start], "\n".join(rest[:end]), *rest[end:]]
