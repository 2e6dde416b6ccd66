"""A login or logout on an enrolled device, inside its transaction: everything judged again, and written together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from msgspec import structs

from mdm_server.domain.staging.attempt import Attempt, Credentials, Purpose, TermsAnswer, Verdict
from mdm_server.domain.staging.check_out import check_out_group, home_group, shared_passcode_valid
from mdm_server.domain.staging.devices import DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import judge
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, EnrollmentType
from mdm_server.service.staging import questions
from mdm_server.service.staging.admission import apply, attempt_of, count_success
from mdm_server.service.staging.captcha_sessions import (
    captcha_answer,
    captcha_shown,
    end_captcha,
    show_captcha,
    terms_answer,
)
from mdm_server.service.staging.credentials import Proof
from mdm_server.service.staging.handing_over import HandOver, check_in, check_out, claim
from mdm_server.service.staging.sessions import Fresh
from mdm_server.service.staging.user_settings import Drawn
from mdm_server.store.staging import ROOT_GROUP, StagingRoom, StagingView
from mdm_server.wire.hub import DeviceLogin, DeviceReply

SHARED = frozenset({AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT})
Outcome = tuple[DeviceReply, DeviceRecord | None]
"""What is answered, and the record of a device that is to be woken."""


class DeviceDesk:
    """One request of an enrolled device's Hub."""

    def __init__(self, room: StagingRoom, device: DeviceRecord, at: datetime, fresh: Fresh, drawn: Drawn) -> None:
        self._room = room
        self._device = device
        self._at = at
        self._fresh = fresh
        self._drawn = drawn
        self._tree = room.groups.tree()

    def log_in(self, message: DeviceLogin, proof: Proof, *, passcode_matches: bool, url: str) -> Outcome:
        """Judge who logs in, and let them have the device: for good, or until they log out."""
        user = self._room.users.by_name(message.username, home_of(self._device))
        # Until the password is right, the group that the user's own would lead to must not show in the answer.
        known = user if proof.credentials(user) is Credentials.GOOD else None
        group = self._group(known, message.group_id)
        attempt = self._attempt(user, group, message, proof)
        if user is not None:
            attempt = replace(attempt, shared_passcode_good=shared_passcode_valid(user, passcode_matches, self._at))
        end_captcha(self._room, self._device.identifiers, device_id=self._device.id)
        verdict = judge(attempt)
        if attempt.credentials is Credentials.GOOD and user is not None:
            user = count_success(self._room, user, self._device.identifiers)
        if verdict is not None or user is None or group is None:
            assert verdict is not None, "who is nobody, or goes nowhere, is refused"
            return self._refuse(attempt, verdict), None
        if attempt.terms is TermsAnswer.ACCEPTED and attempt.settings.terms is not None:
            self._room.terms.accept(user.id, group.id, attempt.settings.terms.version, self._at)
        how = HandOver(self._at, "user", self._fresh.uuid, self._drawn, url)
        if attempt.purpose is Purpose.CHECK_OUT:
            changed = check_out(self._room, self._device, user, group.id, how)
        else:
            changed = claim(self._room, self._device, user, attempt.registration, how)
        return told(self._room, changed), None if changed is self._device else changed

    def log_out(self, unlock_token: bytes | None, *, by: str) -> Outcome:
        """Take a shared device back; raises Refusal `DEVICE_NOT_STAGED` when it is not shared."""
        changed = check_in(
            self._room, self._device, unlock_token, HandOver(self._at, by, self._fresh.uuid, self._drawn)
        )
        return told(self._room, changed), None if changed is self._device else changed

    def _group(self, user: EnrollmentUser | None, typed: str) -> OrganizationGroup | None:
        if self._device.assignment.state in SHARED:
            return check_out_group(self._device, self._tree, user, self._room.user_groups.all(), typed or None)
        return self._tree.get(home_of(self._device))

    def _attempt(
        self, user: EnrollmentUser | None, group: OrganizationGroup | None, message: DeviceLogin, proof: Proof
    ) -> Attempt:
        attempt = attempt_of(
            self._room,
            presented(self._device),
            tree=self._tree,
            group=None if group is None else group.id,
            user=user,
            purpose=Purpose.CHECK_OUT if self._device.assignment.state in SHARED else Purpose.CLAIM,
        )
        return replace(
            attempt,
            record=self._device,
            credentials=proof.credentials(user),
            captcha=captcha_answer(self._captcha(), message.captcha_value),
            device_failures=max(attempt.device_failures, proof.strangers_failures),
            terms=terms_answer(message.terms_accepted),
        )

    def _captcha(self) -> str | None:
        return captcha_shown(self._room, self._device.identifiers, self._at, device_id=self._device.id)

    def _refuse(self, attempt: Attempt, verdict: Verdict) -> DeviceReply:
        apply(self._room, verdict, attempt, at=self._at, uuid=self._fresh.uuid)
        reply = DeviceReply(questions.status_of(verdict.code))
        if verdict.code == "CAPTCHA_REQUIRED":
            image = show_captcha(self._room, attempt, self._fresh, self._at, device_id=self._device.id)
            return structs.replace(reply, is_captcha_required=True, captcha_image=image)
        terms = attempt.settings.terms
        if verdict.code == "TOU_PENDING" and terms is not None:
            return structs.replace(reply, terms_of_use=terms.text or terms.version)
        return reply


def home_of(device: DeviceRecord) -> int:
    """Return the group whose people may take a device."""
    return home_group(device) or ROOT_GROUP


def presented(device: DeviceRecord) -> PresentedDevice:
    """Return a device on record as one that stands at the door."""
    kind = EnrollmentType.WORK_PROFILE if device.work_profile else EnrollmentType.MDM
    return PresentedDevice(device.identifiers, device.platform, device.model, device.os_version, kind)


def told(view: StagingView, device: DeviceRecord) -> DeviceReply:
    """Tell whose a device is."""
    user = None if device.assignment.user is None else view.users.get(device.assignment.user)
    return DeviceReply(state=device.assignment.state, user="" if user is None else user.user_name)
