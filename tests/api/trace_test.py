#!/usr/bin/env python3
"""W3C Trace Context: the trace of a heal is a child of the request's, also after a kill: trace_test.py PROGRAM."""
import http.server
import json
import os
import pathlib
import queue
import signal
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import Asking, Described  # noqa: E402
from served_folder import ServedFolder  # noqa: E402

PROGRAM = ""
WITHIN_S = 60
ENGINE = {"engine": "EnvRecon"}
BODY = {"error": "asked for"}


def context(number):
    return f"00-0af7651916cd43dd8448eb211c8031{number:02x}-b7ad6b71692033{number:02x}-01"


class Collector:
    """Of OTLP, on loopback; takes traces once it is well."""

    def __init__(self):
        self.is_well = False
        self.bodies = queue.Queue()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if collector.is_well:
                    collector.bodies.put(body)
                self.send_response(200 if collector.is_well else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self):
        """Those of the next trace."""
        told = json.loads(self.bodies.get(timeout=WITHIN_S))
        return told["resourceSpans"][0]["scopeSpans"][0]["spans"]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Traces(unittest.TestCase):
    def setUp(self):
        self.collector = Collector()
        self.addCleanup(self.collector.end)
        self.host = ServedFolder(PROGRAM, "webhooks:\n  - { name: traces, format: otlp, allow: [127.0.0.1], "
                                          f"url: \"http://127.0.0.1:{self.collector.port}/v1/traces\" }}\n")
        self.addCleanup(self.host.stop)
        self.begin_asking()

    def begin_asking(self):
        self.api = Asking(Described(), self.host.socket)
        self.addCleanup(self.api.close)

    def tearDown(self):
        self.assertEqual(self.api.problems, [])

    def heal(self, traceparent):
        answer = self.api.ask("healEngine", ENGINE, body=BODY, headers={"traceparent": traceparent})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["healing"]["heal_id"]

    def contexts(self):
        """What the ledger says of each heal: the engine, and the context in which it was asked for."""
        told = self.host.run("audit", "--type", "heal.triggered", "-o", "json")
        return [(one["engine"], json.loads(one["data"])["by"].get("traceparent")) for one in json.loads(told.stdout)]

    def test_a_heal_is_a_child_of_the_request_also_after_a_kill(self):
        heal = self.heal(context(1))
        self.assertIn(("EnvRecon", context(1)), self.contexts())
        self.host.daemon.end(signal.SIGKILL)
        self.collector.is_well = True
        self.host.start()
        self.begin_asking()
        while (spans := self.collector.spans())[0]["name"] != "heal EnvRecon":
            pass
        _, trace, span, _ = context(1).split("-")
        self.assertEqual({one["traceId"] for one in spans}, {trace})
        self.assertEqual(spans[0]["parentSpanId"], span)
        events = self.host.run("bus", "tail", "--from", "0", "--once", "-o", "jsonl").stdout.splitlines()
        told = {event["traceparent"] for event in map(json.loads, events) if heal in event["subject"]}
        self.assertEqual(told, {f"00-{trace}-{spans[0]['spanId']}-01"})
        self.assertEqual(self.host.run("replay", heal, "-o", "json").returncode, 0)

    def test_one_that_is_not_valid_is_ignored(self):
        for number, wrong in enumerate(["x", "00-" + "0" * 32 + "-b7ad6b7169203331-01", context(2).upper(),
                                        "01" + context(2)[2:], context(2) + "-more"], 1):
            self.heal(wrong)
            mine = [one for one in self.contexts() if one[0] == "EnvRecon"]
            self.assertEqual(mine, [("EnvRecon", None)] * number)

    def test_the_heals_of_a_self_test_are_children_of_its_request(self):
        # One that the daemon began stays in its own trace; this joins it, and waits for its end.
        self.api.ask("healEngine", {"engine": "Firewall"}, body=BODY, headers={"traceparent": context(4)})
        answer = self.api.ask("runSelfTest", body={"engines": ["Firewall"], "heals": True},
                              headers={"traceparent": context(3)})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn(("Firewall", context(3)), self.contexts())


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
