"""Setup Assistant on the page about fidelity: every pane, and what is done differently here than on a device."""

from __future__ import annotations

from device_emulator.core.setting_up.panes import GREETING, OPTIONS, PANES, Pane

TEXT = """\
## Setup Assistant

A device that knows where Apple is (`DeviceSettings.apple`) asks there whose it is, every time somebody sets it up. Real
devices are activated by ways that Apple does not document; the request and its answer are a convention of this project
(`mdm_server/wire/activation.py`). From the MachineInfo on, everything is as Apple documents it. Panes are gone through
at once; what takes time is waiting: for a network, for an update, for DeviceConfigured.

An organization that wants no Apple Account has the pane `AppleID` skipped. Here that is for good if its DEP profile is
mandatory: signing in later and backing up are refused (`apple_account_disabled`). iOS hides the pane and leaves
Settings alone, so for real devices add the restrictions `allowAccountModification` and `allowCloudBackup`.

The panes, in order. What comes before the network cannot be skipped, for the device does not know yet whose it is;
remote management follows on it.
"""


def section() -> str:
    """Return the section, as Markdown."""
    lines = ["| Pane | Systems | What a person does | Can be skipped |", "| --- | --- | --- | --- |"]
    lines += [_line(pane) for pane in PANES]
    options = "; ".join(f"`{option}` takes an option out of `{pane}`" for option, pane in OPTIONS.items())
    return "\n".join([TEXT, *lines, "", f"Of the other keys of SkipSetupItems, {options}.", ""])


def _line(pane: Pane) -> str:
    systems = f"{pane.introduced} and later" if pane.ended is None else f"{pane.introduced} until {pane.ended}"
    skipped = "yes" if pane.can_be_skipped and pane not in GREETING else "no"
    return f"| `{pane.name}` | {systems} | {pane.deed} | {skipped} |"
