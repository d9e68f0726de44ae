"""A case's input function as a program for one row: the same definition, on plain Python numbers.

NumPy and ONNX take about as long for one row as for a hundred: nearly all of it is what each
operation costs, whatever its size. A request of one row goes another way: while a bundle is sealed
the input function is run once on values that write down what is done with them
(`tagline.transform.compile_row`), and a server makes a Python function of what was written down.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tagline.errors import TaglineError
from tagline.transform.operations import CODE, FUNCTIONS, Dtype

Place = int
Constant = str | int | float | bool
Operand = Place | tuple[Constant]
Row = Callable[..., list[float | str]]

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
READ: Mapping[str, Callable[[str], Constant]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": "True".__eq__,
}
LIMIT = 100_000  # steps; compiling more than that takes longer than a swap may


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes
    ----------
    name : str
        What is done; see `tagline.transform.operations.CODE`.
    dtype : str
        The type of what it is done with.
    operands : tuple
        Places of values, or constants, each a tuple of one.
    """

    name: str
    dtype: Dtype
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Program:
    """Straight-line operations on one row's values.

    Attributes
    ----------
    takes : tuple of str
        The fields and history columns that it reads, in the order of its arguments; their places
        are 0, 1, ….
    steps : tuple of Step
        Each makes the value of the next place.
    gives : dict of str to place or constant
        Input to where its value is.
    """

    takes: tuple[str, ...]
    steps: tuple[Step, ...]
    gives: Mapping[str, Operand]

    def compile(self) -> Row:
        """Make a Python function of it.

        Returns
        -------
        callable
            Takes one value for each of `takes` (text, int, float, bool; missing as in arrays) and
            gives a list with one value for each of `gives`, in their order.

        Raises
        ------
        TaglineError
            It does what no program may.
        """
        if len(self.steps) > LIMIT:
            raise _unknown(f"it has {len(self.steps):,} steps, and may have {LIMIT:,}")
        arguments = ", ".join(f"v{place}" for place in range(len(self.takes)))
        given = ", ".join(_text(each, self._places) for each in self.gives.values())
        source = "\n ".join([f"def row({arguments}):", *self._lines(), f"return [{given}]"])
        known = {**FUNCTIONS, **{f"c{n}": v for n, v in enumerate(NOT_FINITE.values())}}
        # Every word of the source is ours: operations by name, places and constants by repr.
        exec(source, known)  # noqa: S102
        made: Row = known["row"]  # type: ignore[assignment]
        return made

    def to_dict(self) -> dict[str, Any]:
        """Give the program as plain JSON data."""
        return {
            "takes": list(self.takes),
            "steps": [
                [step.name, step.dtype, *map(_written, step.operands)] for step in self.steps
            ],
            "gives": [[name, _written(operand)] for name, operand in self.gives.items()],
        }

    def needs(self) -> dict[str, frozenset[str]]:
        """Give each input's fields and history columns, of all that it is computed from."""
        found = [frozenset([name]) for name in self.takes]
        for step in self.steps:
            found.append(self._needed(step.operands, found))
        return {name: self._needed((each,), found) for name, each in self.gives.items()}

    @staticmethod
    def _needed(operands: Sequence[Operand], found: Sequence[frozenset[str]]) -> frozenset[str]:
        places = [found[each] for each in operands if isinstance(each, int)]
        return frozenset().union(*places)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make a program from what `to_dict` gave."""
        steps = (
            Step(name, dtype, tuple(map(_read, given))) for name, dtype, *given in values["steps"]
        )
        gives = {name: _read(given) for name, given in values["gives"]}
        return cls(tuple(values["takes"]), tuple(steps), gives)

    @property
    def _places(self) -> int:
        return len(self.takes) + len(self.steps)

    def _lines(self) -> Iterator[str]:
        for place, step in enumerate(self.steps, start=len(self.takes)):
            code = CODE.get((step.name, step.dtype))
            if code is None:
                raise _unknown(f"there is no operation {step.name} of {step.dtype}")
            yield f"v{place} = " + code.format(*(_text(each, place) for each in step.operands))


def needed(program: Program) -> Program:
    """Leave out the steps that no input depends on, and the arguments that nothing reads."""
    used = {each for each in program.gives.values() if isinstance(each, int)}
    first = len(program.takes)
    for place in range(first + len(program.steps) - 1, first - 1, -1):
        if place in used:
            operands = program.steps[place - first].operands
            used |= {each for each in operands if isinstance(each, int)}
    kept = {place: new for new, place in enumerate(sorted(used))}

    def moved(operand: Operand) -> Operand:
        return kept[operand] if isinstance(operand, int) else operand

    steps = (
        Step(step.name, step.dtype, tuple(map(moved, step.operands)))
        for place, step in enumerate(program.steps, start=first)
        if place in used
    )
    takes = tuple(name for place, name in enumerate(program.takes) if place in used)
    gives = {name: moved(operand) for name, operand in program.gives.items()}
    return Program(takes, tuple(steps), gives)


def _text(operand: Operand, before: Place) -> str:
    if isinstance(operand, int):
        if not 0 <= operand < before:
            raise _unknown(f"a step reads place {operand}, which comes later or never")
        return f"v{operand}"
    (constant,) = operand
    if isinstance(constant, float) and not math.isfinite(constant):
        return f"c{list(NOT_FINITE).index(repr(constant))}"
    if type(constant) not in (str, int, float, bool):
        raise _unknown(f"a constant is {type(constant).__name__}")
    return f"({constant!r})"


def _written(operand: Operand) -> Any:
    if isinstance(operand, int):
        return operand
    (constant,) = operand
    # As text, since JSON has no NaN, and would make 1 of 1.0.
    return {type(constant).__name__: constant if isinstance(constant, str) else repr(constant)}


def _read(written: Any) -> Operand:
    if isinstance(written, int):
        return written
    ((kind, text),) = written.items()
    return (READ[kind](text),)


def _unknown(why: str) -> TaglineError:
    return TaglineError(f"This is no program of a row: {why}.", where="program.json")
