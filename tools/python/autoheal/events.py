"""Events of the Genesis bus as they come (Server-Sent Events, WHATWG HTML section 9.2)."""
from __future__ import annotations

import dataclasses
import json
import logging
import random
import threading
import urllib.parse
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from autoheal.errors import AutohealError
from autoheal.transport import Asked

LONGEST_SILENCE_S = 60.0  # the daemon says something every 15 seconds
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 10.0
RETRIED = ("not_found", "unavailable", "timed_out", "busy")

_log = logging.getLogger("autoheal")


@dataclasses.dataclass(frozen=True)
class Event:
    """One event. `id` is the place to go on from, `payload` what the topic tells."""

    id: str
    topic: str
    payload: Dict[str, Any]
    time: str
    source: str
    subject: str


class EventStream:
    """An iterator without end. A lost connection is made again, with growing pauses, from behind the last event.

    Raises AutohealError where trying again is of no use: "refused" by role, "invalid" if the place to go on from is
    archived or not there yet. One thread iterates; `close` and `follow` may be called on any.
    """

    def __init__(self, find_socket: Callable[[], str], topics: Sequence[str] = (), engine: str = "",
                 after: Optional[str] = None) -> None:
        self._find_socket = find_socket
        self._topics = tuple(topics)
        self._engine = engine
        self._last_id = after
        self._asked: Optional[Asked] = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_closed = False
        self._is_renewed = False
        self._failures = 0

    @property
    def last_id(self) -> Optional[str]:
        """Where to go on from: everything up to here was given. None: it has not begun."""
        return self._last_id

    def follow(self, topics: Sequence[str]) -> None:
        """Other topics from here on; nothing in between is lost."""
        with self._lock:
            self._topics = tuple(topics)
            self._is_renewed = True
            self._interrupt()

    def close(self) -> None:
        """Ends it; whoever waits for the next event gets none."""
        with self._lock:
            self._is_closed = True
            self._interrupt()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._give_back()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        while not self._is_closed:
            if self._is_renewed:
                self._give_back()  # what was received already is of the topics before
            path = "" if self._asked else self._find_socket()
            try:
                asked = self._asked or self._connect(path)
                event = self._read_event(asked)
                if event is not None:
                    self._failures = 0
                    return event
            except AutohealError as problem:
                self._give_back()
                if not self._is_closed and not self._is_renewed:
                    self._pause_after(problem)
        self._give_back()
        raise StopIteration

    def _interrupt(self) -> None:
        self._wake.set()
        if self._asked is not None:
            self._asked.interrupt()

    def _give_back(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, None
        if asked is not None:
            asked.close()

    def _connect(self, path: str) -> Asked:
        with self._lock:
            self._wake.clear()
            self._is_renewed = False
            query = {"topics": ",".join(self._topics), "engine": self._engine}
        target = "/api/v1/bus?" + urllib.parse.urlencode({key: value for key, value in query.items() if value})
        headers = {} if self._last_id is None else {"Last-Event-ID": self._last_id}
        asked = Asked(path, "GET", target.rstrip("?"), timeout_s=LONGEST_SILENCE_S, headers=headers)
        with self._lock:
            self._asked = asked
            if self._is_closed or self._is_renewed:
                asked.interrupt()
        if asked.status != 200:
            raise AutohealError.of_answer(asked.status, asked.read())
        _log.debug("follows the bus at %s", path)
        return asked

    # None: that was none, or the stream tells to connect again.
    def _read_event(self, asked: Asked) -> Optional[Event]:
        topic = ""
        data: List[str] = []
        last_id = self._last_id
        while True:
            line = asked.read_line().decode("utf-8").rstrip("\n")
            if not line:
                break
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "id":
                last_id = value
            elif field == "event":
                topic = value
            elif field == "data":
                data.append(value)
            elif not field and value == "ping":
                self._failures = 0
        if not asked.is_open:
            raise AutohealError("unavailable", "the daemon ended the stream of events")
        self._last_id = last_id
        return self._event_of(topic, "\n".join(data)) if data else None

    def _event_of(self, topic: str, text: str) -> Optional[Event]:
        try:
            told = json.loads(text)
            if topic == "autoheal.ended":
                raise AutohealError("refused", "the stream ended: this user may no longer read", status=403)
            if topic == "autoheal.cut_off":
                self._last_id = str(told["go_on_after"])
                _log.info("too slow for the bus: goes on after %s", self._last_id)
                self._give_back()
                return None
            return Event(self._last_id or "", str(told["type"]), dict(told["data"]), str(told["time"]),
                         str(told["source"]), str(told.get("subject", "")))
        except (KeyError, TypeError, ValueError) as problem:
            raise AutohealError("corrupt", f"what came on the bus is no event: {text[:200]}") from problem

    def _pause_after(self, problem: AutohealError) -> None:
        is_passing = problem.code in RETRIED and (problem.status in (0, 429) or problem.status >= 500)
        if not is_passing:
            self.close()
            raise problem
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures, 10)) * random.uniform(0.5, 1.0)
        level = logging.WARNING if self._failures == 0 else logging.DEBUG
        _log.log(level, "the bus cannot be followed: %s; trying again", problem)
        self._failures += 1
        self._wake.wait(pause_s)
