"""Two runs side by side: whether it helped, where, at what cost, and whether by luck."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tagline.bundle.load import Bundle
from tagline.bundle.record import RunRecord
from tagline.case.config import Case
from tagline.case.load import check_case
from tagline.data.prepare import Prepared
from tagline.data.split import resampling_groups
from tagline.data.training_set import TEST, part_matrix
from tagline.errors import TaglineError
from tagline.evaluation.compare import compare as compared
from tagline.evaluation.explained import of_table
from tagline.evaluation.slices import parts
from tagline.metrics.intervals import LEAST_GROUPS, GroupBootstrap
from tagline.metrics.metrics import METRICS
from tagline.models.search import brackets, run_bracket
from tagline.models.training_data import read
from tagline.report.page import Block, Section, Table, render
from tagline.runs.lookup import find
from tagline.tasks.task import Floats, Task, judged_by
from tagline.tasks.tasks import task_of
from tagline.training.answers import PART, PLACE, given_of
from tagline.training.choosing import choose_best
from tagline.training.evaluating import as_it_came, other_question, worth_of
from tagline.training.held_out import held_out
from tagline.workflows.auditing import open_ledger
from tagline.workflows.candidates import open_bundle
from tagline.workflows.run_rows import matrix_files, matrix_of, table_of

log = logging.getLogger(__name__)
FEWEST = 20  # rows, below which nothing is compared
MOST_VALUES = 20  # of a text that is sliced by where the case names no slices
SURE = 2.0  # standard errors
UNCLEAR, BETTER, WORSE = "not clearly", "better", "worse"


@dataclass(frozen=True)
class Comparison:
    """What two runs come to on the same rows.

    Attributes
    ----------
    a, b, case : str
        The runs, and their case.
    rows : int
        How many rows were compared.
    said : list of str
        What it comes to, in sentences.
    figures : DataFrame
        ``metric``, ``a``, ``b``, ``difference`` with ``low`` and ``high``, and ``a is``.
    slices : DataFrame
        ``slice``, ``value``, ``rows``, the mean loss that `a` saves a row with its interval, and
        ``a is``.
    importance : DataFrame
        ``input``, and its share of the mean absolute SHAP values in ``a`` and ``b``; NaN where a
        run has no such input.
    config : DataFrame
        ``key``, ``a``, ``b``, of keys that differ.
    cost : DataFrame
        What decisions cost, how many inputs there are, CPU seconds.
    seeds : DataFrame
        ``seed``, ``a``, ``b``, ``difference``, where both were trained again.
    """

    a: str
    b: str
    case: str
    rows: int
    said: list[str]
    figures: pd.DataFrame
    slices: pd.DataFrame
    importance: pd.DataFrame
    config: pd.DataFrame
    cost: pd.DataFrame
    seeds: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables that have rows, by their titles."""
        named = {
            "Figures on the same rows": self.figures,
            "Slices": self.slices,
            "Trained again with other seeds": self.seeds,
            "Cost": self.cost,
            "Importance, shares": self.importance,
            "Config": self.config,
        }
        return {title: frame for title, frame in named.items() if len(frame)}

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        tables = {
            name: frame.astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in vars(self).items()
            if isinstance(frame, pd.DataFrame)
        }
        own = {"a": self.a, "b": self.b, "case": self.case, "rows": self.rows, "said": self.said}
        return own | tables

    def to_markdown(self) -> str:
        """Write it as Markdown, for a review."""
        lines = [f"## {self.a} beside {self.b}", "", *(f"- {each}" for each in self.said)]
        for title, frame in self.tables.items():
            lines += ["", f"### {title}", "", *_markdown(frame)]
        return "\n".join(lines) + "\n"

    def to_html(self) -> str:
        """Write it as one page."""
        said = [Block(text=each) for each in self.said]
        tables = [
            Section(title, [Block(table=Table.of(frame, {str(n): str(n) for n in frame}))])
            for title, frame in self.tables.items()
        ]
        return render(
            title=f"{self.a} beside {self.b}",
            subtitle=self.case,
            passed=not (self.figures["a is"] == WORSE).any(),
            verdict=self.said[1],
            sections=[Section("What it comes to", said), *tables],
        )

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(each)}</li>" for each in self.said)
        tables = [f"<h4>{escape(t)}</h4>{f.to_html(index=False)}" for t, f in self.tables.items()]
        return f"<b>{escape(self.a)} beside {escape(self.b)}</b><ul>{said}</ul>{''.join(tables)}"


def other_of(own: RunRecord, named: str | None) -> RunRecord:
    """Find the run to compare with: the one that is named, else the champion of the case.

    Raises
    ------
    TaglineError
        There is no such run, or no champion, or it is of another case.
    """
    if named is not None:
        other = find(named)
    else:
        champion = open_ledger(own.case).state().standing.champion
        if champion is None:
            raise TaglineError(
                f"The case {own.case!r} has no champion to compare with.",
                todo="Name another run: tagline compare A B.",
            )
        other = find(champion.run, case=own.case)
    if other.case != own.case:
        raise TaglineError(f"{other.run} is of another case, {other.case!r}.", where=own.run)
    return other


def compare(a: RunRecord, b: RunRecord, *, seeds: int = 0) -> Comparison:
    """Compare a run with another on rows that neither has learned from.

    Parameters
    ----------
    a, b : RunRecord
        The runs; `a` is what may be better.
    seeds : int, optional
        How many times both are trained again, on their own rows with other seeds.

    Raises
    ------
    TaglineError
        They answer different questions, or too few rows are common.
    """
    case = check_case(a.config)
    if other := other_question(open_bundle(b.run, b.digest), case):
        raise TaglineError(other, where=f"{b.run} beside {a.run}")
    both = _Both.of(a, b, case)
    figures = both.figures()
    again = _again(a, b, case, seeds)
    return Comparison(
        a=a.run,
        b=b.run,
        case=a.case,
        rows=len(both.y),
        said=[both.how, *_said(figures, again, case)],
        figures=figures,
        slices=both.slices(),
        importance=_importance(a, b),
        config=_changed(a.config, b.config),
        cost=both.cost(a, b),
        seeds=again,
    )


@dataclass(frozen=True)
class _Both:
    """The rows that both are compared on, and what each answers to them."""

    case: Case
    task: Task
    frame: pd.DataFrame
    y: Floats
    answers: tuple[Floats, Floats]
    rules: tuple[Mapping[str, Any], Mapping[str, Any]]
    how: str

    @classmethod
    def of(cls, a: RunRecord, b: RunRecord, case: Case) -> "_Both":
        test = table_of(a, TEST)
        bundles = open_bundle(a.run, a.digest), open_bundle(b.run, b.digest)
        kept, theirs, how = _common(a, b, case, test, bundles[1])
        if kept.sum() < FEWEST:
            raise TaglineError(
                f"Only {int(kept.sum())} test rows of {a.run} were not learned from by {b.run}.",
                todo="Train both on one table, with the same split.",
            )
        frame = test[kept].reset_index(drop=True)
        y = frame[case.table.target].to_numpy(dtype=np.float64)
        # Another config may name the same classes in another order.
        theirs = bundles[1].task.in_order_of(case.table, theirs, bundles[1].rule)
        answers = _own_answers(a)[kept], theirs
        rules = bundles[0].rule, _in_order(bundles[1].rule, bundles[0].rule)
        return cls(case, task_of(case.task), frame, y, answers, rules, how)

    @cached_property
    def drawn(self) -> GroupBootstrap:
        """Resamples of whole groups of the rows, the same for both."""
        own = self.case.evaluation
        groups = resampling_groups(
            self.frame, time=self.case.table.time, section=self.case.split, group=own.group
        )
        return GroupBootstrap(groups, resamples=own.resamples, seed=self.case.seed)

    def figures(self) -> pd.DataFrame:
        """Give the paired difference of each metric."""
        names = list(dict.fromkeys([self.case.search.metric, *self.case.evaluation.metrics]))
        own, other = (self.drawn.figures(self.y, given, names) for given in self.answers)
        level = self.case.evaluation.level
        found = compared(own, {"b": other}, kind="run", level=level)
        made = found[["metric", "own", "other", "difference", "low", "high"]]
        made = made.rename(columns={"own": "a", "other": "b"})
        verdict = np.where(found["better"], BETTER, np.where(found["worse"], WORSE, UNCLEAR))
        return made.assign(**{"a is": verdict})

    def slices(self) -> pd.DataFrame:
        """Give what a saves of the loss in each slice, those that are clear first."""
        own, metric = self.case.evaluation, judged_by(dict.fromkeys(self.case.evaluation.metrics))
        loss = [self.task.losses(self.y, given, metric) for given in self.answers]
        saved, rows = loss[1] - loss[0], []
        for name in _sliced_by(self.case, self.frame):
            for value, kept in parts(
                self.frame[name], support=own.slice_support, bands=own.slice_bands
            ):
                gap = self.drawn.mean_of(saved, kept).interval(own.level, least=LEAST_GROUPS)
                verdict = BETTER if gap.low > 0 else WORSE if gap.high < 0 else UNCLEAR
                rows.append((name, value, int(kept.sum()), gap.value, gap.low, gap.high, verdict))
        heads = ["slice", "value", "rows", "loss saved", "low", "high", "a is"]
        found = pd.DataFrame(rows, columns=heads)
        order = (found["a is"] == UNCLEAR).argsort(kind="stable")
        return found.iloc[order].reset_index(drop=True)

    def cost(self, a: RunRecord, b: RunRecord) -> pd.DataFrame:
        """Give what decisions cost on the rows, and what training and answering did."""
        said = [
            self.task.decided(
                self.y,
                given,
                rule,
                self.case.evaluation,
                self.drawn,
                worth=worth_of(self.case, self.frame),
            )
            for given, rule in zip(self.answers, self.rules, strict=True)
        ]
        rows: list[tuple[str, Any, Any]] = []
        if "cost" in said[0]:
            rows.append(("cost of decisions", float(said[0]["cost"]), float(said[1]["cost"])))
        rows.append(("inputs", len(_shares(a)), len(_shares(b))))
        for name, head in (("seconds", "CPU s, search"), ("predict_seconds", "CPU s, answers")):
            rows.append((head, _sum(a.leaderboard, name), _sum(b.leaderboard, name)))
        # Numbers of inputs are whole.
        return pd.DataFrame(rows, columns=["what", "a", "b"], dtype=object)


def _common(
    a: RunRecord, b: RunRecord, case: Case, test: pd.DataFrame, other: Bundle
) -> tuple[npt.NDArray[np.bool_], Floats, str]:
    """Find the test rows of a run that another has not learned from, and its answers to them."""
    theirs = table_of(b, TEST)
    name = case.table.id_column
    named = name in theirs and (case.table.id is not None or a.fingerprint == b.fingerprint)
    if named and set(theirs[name]) == set(test[name]) and len(theirs) == len(test):
        place = pd.Series(np.arange(len(theirs)), index=theirs[name])[test[name]].to_numpy()
        every, target = np.ones(len(test), dtype=bool), case.table.target
        said = f"Both judged the same {len(test):,} test rows."
        changed = int((theirs[target].to_numpy()[place] != test[target].to_numpy()).sum())
        if changed and a.config["table"] == b.config["table"]:
            said += f" Labels of {changed:,} of them have changed since: those of a count."
        return every, _own_answers(b)[place], said
    came = as_it_came(table_of(a, "raw"), test)
    new = held_out(other, test, came)
    given = other.predict_frame(came[new]) if new.any() else np.zeros(0)
    said = (
        f"They judged other rows ({len(test):,} and {len(theirs):,}): compared, through its "
        f"bundle, on the {int(new.sum()):,} test rows of {a.run} that {b.run} has not learned from."
    )
    return new, given, said


def _in_order(rule: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a rule in the order of another one's classes."""
    if "classes" not in rule or rule["classes"] == own["classes"]:
        return rule
    order = [rule["classes"].index(each) for each in own["classes"]]
    costs = [[rule["costs"][i][j] for j in order] for i in order] if rule["costs"] else []
    return {**rule, "classes": own["classes"], "costs": costs}


def _own_answers(record: RunRecord) -> Floats:
    answers = table_of(record, "answers")
    return given_of(answers[answers[PART] == TEST].sort_values(PLACE))


def _sliced_by(case: Case, frame: pd.DataFrame) -> Iterator[str]:
    if case.evaluation.slices:
        yield from case.evaluation.slices
        return
    own = (case.table.id_column, case.table.time_column, case.table.target)
    for name in (str(each) for each in frame if each not in own):
        if pd.api.types.is_string_dtype(frame[name].dtype) and frame[name].nunique() <= MOST_VALUES:
            yield name


def _shares(record: RunRecord) -> "pd.Series[float]":
    explained = of_table(table_of(record, "explained"), additivity=record.explained["additivity"])
    found = explained.importance().set_index("input")["importance"]
    return found / (found.sum() or 1.0)


def _importance(a: RunRecord, b: RunRecord) -> pd.DataFrame:
    both = pd.DataFrame({"a": _shares(a), "b": _shares(b)})
    order = both.max(axis=1).sort_values(ascending=False, kind="stable").index
    return both.loc[order].rename_axis("input").reset_index()


def _changed(a: Mapping[str, Any], b: Mapping[str, Any]) -> pd.DataFrame:
    one, other = dict(_flat(a)), dict(_flat(b))
    rows = [
        (key, _written(one.get(key)), _written(other.get(key)))
        for key in dict.fromkeys([*one, *other])
        if one.get(key) != other.get(key) and key != "file"
    ]
    return pd.DataFrame(rows, columns=["key", "a", "b"])


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _written(value: Any) -> str:
    return "-" if value in (None, [], {}) else str(value)


def _sum(rows: list[dict[str, Any]], name: str) -> float:
    return float(sum(each.get(name) or 0.0 for each in rows))


def _again(a: RunRecord, b: RunRecord, case: Case, seeds: int) -> pd.DataFrame:
    metric, rows = case.search.metric, []
    for draw in range(seeds):
        own, other = (_trained_again(each, draw + 1, metric) for each in (a, b))
        rows.append((case.seed + draw + 1, own, other, own - other))
        log.info(f"{draw + 1} of {seeds}: {metric} {own:.4f} and {other:.4f}")
    return pd.DataFrame(rows, columns=["seed", "a", "b", "difference"])


def _trained_again(record: RunRecord, step: int, metric: str) -> float:
    """Search once more on a run's own rows with another seed; give a figure on its test rows."""
    first = check_case(record.config)
    case = first.model_copy(update={"seed": first.seed + step})
    folder = matrix_of(record)
    data = read(folder)
    plan = brackets(
        case.search,
        seed=case.seed,
        beside=str(case.beside(".")),
        task=case.task,
        rows=len(data.y),
    )
    results = [run_bracket(each, data, progress=lambda _: None) for each in plan]
    best = choose_best(case, _prepared(record, folder.name), results).best_trial
    y = table_of(record, TEST)[case.table.target].to_numpy(dtype=np.float64)
    return METRICS[metric].of(y, best.predict(part_matrix(folder, TEST)))


def _prepared(record: RunRecord, matrix: str) -> Prepared:
    refs: Any = {n: {"sha256": t["sha256"], "rows": t["rows"]} for n, t in record.tables.items()}
    return Prepared(
        rows={part: refs[part] for part in ("train", "tune", TEST)},
        raw=refs["raw"],
        quarantine=refs["quarantine"],
        matrix=matrix,
        matrix_files=matrix_files(record),
        sources={},
        inputs={},
        fields=[],
        reads=[],
        streams={},
        columns=[],
        accounting=record.accounting,  # type: ignore[arg-type]
        fingerprint=record.fingerprint,
    )


def _said(figures: pd.DataFrame, again: pd.DataFrame, case: Case) -> Iterator[str]:
    row = figures[figures["metric"] == case.search.metric].iloc[0]
    title = METRICS[case.search.metric].title
    between = "" if pd.isna(row["low"]) else f" [{row['low']:+.4f}, {row['high']:+.4f}]"
    verdict = f"{UNCLEAR} better or worse" if row["a is"] == UNCLEAR else row["a is"]
    yield (
        f"{title}: {row['a']:.4f} beside {row['b']:.4f}, {row['difference']:+.4f}{between}: "
        f"a is {verdict}."
    )
    if len(again) < 2:
        return
    mean = float(again["difference"].mean())
    error = float(again["difference"].std(ddof=1) / np.sqrt(len(again)))
    clear = abs(mean) > SURE * error
    luck = "more than" if clear else "no more than"
    yield (
        f"Trained again with {len(again)} other seeds each, on its own rows: {mean:+.4f} on "
        f"average, standard error {error:.4f}: {luck} the luck of the search."
    )


def _markdown(frame: pd.DataFrame) -> Iterator[str]:
    yield "| " + " | ".join(map(str, frame.columns)) + " |"
    yield "|" + "---|" * len(frame.columns)
    for row in frame.itertuples(index=False):
        yield "| " + " | ".join(_cell(each) for each in row) + " |"


def _cell(value: Any) -> str:
    if pd.isna(value):
        return "-"
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
