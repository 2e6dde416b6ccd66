"""The log of wipes, and the lock that holds back too many: `/api/system/groups/{uuid}/device-wipes`; in snake_case."""

from __future__ import annotations

from mdm_server.domain.staging.wipe_protection import WipeState
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.wipes import Described
from mdm_server.web.errors import Explained
from mdm_server.web.uem.calls import NOTHING_FOUND, Asked, Calls, Reply
from mdm_server.web.uem.documents import Folded
from mdm_server.web.uem.spelling import number_of_uuid, wipe_document

device_wipes = Calls("Wipes")
WIPES = "system/groups/{group}/device-wipes"
LOCK = "system/groups/{group}/device-wipe-lock"


class WipeDecision(Folded, frozen=True):
    """Which wipes are decided upon."""

    device_wipe_uuids: tuple[str, ...] = ()
    action: str = ""


@device_wipes.get(WIPES)
async def list_wipes(asked: Asked) -> Reply:
    """List the wipes of a group and below it, newest first."""
    page = asked.page()
    status, kind = asked.text("wipestatus"), asked.text("wipetype")
    rows = [wipe_document(request, facts) for request, facts in await _wipes(asked)]
    rows = [
        row
        for row in rows
        if (status is None or row["status"] == status.upper()) and (kind is None or row["wipe_type"] == kind.upper())
    ]
    if not rows:
        return NOTHING_FOUND
    counts = {"page": page.number, "page_size": page.size, "total_count": len(rows)}
    return Reply({"device_wipes": page.of(rows), **counts})


@device_wipes.post(WIPES)
async def decide_wipes(asked: Asked) -> Reply:
    """Approve or reject wipes on hold."""
    body = asked.body_as(WipeDecision)
    action = (asked.text("action") or body.action).upper()
    if action not in {"APPROVE", "REJECT"} or not body.device_wipe_uuids:
        raise Explained("api.invalid", expected="device_wipe_uuids, and action: APPROVE or REJECT", found=action[:100])
    for uuid in body.device_wipe_uuids:
        number = number_of_uuid(uuid)
        if number is None:
            raise Explained("wipe.unknown", found=uuid[:100])
        await asked.suite.staging.wipes.decide(number, approve=action == "APPROVE", facts=asked.facts)
    return Reply()


@device_wipes.get(LOCK)
async def show_wipe_lock(asked: Asked) -> Reply:
    """Say whether wipes of a group are on hold."""
    group = await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))
    held = any(request.state is WipeState.ON_HOLD for request, _ in await _wipes(asked))
    return Reply({"organization_group_uuid": group.uuid, "state": "LOCKED" if held else "UNLOCKED"})


@device_wipes.put(LOCK)
async def reset_wipe_lock(asked: Asked) -> Reply:
    """Let every wipe go that is on hold in a group."""
    await asked.suite.staging.wipes.release(key_of(asked.parameters["group"]), asked.facts)
    return Reply()


async def _wipes(asked: Asked) -> list[Described]:
    group = await asked.suite.staging.groups.find(key_of(asked.parameters["group"]))
    tree = await asked.suite.staging.groups.tree()
    return await asked.suite.staging.wipes.all(tree.branch(group.id))
