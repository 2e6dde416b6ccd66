"""How far somebody has come in Setup Assistant."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from device_emulator.core.activation import SettingUp
from device_emulator.core.setting_up.answers import AppleAccount, Guide, SetupAnswers


class Passage:
    """One passage through Setup Assistant.

    `shown` names the panes that were shown; `updated` and `restored` say what happened on the way.
    """

    __slots__ = ("restored", "setting_up", "shown", "updated")

    def __init__(self, setting_up: SettingUp) -> None:
        self.setting_up = setting_up
        self.shown: tuple[str, ...] = ()
        self.updated = False
        self.restored = False

    @property
    def answers(self) -> SetupAnswers:
        """What is typed and tapped."""
        return self.setting_up.answers

    @property
    def guide(self) -> Guide:
        """Who takes the device through."""
        return self.setting_up.guide

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types; it holds what the person knows by heart."""
        profile = self.setting_up.profile
        return {
            "answers": asdict(self.answers),
            "guide": self.guide.value,
            "profile": None if profile is None else base64.b64encode(profile).decode(),
            "shown": list(self.shown),
            "updated": self.updated,
            "restored": self.restored,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Passage:
        """Return the passage that `snapshot` describes."""
        answers = dict(snapshot["answers"])
        account, profile = answers.pop("apple_account"), snapshot["profile"]
        passage = cls(
            SettingUp(
                answers=SetupAnswers(**answers, apple_account=None if account is None else AppleAccount(**account)),
                guide=Guide(snapshot["guide"]),
                profile=None if profile is None else base64.b64decode(profile),
            )
        )
        passage.shown = tuple(snapshot["shown"])
        passage.updated, passage.restored = snapshot["updated"], snapshot["restored"]
        return passage
