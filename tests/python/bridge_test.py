#!/usr/bin/env python3
"""What programs of the bridge import, against a real daemon: bridge_test.py PROGRAM."""
import ast
import asyncio
import logging
import os
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position,protected-access
from in_a_folder import CLIENT, QUICK, ServedDaemon, InAFolder  # noqa: E402
import autoheal  # noqa: E402
from bridge_backend.engines.selftest.autoheal_trigger import AutoHealTrigger  # noqa: E402
from bridge_backend.genesis.bus import GenesisBus  # noqa: E402

WITHIN_S = 60
STRATEGIES = """  - name: Leviathan
    every: 1h
    self_test: [ { name: config, file: { path: etc/sea.conf, baseline: baseline/sea.conf } } ]
    repair: { files: [ { path: etc/sea.conf, baseline: baseline/sea.conf } ] }
  - name: Genesis
    every: 1h
    self_test: [ { name: data, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]
    strategy: cascade
"""
# Runs a script as written; says on stderr when it follows the bus.
RUN = """import logging, runpy, sys
log = logging.getLogger("autoheal")
log.setLevel(logging.DEBUG)
log.propagate = False
log.addHandler(logging.StreamHandler(sys.stderr))
runpy.run_path(sys.argv[1], run_name="__main__")
"""


class Examples(InAFolder):
    def test_the_trigger_prints_the_healing_result(self):
        self.serve()
        ran = self.run_python(CLIENT / "examples/heal_engine.py")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        result = ast.literal_eval(ran.stdout)
        self.assertEqual(result["engine"], "EnvRecon")
        self.assertEqual(result["action"], "repair_patch_applied")
        self.assertEqual(result["result"], "✅ certified")

    def test_the_subscriber_prints_what_happens(self):
        client = self.serve()
        script = subprocess.Popen([sys.executable, "-B", "-c", RUN, str(CLIENT / "examples/follow_heals.py")],
                                  cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": str(CLIENT)})
        self.addCleanup(script.kill)
        self.assertIn("follows the bus", script.stderr.readline())
        client.heal("EnvRecon", error="configuration drift")
        said = [script.stdout.readline(), script.stdout.readline()]
        script.send_signal(signal.SIGINT)
        rest, errors = script.communicate(timeout=WITHIN_S)
        self.assertEqual(said, ["Healing triggered for EnvRecon\n", "Healing completed for EnvRecon\n"])
        self.assertEqual((script.returncode, rest, errors), (0, "", ""))


class Trigger(InAFolder):
    def setUp(self):
        super().setUp()
        for name in ("etc/sea.conf", "baseline/sea.conf"):
            (self.folder / name).write_text("calm")
        with open(self.folder / "autoheal.yaml", "a", encoding="utf-8") as file:
            file.write(STRATEGIES)
        self.trigger = AutoHealTrigger(self.socket)

    def test_heals_with_the_strategy_that_an_engine_has(self):
        self.serve()
        failed = {"error": "drift"}
        for heal, engine in ((self.trigger._heal_with_arie, "EnvRecon"), (self.trigger._heal_with_chimera, "Leviathan"),
                             (self.trigger._heal_with_cascade, "Genesis")):
            result = asyncio.run(heal(engine, failed))
            self.assertEqual((result["engine"], result["result"]), (engine, "✅ certified"))
            self.assertEqual(result["strategy"], heal.__name__.rpartition("_")[2])

    def test_refuses_an_engine_of_another_strategy_and_heals_nothing(self):
        client = self.serve()
        for heal, engine in ((self.trigger._heal_with_arie, "Genesis"), (self.trigger._heal_with_chimera, "EnvRecon"),
                             (self.trigger._heal_with_cascade, "Leviathan")):
            with self.assertRaises(autoheal.AutohealError) as refused:
                asyncio.run(heal(engine, {"error": "drift"}))
            self.assertEqual(refused.exception.code, "refused")
        self.assertEqual(list(client.heals()), [])

    def test_the_certificate_is_the_one_that_the_heal_got(self):
        self.serve()
        with self.assertRaises(autoheal.AutohealError) as none:
            asyncio.run(self.trigger._certify_with_truth("EnvRecon"))
        self.assertEqual(none.exception.code, "not_found")
        first = asyncio.run(self.trigger.heal_engine("EnvRecon", {"error": "drift"}))
        second = asyncio.run(self.trigger.heal_engine("EnvRecon", {"error": "drift"}))
        newest = asyncio.run(self.trigger._certify_with_truth("EnvRecon"))
        named = asyncio.run(self.trigger._certify_with_truth("EnvRecon", first))
        self.assertEqual((newest["heal_id"], named["heal_id"]), (second["heal_id"], first["heal_id"]))
        for told in (newest, named):
            self.assertTrue(told["certified"])
            self.assertIn("evidence", told["certificate"])
        with self.assertRaises(autoheal.AutohealError) as other:
            asyncio.run(self.trigger._certify_with_truth("Genesis", first))
        self.assertEqual(other.exception.code, "refused")

    def test_a_heal_that_failed_has_no_certificate(self):
        text = (self.folder / "autoheal.yaml").read_text()
        impossible = text.replace("baseline: baseline/app.conf } } ]", 'sha256: "' + "0" * 64 + '" } } ]', 1)
        (self.folder / "autoheal.yaml").write_text(impossible)
        self.serve()
        result = asyncio.run(self.trigger.heal_engine("EnvRecon", {"error": "drift"}))
        self.assertEqual(result["action"], "auto_heal_exhausted")
        told = asyncio.run(self.trigger._certify_with_truth("EnvRecon"))
        self.assertEqual((told["state"], told["certified"]), ("Exhausted", False))
        self.assertNotIn("certificate", told)


class Bus(InAFolder):
    """From the beginning of the ledger (after="0"), so that nothing depends on who is first."""

    def setUp(self):
        super().setUp()
        self.bus = GenesisBus(self.socket)
        self.got = []
        log = logging.getLogger("autoheal")
        log.addHandler(logging.NullHandler())
        self.addCleanup(setattr, log, "propagate", log.propagate)
        log.propagate = False

    def listen(self, *others, after="0"):
        async def all_of_them():
            await asyncio.gather(self.bus.listen(after), *(one() for one in others))

        asyncio.run(asyncio.wait_for(all_of_them(), WITHIN_S))

    def ends_with(self, topic):
        self.bus.subscribe(topic)(lambda event: self.bus.stop())

    def test_handlers_of_both_kinds_get_what_they_asked_for_in_order(self):
        client = self.serve()

        @self.bus.subscribe("selftest.autoheal.*")
        def plain(event):
            self.got.append(("plain", event["engine"]))

        @self.bus.subscribe("selftest.autoheal.complete")
        async def waits(event):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self.got.append, ("waits", event["certified"]))

        @self.bus.subscribe("bridge.done")
        def own(event):
            self.got.append(("own", event))
            self.bus.stop()

        client.heal("EnvRecon", error="drift")
        client.publish("bridge.other", {"number": 0})
        client.publish("bridge.done", {"number": 1.5, "list": [{"a": None}], "text": "\n\\ü"})
        self.listen()
        self.assertEqual(self.got[-3:], [("plain", "EnvRecon"), ("waits", True),
                                         ("own", {"number": 1.5, "list": [{"a": None}], "text": "\n\\ü"})])
        self.assertEqual({one for one, *_ in self.got[:-2]}, {"plain"})
        self.assertIs(plain, plain)

    def test_a_handler_that_fails_stops_no_other(self):
        client = self.serve()

        @self.bus.subscribe("bridge.*")
        def spoils(event):
            event["number"] = None
            raise ValueError("it fails")

        @self.bus.subscribe("bridge.*")
        async def fails(event):
            raise ValueError("it fails, too")

        @self.bus.subscribe("bridge.*")
        def counts(event):
            self.got.append(event["number"])

        self.ends_with("end")
        for number in range(3):
            client.publish("bridge.step", {"number": number})
        client.publish("end")
        self.listen()
        self.assertEqual(self.got, [0, 1, 2])

    def test_a_program_publishes_to_itself(self):
        self.serve()
        self.bus.subscribe("bridge.ping")(lambda event: self.got.append(event))
        self.ends_with("bridge.end")

        async def publishes():
            await self.bus.publish("bridge.ping", {"n": 1})
            await self.bus.publish("bridge.end")

        self.listen(publishes)
        self.assertEqual(self.got, [{"n": 1}])

    def test_topics_of_autoheal_and_what_is_too_large_are_refused(self):
        client = self.serve()
        for topic in ("selftest.autoheal.complete", "heal.completed", "autoheal.cut_off", "Bridge", "a b", "x" * 129):
            with self.assertRaises(autoheal.AutohealError) as refused:
                asyncio.run(self.bus.publish(topic, {}))
            self.assertEqual((refused.exception.code, refused.exception.status), ("invalid", 400), topic)
        with self.assertRaises(autoheal.AutohealError) as large:
            client.publish("bridge.large", {"text": "x" * 16 * 1024})
        self.assertEqual(large.exception.code, "invalid")
        self.assertEqual(list(client.audit(type="bus.published")), [])

    def test_the_largest_payload_is_told_whole(self):
        client = self.serve()
        payload = {"text": "\\" * (8 * 1024 - 10)}  # each is two bytes of JSON, and four in the entry
        client.publish("bridge.large", payload)
        with client.events(["bridge.*"], after="0") as events:
            event = next(events)
        self.assertEqual((event.topic, event.payload), ("bridge.large", payload))
        self.assertTrue(event.subject.startswith("principal/"))

    def test_goes_on_where_it_was_when_the_daemon_comes_back(self):
        daemon = ServedDaemon(self.program, self.folder, QUICK)
        client = autoheal.Client(self.socket)
        self.bus.subscribe("bridge.*")(lambda event: self.got.append(event["number"]))
        self.ends_with("end")
        first_is_here = threading.Event()
        self.bus.subscribe("bridge.*")(lambda event: first_is_here.set())
        listens = threading.Thread(target=self.listen)
        listens.start()
        client.publish("bridge.step", {"number": 0})
        first_is_here.wait(WITHIN_S)
        daemon.process.kill()
        daemon.process.wait()
        daemon = ServedDaemon(self.program, self.folder, QUICK)
        self.addCleanup(daemon.stop)
        for number in (1, 2):
            client.publish("bridge.step", {"number": number})
        client.publish("end")
        listens.join()
        self.assertEqual(self.got, [0, 1, 2])

    def test_waits_for_a_daemon_that_is_not_there_yet(self):
        self.ends_with("end")
        listens = threading.Thread(target=self.listen)
        with self.assertLogs("autoheal", "WARNING") as said:
            listens.start()
            while not said.records:
                pass
        self.serve().publish("end")
        listens.join()
        self.assertIn("no daemon listens", said.output[0])

    def test_who_subscribes_later_is_heard_too(self):
        client = self.serve()
        self.ends_with("end")

        @self.bus.subscribe("bridge.first")
        def subscribes(event):
            self.bus.subscribe("bridge.second")(lambda event: self.got.append(event["number"]))

        client.publish("bridge.first")
        client.publish("bridge.second", {"number": 1})
        client.publish("end")
        self.listen()
        self.assertEqual(self.got, [1])

    def test_more_topics_than_the_daemon_takes_are_sorted_out_here(self):
        client = self.serve()
        for number in range(30):
            self.bus.subscribe(f"bridge.topic{number}")(lambda event: self.got.append(event["number"]))
        self.ends_with("end")
        client.publish("bridge.topic29", {"number": 29})
        client.publish("bridge.topic30", {"number": 30})
        client.publish("end")
        self.listen()
        self.assertEqual(self.got, [29])

    def test_ends_when_it_is_cancelled_and_where_going_on_is_of_no_use(self):
        client = self.serve()
        client.publish("bridge.begun")

        async def cancelled():
            begun = asyncio.Event()
            self.bus.subscribe("bridge.begun")(lambda event: begun.set())
            task = asyncio.create_task(self.bus.listen("0"))
            await begun.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        asyncio.run(asyncio.wait_for(cancelled(), WITHIN_S))
        with self.assertRaises(autoheal.AutohealError) as refused:
            self.listen(after="999999")
        self.assertEqual(refused.exception.status, 400)
        self.assertIn("possible are", refused.exception.hint)

    def test_what_is_no_topic_is_refused_at_once(self):
        for topic in ("", "a,b", "a\nb"):
            with self.assertRaises(ValueError):
                self.bus.subscribe(topic)


class Shadows(InAFolder):
    def test_a_package_of_the_same_name_stays_that_of_its_user(self):
        whose = "import bridge_backend; print(bridge_backend.OWNER)"
        theirs = self.folder / "theirs"
        (theirs / "bridge_backend").mkdir(parents=True)
        (theirs / "bridge_backend/__init__.py").write_text("OWNER = 'user'\n")
        for path in ((theirs,), ()):
            ran = self.run_python("-c", f"import sys; sys.path.append({str(theirs)!r}); {whose}", path=path)
            self.assertEqual(ran.stdout, "user\n", ran.stderr)

    def test_a_namespace_package_of_the_same_name_is_shared(self):
        theirs = self.folder / "theirs"
        (theirs / "bridge_backend/engines").mkdir(parents=True)
        (theirs / "bridge_backend/engines/own.py").write_text("OWNER = 'user'\n")
        ran = self.run_python("-c", "from bridge_backend.engines.own import OWNER\n"
                              "from bridge_backend.engines.selftest.autoheal_trigger import AutoHealTrigger\n"
                              "from bridge_backend.genesis.bus import genesis_bus\n"
                              "print(OWNER, AutoHealTrigger.__name__, type(genesis_bus).__name__)", path=(theirs,))
        self.assertEqual(ran.stdout, "user AutoHealTrigger GenesisBus\n", ran.stderr)


if __name__ == "__main__":
    InAFolder.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
