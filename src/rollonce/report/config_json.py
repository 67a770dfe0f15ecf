"""The document of `config show -o json`, version `rollonce.config/v1`. Its bytes are stable for equal files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from rollonce.fleetfile.mark import Mark
from rollonce.fleetfile.settings import Setting, Value

VERSION = "rollonce.config/v1"


class PlacePart(Struct, rename="camel"):
    """Where a value stands; lines and columns count from 1."""

    file: str
    line: int
    column: int


class SettingPart(Struct, rename="camel"):
    """One value that is in force; `place` is null where it is a default. A timeout is in seconds."""

    name: str
    value: Value
    place: PlacePart | None


class EnvironmentPart(Struct, rename="camel"):
    """An environment with everything that holds there."""

    name: str
    settings: list[SettingPart]


class Document(Struct, rename="camel"):
    """The whole."""

    version: str
    file: str
    environments: list[EnvironmentPart]


def render(file: str, environments: Iterable[tuple[str, Sequence[Setting]]]) -> bytes:
    """The document, indented, with a newline at its end."""
    parts = [EnvironmentPart(name, [_setting(s) for s in settings]) for name, settings in environments]
    return msgspec.json.format(msgspec.json.encode(Document(VERSION, file, parts)), indent=2) + b"\n"


def _setting(setting: Setting) -> SettingPart:
    return SettingPart(setting.name, setting.value, _place(setting.at) if setting.at else None)


def _place(at: Mark) -> PlacePart:
    return PlacePart(at.source, at.line, at.column)
