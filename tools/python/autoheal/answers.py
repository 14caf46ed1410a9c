"""Answers of the daemon that programs look into, with their keys; the OpenAPI file says what each means.

Keys that the daemon leaves out where they are empty are not there; new ones may come with a later daemon.
"""
from __future__ import annotations

from typing import Any, Dict, List, TypedDict, Union


class Engine(TypedDict, total=False):
    """How an engine stands."""

    engine: str
    strategy: str
    probes: int
    needs: List[str]
    outcome: str
    error: str
    skipped: str
    until: str
    snapshot_problem: str
    testing: bool
    healing: bool
    late: bool
    held_until: str

class HealRow(TypedDict, total=False):
    """One heal of a list."""

    heal: str
    engine: str
    strategy: str
    state: str
    attempts: int
    reason: str
    actor: str
    began: str
    newest: str


class HealEntry(TypedDict, total=False):
    """One line of a heal's timeline."""

    seq: int
    time: str
    type: str
    state: str
    text: str
    details: List[str]


class Heal(TypedDict, total=False):
    """A heal and its timeline."""

    heal_id: str
    engine: str
    state: str
    attempts: int
    entries: List[HealEntry]


class Entry(TypedDict, total=False):
    """An entry of the ledger. Of a long one, `data` is its name in the vault."""

    seq: int
    time: str
    type: str
    heal: str
    engine: str
    actor: str
    data: Union[Dict[str, Any], str]


class HealingResult(TypedDict, total=False):
    """How a heal ended; by its outcome some keys are left out."""

    engine: str
    action: str
    result: str
    strategy: str
    attempts: int
    duration_seconds: float
    error: str
    heal_id: str


class Job(TypedDict, total=False):
    """A job: queued, running, done, failed or cancelled. `result` is only where this one job is asked for."""

    job: str
    operation: str
    principal: str
    state: str
    asked_at: str
    began_at: str
    ended_at: str
    progress: Dict[str, int]
    exit_code: int
    error: Dict[str, str]
    result: Any


class NewToken(TypedDict):
    """A token, shown once."""

    id: str
    token: str
    principal: str
    role: str
    expires: str
