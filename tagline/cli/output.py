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

console = Console()
aside = Console(stderr=True)


def print_json(value: Any) -> None:
    """Print plain data as JSON on standard output; JSON has no NaN, so that is null."""
    typer.echo(to_json(value, indent=2, inf_nan_mode="null", fallback=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table that folds to the terminal's width, between words while it can."""
    cells = [[_cell(value) for value in row] for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        words = [column, *(word for row in cells for word in row[place].plain.split())]
        longest = min(max(map(len, words)), LONGEST_WORD)
        table.add_column(column, overflow="fold", min_width=longest)
    for row in cells:
        table.add_row(*row)
    console.print(table)
    console.print()


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
    if figure.get("low") is None:
        return f"{figure['value']:.4f}"
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
