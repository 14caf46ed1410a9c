"""The one exception that this package raises."""
from __future__ import annotations

import json


class AutohealError(Exception):
    """The daemon refused or failed, or none could be asked.

    `code` is a stable word for programs ("not_found", "refused", "busy", "unavailable", ...), `message` a sentence for
    people, `hint` what to do, or empty, and `status` the HTTP status, 0 where nobody answered.
    """

    def __init__(self, code: str, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status

    @classmethod
    def of_answer(cls, status: int, body: bytes) -> AutohealError:
        """From a problem (RFC 9457) with `code` and `detail`; any other body is an error of its own."""
        try:
            told = json.loads(body)
            return cls(str(told["code"]), str(told["detail"]), str(told.get("hint", "")), status)
        except (KeyError, TypeError, ValueError):
            return cls("unavailable", f"the answer (HTTP status {status}) is none of the daemon's",
                       "is something else listening on its socket?", status)
