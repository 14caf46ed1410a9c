"""Starts a heal for a failed self-test, under the name that the bridge's own programs import.

There is no __init__.py from here up to bridge_backend: a package of that name that its users have stays theirs.
"""
from __future__ import annotations

from typing import Any, Dict, Optional

from autoheal import AsyncClient


class AutoHealTrigger:
    """Heals engines through the daemon of this host, found as `autoheal.places` says."""

    def __init__(self, socket: Optional[str] = None) -> None:
        self._client = AsyncClient(socket)

    async def heal_engine(self, engine: str, test_result: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Heals `engine` and returns the healing result.

        `test_result` is the event of a report: its `error` says what failed. Without one the self-test runs first;
        if it passes, the result is the event of a passed test. Raises autoheal.AutohealError.
        """
        error = None if test_result is None else str(test_result.get("error") or "reported as failed")
        result = await self._client.heal(engine, error)
        return {"engine": engine, "action": "health_check", "result": "✅"} if result is None else result
