"""What a managed device remembers about its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from device_emulator.core.randomness import Randomness
from device_emulator.core.sharing import shared
from mdm_server.wire.commands.support import AccessRight
from mdm_server.wire.enrollment_profile import MdmSettings, ScepSettings


class Management:
    """The management of one device by one server, from Authenticate to its end.

    `enrollment` counts this device's enrolments and `token_turn` the tokens of this one: push token and magic are drawn
    from both and never stored. `announced` is the passcode generation whose unlock token the server knows, None before
    the first TokenUpdate. `automated` says that the organization enrolled the device, and not its person. `ending` says
    why management is about to end. `scep` and `challenge` are kept for the renewal of the identity.
    """

    __slots__ = (
        "announced",
        "automated",
        "awaiting_configuration",
        "challenge",
        "ending",
        "enrollment",
        "idle_signature",
        "profile_identifier",
        "scep",
        "settings",
        "since",
        "token_turn",
    )

    def __init__(
        self, settings: MdmSettings, scep: ScepSettings, *, profile_identifier: str, enrollment: int, since: datetime
    ) -> None:
        # What differs from device to device is kept apart, so that the rest is one object for a whole fleet.
        self.settings = shared(replace(settings, identity_certificate_uuid=""))
        self.scep = shared(replace(scep, challenge=None, payload_uuid="", payload_identifier=""))
        self.challenge = scep.challenge
        self.profile_identifier = shared(profile_identifier)
        self.enrollment = enrollment
        self.since = since
        self.token_turn = 0
        self.announced: int | None = None
        self.automated = False
        self.awaiting_configuration = False
        self.ending: str | None = None
        self.idle_signature: bytes | None = None

    @property
    def access_rights(self) -> AccessRight:
        """What the person allowed the server to do when the profile was installed."""
        return AccessRight(self.settings.access_rights)

    def push_token(self, randomness: Randomness) -> bytes:
        """Return the token under which the push service knows the device."""
        return randomness.random_bytes(f"push token {self.enrollment}", 32, self.token_turn)

    def push_magic(self, randomness: Randomness) -> str:
        """Return the word that a push must carry."""
        return randomness.random_uuid(f"push magic {self.enrollment}", self.token_turn)

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types."""
        scep = asdict(self.scep)
        if self.scep.ca_fingerprint is not None:
            scep["ca_fingerprint"] = self.scep.ca_fingerprint.hex()
        return {
            "settings": asdict(self.settings),
            "scep": {**scep, "challenge": self.challenge},
            "profile_identifier": self.profile_identifier,
            "enrollment": self.enrollment,
            "since": self.since.isoformat(),
            "token_turn": self.token_turn,
            "announced": self.announced,
            "automated": self.automated,
            "awaiting_configuration": self.awaiting_configuration,
            "ending": self.ending,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Management:
        """Return the management that `snapshot` describes."""
        settings, scep = dict(snapshot["settings"]), dict(snapshot["scep"])
        settings["server_capabilities"] = tuple(settings["server_capabilities"])
        scep["subject"] = tuple(tuple((kind, text) for kind, text in relative) for relative in scep["subject"])
        if scep["ca_fingerprint"] is not None:
            scep["ca_fingerprint"] = bytes.fromhex(scep["ca_fingerprint"])
        management = cls(
            MdmSettings(**settings),
            ScepSettings(**scep),
            profile_identifier=snapshot["profile_identifier"],
            enrollment=snapshot["enrollment"],
            since=datetime.fromisoformat(snapshot["since"]),
        )
        management.token_turn = snapshot["token_turn"]
        management.announced = snapshot["announced"]
        management.automated = snapshot.get("automated", False)
        management.awaiting_configuration = snapshot["awaiting_configuration"]
        management.ending = snapshot["ending"]
        return management
