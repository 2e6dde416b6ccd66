from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdm_server.console.forms import MOST_FIELDS, URL_ENCODED, Form, read_form
from mdm_server.web.errors import Explained

PLAIN = st.characters(exclude_categories=["Cs"])
NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
FIELDS = st.dictionaries(NAMES, st.text(PLAIN, max_size=60), max_size=6)
MULTIPART = "multipart/form-data; boundary=xyz"
NESTED = "Content-Type: multipart/mixed; boundary=abc"


class Sink:
    """Where a body is written to."""

    def __init__(self) -> None:
        self.written = b""

    async def write(self, data: bytes) -> None:
        """Take some."""
        self.written += data


def multipart(fields: dict[str, str], files: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the media type and the bytes of a form with files, as aiohttp writes them."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, content in files.items():
        data.add_field(name, content, filename=f"{name}.p7m", content_type="application/pkcs7-mime")
    payload, sink = data(), Sink()
    asyncio.run(payload.write(sink))  # type: ignore[arg-type]  # it has what is needed of a writer
    return payload.headers["Content-Type"], sink.written


@given(FIELDS)
def test_a_plain_form_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    """By the standard library."""
    assert read_form(f"{URL_ENCODED}; charset=utf-8", urlencode(fields).encode()).fields == fields


@given(FIELDS.filter(bool), st.dictionaries(NAMES, st.binary(max_size=200), max_size=3))
@example({"a": "b"}, {"p7m": b"\r\n--x\r\n\r\r\n\n\r"})
@example({"a": ""}, {"p7m": b""})
@example({"a": "one\rtwo\nthree\r\n"}, {"p7m": bytes(range(256))})
def test_a_form_with_files_is_read_as_it_was_written(fields: dict[str, str], files: dict[str, bytes]) -> None:
    """By aiohttp: text as text, and files byte for byte."""
    form = read_form(*multipart(fields, files))
    assert (form.fields, form.files) == (fields, files)


def part(disposition: str, content: str = "1") -> str:
    """Return one part of a form."""
    return f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", "a=1"),
        ("text/plain", "a=1"),
        ("application/json", "{}"),
        (URL_ENCODED, "a=1&a=2"),
        (URL_ENCODED, "&".join(f"f{number}=1" for number in range(MOST_FIELDS + 1))),
        (URL_ENCODED, "a=%ff"),
        ("multipart/form-data", part('form-data; name="a"') + "--xyz--"),
        ('multipart/form-data; boundary="x\ny"', "--x\ny--"),
        ("multipart/form-data; boundary=" + 71 * "x", ""),
        (MULTIPART, ""),
        (MULTIPART, "a=1"),
        (MULTIPART, part('form-data; name="a"')),
        (MULTIPART, part("form-data") + "--xyz--"),
        (MULTIPART, 2 * part('form-data; name="a"') + "--xyz--"),
        (MULTIPART, 2 * part('form-data; name="a"; filename="f"') + "--xyz--"),
        (MULTIPART, "".join(part(f'form-data; name="f{number}"') for number in range(MOST_FIELDS + 1)) + "--xyz--"),
        (MULTIPART, part(f'form-data; name="a"\r\n{NESTED}', "--abc\r\n\r\n1\r\n--abc--") + "--xyz--"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(content_type: str, body: str) -> None:
    """With what was expected."""
    with pytest.raises(Explained) as refusal:
        read_form(content_type, body.encode())
    assert refusal.value.code == "api.invalid"
    assert refusal.value.expected


@given(st.text(max_size=60), st.binary(max_size=300))
def test_any_body_is_read_or_refused_and_nothing_else(content_type: str, body: bytes) -> None:
    """Whatever type it claims to have."""
    for claimed in (content_type, URL_ENCODED, MULTIPART):
        for sent in (body, b"--xyz\r\n" + body + b"\r\n--xyz--"):
            with suppress(Explained):
                assert isinstance(read_form(claimed, sent), Form)


@pytest.mark.parametrize(("said", "meant"), [("", None), (" 7 ", 7), ("0012", 12)])
def test_a_number_may_be_left_out(said: str, meant: int | None) -> None:
    """Then it is none."""
    assert Form({"profile": said}).number("profile") == meant
    assert Form().number("profile") is None


@pytest.mark.parametrize("said", ["-1", "1.5", "١", "1e3", "x", "9" * 16])
def test_what_is_no_number_is_refused(said: Any) -> None:
    """With what was found."""
    with pytest.raises(Explained, match="a number as profile"):
        Form({"profile": said}).number("profile")
