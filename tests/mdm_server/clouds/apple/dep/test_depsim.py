"""depsim's own files, tokens and manners."""

from __future__ import annotations

import json

import pytest

from mdm_server.clouds.apple.business_manager.depsim_token import DEPSIM_TOKEN
from mdm_server.clouds.apple.dep.depsim import POINTS, read_config
from mdm_server.clouds.apple.dep.errors import DepsimConfigError
from mdm_server.clouds.apple.dep.settings import DepSettings
from rigs.dep_service import SmallApple

WORDS = (
    "bad_request",
    "bad_request_malformed_request_body",
    "bad_request_invalid_cursor",
    "bad_request_exhausted_cursor",
    "bad_request_cursor_required",
    "bad_request_device_id_required",
    "bad_request_profile_uuid_required",
    "bad_request_profile_not_found",
    "bad_request_config_url_required",
    "bad_request_config_name_required",
    "bad_request_department_required",
    "bad_request_support_phone_required",
    "forbidden",
    "forbidden_access_denied",
    "forbidden_t_c_not_signed",
    "unauthorized",
    "not_found",
    "not_accessible",
    "failed",
    "invalid_method",
    "too_many_requests",
    "success",
)
"""All responses of a configuration of depsim that was found in the wild."""


def test_the_responses_of_a_point_stand_in_line() -> None:
    """One call goes well, two do not, and then all is well again."""
    apple = SmallApple()
    read_config(
        b'{"get_account_responses": [{"count": 1, "response": "success"}, {"count": 2, "response": "bad_request"}]}'
    ).arrange(apple.faults)
    client = apple.client()
    client.open_session()
    assert [client.once("GET", "/account").status for _ in range(5)] == [200, 400, 400, 200, 200]


def test_every_word_of_depsim_is_known_at_every_point() -> None:
    """A file that was written for it is taken as it is."""
    responses = [{"count": 1, "response": word} for word in WORDS]
    config = read_config(json.dumps({f"{point}_responses": responses for point in POINTS}).encode())
    assert len(config.faults) == len(POINTS) * len(WORDS)
    assert len({fault.name for fault in config.faults}) == len(config.faults)


def test_devices_keep_coming() -> None:
    """Five at a time, a minute apart, three times."""
    apple = SmallApple()
    insertions = {"devices_per_event": 5, "seconds_between_events": 60, "events": 3}
    config = read_config(json.dumps({"device_insertions": insertions}).encode())
    serials = config.order(apple.manager, apple.organization, apple.server, apple.clock)
    assert len(set(serials)) == 15
    seen = []
    for _ in range(4):
        seen.append(len(apple.manager.devices(apple.organization)))
        apple.clock.move(seconds=60)
    assert seen == [0, 5, 10, 15]


def test_after_a_restart_only_those_come_that_are_not_there_yet() -> None:
    """The same file again, with the same ledger."""
    apple = SmallApple()
    config = read_config(b'{"device_insertions": {"devices_per_event": 2, "events": 2}}')
    config.order(apple.manager, apple.organization, apple.server, apple.clock)
    apple.clock.move(minutes=1)
    assert len(apple.manager.devices(apple.organization)) == 2
    config.order(apple.manager, apple.organization, apple.server, apple.clock)
    apple.clock.move(minutes=2)
    assert len(apple.manager.devices(apple.organization)) == 4


def test_a_file_may_ask_for_no_devices() -> None:
    """Most ask for failures only."""
    apple = SmallApple()
    assert read_config(b"{}").order(apple.manager, apple.organization, apple.server, apple.clock) == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"get_everything_responses": []}',
        b'{"get_session": []}',
        b'{"get_session_responses": {}}',
        b'{"get_session_responses": [{"count": 0, "response": "success"}]}',
        b'{"get_session_responses": [{"count": 1, "response": "explode"}]}',
        b'{"get_session_responses": [{"count": 1, "answer": "success"}]}',
        b'{"device_insertions": {}}',
        b'{"device_insertions": {"devices_per_event": 1000001}}',
    ],
)
def test_what_is_no_configuration_is_refused(text: bytes) -> None:
    """It says what was expected."""
    with pytest.raises(DepsimConfigError, match="expected"):
        read_config(text)


def test_its_fixed_tokens_open_a_session() -> None:
    """`micromdm -depsim` has them built in; asking twice for the server that has them gives the same."""
    apple = SmallApple()
    server = apple.manager.depsim_server(apple.organization)
    assert apple.manager.depsim_server(apple.organization) == server
    assert apple.client(DEPSIM_TOKEN).ask("GET", "/account")["server_uuid"] == server.uuid


def test_its_tokens_are_told_to_whoever_asks_where_that_was_wanted() -> None:
    """`GET /token` is depsim's, and off by default."""
    apple = SmallApple(DepSettings(depsim=True))
    told = apple.client().once("GET", "/token").json()
    assert told["consumer_key"] == DEPSIM_TOKEN.consumer_key
    assert told["access_secret"] == DEPSIM_TOKEN.access_secret
    assert SmallApple().client().once("GET", "/token").status == 404
