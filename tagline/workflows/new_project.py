"""Write the files of a project, and bring later what changed since."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tagline.case.config import QUERY
from tagline.errors import TaglineError
from tagline.storage.files import write_whole
from tagline.workflows.new_case import NewCase, begin

NAME = re.compile(r"[a-z][a-z0-9_]*")
KNOWN = ".tagline-project.json"
FILES = {
    "README.md": "README.md.jinja",
    "AGENTS.md": "AGENTS.md.jinja",
    "pyproject.toml": "pyproject.toml.jinja",
    ".gitignore": "gitignore.jinja",
    "{name}.toml": "case.toml.jinja",
    "{name}_features.py": "features.py.jinja",
    "test_{name}.py": "test_features.py.jinja",
    ".github/workflows/check.yml": "check.yml.jinja",
}
OWN = ("{name}.toml", "{name}_features.py")  # a person's from the first day on
CELLS = (
    ("markdown", "# {name}: look at a run"),
    ("code", "import tagline\n\nrows = tagline.predictions()\nrows.head()"),
    (
        "code",
        'test = rows[rows["part"] == "test"]\ntest.groupby("label").mean(numeric_only=True).T',
    ),
    ("code", "tagline.compare()  # beside the champion"),
)


@dataclass(frozen=True)
class Written:
    """What became of a project's files.

    Attributes
    ----------
    new, kept, beside : list of str
        Written; left as a person has changed them; and of those, the files beside which the newer
        version lies, with ``.new`` added to the name.
    told : list of str
        What was found in the table.
    """

    new: list[str]
    kept: list[str]
    beside: list[str]
    told: list[str]


def begin_project(name: str, folder: Path, wished: NewCase | None) -> Written:
    """Write a project into a folder that is not there, or empty.

    Parameters
    ----------
    name : str
        Of the project and its case.
    folder : Path
        Where it goes.
    wished : NewCase, optional
        Its table and target, for a config that fits; a config to fill in where None.

    Raises
    ------
    TaglineError
        Something lies there, the name is none, or the table can not be used.
    """
    if not NAME.fullmatch(name):
        raise TaglineError(f"{name!r} is no name: small letters, digits and _.")
    if folder.exists() and any(folder.iterdir()):
        raise TaglineError(
            "There is something in it already.",
            where=str(folder),
            todo="--update brings what changed since; or name another folder with --to.",
        )
    contents, told = _contents(name), list[str]()
    if wished is not None:
        file = folder / f"{name}.toml"
        begin(wished, file=file)  # what can not be is said before anything is written
        folder.mkdir(parents=True, exist_ok=True)
        begun = begin(_with_table(wished, folder), file=file)
        contents[f"{name}.toml"] = _with_features(begun.config, name)
        told = [*begun.told, *(f"left out: {c}: {why}" for c, why in begun.excluded.items())]
    for named, content in contents.items():
        _put(folder / named, content)
    _remember(folder, name, contents)
    return Written(list(contents), [], [], told)


def update_project(name: str, folder: Path) -> Written:
    """Bring what this version writes otherwise, and leave alone what a person has changed.

    Raises
    ------
    TaglineError
        It is no project that was begun here.
    """
    try:
        said = json.loads((folder / KNOWN).read_text())
        known, own_name = said["files"], said["name"]
    except (OSError, ValueError, KeyError) as wrong:
        raise TaglineError(
            f"It was not begun by `tagline init`: {KNOWN} is not there, or not whole.",
            where=str(folder),
        ) from wrong
    if own_name != name:
        raise TaglineError(
            f"This is the project {own_name!r}.",
            where=str(folder),
            todo=f"tagline init {own_name} --to {folder} --update",
        )
    own = {file.format(name=name) for file in OWN}
    contents = {file: text for file, text in _contents(name).items() if file not in own}
    new, kept, beside = list[str](), list[str](), list[str]()
    for file, content in contents.items():
        path = folder / file
        before = known.get(file)
        there = path.read_text() if path.exists() else None
        if there == content:
            continue
        if there is None or _digest(there) == before:
            new.append(file)
            _put(path, content)
            continue
        kept.append(file)
        if _digest(content) != before:
            beside.append(f"{file}.new")
            _put(folder / f"{file}.new", content)
    _remember(folder, name, contents, known)
    return Written(new, kept, beside, [])


def _contents(name: str) -> dict[str, str]:
    environment = Environment(
        loader=PackageLoader("tagline.workflows", "project"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no page: Python, TOML and Markdown
    )
    given: dict[str, Any] = {
        "name": name,
        "package": name.replace("_", "-"),
        "title": f"What is to be known of {name.replace('_', ' ')}?",
        "version": version("tagline"),
        "train": f"python -m flows.train --config case {name}.toml",
    }
    made = {
        file.format(name=name): environment.get_template(template).render(given)
        for file, template in FILES.items()
    }
    return made | {f"{name}.ipynb": _notebook(name)}


def _notebook(name: str) -> str:
    """Write a notebook, nbformat 4.5."""
    code: dict[str, Any] = {"execution_count": None, "outputs": []}
    cells = [
        {"cell_type": kind, "id": f"cell-{place}", "metadata": {}, "source": text.format(name=name)}
        | (code if kind == "code" else {})
        for place, (kind, text) in enumerate(CELLS)
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1) + "\n"


def _with_table(wished: NewCase, folder: Path) -> NewCase:
    """Copy the table into the project, where it is a file."""
    given = Path(wished.table)
    if not given.is_file() or given.suffix == QUERY:
        return wished
    table = folder / "data" / given.name
    table.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given, table)
    return replace(wished, table=table)


def _with_features(config: str, name: str) -> str:
    head, table, rest = config.partition("[table]")
    return f'{head.rstrip()}\nfeatures = "{name}_features"\n\n{table}{rest}'


def _put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def _remember(
    folder: Path,
    name: str,
    contents: dict[str, str],
    known: Mapping[str, str] = MappingProxyType({}),
) -> None:
    files = {file: _digest(content) for file, content in contents.items()}
    said = {"name": name, "version": version("tagline"), "files": {**known, **files}}
    write_whole(folder / KNOWN, json.dumps(said, indent=1, sort_keys=True) + "\n")


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
