from __future__ import annotations

from mdm_server.wire.commands import AccessRight, Channel, CommandSpec, Mode, Platform
from mdm_server.wire.commands.spec import string
from mdm_server.wire.commands.support import EVERY_PLATFORM, FORBIDDEN, NEVER, only, since, where


def test_only_leaves_out_the_platforms_it_does_not_name() -> None:
    """`only` lists the platforms there are; a bare version says since when."""
    found = only(macOS="10.8", iOS=since()).within(EVERY_PLATFORM)

    assert {platform: support.introduced for platform, support in found.items()} == {
        Platform.MACOS: "10.8",
        Platform.IOS: "1.0",
    }


def test_where_keeps_the_platforms_it_does_not_name() -> None:
    """`where` says what differs; NEVER takes a platform out."""
    found = where(iOS="7.0", tvOS=NEVER).within(EVERY_PLATFORM)

    assert set(found) == set(Platform) - {Platform.TVOS}
    assert (found[Platform.IOS].introduced, found[Platform.MACOS].introduced) == ("7.0", "1.0")


def test_what_is_said_of_one_platform_outweighs_what_is_said_of_all() -> None:
    """A condition without a platform holds everywhere, unless a platform has its own."""
    found = where(supervised=True, user_enrollment=FORBIDDEN, macOS=since(supervised=False)).within(EVERY_PLATFORM)

    assert [found[each].supervised for each in (Platform.IOS, Platform.MACOS)] == [True, False]
    assert found[Platform.MACOS].user_enrollment is Mode.FORBIDDEN


def test_a_key_inherits_from_its_command() -> None:
    """What a key does not say is as its command has it; a platform the command lacks does not come back."""
    spec = CommandSpec("X", "", only(rights=AccessRight.ERASE, iOS=since("9.0", until="12.0"), macOS="11.0"))
    key = string("Key", where(iOS=since(channels=Channel.BOTH), tvOS="9.0"))

    here = key.availability.within(spec.support)

    assert set(here) == {Platform.IOS, Platform.MACOS}
    ios = here[Platform.IOS]
    assert (ios.introduced, ios.deprecated, ios.access_rights) == ("9.0", "12.0", AccessRight.ERASE)
    assert (ios.device_channel, ios.user_channel, here[Platform.MACOS].user_channel) == (True, True, False)


def test_a_right_shared_by_a_group_gives_way_to_one_of_its_own() -> None:
    """`needing` fills in a right only where the row names none."""
    plain, own = where(iOS="7.0").needing(AccessRight.ERASE), where(rights=AccessRight(0)).needing(AccessRight.ERASE)

    assert plain.within(EVERY_PLATFORM)[Platform.IOS].access_rights is AccessRight.ERASE
    assert own.within(EVERY_PLATFORM)[Platform.IOS].access_rights == 0
