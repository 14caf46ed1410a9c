#!/usr/bin/env python3
"""Case 33: requests that are sent again with their Idempotency-Key, also to a daemon that was killed.

idempotency_test.py PROGRAM
"""
import os
import pathlib
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
ENGINE = {"engine": "EnvRecon"}
BODY = {"error": "drift", "reason": "a test"}


class Served(unittest.TestCase):
    environment = {}

    def setUp(self):
        self.described = Described()
        self.host = ServedFolder(PROGRAM, environment=self.environment)
        self.addCleanup(self.host.stop)
        self.api = Asking(self.described, self.host.socket)
        self.addCleanup(self.api.close)

    def tearDown(self):
        self.assertEqual(self.api.problems, [])
        self.api.ask("signCheckpoint")
        self.assertEqual(self.host.run("ledger", "verify").returncode, 0)

    def heal(self, key, path=None, body=None):
        return self.api.ask("healEngine", path or ENGINE, body=body or BODY, headers={"Idempotency-Key": key})

    def rows(self, engine):
        return self.api.ask("listHeals", query=[("engine", engine)]).json()["items"]

    def heals(self, engine="EnvRecon"):
        return [one["heal"] for one in self.rows(engine)]

    def firewall_is_left_alone(self):
        """The daemon's own heal of it has ended, and its next one is far away."""
        while not self.rows("Firewall"):
            pass
        self.api.ask("cancelHeal", {"heal": self.heals("Firewall")[0]})
        while self.rows("Firewall")[0]["state"] != "Exhausted":
            pass

    def killed_and_started_again(self):
        self.host.daemon.end(signal.SIGKILL)
        self.host.start()


class Case33(Served):
    def test_the_same_request_gets_the_same_answer(self):
        first, again = self.heal("a"), self.heal("a")
        self.assertEqual((first.status, again.status), (200, 200))
        self.assertEqual(first.body, again.body)
        self.assertEqual(self.heals(), [first.json()["healing"]["heal_id"]])
        self.assertNotEqual(self.heal("b").body, first.body)
        self.assertEqual(len(self.heals()), 2)

    def test_another_request_is_refused(self):
        self.heal("a")
        for path, body in [(None, {"error": "other"}), ({"engine": "Firewall"}, BODY)]:
            answer = self.heal("a", path, body)
            self.assertEqual((answer.status, answer.json()["code"]), (422, "key_used"))
        self.assertEqual(len(self.heals()), 1)

    def test_a_killed_daemon_knows_the_keys_of_its_heals(self):
        self.firewall_is_left_alone()
        first = self.heal("a")
        exhausted = self.heal("b", {"engine": "Firewall"})
        self.killed_and_started_again()
        self.assertEqual(self.heal("a").body, first.body)
        self.assertEqual(self.heal("b", {"engine": "Firewall"}).json(), exhausted.json())
        self.assertEqual(self.heal("a", body={"error": "other"}).status, 422)
        self.assertEqual((len(self.heals()), len(self.heals("Firewall"))), (1, 2))

    def test_a_key_that_is_none_or_has_no_use_here_is_refused(self):
        self.assertEqual(self.heal("a" * 256).status, 400)
        for operation, path in [("holdEngine", ENGINE), ("runSelfTest", {}), ("verifyLedger", {})]:
            answer = self.api.ask(operation, path, headers={"Idempotency-Key": "a"})
            self.assertEqual(answer.status, 400)
            self.assertIn(operation, answer.json()["detail"])
        self.assertEqual(self.api.ask("getEngine", ENGINE, headers={"Idempotency-Key": "a"}).status, 200)

    def test_what_failed_may_be_tried_again(self):
        self.assertEqual(self.heal("a", {"engine": "Nobody"}).status, 404)
        self.assertEqual(self.heal("a").status, 200)


class Case33WhileItHeals(Served):
    """Firewall fails three times, and waits for long in between."""
    environment = {"AUTOHEAL_RETRY_DELAY": "3600"}

    def begun(self, key):
        """A client that waits for its heal of Firewall, once that has begun."""
        self.firewall_is_left_alone()

        def ask():
            api = Asking(self.described, self.host.socket)
            try:
                api.ask("healEngine", {"engine": "Firewall"}, body=BODY, headers={"Idempotency-Key": key})
            except OSError:
                pass  # the daemon was killed
            api.close()
        client = threading.Thread(target=ask)
        client.start()
        self.addCleanup(client.join)
        while len(self.heals("Firewall")) < 2:
            pass
        return client

    def test_in_progress_is_said(self):
        self.begun("a")
        answer = self.heal("a", {"engine": "Firewall"})
        self.assertEqual((answer.status, answer.json()["code"]), (409, "busy"))
        self.assertEqual(self.heal("a").status, 422)
        self.api.ask("cancelHeal", {"heal": self.heals("Firewall")[0]})

    def test_a_heal_that_a_kill_interrupted_is_waited_for(self):
        client = self.begun("a")
        heals = self.heals("Firewall")
        self.host.daemon.end(signal.SIGKILL)
        client.join()
        self.host.start()
        answers = []
        again = threading.Thread(target=lambda: answers.append(self.asked_by_another("a")))
        again.start()
        self.assertEqual(self.api.ask("cancelHeal", {"heal": heals[0]}).status, 200)
        again.join()  # it waited for the end, or came after it
        self.assertEqual(answers[0].json()["healing"]["heal_id"], heals[0])
        self.assertEqual(self.heals("Firewall"), heals)

    def asked_by_another(self, key):
        api = Asking(self.described, self.host.socket)
        try:
            return api.ask("healEngine", {"engine": "Firewall"}, body=BODY, headers={"Idempotency-Key": key})
        finally:
            api.close()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
