"""What a person does at those panes that change something on the device; at all others they tap and go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from device_emulator.core import apple_account, holding
from device_emulator.core.applications import Applications
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.answers import SKIP
from device_emulator.core.setting_up.events import RestoredFromBackup
from device_emulator.core.setting_up.passage import Passage

Deed = Callable[[Handheld, Passage], None]


def choose_language(handheld: Handheld, passage: Passage) -> None:
    """Choose a language; the region follows at a pane of its own."""
    handheld.preferences.change(Preference.LANGUAGE, passage.answers.language)


def choose_region(handheld: Handheld, passage: Passage) -> None:
    """Choose a country or region."""
    handheld.preferences.change(Preference.REGION, passage.answers.region)


def show_a_face_or_a_finger(handheld: Handheld, passage: Passage) -> None:
    """Let the device learn a face or a finger, or set that up later."""
    handheld.preferences.change(Preference.BIOMETRICS, passage.answers.biometrics)


def choose_passcode(handheld: Handheld, passage: Passage) -> None:
    """Choose the passcode that was asked for, the usual one, or none; a policy is obeyed later, like any other."""
    code = passage.answers.passcode
    if code != SKIP:
        holding.choose_passcode(handheld, code or holding.usual_passcode(handheld, handheld.profiles.passcode_policy))


def restore(handheld: Handheld, passage: Passage) -> None:
    """Bring back from a backup what the person had: their applications."""
    if passage.answers.restore is None:
        return
    handheld.applications = Applications(handheld.randomness)
    passage.restored = True
    handheld.emit(RestoredFromBackup())


def sign_in(handheld: Handheld, passage: Passage) -> None:
    """Sign in with an Apple Account, or set that up later."""
    if passage.answers.apple_account is not None:
        apple_account.sign_in(handheld, passage.answers.apple_account)


DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "Language": choose_language,
        "Region": choose_region,
        "Biometric": show_a_face_or_a_finger,
        "Passcode": choose_passcode,
        "Restore": restore,
        "AppleID": sign_in,
    }
)
"""By the names of the panes."""
