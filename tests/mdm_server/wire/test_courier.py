from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.courier import (
    MAX_FRAME_BYTES,
    MAX_TOKENS,
    Forget,
    FromClient,
    FromServer,
    Gone,
    Listen,
    Listening,
    Push,
    encode,
    in_batches,
    parse_from_client,
    parse_from_server,
)
from mdm_server.wire.errors import FrameError

tokens = st.lists(st.binary(min_size=1, max_size=64), max_size=5).map(tuple)


topics = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=50)


@given(st.builds(Listen, tokens, topics) | st.builds(Forget, tokens) | st.builds(Gone, tokens))
def test_a_clients_frame_is_read_as_it_was_written(frame: FromClient) -> None:
    """Listen, forget and gone survive the wire."""
    assert parse_from_client(encode(frame)) == frame


@given(
    st.builds(Listening, tokens)
    | st.builds(
        Push, st.binary(min_size=1, max_size=64), st.text(st.characters(codec="utf-8"), min_size=1, max_size=50)
    )
)
def test_a_servers_frame_is_read_as_it_was_written(frame: FromServer) -> None:
    """Listening and push survive the wire, as text and as bytes."""
    assert parse_from_server(encode(frame)) == frame
    assert parse_from_server(encode(frame).encode()) == frame


def test_frames_look_as_documented() -> None:
    """The JSON is what decision 0005 says, with nothing around it."""
    assert json.loads(encode(Listen((b"\x01\xab",)))) == {"listen": ["01ab"]}
    assert json.loads(encode(Listen((b"\x01\xab",), "topic"))) == {"listen": ["01ab"], "topic": "topic"}
    assert json.loads(encode(Forget((b"\x01\xab",)))) == {"forget": ["01ab"]}
    assert json.loads(encode(Gone((b"\x01\xab",)))) == {"gone": ["01ab"]}
    assert json.loads(encode(Listening((b"\x01\xab",)))) == {"listening": ["01ab"]}
    assert json.loads(encode(Push(b"\x01\xab", "m"))) == {"push": "01ab", "mdm": "m"}
    assert parse_from_client('{"listen": ["01AB"]}') == Listen((b"\x01\xab",))


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "[]",
        "{}",
        "null",
        b"\xff\xfe",
        '{"listen": "01"}',
        '{"listen": [1]}',
        '{"listen": ["0"]}',
        '{"listen": ["0g"]}',
        '{"listen": ["01\\n"]}',
        '{"listen": [""]}',
        '{"listen": ["01"], "forget": ["02"]}',
        '{"gone": ["01"], "forget": ["02"]}',
        '{"gone": ["01"], "topic": "topic"}',
        '{"listen": ["01"], "topic": ""}',
        '{"listen": ["01"], "other": 1}',
        '{"push": "01", "mdm": "m"}',
        '{"listen": ["' + "01" * 65 + '"]}',
        '{"listen": [' + ",".join(['"01"'] * (MAX_TOKENS + 1)) + "]}",
        '{"listen": ' + "[" * 60_000,
    ],
)
def test_any_other_frame_of_a_client_is_refused(frame: str | bytes) -> None:
    """One error, courier.frame, whatever is wrong."""
    with pytest.raises(FrameError) as caught:
        parse_from_client(frame)
    assert caught.value.code == "courier.frame"


@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        '{"listen": ["01"]}',
        '{"push": "01"}',
        '{"mdm": "m"}',
        '{"push": "01", "mdm": ""}',
        '{"push": "01", "mdm": "m", "listening": []}',
        '{"push": "01", "mdm": "' + "m" * 256 + '"}',
    ],
)
def test_any_other_frame_of_a_server_is_refused(frame: str) -> None:
    """A device trusts its server no more than the server trusts it."""
    with pytest.raises(FrameError):
        parse_from_server(frame)


def test_a_frame_above_the_limit_is_not_looked_at() -> None:
    """64 KiB are the end, on both sides."""
    for parse in (parse_from_client, parse_from_server):
        with pytest.raises(FrameError) as caught:
            parse(" " * (MAX_FRAME_BYTES + 1))
        assert caught.value.code == "courier.size"


def test_a_frame_that_nobody_would_read_is_not_written() -> None:
    """Too many tokens, or tokens too long, fail where the mistake was made."""
    for frame in (Listen((b"\x01",) * (MAX_TOKENS + 1)), Listen((bytes(65),)), Push(b"", "m"), Push(b"\x01", "")):
        with pytest.raises(FrameError):
            encode(frame)
    with pytest.raises(FrameError) as caught:
        encode(Listening((bytes(64),) * MAX_TOKENS))
    assert caught.value.code == "courier.size"


def test_a_fleets_tokens_are_cut_into_frames() -> None:
    """Any number of tokens of APNs' usual 32 bytes fits into frames, in order and with none lost."""
    fleet = [number.to_bytes(32, "big") for number in range(2 * MAX_TOKENS + 5)]
    batches = list(in_batches(fleet))
    assert [token for batch in batches for token in batch] == fleet
    assert [len(batch) for batch in batches] == [MAX_TOKENS, MAX_TOKENS, 5]
    for batch in batches:
        assert parse_from_server(encode(Listening(batch))) == Listening(batch)
    assert list(in_batches([])) == []
