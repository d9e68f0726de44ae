"""Read a flow's ``--config case FILE`` before Metaflow does any work."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tagline.case.load import parse_case
from tagline.errors import TaglineError
from tagline.runs.mistakes import UserMistake

DEFAULT = Path("config") / "flights.toml"


def read_case(text: str) -> dict[str, Any]:
    """Parse and check a case's config, for ``Config(parser=...)``.

    Parameters
    ----------
    text : str
        What Metaflow read from the file, or was given by ``--config-value``.

    Returns
    -------
    dict
        The whole case as plain data, defaults filled in.

    Raises
    ------
    UserMistake
        The config is wrong; Metaflow prints it as one sentence.
    """
    try:
        return parse_case(text, file=_file(sys.argv)).to_dict()
    except TaglineError as mistake:
        raise UserMistake(str(mistake)) from mistake


def _file(words: Sequence[str]) -> str:
    # Metaflow gives a parser the text only; the command line knows the file.
    named = [
        file
        for option, name, file in zip(words, words[1:], words[2:], strict=False)
        if (option, name) == ("--config", "case")
    ]
    if not named and "--config-value" in words:
        return str(Path.cwd() / "config-value")
    beside_the_flow = Path(words[0]).resolve().parent.parent / DEFAULT
    return str(Path(named[-1]).resolve() if named else beside_the_flow)
