"""What kind of server answers."""

from __future__ import annotations

from importlib.metadata import version

from mdm_server.web.uem.calls import Asked, Calls, Reply

environment = Calls("Environment")


@environment.get("system/info")
async def show_environment(asked: Asked) -> Reply:
    """Say what this server is, under the names that the vendor's says it."""
    return Reply(
        {
            "ProductName": "mdmsim, in the shape of Workspace ONE UEM",
            "ProductVersion": version("mdmsim"),
            "Resources": {
                "Workspaces": [
                    {"Name": module, "Location": f"{asked.facts.base_url}/api/{module}"} for module in ("mdm", "system")
                ]
            },
        }
    )
