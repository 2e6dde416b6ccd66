"""The page on which a person signs in while a device is set up: plain HTML, no script, nothing from anywhere else.

It is made of our own words and of text that is escaped; what the browser may do with it is said in its headers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from string import Template

HTML = "text/html; charset=utf-8"
USER_NAME, PASSWORD, TICKET = "username", "password", "ticket"
"""The names of the form's fields."""

_STYLE = """
body { margin: 3rem auto; max-width: 24rem; padding: 0 1rem; font: 1.0625rem/1.5 system-ui, sans-serif;
  color: #1d1d1f; background: #fff }
h1 { font-size: 1.5rem }
label { display: block; margin-top: 1rem }
input, button { box-sizing: border-box; width: 100%; padding: .7rem; font: inherit; border: 1px solid #6e6e73;
  border-radius: .5rem }
button { margin-top: 1.5rem; border: 0; color: #fff; background: #0058b0 }
[role=alert] { padding: .7rem; border-left: .25rem solid #b00020; background: #fdecee }
@media (prefers-color-scheme: dark) { body { color: #f5f5f7; background: #1c1c1e }
  input { color: inherit; background: #2c2c2e } [role=alert] { background: #4a1f24 } }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{_STYLE_HASH}'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What a browser may do with the page: show it in our one style, and send its form back here."""

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Remote Management</title>
<style>$style</style>
</head>
<body>
<main>
<h1>Remote Management</h1>
$content</main>
</body>
</html>
""")
_FORM = Template("""\
<p>$organization will set up this device. Sign in with your account there.</p>
$error<form method="post" autocomplete="on">
<input type="hidden" name="ticket" value="$ticket">
<label for="username">User name</label>
<input id="username" name="username" value="$user_name" autocomplete="username" autocapitalize="none"
 autocorrect="off" spellcheck="false" maxlength="256" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<button type="submit">Continue</button>
</form>
""")


def sign_in_page(organization: str, ticket: str, *, user_name: str = "", error: str = "") -> bytes:
    """Return the page with the form; `error` is shown above it, and what was typed as user name is there again."""
    form = _FORM.substitute(
        organization=escape(organization),
        ticket=escape(ticket),
        user_name=escape(user_name),
        error=_alert(error) if error else "",
    )
    return _page(form)


def refusal_page(text: str) -> bytes:
    """Return the page that only says why the device is not enrolled."""
    return _page(_alert(text))


def _alert(text: str) -> str:
    return f'<p role="alert">{escape(text)}</p>\n'


def _page(content: str) -> bytes:
    return _PAGE.substitute(style=_STYLE, content=content).encode()
