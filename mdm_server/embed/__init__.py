"""The management server inside another program: one `async with`, everything wired, nothing left behind.

    async with Server.start(ServerSettings()) as server:
        print(server.url, server.ca_file, server.admin_token)

Every port is free to be 0, a start that fails raises in the caller, and without `state_dir` nothing outlives the block.
"""

from __future__ import annotations

from mdm_server.embed.server import Server
from mdm_server.embed.settings import ServerSettings
from mdm_server.embed.start_error import ServerStartError

__all__ = ["Server", "ServerSettings", "ServerStartError"]
