"""One row through a bundle in microseconds: its program, its encoders, then the model alone."""

import threading
from array import array
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from tagline.bundle.load import Bundle, session
from tagline.columns.field import Field
from tagline.columns.kinds import NOTHING
from tagline.columns.types import KINDS
from tagline.errors import TaglineError
from tagline.transform.compute import Columns
from tagline.transform.feature_encoder import MATRIX, FeatureEncoder
from tagline.transform.program import Program

PROGRAM, SCORER = "program.json", "scorer.onnx"
ALIKE = 1e-6


class SingleRow:
    """A bundle's answer to one row, the same as that of its graph.

    Parameters
    ----------
    bundle : Bundle
        Verified.

    Attributes
    ----------
    takes : tuple of str
        The fields and history columns that it reads.
    names : tuple of str
        The inputs, in the order of the model's columns.
    plain_texts : dict or None
        Each input that is a category to the field that it is, and the categories seen; None where
        one of them is made of other fields.

    Raises
    ------
    TaglineError
        The bundle was sealed without a program.
    """

    def __init__(self, bundle: Bundle) -> None:
        program = Program.from_dict(bundle.read_json(PROGRAM))
        inputs = FeatureEncoder.from_dict(bundle.inputs)
        if tuple(program.gives) != inputs.names:
            raise TaglineError("Its program gives other inputs than its graph.", where=bundle.where)
        self.takes, self.names = program.takes, inputs.names
        self._row = program.compile()
        self._pick = _picking(program.takes)
        self._encoders = [
            (place, inputs.encoders[name].number_of.get, inputs.encoders[name].otherwise)
            for place, name in enumerate(inputs.names)
            if name in inputs.encoders
        ]
        places = [program.gives[self.names[place]] for place, _, _ in self._encoders]
        self.plain_texts = (
            {
                self.names[at]: (program.takes[place], inputs.encoders[self.names[at]].number_of)
                for (at, _, _), place in zip(self._encoders, places, strict=True)
                if isinstance(place, int)
            }
            if all(isinstance(each, int) and each < len(program.takes) for each in places)
            else None
        )
        self._session = session(bundle.read_bytes(SCORER))
        self._lock = threading.Lock()
        (given,) = self._session.get_outputs()
        self._wide = len(given.shape) > 1
        shape = (1, *given.shape[1:])
        self._X, self._answer = np.zeros((1, len(self.names)), np.float32), np.zeros(shape)
        self._place = memoryview(self._X[0])
        self._binding = self._session.io_binding()
        self._binding.bind_cpu_input(MATRIX, self._X)
        self._binding.bind_output(given.name, "cpu", 0, np.float64, shape, self._answer.ctypes.data)

    def inputs(self, values: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
        """Give the model's inputs of one row.

        Parameters
        ----------
        values : mapping of str to value
            Fields and history; see `tagline.columns.body.Body`.

        Returns
        -------
        numbers : list of float
            In the order of `names`.
        unknown : list of str
            The inputs whose category was never seen in training.
        """
        return self.encoded(self.made(self._pick(values)))

    def made(self, taken: Sequence[Any]) -> list[Any]:
        """Give the inputs as the input function makes them, of values in the order of `takes`."""
        return self._row(*taken)

    def encoded(self, made: list[Any]) -> tuple[list[Any], list[str]]:
        """Put numbers in the places of categories; as `inputs`, of what `made` gave."""
        unknown = []
        for place, number_of, otherwise in self._encoders:
            found = number_of(str(made[place]))
            if found is None:
                if made[place] != NOTHING:
                    unknown.append(self.names[place])
                found = otherwise
            made[place] = found
        return made, unknown

    def unknown(self, columns: Columns) -> dict[int, list[str]]:
        """Name the inputs with a category never seen, by the place of each row that has any.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            Fields and history, as `tagline.transform.compute.columns` gives them.
        """
        found: dict[int, list[str]] = {}
        if self.plain_texts is None:
            for place, row in enumerate(as_rows({name: columns[name] for name in self.takes})):
                if names := self.inputs(row)[1]:
                    found[place] = names
            return found
        for name, (column, seen) in self.plain_texts.items():
            for place, text in enumerate(columns[column].tolist()):
                if text not in seen and text != NOTHING:
                    found.setdefault(place, []).append(name)
        return found

    def score(self, numbers: Sequence[float]) -> Any:
        """Give what the graph gives for a row's inputs: a float, or one for each class."""
        # One row's place in memory is bound once; a list would be taken apart for each answer.
        row = array("f", numbers)
        with self._lock:
            self._place[:] = row
            self._session.run_with_iobinding(self._binding)
            return self._answer[0].tolist() if self._wide else float(self._answer[0])

    def predict(self, values: Mapping[str, Any]) -> Any:
        """As `score`, of a row's fields and history."""
        return self.score(self.inputs(values)[0])


def expect_alike(bundle: Bundle, rows: Columns, *, seed: int) -> int:
    """Refuse a bundle that answers one row otherwise than many.

    Parameters
    ----------
    bundle : Bundle
        Just sealed.
    rows : mapping of str to ndarray of shape (n,)
        Fields and history, as `tagline.transform.compute.columns` gives them; each is tried as it
        is, and again with some of its numbers missing, infinite, zero or huge.
    seed : int
        Draws what is changed.

    Returns
    -------
    int
        How many rows were compared.

    Raises
    ------
    TaglineError
        They differ by more than 1e-6 somewhere, of the size that answers have.
    """
    single, compared = SingleRow(bundle), 0
    for columns in (rows, strange(rows, bundle.fields, seed=seed)):
        many = bundle.predict(columns)
        alone = np.array([single.predict(row) for row in as_rows(columns)])
        # What the model itself has no answer to has none either way.
        same = (many == alone) | (np.isnan(many) & np.isnan(alone))
        with np.errstate(invalid="ignore"):
            size = np.maximum(bundle.task.scale(bundle.rule), np.abs(many))
            apart = np.where(same, 0.0, np.abs(many - alone) / size)
        apart = apart.reshape(len(many), -1).max(axis=1)
        if not (apart <= ALIKE).all():
            worst = int(np.nanargmax(np.where(np.isnan(apart), np.inf, apart)))
            raise TaglineError(
                f"One row alone is answered with {np.round(alone[worst], 6)}, among others with "
                f"{np.round(many[worst], 6)}: the input function does something that one row can "
                "not do as NumPy does it.",
                where=bundle.where,
                todo="docs/serving.md names what xp offers to one row.",
            )
        compared += len(many)
    return compared


def as_rows(columns: Columns) -> list[dict[str, Any]]:
    """Give columns as rows of plain Python values."""
    names = list(columns)
    values = (columns[name].tolist() for name in names)
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def strange(rows: Columns, fields: Sequence[Field], *, seed: int) -> Columns:
    """Change a third of the numbers to what may trip arithmetic, and of texts to unknown ones."""
    random = np.random.default_rng(seed)
    numbers = dict.fromkeys(rows, KINDS["number"])  # what is no field is history
    kinds = numbers | {field.name: field.type for field in fields}
    return {
        name: kinds[name].strange(values, random.random(len(values)) < 1 / 3, random)
        for name, values in rows.items()
    }


def _picking(takes: tuple[str, ...]) -> Any:
    if len(takes) > 1:
        return itemgetter(*takes)
    return lambda values: tuple(values[name] for name in takes)
