"""All kinds of columns by their names, in the order in which a column of text is held for one."""

from collections.abc import Mapping

from tagline.reading.boolean import Boolean
from tagline.reading.kind import ColumnKind
from tagline.reading.number import Integer, Number
from tagline.reading.string import String
from tagline.reading.timestamp import Timestamp

KINDS: Mapping[str, ColumnKind] = {
    kind.name: kind for kind in (Boolean(), String(), Number(), Timestamp(), Integer())
}
