"""All kinds of columns by their names, in the order in which a column of text is held for one."""

from collections.abc import Mapping

from tagline.columns.boolean import Boolean
from tagline.columns.duration import Duration
from tagline.columns.kind import ColumnKind
from tagline.columns.number import Integer, Number
from tagline.columns.string import String
from tagline.columns.text import Text
from tagline.columns.timestamp import Timestamp

KINDS: Mapping[str, ColumnKind] = {
    kind.name: kind
    for kind in (Boolean(), String(), Number(), Duration(), Timestamp(), Integer(), Text())
}
