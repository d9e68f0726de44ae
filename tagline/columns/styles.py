"""Numbers as people write them: signs of currency, thousands, a decimal comma, percent, brackets.

A style says which mark parts thousands and which one begins the decimals. Around the digits there
may be a sign, a currency, a percent sign, or the brackets by which bookkeepers write what is owed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tagline.columns.kind import Counts, Mask
from tagline.errors import TaglineError

POINT, COMMA = "1,234.5", "1.234,5"
SPACES = " \u00a0\u202f'\u2019"
CODES = "USD EUR GBP CHF JPY CNY INR SEK NOK DKK PLN CZK HUF CAD AUD NZD BRL MXN ZAR KRW TRY"
MONEY = rf"(?:[$€£¥₹]|{CODES.replace(' ', '|')}|kr|zł|Kč)"
REMOVED = re.compile(rf"{MONEY}|[%{SPACES}()+-]")
SHOWN = 3


@dataclass(frozen=True)
class Style:
    """Which marks a style has.

    Attributes
    ----------
    thousands, decimal : str
        One mark each.
    """

    thousands: str
    decimal: str

    @property
    def pattern(self) -> str:
        """What a number of this style looks like."""
        mark = rf"[{re.escape(self.thousands)}{SPACES}]"
        # A number that begins with a zero is a code.
        whole = rf"(?:[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|0|[1-9]\d*)"
        digits = rf"(?:{whole}(?:{re.escape(self.decimal)}\d*)?|{re.escape(self.decimal)}\d+)"
        money = rf"(?:{MONEY}[{SPACES}]?)?"
        after = rf"(?:[{SPACES}]?(?:{MONEY}|%))?"
        signed = rf"[+-]?{money}[+-]?{digits}{after}"
        return rf"[{SPACES}]*(?:{signed}|\({money}{digits}{after}\))[{SPACES}]*"

    def fits(self, texts: pd.Series) -> Mask:
        """Tell which texts are numbers of this style."""
        found: Mask = texts.str.fullmatch(self.pattern).eq(True).to_numpy(dtype=bool)
        return found

    def numbers(self, texts: pd.Series) -> pd.Series:
        """Give texts of this style as numbers: float64."""
        owed = texts.str.contains("-", regex=False) | texts.str.contains("(", regex=False)
        bare = texts.str.replace(REMOVED, "", regex=True)
        bare = bare.str.replace(self.thousands, "", regex=False)
        numbers = bare.str.replace(self.decimal, ".", regex=False).astype("float64")
        return numbers.where(~owed, -numbers)


STYLES: Mapping[str, Style] = {POINT: Style(",", "."), COMMA: Style(".", ",")}


def find_style(distinct: pd.Series, counts: Counts, *, mostly: float, name: str) -> str | None:
    """Find the one style in which a column's numbers are written, over all of its values.

    Parameters
    ----------
    distinct : Series of shape (k,), text
        Its different values.
    counts : ndarray of shape (k,), int64
        How many rows have each.
    mostly : float
        The share of rows that a style must read.
    name : str
        The column, for messages.

    Raises
    ------
    TaglineError
        Both styles read it, and differently: 1,234 may be more than a thousand, or about one.
    """
    read = {key: style.fits(distinct) for key, style in STYLES.items()}
    able = [key for key, mask in read.items() if counts[mask].sum() >= mostly * counts.sum()]
    if not able or not _comparable(distinct):
        return None
    if len(able) < 2:
        return able[0]
    both = distinct[read[POINT] & read[COMMA]]
    one, other = (STYLES[key].numbers(both) for key in (POINT, COMMA))
    apart = both[(one != other).to_numpy()]
    if apart.empty or not (read[POINT] & read[COMMA]).all():
        return max(able, key=lambda key: int(counts[read[key]].sum()))
    value = apart.iloc[0]
    raise TaglineError(
        f"{', '.join(map(repr, apart.head(SHOWN)))} can be read in two ways: {value!r} is "
        f"{STYLES[POINT].numbers(apart).iloc[0]:g}, or {STYLES[COMMA].numbers(apart).iloc[0]:g}.",
        where=f"column {name!r}",
        todo=f'Say which it is: formats = {{ "{name}" = "{POINT}" }} or "{COMMA}" under [table].',
    )


def _comparable(texts: pd.Series) -> bool:
    """Tell whether texts are of one currency, all or none percent, and no telephone's."""
    currencies = texts.str.extract(f"({MONEY})", expand=False).nunique()
    percent = texts.str.contains("%", regex=False)
    numbers = texts.str.match(rf"\+\d+[{SPACES}]").any()
    alike = percent.all() or not percent.any()
    return bool(currencies <= 1 and alike and not numbers)
