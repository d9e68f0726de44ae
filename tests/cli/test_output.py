"""Tables are whole in every terminal."""

import re

import pytest
from rich.console import Console

from tagline.cli import output

COLUMNS = ["run", "standing", "why"]
ROWS = [
    ("TrainFlow/1795493677783664", "champion", "too many alarms at night, and no reason found"),
    ("TrainFlow/1795493698047397", "challenger", None),
]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_nothing_is_cut_off_however_narrow_the_terminal(width, monkeypatch):
    console = Console(width=width, record=True)
    monkeypatch.setattr(output, "console", console)
    output.print_table("Runs", COLUMNS, ROWS)
    said = console.export_text()
    assert max(map(len, said.splitlines())) <= width
    for value in (*COLUMNS, *(value for row in ROWS for value in row if value)):
        assert squeezed(value) in squeezed(said) or width > 60
    for word in ["champion", "challenger", "alarms", "night", "reason", "found"]:
        assert word in said


def squeezed(text):
    return re.sub(r"\s", "", text)
