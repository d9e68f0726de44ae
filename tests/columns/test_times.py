"""One format a column; a rule for the hours that clocks repeat and skip."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagline.columns.times import FORMATS, ISO, REPEATED, SKIPPED, find_format, on_a_clock, parse
from tagline.errors import TaglineError

NEW_YORK = "America/New_York"
DAYS = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=7 * i) for i in range(600)]


def texts(values):
    return pd.Series(list(values), dtype="str")


def found(values):
    distinct = texts(values).value_counts(sort=False)
    return find_format(texts(distinct.index), distinct.tolist(), name="at")


@pytest.mark.parametrize("written", [each for each in FORMATS if each != ISO])
def test_a_column_in_any_format_is_read_as_it_was_written(written):
    values = [day.strftime(written) for day in DAYS]
    if (
        written[:2] in ("%y", "%d")
        and "%y" in written
        and written[2] in "-/"
        and "%b" not in written
    ):
        # Years of two digits may be days, or the other way round.
        with pytest.raises(TaglineError, match=written.replace(".", r"\.")):
            found(values)
        return
    chosen = found(values)
    read = parse(texts(values), chosen.format, timezone="UTC").utc
    expected = [datetime.strptime(value, written) for value in values]
    expected = [each if each.tzinfo else each.replace(tzinfo=UTC) for each in expected]
    assert read.tolist() == expected


def test_day_and_month_are_never_swapped_row_by_row():
    days = pd.date_range("2024-01-01", "2024-05-31", periods=600)
    written = days.strftime("%d/%m/%Y")
    chosen = found(written)
    assert chosen.format == "%d/%m/%Y"
    assert (parse(texts(written), chosen.format, timezone="UTC").utc.dt.date == days.date).all()


def test_where_two_formats_fit_one_sentence_asks():
    with pytest.raises(TaglineError) as asked:
        found(["03/04/2024", "05/06/2024"])
    said = str(asked.value)
    assert "'%d/%m/%Y' and '%m/%d/%Y'" in said
    assert 'formats = { "at" = "%d/%m/%Y" }' in said


def test_two_formats_that_give_the_same_times_need_no_question():
    assert found(["01/01/2024", "02/02/2024"]).share == 1


@pytest.mark.parametrize(
    "mixed",
    [
        ["03/04/2024"] * 5 + ["13/04/2024", "04/13/2024"],
        ["13/04/2024"] * 99 + ["04/25/2024"],
        ["2024-04-03"] * 5 + ["13/04/2024"],
    ],
)
def test_a_column_that_mixes_two_formats_is_refused(mixed):
    with pytest.raises(TaglineError, match="more than one way"):
        found(mixed)


@pytest.mark.parametrize("values", [["a", "b"], ["1.2.3", "4.5.6"], ["12:30", "13:45"], ["x1-2"]])
def test_text_is_not_taken_for_times(values):
    assert found(values) is None


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.sampled_from("smu"))
@settings(deadline=None)
def test_iso_times_are_read_to_the_microsecond(moment, unit):
    written = moment.isoformat(timespec={"s": "seconds", "m": "milliseconds", "u": "auto"}[unit])
    for zone, hours in (("Z", 0), ("+02:00", 2), ("-0530", -5.5)):
        read = parse(texts([written + zone]), ISO, timezone=None).utc[0]
        expected = datetime.fromisoformat(written) - timedelta(hours=hours)
        assert read == expected.replace(tzinfo=UTC)


def test_a_time_without_zone_is_on_the_clocks_of_the_zone():
    read = parse(texts(["2024-07-01 12:00", "2024-07-01T12:00Z"]), ISO, timezone=NEW_YORK).utc
    assert read.dt.hour.tolist() == [16, 12]
    assert parse(texts(["2024-07-01 12:00"]), ISO, timezone=None).utc.isna().all()


@pytest.mark.parametrize(
    ("zone", "clock", "earlier", "later", "why"),
    [
        (NEW_YORK, "2024-11-03 01:30", "05:30", "06:30", REPEATED),
        (NEW_YORK, "2024-03-10 02:30", "07:00", "07:00", SKIPPED),
        ("Europe/Berlin", "2024-10-27 02:30", "00:30", "01:30", REPEATED),
        ("Australia/Lord_Howe", "2024-04-07 01:45", "14:45", "15:15", REPEATED),
    ],
)
def test_hours_that_clocks_repeat_or_skip_follow_the_rule(zone, clock, earlier, later, why):
    local = pd.Series(pd.to_datetime([clock, "2024-06-01 00:00"]))
    decision, event = (on_a_clock(local, timezone=zone, later=late) for late in (False, True))
    assert decision.utc[0].strftime("%H:%M") == earlier
    assert event.utc[0].strftime("%H:%M") == later
    assert decision.notes == event.notes == {why: 1}


@given(st.datetimes(datetime(2020, 1, 1), datetime(2025, 1, 1)))
@settings(deadline=None)
def test_every_other_hour_is_what_the_standard_library_says(local):
    zone = ZoneInfo(NEW_YORK)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    read = on_a_clock(pd.Series([local]), timezone=NEW_YORK)
    if not read.notes:
        assert read.utc[0] == first == second
    elif REPEATED in read.notes:
        assert read.utc[0] == first != second
