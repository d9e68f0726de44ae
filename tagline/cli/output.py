"""How the command line prints: tables for people, JSON for scripts."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

LONGEST_WORD = 30
GAP = 2

console = Console()
aside = Console(stderr=True)


def say_aside(line: str) -> None:
    """Print a line of what goes on, beside the result."""
    aside.print(line, style="dim", markup=False)


def print_json(value: Any) -> None:
    """Print plain data as JSON on standard output; JSON has no NaN, so that is null."""
    typer.echo(to_json(value, indent=2, inf_nan_mode="null", fallback=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table; as one block a row where the terminal is too narrow for its words."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        min(max(map(len, _words(column, *(row[place] for row in cells)))), LONGEST_WORD)
        for place, column in enumerate(columns)
    ]
    fits = sum(widths) + GAP * (len(widths) - 1) <= console.width
    console.print(_table(title, columns, cells, widths) if fits else _blocks(title, columns, cells))
    console.print()


def _table(
    title: str, columns: Sequence[str], cells: Iterable[Sequence[Text]], widths: Iterable[int]
) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*row)
    return table


def _blocks(title: str, columns: Sequence[str], cells: Iterable[Sequence[Text]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            table.add_row(column, cell)
        table.add_row()
    return table


def _words(column: str, *cells: Text) -> list[str]:
    return [column, *(word for cell in cells for word in cell.plain.split())]


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("-")
    return Text(f"{value:.4f}" if isinstance(value, float) else str(value))


def verdict(passed: bool, *, yes: str = "passed", no: str = "failed") -> Text:
    """Give a word in the colour of its meaning."""
    return Text(yes, style="green") if passed else Text(no, style="bold red")


def interval(figure: dict[str, Any]) -> str:
    """Write a figure with its interval: ``0.7643 [0.7421, 0.7850]``."""
    low = figure.get("low")
    if low is None or low != low:
        return f"{figure['value']:.4f} ({figure.get('note') or 'no interval'})"
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
