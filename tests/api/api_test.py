#!/usr/bin/env python3
"""The API against its description, with a real daemon: api_test.py PROGRAM."""
import json
import os
import pathlib
import re
import sys
import tarfile
import io
import unittest

import jsonschema

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "independent")]
# pylint: disable=wrong-import-position
import check_ledger  # noqa: E402
import tlog_client  # noqa: E402
from described_api import FILE, Asking, Described  # noqa: E402
from served_folder import ServedFolder  # noqa: E402

PROGRAM = ""
OF_JOBS = {"verifyLedger", "testConfiguration", "planHeal", "listJobs", "getJob", "cancelJob"}  # see jobs_test.py
# An Observer may ask; here without a text, and about a job that there is not.
OBSERVED_JOBS = {"verifyLedger": 202, "testConfiguration": 400, "getJob": 404, "cancelJob": 404}
OF_WITNESSES = {"addWitness", "acceptCosignatures", "removeWitness"}
OBSERVER_UID = 65534  # nobody
PRINCIPALS = """principals:
  - {{ name: autoheal, role: admiral }}
  - {{ name: boss, role: admiral, os_user: "{user}" }}
  - {{ name: reader, role: observer, os_user: nobody }}
"""


class TheFile(unittest.TestCase):
    """What a linter of OpenAPI looks at."""

    @classmethod
    def setUpClass(cls):
        cls.document = json.loads(FILE.read_text())
        cls.described = Described()

    def test_is_openapi_3_1_with_a_name_for_each_operation(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        names = [one["operationId"] for methods in self.document["paths"].values() for one in methods.values()]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^[a-z][A-Za-z]+$")

    def test_each_operation_says_what_it_is_for_and_what_it_answers(self):
        tags = {tag["name"] for tag in self.document["tags"]}
        for name, operation in self.described.operations.items():
            with self.subTest(name):
                self.assertTrue(operation["summary"])
                self.assertLessEqual(set(operation["tags"]), tags)
                self.assertTrue({"200", "202"} & set(operation["responses"]))
                self.assertEqual("requestBody" in operation, operation["method"] == "POST")
                for status, response in operation["responses"].items():
                    self.assertRegex(status, r"^[2-5]\d\d$")
                    self.assertTrue(response["description"])

    def test_each_parameter_of_a_path_is_declared_and_no_other(self):
        for name, operation in self.described.operations.items():
            with self.subTest(name):
                declared = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
                self.assertEqual(sorted(declared), sorted(re.findall(r"{(\w+)}", operation["path"])))
                for parameter in operation["parameters"]:
                    self.assertTrue(parameter["description"])
                    jsonschema.Draft202012Validator.check_schema(parameter["schema"])

    def test_each_schema_is_one_and_is_used(self):
        text = FILE.read_text()
        for kind, parts in self.document["components"].items():
            for name, part in parts.items():
                with self.subTest(f"{kind}/{name}"):
                    is_named = any(name in one for one in self.document["security"])
                    self.assertTrue(is_named or f'"#/components/{kind}/{name}"' in text)
                    if kind == "schemas":
                        jsonschema.Draft202012Validator.check_schema(self.described.resolved(part))


class Served(unittest.TestCase):
    principals = ""

    @classmethod
    def setUpClass(cls):
        cls.described = Described()
        cls.host = ServedFolder(PROGRAM, cls.principals)
        cls.addClassCleanup(cls.host.stop)
        cls.host.settled()

    def setUp(self):
        self.api = Asking(self.described, self.host.socket)
        self.addCleanup(self.api.close)

    def tearDown(self):
        self.assertEqual(self.api.problems, [])

    def is_answered(self, status, operation, *arguments, **more):
        answer = self.api.ask(operation, *arguments, **more)
        self.assertEqual(answer.status, status, answer.body[:500])
        return answer

    def healed(self, engine="EnvRecon"):
        """The id of a heal of this engine that has ended."""
        self.api.ask("holdEngine", {"engine": engine}, body={"reason": "a file is broken on purpose"})
        (self.host.folder / "etc" / ("app.conf" if engine == "EnvRecon" else "rules")).write_text("damaged\n")
        self.api.ask("unholdEngine", {"engine": engine})
        answer = self.is_answered(200, "healEngine", {"engine": engine}, body={"error": "drift", "reason": "a test"})
        return answer.json()["healing"]["heal_id"]


class AsAdmiral(Served):
    def test_every_operation_answers_as_the_file_says(self):
        heal, other = self.healed(), self.healed()
        while self.api.ask("getHealEvidence", {"heal": heal}).status == 404:
            self.is_answered(200, "signCheckpoint")
        one = {"heal": heal}
        for operation, path, query in [
                ("listEngines", {}, []), ("getEngine", {"engine": "EnvRecon"}, []), ("listHeals", {}, []),
                ("getHeal", one, []), ("getHealPage", one, []), ("getHealPlan", one, []),
                ("listWebhooks", {}, []), ("listWitnesses", {}, []), ("getHealEvidence", one, []),
                ("replayHeal", one, []),
                ("askWhatIf", one, [("change", "max_retries=1"), ("change", "certify.tests=none")]),
                ("compareHeals", one, [("with", other)]), ("listEntries", {}, []), ("summarizeHeals", {}, []),
                ("showCoverage", {}, []), ("getLedger", {}, []), ("getCheckpoint", {}, []), ("getKey", {}, []),
                ("proveEntry", {"seq": 3}, []), ("proveGrowth", {}, [("from", 3)]), ("exportLedger", {}, []),
                ("getConfiguration", {}, []), ("getStatus", {}, []), ("listTokens", {}, []),
                ("followBus", {}, []), ("listReports", {}, []), ("getReport", {"report": "latest"}, []),
                ("getOpenApi", {}, []), ("getHealth", {}, []), ("getReadiness", {}, []), ("getVersion", {}, []),
                ("getMetrics", {}, [])]:
            with self.subTest(operation):
                if operation == "getReport":
                    self.is_answered(200, "runSelfTest", body={"heals": False})
                self.is_answered(200, operation, path, query)
        engine = {"engine": "EnvRecon"}
        for operation, path in [("holdEngine", engine), ("unholdEngine", engine), ("resetEngine", engine),
                                ("adoptBaseline", engine), ("holdAllEngines", {}), ("unholdAllEngines", {}),
                                ("resetAllEngines", {}), ("runSelfTest", {}), ("signCheckpoint", {}),
                                ("rotateKey", {}), ("healEngine", engine), ("recordRefusal", {})]:
            with self.subTest(operation):
                self.is_answered(200, operation, path)
        self.assertEqual(self.is_answered(200, "archiveEntries", body={"before_us": 1}).json(), {"archived": []})
        self.is_answered(200, "publishOnBus", body={"topic": "bridge.ready", "payload": {"engines": 2}})
        for operation in ("createToken", "rotateToken", "revokeToken"):
            with self.subTest(operation):
                path = {"token": made} if operation != "createToken" else {}
                made = self.is_answered(200, operation, path).json().get("id")
                self.is_answered(200, "listTokens")
        # These need a heal that is open, one that could not undo a change, and a ledger that was restored.
        for operation, path in [("cancelHeal", one), ("rollBackHeal", one)]:
            self.is_answered(422, operation, path)
        self.api.ask("acceptRollback")
        done = {name for name, status in self.api.seen if status in (200, 202)}
        not_here = {"cancelHeal", "rollBackHeal", "acceptRollback"} | OF_JOBS | OF_WITNESSES
        self.assertEqual(set(self.described.operations) - done - not_here, set())

    def test_what_the_command_line_says_the_api_says_too(self):
        self.healed()
        heals = self.is_answered(200, "listHeals").json()["items"]
        told = json.loads(self.host.run("heals", "-o", "json").stdout)
        self.assertEqual([one["heal"] for one in heals], [one["heal"] for one in reversed(told)])
        heal = heals[0]["heal"]
        for operation, words in [("getHeal", ["show", heal]), ("replayHeal", ["replay", heal])]:
            told = json.loads(self.host.run(*words, "-o", "json").stdout)
            self.assertEqual(self.is_answered(200, operation, {"heal": heal}).json(), told)
        export = self.is_answered(200, "exportLedger").body.decode()
        self.assertTrue(self.host.run("ledger", "export").stdout.startswith(export))

    def test_a_list_comes_page_by_page_and_each_item_once(self):
        for _ in range(3):
            self.healed()
        for operation, key in [("listHeals", "heal"), ("listEntries", "seq")]:
            whole = [one[key] for one in self.is_answered(200, operation, query=[("limit", 1000)]).json()["items"]]
            paged, cursor = [], []
            while True:
                page = self.is_answered(200, operation, query=[("limit", 2), *cursor]).json()
                self.assertLessEqual(len(page["items"]), 2)
                paged += [one[key] for one in page["items"]]
                if "next" not in page:
                    break
                cursor = [("cursor", page["next"])]
            self.assertEqual(paged[:len(whole)], whole)
            self.assertEqual(len(paged), len(set(paged)))

    def test_case_31_sizes_and_cursors_that_are_none_are_refused(self):
        cursor = self.is_answered(200, "listEntries", query=[("limit", 1)]).json()["next"]
        for limit in ("0", "-1", "1000000000", "1.5", "2e3", "", "18446744073709551616", "x"):
            self.is_answered(400, "listEntries", query=[("limit", limit)])
        for forged in ("x", cursor[:-1] + "9", "9" + cursor, cursor.split(".")[0], cursor + "%00"):
            self.is_answered(400, "listEntries", query=[("cursor", forged)])
        self.is_answered(400, "listEntries", query=[("cursor", cursor), ("actor", "autoheal")])
        self.is_answered(400, "listHeals", query=[("cursor", cursor)])

    def test_case_30_names_and_ids_that_are_none_are_refused(self):
        for written in ("/", "..", "../../etc/passwd", "%", "a/b", "-c", "--config=/etc/passwd", "x" * 999, "*", " "):
            for operation in ("getHeal", "getHealPage", "getHealEvidence", "replayHeal"):
                answer = self.api.ask(operation, {"heal": written})
                self.assertIn(answer.status, (400, 404), (operation, written, answer.body))
            self.is_answered(404, "getEngine", {"engine": written})
            self.is_answered(404, "getReport", {"report": written})
        for target in ("%2e%2e", "%00", "%0a", "%ff", "%zz", "%", "a%2fb", "x" * 10_000):
            answer = self.api.raw("GET", "/api/v1/heals/" + target)
            self.assertIn(answer.status, (400, 404), (target, answer.body))
        self.assertEqual(self.api.raw("GET", "/api/v1/heals/").status, 400)

    def test_case_32_filters_are_texts(self):
        for text in ("' OR 1=1 --", "%", "_", "*", "[a-z]*", "\\", "EnvRecon'"):
            for name in ("engine", "actor", "strategy"):
                self.assertEqual(self.is_answered(200, "listEntries", query=[(name, text)]).json()["items"], [])
            self.assertEqual(self.is_answered(200, "listHeals", query=[("engine", text)]).json()["items"], [])

    def test_case_23_what_nobody_declared_is_refused(self):
        self.is_answered(400, "listHeals", query=[("engin", "EnvRecon")])
        self.is_answered(400, "listEngines", query=[("verbose", "1")])
        self.is_answered(400, "holdEngine", {"engine": "EnvRecon"}, body={"for": "1h"})
        self.is_answered(400, "holdEngine", {"engine": "EnvRecon"}, body={"engine": "Firewall"})
        self.is_answered(400, "listHeals", query=[("engine", "EnvRecon"), ("engine", "Firewall")])
        for method, target, status in [("GET", "/api/v1", 404), ("GET", "/api/v1/", 404), ("GET", "/api/v2/heals", 404),
                                       ("GET", "/api/v1/heals/x/y/z", 404), ("POST", "/api/v1/heals", 405),
                                       ("GET", "/api/v1/selftest", 405), ("POST", "/api/v1/status", 405),
                                       ("GET", "/api/v1/refusals", 405)]:
            answer = self.api.raw(method, target, "{}" if method == "POST" else None)
            self.assertEqual(answer.status, status, target)
            if target != "/api/v2/heals":
                self.assertEqual(answer.content_type, "application/problem+json")
            self.assertEqual("Allow" in answer.headers, status == 405)

    def test_cases_27_to_29_bodies_that_are_no_plain_object_are_refused(self):
        engine = {"engine": "EnvRecon"}
        for body in ("[" * 100_000, "[", "{", "null", "[]", "1", '{"reason":"a","reason":"b"}', '{"reason":1}',
                     '{"reason":"\ud800"}'.encode("utf-8", "surrogatepass"), b'{"reason":"\xff"}',
                     '{"reason":"\\ud800"}', "\ufeff{}".encode(), '{"reason":NaN}', '{"for_us":1e400}',
                     '{"for_us":1.5}', '{"for_us":-1}', '{"for_us":0}', '{"for_us":9223372036854775808}',
                     '{"for_us":18446744073709551616}', '{"for_us":' + "9" * 100_000 + "}"):
            self.is_answered(400, "holdEngine", engine, body=body)
        self.is_answered(413, "holdEngine", engine, body='{"reason":"' + "x" * (1 << 20) + '"}')
        self.is_answered(415, "holdEngine", engine, headers={"Content-Type": "text/plain"})

    def test_an_answer_that_the_client_has_is_not_sent_again(self):
        engine = self.is_answered(200, "getEngine", {"engine": "EnvRecon"})
        self.assertEqual(engine.headers["Cache-Control"], "private, no-cache")
        validator = engine.headers["ETag"]
        for listed in (validator, "W/" + validator, '"x", ' + validator, "*"):
            answer = self.is_answered(304, "getEngine", {"engine": "EnvRecon"}, headers={"If-None-Match": listed})
            self.assertEqual(answer.headers["ETag"], validator)
        self.is_answered(200, "holdEngine", {"engine": "EnvRecon"})
        changed = self.is_answered(200, "getEngine", {"engine": "EnvRecon"}, headers={"If-None-Match": validator})
        self.assertIn("held_until", changed.json())
        self.is_answered(200, "unholdEngine", {"engine": "EnvRecon"})

    def test_head_is_served_wherever_get_is(self):
        get = self.api.raw("GET", "/api/v1/engines")
        head = self.api.raw("HEAD", "/api/v1/engines")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["Content-Length"], str(len(get.body)))

    def test_a_heal_that_ends_exhausted_is_an_answer(self):
        heal = self.healed("Firewall")
        told = self.is_answered(200, "getHeal", {"heal": heal}).json()
        self.assertEqual((told["state"], told["attempts"]), ("Exhausted", 3))
        self.is_answered(200, "resetEngine", {"engine": "Firewall"})

    def test_evidence_is_an_archive_that_the_checker_takes(self):
        heal = self.healed()
        key = self.is_answered(200, "getKey").body.decode().strip()
        while (answer := self.api.ask("getHealEvidence", {"heal": heal})).status == 404:
            self.is_answered(200, "signCheckpoint")  # the heal's last entry came behind the signature
        archive = answer.body
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            self.assertIn("entries.jsonl", [pathlib.PurePath(one).name for one in opened.getnames()])
        file = self.host.folder / f"{heal}.tar.gz"
        file.write_bytes(archive)
        checked = self.host.run("ledger", "check", str(file), "--key", key)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_without_its_ledger_it_reads_nothing(self):
        ledger = self.host.folder / "var"
        ledger.rename(self.host.folder / "elsewhere")
        ledger.mkdir()
        (self.host.folder / "elsewhere" / "ledger.db.sock").rename(ledger / "ledger.db.sock")
        try:
            while self.api.raw("GET", "/readyz").status != 503:
                pass
            for operation, path in [("listHeals", {}), ("getHeal", {"heal": "last"}), ("getLedger", {}),
                                    ("exportLedger", {}), ("listReports", {})]:
                answer = self.is_answered(503, operation, path)
                self.assertEqual(answer.headers["Retry-After"], "1")
            self.is_answered(503, "getMetrics")
            self.is_answered(503, "holdEngine", {"engine": "EnvRecon"})
            self.is_answered(200, "listEngines")
            self.assertIn("ledger_elsewhere", self.is_answered(200, "getStatus").json())
        finally:
            (ledger / "ledger.db.sock").rename(self.host.folder / "elsewhere" / "ledger.db.sock")
            ledger.rmdir()
            (self.host.folder / "elsewhere").rename(ledger)
            while self.api.raw("GET", "/readyz").status != 200:
                pass


class OverTime(Served):
    def test_a_witness_cosigns_and_is_removed(self):
        key = self.is_answered(200, "getKey").body.decode().strip()
        witness = tlog_client.Witness("witness.example/w1", [check_ledger.Key(key)])
        self.assertEqual(self.is_answered(200, "listWitnesses").json(), {"items": []})
        self.is_answered(400, "addWitness", body={"key": "no key"})
        self.is_answered(200, "addWitness", body={"key": witness.key, "reason": "agreed"})
        listed, = self.is_answered(200, "listWitnesses").json()["items"]
        self.assertEqual((listed["witness"], listed["saw_entries"]), (witness.name, "nothing"))
        self.is_answered(200, "signCheckpoint")
        request = self.host.run("ledger", "witness", "request", "--old-size", "0").stdout.encode()
        status, _, lines = witness.add_checkpoint(request)
        self.assertEqual(status, 200)
        note = (request.partition(b"\n\n")[2] + lines).decode()
        self.is_answered(400, "acceptCosignatures", body={"note": note[:-9] + "AAAAAAA=\n"})
        self.is_answered(400, "acceptCosignatures", body={"note": "no checkpoint"})
        self.is_answered(200, "acceptCosignatures", body={"note": note})
        listed, = self.is_answered(200, "listWitnesses").json()["items"]
        self.assertEqual(listed["saw_entries"], next(iter(witness.seen.values()))[0])
        self.is_answered(200, "removeWitness", body={"key": witness.key})
        self.assertEqual(self.is_answered(200, "listWitnesses").json(), {"items": []})

    def test_old_entries_are_archived_and_a_plan_is_read_before(self):
        heal = self.healed()
        change = {"diff": ["what it held before is not in the vault"]}
        while "not in the vault" in change["diff"][0]:  # it comes there when the heal, which has ended, is settled
            change, = self.is_answered(200, "getHealPlan", {"heal": heal}).json()["changes"]
        self.assertEqual((change["attempt"], change["diff"]), (1, ["- damaged", "+ port = 8080"]))
        told = json.loads(self.host.run("show", heal, "--plan", "-o", "json").stdout)
        self.assertEqual(told["changes"], [change])
        self.assertIn("    + port = 8080\n", self.host.run("show", heal, "--plan").stdout)
        answer = self.is_answered(200, "archiveEntries", body={"before_us": 4_000_000_000_000_000})
        archived, = answer.json()["archived"]
        self.assertGreater(int(archived["entries"]), 0)
        file = str(self.host.folder / "old.tar.gz")
        self.healed()
        named = self.is_answered(200, "archiveEntries", body={"before_us": 4_000_000_000_000_000, "file": file})
        self.assertEqual(named.json()["archived"][0]["file"], file)
        for wrong in ("old.tar.gz", file):
            self.assertGreaterEqual(self.api.ask("archiveEntries", body={"before_us": 4_000_000_000_000_000,
                                                                         "file": wrong}).status, 400)

    def test_how_a_heal_ended_and_what_a_run_recorded_is_told(self):
        (self.host.folder / "etc" / "app.conf").write_text("damaged\n")
        told = self.is_answered(200, "healEngine", {"engine": "EnvRecon"}, body={"error": "drift"}).json()
        self.assertEqual((told["outcome"]["heal"], told["outcome"]["certified"]), (told["healing"]["heal_id"], True))
        self.is_answered(200, "resetEngine", {"engine": "Firewall"})
        told = self.is_answered(200, "runSelfTest").json()
        self.assertEqual([one["type"] for one in told["entries"]],
                         ["selftest.started"] + 2 * ["selftest.engine_tested"]
                         + ["selftest.engine_healed", "selftest.completed"])
        recorded = self.is_answered(200, "listEntries", query=[("type", "selftest.completed"), ("limit", 1000)]).json()
        self.assertEqual(told["entries"][-1]["data"], recorded["items"][-1]["data"])

    def test_the_status_is_that_of_earlier_command_lines(self):
        before, now = self.api.raw("GET", "/v1/status").json(), self.is_answered(200, "getStatus").json()
        self.assertEqual(list(now), list(before))
        self.assertEqual(now["environment"], {"AUTOHEAL_RETRY_DELAY": "0"})
        self.is_answered(200, "holdEngine", {"engine": "EnvRecon"})
        self.assertIn("held_until", self.is_answered(200, "getStatus").json()["engines"][0])
        self.is_answered(200, "unholdEngine", {"engine": "EnvRecon"})

    def test_a_refusal_that_is_told_is_recorded_and_bounded(self):
        self.is_answered(200, "recordRefusal", body={"what": "deploy " + "x" * 60_000, "reason": "y" * 60_000})
        denied = self.is_answered(200, "listEntries", query=[("type", "access.denied"), ("limit", 1000)]).json()
        data = denied["items"][-1]["data"]
        self.assertEqual((data["wanted"], len(data["by"]["reason"])), ("deploy " + "x" * 493, 500))
        self.is_answered(400, "recordRefusal", body={"role": "admiral"})


@unittest.skipUnless(os.geteuid() == 0, "another user is needed")
class ByRole(Served):
    principals = PRINCIPALS.format(user="root")

    def as_user(self, uid, requests):
        """The status of each of these requests, by operation, as a process of this user gets it."""
        receive, send = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            api = Asking(self.described, self.host.socket)
            said = {name: api.ask(name, path, query).status for name, path, query in requests}
            os.write(send, json.dumps({"said": said, "problems": api.problems}).encode())
            os._exit(0)
        os.close(send)
        with os.fdopen(receive, "rb") as pipe:
            told = json.load(pipe)
        os.waitpid(child, 0)
        self.assertEqual(told["problems"], [])
        return told["said"]

    def test_case_16_every_call_by_every_role(self):
        heal = self.healed()
        while self.api.ask("getHealEvidence", {"heal": heal}).status == 404:
            self.is_answered(200, "signCheckpoint")
        self.is_answered(200, "runSelfTest", body={"heals": False})
        fill = {"engine": "EnvRecon", "heal": heal, "seq": 1, "report": "latest", "change": "max_retries=1",
                "with": heal, "from": 1, "job": "none", "token": "0" * 16}
        requests = []
        for name, operation in self.described.operations.items():
            query = [(one["name"], fill[one["name"]]) for one in operation["parameters"]
                     if one["in"] == "query" and one["required"]]
            requests.append((name, {one: fill[one] for one in re.findall(r"{(\w+)}", operation["path"])}, query))
        open_to_all = {"getOpenApi", "getHealth", "getReadiness", "getVersion", "recordRefusal"}
        observer = self.as_user(OBSERVER_UID, requests)
        stranger = self.as_user(OBSERVER_UID - 1, requests)
        for name, _, _ in requests:
            changes = self.described.operations[name]["method"] == "POST" or name == "listTokens"
            usual = 403 if changes and name not in open_to_all else 200
            with self.subTest(name):
                self.assertEqual(observer[name], OBSERVED_JOBS.get(name, usual))
                self.assertEqual(stranger[name], 200 if name in open_to_all else 403)
        denied = self.is_answered(200, "listEntries", query=[("type", "access.denied"), ("limit", 1000)]).json()
        uids = {one["data"]["uid"] for one in denied["items"]}
        self.assertEqual(uids, {OBSERVER_UID, OBSERVER_UID - 1}, "Case 1: as the kernel says")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
