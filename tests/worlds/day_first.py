"""Dates with the day before the month."""

from tests.worlds.world import World, on_a_clock

WORLD = World(
    name="day first",
    make=on_a_clock("Europe/Berlin", to_text="%d/%m/%Y %H:%M"),
    table={"timezone": "Europe/Berlin", "formats": {"at": "%d/%m/%Y %H:%M"}},
    quick=True,
)
