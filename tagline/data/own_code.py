"""A person's own code: what goes wrong in it is one sentence with its file and line."""

import difflib
import functools
import importlib
import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from tagline.errors import TaglineError
from tagline.names import near
from tagline.transform.scalar import Scalar

RUN = ("load", "decisions", "events", "inputs")
CHOICE = "A row is not known yet: write xp.where(condition, yes, no) instead of if, and, or, not."
GAPS = "A column is no pandas column: xp.where(xp.isnan(x), 0.0, x) fills gaps."
TEXT = (
    "A graph can not do that to a text: strip, lower and aliases belong to the field "
    "([fields.NAME] in the config), and cross(a, b), xp.text_length(x) and xp.text_words(x) are "
    "what an input can make of one."
)


class OwnModule:
    """A feature module whose functions say where they go wrong.

    Parameters
    ----------
    name : str
        The module, as Python imports it.
    where : str
        What named it, for messages.
    parts : sequence of str
        What a feature module may offer.

    Raises
    ------
    TaglineError
        There is no such module, it can not be imported, or it offers nothing.
    """

    def __init__(self, name: str, *, where: str, parts: Sequence[str]) -> None:
        self.name, self._parts = name, parts
        with saying(name):
            self._module = imported(name, where=where)
        self._expect_known(where)

    def _expect_known(self, where: str) -> None:
        """Refuse what seems to be a part with a letter wrong, and a module that offers none."""
        own = [name for name, each in vars(self._module).items() if self._is_own(name, each)]
        offers = any(name in self._parts for name in own)
        for name in own:
            meant = difflib.get_close_matches(name, self._parts, n=1, cutoff=0.8)
            # SOURCE beside what it offers may be a constant of its own, and no SOURCES.
            own_word = offers and meant and meant[0].startswith(name)
            if meant and name not in self._parts and meant[0] not in own and not own_word:
                raise TaglineError(
                    f"{self.name} says {name!r}; did you mean {meant[0]!r}?", where=where
                )
        if not offers:
            raise TaglineError(
                f"{self.name} offers nothing of what a feature module can.",
                where=where,
                todo=f"It may offer any of {', '.join(self._parts)}; docs/case.md shows each.",
            )

    def _is_own(self, name: str, value: Any) -> bool:
        """Tell what a module says itself from what it has imported."""
        elsewhere = inspect.isclass(value) or inspect.ismodule(value)
        theirs = getattr(value, "__module__", self._module.__name__) != self._module.__name__
        return not name.startswith("_") and (name in self._parts or not (elsewhere or theirs))

    def __getattr__(self, name: str) -> Any:
        given = getattr(self._module, name)
        return (
            _told(given, name, self._module.__name__) if name in RUN and callable(given) else given
        )


def imported(name: str, *, where: str = "") -> ModuleType:
    """Import a person's module."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
            raise
        raise TaglineError(
            f"There is no feature module {name!r}.",
            where=where,
            todo="Name a module that Python can import, such as 'features.flights'.",
        ) from missing


def _told(function: Callable[..., Any], name: str, module: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*given: Any) -> Any:
        fields = list(given[1]) if name == "inputs" and len(given) > 1 else ()
        with saying(module, names=fields):
            return function(*given)

    return run


@contextmanager
def saying(module: str, *, names: Sequence[str] = ()) -> Iterator[None]:
    """Say in one sentence what goes wrong in a module, and in which line.

    Parameters
    ----------
    module : str
        Its name.
    names : sequence of str, optional
        What it can ask a row for.
    """
    try:
        yield
    except (TaglineError, Warning):
        raise
    except Exception as wrong:
        what, todo = _what(wrong, names)
        raise TaglineError(what, where=_place(wrong, module), todo=todo) from wrong


def _place(wrong: Exception, module: str) -> str:
    if isinstance(wrong, SyntaxError) and wrong.filename:
        return _line(wrong.filename, wrong.lineno or 0, (wrong.text or "").strip())
    frames = traceback.extract_tb(wrong.__traceback__)
    own = module.rpartition(".")[2]
    theirs = [each for each in frames if Path(each.filename).stem == own]
    if not theirs:
        return module
    return _line(theirs[-1].filename, theirs[-1].lineno or 0, theirs[-1].line or "")


def _line(file: str, number: int, text: str) -> str:
    shown = f" ({text})" if text else ""
    return f"{Path(file).name}, line {number}{shown}"


def _what(wrong: Exception, names: Sequence[str]) -> tuple[str, str]:
    if isinstance(wrong, KeyError) and names:
        name = str(wrong.args[0])
        return f"There is no field {name!r}{near(name, names)}.", ""
    if isinstance(wrong, AttributeError) and isinstance(wrong.obj, Scalar):
        text = wrong.obj.dtype == "utf8"
        return f"A {'text' if text else 'number'} of a row has no .{wrong.name}.", (
            TEXT if text else GAPS
        )
    if isinstance(wrong, SyntaxError):
        return f"This is no Python: {wrong.msg}.", ""
    said = f"{type(wrong).__name__}: {wrong}".rstrip(".")
    if "of type Scalar" in said:
        return "NumPy can not be asked of a row that is not known yet.", (
            "Write xp.log(x) where it says np.log(x), and so for all others."
        )
    return f"{said}.", CHOICE if "not known yet" in said else ""
