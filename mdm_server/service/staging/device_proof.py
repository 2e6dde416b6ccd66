"""Which enrolled device is this? An Apple device signs the body, as it does at a check-in; an Android has a secret."""

from __future__ import annotations

from mdm_server.domain.identity_binding import CertificateFacts, decide_use
from mdm_server.service.device_identity import DeviceIdentity
from mdm_server.service.request_facts import RequestFacts
from mdm_server.service.staging.android_identity import speaker
from mdm_server.store.contract import Store


class DeviceProof:
    """Finds out which device speaks, whatever it says of itself."""

    def __init__(self, store: Store, identity: DeviceIdentity) -> None:
        self._store = store
        self._identity = identity

    async def of(self, facts: RequestFacts, body: bytes) -> str:
        """Return the enrolment key of the device that sent `body`.

        Raises the Refusals of `DeviceIdentity.identify` and `decide_use`, or those of an Android's `speaker`.
        """
        if facts.authorization is not None:
            return (await self._store.staging.read(lambda view: speaker(view, facts))).channel.name
        presented = self._identity.identify(facts, body)
        certificate = await self._store.certificates.find(presented.fingerprint)
        recorded = None if certificate is None else CertificateFacts(certificate.state, certificate.device)
        device = None if certificate is None else certificate.device
        decide_use(recorded, device or "")
        assert device is not None, "decide_use refuses a certificate that is bound to no device"
        return device
