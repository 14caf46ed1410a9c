"""The API as its OpenAPI file describes it, and connections that hold each answer against that description."""
import http.client
import json
import pathlib
import re
import socket
import urllib.parse

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "tools" / "autoheal" / "api" / "openapi.json"
READ_WITHIN_S = 120


class Described:
    """The file with every reference resolved."""

    def __init__(self):
        self.document = json.loads(FILE.read_text())
        self.operations = {}
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                self.operations[operation["operationId"]] = {"path": path, "method": method.upper(),
                                                             **self.resolved(operation)}
        self._validators = {}

    def resolved(self, part):
        if isinstance(part, list):
            return [self.resolved(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return self.resolved(self.referred(part["$ref"]))
        return {key: self.resolved(value) for key, value in part.items()}

    def referred(self, reference):
        found = self.document
        assert reference.startswith("#/"), reference
        for name in reference[2:].split("/"):
            found = found[name]
        return found

    def problem_with(self, operation_id, status, content_type, body):
        """What of an answer the file does not describe; empty: nothing."""
        responses = self.operations[operation_id]["responses"]
        if str(status) not in responses:
            return f"{operation_id}: {status} is not described: {body[:300]!r}"
        content = responses[str(status)].get("content", {})
        if not content:
            return f"{operation_id}: {status} has a body: {body[:300]!r}" if body else ""
        if content_type not in content:
            return f"{operation_id}: {status} comes as {content_type!r}, not as one of {list(content)}"
        if "json" not in content_type or content_type == "application/jsonl":
            return ""
        key = (operation_id, status, content_type)
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft202012Validator(content[content_type]["schema"])
        for error in self._validators[key].iter_errors(json.loads(body)):
            return f"{operation_id}: {status}: {'/'.join(map(str, error.path))}: {error.message[:300]}"
        return ""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=READ_WITHIN_S)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(READ_WITHIN_S)
        self.sock.connect(self._path)


class Answer:
    """A whole answer; of a stream without end only its first line."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.content_type = response.headers.get("Content-Type", "")
        self.is_stream = self.content_type == "text/event-stream"
        self.body = response.readline() if self.is_stream else response.read()

    def json(self):
        return json.loads(self.body)


class Asking:
    """Asks one daemon over one connection that is kept, and remembers which answers it saw."""

    def __init__(self, described, path=None, connect=None, headers=None):
        """By the socket of this path, or by what `connect` makes; with these headers in each request."""
        self.described = described
        self.seen = set()
        self.problems = []
        self._connect = connect or (lambda: UnixConnection(path))
        self._headers = headers or {}
        self._connection = self._connect()

    def close(self):
        self._connection.close()

    def raw(self, method, target, body=None, headers=None):
        headers = {**self._headers, **(headers or {})}
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json"
        try:
            return self._asked(method, target, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A connection that served its last request is closed: the next one needs another.
            self._renew()
            return self._asked(method, target, body, headers)

    def _asked(self, method, target, body, headers):
        self._connection.request(method, target, body=body, headers=headers)
        answer = Answer(self._connection.getresponse())
        if answer.is_stream:
            self._renew()
        return answer

    def _renew(self):
        self._connection.close()
        self._connection = self._connect()

    def ask(self, operation_id, path=None, query=(), body=None, headers=None):
        """One request of a described operation. What its answer lacks is added to `problems`."""
        operation = self.described.operations[operation_id]
        target = operation["path"]
        for name, value in (path or {}).items():
            target = target.replace("{" + name + "}", urllib.parse.quote(str(value), safe=""))
        if query:
            target += "?" + urllib.parse.urlencode(list(query), quote_via=urllib.parse.quote)
        if operation["method"] == "POST" and body is None:
            body = "{}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        answer = self.raw(operation["method"], target, body, headers)
        self.seen.add((operation_id, answer.status))
        if target.startswith("/api/") and not re.fullmatch("[0-9a-f]{16}", answer.headers.get("Request-Id", "")):
            self.problems.append(f"{operation_id}: no Request-Id")
        problem = self.described.problem_with(operation_id, answer.status, answer.content_type, answer.body)
        if problem:
            self.problems.append(f"{operation['method']} {target[:300]} {str(body)[:200]}: {problem}")
        return answer
