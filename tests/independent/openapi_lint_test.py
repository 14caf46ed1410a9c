#!/usr/bin/env python3
"""The OpenAPI file before a linter that shares nothing with our own look at it (api/api_test.py):
@redocly/openapi-core, strictly, for OpenAPI 3.1. That the linter can refuse is shown on copies of the file with one
thing broken in each."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE.parents[1] / "tools" / "autoheal" / "api" / "openapi.json"
LINTER = HERE / "node" / "openapi_lint.js"


def linted(files):
    """What is wrong with each of these files."""
    ran = subprocess.run(["node", LINTER, *files], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(ran.stdout)


def engine(document):
    return document["paths"]["/api/v1/engines/{engine}"]["get"]


def schemas(document):
    return document["components"]["schemas"]


# The rule that refuses, and what breaks the file.
BROKEN = [
    ("struct", lambda d: d["info"].pop("title")),
    ("struct", lambda d: d.update(swagger="2.0")),
    ("struct", lambda d: engine(d).update(responses=[])),
    ("struct", lambda d: engine(d)["parameters"][0].update({"in": "nowhere"})),
    ("struct", lambda d: schemas(d)["Problem"].update(type="text")),
    ("struct", lambda d: schemas(d)["Problem"].update(nullable=True)),  # of OpenAPI 3.0
    ("no-unresolved-refs", lambda d: schemas(d)["Problem"]["properties"].update(x={"$ref": "#/components/No"})),
    ("no-unused-components", lambda d: schemas(d).update(Lonely={"type": "string"})),
    ("operation-operationId-unique", lambda d: engine(d).update(operationId="listEngines")),
    ("operation-tag-defined", lambda d: engine(d).update(tags=["Unknown"])),
    ("operation-4xx-response", lambda d: engine(d).update(responses={"200": engine(d)["responses"]["200"]})),
    ("path-parameters-defined", lambda d: engine(d).update(parameters=[])),
    ("no-ambiguous-paths", lambda d: d["paths"].update({"/api/v1/engines/{other}": {
        "get": {**engine(d), "operationId": "other", "parameters": [
            {"name": "other", "in": "path", "required": True, "description": "x", "schema": {"type": "string"}}]}}})),
    ("security-defined", lambda d: d.update(security=[{"secret": []}])),
    ("no-enum-type-mismatch", lambda d: schemas(d)["Problem"]["properties"].update(x={"type": "string", "enum": [1]})),
    ("no-required-schema-properties-undefined", lambda d: schemas(d)["Problem"]["required"].append("nothing")),
    ("parameter-description", lambda d: engine(d)["parameters"].append(
        {"name": "x", "in": "query", "schema": {"type": "string"}})),
]


class Linted(unittest.TestCase):
    def test_the_file_is_without_fault(self):
        (found,) = linted([FILE])
        self.assertEqual(found, [])

    def test_each_broken_copy_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, (_, damage) in enumerate(BROKEN):
                document = json.loads(FILE.read_text())
                damage(document)
                files.append(pathlib.Path(folder) / f"{number}.json")
                files[-1].write_text(json.dumps(document))
            text = FILE.read_text()
            files.append(pathlib.Path(folder) / "cut.json")
            files[-1].write_text(text[:len(text) // 2])
            found = linted(files[:-1])
            self.assertRaises(subprocess.CalledProcessError, linted, files[-1:])
        for (rule, _), problems in zip(BROKEN, found, strict=True):
            with self.subTest(rule):
                self.assertIn(rule, {one["rule"] for one in problems}, problems)


if __name__ == "__main__":
    if not (LINTER.parent / "node_modules" / "@redocly").is_dir():
        sys.exit("the packages of npm are missing: "
                 "run `. tools/prepare.sh; install_node_packages tests/independent/node`")
    unittest.main()
