"""Who may speak for whom, in every store."""

from __future__ import annotations

import asyncio

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.identity_binding import CertificateState
from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import Store
from rigs.store_actors import Actors, device, hashed, refused


class IdentityContract:
    """Who may speak for whom."""

    async def test_a_device_enrols_with_an_unbound_certificate_which_is_then_its_own(
        self, store: Store, actors: Actors
    ) -> None:
        """The first Authenticate binds; TokenUpdate enrols."""
        certificate = await actors.enrol("A")
        row = await store.certificates.find(hashed(certificate))
        assert row is not None
        assert (row.device, row.state) == ("A", CertificateState.CURRENT)
        enrolled = await store.enrollments.find("A")
        assert enrolled is not None
        assert (enrolled.status, enrolled.token_updates) == (EnrollmentStatus.ENROLLED, 1)

    async def test_a_certificate_of_one_device_is_refused_for_another_everywhere(
        self, store: Store, actors: Actors
    ) -> None:
        """T-01: A's certificate with B's UDID gets nothing of B's and changes nothing."""
        a, _ = await actors.enrol("A"), await actors.enrol("B")
        await actors.enqueue("B", "secret")
        b = device("B")
        async with refused(store, "auth.cert_mismatch"):
            await actors.token_update(b, a)
        async with refused(store, "auth.cert_mismatch"):
            await actors.check_out(b, a)
        async with refused(store, "auth.cert_mismatch"):
            await actors.idle(b, a)
        async with refused(store, "auth.cert_mismatch"):
            await actors.answer(b, a, "secret")
        async with refused(store, "auth.cert_mismatch"):
            await store.enrollments.admit(b, hashed(a), actors.occasion())
        async with refused(store, "auth.cert_mismatch"):
            await store.enrollments.set_bootstrap_token(b, b"x", hashed(a), actors.occasion())
        async with refused(store, "enroll.cert_reuse"):
            await actors.authenticate(b, a)

    async def test_a_certificate_issued_for_one_device_cannot_enrol_another(self, store: Store, actors: Actors) -> None:
        """T-02: an invitation for C opens no door to B."""
        await actors.enrol("B")
        await actors.invite("for C", udid="C")
        await actors.issue("c", challenge="for C")
        async with refused(store, "enroll.cert_not_for_device"):
            await actors.authenticate(device("B"), "c")

    async def test_an_unbound_certificate_does_not_displace_an_enrolled_device(
        self, store: Store, actors: Actors
    ) -> None:
        """I-03: the queue and the enrolment of B stay, whoever claims its UDID."""
        await actors.enrol("B")
        await actors.invite("for anybody")
        await actors.issue("x", challenge="for anybody")
        async with refused(store, "enroll.cert_not_for_device"):
            await actors.authenticate(device("B"), "x")

    async def test_an_invitation_for_exactly_this_device_enrols_it_again(self, store: Store, actors: Actors) -> None:
        """The new certificate takes over, and the old one is superseded (T-04)."""
        old = await actors.enrol("B")
        new = await actors.enrol("B", bound=True)
        async with refused(store, "auth.cert_superseded"):
            await actors.idle(device("B"), old)
        assert await actors.idle(device("B"), new) is None

    async def test_an_invitation_for_a_serial_number_admits_only_that_device(
        self, store: Store, actors: Actors
    ) -> None:
        """The serial number that Authenticate claims is compared with the invitation's."""
        await actors.invite("for S1", serial_number="S1")
        await actors.issue("s", challenge="for S1")
        async with refused(store, "enroll.cert_not_for_device"):
            await actors.authenticate(device("A"), "s", serial_number="S2")
        assert (await actors.authenticate(device("A"), "s", serial_number="S1")).serial_number == "S1"

    async def test_an_unrecorded_certificate_is_nobody(self, store: Store, actors: Actors) -> None:
        """Signed by our authority is not enough: what is not on record does not exist (I-11)."""
        async with refused(store, "auth.cert_invalid"):
            await actors.authenticate(device("A"), "never issued")
        async with refused(store, "auth.cert_invalid"):
            await actors.idle(device("A"), "never issued")

    async def test_a_revoked_certificate_is_refused(self, store: Store, actors: Actors) -> None:
        """I-05: from the moment that the revocation was acknowledged."""
        a = await actors.enrol("A")
        await store.certificates.revoke(hashed(a), actors.occasion())
        async with refused(store, "auth.cert_invalid"):
            await actors.idle(device("A"), a)

    async def test_a_renewed_certificate_takes_over_when_it_is_first_used(self, store: Store, actors: Actors) -> None:
        """I-04: until then the old one works, so that a lost reply locks nobody out."""
        old = await actors.enrol("A")
        await actors.issue("new", renews=old)
        assert await actors.idle(device("A"), old) is None
        assert await actors.idle(device("A"), "new") is None
        async with refused(store, "auth.cert_superseded"):
            await actors.idle(device("A"), old)
        states = [row.state for row in await store.certificates.list("A")]
        assert states == [CertificateState.CURRENT, CertificateState.SUPERSEDED]

    async def test_a_second_certificate_must_authenticate_before_anything_else(
        self, store: Store, actors: Actors
    ) -> None:
        """Only a renewal skips Authenticate."""
        await actors.enrol("A")
        await actors.invite("again", udid="A")
        await actors.issue("second", challenge="again")
        async with refused(store, "state.order"):
            await actors.idle(device("A"), "second")

    async def test_a_certificate_that_was_passed_over_is_superseded(self, store: Store, actors: Actors) -> None:
        """A device that was given two and used the later one has only that one (I-04)."""
        await actors.invite("two", udid="A", uses=2)
        await actors.issue("first", challenge="two")
        await actors.issue("second", challenge="two")
        await actors.authenticate(device("A"), "second")
        async with refused(store, "auth.cert_superseded"):
            await actors.authenticate(device("A"), "first")

    async def test_a_key_that_is_another_devices_is_refused(self, store: Store, actors: Actors) -> None:
        """T-16: at issuance when the device is known, and otherwise when the certificate would be bound."""
        await actors.invite("one")
        await actors.issue("a", challenge="one", key="shared")
        await actors.authenticate(device("A"), "a")
        await actors.invite("for B", udid="B")
        async with refused(store, "scep.key"):
            await actors.issue("b", challenge="for B", key="shared")
        await actors.invite("two")
        await actors.issue("c", challenge="two", key="shared")
        async with refused(store, "enroll.cert_reuse"):
            await actors.authenticate(device("C"), "c")

    async def test_of_sixteen_devices_with_one_certificate_exactly_one_is_bound(
        self, store: Store, actors: Actors
    ) -> None:
        """T-03, I-01: at the same moment, many rounds."""
        for round_number in range(30):
            name = f"round {round_number}"
            await actors.invite(name)
            await actors.issue(name, challenge=name)
            claims = [actors.authenticate(device(f"{name} device {n}"), name) for n in range(16)]
            outcomes = await asyncio.gather(*claims, return_exceptions=True)
            refusals = [one.code for one in outcomes if isinstance(one, Refusal)]
            assert refusals == ["enroll.cert_reuse"] * 15
