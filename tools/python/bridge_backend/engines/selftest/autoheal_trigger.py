"""Starts a heal for a failed self-test, under the name that the bridge's own programs import.

There is no __init__.py from here up to bridge_backend: a package of that name that its users have stays theirs.
"""
from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from autoheal import AsyncClient, AutohealError


class AutoHealTrigger:
    """Heals engines through the daemon of this host, found as `autoheal.places` says."""

    def __init__(self, socket: Optional[str] = None) -> None:
        self._client = AsyncClient(socket)

    async def heal_engine(self, engine: str, test_result: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """Heals `engine` and returns the healing result.

        `test_result` is the event of a report: its `error` says what failed. Without one the self-test runs first;
        if it passes, the result is the event of a passed test. Raises autoheal.AutohealError.
        """
        error = None if test_result is None else str(test_result.get("error") or "reported as failed")
        result = await self._client.heal(engine, error)
        return {"engine": engine, "action": "health_check", "result": "✅"} if result is None else {**result}

    async def _heal_with_arie(self, engine: str, test_result: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """As heal_engine, for an engine that ARIE heals; "refused" for any other."""
        return await self._heal_with("arie", engine, test_result)

    async def _heal_with_chimera(self, engine: str, test_result: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """As heal_engine, for an engine that Chimera heals; "refused" for any other."""
        return await self._heal_with("chimera", engine, test_result)

    async def _heal_with_cascade(self, engine: str, test_result: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """As heal_engine, for an engine that Cascade heals; "refused" for any other."""
        return await self._heal_with("cascade", engine, test_result)

    async def _certify_with_truth(self, engine: str, result: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """The certificate that Truth gave a heal: the one of `result`, a healing result, else the engine's newest.

        Truth certifies within the daemon, as a part of each heal, before the heal counts as complete; nobody can ask
        for a certificate afterwards. The answer has `engine`, `heal_id`, `state`, `certified`, and, if it is certified,
        `certificate`: what the entry `heal.certified` holds, with the evidence. "not_found": there was no heal.
        """
        heal_id = str(result.get("heal_id") or "") if result is not None else await self._newest_heal(engine)
        if not heal_id:
            raise AutohealError("not_found", f"there was no heal of {engine} to certify", "heal_engine heals it")
        heal = await self._client.get_heal(heal_id)
        if heal["engine"] != engine:
            raise AutohealError("refused", f"heal {heal_id} is one of {heal['engine']}, not of {engine}")
        answer: Dict[str, Any] = {"engine": engine, "heal_id": heal["heal_id"], "state": heal["state"],
                                  "certified": heal["state"] == "Complete"}
        if answer["certified"]:
            async for entry in self._client.audit(heal=heal["heal_id"], type="heal.certified"):
                answer["certificate"] = entry["data"]
        return answer

    async def _newest_heal(self, engine: str) -> str:
        async for heal in self._client.heals(engine=engine, page_size=1):
            return heal["heal"]
        return ""

    async def _heal_with(self, strategy: str, engine: str,
                         test_result: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        found = await self._client.engine(engine)
        if found["strategy"] != strategy:
            raise AutohealError("refused", f"{engine} is healed by {found['strategy']}, not by {strategy}",
                                "the configuration says which strategy an engine has")
        return await self.heal_engine(engine, test_result)
