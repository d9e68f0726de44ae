"""A retraining policy that is tried on the past: a name, and what it changes of the case's."""

import tomllib
from collections.abc import Sequence
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


def read_policies(case: Case, files: Sequence[str]) -> list[Policy]:
    """Read policies; the case's own where none is named.

    Parameters
    ----------
    case : Case
        Says what a file does not.
    files : sequence of str
        TOML files with ``title`` and ``[retraining]``.

    Raises
    ------
    TaglineError
        A file is not there, is no TOML or has a wrong key; two have one name.
    """
    found = [_read(case, Path(file)) for file in files]
    if not found:
        return [Policy("default", "The case's own policy", case.retraining)]
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise TaglineError(f"Two policies are called {twice!r}.", where=", ".join(files))
    return found


def _read(case: Case, path: Path) -> Policy:
    try:
        values = tomllib.loads(path.read_text())
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
