"""The form of a page, and a person who fills it in."""

from __future__ import annotations

import pytest

from device_emulator.core.setting_up.web_page import read_form
from rigs.play_apple import PAGE

URL = "https://mdm.example/enroll/dep/web"


def test_a_form_is_filled_in_by_what_its_fields_are() -> None:
    """Hidden fields stay, names and passwords are typed, boxes are ticked, one button is pressed."""
    form = read_form(PAGE.decode())
    assert form is not None
    sent = form.filled_in("ann", "secret")
    assert sent == [("state", "a&b"), ("user", "ann"), ("pass", "secret"), ("terms", "on"), ("go", "in")]
    method, url, body = form.submission(URL, sent)
    assert (method, url) == ("POST", "https://mdm.example/enroll/dep/web?step=2")
    assert body == b"state=a%26b&user=ann&pass=secret&terms=on&go=in"


def test_a_form_without_a_method_is_a_question() -> None:
    """Its fields go into the address (HTML, form submission)."""
    form = read_form('<form action="next?old=1"><input type=email name=mail><input type=submit></form>')
    assert form is not None
    sent = form.filled_in("ann@example", "")
    assert form.submission(URL, sent) == ("GET", "https://mdm.example/enroll/dep/next?mail=ann%40example", b"")


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ('<select name="g"><option value="a">A<option value="b" selected>B</select>', [("g", "b")]),
        ('<select name="g"><option value="a">A<option value="b">B</select>', [("g", "a")]),
        ('<input type="text" name="user" value="known">', [("user", "known")]),
        ('<textarea name="why"></textarea><input type="reset" name="r"><input type="file" name="f">', [("why", "ann")]),
        ('<input type="submit" name="one" value="1"><input type="submit" name="two" value="2">', [("one", "1")]),
        ('<input type="checkbox" name="c" value="yes"><button type="button" name="b">', [("c", "yes")]),
    ],
)
def test_other_fields(fields: str, sent: list[tuple[str, str]]) -> None:
    """What a browser would send."""
    form = read_form(f"<form method=post>{fields}</form><input name=outside>")
    assert form is not None
    assert form.filled_in("ann", "secret") == sent


def test_a_page_without_a_form_has_none() -> None:
    """However broken it is."""
    assert read_form("<p>Thank you<input name=x></form") is None
