"""What somebody wants of the Hub, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """By what way a device comes to the Hub; with some of them there is nobody who could answer a question."""

    HUB = "Hub"
    BARCODE = "Barcode"
    CONFIGURATOR = "AppleConfigurator"

    @property
    def has_screen(self) -> bool:
        """Say whether somebody sits before the wizard."""
        return self is Channel.HUB


@dataclass(frozen=True, slots=True, kw_only=True)
class HubIntent:
    """What the person holding a device wants to type and tap in the wizard; what is missing, they cannot answer.

    Attributes:
        url: the server.
        group: the Group ID.
        token: a registration token; it goes in the same field, at once if there is no Group ID, else when asked for.
        user_name, password: None: the credentials of the person who holds the device.
        group_choice: the organization group they pick, by its name, where the wizard asks for one.
        staging: "Single" or "Multi", where a staging account offers both.
        on_behalf: for whom a staging user enrols the device.
        ownership: whose they say the device is: C, S or E.
        insists: whether they say `staging` and `on_behalf` even where the wizard does not ask for it.
        accept_terms: whether they accept the terms of use.
        solve_captcha: whether they read a CAPTCHA, or give up.
        attempts: how often they type credentials before they give up.
        channel: by what way they come.

    """

    url: str
    group: str = ""
    token: str | None = field(default=None, repr=False)
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    group_choice: str | None = None
    staging: str | None = None
    on_behalf: str | None = None
    ownership: str | None = None
    insists: bool = False
    accept_terms: bool = True
    solve_captcha: bool = True
    attempts: int = 1
    channel: Channel = Channel.HUB


@dataclass(frozen=True, slots=True)
class HubOutcome:
    """How a wizard ended: with a link to install, or with the code and the text of a refusal.

    `step` is the last one that was taken. A code that begins with `hub.` is the Hub's own: the server could not be
    reached, or nobody answered its question.
    """

    step: str
    install_url: str | None = None
    code: str = ""
    text: str = ""
