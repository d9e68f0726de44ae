"""How the command line prints: tables for people, JSON for scripts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

GAP = 2

console = Console()
aside = Console(stderr=True)


def say_aside(line: str) -> None:
    """Print a line of what goes on, beside the result."""
    aside.print(line, style="dim", markup=False)


def say(line: str) -> None:
    """Print a line as it is: nothing in it is markup, and nothing moves the cursor."""
    console.print(plain(line), markup=False, highlight=False, soft_wrap=True)


def plain(text: str) -> str:
    """Make the codes visible that a terminal would obey: what others wrote is only shown."""
    return "".join(
        each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}" for each in text
    )


def print_json(value: Any) -> None:
    """Print plain data as JSON on standard output; JSON has no NaN, so that is null."""
    typer.echo(to_json(value, indent=2, inf_nan_mode="null", fallback=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table; as one block a row where the terminal is too narrow for its words."""
    cells = [[_cell(value) for value in row] for row in rows]
    found = [
        _Column(column, tuple(row[place] for row in cells)) for place, column in enumerate(columns)
    ]
    room = console.width - GAP * (len(columns) - 1)
    fits = sum(column.least for column in found) <= room
    console.print(_table(title, found, room, cells) if fits else _blocks(title, columns, cells))
    console.print()


@dataclass(frozen=True)
class _Column:
    """A column of a table: how wide it would be, and how narrow it can be."""

    name: str
    cells: Sequence[Text]

    @property
    def widest(self) -> int:
        return max(map(cell_len, (self.name, *(cell.plain for cell in self.cells))))

    @property
    def least(self) -> int:
        words = (word for cell in self.cells for word in cell.plain.split())
        return max(map(cell_len, (self.name, *words)))


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """Give each column its longest word, then share what is left by what each lacks."""
    widths = [column.least for column in columns]
    lacking = [column.widest - column.least for column in columns]
    left = min(room - sum(widths), sum(lacking))
    shares = [left * lack // max(sum(lacking), 1) for lack in lacking]
    return [width + share for width, share in zip(widths, shares, strict=True)]


def _table(
    title: str, columns: Sequence[_Column], room: int, cells: Iterable[Sequence[Text]]
) -> Table:
    table = Table(
        title=Text(title),
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, GAP, 0, 0),
    )
    for column, width in zip(columns, _widths(columns, room), strict=True):
        # Rich narrows columns that may be narrowed, and cuts what does not fit: none may.
        table.add_column(column.name, overflow="fold", width=width)
    for row in cells:
        table.add_row(*row)
    return table


def _blocks(title: str, columns: Sequence[str], cells: Iterable[Sequence[Text]]) -> Table:
    table = Table(title=Text(title), title_justify="left", show_header=False, box=None)
    table.pad_edge = False
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            table.add_row(column, cell)
        table.add_row()
    return table


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("-")
    return Text(f"{value:.4f}" if isinstance(value, float) else plain(str(value)))


def verdict(passed: bool, *, yes: str = "passed", no: str = "failed") -> Text:
    """Give a word in the colour of its meaning."""
    return Text(yes, style="green") if passed else Text(no, style="bold red")


def interval(figure: dict[str, Any]) -> str:
    """Write a figure with its interval: ``0.7643 [0.7421, 0.7850]``."""
    low = figure.get("low")
    if low is None or low != low:
        return f"{figure['value']:.4f} ({figure.get('note') or 'no interval'})"
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
