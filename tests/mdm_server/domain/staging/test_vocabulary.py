"""The words of staging: what a user may stage, and what follows from a choice."""

from __future__ import annotations

import pytest

from mdm_server.domain.staging.vocabulary import (
    DeviceStagingType,
    EntryChannel,
    Platform,
    StagingChoice,
    StagingMode,
)

T, M = DeviceStagingType, StagingMode


@pytest.mark.parametrize(
    ("kind", "modes", "single", "multi", "unasked"),
    [
        (T.DISABLED, set(), M.NONE, M.NONE, M.NONE),
        (T.STANDARD, {M.STANDARD}, M.STANDARD, M.STANDARD, M.STANDARD),
        (T.ADVANCED, {M.ADVANCED}, M.ADVANCED, M.ADVANCED, M.ADVANCED),
        (T.MULTI, {M.MULTI}, M.MULTI, M.MULTI, M.MULTI),
        (T.MULTI_STANDARD, {M.MULTI, M.STANDARD}, M.STANDARD, M.MULTI, None),
        (T.MULTI_ADVANCED, {M.MULTI, M.ADVANCED}, M.ADVANCED, M.MULTI, None),
    ],
)
def test_the_staging_type_says_what_a_choice_means(
    kind: DeviceStagingType,
    modes: set[StagingMode],
    single: StagingMode,
    multi: StagingMode,
    unasked: StagingMode | None,
) -> None:
    """Who has no choice is not asked; who has one must be (row 31)."""
    assert kind.modes == modes
    assert kind.mode_of(StagingChoice.SINGLE) is single
    assert kind.mode_of(StagingChoice.MULTI) is multi
    assert kind.mode_of(None) is unasked
    assert kind.offers_choice is (unasked is None)
    assert kind.may_stage is (kind is not T.DISABLED)


def test_the_platforms_have_the_numbers_of_the_api() -> None:
    """Others are not simulated."""
    assert [(platform.number, Platform.numbered(platform.number)) for platform in Platform] == [
        (2, Platform.IOS),
        (5, Platform.ANDROID),
    ]
    assert Platform.numbered(12) is None


def test_only_two_doors_have_somebody_in_front_of_them() -> None:
    """The others cannot ask anything (KB 115001665168)."""
    assert {channel for channel in EntryChannel if channel.has_screen} == {EntryChannel.HUB, EntryChannel.DIRECT}
