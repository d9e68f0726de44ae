"""The typed case: one config file, its defaults in one place."""

import codecs
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from tagline.case.classes import Value, class_texts
from tagline.case.evaluation import EvaluationSection, GatesSection
from tagline.case.history import EventsSection, FieldSection, HistorySection
from tagline.case.monitoring import MonitoringSection, RetrainingSection, ScheduleSection
from tagline.case.replay import ReplaySection
from tagline.case.search import SIMPLE, SearchSection
from tagline.case.section import Duration, Section
from tagline.case.serving import ServingSection
from tagline.case.split import SplitSection
from tagline.case.standing import StandingSection
from tagline.case.tasks import (
    BASELINES,
    BINARY,
    CALIBRATORS,
    CHOOSING,
    CLASSES,
    NUMBER,
    OF_ONE_TASK,
    TASK_METRICS,
    expect_known,
    with_defaults,
)
from tagline.case.zones import Zone
from tagline.columns.kinds import Kind


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError as wrong:
        raise ValueError(f"{name!r} is no encoding; one is named like 'latin-1'") from wrong
    return name


def _without_password(database: str) -> str:
    # Whatever may be one: libpq takes signs for parts of it at which others would end an address.
    who = database.partition("://")[2].rpartition("@")[0]
    if ":" in who or re.search(r"passw", database, re.IGNORECASE):
        raise ValueError(
            "it holds a password, and a config is no place for one: leave it out and set "
            "PGPASSWORD, or write '$NAME' for a variable that holds all of it"
        )
    return database


QUERY = ".sql"


def is_query(source: str | None) -> bool:
    """Tell whether a source is a file with a SQL query."""
    return source is not None and source.lower().endswith(QUERY)


UTF_8 = "utf-8"
Encoding = Annotated[str, AfterValidator(_encoding)]
Database = Annotated[str, AfterValidator(_without_password)]
ROW_ID, NO_TIME = "row_id", "no_time"  # what columns that are made are called
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class TableSection(Section):
    """Where the rows come from, and the columns that every case has."""

    id: str | None = Field(
        default=None, description="Column that names a row; unique. Rows are numbered without one."
    )
    time: str | None = Field(
        default=None,
        description="Column with the time of the decision. Without one rows are split into "
        "training, tuning and test at random, each always into the same.",
    )
    target: str = Field(
        description="Column to predict, as task says: 1 or 0, one of classes, or a number; missing "
        "where there is no label."
    )
    observed: str | None = Field(
        default=None,
        description="Column with the time when the outcome became known; no input. Where left "
        "out, outcomes count as known when their decisions are made.",
    )
    horizon: Duration | None = Field(
        default=None,
        description="How long a label may take to become known, such as '30D': a younger decision "
        "is not yet known, whatever label it bears. Where left out and observed is given, found "
        "from how long the labels of each class took.",
    )
    weight: str | None = Field(
        default=None,
        description="Column with how much a row weighs in training, 0 or more; no input, and in no "
        "request. Only ratios count. Fits alone obey it: what stops, chooses and calibrates them, "
        "and every figure, gate and interval, counts each row once.",
    )
    positive: Value | None = Field(
        default=None, description="The target's value that counts as 1; needed where it is text."
    )
    negative: Value | None = Field(
        default=None,
        description="The target's value that counts as 0; needed where there are several others.",
    )
    classes: tuple[Value, ...] = Field(
        default=(),
        description='The target\'s values, for task = "classes", in the order in which answers '
        "name them; rows of others are counted and left out.",
    )
    source: str | None = Field(
        default=None,
        description="Where the rows are, beside this config: a CSV or Parquet file, a folder or a "
        "pattern of such files, s3://bucket/prefix, a SQL query in a file that ends in .sql, or "
        "module:function that gives a pandas frame. A feature module then adds to its columns.",
    )
    database: Database | None = Field(
        default=None,
        description="Whom a query asks: a file of DuckDB's beside this config, "
        "postgresql://user@host/name, or $NAME for a variable that holds one of these. Where left "
        "out, DuckDB over files beside the query.",
    )
    max_rows: Annotated[int, Field(ge=100)] | None = Field(
        default=None,
        description="About how many rows are read of a table that has more: always the same ones, "
        "by a hash of split.group, else of the id, else of all that a row holds.",
    )
    files: dict[str, str] = Field(
        default_factory=dict,
        description="Files that stand in for tables which the feature module would load, by name.",
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Columns that are no inputs, of a `source`."
    )
    columns: tuple[str, ...] = Field(
        default=(),
        description="The columns that are inputs, of a `source`: others, such as new ones, are "
        "left out and told. All but `exclude` where left out.",
    )
    known: tuple[str, ...] = Field(
        default=(),
        description="Columns that are known at the decision, however much they tell of the target.",
    )
    kinds: dict[str, Kind] = Field(
        default_factory=dict,
        description="Column to what it holds, where the file does not tell: string, integer, "
        "number, timestamp, boolean, duration or text.",
    )
    formats: dict[str, str] = Field(
        default_factory=dict,
        description="Column to how its times are written: '%d/%m/%Y', 'ISO8601', or a unit "
        "since 1970 such as 'ms'; or its numbers: '1,234.5' or '1.234,5'.",
    )
    missing: tuple[str, ...] = Field(
        default=(), description="Texts that mean no value, such as 'unknown', in any column."
    )
    timezone: Zone | None = Field(
        default=None, description="Zone of times that bear none; that of split where left out."
    )
    encoding: Encoding = Field(default=UTF_8, description="How the bytes of a CSV are letters.")

    @property
    def id_column(self) -> str:
        """What names a row: a column of the table, or one that is made."""
        return self.id or ROW_ID

    @property
    def time_column(self) -> str:
        """What says when a decision is made: a column of the table, or one that is made."""
        return self.time or NO_TIME

    @property
    def made(self) -> tuple[str, ...]:
        """The columns that are made, since no column of the table is named for them."""
        asked = ((self.id, ROW_ID), (self.time, NO_TIME))
        return tuple(name for given, name in asked if given is None)

    @model_validator(mode="after")
    def _obeyed(self) -> "TableSection":
        if self.max_rows is not None and self.source is None:
            raise ValueError("max_rows is of table.source, which is not given")
        return self

    @model_validator(mode="after")
    def _apart(self) -> "TableSection":
        if self.time is None and (self.observed or self.horizon):
            given = "observed" if self.observed else "horizon"
            raise ValueError(f"{given} is counted from table.time, which is not given")
        if self.target in {self.id, self.time}:
            raise ValueError(f"target {self.target!r} is the column of the id or of the time")
        if self.observed is not None and self.observed in {self.id, self.target}:
            raise ValueError(f"observed {self.observed!r} is the column of the id or of the target")
        if self.weight in {self.id, self.time, self.target, self.observed} - {None}:
            raise ValueError(f"weight {self.weight!r} is the column of something else")
        own = (self.id, self.time, self.target, self.weight)
        used = [name for name in self.exclude if name in own]
        if used:
            raise ValueError(f"exclude names {used[0]!r}, which is used")
        if self.positive is None and self.negative is not None:
            raise ValueError("negative is given without positive")
        if self.positive is not None and self.positive == self.negative:
            raise ValueError("positive and negative are the same value")
        texts = class_texts(self.classes)
        twice = next((each for each in texts if texts.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"two of classes are written {twice!r}")
        if len({type(each) if type(each) is not int else float for each in self.classes}) > 1:
            raise ValueError("classes are all text, all numbers or all flags")
        return self


class ContractSection(Section):
    """What the rows must be like, beyond what each field says of itself."""

    max_quarantined: Share = Field(
        default=0.01, description="Largest share of rows in quarantine; more stops the run."
    )
    min_rows: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Fewest rows in; fewer stop the run."
    )
    row_change: Share | None = Field(
        default=0.5,
        description="Largest change of the number of rows against the last run, as a share.",
    )
    fresh_within: Duration | None = Field(
        default=None, description="How old the newest decision may be; none where age is no fault."
    )
    typical: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="Between which values a column's median lies; catches a changed unit.",
    )
    ranges: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="Between which values each row of a column lies."
    )
    allowed: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="The values that a text column may have."
    )

    @model_validator(mode="after")
    def _least_first(self) -> "ContractSection":
        for key, limits in (("typical", self.typical), ("ranges", self.ranges)):
            for name, (low, high) in limits.items():
                if low > high:
                    raise ValueError(f"{key}.{name}: the least, {low:g}, is above {high:g}")
        return self


class InputsSection(Section):
    """How inputs that are text become numbers."""

    smoothing: Annotated[float, Field(ge=0)] = Field(
        default=50.0, description="Rows' worth of the overall rate that each category starts with."
    )
    folds: Annotated[int, Field(ge=2)] = Field(
        default=5, description="Folds of whole groups for the training rows' own encoding."
    )


class ExplanationSection(Section):
    """How much is explained."""

    rows: Annotated[int, Field(ge=10)] = Field(
        default=1000, description="Test rows that the global explanation is made of."
    )
    dependence: Annotated[int, Field(ge=0)] = Field(
        default=6, description="Inputs that get a dependence plot."
    )
    chosen: Annotated[int, Field(ge=1)] = Field(
        default=2, description="Rows of each kind (highest, lowest, most wrong) explained alone."
    )
    lime: bool = Field(
        default=False,
        description='For task = "binary": whether LIME explains those rows too: a second opinion, '
        "a second longer.",
    )


class ResourcesSection(Section):
    """What each task of a training or a replay gets from the platform that runs it."""

    memory_mb: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Memory of a task in MB; the platform's own where left out."
    )
    cpus: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Processors of a task; the platform's own where left out."
    )
    minutes: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How long a task may take; without a limit where left out."
    )
    retries: Annotated[int, Field(ge=0, le=10)] = Field(
        default=0, description="How often a task that failed is tried again, whatever it failed of."
    )


class Case(Section):
    """Everything that a person tunes about one case."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="Short name: small letters, digits and _."
    )
    title: str = Field(description="The question that the model answers.")
    purpose: str = Field(default="", description="What the answer is used for.")
    limits: tuple[str, ...] = Field(default=(), description="What the model must not be used for.")
    owners: tuple[str, ...] = Field(default=(), description="Who answers for it.")
    task: Literal["binary", "classes", "number"] = Field(
        default="binary",
        description="Kind of question: one of two answers, one of several classes, or a number.",
    )
    seed: Annotated[int, Field(ge=0)] = Field(default=7, description="Seed of all that is random.")
    features: str | None = Field(
        default=None,
        description="Feature module. Beside `table.source` it offers what is added to the table's "
        "columns; without one, all that makes the rows. None where the columns are the inputs.",
    )
    table: TableSection
    fields: dict[str, FieldSection] = Field(
        default_factory=dict, description="What is put right in columns of `table.source`."
    )
    events: dict[str, EventsSection] = Field(
        default_factory=dict, description="Streams of events beside `table.source`, by name."
    )
    history: dict[str, HistorySection] = Field(
        default_factory=dict, description="History inputs over these streams, by name."
    )
    split: SplitSection = SplitSection()
    contract: ContractSection = ContractSection()
    inputs: InputsSection = InputsSection()
    search: SearchSection = SearchSection()
    evaluation: EvaluationSection = EvaluationSection()
    gates: GatesSection = GatesSection()
    explanation: ExplanationSection = ExplanationSection()
    standing: StandingSection = StandingSection()
    serving: ServingSection = ServingSection()
    monitoring: MonitoringSection = MonitoringSection()
    retraining: RetrainingSection = RetrainingSection()
    schedule: ScheduleSection = ScheduleSection()
    replay: ReplaySection = ReplaySection()
    resources: ResourcesSection = ResourcesSection()
    file: str = Field(default="", description="Where this was read; filled in when it is read.")

    @model_validator(mode="before")
    @classmethod
    def _begins_as_its_task(cls, given: Any) -> Any:
        return with_defaults(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _has_no_key_of_another_task(self) -> "Case":
        for name, key, task in OF_ONE_TASK:
            section = getattr(self, name)
            usual = type(section).model_fields[key].get_default(call_default_factory=True)
            if self.task != task and getattr(section, key) != usual:
                raise ValueError(f'{name}.{key} is of task = "{task}"')
        return self

    @model_validator(mode="after")
    def _fits_its_task(self) -> "Case":
        evaluation, gates, able = self.evaluation, self.gates, TASK_METRICS[self.task]
        asked = {
            "evaluation.metrics": evaluation.metrics,
            "gates.minimum": tuple(gates.minimum),
            "gates.maximum": tuple(gates.maximum),
            "gates.slice_minimum": tuple(gates.slice_minimum),
        }
        for key, names in asked.items():
            expect_known(self.task, key, names, able)
        expect_known(self.task, "search.metric", (self.search.metric,), CHOOSING[self.task])
        expect_known(self.task, "search.baselines", self.search.baselines, BASELINES[self.task])
        families = tuple(name for name in self.search.families if name in SIMPLE)
        expect_known(self.task, "search.families", families, BASELINES[self.task])
        if self.task == CLASSES and len(self.table.classes) < 2:
            raise ValueError(
                'task = "classes" needs two or more: classes = ["A", "B", "C"] under [table]'
            )
        known, costs = class_texts(self.table.classes), evaluation.costs
        for name in dict.fromkeys([*costs, *(said for row in costs.values() for said in row)]):
            if name not in known:
                raise ValueError(
                    f"evaluation.costs names {name!r}; table.classes are {', '.join(known)}"
                )
        if self.task != CLASSES and self.table.classes:
            raise ValueError('table.classes are of task = "classes"')
        if self.task != BINARY and self.table.positive is not None:
            raise ValueError('table.positive is of task = "binary"')
        if self.task == NUMBER and evaluation.calibration not in ("auto", "none"):
            raise ValueError("evaluation.calibration: a number has no calibrator")
        calibrators = ("auto", "none", *CALIBRATORS[self.task])
        expect_known(self.task, "evaluation.calibration", (evaluation.calibration,), calibrators)
        return self

    @model_validator(mode="after")
    def _has_rows(self) -> "Case":
        if not self.features and not self.table.source:
            raise ValueError("either features (a module) or table.source (a file) must be given")
        for name in () if self.table.source else self.table.made:
            key = "id" if name == ROW_ID else "time"
            raise ValueError(f"table.{key} must be given: {self.features} makes the rows")
        return self

    @model_validator(mode="after")
    def _asks_its_database(self) -> "Case":
        streams = (each.source for each in self.events.values())
        named = (self.table.source, *self.table.files.values(), *streams)
        if self.table.database is not None and not any(map(is_query, named)):
            raise ValueError(
                "table.database is of a query: table.source names no file that ends in .sql"
            )
        return self

    @model_validator(mode="after")
    def _has_streams(self) -> "Case":
        for key in ("fields", "events", "history"):
            if getattr(self, key) and not self.table.source:
                raise ValueError(f"{key} is for table.source; a whole feature module says its own")
        if self.history and self.table.time is None:
            raise ValueError("history is what was known at table.time, which is not given")
        return self

    @model_validator(mode="after")
    def _has_times(self) -> "Case":
        dated = {
            "split.train": self.split.train,
            "split.full_windows": self.split.full_windows,
            "split.gap": self.split.gap,
            "evaluation.capacity": self.evaluation.capacity,
            "contract.fresh_within": self.contract.fresh_within,
        }
        for key, given in dated.items() if self.table.time is None else ():
            if given:
                raise ValueError(f"{key} is about times, and table.time is not given")
        if self.table.time is not None and self.split.group:
            raise ValueError("split.group is for tables without a time: theirs are split by it")
        return self

    @property
    def timezone(self) -> str:
        """The zone of times that bear none."""
        return self.table.timezone or self.split.timezone

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of a person's own that it names."""
        families = (name.partition(":")[0] for name in self.search.tuned if ":" in name)
        return (*([self.features] if self.features else []), *families)

    def beside(self, name: str) -> Path:
        """Find a file that the config names relative to itself."""
        return (Path(self.file).parent / name).resolve()

    def to_dict(self) -> dict[str, Any]:
        """Give the case as plain JSON data."""
        return self.model_dump(mode="json")
