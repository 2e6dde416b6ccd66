from __future__ import annotations

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.web.uem.addresses import Addresses, wanted_version
from mdm_server.web.uem.calls import Asked, Calls, Reply

calls = Calls("Things")


@calls.get("mdm/things/search", 1, 2)
async def search_things(asked: Asked) -> Reply:
    """Search."""
    return Reply("search")


@calls.get("mdm/things/{thing}")
async def show_thing(asked: Asked) -> Reply:
    """Show."""
    return Reply("show")


@calls.get("mdm/things/{thing}", 2)
async def show_thing_anew(asked: Asked) -> Reply:
    """Show in other words."""
    return Reply("show anew")


@calls.delete("mdm/things/{thing}")
async def drop_thing(asked: Asked) -> Reply:
    """Drop."""
    return Reply()


ADDRESSES = Addresses(calls)


@pytest.mark.parametrize(
    "path", ["mdm/things/Ab", "MDM/Things/Ab", "mdm/things/Ab/", "/mdm//things/Ab", "v1/mdm/things/Ab"]
)
def test_case_slashes_and_the_place_of_the_version_make_no_difference(path: str) -> None:
    """All these spellings are one address, and what stands in the path stays as it was written."""
    found = ADDRESSES.find("GET", path, "application/json")
    assert found.call.function is show_thing
    assert found.parameters == {"thing": "Ab"}


def test_a_word_is_found_before_a_parameter() -> None:
    """`search` is not the name of a thing."""
    assert ADDRESSES.find("GET", "mdm/things/SEARCH", "").call.function is search_things


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("", None),
        ("*/*", None),
        ("application/json", None),
        ("application/json;version=2", 2),
        ("application/json; Version=3", 3),
        ('application/json;version="2"', 2),
        ("application/json;version=2, application/xml;version=2", 2),
        ("application/xml;version=1, application/json;version=2", 2),
    ],
)
def test_the_accept_header_says_the_version(accept: str, version: int | None) -> None:
    """It may name several media types; ours is JSON."""
    assert wanted_version(accept) == version


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "application/json;version=two", "nonsense"])
def test_a_media_type_that_is_not_spoken_is_refused(accept: str) -> None:
    """Nobody is sent JSON who asked for something else."""
    with pytest.raises(Refusal, match="version=N") as refused:
        wanted_version(accept)
    assert refused.value.status == 406


def test_versions_are_chosen_and_named() -> None:
    """Without a version the oldest answers; the path's wins over the header's; one that is not there is refused."""
    assert ADDRESSES.find("GET", "mdm/things/1", "").version == 1
    assert ADDRESSES.find("GET", "mdm/things/1", "application/json;version=2").call.function is show_thing_anew
    assert ADDRESSES.find("GET", "v2/mdm/things/1", "application/json;version=1").version == 2
    assert ADDRESSES.find("GET", "mdm/things/search", "").supported == (1, 2)
    with pytest.raises(Refusal, match="version 1 or 2"):
        ADDRESSES.find("GET", "mdm/things/1", "application/json;version=4")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "mdm/nothing", "api.not_found"),
        ("GET", "mdm/things", "api.not_found"),
        ("GET", "", "api.not_found"),
        ("GET", "v2", "api.not_found"),
        ("GET", "mdm/things/1/2/3", "api.not_found"),
        ("PUT", "mdm/things/1", "api.method"),
    ],
)
def test_what_is_not_there_is_refused(method: str, path: str, code: str) -> None:
    """An address, or a method of one, that nobody declared."""
    with pytest.raises(Refusal) as refused:
        ADDRESSES.find(method, path, "")
    assert refused.value.code == code


def test_two_calls_cannot_have_one_address() -> None:
    """A table with a call twice is a mistake that shows when the program starts."""
    with pytest.raises(AssertionError, match="twice"):
        Addresses([*calls, *calls])
