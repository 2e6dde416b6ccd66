"""Property list values for property-based tests, and a comparison that minds the type."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st

# What XML can carry as it is: plistlib's writer turns \r into \n, and refuses most other control characters.
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\ufffe\uffff", min_codepoint=32))
integers = st.integers(-(2**63), 2**64 - 1)
# No -0.0 (adding 0.0 makes it 0.0): plistlib's own binary writer takes the two for one when both occur.
reals = st.floats(allow_nan=False, allow_infinity=False).map(lambda real: real + 0.0)
# Whole seconds, since XML has no others; years a double can hold to the second from 2001 on.
dates = st.datetimes(datetime.fromisoformat("1900-01-01T00:00:00"), datetime.fromisoformat("2400-01-01T00:00:00")).map(
    lambda date: date.replace(microsecond=0, fold=0)
)
leaves = st.one_of(texts, integers, reals, dates, st.booleans(), st.binary(max_size=40))
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5), max_leaves=25
)


def typed(value: object) -> object:
    """Return a value beside its type, all the way down, so that 1, 1.0 and True differ."""
    match value:
        case dict():
            return {key: typed(item) for key, item in value.items()}
        case list():
            return [typed(item) for item in value]
        case _:
            return type(value), repr(value)
