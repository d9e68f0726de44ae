"""Batch scoring from S3 to S3, as from a folder to a folder."""

import numpy as np
import pyarrow as pa
import pytest

from tagline.batch import job
from tagline.batch.places import Place, sources
from tests.batch.test_job import model, table  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow


def test_a_prefix_is_scored_once_into_another(s3, model, monkeypatch):  # noqa: F811
    monkeypatch.setattr(job, "ROWS", 100)
    frame = table(350)
    place = Place.of(f"{s3}/in")
    place.write("a.parquet", frame.to_parquet(index=False))
    to = Place.of(f"{s3}/out")
    (source,) = sources(f"{s3}/in")
    done = job.score(source, model, to, threads=2)
    assert (done.rows, done.scored) == (350, 350)
    assert job.begun(to, source).finished
    parts = pa.concat_tables(to.tables(["row_id", "probability"])).to_pandas()
    ordered = parts.assign(row=parts["row_id"].astype(int)).sort_values("row")
    np.testing.assert_array_equal(ordered["probability"], model.bundle.predict_frame(frame))
    again = job.score(source, model, to, threads=2)
    assert again.rows == 350
    assert sum(map(len, to.tables(["row_id"]))) == 350
