from __future__ import annotations

import pytest

from mdm_server.wire.errors import SchemaError
from mdm_server.wire.machine_info import MachineInfo, parse_machine_info


def test_a_device_description_is_read_as_it_was_built() -> None:
    """Every key of Apple's MachineInfo has its attribute."""
    info = MachineInfo(
        udid="U",
        serial="S",
        product="iPhone16,1",
        version="22A3354",
        os_version="18.0",
        supplemental_build_version="22A3354",
        supplemental_os_version_extra="(a)",
        imei="1",
        meid="2",
        language="en",
        can_request_software_update=True,
        pairing_token=b"t",
        software_update_device_id="iPhone16,1",
    )
    assert len(info.to_plist()) == 13
    assert parse_machine_info(info.to_plist()) == info


def test_fleets_short_description_is_understood() -> None:
    """Checklist 13: for BYOD Fleet's client says only product, build and language; further keys are ignored."""
    info = parse_machine_info({"PRODUCT": "iPhone14,6", "VERSION": "22A3351", "LANGUAGE": "en-US", "NEW": 1})
    assert info == MachineInfo(product="iPhone14,6", version="22A3351", language="en-US")


@pytest.mark.parametrize("payload", [{"UDID": 1}, {"PAIRING_TOKEN": "x"}, {"MDM_CAN_REQUEST_SOFTWARE_UPDATE": "yes"}])
def test_a_key_of_another_type_is_refused(payload: dict[str, object]) -> None:
    """T-37: types are Apple's."""
    with pytest.raises(SchemaError):
        parse_machine_info(payload)
