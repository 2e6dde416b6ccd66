"""Credentials: a user name and a password, checked so that nobody learns which of the two was wrong.

The password is hashed outside the transaction that acts on it, so that transaction looks again: if the user's hash is
another one by then, the proof is of yesterday and worth nothing.

Failed logins of users and devices are on record. Those of names that nobody has are remembered here, in memory and
bounded, for no other reason than that a CAPTCHA must not come up for real names only.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from mdm_server.domain.staging.guards import Credentials
from mdm_server.domain.staging.login_attempts import captcha_required
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.service.staging.passwords import Passwords

BAD_CREDENTIALS = "BAD_CREDENTIALS"
REMEMBERED_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Proof:
    """What checking a password showed, and whose hash it was checked against."""

    good: bool
    user: int | None = None
    password_hash: str | None = None
    strangers_failures: int = 0
    """How often somebody tried this name, if it is nobody's."""
    checked: bool = True
    """False where a CAPTCHA came first, and the password was not looked at."""

    def credentials(self, user: EnrollmentUser | None) -> Credentials:
        """Return what the proof is worth for a user as on record now."""
        if not self.checked:
            return Credentials.MISSING
        if user is None or not self.good or user.id != self.user or user.password_hash != self.password_hash:
            return Credentials.BAD
        return Credentials.GOOD


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody's wish to log in, as far as it is known before the password is looked at."""

    name: str
    user: EnrollmentUser | None
    customer: int | None
    device_failures: int
    settings: EnrollmentSettings
    captcha_solved: bool = False

    def captcha_due(self, strangers_failures: int = 0) -> bool:
        """Say whether a CAPTCHA has to be solved first."""
        failures = strangers_failures if self.user is None else self.user.failed_logins
        return not self.captcha_solved and captcha_required(failures, self.device_failures, self.settings)


class CredentialCheck:
    """Checks passwords, and remembers names that nobody has."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._strangers: OrderedDict[tuple[int | None, str], int] = OrderedDict()

    async def check(self, login: Login, password: str) -> Proof:
        """Check a password; for nobody it is wrong, and costs the same. Raises Refusal `limit.overload`.

        While a CAPTCHA is due and not solved the password is not looked at.
        """
        user = login.user
        failures = self._strangers_failures(login.name, login.customer) if user is None else 0
        if login.captcha_due(failures):
            return Proof(good=False, strangers_failures=failures, checked=False)
        recorded = None if user is None else user.password_hash
        good = await self._passwords.verify(password, recorded)
        return Proof(good, None if user is None else user.id, recorded, failures)

    def _strangers_failures(self, name: str, customer: int | None) -> int:
        """Return how often a name that nobody has was tried at a customer's."""
        return self._strangers.get((customer, name.casefold()), 0)

    def failed(self, login: Login) -> None:
        """Count one more try of a name, if nobody has it; the one tried longest ago is forgotten first."""
        if login.user is not None:
            return
        key = (login.customer, login.name.casefold())
        self._strangers[key] = self._strangers.pop(key, 0) + 1
        if len(self._strangers) > REMEMBERED_NAMES:
            self._strangers.popitem(last=False)
