"""Playing depsim, Apple's own simulator of long ago: its fixed tokens, and its configuration files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mdm_server.clouds.apple.dep.depsim import DepsimConfig, read_config
from mdm_server.clouds.apple.dep.errors import DepsimConfigError
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.embed.start_error import ExitCode, start_error

ORGANIZATION = "depsim"


def play_depsim(services: AppleServices, files: tuple[Path, ...], clock: Callable[[], datetime]) -> None:
    """Take depsim's tokens, and do what its files say; raises ServerStartError."""
    configurations = [_read(file) for file in files]
    manager = services.business_manager
    known = {each.name: each for each in manager.organizations()}
    organization = known.get(ORGANIZATION) or manager.add_organization(ORGANIZATION)
    server = manager.depsim_server(organization.id)
    for configuration in configurations:
        configuration.arrange(services.faults)
        configuration.order(manager, organization.id, server.uuid, clock)


def _read(file: Path) -> DepsimConfig:
    try:
        return read_config(file.read_bytes())
    except (OSError, DepsimConfigError) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        raise start_error(
            ExitCode.BAD_SETTING,
            "depsim",
            expected="a configuration file of depsim, in JSON",
            found=f"{found} ({file})",
            remedy="docs/apple-services.md shows one",
        ) from None
