"""A person's own file, scored in batch in this process."""

from pathlib import Path

from tagline.batch import job
from tagline.batch.places import Place, sources
from tagline.data.files import read_file
from tests.pipeline import Trained


def scored(lived: Trained, source: Path, *, folder: Path, to: Place) -> job.Scored:
    """Score a file into a folder; a CSV by way of Parquet, which is what batch reads."""
    given = source
    if source.suffix == ".csv":
        given = folder / "rows.parquet"
        read_file(source).frame.to_parquet(given, index=False)
    model = job.Scorer.of(lived.case, lived.bundle, run="TrainFlow/1", entry=1)
    (file,) = sources(str(given))
    return job.score(file, model, to, threads=2)
