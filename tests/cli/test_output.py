"""Tables are whole in every terminal."""

import io
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tagline.cli import output

COLUMNS = ["run", "standing", "why"]
ROWS = [
    ("TrainFlow/1795493677783664", "champion", "too many alarms at night, and no reason found"),
    ("TrainFlow/1795493698047397", "challenger", None),
]


def printed(rows, columns, width):
    console = Console(width=width, record=True, file=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "console", console)
        output.print_table("Runs", columns, rows)
    return console.export_text()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 200])
def test_nothing_is_cut_off_however_narrow_the_terminal(width):
    said = printed(ROWS, COLUMNS, width)
    assert max(map(len, said.splitlines())) <= width
    for word in (*COLUMNS, *" ".join(each for row in ROWS for each in row if each).split()):
        assert word in said or len(word) > width - len("standing") - 1


CELLS = st.one_of(
    st.floats(-10, 10),
    st.integers(0, 10**9),
    st.lists(st.text("abcdefgh.:-/", min_size=1, max_size=24), max_size=9).map(" ".join),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), width=st.integers(80, 200), columns=st.integers(1, 7))
def test_every_word_and_figure_of_any_table_is_there_whole(data, width, columns):
    rows = data.draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), max_size=5))
    said = printed(rows, [f"column{n}" for n in range(columns)], width)
    assert max(map(len, said.splitlines()), default=0) <= width
    found = Counter(said.split())
    wanted = Counter(
        word
        for row in rows
        for each in row
        for word in (f"{each:.4f}" if isinstance(each, float) else str(each)).split()
    )
    assert not wanted - found


def test_what_others_wrote_is_only_shown():
    said = printed([("\x1b[31mred\x1b[0m\x07", "[bold]x[/]", "a\tb")], COLUMNS, 120)
    assert "\x1b" not in said
    assert "\\x1b[31mred" in said
    assert "[bold]x[/]" in said
