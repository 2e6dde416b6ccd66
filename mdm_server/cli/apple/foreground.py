"""Apple alone in the foreground: announced, run until a signal, stopped in order."""

from __future__ import annotations

from importlib.metadata import version

from mdm_server.cli.foreground import TEMPORARY, facts, run_until_signal
from mdm_server.embed.apple_server import AppleServer, AppleServerSettings


def run_in_foreground(settings: AppleServerSettings) -> None:
    """Run Apple's services until SIGTERM or SIGINT."""
    run_until_signal(lambda: AppleServer.launch(settings), lambda server: announcement(server, settings))


def announcement(server: AppleServer, settings: AppleServerSettings) -> str:
    """Say where Apple is."""
    lines = [
        ("device API", server.url),
        ("plain HTTP", server.http_url),
        ("activation", f"{server.url}/activation"),
        ("push", server.push_url),
        ("second port", f"{server.sim_url}/_sim/apple" if server.sim_url else None),
        ("CA certificate", server.ca_file),
        ("state", settings.state_dir or TEMPORARY),
    ]
    return f"mdmsim Apple services {version('mdmsim')}\n{facts(lines)}"
