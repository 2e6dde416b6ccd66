"""The token that is meant."""

from __future__ import annotations

from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.refusal import Refusal
from mdm_server.store.staging import StagingView


def the_token(view: StagingView, token_id: int) -> AbmToken:
    """Return the token of this number; raises Refusal `api.not_found`."""
    token = view.abm.token(token_id)
    if token is None:
        raise Refusal("api.not_found", reason="abm_token")
    return token
