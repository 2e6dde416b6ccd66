"""`--config FILE`: settings from a TOML file, under the same names as the flags."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from mdm_server.cli.failure import BAD_INPUT, Failure


def read_configuration(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Make a file's settings the defaults: flags and environment variables win over them."""
    if path is None:
        return None
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(BAD_INPUT, f"--config: expected a readable TOML file, found {error.strerror} ({path})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(BAD_INPUT, f"{path}: expected TOML, found {error}") from None
    known = {option.name: option for option in context.command.params if option is not parameter and option.name}
    words = {key: key.replace("-", "_") for key in settings}
    context.default_map = {word: _checked(path, key, settings[key], known.get(word)) for key, word in words.items()}
    return path


def _checked(path: Path, key: str, value: Any, option: click.Parameter | None) -> Any:
    """See that a setting exists and has the type of its flag."""
    if option is None:
        raise Failure(BAD_INPUT, f"{path}: expected a setting of `mdm-server serve`, found {key!r}; see its --help")
    if option.multiple:
        values = value if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in values):
            return values
        raise Failure(BAD_INPUT, f"{path}: {key}: expected a list of strings, found {value!r}")
    if getattr(option, "is_flag", False) != isinstance(value, bool) or not isinstance(value, str | int | bool):
        expected = "true or false" if getattr(option, "is_flag", False) else "one value"
        raise Failure(BAD_INPUT, f"{path}: {key}: expected {expected}, found {value!r}")
    return value
