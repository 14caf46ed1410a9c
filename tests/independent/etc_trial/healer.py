"""The program under trial within the system: its commands and their words, as JSON."""
import collections
import json
import os
import re
import shutil
import subprocess
import time

import system
import waiting

HOME = "/opt/autoheal"
LEDGER_IS_OWNED = 6  # by a process that is about to end
WORDS = ("reason", "error", "problem", "why", "cause", "detail", "message", "status", "hint")  # keys that hold words


class Healer:
    def __init__(self, root, program, configuration=None):
        self.root, self.configuration, self.daemon = root, configuration, None
        self.environment = {**system.ENVIRONMENT, "LD_LIBRARY_PATH": f"{HOME}/lib", "NO_COLOR": "1"}
        self.install(program)

    def install(self, program):
        """The program and the libraries that it needs, where nothing else in that system looks."""
        os.makedirs(f"{self.root}{HOME}/lib", exist_ok=True)
        shutil.copy(program, f"{self.root}{HOME}/autoheal")
        told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        for library in re.findall(r"=> (/\S+)", told):
            shutil.copy(library, f"{self.root}{HOME}/lib")

    def command(self, *arguments):
        given = ["--config", self.configuration] if self.configuration else []
        return ["chroot", self.root, f"{HOME}/autoheal", *given, *arguments]

    def run(self, *arguments, seconds=900):
        return subprocess.run(self.command(*arguments), env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=seconds)

    def self_test(self, *arguments):
        """The last word on each engine: passed, failed, certified or not; the heal's id; and the run's exit status."""
        done = self.run("selftest", "-o", "json", *arguments)
        words = {}
        try:
            events = json.loads(done.stdout)["events"]
        except (ValueError, KeyError):
            raise SystemExit(f"autoheal selftest ended with {done.returncode} and no report:\n"
                             f"{done.stdout[-500:]}{done.stderr[-1500:]}") from None
        for event in events:
            if event["action"] != "health_check":
                word = "certified" if event["action"] == "repair_patch_applied" else "not healed"
            else:
                word = "passed" if event["result"] == "✅" else "failed"
            words[event["engine"]] = (word, event.get("heal_id"), event.get("error", ""))
        return words

    def entries(self, *arguments):
        done = self.run("audit", "-o", "jsonl", *arguments)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def last_entry(self):
        newest = self.entries("--newest", "--limit", "1")
        return int(newest[0]["id"]) if newest else 0

    def heals_after(self, serial):
        """The entries of each heal that was begun after that entry of the ledger."""
        heals = collections.defaultdict(list)
        for entry in self.entries("--after", str(serial), "--type", "heal.*"):
            heals[entry["stream"]].append(entry)
        return heals

    def why(self, entries):
        """Why a heal was not certified: what its entries say, without what differs from file to file."""
        if not entries:
            return "no heal was begun"
        reasons = collections.Counter()
        for entry in entries:
            kind, data = entry["type"].removeprefix("heal."), entry["data"]
            if kind in ("plan_refused", "repair_failed", "certification_refused", "exhausted"):
                reasons[f"{kind}: {in_short(data)}"] += 1
            elif kind == "rolled_back":
                wrong = [one for one in data.get("changes", [])
                         if one.get("outcome", one.get("status")) in ("failed", "foreign")]
                if wrong:
                    reasons[f"rolled back with: {in_short(wrong[0])}"] += 1
        return "; ".join(reasons)

    def serve(self, log):
        deadline = time.monotonic() + 60
        with waiting.Changes(log.parent) as changes:
            self.begin_to_serve(log)
            while b" serving " not in log.read_bytes():
                status = self.daemon.poll()
                if status not in (None, LEDGER_IS_OWNED) or time.monotonic() > deadline:
                    raise SystemExit(f"the daemon does not serve: see {log}")
                if status == LEDGER_IS_OWNED:
                    self.begin_to_serve(log)
                with waiting.end_of(self.daemon.pid) as ended:
                    changes.wait(deadline - time.monotonic(), ended)

    def begin_to_serve(self, log):
        with open(log, "wb") as told:
            self.daemon = subprocess.Popen(self.command("serve"), env=self.environment, stdin=subprocess.DEVNULL,
                                           stdout=told, stderr=told)

    def quiet(self, after, seconds):
        """Waits until no heal is open and none began for three seconds; false where that is not so in time."""
        deadline, since, open_heals = time.monotonic() + seconds, time.monotonic(), set()

        def left():
            return min(deadline, deadline if open_heals else since + 3) - time.monotonic()

        command = self.command("audit", "-o", "jsonl", "--follow", "--after", str(after))
        with subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as follow:
            try:
                for line in waiting.lines(follow.stdout, left):
                    entry = json.loads(line)
                    # What a heal displaced may be told long after its end.
                    if not entry["type"].startswith("heal.") or entry["type"] == "heal.images_kept":
                        continue
                    since = time.monotonic()
                    ended = entry["type"] in ("heal.completed", "heal.exhausted", "heal.skipped")
                    (open_heals.discard if ended else open_heals.add)(entry["stream"])
                if follow.poll() is not None:
                    raise SystemExit(f"autoheal audit --follow ended with {follow.returncode}")
            finally:
                follow.terminate()
        return not open_heals and time.monotonic() - since >= 3

    def stop(self):
        if self.daemon is None:
            return 0
        self.daemon.terminate()
        status = self.daemon.wait(120)
        self.daemon = None
        return status


def in_short(data):
    """The words of an entry, names and numbers taken out, so that the same reason reads the same."""
    words = []

    def look(node):
        if isinstance(node, dict):
            for key, one in node.items():
                if isinstance(one, str) and key in WORDS:
                    words.append(one)
                elif not isinstance(one, str):
                    look(one)
        elif isinstance(node, list):
            for one in node:
                if isinstance(one, str):
                    words.append(one)
                else:
                    look(one)
    look(data)
    told = " | ".join(dict.fromkeys(words)) or json.dumps(data)
    told = re.sub(r"(sha256:)?[0-9a-f]{12,}", "DIGEST", told)
    return told[:200]
