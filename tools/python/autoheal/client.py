"""The operations of the daemon as plain calls."""
from __future__ import annotations

import datetime
import json
from typing import Any, Dict, Generator, Iterator, List, Mapping, Optional, Sequence, Union, cast
from urllib.parse import quote, urlencode

from autoheal.answers import Engine, Entry, Heal, HealingResult, HealRow, Job, NewToken
from autoheal.errors import AutohealError
from autoheal.events import EventStream
from autoheal.places import find_socket
from autoheal.transport import Asked, ask

API = "/api/v1"
PAGE_SIZE = 100  # items; at most 1,000

Value = Union[str, int, Sequence[str], None]


class Client:
    """Asks the daemon of this host. Each call is one request; a Client may be used by several threads.

    `socket` is the path of the daemon's socket, found as `find_socket` says where it is left out. Calls that wait for a
    heal or a self-test wait as long as it takes; others at most `timeout_s`. All raise AutohealError. Lists are
    iterators: they ask for the next page when they need it. A heal is named by its id, enough of its beginning, or
    `last`; times are as on the command line (`24h`, `2026-11-23`).
    """

    def __init__(self, socket: Optional[str] = None, timeout_s: float = 30.0) -> None:
        self._socket = socket
        self._timeout_s = timeout_s

    @property
    def socket(self) -> str:
        """The path of the daemon's socket; looked for anew where none was given."""
        return self._socket or find_socket()

    # Engines

    def engines(self) -> List[Engine]:
        """How each engine stands."""
        return cast(List[Engine], self._get("/engines")["items"])

    def engine(self, engine: str) -> Engine:
        """How one engine stands."""
        return cast(Engine, self._get(f"/engines/{_part(engine)}"))

    def heal(self, engine: str, error: Optional[str] = None, reason: str = "",
             idempotency_key: str = "", traceparent: str = "") -> Optional[HealingResult]:
        """Heals an engine and waits for the end. None: its self-test passed, there was nothing to heal.

        With `error`, the engine counts as failed; without, its self-test says. The same call with the same
        `idempotency_key` heals once, and gets the same answer for 24 hours. `traceparent` (W3C Trace Context): the
        heal's trace is a child of it; one that is not valid is ignored.
        """
        answer = self._post(f"/engines/{_part(engine)}/heal", {"error": error, "reason": reason}, waits=True,
                            headers={"Idempotency-Key": idempotency_key, "traceparent": traceparent})
        return None if answer["passes"] else cast(HealingResult, answer["healing"])

    def hold(self, engine: str = "", for_s: Optional[float] = None, reason: str = "") -> None:
        """Nothing of the engine is healed for so long (an hour); without a name, nothing at all."""
        self._post(_of_engine(engine, "hold"), {"for_us": _microseconds(for_s), "reason": reason})

    def unhold(self, engine: str = "", reason: str = "") -> None:
        """Gives an engine back; without a name, all."""
        self._post(_of_engine(engine, "unhold"), {"reason": reason})

    def reset(self, engine: str = "", reason: str = "") -> None:
        """Clears the pauses and counters of an engine; without a name, of all."""
        self._post(_of_engine(engine, "reset"), {"reason": reason})

    def adopt_baseline(self, engine: str, reason: str = "") -> List[Dict[str, str]]:
        """What is there now counts as right; returns the digests."""
        return cast(List[Dict[str, str]],
                    self._post(f"/engines/{_part(engine)}/adopt", {"reason": reason}, waits=True)["adopted"])

    def selftest(self, engines: Optional[List[str]] = None, heals: Optional[bool] = None, reason: str = "",
                 traceparent: str = "") -> Dict[str, Any]:
        """Tests all engines, or those named and what they need, and returns the report.

        `traceparent` is for the heals that begin, as with heal().
        """
        body = {"engines": engines or None, "heals": heals, "reason": reason}
        return cast(Dict[str, Any], self._post("/selftest", body, waits=True,
                                           headers={"traceparent": traceparent})["report"])

    # Heals

    def heals(self, engine: str = "", state: str = "", since: str = "", until: str = "",
              page_size: int = PAGE_SIZE) -> Iterator[HealRow]:
        """Heals, the newest first."""
        query = {"engine": engine, "state": state, "since": since, "until": until}
        for page in self.pages("/heals", query, page_size):
            yield from cast(List[HealRow], page)

    def get_heal(self, heal: str) -> Heal:
        """A heal and its timeline."""
        return cast(Heal, self._get(f"/heals/{_part(heal)}"))

    def heal_plan(self, heal: str) -> Dict[str, Any]:
        """What a heal planned, line by line, and what came of it."""
        return self._get(f"/heals/{_part(heal)}/plan")

    def heal_page(self, heal: str) -> str:
        """A page for people (HTML, self-contained)."""
        return self._read(f"{API}/heals/{_part(heal)}/page").decode("utf-8")

    def evidence(self, heal: str) -> bytes:
        """The archive (tar, gzip) that `autoheal ledger check` reads. "not_found": no checkpoint covers it yet."""
        return self._read(f"{API}/heals/{_part(heal)}/evidence")

    def replay(self, heal: str, at: str = "") -> Dict[str, Any]:
        """Decides a heal again with today's code."""
        return self._get(f"/heals/{_part(heal)}/replay", {"at": at})

    def what_if(self, heal: str, changes: Sequence[str]) -> Dict[str, Any]:
        """Which way it would have gone with other settings, each "key=value"."""
        return self._get(f"/heals/{_part(heal)}/what-if", {"change": changes})

    def compare(self, heal: str, other: str) -> Dict[str, Any]:
        """Where two heals differ."""
        return self._get(f"/heals/{_part(heal)}/diff", {"with": other})

    def cancel(self, heal: str, reason: str = "") -> None:
        """Ends an open heal."""
        self._post(f"/heals/{_part(heal)}/cancel", {"reason": reason})

    def roll_back(self, heal: str, reason: str = "") -> List[Dict[str, Any]]:
        """Tries again to undo what an ended heal could not undo; returns the changes."""
        return cast(List[Dict[str, Any]],
                    self._post(f"/heals/{_part(heal)}/rollback", {"reason": reason}, waits=True)["undone"])

    # Audit

    def audit(self, engine: str = "", state: str = "", since: str = "", until: str = "", heal: str = "",
              actor: str = "", type: str = "", strategy: str = "", page_size: int = PAGE_SIZE) -> Iterator[Entry]:
        """Entries of the ledger, the oldest first. `type` may end with `*`."""
        query = {"engine": engine, "state": state, "since": since, "until": until, "heal": heal, "actor": actor,
                 "type": type, "strategy": strategy}
        for page in self.pages("/audit", query, page_size):
            yield from cast(List[Entry], page)

    def summary(self, since: str = "", until: str = "", compare: str = "") -> Dict[str, Any]:
        """Figures of the heals of a period, also beside another one."""
        return self._get("/audit/summary", {"since": since, "until": until, "compare": compare})

    def coverage(self, engine: str = "", since: str = "", until: str = "") -> Dict[str, Any]:
        """When healing was on."""
        return self._get("/audit/coverage", {"engine": engine, "since": since, "until": until})

    # The ledger

    def ledger(self) -> Dict[str, Any]:
        """Its size and what is in it."""
        return self._get("/ledger")

    def checkpoint(self) -> str:
        """The newest signed head (C2SP tlog-checkpoint)."""
        return self._read(f"{API}/ledger/checkpoint").decode("utf-8")

    def key(self) -> str:
        """The key that verifies checkpoints."""
        return self._read(f"{API}/ledger/key").decode("utf-8").strip()

    def prove_entry(self, seq: int) -> Dict[str, Any]:
        """That an entry is in the ledger (RFC 6962)."""
        return self._get(f"/ledger/entries/{int(seq)}/proof")

    def prove_growth(self, from_size: int) -> Dict[str, Any]:
        """That the ledger only grew since it had this size."""
        return self._get("/ledger/growth", {"from": from_size})

    def export(self, since_seq: Optional[int] = None) -> Generator[str, None, None]:
        """The lines of `autoheal ledger export`, without newlines, up to the newest at the beginning."""
        target = _target(f"{API}/ledger/export", {"since_seq": since_seq})
        with Asked(self.socket, "GET", target, timeout_s=self._timeout_s) as asked:
            if asked.status != 200:
                raise AutohealError.of_answer(asked.status, asked.read())
            while line := asked.read_line():
                yield line.decode("utf-8").rstrip("\n")

    def sign_checkpoint(self, reason: str = "") -> None:
        """Signs the present head."""
        self._post("/ledger/sign", {"reason": reason})

    def accept_rollback(self, reason: str = "") -> None:
        """Signs a ledger that was restored from a backup."""
        self._post("/ledger/accept-rollback", {"reason": reason})

    def rotate_key(self, reason: str = "") -> None:
        """From now on another key signs."""
        self._post("/ledger/rotate-key", {"reason": reason})

    def archive(self, before: datetime.datetime, reason: str = "", file: str = "") -> List[Dict[str, str]]:
        """Moves entries older than `before`, a time with its zone, to a file beside the ledger; returns the range.

        `file` is another file to write, by its absolute path.
        """
        if before.tzinfo is None:
            raise AutohealError("invalid", "`before` has no time zone")
        before_us = (before - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) \
            // datetime.timedelta(microseconds=1)
        return cast(List[Dict[str, str]],
                    self._post("/ledger/archive", {"before_us": before_us, "file": file, "reason": reason},
                               waits=True)["archived"])

    def witnesses(self) -> List[Dict[str, Any]]:
        """The witnesses, and what each of them saw last."""
        return cast(List[Dict[str, Any]], self._get("/ledger/witnesses")["items"])

    def add_witness(self, key: str, reason: str = "") -> None:
        """Cosignatures of this verifier key are kept from now on."""
        self._post("/ledger/witnesses", {"key": key, "reason": reason})

    def remove_witness(self, key: str, reason: str = "") -> None:
        """They no longer are; those that are kept stay."""
        self._post("/ledger/witnesses/remove", {"key": key, "reason": reason})

    def accept_cosignatures(self, note: str, reason: str = "") -> None:
        """Hands in a checkpoint with signatures of witnesses."""
        self._post("/ledger/cosignatures", {"note": note, "reason": reason})

    # Jobs, which are done beside the daemon, one after the other

    def plan_heal(self, engine: str, error: Optional[str] = None) -> Job:
        """What a heal would change, as a job. For Admirals."""
        return cast(Job, self._post(f"/engines/{_part(engine)}/dry-run", {"error": error}))

    def verify_ledger(self) -> Job:
        """Reads the whole ledger and verifies it, as a job."""
        return cast(Job, self._post("/ledger/verify", {}))

    def back_test(self, configuration: str, since: str = "") -> Job:
        """The past under another configuration, given as its text, as a job."""
        return cast(Job, self._post("/back-test", {"configuration": configuration, "since": since}))

    def jobs(self) -> List[Job]:
        """The jobs, the newest first, without their results."""
        return cast(List[Job], self._get("/jobs")["items"])

    def job(self, job: str) -> Job:
        """How far a job is, and its result once its state is `done`."""
        return cast(Job, self._get(f"/jobs/{_part(job)}"))

    def cancel_job(self, job: str) -> Job:
        """Ends a job. For who asked for it, and for Admirals."""
        return cast(Job, self._post(f"/jobs/{_part(job)}/cancel", {}))

    # Tokens, for requests on TCP; all of it for Admirals

    def tokens(self) -> List[Dict[str, Any]]:
        """The valid tokens: all about them but the tokens."""
        return cast(List[Dict[str, Any]], self._get("/tokens")["items"])

    def create_token(self, principal: Optional[str] = None, role: Optional[str] = None,
                     for_s: Optional[float] = None, engines: Optional[Sequence[str]] = None,
                     reason: str = "") -> NewToken:
        """Makes a token, which is in this answer and nowhere else. Left out: one's own, observer, 90 days, all."""
        return cast(NewToken, self._post("/tokens", {
            "principal": principal, "role": role, "for_us": _microseconds(for_s), "engines": engines or None,
            "reason": reason}))

    def revoke_token(self, token: str, reason: str = "") -> None:
        """Ends the token with this id, and the streams that it began."""
        self._post(f"/tokens/{_part(token)}/revoke", {"reason": reason})

    def rotate_token(self, token: str, for_s: Optional[float] = None, reason: str = "") -> NewToken:
        """Ends the token with this id, and makes another one that is good for the same."""
        return cast(NewToken, self._post(f"/tokens/{_part(token)}/rotate",
                                         {"for_us": _microseconds(for_s), "reason": reason}))

    # The bus

    def events(self, topics: Sequence[str] = (), engine: str = "", after: Optional[str] = None) -> EventStream:
        """Events as they come, without end: all, or those of these topics (`selftest.autoheal.*`) and this engine.

        `after` is the id of an event; "0" is the beginning of the ledger, None is now.
        """
        return EventStream(lambda: self.socket, topics, engine, after)

    def publish(self, topic: str, payload: Optional[Mapping[str, Any]] = None, reason: str = "") -> None:
        """Tells those who follow `topic`, a topic of one's own, and records it. At most 16 KiB of JSON."""
        self._post("/bus", {"topic": topic, "payload": payload, "reason": reason})

    def webhooks(self) -> List[Dict[str, Any]]:
        """Who is told events, and how far each of them has come."""
        return cast(List[Dict[str, Any]], self._get("/webhooks")["items"])

    # The daemon

    def configuration(self) -> Dict[str, Any]:
        """The configuration in force, without secrets, and who asks."""
        return self._get("/configuration")

    def reports(self) -> List[str]:
        """Names of reports of self-tests, the newest first."""
        return cast(List[str], self._get("/reports")["reports"])

    def report(self, report: str = "latest") -> Dict[str, Any]:
        """One report."""
        return self._get(f"/reports/{_part(report)}")

    def openapi(self) -> Dict[str, Any]:
        """The description of the API that the daemon serves (OpenAPI 3.1)."""
        return self._get("/openapi.json")

    def status(self) -> Dict[str, Any]:
        """How the daemon and each engine stand at this moment, as `autoheal engines` reads it."""
        return self._get("/status")

    def record_refusal(self, what: str, reason: str = "") -> None:
        """Records that a program on the daemon's host refused `what` by the role of who asked: "may not <what>"."""
        self._post("/refusals", {"what": what, "reason": reason})

    def version(self) -> str:
        """The version of the daemon's program."""
        return str(_object(self._read("/version"))["version"])

    def is_ready(self) -> bool:
        """The daemon can heal now."""
        status, body = ask(self.socket, "GET", "/readyz", timeout_s=self._timeout_s)
        if status not in (200, 503):
            raise AutohealError.of_answer(status, body)
        return status == 200

    def metrics(self) -> str:
        """The metrics, as Prometheus reads them."""
        return self._read("/metrics").decode("utf-8")

    def pages(self, path: str, query: Mapping[str, Value], page_size: int = PAGE_SIZE) -> Iterator[List[Any]]:
        """The pages of a list below /api/v1, each a list of its items."""
        page = self._get(path, {**query, "limit": page_size})
        yield page["items"]
        while "next" in page:
            page = self._get(path, {**query, "limit": page_size, "cursor": page["next"]})
            yield page["items"]

    def _read(self, target: str) -> bytes:
        status, body = ask(self.socket, "GET", target, timeout_s=self._timeout_s)
        if status != 200:
            raise AutohealError.of_answer(status, body)
        return body

    def _get(self, path: str, query: Optional[Mapping[str, Value]] = None) -> Dict[str, Any]:
        return _object(self._read(_target(API + path, query or {})))

    def _post(self, path: str, body: Mapping[str, Any], waits: bool = False,
              headers: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
        asked = {key: value for key, value in body.items() if value is not None and value != ""}
        text = json.dumps(asked, allow_nan=False).encode("utf-8")
        given = {name: value for name, value in (headers or {}).items() if value}
        status, answer = ask(self.socket, "POST", API + path, text, None if waits else self._timeout_s, given)
        if status not in (200, 202):
            raise AutohealError.of_answer(status, answer)
        return _object(answer)


def _part(name: str) -> str:
    return quote(name, safe="")


def _microseconds(seconds: Optional[float]) -> Optional[int]:
    return None if seconds is None else round(seconds * 1_000_000)


def _of_engine(engine: str, operation: str) -> str:
    return f"/engines/{_part(engine)}/{operation}" if engine else f"/{operation}"


def _target(path: str, query: Mapping[str, Value]) -> str:
    given = {key: value for key, value in query.items() if value is not None and value != ""}
    return f"{path}?{urlencode(given, doseq=True, quote_via=quote)}" if given else path


def _object(body: bytes) -> Dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as problem:
        raise AutohealError("unavailable", "the daemon's answer is no JSON", status=200) from problem
    if not isinstance(answer, dict):
        raise AutohealError("unavailable", "the daemon's answer is no JSON object", status=200)
    return answer
