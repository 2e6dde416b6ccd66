"""What foreign clients send, byte for byte as their plist libraries write it.

mdmb and Fleet's client both write XML through groob/plist. Peculiar to mdmb: no NotOnConsole, and one token for all its
devices. Peculiar to Fleet: EnrollmentID beside UDID, a Topic of its own, NotOnConsole as a string.
"""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    '<plist version="1.0">'
)


def document(**keys: object) -> bytes:
    """Return the document that groob/plist writes for these keys."""
    return f"{HEAD}{_element(keys)}</plist>\n".encode()


def _element(value: object) -> str:
    match value:
        case bool():
            return "<true/>" if value else "<false/>"
        case int():
            return f"<integer>{value}</integer>"
        case bytes():
            return f"<data>{base64.b64encode(value).decode()}</data>"
        case dict():
            return "<dict>" + "".join(f"<key>{key}</key>{_element(value[key])}" for key in sorted(value)) + "</dict>"
        case list():
            return "<array>" + "".join(map(_element, value)) + "</array>"
        case _:
            return f"<string>{escape(str(value))}</string>"


MDMB = {"UDID": "8A0D7B7C-8B0F-4C7E-9D57-0A4A9F0C9E11", "Topic": "com.apple.mgmt.External.mdmsim"}
MDMB_AUTHENTICATE = document(
    MessageType="Authenticate",
    BuildVersion="24E263",
    DeviceName="C02XKF7YH0G1's Computer",
    OSVersion="15.4",
    ProductName="Mac16,10",
    SerialNumber="C02XKF7YH0G1",
    **MDMB,
)
MDMB_TOKEN_UPDATE = document(MessageType="TokenUpdate", PushMagic="fakePushMagic", Token=b"fakeToken", **MDMB)
MDMB_IDLE = document(Status="Idle", UDID=MDMB["UDID"])
MDMB_ERROR = document(
    Status="Error",
    UDID=MDMB["UDID"],
    CommandUUID="c-1",
    ErrorChain=[
        {
            "ErrorCode": 12021,
            "ErrorDomain": "MCMDMErrorDomain",
            "LocalizedDescription": "Unknown command: Foo <MDMClientError:91>",
            "USEnglishDescription": "Unknown command: Foo <MDMClientError:91>",
        }
    ],
)

FLEET = {
    "UDID": "9F0AB1CDEFGH2345-6789JKLM",
    "EnrollmentID": "testenrollmentid-9F0AB1CDEFGH2345-6789JKLM",
    "Topic": "com.apple.mgmt.External.9F0AB1CDEFGH2345-6789JKLM",
}
FLEET_AUTHENTICATE = document(
    MessageType="Authenticate",
    Model="iPad13,18",
    ProductName="iPad13,18",
    DeviceName="testdevice9F0AB1CDEFGH",
    SerialNumber="DMPXK1ABCDEF",
    **FLEET,
)
FLEET_BYOD_AUTHENTICATE = document(
    MessageType="Authenticate", Model="iPhone14,6", EnrollmentID=FLEET["EnrollmentID"], Topic=FLEET["Topic"]
)
FLEET_TOKEN_UPDATE = document(
    MessageType="TokenUpdate",
    NotOnConsole="false",
    AwaitingConfiguration=True,
    PushMagic="pushmagicDMPXK1ABCDEF",
    Token=b"tokenDMPXK1ABCDEF",
    UnlockToken=b"unlocktokenDMPXK1ABCDEF",
    **FLEET,
)
FLEET_USER_TOKEN_UPDATE = document(
    MessageType="TokenUpdate",
    NotOnConsole="false",
    PushMagic="pushmagic.user.DMPXK1ABCDEF",
    Token=b"token.user.DMPXK1ABCDEF",
    UserID="2B3A4C5D-0000-4000-8000-111122223333",
    UserLongName="jane",
    UserShortName="jane",
    **FLEET,
)
FLEET_USER_AUTHENTICATE = document(
    MessageType="UserAuthenticate", UDID=FLEET["UDID"], UserID="2B3A4C5D-0000-4000-8000-111122223333"
)
FLEET_DECLARATIVE_MANAGEMENT = document(MessageType="DeclarativeManagement", Endpoint="tokens", Data=b"{}", **FLEET)
FLEET_CHECK_OUT = document(MessageType="CheckOut", **FLEET)
FLEET_GET_BOOTSTRAP_TOKEN = document(MessageType="GetBootstrapToken", **FLEET)
FLEET_IDLE = document(Status="Idle", **FLEET)
FLEET_NOT_NOW = document(Status="NotNow", CommandUUID="c-2", **FLEET)
FLEET_DEVICE_INFORMATION = document(
    Status="Acknowledged",
    UDID=FLEET["UDID"],
    CommandUUID="c-3",
    QueryResponses={"DeviceName": "x", "OSVersion": "17.5.1", "DeviceCapacity": 64, "IsSupervised": True},
)
FLEET_USER_ACKNOWLEDGED = document(
    Status="Acknowledged", CommandUUID="c-4", UserID="2B3A4C5D-0000-4000-8000-111122223333", **FLEET
)
