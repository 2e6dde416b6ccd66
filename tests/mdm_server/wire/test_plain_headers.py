from __future__ import annotations

from hpack import Decoder, Encoder, NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.plain_headers import PlainEncoder

text = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=40)


@given(st.lists(st.lists(st.tuples(text, text), max_size=5), max_size=5))
def test_every_reader_reads_them(blocks: list[list[tuple[str, str]]]) -> None:
    """Block after block, with what the reader remembers of those before."""
    encoder, decoder = PlainEncoder(), Decoder()
    for block in blocks:
        assert decoder.decode(encoder.encode(block)) == block


def test_texts_stand_there_as_they_are() -> None:
    """As no other encoder of hpack's writes them."""
    header = NeverIndexedHeaderTuple(":path", "/3/device/00")
    assert b"/3/device/00" in PlainEncoder().encode([header])
    assert b"/3/device/00" not in Encoder().encode([header])
