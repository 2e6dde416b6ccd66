from __future__ import annotations

import pytest

from rigs.uem_caller import Caller

GROUPS = "/api/system/groups"


async def _make(caller: Caller, parent: int, group_id: str, kind: str = "Container") -> int:
    body = {"GroupId": group_id, "Name": f"Group {group_id}", "LocationGroupType": kind}
    told = await caller.call("POST", f"{GROUPS}/{parent}", json=body)
    assert told.status == 200
    return int(told.document["Value"])


async def test_groups_are_searched_in_either_version(caller: Caller) -> None:
    """V1 wraps the number and says LocationGroups, V2 does neither; what is not found is 204 without a body."""
    east = await _make(caller, 1, "EAST")
    told = await caller.call("GET", f"{GROUPS}/search?groupid=east")
    [found] = told.document["LocationGroups"]
    assert (found["Id"], found["GroupId"], found["LgLevel"]) == ({"Value": east}, "EAST", 1)
    assert found["ParentLocationGroup"]["Id"] == {"Value": 1}
    told = await caller.call("GET", f"{GROUPS}/search?name=group", version=2)
    assert [group["Id"] for group in told.document["OrganizationGroups"]] == [east]
    assert told.document["TotalResults"] == 1
    told = await caller.call("GET", f"{GROUPS}/search?groupid=nowhere")
    assert (told.status, told.document) == (204, b"")


async def test_pages_count_from_nought(caller: Caller) -> None:
    """`page` and `pagesize`, in whatever case; 500 is the most."""
    for number in range(3):
        await _make(caller, 1, f"G{number}")
    told = await caller.call("GET", f"{GROUPS}/search?Page=1&PageSize=3")
    assert [group["GroupId"] for group in told.document["LocationGroups"]] == ["G2"]
    assert (told.document["Page"], told.document["PageSize"], told.document["Total"]) == (1, 3, 4)
    told = await caller.call("GET", f"{GROUPS}/search?pagesize=9999")
    assert told.document["PageSize"] == 500
    for wrong in ("page=-1", "page=one", "pagesize=" + "9" * 19):
        told = await caller.call("GET", f"{GROUPS}/search?{wrong}")
        assert (told.status, told.document["errorCode"]) == (400, 400)


async def test_a_group_is_shown_with_those_below_and_deleted(caller: Caller) -> None:
    """By number or UUID; a group with others below stays."""
    east = await _make(caller, 1, "EAST")
    below = await _make(caller, east, "BELOW")
    told = await caller.call("GET", f"{GROUPS}/{east}")
    again = await caller.call("GET", f"{GROUPS}/{told.document['Uuid']}")
    assert again.document == told.document
    told = await caller.call("GET", f"{GROUPS}/{east}/children")
    assert [group["GroupId"] for group in told.document["LocationGroups"]] == ["EAST", "BELOW"]
    assert (await caller.call("DELETE", f"{GROUPS}/{east}")).status == 409
    assert (await caller.call("DELETE", f"{GROUPS}/{below}")).status == 200
    assert (await caller.call("GET", f"{GROUPS}/{below}")).status == 404


async def test_a_customer_made_under_global_is_a_tree_of_its_own(caller: Caller) -> None:
    """Global has the number 7 at the vendor's: pyws1uem makes customers there."""
    customer = await _make(caller, 7, "RIVAL", "Customer")
    told = await caller.call("GET", f"{GROUPS}/{customer}")
    assert (told.document["LgLevel"], told.document["ParentLocationGroup"]) == (0, None)


@pytest.mark.parametrize("body", [{}, {"GroupId": ""}, {"GroupId": "x" * 21}, {"GroupId": "mdmsim"}])
async def test_a_group_that_cannot_be_is_refused(caller: Caller, body: dict[str, str]) -> None:
    """No Group ID, one too long, one that is taken."""
    told = await caller.call("POST", f"{GROUPS}/1", json=body)
    assert told.status in (400, 409)
    assert told.document["errorCode"] == told.status
