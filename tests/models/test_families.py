"""Families of models, ours and others', held to one contract; and a search that tries them."""

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import spox
import spox.opset.ai.onnx.v21 as op
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from tagline.backtest.timeline import get_timeline, put_timeline
from tagline.backtest.training import train
from tagline.case.load import check_case
from tagline.case.search import SearchSection
from tagline.errors import TaglineError
from tagline.metrics.calibrators import sigmoid
from tagline.models.average import average
from tagline.models.check_family import check_family
from tagline.models.custom import fitting, load_family
from tagline.models.families import BaseRate, Boosted, Logistic, OnnxModel, load
from tagline.models.scikit import Scikit
from tagline.models.search import brackets, choose, run_bracket
from tagline.models.training_data import TrainingData, write
from tagline.tasks.tasks import TASKS
from tests.pipeline import case_of, rows, trained

ROOT = Path(__file__).parents[2]
FOREST = Scikit(ExtraTreesClassifier, {"n_estimators": [20], "max_depth": [3, 5]})
LINEAR = Scikit(LogisticRegression, {"C": [0.1, 1.0]})
HISTOGRAM = Scikit(HistGradientBoostingClassifier, {})
NEIGHBOURS = Scikit(KNeighborsClassifier, {})
SECONDS = ["seconds", "predict_seconds"]
HERE = "tests.models.test_families"


class Wrong:
    """A family that breaks one promise."""

    monotone = False

    def __init__(self, breaks: str) -> None:
        self.breaks = breaks
        self.calls = 0
        self.monotone = breaks == "directions"

    def draw(self, count: int, *, seed: int):
        self.calls += 1
        match self.breaks:
            case "draws":
                return [{"C": float(self.calls)}] * count
            case "number":
                return [{"C": 1.0}]
            case "data":
                return [{"C": object}] * count
        return [{"C": 1.0}] * count

    def fit(self, data, parameters, *, seed, threads):
        self.calls += 1
        C = self.calls / 10 if self.breaks == "seed" else 1.0
        fitted = LINEAR.fit(data, {"C": C}, seed=seed, threads=threads)
        if self.breaks == "graph":
            other = LINEAR.fit(data, {"C": 0.01}, seed=seed, threads=threads)
            object.__setattr__(fitted, "onnx", other.onnx)
        return fitted


@pytest.mark.parametrize("family", [Boosted, Logistic, BaseRate, FOREST, LINEAR])
def test_every_family_keeps_the_contract(family):
    check_family(family)


@pytest.fixture
def light(tmp_path, monkeypatch):
    """Give the family that docs/families.md shows."""
    page = (ROOT / "docs" / "families.md").read_text()
    (code,) = re.findall(r"<!-- light -->\n```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "light_of_the_docs.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    return load_family("light_of_the_docs:Light")


def test_the_family_of_the_docs_keeps_the_contract(light):
    check_family(light)


@pytest.mark.parametrize("silently_wrong", ["linear_tree", "zero_as_missing"])
def test_what_lightgbm_writes_wrongly_is_refused(light, data, silently_wrong):
    fit = fitting(light, data, SearchSection())
    usual = {"num_leaves": 8, "min_child_samples": 10, "learning_rate": 0.05}
    assert fit(usual, learning_rate=None, seed=1).kind == "onnx"
    with pytest.raises(TaglineError, match="Its graph answers otherwise than the model"):
        fit({**usual, silently_wrong: True}, learning_rate=None, seed=1)


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ("draws", "the same seed draws other trials"),
        ("number", "as many trials as asked for are not drawn"),
        ("data", "trials are no plain data"),
        ("seed", "the same seed gives another model"),
        ("graph", "Its graph answers otherwise"),
        ("directions", "directions are not kept, and not refused"),
    ],
)
def test_a_family_that_breaks_a_promise_is_told_which(breaks, said):
    with pytest.raises(TaglineError, match=said):
        check_family(Wrong(breaks))


def test_what_has_no_explanation_that_adds_up_is_told(monkeypatch):
    shares = OnnxModel.shap_values
    monkeypatch.setattr(OnnxModel, "shap_values", lambda model, X: (shares(model, X)[0] * 0.9, 0.0))
    with pytest.raises(TaglineError, match="SHAP values do not add up"):
        check_family(LINEAR)


def search(**settings):
    usual = {"trials": 4, "brackets": 2, "max_rounds": 30, "early_stopping_rounds": 10}
    return SearchSection.model_validate(usual | settings)


def run(section: SearchSection, data: TrainingData):
    plan = brackets(section, seed=7)
    return choose([run_bracket(each, data, progress=lambda _: None) for each in plan])


def test_a_search_tries_each_family_and_the_best_model_may_be_anyones(data):
    winner, table = run(search(families=["boosted", f"{HERE}:LINEAR"], baselines=[]), data)
    assert table["kind"].value_counts().to_dict() == {"boosted": 2, f"{HERE}:LINEAR": 2}
    assert table["error"].eq("").all()
    assert winner.best is not None
    p = sigmoid(load(winner.best_kind, winner.best).margins(data.X_tune))
    assert table["roc_auc"][0] >= 0.5
    assert ((p > 0) & (p < 1)).all()


def test_a_family_alone_is_a_search_of_its_own_and_gives_the_same_again(data):
    section = search(families=[f"{HERE}:FOREST"], baselines=[])
    winner, table = run(section, data)
    assert winner.best_kind == "onnx"
    again, other = run(section, data)
    assert again.best == winner.best
    assert other.drop(columns=SECONDS).equals(table.drop(columns=SECONDS))


@pytest.mark.parametrize(
    ("name", "said"), [("HISTOGRAM", "ValueError"), ("NEIGHBOURS", "Its graph answers otherwise")]
)
def test_what_has_no_graph_that_agrees_is_a_failed_trial(data, name, said):
    winner, table = run(search(families=[f"{HERE}:{name}"], baselines=["base_rate"]), data)
    assert winner.best_kind == "base_rate"
    failed = table[table["state"] == "failed"]
    assert len(failed) == 4
    assert failed["error"].str.contains(said).all()


def test_directions_are_no_business_of_a_family_that_keeps_none(data):
    directed = TrainingData(
        **{name: getattr(data, name) for name in ("X", "y", "X_tune", "y_tune", "cuts")},
        monotone=np.array([1, 0, 0, 0, 0], np.int8),
    )
    _, table = run(search(families=[f"{HERE}:FOREST"], baselines=["base_rate"]), directed)
    assert table["error"].str.contains("It keeps no directions").sum() == 4


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_what_is_no_graph_is_refused_by_name(content):
    with pytest.raises(TaglineError, match="This is no onnx model"):
        load("onnx", content)


def test_a_simple_model_that_is_a_rival_is_no_baseline():
    section = search(families=["boosted", "logistic"])
    assert section.simple == ("base_rate", "logistic")
    assert section.compared == ("base_rate",)
    assert len([t for b in brackets(section, seed=1) for t in b["trials"]]) == 6


def test_models_of_several_families_are_averaged_in_one_graph(tmp_path):
    random = np.random.default_rng(4)
    X = random.normal(size=(1_500, 12)).astype(np.float32)
    # Half of it is a sum, half of it needs a tree.
    margin = 0.5 * X[:, :10].sum(axis=1) + 0.8 * np.sign(X[:, 10] * X[:, 11])
    y = (random.random(1_500) < sigmoid(margin)).astype(np.float64)
    data = write(tmp_path / "rows", X=X, y=y, split=np.repeat(["train", "tune"], [700, 800]))
    section = search(families=["boosted", f"{HERE}:LINEAR"], baselines=[], metric="log_loss")
    results = [
        run_bracket(each, data, progress=lambda _: None) for each in brackets(section, seed=7)
    ]
    _, table = choose(results)
    models = {trial: model for each in results for trial, model in each.finished.items()}
    assert {kind for kind, _ in models.values()} == {"boosted", "onnx"}
    found = average(table, models, data.X_tune, data.y_tune, section=section, task=TASKS["binary"])
    assert found is not None
    row, model = found
    assert model.kind == "mean"
    members = [load(*models[trial]) for trial in json.loads(row["params"])["average_of"]]
    expected = np.mean([each.margins(data.X_tune) for each in members], axis=0)
    np.testing.assert_allclose(model.margins(data.X_tune), expected, atol=1e-12)
    assert row["log_loss"] < table["log_loss"].min()
    session = onnxruntime.InferenceSession(model.onnx().SerializeToString())
    (answers,) = session.run(None, {"X": data.X_tune})
    np.testing.assert_allclose(sigmoid(answers), sigmoid(expected), atol=1e-6)
    again = load(model.kind, model.to_bytes())
    np.testing.assert_array_equal(again.margins(data.X_tune), model.margins(data.X_tune))
    values, base = model.shap_values(data.X_tune[:50])
    np.testing.assert_allclose(values.sum(axis=1) + base, expected[:50], atol=1e-4)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.at_all:Light", "can not be imported: ModuleNotFoundError"),
        (f"{HERE}:NOTHING", "can not be imported"),
        (f"{HERE}:ROOT", "lacks monotone, draw, fit"),
    ],
)
def test_what_is_no_family_is_said(path, said):
    with pytest.raises(TaglineError, match=said):
        load_family(path)


class Numpy(Wrong):
    def __init__(self):
        super().__init__("")

    def draw(self, count, *, seed):
        return [{"C": np.int64(3)}] * count


class Raises(Wrong):
    def __init__(self):
        raise KeyError("no licence")


class Few(Wrong):
    def __init__(self):
        super().__init__("number")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Numpy", "It draws no trials as plain data: TypeError.*int64"),
        ("Raises", "can not be imported: KeyError.*no licence"),
        ("Few", "It draws 1 trials where 4 are asked for"),
    ],
)
def test_a_family_that_can_not_begin_is_said_before_anything_is_read(name, said):
    with pytest.raises(TaglineError, match=said):
        brackets(search(families=[f"{HERE}:{name}"]), seed=1)


def test_a_family_lies_beside_its_config(tmp_path, data):
    code = "from tests.models.test_families import FOREST as Mine\n"
    (tmp_path / "beside_a_config.py").write_text(code)
    section = search(families=["beside_a_config:Mine"], baselines=[])
    plan = brackets(section, seed=1, beside=str(tmp_path))
    results = [run_bracket(each, data, progress=lambda _: None) for each in plan]
    assert choose(results)[0].best_kind == "onnx"


class NoModel(Wrong):
    def __init__(self):
        super().__init__("")

    def fit(self, data, parameters, *, seed, threads):
        return None


class NoGraph(NoModel):
    def fit(self, data, parameters, *, seed, threads):
        fitted = LINEAR.fit(data, parameters, seed=seed, threads=threads)
        object.__setattr__(fitted, "onnx", lambda: b"")
        return fitted


class Short(NoModel):
    def fit(self, data, parameters, *, seed, threads):
        fitted = LINEAR.fit(data, parameters, seed=seed, threads=threads)
        object.__setattr__(fitted, "margins", lambda X: np.zeros(3))
        return fitted


def told(answers):
    """Give a graph from "X" by what it answers."""
    X = spox.argument(spox.Tensor(np.float32, ("N", 5)))
    return spox.build({"X": X}, {"y": answers(X)})


class Answers(NoModel):
    """A model whose graph answers as it likes."""

    def fit(self, data, parameters, *, seed, threads):
        fitted = LINEAR.fit(data, parameters, seed=seed, threads=threads)
        object.__setattr__(fitted, "onnx", lambda: told(self.answers))
        object.__setattr__(fitted, "margins", lambda X: np.zeros(len(X)))
        return fitted


class One(Answers):
    def answers(self, X):
        return op.const(np.zeros(1, np.float32))


class Two(Answers):
    def answers(self, X):
        return op.gather(X, op.const(np.array([0, 1])), axis=1)


class Together(Answers):
    def answers(self, X):
        rows = op.gather(op.shape(X), op.const(np.array([0])))
        few = op.cast(op.equal(rows, op.const(np.array([1]))), to=np.float32)
        return op.expand(few, rows)


class Leaves(NoModel):
    def fit(self, data, parameters, *, seed, threads):
        raise SystemExit("no licence\nfor today")


class NotANumber(NoModel):
    def fit(self, data, parameters, *, seed, threads):
        fitted = LINEAR.fit(data, parameters, seed=seed, threads=threads)
        object.__setattr__(fitted, "margins", lambda X: np.full(len(X), np.nan))
        return fitted


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoModel", "fit gives no model with margins"),
        ("NoGraph", "fit gives no model with margins"),
        ("One", "Its graph gives 1 values for"),
        ("Two", "Its graph gives"),
        ("Together", "otherwise alone than among others"),
        ("Leaves", "SystemExit: no licence for today"),
        ("Short", "margins gives 3 numbers for"),
        ("NotANumber", "margins gives 0 numbers for"),
    ],
)
def test_what_is_no_model_is_a_failed_trial_with_a_sentence(data, name, said):
    _, table = run(search(families=[f"{HERE}:{name}"], baselines=["base_rate"]), data)
    assert table["error"].str.contains(said).sum() == 4


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"families": ["moon"]}, "'moon' is no family: there are boosted, base_rate, logistic"),
        ({"families": ["boosted", "boosted"]}, "named twice"),
        ({"fixed": {"booster": "dart"}}, "only gbtree has a graph"),
        ({"fixed": {"multi_strategy": "multi_output_tree"}}, "no graph"),
        ({"fixed": {"reg_alfa": 1}}, "did you mean 'search.fixed.reg_alpha'"),
        ({"fixed": {"reg_alpha": "x"}}, "search.fixed.reg_alpha"),
        ({"fixed": {"reg_alpha": -5.0}}, "search.fixed.reg_alpha"),
        ({"fixed": {"grow_policy": "lossgiude"}}, "search.fixed.grow_policy"),
        ({"fixed": {"gamma": 1.0}, "families": ["logistic"]}, "families does not name them"),
        ({"families": ["boosted", "a:B"], "trials": 1}, "2 families ask for one each"),
        ({"families": ["boosted"], "trials": 0, "baselines": []}, "nothing to try"),
    ],
)
def test_a_config_that_can_not_be_is_refused_by_name(section, said):
    given = {"name": "x", "title": "?", "search": section}
    table = {"id": "id", "time": "at", "target": "y", "source": "rows.csv"}
    with pytest.raises(TaglineError, match=said):
        check_case(given | {"table": table}, file="x.toml")


@pytest.mark.parametrize(
    "fixed",
    [
        {"reg_alpha": 2.0, "scale_pos_weight": 3.0},
        {"grow_policy": "lossguide", "max_leaves": 5},
        {"max_depth": 2, "colsample_bylevel": 0.5},
    ],
)
def test_what_is_set_is_used_and_its_graph_agrees(data, fixed):
    _, usual = run(search(baselines=[]), data)
    winner, table = run(search(fixed=fixed, baselines=[]), data)
    assert table["error"].eq("").all()
    assert table["log_loss"].tolist() != usual["log_loss"].tolist()
    assert all(f'"{name}"' in params for params in table["params"] for name in fixed)
    assert winner.best_kind == "boosted"


def test_a_replay_tries_each_family_too(tmp_path):
    (tmp_path / "beside_a_replay.py").write_text(
        "from tests.models.test_families import FOREST as Mine\n"
    )
    families = {"families": ["boosted", "beside_a_replay:Mine"], "trials": 2, "brackets": 1}
    case = case_of(tmp_path, rows(), search=families)
    timeline = get_timeline(case, put_timeline(case))
    day = int(timeline.known_on.max()) + 1
    found = train(timeline, day, champion=None, folder=tmp_path / "replay", name="one")
    assert (tmp_path / "replay" / "bundles" / found.digest).exists()


def test_a_case_whose_best_model_is_anothers_is_sealed_and_answers(tmp_path):
    families = {"families": [f"{HERE}:FOREST"], "baselines": ["base_rate"], "trials": 2}
    frame = rows()
    done = trained(case_of(tmp_path, frame, search=families | {"brackets": 1}), tmp_path)
    assert done.best_trial.kind == "onnx"
    batch = done.bundle.predict_frame(frame.head(50))
    ones = [done.bundle.predict_frame(frame[n : n + 1])[0] for n in range(50)]
    assert batch.tolist() == pytest.approx(ones, rel=0, abs=1e-12)
