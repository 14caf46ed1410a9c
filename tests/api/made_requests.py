"""Requests made up from the OpenAPI file, as it describes them or with something wrong; by a seed, always the same."""
import json
import random

ODD_TEXTS = ["", " ", "..", "/", "%", "'", '"', "\\", "*", "?", "#", "&", "=", "+", "\n", "\t", "\0", "\x7f", "é",
             "\u202e", "💥", "-", "--help", "-c", "--config=/etc/passwd", "last", "LAST", "null", "true", "0", "-1",
             "1e9", "9223372036854775808",
             "' OR 1=1 --", "x" * 999, "x" * 1001,
             "../../../etc/passwd", "{}", "[]"]
ODD_NUMBERS = [-1, 0, 1, 2, 1.5, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, "1e400", "NaN", "0x10", ""]
ODD_VALUES = [None, True, False, 0, -1, 1.5, 2**63, 2**64, "", "x", [], {}, [[]], {"a": {}}]
# How long these take depends on the world; they are asked for, but seldom.
SLOW = {"runSelfTest", "healEngine", "rotateKey", "acceptRollback"}


class Maker:
    def __init__(self, described, seed):
        self.random = random.Random(seed)
        self.described = described
        self.names = list(described.operations)
        self.heals = ["last"]
        self.tokens = ["0" * 16]

    def operation(self):
        while True:
            name = self.random.choice(self.names)
            if name not in SLOW or self.random.random() < 0.05:
                return name

    def text(self, name):
        if self.random.random() < 0.3:
            return self.random.choice(ODD_TEXTS)
        return self.random.choice({
            "engine": ["EnvRecon", "Firewall", "Nobody"], "heal": self.heals, "with": self.heals,
            "token": self.tokens[-3:],
            "report": ["latest", "bridge_selftest_20260101_000000"], "state": ["Complete", "exhausted", "Open"],
            "since": ["24h", "2026", "2026Q3", "2026-11-23", "tomorrow"], "until": ["1h", "2030", "now"],
            "compare": ["2026Q2", "2026"], "type": ["heal.*", "node.started"], "actor": ["autoheal", "root"],
            "strategy": ["arie"], "change": ["max_retries=1", "retry_delay=5s", "strategy=chimera", "a=b"],
            "at": ["1", "5", "2026-11-23T12:00:00Z"],
            "topics": ["selftest.*", "a,b", ",", "a," * 30],
            "from": ["0", "3", "5-1", "99999", "abc", "1-"], "cursor": ["x.1", ".", "0123456789abcdef.5"],
        }.get(name, ["x"]))

    def value(self, parameter):
        schema = parameter["schema"]
        if schema["type"] == "integer":
            return self.random.choice(ODD_NUMBERS) if self.random.random() < 0.4 else self.random.randrange(1, 60)
        return self.text(parameter["name"])

    def request(self):
        name = self.operation()
        operation = self.described.operations[name]
        path, query = {}, []
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                path[parameter["name"]] = self.value(parameter)
            elif parameter["in"] == "query" and (parameter["required"] or self.random.random() < 0.4):
                for _ in range(self.random.choice([1, 1, 1, 1, 2])):
                    query.append((parameter["name"], self.value(parameter)))
        if self.random.random() < 0.05:
            query.append((self.random.choice(ODD_TEXTS), self.random.choice(ODD_TEXTS)))
        body = self.body(operation) if "requestBody" in operation else None
        headers = {}
        if self.random.random() < 0.1:
            headers["If-None-Match"] = self.random.choice(["*", '"x"', 'W/"', ",,", '"0", *'])
        if body is not None and self.random.random() < 0.03:
            headers["Content-Type"] = self.random.choice(["text/plain", "application/json; charset=utf-8", "a"])
        return name, path, query, body, headers

    def body(self, operation):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        made = {}
        for key, part in schema["properties"].items():
            if self.random.random() < 0.5:
                continue
            made[key] = {"string": self.random.choice(["drift", "a test", "x" * 300]), "integer": 60_000_000,
                         "boolean": False, "array": ["EnvRecon"], "object": {"a": [1.5]}}[part["type"]]
            if self.random.random() < 0.2:
                made[key] = self.random.choice(ODD_VALUES)
        if self.random.random() < 0.1:
            made[self.random.choice(ODD_TEXTS)] = self.random.choice(ODD_VALUES)
        text = json.dumps(made)
        if self.random.random() < 0.1:
            at = self.random.randrange(len(text))
            text = text[:at] + self.random.choice(["", "{", "}", "\0", "\\u0000", '"', "9" * 400, "e9"]) + text[at + 1:]
        return text


def target_is_sent_as_written(path):
    """An empty part of a path is another path, which the file does not describe."""
    return all(str(value) != "" for value in path.values())
