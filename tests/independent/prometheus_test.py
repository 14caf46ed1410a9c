#!/usr/bin/env python3
"""A real Prometheus scrapes a real daemon, with our alerts and the dashboard's queries: prometheus_test.py PROGRAM

Exits with 77 where Prometheus (Debian's package `prometheus`) is not installed.
"""
import json
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "support"))
sys.dont_write_bytecode = True
from served_daemon import ServedDaemon  # noqa: E402

PROGRAM = ""
PROMETHEUS = "/usr/bin/prometheus"
SKIPPED = 77
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this host
WITHIN_S = 60
RULES = ROOT / "tools/packaging/prometheus/autoheal.rules.yml"
DASHBOARD = ROOT / "tools/packaging/grafana/autoheal-overview.json"
SHOWN_PORT = "9464"
# What Grafana puts in for its variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".*"}
CONFIGURATION = """version: 1
ledger: var/ledger.db
api: {{ listen: [ 127.0.0.1:{port} ] }}
principals:
  - {{ name: autoheal, role: admiral }}
  - {{ name: boss, role: admiral, os_user: {user} }}
  - {{ name: prometheus, role: observer }}
webhooks:
  - {{ name: pager, command: [ /bin/true ] }}
engines:
  - name: EnvRecon
    every: 1h
    self_test: [ {{ name: config, file: {{ path: etc/app.conf, baseline: baseline/app.conf }} }} ]
    repair: {{ files: [ {{ path: etc/app.conf, baseline: baseline/app.conf }} ] }}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def documented_scrape():
    """The scrape configuration of docs/operating.md."""
    text = (ROOT / "docs/operating.md").read_text()
    return re.search(r"<!-- scrape -->\n```yaml\n(.*?)```", text, re.DOTALL)[1]


def dashboard_queries():
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for variable, value in VARIABLES.items():
                query = query.replace(variable, value)
            yield panel["title"], query


class RealPrometheus:
    """Listens where the system found a port free; its address is in what it logs."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:0", "--log.format=json"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.log = b""
        self.address = self.until(lambda: re.search(rb'"Listening on","[^}]*"?address"?:"([^"]+)"|'
                                                    rb'"address":"([^"]+)"[^}]*"msg":"Listening on"', self.log))
        self.address = next(one for one in self.address.groups() if one).decode()
        self.until(self.is_ready)  # it listens before it answers

    def read(self, seconds):
        """What it logs is read on, so that it never waits for us; returns when something came or the time is over."""
        if select.select([self.process.stderr], [], [], seconds)[0]:
            self.log += os.read(self.process.stderr.fileno(), 65536)

    def until(self, holds):
        limit = time.monotonic() + WITHIN_S
        while not (found := holds()):
            if time.monotonic() > limit or self.process.poll() is not None:
                raise AssertionError(self.log.decode(errors="replace"))
            self.read(0.05)
        return found

    def is_ready(self):
        try:
            with OPENER.open(f"http://{self.address}/-/ready", timeout=WITHIN_S) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def ask(self, path, **parameters):
        """The data of an answer; an error of Prometheus is raised."""
        address = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with OPENER.open(address, timeout=WITHIN_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def value(self, query):
        """Of one series; None while there is none."""
        result = self.ask("query", query=query)["result"]
        return float(result[0]["value"][1]) if result else None

    def end(self):
        self.process.terminate()
        self.process.communicate()


class Scraped(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-prometheus-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("etc", "baseline", "prometheus"):
            (self.folder / name).mkdir()
        for name in ("etc", "baseline"):
            (self.folder / name / "app.conf").write_text("port = 8080\n")
        self.port = free_port()
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        (self.folder / "autoheal.yaml").write_text(CONFIGURATION.format(port=self.port, user=user))
        self.daemon = ServedDaemon(PROGRAM, self.folder)
        self.addCleanup(lambda: self.daemon.end())

    def autoheal(self, *words):
        ran = subprocess.run([PROGRAM, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def prometheus(self, token):
        """With the configuration that the documents show, but for the port and how often it looks."""
        folder = self.folder / "prometheus"
        (folder / "autoheal.token").write_text(token)
        shutil.copy(RULES, folder)
        scrape = documented_scrape()
        self.assertIn(f"127.0.0.1:{SHOWN_PORT}", scrape)
        scrape = scrape.replace(SHOWN_PORT, str(self.port))
        (folder / "prometheus.yml").write_text(
            "global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }\n" + scrape)
        started = RealPrometheus(folder)
        self.addCleanup(started.end)
        return started

    def test_it_scrapes_knows_what_alerts_and_panels_ask_for_and_sees_a_heal(self):
        prometheus = self.prometheus(self.autoheal("token", "create", "--principal", "prometheus"))
        prometheus.until(lambda: prometheus.value("up") == 1)
        self.assertEqual(prometheus.until(lambda: prometheus.value("autoheal_build_info")), 1)

        names = set(prometheus.ask("label/__name__/values"))
        metadata = prometheus.ask("metadata")
        for name in ("autoheal_heals_total", "autoheal_ledger_append_duration_seconds"):
            self.assertTrue(metadata[name][0]["help"], name)
        queries = list(dashboard_queries())
        groups = prometheus.ask("rules")["groups"]
        alerts = [(rule["name"], rule["query"]) for group in groups for rule in group["rules"]]
        self.assertEqual({name for name, _ in alerts}, set(re.findall(r"alert: (\w+)", RULES.read_text())))
        self.assertGreater(len(queries), 12)
        for title, query in queries + alerts:
            with self.subTest(title):
                prometheus.ask("query", query=query)
                asked = set(re.findall(r"autoheal_[a-z_]+", query))
                self.assertTrue(asked and asked <= names, asked - names)
        # Evaluated, too, and nothing is wrong with them or with this host.
        prometheus.until(lambda: all(rule["health"] != "unknown"
                                     for group in prometheus.ask("rules")["groups"] for rule in group["rules"]))
        for group in prometheus.ask("rules")["groups"]:
            for rule in group["rules"]:
                self.assertEqual((rule["health"], rule["state"]), ("ok", "inactive"), rule)

        healed = 'autoheal_heals_total{strategy="arie",outcome="complete"}'
        self.assertEqual(prometheus.value(healed), 0, "there before the first heal, so that increase() sees it")
        appended = prometheus.value("autoheal_ledger_append_duration_seconds_count")
        (self.folder / "etc/app.conf").write_text("damaged\n")
        prometheus.until(lambda: prometheus.value(healed) == 1)
        self.assertGreater(prometheus.value("autoheal_ledger_append_duration_seconds_count"), appended)
        self.assertGreater(prometheus.value(f"increase({healed}[1m])"), 0)
        prometheus.until(lambda: prometheus.value('autoheal_subscription_lag_events{target="pager"}') == 0)

    def test_without_a_token_that_is_good_it_gets_nothing(self):
        prometheus = self.prometheus("ahl_0123456789abcdef_" + "0" * 64 + "\n")
        prometheus.until(lambda: prometheus.value("up") == 0)
        target = prometheus.ask("targets")["activeTargets"][0]
        self.assertIn("401", target["lastError"])
        self.assertNotIn("autoheal_heals_total", prometheus.ask("label/__name__/values"))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if not os.access(PROMETHEUS, os.X_OK):
        print("Prometheus is not installed (package prometheus)")
        sys.exit(SKIPPED)
    unittest.main()
