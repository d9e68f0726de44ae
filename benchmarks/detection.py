"""How long known faults go unnoticed: `make detection` writes the table of docs/monitoring.md.

A model of the flights is trained as of a day; from a month later on each fault is put into its
rows by itself, and the monitor looks every day. 60 days before the fault tell how often it rings
for nothing.
"""

import json
import os
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.common import FLIGHTS
from benchmarks.faults import (
    Detection,
    Fault,
    broken,
    delayed,
    detect,
    lost,
    ramp,
    renamed,
    scaled,
    stuck,
)
from benchmarks.parts import ROOT
from tagline.backtest.timeline import get_timeline, put_timeline
from tagline.backtest.training import train
from tagline.case.load import load_case
from tagline.data.split import EPOCH

PAGE = ROOT / "docs" / "monitoring.md"
BEGIN, END = "<!-- faults: `make detection` writes them -->", "<!-- end of faults -->"
TRAINED, FROM = date(2013, 7, 1), date(2013, 8, 1)
FAULTS: tuple[Fault, ...] = (
    stuck("pressure", 1013.0),
    stuck("wind_speed", 8.0),
    scaled("wind_speed", 0.447),
    scaled("distance", 1.609),
    renamed("carrier", "UA", "United"),
    lost("visib"),
    ramp("temp", 1.0),
    delayed(21),
    broken("origin", "JFK"),
)


def main() -> None:
    """Put each fault into the past, and write what came of it."""
    case = load_case(FLIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("TAGLINE_HOME", folder)
        place = Path(folder)
        timeline = get_timeline(case, put_timeline(case))
        day = (TRAINED - EPOCH).days
        trained = train(timeline, day, champion=None, folder=place, name="detection")
        found = []
        for each in detect(timeline, trained, FAULTS, day=(FROM - EPOCH).days):
            print(json.dumps(each.to_dict()), flush=True)
            found.append(each)
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}")


def table(found: list[Detection]) -> str:
    """Write the table."""
    rows = [
        f"| {each.fault} | {_days(each.changed_after)} | {', '.join(each.columns) or '-'} "
        f"| {_days(each.hurt_after)} |"
        for each in found
    ]
    first = found[0]
    return "\n".join(
        [
            "| fault, from 1 August 2013 on | days until a changed column is named | which "
            "| days until it is said to hurt |",
            "|---|---|---|---|",
            *rows,
            "",
            f"On the 60 days before, without any fault, a sudden change was named on "
            f"{first.false_changes:.0%} of the days, and harm on {first.false_hurts:.0%}. "
            "A dash: not within 28 days.",
        ]
    )


def _days(after: int | None) -> str:
    return "-" if after is None else str(after)


if __name__ == "__main__":
    main()
