"""One page a run that a manager can read: self-contained, no scripts, escaped."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

TEMPLATE = "page.html.jinja"


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    columns : sequence of str
        Heads.
    rows : sequence of sequences
        Cells; floats are written with four digits.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Mapping[str, str]) -> "Table":
        """Make a table of some columns of a frame, by their heads; what is missing is None."""
        shown = frame[list(columns)].astype(object)
        return cls(list(columns.values()), shown.where(shown.notna(), None).to_numpy().tolist())


@dataclass(frozen=True)
class Block:
    """A picture with its caption, or a table, or a paragraph.

    Attributes
    ----------
    text : str
        A paragraph, or the caption of the picture.
    svg : str
        The picture, as `tagline.report.picture` draws it: its texts are escaped there.
    table : Table or None
        The table.
    """

    text: str = ""
    svg: str = ""
    table: Table | None = None

    @property
    def picture(self) -> Markup:
        """The picture as markup."""
        return Markup(self.svg)  # noqa: S704 - matplotlib wrote it and escaped every text in it


@dataclass(frozen=True)
class Section:
    """A heading with its blocks; `aside` ones stand side by side."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    aside: bool = False


def render(
    *, title: str, subtitle: str, passed: bool, verdict: str, sections: Sequence[Section]
) -> str:
    """Write the page.

    Parameters
    ----------
    title, subtitle : str
        What is asked, and of which run this is.
    passed : bool
        Whether every gate passed.
    verdict : str
        The answer in a sentence.
    sections : sequence of Section
        The rest.
    """
    environment = Environment(
        loader=PackageLoader("tagline.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _cell
    return environment.get_template(TEMPLATE).render(
        title=title, subtitle=subtitle, passed=passed, verdict=verdict, sections=sections
    )


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
