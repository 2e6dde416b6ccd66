"""Organization groups: the tree, who is above whom, and inherited settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.settings import SettingsError
from mdm_server.domain.staging.vocabulary import EnrollmentMode

ROOT = OrganizationGroup(1, "a", "GLOBAL", "Global", "Global")
ACME = OrganizationGroup(2, "b", "Acme", "Acme", "Customer", 1, {"mode": "RegisteredOnly", "max_devices": 3})
EAST = OrganizationGroup(3, "c", "east", "East", parent=2, overrides={"max_devices": None})
DESK = OrganizationGroup(4, "d", "desk", "Desk", parent=3)
TREE = GroupTree([DESK, EAST, ACME, ROOT])


def test_a_group_is_found_as_people_type_it() -> None:
    """Whatever the case, and with the blanks that a keyboard adds."""
    assert TREE.by_group_id(" ACME ") is ACME
    assert TREE.by_group_id("EAST") is EAST
    assert TREE.by_group_id("nobody") is None


def test_a_tree_is_a_mapping() -> None:
    """By the number of the group."""
    assert len(TREE) == 4
    assert set(TREE) == {1, 2, 3, 4}
    assert TREE[3] is EAST
    assert TREE.get(99) is None


def test_a_group_knows_its_line_its_children_and_its_branch() -> None:
    """The group itself is within itself."""
    assert TREE.ancestors(4) == (DESK, EAST, ACME, ROOT)
    assert TREE.children(2) == (EAST,)
    assert TREE.branch(2) == (2, 3, 4)
    assert TREE.is_within(4, 2)
    assert TREE.is_within(2, 2)
    assert not TREE.is_within(2, 4)


def test_the_customer_is_the_boundary_of_a_tenant() -> None:
    """The nearest above; where there is none, the root."""
    assert TREE.customer(4) is ACME
    assert TREE.customer(1) is ROOT


def test_settings_are_inherited_and_overridden_on_the_way_down() -> None:
    """Also by nothing: None takes a limit away."""
    assert TREE.settings(1).mode is EnrollmentMode.OPEN
    assert TREE.settings(2).max_devices == 3
    assert TREE.settings(4).mode is EnrollmentMode.REGISTERED_ONLY
    assert TREE.settings(4).max_devices is None


def test_settings_within_settings_are_overridden_one_by_one() -> None:
    """A group that changes the group mode of shared devices keeps the passcode it inherited."""
    above = replace(ROOT, overrides={"shared": {"passcode_required": True, "group_mode": "Prompt"}})
    below = OrganizationGroup(2, "b", "x", "X", parent=1, overrides={"shared": {"group_mode": "Fixed"}})
    shared = GroupTree([above, below]).settings(2).shared
    assert shared.passcode_required
    assert shared.group_mode == "Fixed"


def test_a_mistake_in_a_group_is_said_when_its_settings_are_asked_for() -> None:
    """And only then: the rest of the tree still works."""
    tree = GroupTree([ROOT, OrganizationGroup(2, "b", "x", "X", parent=1, overrides={"mod": "Open"})])
    assert tree.settings(1).mode is EnrollmentMode.OPEN
    with pytest.raises(SettingsError, match="did you mean mode"):
        tree.settings(2)


def test_devices_count_together_where_the_limit_is_set() -> None:
    """The nearest group that sets it, and everything below; else the whole tree."""
    limiting = replace(EAST, overrides={"max_devices_group": 5})
    tree = GroupTree([ROOT, ACME, limiting, DESK])
    assert tree.limited_branch(4) == (3, 4)
    assert TREE.limited_branch(4) == (1, 2, 3, 4)


def test_a_ring_of_groups_ends() -> None:
    """The database keeps rings out; a tree that has one still answers."""
    ring = GroupTree([replace(ROOT, parent=2), OrganizationGroup(2, "b", "x", "X", parent=1)])
    assert [group.id for group in ring.ancestors(1)] == [1, 2]
