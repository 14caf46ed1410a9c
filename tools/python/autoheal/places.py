"""Finds the socket of the daemon: AUTOHEAL_SOCKET, else the one beside the ledger of the configuration."""
from __future__ import annotations

import os
import pathlib
import re
from typing import Mapping, Optional

from autoheal.errors import AutohealError

DEFAULT_LEDGER = "var/ledger.db"
SYSTEM_CONFIGURATION = "/etc/autoheal/autoheal.yaml"
# A plain or quoted text on one line; anything else is for the daemon's own reader.
DOUBLE_QUOTED, SINGLE_QUOTED, PLAIN = r'"([^"\\]*)"', r"'([^']*)'", r"""([^\s"'#&*!|>{\[%@`][^#\n]*?)"""
LEDGER_LINE = re.compile(rf"^ledger:[ \t]+(?:{DOUBLE_QUOTED}|{SINGLE_QUOTED}|{PLAIN})[ \t]*(?:#.*)?$", re.M)
ANY_LEDGER_LINE = re.compile(r"^[\"']?ledger[\"']?[ \t]*:", re.M)


def configuration_file(environment: Mapping[str, str]) -> Optional[pathlib.Path]:
    """AUTOHEAL_CONFIG, else ./autoheal.yaml, else the one of the system; None where there is none."""
    named = environment.get("AUTOHEAL_CONFIG")
    if named:
        return pathlib.Path(named)
    for place in (pathlib.Path("autoheal.yaml"), pathlib.Path(SYSTEM_CONFIGURATION)):
        if place.is_file():
            return place
    return None


def ledger_of(configuration: pathlib.Path, environment: Mapping[str, str]) -> pathlib.Path:
    """The ledger that a configuration names; AUTOHEAL_LEDGER has precedence, as for the program."""
    named = environment.get("AUTOHEAL_LEDGER")
    if named:
        return pathlib.Path(named)
    try:
        text = configuration.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise AutohealError("unavailable", f"cannot read the configuration: {problem}",
                            "name the daemon's socket with AUTOHEAL_SOCKET") from problem
    line = LEDGER_LINE.search(text)
    if line is None and ANY_LEDGER_LINE.search(text):
        raise AutohealError("invalid", f"{configuration}: the value of `ledger` is not a plain text on one line",
                            "name the daemon's socket with AUTOHEAL_SOCKET")
    name = next(part for part in line.groups() if part is not None) if line else DEFAULT_LEDGER
    return configuration.parent / name


def find_socket(environment: Optional[Mapping[str, str]] = None) -> str:
    """Where the daemon listens. Raises AutohealError ("not_found") where nothing says so."""
    known = os.environ if environment is None else environment
    named = known.get("AUTOHEAL_SOCKET")
    if named:
        return named
    configuration = configuration_file(known)
    if configuration is None:
        raise AutohealError("not_found", "there is no configuration of Autoheal here",
                            "set AUTOHEAL_SOCKET or AUTOHEAL_CONFIG, or run where autoheal.yaml is")
    return f"{ledger_of(configuration, known)}.sock"
