"""What can be made to fail at which of Apple's services: where, and in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mdm_server.clouds.apple.activation import service as activation
from mdm_server.clouds.apple.dep import depsim, fault_words
from mdm_server.clouds.apple.faults import SUCCESS
from mdm_server.clouds.apple.journal import Service
from mdm_server.clouds.apple.push import service as push

POINTS: Mapping[Service, Sequence[str]] = {
    Service.DEP: depsim.POINTS,
    Service.ACTIVATION: (activation.POINT,),
    Service.APNS: (push.POINT,),
}
"""Where each service can be struck; the portal cannot."""
WORDS: Mapping[Service, str] = {
    Service.DEP: "a word of depsim, such as bad_request_expired_cursor, or delayed, lost, cut, throttled, unavailable",
    Service.ACTIVATION: ", ".join(activation.RESPONSES),
    Service.APNS: ", ".join(push.RESPONSES),
}
"""What a person is told who named a response that a service does not know."""


def understands(service: Service, response: str) -> bool:
    """Say whether a response means something to a service."""
    match service:
        case _ if response == SUCCESS:
            return True
        case Service.DEP:
            return fault_words.is_known(response)
        case Service.APNS:
            return response in push.RESPONSES
        case Service.ACTIVATION:
            return response in activation.RESPONSES
        case _:
            return False
