"""Who may administer a server: the token of our own API, and the API user of the one in Workspace ONE UEM's shape.

All of it is made on the first start, shown once, and kept as hashes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from mdm_server.embed.settings import ServerSettings
from mdm_server.store.contract import Store
from mdm_server.store.records import CredentialRow, Occasion
from mdm_server.web.api import AdminTokens, token_hash
from mdm_server.web.uem.access import ApiAccount

ADMINISTRATOR = "administrator"
API_PASSWORD = "api-password"  # noqa: S105 - the name of a row
TENANT_CODE = "tenant-code"
API_USER = "api"


@dataclass(frozen=True, slots=True)
class ApiCredentials:
    """What a program needs to call the API in Workspace ONE UEM's shape: Basic authentication and a tenant code.

    User and password are an OAuth client's id and secret, too.
    """

    user: str
    password: str
    tenant_code: str


@dataclass(frozen=True, slots=True)
class Administrators:
    """Who is let in, and what of it may be shown because it was made or given now."""

    tokens: AdminTokens
    account: ApiAccount
    token: str | None
    since: datetime
    api: ApiCredentials | None


async def find_administrators(settings: ServerSettings, store: Store, now: datetime) -> Administrators:
    """Read who may administer; make what is missing, or everything when a new token is wanted."""
    stored = {row.name: row for row in await store.credentials.list()}
    wanted = settings.new_admin_token
    token, api = None, None
    if wanted or ADMINISTRATOR not in stored:
        token = secrets.token_urlsafe(32)
        stored[ADMINISTRATOR] = await _keep(store, ADMINISTRATOR, token, now)
    if wanted or not {API_PASSWORD, TENANT_CODE} <= stored.keys():
        api = ApiCredentials(API_USER, secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        stored[API_PASSWORD] = await _keep(store, API_PASSWORD, api.password, now)
        stored[TENANT_CODE] = await _keep(store, TENANT_CODE, api.tenant_code, now)
    given = (token_hash(settings.admin_token),) if settings.admin_token else ()
    return Administrators(
        tokens=AdminTokens((stored[ADMINISTRATOR].token_hash, *given)),
        account=ApiAccount(API_USER, stored[API_PASSWORD].token_hash, stored[TENANT_CODE].token_hash),
        token=token or settings.admin_token,
        since=stored[ADMINISTRATOR].created_at,
        api=api,
    )


async def _keep(store: Store, name: str, secret: str, now: datetime) -> CredentialRow:
    return await store.credentials.put(name, token_hash(secret), Occasion(now))
