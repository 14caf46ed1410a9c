"""The same calls for asyncio: each waits on a thread, so the event loop goes on."""
from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional, Sequence, cast

from autoheal.answers import Engine, Entry, Heal, HealingResult, HealRow, Job, NewToken
from autoheal.client import PAGE_SIZE, Client, Value
from autoheal.events import Event, EventStream

LINES_AT_ONCE = 1000


class AsyncEventStream:
    """As EventStream, for `async for` and `async with`. It has a thread of its own."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "autoheal-events")

    @property
    def last_id(self) -> Optional[str]:
        return self._stream.last_id

    def follow(self, topics: Sequence[str]) -> None:
        self._stream.follow(topics)

    def close(self) -> None:
        """On any thread; whoever waits for the next event gets none."""
        self._stream.close()

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        event = await asyncio.get_running_loop().run_in_executor(self._thread, self._next)
        if event is None:
            raise StopAsyncIteration
        return event

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stream.close()
        self._thread.submit(self._next)  # its thread gives the connection back
        self._thread.shutdown(wait=False)

    def _next(self) -> Optional[Event]:
        return next(self._stream, None)


class AsyncClient:
    """As Client, to be awaited; lists are for `async for`."""

    def __init__(self, socket: Optional[str] = None, timeout_s: float = 30.0) -> None:
        self._client = Client(socket, timeout_s)

    @property
    def socket(self) -> str:
        return self._client.socket

    async def engines(self) -> List[Engine]:
        return await asyncio.to_thread(self._client.engines)

    async def engine(self, engine: str) -> Engine:
        return await asyncio.to_thread(self._client.engine, engine)

    async def heal(self, engine: str, error: Optional[str] = None, reason: str = "",
                   idempotency_key: str = "", traceparent: str = "") -> Optional[HealingResult]:
        return await asyncio.to_thread(self._client.heal, engine, error, reason, idempotency_key, traceparent)

    async def hold(self, engine: str = "", for_s: Optional[float] = None, reason: str = "") -> None:
        await asyncio.to_thread(self._client.hold, engine, for_s, reason)

    async def unhold(self, engine: str = "", reason: str = "") -> None:
        await asyncio.to_thread(self._client.unhold, engine, reason)

    async def reset(self, engine: str = "", reason: str = "") -> None:
        await asyncio.to_thread(self._client.reset, engine, reason)

    async def adopt_baseline(self, engine: str, reason: str = "") -> List[Dict[str, str]]:
        return await asyncio.to_thread(self._client.adopt_baseline, engine, reason)

    async def selftest(self, engines: Optional[List[str]] = None, heals: Optional[bool] = None, reason: str = "",
                       traceparent: str = "") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.selftest, engines, heals, reason, traceparent)

    async def get_heal(self, heal: str) -> Heal:
        return await asyncio.to_thread(self._client.get_heal, heal)

    async def heal_plan(self, heal: str) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.heal_plan, heal)

    async def heal_page(self, heal: str) -> str:
        return await asyncio.to_thread(self._client.heal_page, heal)

    async def evidence(self, heal: str) -> bytes:
        return await asyncio.to_thread(self._client.evidence, heal)

    async def replay(self, heal: str, at: str = "") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.replay, heal, at)

    async def what_if(self, heal: str, changes: Sequence[str]) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.what_if, heal, changes)

    async def compare(self, heal: str, other: str) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.compare, heal, other)

    async def cancel(self, heal: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.cancel, heal, reason)

    async def roll_back(self, heal: str, reason: str = "") -> List[Dict[str, Any]]:
        return await asyncio.to_thread(self._client.roll_back, heal, reason)

    async def summary(self, since: str = "", until: str = "", compare: str = "") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.summary, since, until, compare)

    async def coverage(self, engine: str = "", since: str = "", until: str = "") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.coverage, engine, since, until)

    async def ledger(self) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.ledger)

    async def checkpoint(self) -> str:
        return await asyncio.to_thread(self._client.checkpoint)

    async def key(self) -> str:
        return await asyncio.to_thread(self._client.key)

    async def prove_entry(self, seq: int) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.prove_entry, seq)

    async def prove_growth(self, from_size: int) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.prove_growth, from_size)

    async def sign_checkpoint(self, reason: str = "") -> None:
        await asyncio.to_thread(self._client.sign_checkpoint, reason)

    async def accept_rollback(self, reason: str = "") -> None:
        await asyncio.to_thread(self._client.accept_rollback, reason)

    async def rotate_key(self, reason: str = "") -> None:
        await asyncio.to_thread(self._client.rotate_key, reason)

    async def archive(self, before: datetime.datetime, reason: str = "", file: str = "") -> List[Dict[str, str]]:
        return await asyncio.to_thread(self._client.archive, before, reason, file)

    async def witnesses(self) -> List[Dict[str, Any]]:
        return await asyncio.to_thread(self._client.witnesses)

    async def add_witness(self, key: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.add_witness, key, reason)

    async def remove_witness(self, key: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.remove_witness, key, reason)

    async def accept_cosignatures(self, note: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.accept_cosignatures, note, reason)

    async def webhooks(self) -> List[Dict[str, Any]]:
        return await asyncio.to_thread(self._client.webhooks)

    async def plan_heal(self, engine: str, error: Optional[str] = None) -> Job:
        return await asyncio.to_thread(self._client.plan_heal, engine, error)

    async def verify_ledger(self) -> Job:
        return await asyncio.to_thread(self._client.verify_ledger)

    async def back_test(self, configuration: str, since: str = "") -> Job:
        return await asyncio.to_thread(self._client.back_test, configuration, since)

    async def jobs(self) -> List[Job]:
        return await asyncio.to_thread(self._client.jobs)

    async def job(self, job: str) -> Job:
        return await asyncio.to_thread(self._client.job, job)

    async def cancel_job(self, job: str) -> Job:
        return await asyncio.to_thread(self._client.cancel_job, job)

    async def tokens(self) -> List[Dict[str, Any]]:
        return await asyncio.to_thread(self._client.tokens)

    async def create_token(self, principal: Optional[str] = None, role: Optional[str] = None,
                           for_s: Optional[float] = None, engines: Optional[Sequence[str]] = None,
                           reason: str = "") -> NewToken:
        return await asyncio.to_thread(self._client.create_token, principal, role, for_s, engines, reason)

    async def revoke_token(self, token: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.revoke_token, token, reason)

    async def rotate_token(self, token: str, for_s: Optional[float] = None, reason: str = "") -> NewToken:
        return await asyncio.to_thread(self._client.rotate_token, token, for_s, reason)

    async def publish(self, topic: str, payload: Optional[Mapping[str, Any]] = None, reason: str = "") -> None:
        await asyncio.to_thread(self._client.publish, topic, payload, reason)

    async def configuration(self) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.configuration)

    async def reports(self) -> List[str]:
        return await asyncio.to_thread(self._client.reports)

    async def report(self, report: str = "latest") -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.report, report)

    async def openapi(self) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.openapi)

    async def status(self) -> Dict[str, Any]:
        return await asyncio.to_thread(self._client.status)

    async def record_refusal(self, what: str, reason: str = "") -> None:
        await asyncio.to_thread(self._client.record_refusal, what, reason)

    async def version(self) -> str:
        return await asyncio.to_thread(self._client.version)

    async def is_ready(self) -> bool:
        return await asyncio.to_thread(self._client.is_ready)

    async def metrics(self) -> str:
        return await asyncio.to_thread(self._client.metrics)

    async def heals(self, engine: str = "", state: str = "", since: str = "", until: str = "",
                    page_size: int = PAGE_SIZE) -> AsyncIterator[HealRow]:
        query = {"engine": engine, "state": state, "since": since, "until": until}
        async for item in self._items("/heals", query, page_size):
            yield cast(HealRow, item)

    async def audit(self, engine: str = "", state: str = "", since: str = "", until: str = "", heal: str = "",
                    actor: str = "", type: str = "", strategy: str = "",
                    page_size: int = PAGE_SIZE) -> AsyncIterator[Entry]:
        query = {"engine": engine, "state": state, "since": since, "until": until, "heal": heal, "actor": actor,
                 "type": type, "strategy": strategy}
        async for item in self._items("/audit", query, page_size):
            yield cast(Entry, item)

    async def export(self, since_seq: Optional[int] = None) -> AsyncIterator[str]:
        lines = self._client.export(since_seq)
        try:
            while some := await asyncio.to_thread(lambda: [line for line, _ in zip(lines, range(LINES_AT_ONCE))]):
                for line in some:
                    yield line
        finally:
            lines.close()

    def events(self, topics: Sequence[str] = (), engine: str = "", after: Optional[str] = None) -> AsyncEventStream:
        return AsyncEventStream(self._client.events(topics, engine, after))

    async def _items(self, path: str, query: Mapping[str, Value], page_size: int) -> AsyncIterator[Any]:
        pages = self._client.pages(path, query, page_size)
        while (page := await asyncio.to_thread(lambda: next(pages, None))) is not None:
            for item in page:
                yield item
