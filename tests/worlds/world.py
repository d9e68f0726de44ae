"""A world: a small table, how it is written, and the config that asks it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tagline.case.config import Case
from tests.pipeline import Trained, case_of, trained

QUICK = {
    "folds": 1,
    "trials": 1,
    "brackets": 1,
    "max_rounds": 40,
    "average": 1,
    "baselines": ["base_rate"],
}


def plain(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Give rows whose hour, size, town and flag tell of the target: id, at, size, town, flag, y."""
    random = np.random.default_rng(seed)
    at = pd.date_range("2024-03-01", periods=n, freq="97min", tz="UTC")
    size = random.normal(10, 3, n).round(6)
    town = random.choice(["a", "b", "Łódź"], n)
    odds = (size - 10) / 2 + (town == "a") + 2.5 * np.cos(at.hour * np.pi / 12)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(n)],
            "at": at,
            "size": np.where(random.random(n) < 0.05, np.nan, size),
            "town": town,
            "flag": random.random(n) < 0.2,
            "y": (random.random(n) < 1 / (1 + np.exp(-odds))).astype(int),
        }
    )


@dataclass(frozen=True)
class World:
    """A surrounding in which every law holds.

    Attributes
    ----------
    name : str
        What it is, for who reads the list of tests.
    make : callable
        Gives the table as the person's file has it.
    kind : str
        ``csv`` or ``parquet``.
    table, sections : dict
        What the config says beside the usual.
    folder : str
        Where the case lies below the folder of the test.
    beside : callable
        Writes what else lies beside the config.
    quick : bool
        Whether `make test` goes through it.
    """

    name: str
    make: Callable[[], pd.DataFrame] = plain
    kind: str = "csv"
    table: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    folder: str = "case"
    beside: Callable[[Path], object] = lambda _: None
    quick: bool = False

    def case(self, folder: Path) -> Case:
        """Write the table, and give the case that asks it."""
        place = folder / self.folder
        place.mkdir(parents=True, exist_ok=True)
        self.beside(place)
        sections = {"search": QUICK, "gates": {"beat_baselines": False}} | self.sections
        return case_of(place, self.make(), kind=self.kind, table=self.table, **sections)

    def trained(self, folder: Path) -> Trained:
        """Train its case, in this process."""
        return trained(self.case(folder), folder)


def on_a_clock(zone: str, *, to_text: str | None = None) -> Callable[[], pd.DataFrame]:
    """Give a table whose times are those of a clock on a wall."""

    def make() -> pd.DataFrame:
        rows = plain()
        local = rows["at"].dt.tz_convert(zone).dt.tz_localize(None)
        return rows.assign(at=local.dt.strftime(to_text) if to_text else local)

    return make


def with_columns(**columns: Any) -> Callable[[], pd.DataFrame]:
    """Give a table with other columns; each made by a function of the rows, or given."""

    def make() -> pd.DataFrame:
        rows = plain()
        made = {name: each(rows) if callable(each) else each for name, each in columns.items()}
        return rows.assign(**made)

    return make
