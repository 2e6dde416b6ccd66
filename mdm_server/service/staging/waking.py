"""Waking devices of either platform after something was queued for them: a hint, as every push is."""

from __future__ import annotations

from collections.abc import Iterable

from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.vocabulary import Platform
from mdm_server.service.push import Pusher, PushSender, PushTarget
from mdm_server.store.contract import Store
from mdm_server.store.staging import AndroidChannel, Staging, StagingView
from mdm_server.wire.android_channel import WAKE_MAGIC


class Waker:
    """Finds where pushes for devices go, and sends them."""

    def __init__(self, store: Store, staging: Staging, pusher: Pusher, sender: PushSender) -> None:
        self._store = store
        self._staging = staging
        self._pusher = pusher
        self._sender = sender

    async def wake(self, devices: Iterable[DeviceRecord]) -> None:
        """Push devices, in the order in which they are named; one that cannot be reached is passed over."""
        apples: list[str] = []
        androids: list[int] = []
        for device in devices:
            if device.platform is Platform.ANDROID:
                androids.append(device.id)
            elif device.enrollment_key is not None:
                apples.append(device.enrollment_key)
        if apples:
            rows = [await self._store.enrollments.find(key) for key in apples]
            await self._pusher.wake(row for row in rows if row is not None)
        if androids:
            channels = await self._staging.read(lambda view: _channels(view, androids))
            await self._sender.send([_target(channel) for channel in channels])


def _channels(view: StagingView, devices: Iterable[int]) -> list[AndroidChannel]:
    return [channel for device in devices if (channel := view.android.channel_of(device)) is not None]


def _target(channel: AndroidChannel) -> PushTarget:
    return PushTarget(bytes.fromhex(channel.push_token), WAKE_MAGIC, "")
