"""The same calls for asyncio: each waits on a thread, so the event loop goes on."""
from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Optional

from autoheal.client import Client


class AsyncClient:
    """As Client, to be awaited."""

    def __init__(self, socket: Optional[str] = None, timeout_s: float = 30.0) -> None:
        self._client = Client(socket, timeout_s)

    async def heal(self, engine: str, error: Optional[str] = None, reason: str = "") -> Optional[Dict[str, Any]]:
        return await asyncio.to_thread(self._client.heal, engine, error, reason)

    async def selftest(self, engines: Optional[List[str]] = None, heals: Optional[bool] = None,
                       reason: str = "") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.selftest, engines, heals, reason)

    async def hold(self, engine: str = "", for_s: Optional[float] = None, reason: str = "") -> None:
        await asyncio.to_thread(self._client.hold, engine, for_s, reason)

    async def unhold(self, engine: str = "", reason: str = "") -> None:
        await asyncio.to_thread(self._client.unhold, engine, reason)

    async def reset(self, engine: str = "", reason: str = "") -> None:
        await asyncio.to_thread(self._client.reset, engine, reason)

    async def cancel(self, heal: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.cancel, heal, reason)

    async def status(self) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.status)

    async def version(self) -> str:
        return await asyncio.to_thread(self._client.version)

    async def is_ready(self) -> bool:
        return await asyncio.to_thread(self._client.is_ready)

    async def metrics(self) -> str:
        return await asyncio.to_thread(self._client.metrics)
