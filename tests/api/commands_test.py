#!/usr/bin/env python3
"""Commands ask a daemon by the API, as its OpenAPI file describes it, and by nothing else: commands_test.py PROGRAM."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import jsonschema

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
from described_api import Described  # noqa: E402
from played_daemon import NOTHING_HERE, PlayedDaemon, played  # noqa: E402
from served_folder import CONFIGURATION, IMPOSSIBLE  # noqa: E402

PROGRAM = ""
HEAL = "01930000-0000-7000-8000-0000000000aa"
TOKEN = "0123456789abcdef"
PROBLEM = {"type": "about:blank", "title": "x", "status": 404, "detail": "it is not so", "code": "not_found",
           "hint": "do this"}
HEALED = {"passes": False,
          "healing": {"engine": "EnvRecon", "action": "repair_patch_applied", "result": "✅ certified",
                      "strategy": "arie", "attempts": 1, "duration_seconds": 0.016, "heal_id": HEAL},
          "outcome": {"engine": "EnvRecon", "heal": HEAL, "certified": True, "strategy": "arie", "attempts": 1,
                      "took_us": 16251}}
ENGINES = ["EnvRecon", "Firewall"]
RUN = {"report": {"test_id": "t", "summary": {"engines_total": 1, "engines_verified": 1, "autoheal_invocations": 0,
                                              "status": "Stable", "runtime_ms": 16},
                  "events": [{"engine": "EnvRecon", "action": "health_check", "result": "✅"}],
                  "timestamp": "2026-12-01T04:16:05.536Z"},
       "report_path": "/r/t.json",
       "entries": [{"type": "selftest.started", "data": {
           "workflow": "selftest/1", "test_id": "t", "engines": [{"name": "EnvRecon"}], "heals": False,
           "at": "2026-12-01T04:16:05.536981Z",
           "by": {"principal": "root", "role": "admiral", "uid": 0, "via": "socket"}}},
           {"type": "selftest.engine_tested", "data": {"engine": "EnvRecon", "outcome": "passed", "took_us": 168}},
           {"type": "selftest.completed", "data": {"status": "Stable", "engines_total": 1, "engines_verified": 1,
                                                   "autoheal_invocations": 0, "runtime_us": 15881}}]}
SECRET = "ahl_" + TOKEN + "_" + "A" * 43
MADE = {"id": TOKEN, "token": SECRET, "principal": "root", "role": "observer", "expires": "2027-01-01T00:00:00Z"}
SAID = {"said": "it is done"}
ARCHIVED = dict.fromkeys(("first", "last", "entries", "blobs", "secrets_deleted", "bytes", "held_by", "file"), "7")
STATUS = {"ledger_id": "x", "file": "/autoheal.yaml", "configuration": "sha256:00", "healing": True,
          "environment": {"AUTOHEAL_RETRY_DELAY": "0"}, "recovering": False, "open_heals": 0, "stalls": 0,
          "longest_stall_us": 0,
          "engines": [{"engine": one, "outcome": "passed", "testing": False, "healing": False, "late": False}
                      for one in ENGINES]}
WHY = ["--reason", "why"]
ANSWERS = {"healEngine": HEALED, "cancelHeal": HEALED, "runSelfTest": RUN, "createToken": MADE, "rotateToken": MADE,
           "rollBackHeal": {"undone": [{"number": 3, "status": "restored"}]},
           "archiveEntries": {"archived": [ARCHIVED]},
           "adoptBaseline": {"adopted": [{"kind": "file", "path": "etc/a", "digest": "sha256:1"}]},
           "listTokens": {"items": []}, "getStatus": STATUS, "getHealth": {"status": "ok"}}
# As exit_code.hpp has them.
EXIT_CODES = [(400, "invalid", 2), (404, "not_found", 5), (403, "refused", 4), (409, "busy", 6), (409, "changed", 1),
              (422, "failed", 1), (504, "timed_out", 1), (503, "unavailable", 6), (500, "corrupt", 1),
              (500, "fatal", 70), (429, "too_many_requests", 6)]
REPORT = """{
  "test_id": "t",
  "summary": {"engines_total":1,"engines_verified":1,"autoheal_invocations":0,"status":"Stable","runtime_ms":16},
  "events": [
    {"engine":"EnvRecon","action":"health_check","result":"✅"}
  ],
  "timestamp": "2026-12-01T04:16:05.536Z"
}
"""
# The words, the operation, what stands in its path, its body but for the reason, what is said on stdout.
COMMANDS = [
    (["heal", "EnvRecon", "-o", "json"], "healEngine", ["EnvRecon"], {}, '"duration_seconds":0.016'),
    (["heal", "EnvRecon", "--error", "x"], "healEngine", ["EnvRecon"], {"error": "x"}, "certified"),
    (["heal", "Env/../Recon ü"], "healEngine", ["Env/../Recon ü"], {}, "certified"),
    (["selftest", "-o", "json", "--no-heal", "--engine", "EnvRecon"], "runSelfTest", [],
     {"engines": ["EnvRecon"], "heals": False}, '"timestamp": "2026-12-01T04:16:05.536Z"'),
    (["cancel", "last"], "cancelHeal", ["last"], {}, "certified"),
    (["rollback", HEAL], "rollBackHeal", [HEAL], {}, "restored"),
    (["hold", "EnvRecon", "--for", "2h"], "holdEngine", ["EnvRecon"], {"for_us": 7_200_000_000}, ""),
    (["hold", "--all"], "holdAllEngines", [], {}, ""),
    (["unhold", "EnvRecon"], "unholdEngine", ["EnvRecon"], {}, ""),
    (["unhold", "--all"], "unholdAllEngines", [], {}, ""),
    (["reset", "EnvRecon"], "resetEngine", ["EnvRecon"], {}, ""),
    (["reset", "--all"], "resetAllEngines", [], {}, ""),
    (["baseline", "adopt", "EnvRecon"], "adoptBaseline", ["EnvRecon"], {}, "etc/a"),
    (["ledger", "archive", "--before", "2000-01-01", "--to", "/srv/old.tar.gz"], "archiveEntries", [],
     {"before_us": 946_684_800_000_000, "file": "/srv/old.tar.gz"}, "secrets_deleted"),
    (["ledger", "witness", "remove", "w1"], "removeWitness", [], {"key": "w1"}, ""),
    (["token", "create", "--role", "observer", "--engine", "EnvRecon"], "createToken", [],
     {"role": "observer", "engines": ["EnvRecon"]}, SECRET),
    (["token", "revoke", TOKEN], "revokeToken", [TOKEN], {}, ""),
    (["token", "rotate", TOKEN], "rotateToken", [TOKEN], {}, SECRET),
    (["token", "list", "-o", "json"], "listTokens", [], None, "[]"),
]


class Today(PlayedDaemon):
    """Answers every operation as the file describes it, or all but the status with `refusal`."""
    described = Described()
    refusal = None

    @classmethod
    def operation(cls, method, target):
        for name, one in cls.described.operations.items():
            pattern = re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(one["path"]))
            if one["method"] == method and (found := re.fullmatch(pattern, target)):
                return name, [urllib.parse.unquote(part) for part in found.groups()]
        return target, []

    def answer_to(self, method, target, body):
        name, _ = self.operation(method, target)
        if self.refusal and name != "getStatus":
            return self.refusal
        answer = ANSWERS.get(name, SAID)
        problem = self.described.problem_with(name, 200, "application/json", json.dumps(answer))
        return (500, problem) if problem else (200, answer)


class Commands(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="autoheal-api-")
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)
        (self.folder / "var").mkdir()
        for below in ("etc", "baseline"):
            (self.folder / below).mkdir()
            for file in ("app.conf", "rules"):
                (self.folder / below / file).write_text("port = 8080\n")
        self.configure("")
        Today.asked.clear()
        Today.refusal = None
        daemon = played(Today, self.folder / "var/ledger.db.sock")
        daemon.__enter__()  # pylint: disable=unnecessary-dunder-call
        self.addCleanup(daemon.__exit__, None, None, None)

    def configure(self, principals):
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION.format(principals=principals, impossible=IMPOSSIBLE))

    def run_words(self, words, environment=None):
        Today.asked.clear()
        return subprocess.run([PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**os.environ, **(environment or {})})

    def test_each_operation_is_asked_for_as_the_file_describes_it(self):
        for words, name, parts, body, said in COMMANDS:
            with self.subTest(words):
                ran = self.run_words(words + WHY)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertIn(said, ran.stdout)
                (method, target, sent), = Today.asked
                self.assertEqual(Today.operation(method, target), (name, parts), target)
                self.assertEqual(sent, body if body is None else {**body, "reason": "why"})
                if sent is not None:
                    schema = Today.described.operations[name]["requestBody"]["content"]["application/json"]["schema"]
                    jsonschema.Draft202012Validator(schema).validate(sent)

    def test_a_report_is_the_text_that_the_daemon_wrote(self):
        ran = self.run_words(["selftest", "-o", "json"])
        self.assertEqual(ran.stdout, REPORT)
        self.assertEqual(json.loads(ran.stdout), RUN["report"])

    def test_the_status_is_asked_for_by_the_api(self):
        ran = self.run_words(["engines"])
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(Today.asked, [("GET", "/api/v1/status", None)])
        ran = self.run_words(["hold", "--all"], {"AUTOHEAL_RETRY_DELAY": "7"})
        self.assertIn("AUTOHEAL_RETRY_DELAY is not what the daemon has", ran.stderr)
        self.assertEqual([target for _, target, _ in Today.asked], ["/api/v1/status", "/api/v1/hold"])

    def test_a_refusal_by_role_is_told_by_the_api(self):
        self.configure("principals: [ { name: autoheal, role: admiral, os_user: nobody } ]\n")
        ran = self.run_words(["heals"] + WHY)
        self.assertEqual(ran.returncode, 4, ran.stderr)
        self.assertEqual(Today.asked, [("POST", "/api/v1/refusals", {"what": "read the ledger", "reason": "why"})])

    def test_the_kinds_of_errors_keep_their_exit_codes_and_words(self):
        for status, code, exit_code in EXIT_CODES:
            with self.subTest(code):
                Today.refusal = (status, {**PROBLEM, "status": status, "code": code})
                ran = self.run_words(["hold", "EnvRecon"])
                self.assertEqual(len(Today.asked), 1, "nothing is asked twice")
                self.assertEqual(ran.returncode, exit_code)
                self.assertIn("it is not so", ran.stderr)
                self.assertIn("do this", ran.stderr)

    def test_no_answer_but_that_of_an_earlier_daemon_leads_to_another_request(self):
        earlier = json.dumps(NOTHING_HERE)
        for status, told in [(404, PROBLEM), (404, "<html>"), (404, ""), (404, "{}"), (503, earlier), (405, earlier),
                             (400, earlier), (500, earlier), (200, "no answer"), (200, "[]")]:
            with self.subTest((status, told)):
                Today.refusal = (status, told)
                self.run_words(["heal", "EnvRecon", "--error", "x"])
                self.assertEqual([target for _, target, _ in Today.asked], ["/api/v1/engines/EnvRecon/heal"])

    def test_what_no_path_holds_is_asked_for_by_nobody(self):
        for words in (["heal", ""], ["heal", "a\nb"], ["cancel", "x" * 2_000], ["token", "revoke", SECRET]):
            ran = self.run_words(words)
            self.assertEqual(ran.returncode, 5, ran.stderr)
            self.assertEqual([target for _, target, _ in Today.asked], ["/healthz"])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
