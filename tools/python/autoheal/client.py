"""The operations of the daemon as plain calls."""
from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from autoheal.errors import AutohealError
from autoheal.places import find_socket
from autoheal.transport import ask


class Client:
    """Asks the daemon of this host. Each call is one request; a Client may be used by several threads.

    `socket` is the path of the daemon's socket, found as `find_socket` says where it is left out. Calls that wait for a
    heal or a self-test wait as long as it takes; others at most `timeout_s`. All raise AutohealError.
    """

    def __init__(self, socket: Optional[str] = None, timeout_s: float = 30.0) -> None:
        self._socket = socket
        self._timeout_s = timeout_s

    def heal(self, engine: str, error: Optional[str] = None, reason: str = "") -> Optional[Dict[str, Any]]:
        """Heals an engine and waits for the end. None: its self-test passed, there was nothing to heal.

        The result has the keys `engine`, `action`, `result` and, by its outcome, `strategy`, `attempts`,
        `duration_seconds`, `error`, `heal_id`. With `error`, the engine counts as failed; without, its self-test says.
        """
        answer = self._perform("heal", {"engine": engine, "error": error, "reason": reason}, None)
        if "passes" in answer:
            return None
        result: Dict[str, Any] = json.loads(answer["result"])
        return result

    def selftest(self, engines: Optional[List[str]] = None, heals: Optional[bool] = None,
                 reason: str = "") -> Dict[str, Any]:
        """Tests all engines, or those named and what they need, and returns the report."""
        answer = self._perform("selftest", {"engines": engines or None, "heals": heals, "reason": reason}, None)
        report: Dict[str, Any] = json.loads(answer["report"])
        return report

    def hold(self, engine: str = "", for_s: Optional[float] = None, reason: str = "") -> None:
        """Nothing of the engine is healed for so long (an hour); without a name, nothing at all."""
        for_us = None if for_s is None else round(for_s * 1_000_000)
        self._perform("hold", {"engine": engine, "for_us": for_us, "reason": reason}, self._timeout_s)

    def unhold(self, engine: str = "", reason: str = "") -> None:
        """Gives an engine back; without a name, all."""
        self._perform("unhold", {"engine": engine, "reason": reason}, self._timeout_s)

    def reset(self, engine: str = "", reason: str = "") -> None:
        """Clears the pauses and counters of an engine; without a name, of all."""
        self._perform("reset", {"engine": engine, "reason": reason}, self._timeout_s)

    def cancel(self, heal: str, reason: str = "") -> None:
        """Ends an open heal, named by its id or the beginning of it."""
        self._perform("cancel", {"heal": heal, "reason": reason}, self._timeout_s)

    def status(self) -> Dict[str, Any]:
        """How the daemon and each engine stand."""
        return self._read("/v1/status")

    def version(self) -> str:
        """The version of the daemon's program."""
        return str(self._read("/version")["version"])

    def is_ready(self) -> bool:
        """The daemon can heal now."""
        status, body = ask(self.socket, "GET", "/readyz", timeout_s=self._timeout_s)
        if status not in (200, 503):
            raise AutohealError.of_answer(status, body)
        return status == 200

    def metrics(self) -> str:
        """The metrics, as Prometheus reads them."""
        status, body = ask(self.socket, "GET", "/metrics", timeout_s=self._timeout_s)
        if status != 200:
            raise AutohealError.of_answer(status, body)
        return body.decode("utf-8")

    @property
    def socket(self) -> str:
        """The path of the daemon's socket; looked for anew where none was given."""
        return self._socket or find_socket()

    def _read(self, target: str) -> Dict[str, Any]:
        return self._answer(*ask(self.socket, "GET", target, timeout_s=self._timeout_s))

    def _perform(self, operation: str, body: Dict[str, Any], timeout_s: Optional[float]) -> Dict[str, Any]:
        asked = {key: value for key, value in body.items() if value is not None and value != ""}
        text = json.dumps(asked).encode("utf-8")
        return self._answer(*ask(self.socket, "POST", f"/v1/{operation}", text, timeout_s))

    @staticmethod
    def _answer(status: int, body: bytes) -> Dict[str, Any]:
        if status != 200:
            raise AutohealError.of_answer(status, body)
        try:
            answer = json.loads(body)
        except ValueError as problem:
            raise AutohealError("unavailable", "the daemon's answer is no JSON", status=status) from problem
        if not isinstance(answer, dict):
            raise AutohealError("unavailable", "the daemon's answer is no JSON object", status=status)
        return answer
