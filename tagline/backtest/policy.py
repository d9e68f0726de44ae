"""A retraining policy that is tried on the past: a name, and what it changes of the case's."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagline.case.config import Case
from tagline.case.load import check_case
from tagline.case.monitoring import RetrainingSection
from tagline.errors import TaglineError


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes
    ----------
    name : str
        The file's, without its ending.
    title : str
        In words.
    retraining : RetrainingSection
        When a model is trained again.
    """

    name: str
    title: str
    retraining: RetrainingSection


def read_policies(case: Case, place: str) -> list[Policy]:
    """Read policies; the case's own where none is named.

    Parameters
    ----------
    case : Case
        Says what a file does not.
    place : str
        A TOML file with ``title`` and ``[retraining]``, or a folder of them.

    Raises
    ------
    TaglineError
        There is none, or one can not be read, is no TOML or has a wrong key.
    """
    if not place:
        return [Policy("default", "The case's own policy", case.retraining)]
    path = Path(place)
    if not path.is_dir():
        return [_read(case, path)]
    files = sorted(path.glob("*.toml"))
    if not files:
        raise _none(path)
    return [_read(case, file) for file in files]


def _none(path: Path) -> TaglineError:
    return TaglineError(
        "No policy lies here.",
        where=str(path),
        todo="Name a TOML file or a folder of them; docs/replay.md shows one.",
    )


def _read(case: Case, path: Path) -> Policy:
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise _none(path) from None
    except OSError as wrong:
        raise TaglineError(f"The policy can not be read: {wrong}.", where=str(path)) from wrong
    except tomllib.TOMLDecodeError as wrong:
        raise TaglineError(f"This is not TOML: {wrong}.", where=str(path)) from wrong
    title = values.pop("title", path.stem)
    own: dict[str, Any] = values.pop("retraining", {})
    if values:
        raise TaglineError(f"A policy has no key {next(iter(values))!r}.", where=str(path))
    whole = case.to_dict()
    whole["retraining"] = {**whole["retraining"], **own}
    return Policy(path.stem, str(title), check_case(whole, file=str(path)).retraining)
