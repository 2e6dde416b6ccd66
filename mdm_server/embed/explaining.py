"""Explaining a device from a journal that a run left behind, without the server that wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from mdm_server.domain.staging.explanation import Explanation, explain
from mdm_server.domain.staging.journal_names import DeviceNames, devices_in, find_device, nearest_name
from mdm_server.domain.staging.standing import retrace
from mdm_server.store.records import JournalEvent

__all__ = ["Explanation", "JournalError", "UnknownDeviceError", "explain_from_journal", "read_journal"]


class JournalError(ValueError):
    """What should be a journal is none: where, what was expected and what was found."""


class UnknownDeviceError(LookupError):
    """A journal tells of no such device; `nearest` is the name most like it, if any is like it at all."""

    def __init__(self, text: str, nearest: str | None) -> None:
        self.nearest = nearest
        hint = f"did you mean {nearest!r}?" if nearest else "and there is nothing like it"
        super().__init__(f"expected a device that the journal tells of, found {text!r}; {hint}")


def read_journal(lines: Iterable[bytes]) -> list[JournalEvent]:
    """Read what `journal_lines` wrote.

    Raises:
        JournalError: a line is no entry of a journal.

    """
    decoder = msgspec.json.Decoder(JournalEvent)
    entries: list[JournalEvent] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append(decoder.decode(line))
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            shown = line[:40].decode(errors="replace").strip()
            raise JournalError(f"line {number}: expected an entry of a journal, found {shown!r} ({error})") from error
    return entries


def explain_from_journal(
    entries: Sequence[JournalEvent], device: str, names: Mapping[str, str] | None = None
) -> Explanation:
    """Explain a device by nothing but its journal; `names` maps what a run called its devices to their UDIDs.

    Raises:
        UnknownDeviceError: no entry is about such a device.

    """
    called = {name.casefold(): (name, udid) for name, udid in (names or {}).items()}
    name, wanted = called.get(device.strip().casefold(), (None, device))
    known = devices_in(entries)
    found = find_device(known, wanted)
    if found is None:
        others = [each for each in names or {} if each != name]
        given = [each for device_names in known for each in device_names.names]
        raise UnknownDeviceError(device, nearest_name([*others, *given], device))
    about = [entry for entry in entries if found.concerns(entry)]
    return explain(_title(found, name), retrace(about), about)


def _title(found: DeviceNames, name: str | None) -> str:
    """Return what the device is called: as the run called it, or else by what is printed on it."""
    printed = sorted(found.names, key=lambda each: each.startswith("device:"))
    return f"{name} ({printed[0]})" if name else f"The device {printed[0]}"
