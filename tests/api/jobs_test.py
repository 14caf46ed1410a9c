#!/usr/bin/env python3
"""Jobs of the API with a real daemon: jobs_test.py PROGRAM."""
import datetime
import json
import os
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import Asking, Described  # noqa: E402
from served_folder import ServedFolder  # noqa: E402

PROGRAM = ""
PRINCIPALS = """principals:
  - { name: autoheal, role: admiral }
  - { name: boss, role: admiral, os_user: root }
"""


class Jobs(unittest.TestCase):
    # The daemon's own user is a principal of another name: a job acts for who asked.
    principals = PRINCIPALS if os.geteuid() == 0 else ""

    @classmethod
    def setUpClass(cls):
        cls.described = Described()
        cls.host = ServedFolder(PROGRAM, cls.principals)
        cls.addClassCleanup(cls.host.stop)

    def setUp(self):
        self.api = Asking(self.described, self.host.socket)
        self.addCleanup(self.api.close)

    def tearDown(self):
        self.assertEqual(self.api.problems, [])

    def ended(self, operation, path=None, body=None):
        """The job of this operation when it has ended."""
        answer = self.api.ask(operation, path, body=body)
        self.assertEqual(answer.status, 202, answer.body)
        job = answer.json()
        self.assertEqual(answer.headers["Location"], "/api/v1/jobs/" + job["job"])
        while True:
            job = self.api.ask("getJob", {"job": job["job"]}).json()
            if job["state"] not in ("queued", "running"):
                return job

    def test_a_ledger_is_verified(self):
        self.api.ask("signCheckpoint")
        job = self.ended("verifyLedger")
        self.assertEqual((job["state"], job["exit_code"]), ("done", 0), job)
        self.assertGreater(job["progress"]["all"], 0)
        self.assertEqual(job["progress"]["done"], job["progress"]["all"])
        told = json.loads(self.host.run("ledger", "verify", "-o", "json").stdout)
        self.assertEqual(set(job["result"]), set(told))
        metrics = self.host.run("steward", "--prometheus").stdout
        verified = re.search(r"^autoheal_ledger_verified_timestamp_seconds ([0-9.e+]+)$", metrics, re.MULTILINE)
        began = datetime.datetime.fromisoformat(job["began_at"].replace("Z", "+00:00")).timestamp()
        self.assertAlmostEqual(float(verified[1]), began, delta=1, msg=metrics)
        listed = self.api.ask("listJobs").json()["items"]
        self.assertEqual(listed[0], {key: value for key, value in job.items() if key != "result"})

    def test_the_past_is_tried_under_another_text(self):
        engine = {"engine": "Firewall"}
        heal = self.api.ask("healEngine", engine, body={"error": "drift"}).json()["healing"]["heal_id"]
        text = (self.host.folder / "autoheal.yaml").read_text()
        # The environment that the daemon was given is none of the text's.
        same = self.ended("testConfiguration", body={"configuration": text + "healing: { retry_delay: 0s }\n"})
        self.assertEqual((same["state"], same["result"]["changed"]), ("done", []), same)
        other = self.ended("testConfiguration",
                           body={"configuration": text + "healing: { retry_delay: 0s, max_retries: 1 }\n"})
        self.assertIn((heal, 3, 1), [(one["heal_id"], one["attempts"], one["attempts_instead"])
                                     for one in other["result"]["changed"]])
        later = self.ended("testConfiguration", body={"configuration": text, "since": "2100-01-01"})
        self.assertEqual(later["result"]["heals"], 0)

    def test_an_uploaded_text_reaches_no_file(self):
        text = (self.host.folder / "autoheal.yaml").read_text()
        secret = self.host.folder / "secret.yaml"
        secret.write_text("version: 1\npassword: hunter2\n")
        for change, problem in [(f"include: [{secret}]\n", "includes no files"),
                                (None, "reads no file"), ("nonsense: 1\n", "nonsense")]:
            with self.subTest(problem):
                changed = text.replace("baseline/app.conf", "secret.yaml") if change is None else text + change
                job = self.ended("testConfiguration", body={"configuration": changed})
                self.assertEqual((job["state"], job["error"]["code"]), ("failed", "invalid"), job)
                self.assertIn(problem, job["error"]["message"])
                self.assertNotIn("hunter2", json.dumps(job))

    def test_a_heal_is_planned_and_nothing_is_touched(self):
        file = self.host.folder / "etc" / "app.conf"
        self.api.ask("holdEngine", {"engine": "EnvRecon"})
        file.write_text("damaged\n")
        job = self.ended("planHeal", {"engine": "EnvRecon"}, {"error": "-c /etc/passwd"})
        self.assertEqual(job["state"], "done", job)
        self.assertTrue(job["result"]["certified"])
        self.assertEqual(len(job["result"]["changes"]), 1)
        self.assertEqual(file.read_text(), "damaged\n")
        file.write_text("port = 8080\n")
        self.api.ask("unholdEngine", {"engine": "EnvRecon"})

    def test_what_is_none_is_refused_at_once(self):
        for operation, path, body, status in [
                ("testConfiguration", {}, {}, 400), ("testConfiguration", {}, {"configuration": 1}, 400),
                ("testConfiguration", {}, {"configuration": "a", "since": "soon"}, 400),
                ("testConfiguration", {}, {"configuration": "a", "with": "/etc/passwd"}, 400),
                ("planHeal", {"engine": "Nobody"}, {}, 404), ("verifyLedger", {}, {"blobs": True}, 400),
                ("getJob", {"job": "x"}, None, 404), ("cancelJob", {"job": "x"}, {}, 404)]:
            with self.subTest(operation + str(body)):
                self.assertEqual(self.api.ask(operation, path, body=body).status, status)

    def test_one_that_has_ended_is_not_cancelled(self):
        job = self.ended("verifyLedger")
        self.assertEqual(self.api.ask("cancelJob", {"job": job["job"]}).status, 422)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
