#!/usr/bin/env python3
"""A daemon that asks its witness itself, beside a witness that knows nothing of Autoheal: asked_witness_test.py PROGRAM

The witness is away, forgets, lies and is asked about a ledger that was put back.
"""
import contextlib
import http.server
import json
import os
import pathlib
import signal
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
sys.dont_write_bytecode = True
import check_ledger as ledger  # noqa: E402
import tlog_client as tlog  # noqa: E402
from ledger_test_base import LedgerTest  # noqa: E402
from served_daemon import ServedDaemon  # noqa: E402
from waiting import until  # noqa: E402

IN_TIME_S = 60


class Served:
    """A witness at an address of its own; `lie` makes something else of a cosignature."""

    def __init__(self, witness):
        self.witness, self.port, self.lie = witness, 0, None
        self.old_sizes, self.statuses, self.said = [], [], threading.Condition()
        self.answers, self.was_asked = threading.Event(), threading.Event()
        self.answers.set()
        self.server = None

    def begin(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.was_asked.set()
                outer.answers.wait(2 * IN_TIME_S)
                is_place = self.path == "/of/ours/add-checkpoint"
                status, kind, lines = outer.witness.add_checkpoint(body) if is_place else (410, None, b"")
                if status == 200 and outer.lie:
                    lines = outer.lie(lines)
                self.send_response(status)
                if kind:
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(lines)))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.end_headers()
                    self.wfile.write(lines)
                with outer.said:
                    outer.old_sizes.append(int(body.split(b"\n", 1)[0].removeprefix(b"old ")))
                    outer.statuses.append(status)
                    outer.said.notify_all()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def has_said(self, count, *statuses):
        """Whether it answers so often with one of these in time."""
        with self.said:
            return self.said.wait_for(lambda: sum(one in statuses for one in self.statuses) >= count, IN_TIME_S)


class AskedWitness(LedgerTest):
    def setUp(self):
        super().setUp()
        self.sign()
        self.witness = tlog.Witness("witness.example/w1", [self.key])
        self.served = Served(self.witness)
        self.served.begin()
        self.addCleanup(lambda: self.served.end())

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.daemon = ServedDaemon(self.program, self.folder, log=log)

    def ask_it(self, allow="[ 127.0.0.1 ]"):
        self.configure(f"""witnesses:
  - url: http://127.0.0.1:{self.served.port}/of/ours/
    key: {self.witness.key}
    every: 100ms
    allow: {allow}
""")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.is_told("configuration read again")

    def add(self):
        self.autoheal("ledger", "witness", "add", self.witness.key, "--reason", "agreed")

    def log(self):
        return (self.folder / "log").read_text()

    def is_told(self, words):
        self.assertTrue(until(lambda: words in self.log(), IN_TIME_S, self.folder), self.log())

    def signers(self):
        keys = [self.key, ledger.Key(self.witness.key)]
        return [key.name for key in ledger.open_note(self.fetch("checkpoint"), keys)[1]]

    def listed_with(self, said):
        """Its row of `ledger witness list`, once it says that."""
        limit = time.monotonic() + IN_TIME_S
        while True:
            listed, = json.loads(self.autoheal("ledger", "witness", "list", "-o", "json").stdout)
            if said in listed["said"]:
                return listed
            self.assertLess(time.monotonic(), limit, listed)

    def is_cosigned(self):
        """All that there is, by the witness: it is not asked any more. How many entries that are."""
        self.sign()
        self.assertTrue(until(lambda: self.witness.name in self.signers(), IN_TIME_S, self.folder / "var"), self.log())
        return ledger.open_checkpoint(self.fetch("checkpoint"), [self.key])[0]

    def test_it_cosigns_each_checkpoint_by_itself(self):
        self.ask_it()
        self.is_told("the ledger does not name it")
        self.assertEqual(self.served.statuses, [])
        self.add()
        self.is_told("witness witness.example/w1 cosigns")
        first = self.is_cosigned()
        self.grow(3)
        second = self.is_cosigned()
        self.assertGreater(second, first)
        self.assertEqual(set(self.served.statuses), {200})
        self.assertEqual(self.served.old_sizes[0], 0)
        self.assertEqual(self.witness.seen[self.key.name][0], second)
        listed = self.listed_with(f"cosigned {second} entries")
        self.assertEqual(listed["saw_entries"], str(second))
        self.assertTrue(listed["asked"])
        metrics = self.ask("GET", "/metrics")[2].decode()
        self.assertIn(f'autoheal_ledger_cosigned_events{{witness="{self.witness.name}"}} {second}\n', metrics)

        # After a crash it goes on from where the witness was.
        self.daemon.end(signal.SIGKILL)
        asked = len(self.served.statuses)
        self.start()
        self.assertTrue(self.served.has_said(asked + 1, 200))
        self.assertGreaterEqual(self.served.old_sizes[asked], second)
        self.is_cosigned()
        self.assertEqual(set(self.served.statuses), {200})
        self.autoheal("ledger", "verify")

    def test_one_that_is_away_or_forgets_is_asked_again(self):
        self.add()
        self.ask_it()
        self.is_cosigned()
        self.served.end()
        self.grow(1)
        self.is_told("does not cosign")
        self.assertEqual(self.signers(), [self.key.name])
        self.served.begin()
        self.is_told("witness witness.example/w1 cosigns")
        self.is_cosigned()
        self.assertEqual(self.log().count("does not cosign"), 1)

        self.witness.seen.clear()
        self.grow(1)
        self.is_cosigned()
        self.assertEqual(self.served.statuses.count(409), 1)
        where = self.served.statuses.index(409)
        self.assertEqual((self.served.statuses[where + 1], self.served.old_sizes[where + 1]), (200, 0))

    def test_one_that_does_not_know_the_ledger_is_told_once(self):
        self.add()
        known, self.witness.logs = self.witness.logs, {}
        self.ask_it()
        self.assertTrue(self.served.has_said(3, 404))
        self.assertEqual(self.log().count("does not know this ledger"), 1)
        self.assertEqual(self.listed_with("does not know this ledger")["saw_entries"], "nothing")
        self.witness.logs = known
        self.is_cosigned()

    def test_false_signatures_and_those_of_others_are_not_kept(self):
        stranger = tlog.Witness("witness.example/w1", [self.key])  # of the same name
        self.served.lie = lambda lines: lines[:-30] + b"AAAA" + lines[-26:]
        self.add()
        self.ask_it()
        self.is_told("what it answered is not kept")
        self.assertTrue(self.served.has_said(2, 200))
        text = self.fetch("checkpoint").rpartition(b"\n\n")[0] + b"\n"
        self.served.lie = lambda _: stranger.line(text)
        lies = self.served.statuses.count(200)
        self.assertTrue(self.served.has_said(lies + 2, 200))
        self.assertEqual(self.fetch("checkpoint").count(b"\n\xe2\x80\x94 "), 1)
        self.served.lie = None
        self.is_cosigned()
        self.autoheal("ledger", "verify")

    def test_one_that_never_answers_holds_up_neither_a_heal_nor_the_end(self):
        self.served.answers.clear()
        self.addCleanup(self.served.answers.set)
        self.add()
        self.ask_it()
        self.assertTrue(self.served.was_asked.wait(IN_TIME_S))
        (self.folder / "etc/app.conf").write_text("damaged\n")
        self.autoheal("heal", "EnvRecon")
        self.daemon.stop()
        self.assertNotIn("does not cosign", self.log(), "it did not wait for the limit of a call")
        self.served.answers.set()
        self.start()
        self.is_cosigned()

    def test_an_address_that_is_not_listed_is_not_called(self):
        self.add()
        self.ask_it(allow="[ 127.0.0.2 ]")
        self.is_told("127.0.0.1 is loopback")
        self.assertEqual(self.served.statuses, [])

    def test_a_ledger_that_was_put_back_is_refused_and_people_are_told(self):
        self.add()
        self.ask_it()
        self.is_cosigned()
        backup = self.backup()
        self.grow(5)
        self.is_cosigned()
        seen = self.witness.seen[self.key.name]

        # Before anything is signed: the witness saw more.
        self.put_back(backup)
        self.is_told("THE HISTORY OF THIS LEDGER DIFFERS from what witness witness.example/w1 saw")
        self.assertIn(f"saw {seen[0]} entries", self.log())
        # Its owner signs another history, which is as long at last.
        self.autoheal("ledger", "checkpoint", "--accept-rollback", "--reason", "restored")
        self.grow(20)
        self.assertTrue(self.served.has_said(1, 422))
        self.daemon.stop()
        self.start()
        self.is_told("this ledger is not the one that it saw before")
        self.assertEqual(self.witness.seen[self.key.name], seen)
        self.assertEqual(self.signers(), [self.key.name])
        # It heals all the same.
        self.autoheal("unhold", "EnvRecon")
        (self.folder / "etc/app.conf").write_text("damaged\n")
        self.autoheal("heal", "EnvRecon")


if __name__ == "__main__":
    LedgerTest.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
