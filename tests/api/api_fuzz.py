#!/usr/bin/env python3
"""Requests made up from the OpenAPI file, by every role: api_fuzz.py PROGRAM [COUNT [SEED]] [--role ROLE].

Each is one that the file describes, or one with something wrong in it: no answer may be a 5xx, none may be one that the
file does not describe, and nobody may do what the file says is for others. The roles share COUNT; each has a daemon and
a seed of its own, so that one role alone asks the same.

A host of its own for what an Admiral may do: the daemon's folder holds its ledger, its configuration and the two files
that its engines heal. The configuration names no command, service, webhook or witness, and no request names a file.
What a fault of ours could reach all the same is closed to the daemon and to its jobs by Landlock, where the kernel has
it: they write in that folder alone, connect to nobody and signal nobody else (support/confined.py)."""
import argparse
import getpass
import http.client
import itertools
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from described_api import READ_WITHIN_S, Asking, Described  # noqa: E402
from made_requests import Maker, target_is_sent_as_written  # noqa: E402
from served_folder import ServedFolder, free_port  # noqa: E402

CONFIGURATION = """principals:
  - {{ name: autoheal, role: admiral }}
  - {{ name: owner, role: admiral, os_user: "{user}" }}
{former}api: {{ listen: [127.0.0.1:{port}], requests_per_second: 100000 }}
"""
FORMER = "  - { name: former, role: observer }\n"
# Who asks: the words that make his token. The owner of the ledger asks by the Unix socket, nobody without a token. The
# stranger's token is valid, but his principal has no role any more.
TOKENS = {"owner": None, "admiral": ["--role", "admiral"], "captain": ["--role", "captain"],
          "observer": ["--role", "observer"], "bound": ["--role", "admiral", "--engine", "EnvRecon"],
          "stranger": ["--principal", "former"], "nobody": None}
RANKS = ["none", "observer", "captain", "admiral"]
RANK_OF = {"owner": 3, "admiral": 3, "captain": 2, "observer": 1, "bound": 3, "stranger": 0, "nobody": 0}
OPEN_TO_ALL = {"getHealth", "getReadiness", "getVersion"}
BY_USERS = {"createToken", "rotateToken"}  # no token makes a token
# These need what made-up requests do not bring about: an open heal, a ledger that was put back, what a witness made, a
# job that is not over, a token that one knows.
SELDOM = {"cancelHeal", "rollBackHeal", "acceptRollback", "getJob", "cancelJob", "addWitness", "removeWitness",
          "acceptCosignatures"}
WITHIN_S = 60


class FromEverywhere(http.client.HTTPConnection):
    """Each connection from another address of this host, so that those who fail do not wait for one another."""
    addresses = itertools.cycle(f"127.0.{one}.{other}" for one in range(1, 11) for other in range(1, 101))

    def connect(self):
        self.source_address = (next(self.addresses), 0)
        super().connect()


def needed_for(operation_id, operation):
    """The rank that the file says this operation is for."""
    if operation_id in OPEN_TO_ALL:
        return 0
    if operation_id == "getOpenApi":
        return 0  # for all who are somebody
    said = re.search(r"\bFor (Captain|Admiral)s\b", operation.get("description", ""))
    return RANKS.index(said[1].lower()) if said else 1


class RoleFuzz:
    def __init__(self, program, role, seed):
        self.role = role
        self.described = Described()
        self.maker = Maker(self.described, f"{seed} {role}")
        self.port = free_port()
        self.host = ServedFolder(program, self.configuration(FORMER), confined=True)
        self.asked = 0
        self.others_heals = set()
        try:
            self.host.settled()
            self.prepare()
            self.api = self.asking()
        except BaseException:
            self.host.stop()
            raise

    def configuration(self, former):
        return CONFIGURATION.format(user=getpass.getuser(), port=self.port, former=former)

    def prepare(self):
        """Something of all that can be asked about."""
        owner = Asking(self.described, self.host.socket)
        for engine in ("EnvRecon", "Firewall"):
            owner.ask("healEngine", {"engine": engine}, body={"error": "drift"})
        for operation, body in (("runSelfTest", {"heals": False}), ("signCheckpoint", {}), ("verifyLedger", {}),
                                ("publishOnBus", {"topic": "bridge.deployed", "payload": {}})):
            owner.ask(operation, body=body)
        self.maker.tokens.append(owner.ask("createToken", body={}).json()["id"])
        heals = owner.ask("listHeals").json()["items"]
        self.maker.heals += [one["heal"] for one in heals]
        self.others_heals = {one["heal"] for one in heals if one["engine"] != "EnvRecon"}
        assert not owner.problems, owner.problems
        owner.close()

    def asking(self):
        if self.role == "owner":
            return Asking(self.described, self.host.socket)
        if self.role == "nobody":
            return Asking(self.described, connect=lambda: FromEverywhere("127.0.0.1", self.port, timeout=WITHIN_S),
                          headers={"Connection": "close"})
        made = self.host.run("token", "create", *TOKENS[self.role])
        assert made.returncode == 0, made.stderr
        if self.role == "stranger":
            self.forget_former()
        return Asking(self.described,
                      connect=lambda: http.client.HTTPConnection("127.0.0.1", self.port, timeout=READ_WITHIN_S),
                      headers={"Authorization": "Bearer " + made.stdout.strip()})

    def forget_former(self):
        self.host.configure(self.configuration(""))
        code = self.host.daemon.end()
        assert code == 0, self.host.said()
        self.host.start()

    def may(self, name, path):
        if RANK_OF[self.role] < needed_for(name, self.described.operations[name]):
            return False
        if self.role == "nobody":
            return name in OPEN_TO_ALL
        if self.role == "bound":
            return path.get("engine", "EnvRecon") == "EnvRecon" and path.get("heal") not in self.others_heals
        return True

    def ask_one(self):
        name, path, query, body, headers = self.maker.request()
        if not target_is_sent_as_written(path):
            return
        self.asked += 1
        answer = self.api.ask(name, path, query, body, headers)
        if name in ("createToken", "rotateToken") and answer.status == 200:
            self.maker.tokens.append(answer.json()["id"])
        request = f"{name} {path} {query} {body!r}: {answer.status} {answer.body[:300]!r}"
        if answer.status >= 500:
            self.api.problems.append(request)
        elif answer.status < 400 and not self.may(name, path):
            self.api.problems.append(f"{self.role} may not: {request}")

    def run(self, count):
        while self.asked < count and len(self.api.problems) <= 20:
            self.ask_one()
        verified = self.host.run("ledger", "verify")
        if verified.returncode != 0:
            self.api.problems.append("the ledger: " + verified.stdout)
        if count >= 5_000 and (never := self.never_done()):
            self.api.problems.append(f"never answered with 200: {never}")

    def never_done(self):
        """What this role may do and did not."""
        may = {name for name, operation in self.described.operations.items() if self.may(name, {})}
        may -= SELDOM
        if self.role in ("admiral", "bound"):
            may -= BY_USERS
        if self.role == "bound":
            may = {name for name in may if re.search("{(engine|heal)}", self.described.operations[name]["path"])}
        return sorted(may - {name for name, status in self.api.seen if status in (200, 202)})

    def end(self):
        self.api.close()
        self.host.stop()

    def told(self, seed):
        statuses = sorted({status for _, status in self.api.seen})
        return f"{self.role}: {self.asked} requests with seed {seed}: {len(self.api.seen)} kinds of answers, {statuses}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--role", choices=TOKENS, help="this one alone, with all of COUNT")
    options = parser.parse_args()
    roles = [options.role] if options.role else list(TOKENS)
    failed = False
    for role in roles:
        fuzz = RoleFuzz(options.program, role, options.seed)
        try:
            fuzz.run(-(-options.count // len(roles)))
        finally:
            fuzz.end()
        print(fuzz.told(options.seed), *fuzz.api.problems, sep="\n")
        failed = failed or bool(fuzz.api.problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
