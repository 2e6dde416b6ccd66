from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.scenario.checking import Script, check
from device_emulator.scenario.errors import DocumentError
from device_emulator.scenario.steps.device_orders import Unlock
from device_emulator.scenario.steps.enrolling import Enrol

Write = Callable[..., Script]


def problems(text: str) -> list[str]:
    """Return what is wrong with a document, each problem as it is told."""
    with pytest.raises(DocumentError) as caught:
        check(text, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_script_knows_its_steps_and_their_lines(write: Write) -> None:
    """Short forms are written out, and orders of the administrator are steps like any other."""
    script = write(
        "enrol: {device: phone, as: ada}", "admin: {unlock: phone}", "restart-server:", expect=("refused == 0",)
    )
    assert [(line.number, line.verb) for line in script.steps] == [
        (1, "enrol"),
        (2, "unlock"),
        (3, "restart-server"),
    ]
    assert script.steps[0].step == Enrol(device="phone", as_="ada")
    assert script.steps[1].step == Unlock(device="phone")
    assert script.steps[1].line == script.steps[0].line + 1
    assert [threshold.text for _, threshold in script.thresholds] == ["refused == 0"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "enrol: {device: phone, as: ada, refusd: BAD_CREDENTIALS}",
            'steps[0].enrol.refusd: unknown key; did you mean "refused"?',
        ),
        (
            "enrol: {device: phon, as: ada}",
            'steps[0].enrol.device: "phon" is none of the devices; did you mean "phone"?',
        ),
        ("enrol: {device: ipad, as: ada}", 'is none of the devices; did you mean "ipad-3"?'),
        ("enrol: {device: mac-*, as: ada}", '"mac-*" is none of the devices'),
        ("enrol: {device: phone, as: adda}", 'is none of the users; did you mean "ada"?'),
        ("enrol: {device: phone, token: ada}", 'is none of the registrations; did you mean "adas"?'),
        ("enrol: {device: phone, refused: BAD_CREDENTIAL}", 'no such code; did you mean "BAD_CREDENTIALS"?'),
        ("enrol: {device: phone, group_choice: SHOPP}", 'is none of the groups; did you mean "SHOP"?'),
        ("enrol: {device: phone, times: 0}", "steps[0].enrol.times: expected 1 to 100, found 0"),
        ("enrol: {device: phone, times: true}", "expected a whole number, found true or false"),
        ("enrol: {device: phone, wrong_password: 'yes'}", "expected true or false, found text"),
        ("enrol: {device: phone, terms: acept}", 'unknown word "acept"; did you mean "accept"?'),
        ("enrol: {device: phone, as: }", "steps[0].enrol.as: nothing is said; leave the key out"),
        ("enrol: {as: ada}", 'steps[0].enrol: "device" is missing'),
        ("enrol: 7", 'expected text, found a whole number; put it in quotes: "…"'),
        ("enrol: [phone]", "expected a mapping, found a list"),
        ("exepct: phone", 'steps[0].exepct: unknown verb; did you mean "expect"?'),
        ("restart-server", "a verb needs a colon after it; write `restart-server:`"),
        ("{wait: 1 s, enrol: phone}", "a step is one verb and what belongs to it"),
        ("7", "a step is one verb and what belongs to it"),
        ("admin: {unlok: phone}", 'steps[0].admin.unlok: unknown verb; did you mean "unlock"?'),
        ("admin: unlock", "a verb needs a colon after it; write `unlock:`"),
        (
            "admin: {set: {group: ACME, settings: {max_device: 1}}}",
            "settings.max_device: there is no such setting; did you mean max_devices?",
        ),
        (
            "admin: {set: {group: ACME, settings: {shared: {group: x}}}}",
            "there is no such setting; did you mean group_mode?",
        ),
        (
            "admin: {set: {group: ACME, settings: {mode: open}}}",
            "settings.mode: 'open' is not one of the values; did you mean Open?",
        ),
        (
            "admin: {set: {group: ACME, settings: {token_length: 5}}}",
            "token_length: expected a whole number from 6 to 20",
        ),
        ("admin: {set: {group: ACME, settings: {x: 5}, refused: api.invalid}}", "settings.x: there is no such setting"),
        ("admin: {set: {group: ACME, settings: 7}}", "settings: expected a mapping, found a whole number"),
        ("admin: {change-user: {user: ada, user_groups: [sale]}}", 'is none of the user groups; did you mean "sales"?'),
        (
            "inject-fault: {device: phone, message: token_updat, fault: answer-lost}",
            '"token_updat" is none of the messages; did you mean "token_update"?',
        ),
        ("wait: 5 minuts", "steps[0].wait.time: expected a length of time"),
        ("expect: {device: phone, locked: nobody}", "no such code"),
        ("expect: {device: phone, status: Enroled}", 'did you mean "Enrolled"?'),
        ("cart: {devices: ipad-*, refused_devices: [ipad-1]}", '"refused" and "refused_devices" go together'),
    ],
)
def test_what_is_wrong_is_told_with_the_key_and_the_nearest_right_word(head: str, step: str, said: str) -> None:
    """File, line and key of the mistake, and what was probably meant."""
    [problem] = problems(f"{head}steps:\n  - {step}\n")
    assert said in problem
    assert problem.startswith(f"f.yaml:{head.count(chr(10)) + 2}:")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("scenario: tests/short", "scenario: Tests", 'scenario: unexpected form "Tests"'),
        ("scenario: tests/short", "name: x", '"scenario" is missing'),
        ("description: A short one.", "description: ''", "description: expected some text, found none"),
        ("parent: ACME", "parent: ACNE", '"ACNE" is none of the groups; did you mean "ACME"?'),
        ("groups: [ACME, {id: SHOP, parent: ACME}]", "groups: []", "organization.groups: expected at least 1, found 0"),
        ("count: 3}]\npeople", "count: 2000}]\npeople", "devices[1].count: expected 1 to 1000, found 2000"),
        ("user: ada, device: phone", "user: ada, device: fon", "registrations[0].device"),
        ("name: ipad", "model: iPhone 15 Pri, name: ipad", 'did you mean "iPhone 15 Pro"?'),
        ("devices: [", "rows: [[1]]\ndevices: [", "rows[0]: expected text, found a list"),
        ("name: ipad", "name: 'an ipad!'", "unexpected form"),
        ("name: ipad", f"name: {'x' * 65}", "expected at most 64 characters, found 65"),
        ("mistypes: 0.5", "mistypes: 2", "people[0].mistypes: expected 0 to 1, found 2"),
        ("mistypes: 0.5", "mistypes: often", "people[0].mistypes: expected a number, found text"),
        ("scenario: tests/short", "seed: -1\nscenario: tests/short", "seed: expected 0 or more, found -1"),
        ("devices: [", "extra: 1\ndevices: [", "extra: unknown key"),
    ],
)
def test_what_is_wrong_before_the_first_step_is_told_too(head: str, before: str, after: str, said: str) -> None:
    """Groups, users, registrations and devices are looked at as closely as steps."""
    assert before in head
    assert any(said in problem for problem in problems(head.replace(before, after) + "steps: []\n"))


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines(head: str) -> None:
    """Nobody has to mend a file one mistake at a time."""
    text = head.replace("description", "descripton") + "steps:\n  - enrol: {devise: phone}\n  - wayt: 1 s\n"
    text += "expect:\n  - refused = 2\n"
    found = problems(text)
    assert len(found) == 6
    lines = [int(problem.split(":")[1]) for problem in found]
    assert lines == sorted(lines)


@pytest.mark.parametrize("text", ["7", "[]", "just words", "steps: 7"])
def test_what_is_no_scenario_at_all_is_refused(text: str) -> None:
    """A file of something else is told apart, and nothing breaks."""
    assert problems(text)


def test_a_registration_made_by_a_step_can_be_spoken_of(write: Write) -> None:
    """Names that come up in the course of the play are names too."""
    write("admin: {register: {name: bos, user: bo}}", "admin: {reset-token: bos}")


def test_settings_that_the_server_shall_refuse_are_left_to_it(write: Write) -> None:
    """Otherwise nobody could write down what it does with them; user groups go by their names."""
    write("admin: {set: {group: ACME, settings: {token_length: 5}, refused: api.invalid}}")
    write("admin: {set: {group: ACME, settings: {allowed_user_groups: [sales], direct: {user_group: sales}}}}")


def test_rows_may_be_numbers_or_words(head: str) -> None:
    """`3` and `3a` are both rows."""
    assert check(f"rows: [3, 3a]\n{head}steps: []\n", "f").rows == ("3", "3a")
