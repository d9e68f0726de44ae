"""How wall time and memory grow from one year to four: the year repeated with shifted dates.

The figure is the wall time of four years over four times that of one: 1 is linear.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from benchmarks.common import FLIGHTS, record
from benchmarks.parts import part

GOAL = 1.0
WEEKS = timedelta(weeks=52)  # whole weeks, so that weekdays stay
YEARS = (1, 2, 4)
POLL = 0.05


def main() -> None:
    """Run each size in a process of its own, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, help="run one size and end")
    arguments = parser.parse_args()
    if arguments.years:
        one_size(arguments.years)
        return
    runs = [part("growth", f"{years} years", partial(measured, years)) for years in YEARS]
    first, *_, largest = runs
    growth = largest["seconds"] / first["seconds"] / (largest["years"] / first["years"])
    record("growth", figure=growth, goal=GOAL, holds=growth <= GOAL, raw={"runs": runs})


def measured(years: int) -> dict[str, Any]:
    """Run one size; give its wall time and peak memory."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, "--years", str(years)])
    peak = 0
    while process.poll() is None:
        peak = max(peak, psutil.Process(process.pid).memory_info().rss)
        time.sleep(POLL)
    if process.returncode:
        raise SystemExit(f"{years} years failed")
    seconds = time.perf_counter() - begun
    return {"years": years, "seconds": seconds, "peak_memory_gb": round(peak / 2**30, 2)}


def one_size(years: int) -> None:
    """Load, keep the contract, make history and inputs, and fit one trial."""
    import features.flights as flights  # noqa: PLC0415 - its load is replaced
    from tagline.case.load import check_case  # noqa: PLC0415
    from tagline.data.prepare import prepare  # noqa: PLC0415
    from tagline.models.search import brackets, run_bracket  # noqa: PLC0415
    from tagline.models.training_data import read  # noqa: PLC0415
    from tagline.storage.blobs import Blobs, using  # noqa: PLC0415

    once = flights.load()
    flights.load = lambda: repeated(once, years)
    case = check_case(stretched(), file=str(FLIGHTS))
    with tempfile.TemporaryDirectory() as folder:
        with using(Blobs.alone(Path(folder))) as own:
            data = read(own.folder / prepare(case).matrix)
        for bracket in brackets(case.search, seed=case.seed):
            run_bracket(bracket, data, progress=quietly)


def quietly(_: object) -> None:
    """Say nothing of the trials."""


def repeated(tables: Mapping[str, pd.DataFrame], years: int) -> dict[str, pd.DataFrame]:
    """Repeat flights and weather, each time 52 weeks later."""
    return {
        name: pd.concat([shifted(table, n) for n in range(years)], ignore_index=True)
        if "time_hour" in table
        else table
        for name, table in tables.items()
    }


def shifted(table: pd.DataFrame, times: int) -> pd.DataFrame:
    """Shift a table by so many times 52 weeks."""
    moment = pd.to_datetime(table["time_hour"], utc=True, format="ISO8601") + times * WEEKS
    moved = table.assign(time_hour=moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return moved.assign(year=table["year"] + times) if "year" in table else moved


def stretched() -> dict[str, Any]:
    """Make the case whose parts are shares of the rows, so that each grows as the years do."""
    import tomllib  # noqa: PLC0415

    values = tomllib.loads(FLIGHTS.read_text())
    values["split"] = {"timezone": values["split"]["timezone"]}
    values["search"] = {
        "trials": 1,
        "baselines": [],
        "brackets": 1,
        "learning_rates": [0.3],
        "max_rounds": 50,
    }
    return json.loads(json.dumps(values, default=str))


if __name__ == "__main__":
    main()
