"""Read a case, and say in one sentence what is wrong with it."""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tagline.case.config import Case
from tagline.case.renamed import RENAMED, in_new_words
from tagline.errors import TaglineError


def parse_case(text: str, *, file: str) -> Case:
    r"""Read a case from TOML, or from the JSON that a run keeps of it.

    Parameters
    ----------
    text : str
        The config.
    file : str
        Where it was read, for error messages and for the files that it names.

    Raises
    ------
    TaglineError
        The text is not TOML, or a key or value is wrong; names the file and the key.

    Examples
    --------
    >>> table = 'table = { source = "o.csv", id = "order", time = "at", target = "back" }'
    >>> text = f'name = "returns"\ntitle = "Will it be sent back?"\n{table}'
    >>> parse_case(text, file="config/returns.toml").search.trials
    16
    """
    if text.lstrip().startswith("{"):
        return _from_json(text, file=file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise TaglineError(f"This is not TOML: {wrong}.", where=file) from wrong
    return _checked(values, file=file)


def load_case(file: Path) -> Case:
    """Read a case from its file; see `parse_case`.

    Raises
    ------
    TaglineError
        The file can not be read, or a key or value is wrong.
    """
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as wrong:
        raise TaglineError(f"The config can not be read: {wrong}.", where=str(file)) from wrong
    return parse_case(text, file=str(file))


def _from_json(text: str, *, file: str) -> Case:
    try:
        values = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise TaglineError(f"This is not JSON: {wrong}.", where=file) from wrong
    return check_case({"file": file} | values)


def check_case(values: Mapping[str, Any], *, file: str | None = None) -> Case:
    """Make a case from plain data, such as a record keeps; keys may have the names of its time.

    Parameters
    ----------
    values : mapping
        The config.
    file : str, optional
        Where it was read; what the values themselves say of that where None.

    Raises
    ------
    TaglineError
        A key or value is wrong; names the file and every such key.
    """
    file = values.get("file", "config") if file is None else file
    return _checked(in_new_words(values), file=file)


def _checked(values: Mapping[str, Any], *, file: str) -> Case:
    try:
        return Case.model_validate({**values, "file": file})
    except ValidationError as wrong:
        faults = "; ".join(_sentence(error) for error in wrong.errors())
        raise TaglineError(f"{faults}.", where=file, todo=_help()) from wrong


def keys() -> tuple[str, ...]:
    """Name every key that a config may have, dotted."""
    return tuple(_keys(Case))


def _help() -> str:
    return "docs/case.md explains every key."


def _sentence(error: ErrorDetails) -> str:
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}{_nearest(key)}"
        case "missing":
            return f"key {key!r} is missing"
        case "value_error":
            return f"{key or 'the config'}: {error['ctx']['error']}"
        case _:
            return f"{key} = {error['input']!r}: {error['msg'].lower()}"


def _nearest(key: str) -> str:
    if key in RENAMED:
        return f", which is called {key.partition('.')[0]}.{RENAMED[key]} now"
    near = difflib.get_close_matches(key, keys(), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if section is not None:
            yield from _keys(section, f"{prefix}{name}.")
        elif name != "file":
            yield f"{prefix}{name}"


def _section(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
