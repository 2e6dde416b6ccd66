"""The account, activation locks, beta programs and account-driven enrolment."""

from __future__ import annotations

from typing import Any

import pytest

from mdm_server.clouds.apple.business_manager.records import ActivationLock, LockKind
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.wire.dep import BetaToken
from rigs.dep_service import SmallApple


def test_an_account_says_whose_server_it_is_and_what_it_may_call() -> None:
    """With the limits that are kept."""
    apple = SmallApple(DepSettings(default_limit=7, page_limit=9))
    account = apple.client().ask("GET", "/account")
    assert (account["server_name"], account["server_uuid"]) == ("Our MDM", apple.server)
    assert (account["org_name"], account["org_id"]) == ("Example", apple.organization)
    limits = {url["uri"]: url["limit"] for url in account["urls"] if "limit" in url}
    assert limits["/server/devices"] == {"default": 7, "maximum": 9}


def test_every_address_of_the_account_is_answered() -> None:
    """By the methods that it names, and by no other."""
    apple = SmallApple()
    client = apple.client()
    urls = client.ask("GET", "/account")["urls"]
    assert len(urls) == 11
    for url in urls:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            status = client.once(method, url["uri"], {}).status
            assert (status == 405) is (method not in url["http_method"])


def test_older_versions_of_the_protocol_know_less_of_the_organization() -> None:
    """Ids and addresses came with version 3."""
    client = SmallApple().client()
    before = client._headers
    client._headers = lambda more: {**before(more), "X-Server-Protocol-Version": "2"}  # type: ignore[method-assign]
    account = client.ask("GET", "/account")
    assert account["org_name"] == "Example"
    assert not {"org_id", "org_id_hash", "org_type", "org_version", "urls"} & account.keys()


@pytest.mark.parametrize(
    ("content", "lock"),
    [
        (
            {"escrow_key": "00ff", "lost_message": "Call us"},
            ActivationLock(kind=LockKind.ORGANIZATION, escrow_key="00ff", message="Call us"),
        ),
        ({}, ActivationLock(kind=LockKind.ORGANIZATION, account="admin@example.com")),
    ],
)
def test_a_device_is_locked_to_its_organization(content: dict[str, Any], lock: ActivationLock) -> None:
    """By an escrow key, or to whoever made the server in the portal."""
    apple = SmallApple()
    apple.order(1)
    answer = apple.client().ask("POST", "/device/activationlock", {"device": "C000000", **content})
    assert answer == {"serial_number": "C000000", "response_status": "SUCCESS"}
    assert apple.manager.activation_lock("C000000") == lock


def test_what_is_nobodys_is_not_locked() -> None:
    """Nor what is not named."""
    apple = SmallApple()
    client = apple.client()
    assert client.ask("POST", "/device/activationlock", {"device": "NOBODY1"})["response_status"] == "NOT_ACCESSIBLE"
    assert client.call("POST", "/device/activationlock", {}).body == b"DEVICE_ID_REQUIRED"
    assert apple.manager.activation_lock("NOBODY1") is None


def test_beta_programs_are_offered_or_turned_off() -> None:
    """Off by default; the list has both of its names."""
    apple = SmallApple()
    client = apple.client()
    answer = client.call("GET", "/os-beta-enrollment/tokens")
    assert (answer.status, answer.body) == (403, b"APPLE_SEED_FOR_IT_TURNED_OFF")
    apple.manager.offer_betas(apple.organization, [BetaToken("iOS", "iOS 20 Beta", "token")])
    offered = client.ask("GET", "/os-beta-enrollment/tokens")
    assert offered["seedBuildTokens"] == offered["betaEnrollmentTokens"]
    assert offered["seedBuildTokens"] == [{"os": "iOS", "title": "iOS 20 Beta", "token": "token"}]
    apple.manager.offer_betas(apple.organization, None)
    assert client.call("GET", "/os-beta-enrollment/tokens").status == 403


def test_people_who_enrol_a_device_of_their_own_are_sent_somewhere() -> None:
    """Where the MDM server says; the answer is empty."""
    apple = SmallApple()
    client = apple.client()
    path, url = "/account-driven-enrollment/profile", "https://mdm.test/discovery"
    assert client.ask("POST", path, {"mdm_service_discovery_url": url}) is None
    assert apple.manager.discovery_url(apple.server) == url
    assert client.call("POST", path, {}).body == b"MALFORMED_REQUEST_BODY"
