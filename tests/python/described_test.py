#!/usr/bin/env python3
"""The Python client against the OpenAPI file, without a daemon: what it sends, its types, its wheel."""
import ast
import asyncio
import datetime
import importlib.util
import inspect
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing
import unittest
import urllib.parse
import zipfile
from unittest import mock

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools" / "python"
sys.path.insert(0, str(CLIENT))
# pylint: disable=wrong-import-position
import autoheal  # noqa: E402
from autoheal import answers  # noqa: E402

DOCUMENT = json.loads((ROOT / "tools/autoheal/api/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {one["operationId"]: {**one, "path": path, "method": method.upper()}
              for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()}
FILTERS = {"engine": "E", "state": "Open", "since": "1h", "until": "2030"}
WHY = {"reason": "a test"}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# operationId: the method, and all that it can be given.
CALLS = {
    "listEngines": ("engines", {}),
    "getEngine": ("engine", {"engine": "E"}),
    "healEngine": ("heal", {"engine": "E", "error": "drift", "idempotency_key": "ticket-17", "traceparent": TRACE,
                            **WHY}),
    "holdEngine": ("hold", {"engine": "E", "for_s": 60.0, **WHY}),
    "unholdEngine": ("unhold", {"engine": "E", **WHY}),
    "resetEngine": ("reset", {"engine": "E", **WHY}),
    "adoptBaseline": ("adopt_baseline", {"engine": "E", **WHY}),
    "holdAllEngines": ("hold", {"for_s": 60.0, **WHY}),
    "unholdAllEngines": ("unhold", WHY),
    "resetAllEngines": ("reset", WHY),
    "runSelfTest": ("selftest", {"engines": ["E"], "heals": False, "traceparent": TRACE, **WHY}),
    "listHeals": ("heals", {**FILTERS, "page_size": 7}),
    "getHeal": ("get_heal", {"heal": "last"}),
    "getHealPlan": ("heal_plan", {"heal": "last"}),
    "getHealPage": ("heal_page", {"heal": "last"}),
    "getHealEvidence": ("evidence", {"heal": "last"}),
    "replayHeal": ("replay", {"heal": "last", "at": "5"}),
    "askWhatIf": ("what_if", {"heal": "last", "changes": ["a=b", "c=d"]}),
    "compareHeals": ("compare", {"heal": "last", "other": "0193"}),
    "cancelHeal": ("cancel", {"heal": "last", **WHY}),
    "rollBackHeal": ("roll_back", {"heal": "last", **WHY}),
    "listEntries": ("audit", {**FILTERS, "heal": "last", "actor": "root", "type": "heal.*", "strategy": "arie",
                              "page_size": 7}),
    "summarizeHeals": ("summary", {"since": "1h", "until": "2030", "compare": "2026"}),
    "showCoverage": ("coverage", {"engine": "E", "since": "1h", "until": "2030"}),
    "getLedger": ("ledger", {}),
    "getCheckpoint": ("checkpoint", {}),
    "getKey": ("key", {}),
    "proveEntry": ("prove_entry", {"seq": 3}),
    "proveGrowth": ("prove_growth", {"from_size": 3}),
    "exportLedger": ("export", {"since_seq": 3}),
    "signCheckpoint": ("sign_checkpoint", WHY),
    "acceptRollback": ("accept_rollback", WHY),
    "rotateKey": ("rotate_key", WHY),
    "archiveEntries": ("archive", {"before": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
                                   "file": "/srv/old.tar.gz", **WHY}),
    "listWitnesses": ("witnesses", {}),
    "addWitness": ("add_witness", {"key": "w+1+AA", **WHY}),
    "removeWitness": ("remove_witness", {"key": "w+1+AA", **WHY}),
    "acceptCosignatures": ("accept_cosignatures", {"note": "autoheal/x\n", **WHY}),
    "listWebhooks": ("webhooks", {}),
    "getConfiguration": ("configuration", {}),
    "getStatus": ("status", {}),
    "recordRefusal": ("record_refusal", {"what": "deploy", **WHY}),
    "listReports": ("reports", {}),
    "getReport": ("report", {"report": "latest"}),
    "planHeal": ("plan_heal", {"engine": "E", "error": "drift"}),
    "verifyLedger": ("verify_ledger", {}),
    "testConfiguration": ("back_test", {"configuration": "version: 1\n", "since": "1h"}),
    "listJobs": ("jobs", {}),
    "getJob": ("job", {"job": "7"}),
    "cancelJob": ("cancel_job", {"job": "7"}),
    "listTokens": ("tokens", {}),
    "createToken": ("create_token", {"principal": "ops", "role": "captain", "for_s": 60.0, "engines": ["E"], **WHY}),
    "revokeToken": ("revoke_token", {"token": "0123", **WHY}),
    "rotateToken": ("rotate_token", {"token": "0123", "for_s": 60.0, **WHY}),
    "followBus": ("events", {"topics": ["a", "b.*"], "engine": "E", "after": "5-0"}),
    "publishOnBus": ("publish", {"topic": "bridge.ready", "payload": {"a": 1}, **WHY}),
    "getOpenApi": ("openapi", {}),
    "getReadiness": ("is_ready", {}),
    "getVersion": ("version", {}),
    "getMetrics": ("metrics", {}),
}
LEFT_OUT = {"getHealth": "is_ready says more"}
# Parameters that no argument gives: why.
NOT_GIVEN = {"If-None-Match": "answers are not kept", "verbose": "is_ready is a yes or no",
             "followBus.from": "Last-Event-ID means the same", "cursor": "the iterator follows it"}
BEYOND_THE_FILE = {"pages", "socket"}
ANSWER = {"items": [], "passes": True, "adopted": [], "report": {}, "undone": [], "reports": [], "archived": [],
          "version": "1", "said": "done"}


class Daemon:
    """Stands in for the connection: keeps what was sent, and answers with all that any operation answers."""

    def __init__(self, sent):
        self.sent = sent

    def __call__(self, path, method, target, body=None, timeout_s=None, headers=None):
        self.sent.append((method, target, json.loads(body) if body else None, headers or {}))
        self.status = 200
        self.is_open = True
        self.lines = [b"data: {\"type\":\"a\",\"time\":\"\",\"source\":\"\",\"data\":{}}\n", b"\n", b""]
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        return json.dumps(ANSWER).encode()

    def read_line(self):
        return self.lines.pop(0)

    def interrupt(self):
        pass

    def close(self):
        pass


def sent_by(use):
    """What `use` makes a client send."""
    sent = []
    daemon = Daemon(sent)

    def ask(*arguments, **more):
        asked = daemon(*arguments, **more)
        return asked.status, asked.read()

    with mock.patch("autoheal.client.ask", ask), mock.patch("autoheal.client.Asked", daemon), \
            mock.patch("autoheal.events.Asked", daemon):
        use()
    return sent


def use_up(answer):
    if isinstance(answer, autoheal.EventStream):
        next(answer)
    elif inspect.isgenerator(answer):
        list(answer)


async def use_up_async(answer):
    if isinstance(answer, autoheal.AsyncEventStream):
        async with answer:
            await answer.__anext__()
    elif hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass
    else:
        await answer


class Described(unittest.TestCase):
    def test_each_operation_has_a_method_or_is_left_out_by_name(self):
        self.assertEqual(set(CALLS) | set(LEFT_OUT), set(OPERATIONS))
        self.assertFalse(set(CALLS) & set(LEFT_OUT))
        public = {name for name in vars(autoheal.Client) if not name.startswith("_")}
        self.assertEqual(public - BEYOND_THE_FILE, {name for name, _ in CALLS.values()})

    def check(self, name, sent):
        operation = OPERATIONS[name]
        self.assertEqual(len(sent), 1, sent)
        method, target, body, headers = sent[0]
        path, _, query = target.partition("?")
        self.assertEqual(method, operation["method"])
        self.assertRegex(path, "^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation["path"])) + "$")
        given = {"query": {key for key, _ in urllib.parse.parse_qsl(query, strict_parsing=bool(query))},
                 "header": set(headers)}
        for place, names in given.items():
            declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == place}
            self.assertEqual(names, {one for one in declared if not {one, f"{name}.{one}"} & set(NOT_GIVEN)})
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            self.assertIsNone(body)
            return
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        self.assertEqual(set(body), set(schema["properties"]))
        kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
        for key, value in body.items():
            self.assertIs(type(value), kinds[schema["properties"][key]["type"]], key)

    def test_each_method_sends_what_the_file_describes(self):
        client = autoheal.Client("/run/none.sock")
        for name, (method, arguments) in CALLS.items():
            with self.subTest(name):
                self.check(name, sent_by(lambda: use_up(getattr(client, method)(**arguments))))

    def test_each_method_for_asyncio_sends_the_same(self):
        client = autoheal.AsyncClient("/run/none.sock")

        async def call(method, arguments):
            await use_up_async(getattr(client, method)(**arguments))

        for name, (method, arguments) in CALLS.items():
            with self.subTest(name):
                self.check(name, sent_by(lambda: asyncio.run(call(method, arguments))))

    def test_both_clients_have_the_same_methods_with_the_same_arguments(self):
        for name, _ in CALLS.values():
            plain, awaited = (inspect.signature(getattr(one, name))
                              for one in (autoheal.Client, autoheal.AsyncClient))
            self.assertEqual(plain.parameters, awaited.parameters, name)

    def test_names_in_a_path_stay_one_part_of_it(self):
        client = autoheal.Client("/run/none.sock")
        sent = sent_by(lambda: client.engine("../a b?c#d%"))
        self.assertEqual(sent[0][1], "/api/v1/engines/..%2Fa%20b%3Fc%23d%25")

    def test_answers_have_the_keys_of_the_file(self):
        for name in ("Engine", "HealRow", "Heal", "Entry", "HealingResult", "Job", "NewToken"):
            declared = DOCUMENT["components"]["schemas"][name]["properties"]
            self.assertEqual(set(typing.get_type_hints(getattr(answers, name))), set(declared), name)
        lines = DOCUMENT["components"]["schemas"]["Heal"]["properties"]["entries"]["items"]["properties"]
        self.assertEqual(set(typing.get_type_hints(answers.HealEntry)), set(lines))


class Sources(unittest.TestCase):
    def test_python_3_9_can_read_them(self):
        files = sorted(CLIENT.rglob("*.py"))
        self.assertGreater(len(files), 9)
        for file in files:
            ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 9))

    def test_they_import_the_standard_library_alone(self):
        for file in CLIENT.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else \
                    [node.module] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    first = name.split(".")[0]
                    self.assertIn(first, {*sys.stdlib_module_names, "autoheal", "bridge_backend"}, file)

    @unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")
    def test_types_hold(self):
        ran = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--python-version", "3.9",
                              "--namespace-packages", "--explicit-package-bases", "--cache-dir", "/dev/null",
                              "autoheal", "bridge_backend"], cwd=CLIENT, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    @unittest.skipUnless(importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools")
                         and importlib.util.find_spec("wheel"), "pip, setuptools or wheel is not installed")
    def test_a_wheel_is_built_without_a_network(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            shutil.copytree(CLIENT, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
            words = ["pip", "wheel", "--no-build-isolation", "--no-index", "--no-deps"]
            ran = subprocess.run([sys.executable, "-m", *words, "--wheel-dir", folder / "wheels", folder / "source"],
                                 capture_output=True, text=True, check=False)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            wheel, = (folder / "wheels").iterdir()
            with zipfile.ZipFile(wheel) as opened:
                packed = {one for one in opened.namelist() if ".dist-info/" not in one}
        ours = {str(one.relative_to(CLIENT)) for one in CLIENT.rglob("*")
                if one.suffix in (".py", ".typed") and "examples" not in one.parts}
        self.assertEqual(packed, ours)


if __name__ == "__main__":
    unittest.main()
