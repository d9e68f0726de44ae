"""Open a bundle: only if it is what was sealed."""

import json
from collections.abc import Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pandas as pd

from tagline.bundle.seal import PROVENANCE
from tagline.bundle.verify import contents
from tagline.columns.field import Field
from tagline.errors import TaglineError
from tagline.history.written import from_dict
from tagline.tasks.task import Task, columns_of
from tagline.tasks.tasks import TASKS, task_of
from tagline.transform.arrays import expect_arrays
from tagline.transform.compute import Column, columns
from tagline.transform.feature_encoder import MATRIX

GRAPH = "model.onnx"
FORMAT = 2  # of inputs.json; 1 has a threshold, and no task
BATCH, SMALLEST_PART = 65_536, 256


class Bundle:
    """A verified bundle, ready to answer.

    Parameters
    ----------
    path : Path
        The bundle's folder.
    digest : str, optional
        What it has to be; see `tagline.bundle.verify.contents`.
    facts : mapping, optional
        What its record tells of its making; see `tagline.bundle.beside.told`. An exported bundle
        has it beside.
    trusted : container of str, optional
        As for `tagline.bundle.verify.verify`.

    Attributes
    ----------
    digest : str
        Its name.
    fields : tuple of Field
        The raw fields of a request.
    history : tuple of str
        The history columns that the graph takes.
    declarations : tuple of Declaration
        How those columns are computed.
    streams : dict
        What the streams of the declarations held when it was sealed.
    task : Task
        What kind of question it answers.
    rule : dict
        What a decision is made by; see `tagline.tasks.task.Task`.
    others : dict of str to bytes
        What lies beside the files that answer.

    Raises
    ------
    TaglineError
        As `tagline.bundle.verify.verify`.

    Examples
    --------
    ::

        bundle = Bundle(Path("exported"))
        p = bundle.predict_frame(frame)  # as a table or a request has them, and history
        answers = bundle.columns(p)  # with the decision
    """

    def __init__(
        self,
        path: Path,
        *,
        digest: str = "",
        facts: Mapping[str, Any] | None = None,
        trusted: Container[str] | None = None,
    ) -> None:
        # What was verified is what is used: nothing is read from the disk a second time.
        self._files, self.others, self.digest = contents(path, digest=digest, trusted=trusted)
        self.inputs = self.read_json("inputs.json")
        self.fields = tuple(Field.from_dict(each) for each in self.inputs["fields"])
        self.history: tuple[str, ...] = tuple(self.inputs["history"])
        self.declarations = tuple(from_dict(each) for each in self.inputs.get("declarations", ()))
        self.streams: dict[str, dict[str, str]] = self.inputs.get("streams", {})
        self.task, self.rule = self._decides()
        self._facts = facts
        self._session = session(self.read_bytes(GRAPH))
        self._pool: ThreadPoolExecutor | None = None
        self._takes = [each.name for each in self._session.get_inputs()]
        self._fields = [field for field in self.fields if field.name in self._takes]
        self._history = [name for name in self.history if name in self._takes]

    def read_bytes(self, name: str) -> bytes:
        """Give the verified content of one of its files."""
        if name not in self._files:
            raise TaglineError(f"The bundle has no {name}.", where=self.where)
        return self._files[name]

    def read_json(self, name: str) -> Any:
        """Give one of its files, parsed."""
        return json.loads(self.read_bytes(name))

    def _decides(self) -> tuple[Task, dict[str, Any]]:
        made = self.inputs.get("format", 1)
        if made > FORMAT:
            raise TaglineError(
                f"It has format {made}, and this version reads up to {FORMAT}.",
                where=self.where,
                todo="Use the version of Tagline that sealed it, or a newer one.",
            )
        if made == 1:
            return TASKS["binary"], {"threshold": float(self.inputs["threshold"])}
        return task_of(self.inputs["task"]), dict(self.inputs["rule"])

    def columns(self, given: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[Any]]:
        """Give each column of the answers by its name, of what `predict` gave."""
        return columns_of(self.task, given, self.rule)

    def predict(self, columns: Mapping[str, Column]) -> npt.NDArray[np.float64]:
        """Answer rows: the probability of 1, that of each class, or a number, as its task says.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            Raw fields and history, as `tagline.transform.compute.columns` gives them.

        Returns
        -------
        ndarray of shape (n,), or (n, k) of k classes, float64

        Raises
        ------
        TaglineError
            A column is missing, or is not what its field must be; names every such column. See
            `tagline.transform.arrays.expect_arrays`.
        """
        found = expect_arrays(columns, self._fields, self._history, where=self.where)
        return self.answer(found)

    def answer(self, columns: Mapping[str, Column], *, at_once: int = 1) -> npt.NDArray[np.float64]:
        """As `predict`, of arrays that are known to be sound: they are not looked at again.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            As for `predict`.
        at_once : int, optional
            How many threads answer parts of the rows, where there are many.
        """
        feed = {name: fed(columns[name]) for name in self._takes}
        rows = len(next(iter(feed.values()), ()))
        # In batches, so that memory does not grow with the rows.
        part = min(max(-(-rows // at_once), SMALLEST_PART), BATCH)
        starts = range(0, rows, part)
        if len(starts) > 1 and at_once > 1:
            answers = list(self._threads(at_once).map(lambda at: self._run(feed, at, part), starts))
        else:
            answers = [self._run(feed, start, part) for start in starts]
        return np.concatenate(answers) if answers else self._none

    def answer_with_inputs(
        self, columns: Mapping[str, Column]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """As `answer`, with the model's inputs.

        Returns
        -------
        p : ndarray of shape (n,), or (n, k) of k classes, float64
            The answers.
        X : ndarray of shape (n, inputs), float32
            In the order of the inputs' names; categories are encoded.

        Raises
        ------
        TaglineError
            The bundle was sealed before graphs named their inputs.
        """
        feed = {name: fed(columns[name]) for name in self._takes}
        rows = len(next(iter(feed.values()), ()))
        parts = [
            self._watched.run(None, {name: each[at : at + BATCH] for name, each in feed.items()})
            for at in range(0, rows, BATCH)
        ]
        if not parts:
            return self._none, np.zeros((0, len(self.inputs["names"])), np.float32)
        p, X = (np.concatenate(each) for each in zip(*parts, strict=True))
        return np.asarray(p, np.float64), X

    @cached_property
    def _watched(self) -> onnxruntime.InferenceSession:
        import onnx  # noqa: PLC0415 - a server answers without it

        model = onnx.load_from_string(self.read_bytes(GRAPH))
        named = [each.value for each in model.metadata_props if each.key == MATRIX]
        if not named:
            raise TaglineError(
                "It was sealed before graphs named their inputs.",
                where=self.where,
                todo="Train again to see how the inputs move.",
            )
        width = len(self.inputs["names"])
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(named[0], onnx.TensorProto.FLOAT, [None, width])
        )
        return session(model.SerializeToString())

    def predict_frame(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        """As `predict`, of rows of a frame.

        Parameters
        ----------
        frame : DataFrame of shape (n, columns)
            Raw fields, as a table or a request has them, and history columns.

        Returns
        -------
        ndarray of shape (n,), or (n, k) of k classes, float64

        Raises
        ------
        TaglineError
            A column is missing, or a value is none of its field's kind; names every such column
            and its first rows.
        """
        if not isinstance(frame, pd.DataFrame):
            raise TaglineError(
                f"It takes a pandas frame, and was given {type(frame).__name__}.",
                where=self.where,
                todo="Write bundle.predict_frame(pandas.DataFrame(rows)).",
            )
        found = columns(frame, fields=self._fields, history=self._history, where=self.where)
        return self.answer(found)

    @property
    def _none(self) -> npt.NDArray[np.float64]:
        """The answers to no rows."""
        _, *wide = self._session.get_outputs()[0].shape
        return np.zeros((0, *wide))

    @property
    def where(self) -> str:
        """What to call it in messages."""
        return f"bundle {self.digest[:12]}"

    @property
    def decided_at(self) -> str:
        """What its case calls the decision's time."""
        return str(self.inputs.get("time") or self.facts["case"]["table"]["time"])

    @property
    def row_id(self) -> str:
        """What its case calls a row's own id."""
        return str(self.inputs.get("id") or self.facts["case"]["table"]["id"])

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is told of its making; see `tagline.bundle.beside.told`.

        Raises
        ------
        TaglineError
            Neither its record nor what an export has beside it is at hand.
        """
        if self._facts is None:
            # In bundles of earlier versions it is one of the files.
            content = self.others.get(PROVENANCE) or self._files.get(PROVENANCE)
            if content is None:
                raise TaglineError(
                    "Nothing here tells of its making.",
                    where=self.where,
                    todo="Open it by its run: `tagline export RUN FOLDER` has all of it.",
                )
            self._facts = json.loads(content)
        return self._facts

    @property
    def reads(self) -> tuple[str, ...]:
        """The fields and history columns that the answer depends on."""
        return tuple(self.inputs.get("reads", self._takes))

    def _run(self, feed: Mapping[str, Column], start: int, rows: int) -> npt.NDArray[np.float64]:
        part = {name: values[start : start + rows] for name, values in feed.items()}
        (answer,) = self._session.run(None, part)
        return np.asarray(answer, dtype=np.float64)

    def _threads(self, at_once: int) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="answer")
        return self._pool


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Open a graph, to be run on one thread."""
    options = onnxruntime.SessionOptions()
    # Requests run side by side; threads inside one would fight over the same cores.
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def fed(values: Column) -> Column:
    """Give a column as onnxruntime takes it."""
    return values.astype(object) if values.dtype.kind in "TU" else values
