"""The Genesis bus for programs of the bridge: what happens on this host, told by the daemon.

    from bridge_backend.genesis.bus import genesis_bus

    @genesis_bus.subscribe("selftest.autoheal.*")
    async def on_event(event): ...

    genesis_bus.run()  # in a script; a program with an event loop of its own awaits genesis_bus.listen()

There is no __init__.py from here up to bridge_backend: a package of that name that its users have stays theirs.
"""
from __future__ import annotations

import asyncio
import copy
import inspect
import logging
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

from autoheal import AsyncClient, AsyncEventStream, Event

Handler = Callable[[Dict[str, Any]], Union[None, Awaitable[None]]]
H = TypeVar("H", bound=Callable[..., Any])

MOST_TOPICS_ASKED_FOR, LONGEST_QUERY = 20, 1000  # of the daemon; with more, all comes and is sorted out here

_log = logging.getLogger("autoheal")


class GenesisBus:
    """Calls handlers with what topics tell, in order, one at a time: plain functions and coroutine functions.

    Nothing is delivered before `run` or `listen`. A connection that is lost is made again, and goes on behind the last
    event. A handler that fails is logged; the others get the event, and all get the next.
    """

    def __init__(self, socket: Optional[str] = None) -> None:
        self._client = AsyncClient(socket)
        self._handlers: List[Tuple[str, Handler]] = []
        self._stream: Optional[AsyncEventStream] = None

    def subscribe(self, topic: str) -> Callable[[H], H]:
        """Decorates a handler of the events of a topic, or of all topics that begin so (`selftest.autoheal.*`).

        The handler gets the payload. Those of one event are called in the order in which they subscribed.
        """
        if not topic or "," in topic or not topic.isprintable():
            raise ValueError(f"this is no topic: {topic!r}")

        def decorate(handler: H) -> H:
            self._handlers.append((topic, handler))
            if self._stream is not None:
                self._stream.follow(self._topics())
            return handler

        return decorate

    async def publish(self, topic: str, payload: Optional[Mapping[str, Any]] = None) -> None:
        """Tells those who follow `topic` here or elsewhere; scripts use `autoheal.Client.publish`.

        Topics of Autoheal (`selftest.`, `heal.`, `autoheal.`) are refused. It is durable when this returns. Raises
        autoheal.AutohealError.
        """
        await self._client.publish(topic, payload)

    async def listen(self, after: Optional[str] = None) -> None:
        """Delivers until `stop` or until it is cancelled. `after`: as Client.events has it; None is now.

        Raises autoheal.AutohealError where trying again is of no use.
        """
        if self._stream is not None:
            raise RuntimeError("the bus is listened to already")
        async with self._client.events(self._topics(), after=after) as stream:
            self._stream = stream
            try:
                async for event in stream:
                    await self._deliver(event)
            finally:
                self._stream = None

    def run(self, after: Optional[str] = None) -> None:
        """As `listen`, for scripts: returns after `stop` or Ctrl-C."""
        try:
            asyncio.run(self.listen(after))
        except KeyboardInterrupt:
            pass

    def stop(self) -> None:
        """Ends `listen` or `run` behind the event that is being delivered. On any thread, also in a handler."""
        stream = self._stream
        if stream is not None:
            stream.close()

    async def _deliver(self, event: Event) -> None:
        for topic, handler in list(self._handlers):
            if not _matches(topic, event.topic):
                continue
            try:
                done = handler(copy.deepcopy(event.payload))
                if inspect.isawaitable(done):
                    await done
            except Exception:  # pylint: disable=broad-except
                _log.exception("a handler of %s failed at event %s", topic, event.id)

    def _topics(self) -> List[str]:
        topics = list(dict.fromkeys(topic for topic, _ in self._handlers))
        fits = len(topics) <= MOST_TOPICS_ASKED_FOR and len(",".join(topics).encode()) <= LONGEST_QUERY
        return topics if fits else []


def _matches(pattern: str, topic: str) -> bool:
    return topic.startswith(pattern[:-1]) if pattern.endswith("*") else topic == pattern


genesis_bus = GenesisBus()
