"""`tagline score`: a person's file in, answers out, and what could not be answered beside."""

import numpy as np
import pandas as pd
import pytest

from tagline.batch import job
from tests.conftest import small_rows
from tests.lifecycle.conftest import ask


@pytest.fixture(scope="module")
def scoring(candidates):
    place, runs = candidates
    ask(place, "promote", runs[0])
    return place, runs[0]


def rows():
    return small_rows().head(40).drop(columns="y")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_row_has_an_answer_in_its_place(scoring, kind):
    place, run = scoring
    given = rows()
    path = place.folder / f"new.{kind}"
    given.to_csv(path, index=False) if kind == "csv" else given.to_parquet(path, index=False)
    done = place.tagline("score", str(path), "--to", str(place.folder / f"out.{kind}"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1].replace("\n", "").startswith("40 answers of ")
    out = place.folder / f"out.{kind}"
    found = pd.read_csv(out) if kind == "csv" else pd.read_parquet(out)
    assert list(found) == ["id", "probability", "decision", "run"]
    assert found["id"].astype(str).tolist() == given["id"].astype(str).tolist()
    assert set(found["run"]) == {run}
    code = (
        "import sys, pandas as pd, tagline; "
        "print(*tagline.champion().bundle.predict_frame(pd.read_csv(sys.argv[1])))"
    )
    given.to_csv(place.folder / "again.csv", index=False)
    asked = place.call("-c", code, str(place.folder / "again.csv"))
    expected = [float(each) for each in asked.stdout.split()]
    np.testing.assert_allclose(found["probability"], expected, rtol=0, atol=1e-12)


def test_rows_without_an_id_are_numbered_and_bad_ones_lie_beside(scoring):
    place, _ = scoring
    given = rows().drop(columns="id").astype({"size": object})
    given.loc[3, "size"] = "large"
    given.loc[5, "town"] = "nowhere"
    given.to_csv(place.folder / "bare.csv", index=False)
    found = ask(place, "score", "bare.csv")
    assert (found["rows"], found["scored"], found["rejected"]) == (40, 39, 1)
    assert found["unknown"] == {"town": 1}
    answers = pd.read_csv(place.folder / found["answers"])
    assert answers["id"].tolist() == [n for n in range(1, 41) if n != 4]
    rejected = pd.read_csv(place.folder / "bare.answers.rejected.csv")
    assert rejected["size"].tolist() == ["large"]
    assert rejected[job.REASON].str.contains("size").all()


def test_what_can_not_be_scored_is_a_sentence(scoring):
    place, _ = scoring
    pd.DataFrame({"id": ["a"], "other": [1]}).to_csv(place.folder / "other.csv", index=False)
    for words, said in (
        (("nothing.csv",), "There is no such file"),
        (("again.csv", "--to", "x.json"), "Answers are CSV or Parquet"),
        (("other.csv",), "'at'"),
    ):
        done = place.tagline("score", *words)
        assert done.returncode == 1, done.stdout
        assert said in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
    bad = rows().head(3).assign(at="no time")
    bad.to_csv(place.folder / "bad.csv", index=False)
    done = place.tagline("score", "bad.csv")
    assert "No row could be scored, all 3 were rejected" in " ".join(done.stderr.split())
    assert len(pd.read_csv(place.folder / "bad.answers.rejected.csv")) == 3
