from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from certs.identity import Identity
from certs.names import name_of
from mdm_server.clouds.apple.push.provider import Provider
from mdm_server.clouds.apple.push.provider_tokens import ProviderKey
from mdm_server.clouds.apple.push.service import DELAYED, DISCONNECT, GOAWAY, LOST, REORDERED, PushSettings
from mdm_server.wire import apns
from mdm_server.wire.apns import GONE_FOR_GOOD, Environment, PushReply, Reason, mdm_push
from rigs.apple_push import NOON, TOKEN, TOPIC, Hand, PushRig, apple_authority, push_identity, push_rig

OTHER = "com.example.app"


class Office:
    """A push service, a provider with a push certificate, and a device that listens."""

    def __init__(self, settings: PushSettings | None = None) -> None:
        self.hand = Hand()
        self.rig: PushRig = push_rig(self.hand, settings=settings)
        self.identity = push_identity(self.rig.authority)
        self.provider = self.rig.push.connect(self.identity.certificate)
        self.request = mdm_push(TOKEN, "magic", TOPIC)

    def push(self, provider: Provider | None = None, **changes: object) -> PushReply:
        """Push, with something changed."""
        return self.rig.push.push(provider or self.provider, replace(self.request, **changes))  # type: ignore[arg-type]

    def headers(self, provider: Provider | None = None, **values: str | None) -> PushReply:
        """Push with other headers; None leaves one out."""
        headers = {apns.TOPIC: TOPIC} | {name.replace("_", "-"): value for name, value in values.items()}
        return self.push(provider, headers=tuple((name, value) for name, value in headers.items() if value is not None))

    def other(self, identity: Identity | None) -> Provider:
        """Return another provider."""
        return self.rig.push.connect(None if identity is None else identity.certificate)

    def key(self, key_id: str = "KEY4567890", team: str = "TEAM567890", **more: object) -> Callable[..., str]:
        """Register a key, and return what signs its tokens."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.rig.push.keys.register(
            ProviderKey(key_id=key_id, team_id=team, public_key=key.public_key(), topics=frozenset({TOPIC}), **more)  # type: ignore[arg-type]
        )

        def sign(seconds_ago: float = 0) -> str:
            issued = (self.hand() - timedelta(seconds=seconds_ago)).timestamp()
            return "bearer " + jwt.encode({"iss": team, "iat": issued}, key, "ES256", headers={"kid": key_id})

        return sign


def _twice(office: Office) -> PushReply:
    return office.push(headers=((apns.TOPIC, TOPIC), (apns.TOPIC, TOPIC)))


def _not_for_topic(office: Office) -> PushReply:
    office.rig.line.listen(TOKEN, OTHER)
    return office.push()


def _two_topics(office: Office) -> PushReply:
    both = office.other(push_identity(office.rig.authority, [TOPIC, OTHER]))
    assert office.headers(both, apns_topic=OTHER).reason is None
    return office.headers(both, apns_topic=None)


def _device(office: Office) -> PushReply:
    certificate = office.rig.authority.issue_identity(name_of("a device"))
    return office.push(office.other(certificate))


def _development(office: Office) -> PushReply:
    return office.push(office.other(push_identity(office.rig.authority, environment=Environment.DEVELOPMENT)))


def _old_token(office: Office) -> PushReply:
    return office.headers(office.other(None), authorization=office.key()(3601))


def _foreign_key(office: Office) -> PushReply:
    connection, sign = office.other(None), office.key()
    assert office.headers(connection, authorization=sign()).reason is None
    return office.headers(connection, authorization=office.key("KEY0000002", "TEAM000002")())


def _key_of_development(office: Office) -> PushReply:
    sign = office.key(environments=frozenset({Environment.DEVELOPMENT}))
    return office.headers(office.other(None), authorization=sign())


def _new_tokens(office: Office) -> PushReply:
    connection, sign = office.other(None), office.key()
    for _ in range(2):
        assert office.headers(connection, authorization=sign()).reason is None
        office.hand.wait(20 * 60)
    assert office.headers(connection, authorization=sign()).reason is None
    office.hand.wait(60)
    return office.headers(connection, authorization=sign())


def _expired(office: Office) -> PushReply:
    office.rig.push.expire([TOKEN])
    return office.push()


def _gone(office: Office) -> PushReply:
    office.rig.push.gone([TOKEN])
    return office.push()


def _too_often(office: Office) -> PushReply:
    for _ in range(1000):
        assert office.push().reason is None
    return office.push()


def _overloaded(office: Office) -> PushReply:
    small = Office(PushSettings(most_waiting=1))
    small.rig.fail(DELAYED, delay=60)
    assert small.push().reason is None
    return small.push()


def _shut_down(office: Office) -> PushReply:
    office.rig.push.shut_down()
    return office.push()


REACHED: Mapping[Reason, Callable[[Office], PushReply]] = {
    Reason.BAD_COLLAPSE_ID: lambda office: office.headers(apns_collapse_id="x" * 65),
    Reason.BAD_DEVICE_TOKEN: lambda office: office.push(path="/3/device/0g"),
    Reason.BAD_EXPIRATION_DATE: lambda office: office.headers(apns_expiration="tomorrow"),
    Reason.BAD_MESSAGE_ID: lambda office: office.headers(apns_id="17"),
    Reason.BAD_PRIORITY: lambda office: office.headers(apns_priority="7"),
    Reason.BAD_TOPIC: lambda office: office.headers(apns_topic="not a topic"),
    Reason.DEVICE_TOKEN_NOT_FOR_TOPIC: _not_for_topic,
    Reason.DUPLICATE_HEADERS: _twice,
    Reason.INVALID_PUSH_TYPE: lambda office: office.headers(apns_push_type="alert"),
    Reason.MISSING_DEVICE_TOKEN: lambda office: office.push(path="/3/device/"),
    Reason.MISSING_TOPIC: _two_topics,
    Reason.PAYLOAD_EMPTY: lambda office: office.push(body=b""),
    Reason.TOPIC_DISALLOWED: lambda office: office.headers(apns_topic=OTHER),
    Reason.BAD_CERTIFICATE: _device,
    Reason.BAD_CERTIFICATE_ENVIRONMENT: _development,
    Reason.EXPIRED_PROVIDER_TOKEN: _old_token,
    Reason.FORBIDDEN: lambda office: office.headers(
        office.other(push_identity(office.rig.authority, OTHER)), apns_topic=OTHER, apns_push_type="location"
    ),
    Reason.INVALID_PROVIDER_TOKEN: lambda office: office.headers(office.other(None), authorization="bearer x.y.z"),
    Reason.MISSING_PROVIDER_TOKEN: lambda office: office.headers(office.other(None)),
    Reason.UNRELATED_KEY_ID_IN_TOKEN: _foreign_key,
    Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN: _key_of_development,
    Reason.BAD_PATH: lambda office: office.push(path="/3/devices/00"),
    Reason.METHOD_NOT_ALLOWED: lambda office: office.push(method="GET"),
    Reason.EXPIRED_TOKEN: _expired,
    Reason.UNREGISTERED: _gone,
    Reason.PAYLOAD_TOO_LARGE: lambda office: office.push(body=json.dumps({"mdm": "m" * 4096}).encode()),
    Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES: _new_tokens,
    Reason.TOO_MANY_REQUESTS: _too_often,
    Reason.SERVICE_UNAVAILABLE: _overloaded,
    Reason.SHUTDOWN: _shut_down,
}
ELSEWHERE = {
    Reason.IDLE_TIMEOUT,  # tests/mdm_server/web/test_http2.py: a connection that is silent for too long
    Reason.INTERNAL_SERVER_ERROR,  # the same: a mistake of ours
}


@pytest.mark.parametrize("reason", REACHED)
def test_every_reason_of_apples_is_reached_by_breaking_its_rule(reason: Reason) -> None:
    """Nobody has to arrange for it; and nothing is delivered."""
    office = Office()
    reply = REACHED[reason](office)
    assert (reply.reason, reply.status) == (reason, reason.status)
    assert json.loads(reply.body)["reason"] == reason
    assert (reply.timestamp is not None) is (reason in GONE_FOR_GOOD)
    assert "magic" not in office.rig.magics
    refused = [entry for entry in office.rig.journal.entries() if entry.event == "refused"]
    assert [entry.details["reason"] for entry in refused] == ([reason] if refused else [])


def test_no_reason_is_forgotten() -> None:
    """Two of them are the connection's."""
    assert set(Reason) == REACHED.keys() | ELSEWHERE


ACCEPTED: Mapping[str, Callable[[Office], PushReply]] = {
    "as nanomdm pushes": lambda office: office.push(headers=()),
    "with everything": lambda office: office.headers(
        apns_id="123E4567-e89b-12d3-a456-426655440000",
        apns_expiration=str(int(NOON.timestamp()) + 60),
        apns_priority="5",
        apns_push_type="mdm",
        apns_collapse_id="x" * 64,
    ),
    "for now or never": lambda office: office.headers(apns_expiration="0"),
    "until the end of time": lambda office: office.headers(apns_expiration="99999999999"),
    "a token of another length": lambda office: office.push(path="/3/device/00ff"),
    "the largest payload": lambda office: office.push(body=b'{"mdm":"magic"' + b" " * (4096 - 15) + b"}"),
    "something that no device of ours understands": lambda office: office.push(body=b'{"aps":{"alert":"Hi"}}'),
    "headers that are not Apple's, twice": lambda office: office.push(headers=(("x-trace", "1"), ("x-trace", "2"))),
    "a token beside the certificate": lambda office: office.headers(authorization="bearer nonsense"),
}


@pytest.mark.parametrize("push", ACCEPTED.values(), ids=ACCEPTED)
def test_whatever_apple_takes_is_taken(push: Callable[[Office], PushReply]) -> None:
    """200, no body, and an identifier."""
    reply = push(Office())
    assert (reply.reason, reply.status, reply.body) == (None, 200, b"")
    UUID(reply.apns_id)


REFUSED: Mapping[str, tuple[Callable[[Office], PushReply], Reason]] = {
    "an odd number of digits": (lambda office: office.push(path="/3/device/000"), Reason.BAD_DEVICE_TOKEN),
    "a token that is too long": (lambda office: office.push(path="/3/device/" + "00" * 65), Reason.BAD_DEVICE_TOKEN),
    "no token, no slash": (lambda office: office.push(path="/3/device"), Reason.MISSING_DEVICE_TOKEN),
    "something behind the token": (lambda office: office.push(path="/3/device/00/x"), Reason.BAD_PATH),
    "digits of another script": (lambda office: office.push(path="/3/device/٠٠"), Reason.BAD_DEVICE_TOKEN),
    "an empty object": (lambda office: office.push(body=b"{}"), Reason.PAYLOAD_EMPTY),
    "a list": (lambda office: office.push(body=b"[1]"), Reason.PAYLOAD_EMPTY),
    "no JSON": (lambda office: office.push(body=b"mdm=magic"), Reason.PAYLOAD_EMPTY),
    "JSON as deep as the sea": (lambda office: office.push(body=b'{"mdm":' + b"[" * 4000), Reason.PAYLOAD_EMPTY),
    "an expiry below zero": (lambda office: office.headers(apns_expiration="-1"), Reason.BAD_EXPIRATION_DATE),
    "an expiry of many digits": (lambda office: office.headers(apns_expiration="9" * 5000), Reason.BAD_EXPIRATION_DATE),
    "an identifier without hyphens": (lambda office: office.headers(apns_id="0" * 32), Reason.BAD_MESSAGE_ID),
    "no topic in the topic": (lambda office: office.headers(apns_topic=""), Reason.BAD_TOPIC),
    "a type nobody knows": (lambda office: office.headers(apns_push_type="telegram"), Reason.INVALID_PUSH_TYPE),
    "no collapse identifier in there": (lambda office: office.headers(apns_collapse_id=""), Reason.BAD_COLLAPSE_ID),
    "in the background, at once": (
        lambda office: office.headers(
            office.other(push_identity(office.rig.authority, OTHER)),
            apns_topic=OTHER,
            apns_push_type="background",
            apns_priority="10",
        ),
        Reason.BAD_PRIORITY,
    ),
}


@pytest.mark.parametrize(("push", "reason"), REFUSED.values(), ids=REFUSED)
def test_whatever_apple_does_not_take_is_refused(push: Callable[[Office], PushReply], reason: Reason) -> None:
    """The edges of the rules."""
    assert push(Office()).reason is reason


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_certificate_is_asked_every_time() -> None:
    """One that expires or is revoked while its connection stands is no good from then on."""
    office = Office()
    assert office.push().reason is None
    office.rig.push.providers.revoke(office.identity.certificate)
    assert office.push().reason is Reason.BAD_CERTIFICATE
    office = Office()
    office.hand.wait(366 * 24 * 3600)
    assert office.push().reason is Reason.BAD_CERTIFICATE


def test_the_certificate_of_a_stranger_opens_nothing() -> None:
    """Whatever topic it claims."""
    office = Office()
    other = push_identity(apple_authority(NOON - timedelta(days=1)))
    assert office.push(office.other(other)).reason is Reason.BAD_CERTIFICATE


# --- what becomes of a push -------------------------------------------------------------------------------------------


def test_a_push_for_a_device_that_is_away_waits_until_it_expires() -> None:
    """The newest of each topic, and not beyond its expiry."""
    for seconds, arrives in ((59, ["second"]), (60, [])):
        office = Office()
        until = ((apns.TOPIC, TOPIC), (apns.EXPIRATION, str(int(NOON.timestamp()) + 60)))
        for magic in ("first", "second"):
            assert office.push(body=apns.mdm_payload(magic), headers=until).reason is None
        office.hand.wait(seconds)
        office.rig.line.listen(TOKEN, TOPIC)
        assert office.rig.magics == arrives


def test_a_push_waits_for_thirty_days_at_most() -> None:
    """However long its provider would have it wait."""
    for days, arrives in ((29, ["magic"]), (30, [])):
        office = Office()
        office.headers(apns_expiration="99999999999")
        office.hand.wait(days * 24 * 3600)
        office.rig.line.listen(TOKEN)
        assert office.rig.magics == arrives


def test_a_push_for_now_or_never_does_not_wait() -> None:
    """Zero, or a moment that is over."""
    office = Office()
    for expiration in ("0", str(int(NOON.timestamp()))):
        assert office.headers(apns_expiration=expiration).reason is None
    office.rig.line.listen(TOKEN)
    assert office.rig.magics == []


def test_a_token_that_no_device_ever_had_is_bad_where_apple_is_strict() -> None:
    """In earnest Apple makes the tokens; here a device may be pushed before it has listened, unless told otherwise."""
    office = Office(PushSettings(strict_tokens=True))
    assert office.push().reason is Reason.BAD_DEVICE_TOKEN
    office.rig.line.listen(TOKEN)
    office.rig.line.forget(TOKEN)
    assert office.push().reason is None


def test_gone_says_since_when_and_is_over_when_the_device_is_back() -> None:
    """A token is registered again by listening for it."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.rig.line.gone(TOKEN)
    office.hand.wait(3600)
    assert office.push().timestamp == int(NOON.timestamp() * 1000)
    office.rig.line.listen(TOKEN)
    assert office.push().reason is None


def test_too_many_is_a_matter_of_one_token_and_one_minute() -> None:
    """Others are pushed all the same, and so is this one a minute later."""
    office = Office(PushSettings(most_per_token=2))
    assert [office.push().reason for _ in range(3)] == [None, None, Reason.TOO_MANY_REQUESTS]
    assert office.push(path="/3/device/00").reason is None
    office.hand.wait(60)
    assert office.push().reason is None


# --- arranged for -----------------------------------------------------------------------------------------------------


def test_a_lost_push_was_taken_and_never_arrives() -> None:
    """Its provider has no way to know."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.rig.fail(LOST)
    assert [office.push(body=apns.mdm_payload(magic)).status for magic in ("lost", "found")] == [200, 200]
    assert office.rig.magics == ["found"]


def test_a_delayed_push_arrives_when_it_is_due() -> None:
    """`next_delivery` says when that is."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.rig.fail(DELAYED, delay=90)
    assert office.push().status == 200
    assert office.rig.push.next_delivery == NOON + timedelta(seconds=90)
    office.hand.wait(89)
    assert (office.rig.push.deliver_due(), office.rig.magics) == (0, [])
    office.hand.wait(1)
    assert (office.rig.push.deliver_due(), office.rig.magics) == (1, ["magic"])
    assert office.rig.push.next_delivery is None


def test_a_push_that_is_to_be_reordered_arrives_behind_the_next() -> None:
    """Or a few seconds later, when there is no next."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.rig.fail(REORDERED)
    for magic in ("first", "second"):
        office.push(body=apns.mdm_payload(magic))
    assert office.rig.magics == ["second", "first"]
    office.rig.fail(REORDERED)
    office.push(body=apns.mdm_payload("third"))
    office.hand.wait(5)
    assert office.rig.push.deliver_due() == 1
    assert office.rig.magics == ["second", "first", "third"]


def test_a_late_push_does_not_reach_a_device_that_is_gone() -> None:
    """Not even if it listens again afterwards."""
    office = Office()
    office.rig.fail(DELAYED, delay=1)
    office.push()
    office.rig.push.gone([TOKEN])
    office.hand.wait(1)
    office.rig.push.deliver_due()
    office.rig.line.listen(TOKEN)
    assert office.rig.magics == []


def test_the_end_of_a_connection_is_said_or_not() -> None:
    """With a goaway the push was taken, with a break it was not."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.rig.fail(GOAWAY)
    office.rig.fail(DISCONNECT)
    first, second = office.push(), office.push()
    assert (first.status, first.goaway, second.cut) == (200, Reason.SHUTDOWN, True)
    assert len(office.rig.magics) == 1


def test_a_failure_strikes_only_pushes_that_would_have_been_taken() -> None:
    """A provider that pushes nonsense does not use it up."""
    office = Office()
    office.rig.fail(Reason.UNREGISTERED)
    assert office.push(body=b"").reason is Reason.PAYLOAD_EMPTY
    assert office.push().reason is Reason.UNREGISTERED
    assert office.push().reason is None


def test_the_journal_tells_no_secret() -> None:
    """Neither a token nor a magic: whoever knows a token may listen for it."""
    office = Office()
    office.rig.line.listen(TOKEN)
    office.push()
    office.push(path="/3/device/")
    told = repr(list(office.rig.journal.entries()))
    assert TOKEN.hex() not in told
    assert "'magic'" not in told


def test_a_new_identifier_is_written_as_apple_does() -> None:
    """In capitals, and drawn from the seed; one that nobody could have meant is not said back."""
    office, again = Office(), Office()
    said = office.headers().apns_id
    assert said == again.headers().apns_id == said.upper()
    assert office.headers(apns_id="x" * 65).apns_id != "x" * 65


HEADER_NAMES = [
    apns.ID,
    apns.EXPIRATION,
    apns.PRIORITY,
    apns.TOPIC,
    apns.PUSH_TYPE,
    apns.COLLAPSE_ID,
    apns.AUTHORIZATION,
]
WORDS = (
    st.sampled_from(["", "0", "10", "mdm", TOPIC, OTHER, "bearer a.b.c", "bearer e30.e30.e30", "9" * 30]) | st.text()
)


@given(
    method=st.sampled_from(["POST", "GET", ""]),
    path=st.sampled_from(["/3/device/00", "/3/device/", "/3/device/" + "ab" * 32, "/"]) | st.text(),
    headers=st.lists(st.tuples(st.sampled_from(HEADER_NAMES) | st.text(), WORDS), max_size=6).map(tuple),
    body=st.sampled_from([b"", b"{}", apns.mdm_payload("magic"), b'{"mdm":1}']) | st.binary(max_size=100),
    has_certificate=st.booleans(),
)
def test_whatever_a_provider_sends_gets_an_answer(
    method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes, *, has_certificate: bool
) -> None:
    """A status of Apple's, never an exception."""
    office = Office()
    provider = office.provider if has_certificate else office.other(None)
    reply = office.push(provider, method=method, path=path, headers=headers, body=body)
    assert reply.status == 200 if reply.reason is None else reply.status >= 400
    assert reply.reason is not Reason.INTERNAL_SERVER_ERROR
