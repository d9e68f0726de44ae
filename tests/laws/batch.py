"""A person's own file, scored in batch in this process."""

from pathlib import Path

import numpy as np

from tagline.batch import job
from tagline.batch.places import Place, sources
from tagline.data.files import read_file
from tests.pipeline import Trained


def scored(lived: Trained, source: Path, *, folder: Path, to: Place) -> job.Scored:
    """Score a file into a folder; a CSV by way of Parquet, which is what batch reads."""
    given, table = source, lived.case.table
    if source.suffix == ".csv":
        given = folder / "rows.parquet"
        rows = read_file(source).frame
        if table.id is None:  # who scores in batch names the rows
            rows = rows.assign(**{table.id_column: np.arange(1, len(rows) + 1)})
        rows.to_parquet(given, index=False)
    model = job.Scorer.of(lived.case, lived.bundle, run="TrainFlow/1", entry=1)
    (file,) = sources(str(given))
    return job.score(file, model, to, threads=2)
