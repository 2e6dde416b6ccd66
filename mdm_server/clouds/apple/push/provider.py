"""Who pushes: what a provider proved by the certificate of its connection, or proves with every request by a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509

from certs.errors import ChainError
from certs.identity import fingerprint
from certs.trust import ChainVerifier, Purpose
from mdm_server.clouds.apple.push.certificates import environments_of, topics_of
from mdm_server.clouds.apple.push.provider_tokens import ProviderKey, ProviderKeys, TokenRefused
from mdm_server.clouds.apple.push.request_rules import PushRefused
from mdm_server.wire.apns import AUTHORIZATION, Environment, PushType, Reason

TOKEN_UPDATES = timedelta(minutes=20)
""""Refresh your token no more than once every 20 minutes"."""


class Provider:
    """One connection of a provider, and what is known of it. Made by Providers."""

    def __init__(self, certificate: x509.Certificate | None) -> None:
        self.certificate = certificate
        self.name = "token" if certificate is None else fingerprint(certificate)
        """What the journal calls it."""
        self.topics = frozenset[str]() if certificate is None else topics_of(certificate)
        """What its certificate is for."""
        self.environments = frozenset[Environment]() if certificate is None else environments_of(certificate)
        self.token = ""
        self.token_since: datetime | None = None
        self.team: str | None = None


class Providers:
    """Tells what a provider may push.

    Args:
        clock: tells the time, aware.
        trusted: the authorities whose push certificates are good, the root last.
        environment: which of Apple's two push services this is.
        keys: the keys of providers that come with tokens.

    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        trusted: Sequence[x509.Certificate],
        environment: Environment,
        keys: ProviderKeys,
    ) -> None:
        self._clock = clock
        self._chains = ChainVerifier(trusted[-1:], trusted[:-1])
        self._environment = environment
        self._keys = keys
        self._revoked: set[str] = set()

    def revoke(self, certificate: x509.Certificate) -> None:
        """Let a push certificate prove nothing any more, on open connections too."""
        self._revoked.add(fingerprint(certificate))

    def connect(self, certificate: x509.Certificate | None) -> Provider:
        """Return who is at the other end of a connection that showed this certificate, or none."""
        return Provider(certificate)

    def topics(self, provider: Provider, headers: Mapping[str, str]) -> frozenset[str]:
        """Return what a provider may push.

        Raises:
            PushRefused: BadCertificate, BadCertificateEnvironment, MissingProviderToken, InvalidProviderToken,
                ExpiredProviderToken, UnrelatedKeyIdInToken, BadEnvironmentKeyIdInToken, TooManyProviderTokenUpdates.

        """
        if provider.certificate is not None:  # then a token is not looked at: "this request header is ignored"
            self._check_certificate(provider, provider.certificate)
            return provider.topics
        authorization = headers.get(AUTHORIZATION, "")
        if not authorization:
            raise PushRefused(Reason.MISSING_PROVIDER_TOKEN)
        return self._accept(provider, authorization).topics

    def check_type(self, provider: Provider, push_type: PushType | None) -> None:
        """Refuse what only providers with tokens may do: to ask a device where it is.

        Raises:
            PushRefused: Forbidden.

        """
        if push_type is PushType.LOCATION and provider.certificate is not None:
            raise PushRefused(Reason.FORBIDDEN)

    def _accept(self, provider: Provider, authorization: str) -> ProviderKey:
        now = self._clock()
        try:
            key = self._keys.check(authorization, now)
        except TokenRefused as refused:
            raise PushRefused(refused.reason) from refused
        if self._environment not in key.environments:
            raise PushRefused(Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN)
        if provider.team not in {None, key.team_id}:
            raise PushRefused(Reason.UNRELATED_KEY_ID_IN_TOKEN)
        if provider.token != authorization:
            if provider.token_since is not None and now - provider.token_since < TOKEN_UPDATES:
                raise PushRefused(Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES)
            provider.token, provider.token_since, provider.team = authorization, now, key.team_id
        return key

    def _check_certificate(self, provider: Provider, certificate: x509.Certificate) -> None:
        """Ask it every time: a connection may outlive the certificate that opened it."""
        if not provider.topics or provider.name in self._revoked:
            raise PushRefused(Reason.BAD_CERTIFICATE)
        try:
            self._chains.check(certificate, self._clock(), Purpose.CLIENT)
        except ChainError as error:
            raise PushRefused(Reason.BAD_CERTIFICATE) from error
        if self._environment not in provider.environments:
            raise PushRefused(Reason.BAD_CERTIFICATE_ENVIRONMENT)
