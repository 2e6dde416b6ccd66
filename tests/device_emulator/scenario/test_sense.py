from __future__ import annotations

import pytest

from device_emulator.scenario.checking import check
from device_emulator.scenario.errors import DocumentError


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("devices: [phone,", "devices: [phone, phone,", 'devices[1]: "phone" is there already; give it another name'),
        ("devices: [phone,", "devices: [phone, ipad-2,", 'devices[2]: "ipad-2" is there already'),
        ("users: [ada,", "users: [ada, Ada,", 'organization.users[1]: "ada" is there already'),
        ("users: [ada,", "users: [Lovelace, ada,", 'people[0]: "Lovelace" is there already'),
        ("groups: [ACME,", "groups: [ACME, acme,", 'organization.groups[1]: "ACME" is there already'),
        (
            "user_groups: [sales]",
            "user_groups: [sales, sales]",
            'organization.user_groups[1]: "sales" is there already',
        ),
        (
            "registrations:\n",
            "registrations:\n  - {name: adas, user: bo}\n",
            'registrations[1]: "adas" is there already',
        ),
        (
            "phone,",
            "{name: phone, model: Pixel 8},",
            "devices[0].model: a Pixel 8 does not run ios; say `platform: android`",
        ),
        ("phone,", "{name: phone, platform: android, model: iPhone 15},", "does not run android; say `platform: ios`"),
        ("phone,", "{name: phone, management: work-profile},", "devices[0].management: only an Android is managed"),
        ("phone,", "{name: phone, abm: true},", "devices[0].abm: nobody plays Apple here; say `needs: [dep]`"),
        ("phone,", "{name: phone, platform: android, abm: true},", "devices[0].abm: Apple sells no Androids"),
        ("phone,", '{name: phone, platform: android, system: "18.5"},', "devices[0].system: the version of an Android"),
        (
            "user: ada, device: phone",
            "user: worker-*, device: phone",
            "registrations[0]: worker-* and phone are not as many: 3 and 1",
        ),
    ],
)
def test_what_cannot_be_meant_is_told(head: str, before: str, after: str, said: str) -> None:
    """Though every word of it is known."""
    assert before in head
    with pytest.raises(DocumentError) as caught:
        check(head.replace(before, after, 1) + "steps: []\n", "f.yaml")
    [problem] = caught.value.problems
    assert said in str(problem)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("cart: {devices: ipad-*, refused: MAX_DEVICES}", '"refused" and "refused_devices" go together'),
        ("cart: {devices: ipad-*, refused_devices: [ipad-1]}", '"refused" and "refused_devices" go together'),
        ("cart: phone", "steps[0].cart.devices: Apple Configurator prepares no Android, and phone is one"),
        ("enrol: {device: phone, token: adas, typed_token: X}", '"token" and "typed_token" exclude each other'),
    ],
)
def test_a_step_that_cannot_be_meant_is_told(head: str, step: str, said: str) -> None:
    """At its place, like any other mistake."""
    android = head.replace("devices: [phone,", "devices: [{name: phone, platform: android},")
    with pytest.raises(DocumentError) as caught:
        check(f"{android}steps:\n  - {step}\n", "f.yaml")
    [problem] = caught.value.problems
    assert said in str(problem)
    assert problem.position.line == android.count("\n") + 2
