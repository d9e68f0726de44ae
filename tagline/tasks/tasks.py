"""Every kind of question by its name."""

from collections.abc import Mapping

from tagline.errors import TaglineError
from tagline.tasks.binary import Binary
from tagline.tasks.classes import Classes
from tagline.tasks.number import Number
from tagline.tasks.task import Task

TASKS: Mapping[str, Task] = {each.name: each for each in (Binary(), Classes(), Number())}


def task_of(name: str) -> Task:
    """Give the task of a name.

    Raises
    ------
    TaglineError
        There is none; a newer version may have it.
    """
    if name not in TASKS:
        raise TaglineError(
            f"There is no task called {name!r}; there is {', '.join(TASKS)}.",
            todo="Where a newer version has made it, use that one.",
        )
    return TASKS[name]
