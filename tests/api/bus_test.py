#!/usr/bin/env python3
"""Followers of the bus over HTTP, against a real daemon: bus_test.py PROGRAM."""
import json
import os
import pathlib
import resource
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import Asking, Described, UnixConnection  # noqa: E402
from served_folder import ServedFolder  # noqa: E402

PROGRAM = ""


class Follower:
    """Reads Server-Sent Events as the specification says, one event at a time."""

    def __init__(self, socket, query="", last_event_id=None):
        self.connection = UnixConnection(socket)
        headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        self.connection.request("GET", "/api/v1/bus" + query, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.last_id = last_event_id
        for _ in range(3):
            self.response.readline()  # that it has begun

    def next(self):
        """(id, topic, CloudEvent) of the next event; None at the end."""
        topic, data = "message", []
        for line in iter(self.response.readline, b""):
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                topic = value
            elif field == "data":
                data.append(value)
            elif field == "" and not value and data:
                return self.last_id, topic, json.loads("\n".join(data))
        return None

    def until(self, topic):
        """All events up to the first one of this topic."""
        seen = []
        while not seen or seen[-1][1] != topic:
            seen.append(self.next())
        return seen

    def close(self):
        self.connection.close()


class TheBus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = ServedFolder(PROGRAM)
        cls.addClassCleanup(cls.host.stop)
        cls.host.settled()
        cls.described = Described()

    def setUp(self):
        self.api = Asking(self.described, self.host.socket)
        self.addCleanup(self.api.close)

    def tearDown(self):
        self.assertEqual(self.api.problems, [])

    def follow(self, *arguments, **more):
        follower = Follower(self.host.socket, *arguments, **more)
        self.addCleanup(follower.close)
        return follower

    def heal(self, engine="EnvRecon"):
        self.assertEqual(self.api.ask("healEngine", {"engine": engine}, body={"error": "drift"}).status, 200)

    def test_a_heal_is_told_as_it_happens(self):
        follower = self.follow()
        self.heal()
        seen = follower.until("selftest.autoheal.complete")
        self.assertIn("selftest.autoheal.trigger", [topic for _, topic, _ in seen])
        _, topic, event = seen[-1]
        self.assertEqual((event["specversion"], event["type"]), ("1.0", topic))
        self.assertTrue(event["data"]["certified"])
        self.assertEqual(len({(event["source"], event["id"]) for _, _, event in seen}), len(seen))

    def test_who_comes_back_goes_on_where_he_was(self):
        first = self.follow()
        self.heal()
        seen = first.until("selftest.autoheal.complete")
        first.close()
        self.heal()
        for at, (event_id, _, _) in enumerate(seen):
            again = self.follow(last_event_id=event_id)
            rest = again.until("selftest.autoheal.complete")
            if at < len(seen) - 1:
                self.assertEqual(rest, seen[at + 1:])
            else:
                self.assertNotEqual(rest[-1], seen[-1], "that was the next heal")
            again.close()

    def test_the_past_is_told_from_its_beginning_and_then_the_present(self):
        self.heal()
        told = [json.loads(line) for line in self.host.run("bus", "tail", "--from", "0", "--once", "-o",
                                                           "jsonl").stdout.splitlines()]
        follower = self.follow("?from=0")
        self.assertEqual([follower.next()[2] for _ in told], told)
        self.heal()
        follower.until("selftest.autoheal.complete")

    def test_only_what_was_asked_for_comes(self):
        topics = self.follow("?topics=selftest.autoheal.complete,selftest.autoheal.exhausted")
        engine = self.follow("?engine=Firewall")
        self.heal("EnvRecon")
        self.heal("Firewall")
        self.api.ask("resetEngine", {"engine": "Firewall"})
        self.assertEqual([topics.next()[1] for _ in range(2)],
                         ["selftest.autoheal.complete", "selftest.autoheal.exhausted"])
        seen = engine.until("selftest.autoheal.exhausted")
        self.assertEqual({event["data"].get("engine") for _, _, event in seen}, {"Firewall"})

    def test_case_124_places_that_are_none_are_refused_with_the_range(self):
        for place in ("abc", "-1", "0-0", "0-1", "1-", "1-x", "18446744073709551616", "1e3", " 1"):
            answer = self.api.ask("followBus", query=[("from", place)])
            self.assertEqual(answer.status, 400, place)
        answer = self.api.ask("followBus", query=[("from", "9999999")])
        self.assertEqual(answer.status, 400)
        self.assertRegex(answer.json()["hint"], r"^possible are 0 to \d+$")

    def test_a_stream_ends_with_the_daemon(self):
        host = ServedFolder(PROGRAM).settled()
        follower = Follower(host.socket)
        host.stop()
        self.assertIsNone(follower.next())
        follower.close()

    def test_a_daemon_raises_the_usual_soft_limit_for_them(self):
        host = ServedFolder(PROGRAM, open_files=(256, 4096))
        self.addCleanup(host.stop)
        self.assertEqual(resource.prlimit(host.daemon.process.pid, resource.RLIMIT_NOFILE), (4096, 4096))

    def test_where_descriptors_are_few_followers_are_refused_and_heals_go_on(self):
        host = ServedFolder(PROGRAM, open_files=(256, 512))
        self.addCleanup(host.stop)
        let_in = 0
        with self.assertRaisesRegex(AssertionError, "as many clients follow as the daemon takes"):
            while let_in < 512:
                self.addCleanup(Follower(host.socket).close)
                let_in += 1
        self.assertGreater(let_in, 32)
        api = Asking(self.described, host.socket)
        self.addCleanup(api.close)
        healed = api.ask("healEngine", {"engine": "EnvRecon"}, body={"error": "drift"}).json()
        self.assertEqual(healed["healing"]["action"], "repair_patch_applied")

    def test_a_thousand_follow_and_each_hears_of_its_engine(self):
        followers = [self.follow("?engine=" + ("EnvRecon" if at % 2 else "Firewall")) for at in range(1000)]
        self.heal("EnvRecon")
        for follower in followers[1::2]:
            follower.until("selftest.autoheal.complete")
        self.assertEqual(self.api.ask("getReadiness").status, 200)
        for follower in followers:
            follower.close()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
