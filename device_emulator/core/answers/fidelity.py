"""How close the emulator comes to a real device, as a page: `docs/fidelity.md`, made from the tables.

Run `python -m device_emulator.core.answers.fidelity > docs/fidelity.md` after a change; a test says when it is due.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping

from device_emulator.core.answers.answerer import Answerer, Condition, Fidelity
from device_emulator.core.answers.queries import QUERIES, SUPPORT
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.answers.when_lost import WHEN_LOST, WhenLost
from device_emulator.core.restrictions import RESTRICTIONS
from device_emulator.core.setting_up.described import section as setup_assistant
from mdm_server.wire.commands import COMMANDS, CommandSpec, Mode, Platform, PlatformSupport

INTRODUCTION = """\
# Fidelity

How close the virtual devices come to an iPhone or iPad, command by command. This page is made from the table of
commands (`mdm_server/wire/commands`, checked against Apple's published schema) and the table of answers
(`device_emulator/core/answers`). Do not edit it: run

    python -m device_emulator.core.answers.fidelity > docs/fidelity.md

- **real**: whatever a server can observe of it is as on a device.
- **simplified**: answered and effective, but less happens than on a device; the note says what is missing.
- **absent**: refused, because no such machine is in the fleet.
"""

ORDER = """\
## What is checked first

Every command passes these gates, in this order; the first that is shut decides.

1. Unknown request type: `Error` 12021 (`MCMDMErrorDomain`).
2. A key missing, of the wrong type, or with a value that is not allowed: `CommandFormatError`. Unknown keys are
   ignored.
3. Platform, version or channel: `Error` 12021. User enrolment, Shared iPad, automated enrolment, supervision, access
   right: `Error` 12007.
4. Lost mode, for the commands that do not run in it: `Error` 12078.
5. `RequestRequiresNetworkTether`: `Error` 12081, for no device here is connected by a cable.
6. State: `NotNow`, as the next table says.

A command that is refused or put off changes nothing on the device.
"""

NOT_NOW = """\
## When a device says NotNow

Commands that are not listed never get `NotNow`: Apple guarantees it for DeviceInformation, ProfileList, DeviceLock,
EraseDevice, ClearPasscode, ProvisioningProfileList, InstalledApplicationList and Restrictions (archived MDM Protocol
Reference, “Error Handling”), and requires it of CertificateList before the first unlock (schema, CertificateList). The
rest is our reading of the reason it gives there: Data Protection keeps a locked device from changing what it stores.
"""

IN_LOST_MODE = """\
## In lost mode

A lost device answers a command that is not valid in lost mode with `Error` 12078. Apple does not say which these are
(enable-lost-mode-command); this table says what is its word, and what our reading.

Its person can switch it off and on, carry it out of reach and hand it over, and nothing else. Lost mode outlives a
restart and the right passcode; only DisableLostMode, an erase, or the end of management ends it.
"""

IN_FORCE = """\
## Restrictions

What `com.apple.applicationaccess` keeps a person from; whatever else it says is listed to the server and does nothing
here. A restriction for supervised devices alone changes nothing on one that is not. No restriction binds the server.
"""

CREDENTIALS = """\
## What a device proves itself with, and what opens it

- **Identity**: renewed by RenewalReq (RFC 8894) two weeks before it ends, or in the last fifth of a shorter life. A
  renewal that fails is tried again every hour, before anything else, and the device goes on with what it has. An
  identity that nobody renewed in time is dead: our server refuses all that is signed by it, the renewal too, with 400
  and never with 401. The device stays managed and goes on trying for ever, as Apple leaves it to do. Its person has to
  remove the profile, an administrator to retire the device, and then it can enrol again.
- **Unlock token**: announced in every TokenUpdate to a server with the right to remove passcodes, another one after
  every change of the passcode and every erase. The server keeps the last one, also when a TokenUpdate brings none;
  ClearPasscode with an older one is refused (`Error` 5013).
- **Bootstrap token**: for Macs only (schema, SetBootstrapToken). A device that is told to behave like one asks for it
  after enrolment and leaves one where there is none. It ends with management, on both sides.
- **Activation lock**: begins and ends with Find My, on a supervised device only where MDMOptions allows it. Apple
  keeps it over every erase, the one in Settings included, for nobody is asked there for the password that would end
  it. What opens it is that password, or the bypass code.
"""

STATES: Mapping[Condition, str] = {
    Condition.LOCKED: "locked with a passcode",
    Condition.BEFORE_FIRST_UNLOCK: "before the first unlock",
    Condition.ON_CALL: "on a call",
    Condition.SETUP_ASSISTANT: "in Setup Assistant",
}


def page() -> str:
    """Return the whole page, as Markdown."""
    counted = Counter(row.fidelity for row in ANSWERERS.values())
    totals = ", ".join(f"{counted[fidelity]} {fidelity}" for fidelity in Fidelity)
    parts = [
        INTRODUCTION,
        f"## Commands\n\n{len(ANSWERERS)} request types: {totals}.\n",
        _table(("Command", "What it does", "Needs", "Fidelity", "Note"), map(_command, COMMANDS.values())),
        ORDER,
        NOT_NOW,
        _table(("Command", *STATES.values()), (_put_off(row) for row in _in_order() if row.not_now)),
        _refused_when_lost(),
        CREDENTIALS,
        setup_assistant(),
        _restrictions(),
        _queries(),
    ]
    return "\n".join(parts)


def _in_order() -> Iterator[Answerer]:
    return (ANSWERERS[request_type] for request_type in COMMANDS)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _command(spec: CommandSpec) -> tuple[str, ...]:
    row = ANSWERERS[spec.request_type]
    return f"`{spec.request_type}`", spec.summary, _needs(spec.support), f"**{row.fidelity}**", row.note


def _needs(supports: Mapping[Platform, PlatformSupport]) -> str:
    """Say in a few words what an iPhone or iPad demands of a command."""
    support = supports.get(Platform.IOS)
    if support is None:
        return "a Mac"
    words = [f"iOS {support.introduced}"]
    words += ["a Shared iPad"] * (support.shared_ipad.mode is Mode.REQUIRED)
    words += ["supervision"] * support.supervised
    words += ["automated enrolment"] * support.requires_dep
    words += [f"right {support.access_rights.value}"] * bool(support.access_rights)
    return ", ".join(words)


def _put_off(row: Answerer) -> tuple[str, ...]:
    return f"`{row.request_type}`", *("NotNow" if state & row.not_now else "" for state in STATES)


def _refused_when_lost() -> str:
    rows = ((f"`{row.request_type}`", *_when_lost(WHEN_LOST[row.request_type])) for row in _in_order())
    return f"{IN_LOST_MODE}\n{_table(('Command', 'Lost', 'Because'), rows)}"


def _when_lost(verdict: WhenLost) -> tuple[str, str]:
    return "" if verdict is WhenLost.ELSEWHERE else "runs" if verdict.runs else "12078", verdict.value


def _restrictions() -> str:
    """List what is forbidden, to whom, and since when."""
    rows = (
        (f"`{row.key}`", row.forbids, f"iOS {row.introduced}" + ", supervision" * row.supervised)
        for row in RESTRICTIONS.values()
    )
    return f"{IN_FORCE}\n{_table(('Key', 'Forbids', 'Needs'), rows)}"


def _queries() -> str:
    known = [name for name, supports in SUPPORT.items() if Platform.IOS in supports]
    silent = [name for name in known if name not in QUERIES]
    return (
        "## DeviceInformation\n\n"
        f"{len(known) - len(silent)} of the {len(known)} queries of Apple's schema for iOS and iPadOS are answered.\n"
        f"Left out, because no device here has an answer: {', '.join(f'`{name}`' for name in silent)}.\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
