"""What the flights model must do, whatever its figures say."""

import pandas as pd

from tagline.evaluation.behaviour import BehaviourTest, Direction, Invariance, Minimum

LATER = 60.0
VERY_LATE = 240.0
FIFTY_TWO_WEEKS = pd.Timedelta("364D")
MOMENTS = ("leg_dep", "leg_arr", "departed_dep", "arrived_dep")
SHORT_TURN = pd.Timedelta("4h")


def _later_inbound(rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[rows["departed_delay"].notna() | rows["arrived_delay"].notna()]
    return known.assign(
        departed_delay=known["departed_delay"] + LATER,
        arrived_delay=known["arrived_delay"] + LATER,
    )


def _a_year_later(rows: pd.DataFrame) -> pd.DataFrame:
    # Of whole weeks, and in winter, so that weekday and local hour stay what they are.
    winter = rows[rows["sched_dep"].dt.strftime("%m-%d").between("11-10", "12-31")]
    clocks = {name: winter[name] + FIFTY_TWO_WEEKS for name in ("sched_dep", "sched_arr")}
    seconds = FIFTY_TWO_WEEKS.total_seconds()
    moments = {name: winter[name] + seconds for name in MOMENTS}
    changed: pd.DataFrame = winter.assign(**clocks, **moments)
    return changed


def _hopelessly_late_inbound(rows: pd.DataFrame) -> pd.DataFrame:
    departs = rows["sched_dep"].astype("int64") // 10**6
    turn = departs - rows["leg_arr"]
    tight = rows[(turn > 0) & (turn < SHORT_TURN.total_seconds())]
    return tight.assign(
        arrived_dep=tight["leg_dep"],
        arrived_delay=VERY_LATE,
        departed_dep=tight["leg_dep"],
        departed_delay=VERY_LATE,
    )


BEHAVIOUR: tuple[BehaviourTest, ...] = (
    Direction("A later inbound aircraft does not lower the risk", _later_inbound, sign=1),
    Invariance("The calendar year by itself does not matter", _a_year_later),
    Minimum(
        "An inbound aircraft four hours late with a short turn is a likely delay",
        _hopelessly_late_inbound,
        expected=(0.5, 1.0),
        min_share=0.9,
    ),
)
