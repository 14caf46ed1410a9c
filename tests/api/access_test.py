#!/usr/bin/env python3
"""Who may speak to the daemon on TCP: tokens, client certificates, and all that is refused there (hostile cases 6 to
15). Run with the program's path."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from served_folder import ServedFolder, free_port  # noqa: E402

PROGRAM = os.path.abspath(sys.argv.pop(1))
WITHIN_S = 20


def eventually(what, pause_s=0.02):
    deadline = time.monotonic() + WITHIN_S
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not come")
        time.sleep(pause_s)
    return found


class Certificates:
    """Made with openssl, in a folder of their own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-tls-"))
        for name in ("ca", "other-ca"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                         "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
        self.make("server", "localhost", "IP:127.0.0.1,DNS:localhost")
        self.make("alice", "alice", "URI:spiffe://test/alice")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def make(self, name, common_name, alternative, authority="ca", days="1"):
        (self.folder / "ext").write_text(f"subjectAltName={alternative}\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={common_name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                     "-CAcreateserial", "-days", days, "-extfile", "ext", "-out", f"{name}.pem")
        os.chmod(self.folder / f"{name}.key", 0o600)

    def context(self, client=None):
        made = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if client:
            made.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return made

    def remove(self):
        shutil.rmtree(self.folder)


class OnTcp(unittest.TestCase):
    def serve(self, api, principals=""):
        """A daemon with this `api:`; {port} in it is its port."""
        self.port = free_port()
        self.host = ServedFolder(PROGRAM, principals + api.replace("{port}", str(self.port)) + "\n")
        self.addCleanup(self.host.stop)

    def ask(self, method, target, token=None, body=None, headers=(), context=None, source="127.0.0.1"):
        kind = (lambda *a, **k: http.client.HTTPSConnection(*a, context=context, **k)) if context \
            else http.client.HTTPConnection
        connection = kind("127.0.0.1", self.port, timeout=WITHIN_S, source_address=(source, 0))
        self.addCleanup(connection.close)
        connection.putrequest(method, target, skip_accept_encoding=True)
        if token is not None:
            connection.putheader("Authorization", "Bearer " + token)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def token(self, *words):
        made = self.host.run("token", "create", *words)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout.strip()

    def entries(self, kind):
        told = self.host.run("audit", "--type", kind, "-o", "json").stdout
        return [{**one, "data": json.loads(one["data"])} for one in json.loads(told)]

    LISTEN = "api: { listen: [127.0.0.1:{port}] }"


class Tokens(OnTcp):
    def setUp(self):
        self.serve(self.LISTEN)

    def test_a_token_is_its_principal_with_the_role_it_has(self):
        observer = self.token()
        admiral = self.token("--role", "admiral")
        self.assertEqual(self.ask("GET", "/api/v1/engines", observer).status, 200)
        self.assertEqual(self.ask("GET", "/metrics", observer).status, 200)
        refused = self.ask("POST", "/api/v1/engines/EnvRecon/hold", observer, "{}")
        self.assertEqual(refused.status, 403)
        self.assertEqual(self.ask("POST", "/api/v1/engines/EnvRecon/hold", admiral, "{}").status, 200)
        by = self.entries("engine.held")[-1]["data"]["by"]
        self.assertEqual((by["via"], by["role"]), ("token", "admiral"))
        self.assertEqual(self.ask("POST", "/v1/hold", admiral, "{}").status, 404, "not what old command lines speak")
        self.assertEqual(self.ask("POST", "/api/v1/tokens", admiral, "{}").status, 403, "no token makes a token")

    def test_what_is_for_the_daemons_host_is_refused_on_tcp(self):
        observer, admiral = self.token(), self.token("--role", "admiral")
        archive = json.dumps({"before_us": 1, "file": str(self.host.folder / "old.tar.gz")})
        refused = self.ask("POST", "/api/v1/ledger/archive", admiral, archive)
        self.assertEqual((refused.status, json.loads(refused.text)["detail"]),
                         (403, '"file" is taken on the daemon\'s socket only'))
        self.assertEqual(self.ask("POST", "/api/v1/ledger/archive", admiral, '{"before_us": 1}').status, 200)
        self.assertEqual(self.entries("access.denied"), [])
        self.assertEqual(self.ask("POST", "/api/v1/ledger/archive", observer, archive).status, 403)
        self.assertEqual([one["data"]["wanted"] for one in self.entries("access.denied")], ["archive entries"])
        for token in (observer, admiral, self.token("--engine", "EnvRecon")):
            self.assertEqual(self.ask("POST", "/api/v1/refusals", token, '{"what": "x"}').status, 403)
        self.assertEqual(len(self.entries("access.denied")), 1, "who may not tell fills no ledger")

    def test_the_status_is_for_those_who_may_read_all(self):
        self.assertEqual(self.ask("GET", "/api/v1/status", self.token()).status, 200)
        self.assertEqual(self.ask("GET", "/api/v1/status", self.token("--engine", "EnvRecon")).status, 403)

    def test_case_6_every_failure_is_the_same_401(self):
        good = self.token()
        one = [("Authorization", "Bearer " + good)]
        wrong = good[:-1] + ("a" if good[-1] != "a" else "b")
        unknown = "ahl_" + "0" * 16 + good[20:]
        seen = set()
        for headers in ([], [("Authorization", "")], [("Authorization", "Bearer")], [("Authorization", "Bearer ")],
                        [("Authorization", "Bearer  " + good)], [("Authorization", "Bearer " + good + " x")],
                        [("Authorization", "Basic " + good)], [("Authorization", good)], one + one,
                        [("Authorization", "Bearer " + wrong)], [("Authorization", "Bearer " + unknown)]):
            answer = self.ask("GET", "/api/v1/engines", headers=headers, source="127.0.0.9")
            self.assertEqual((answer.status, answer.headers["WWW-Authenticate"]), (401, "Bearer"), headers)
            seen.add(answer.text)
        self.assertEqual(len(seen), 1, seen)
        self.assertEqual(self.ask("GET", "/api/v1/engines", headers=one).status, 200)
        for open_to_all in ("/healthz", "/readyz", "/version"):
            self.assertEqual(self.ask("GET", open_to_all).status, 200)
            self.assertEqual(self.ask("GET", open_to_all + "?x=1").status, 404, "nobody needs a token to be told so")
        self.assertEqual(self.ask("GET", "/readyz?verbose").status, 401)

    def test_case_20_a_token_of_one_engine_reaches_no_other(self):
        admiral = self.token("--role", "admiral")
        bound = self.token("--role", "admiral", "--engine", "EnvRecon")
        healed = json.loads(self.ask("POST", "/api/v1/engines/Firewall/heal", admiral, '{"error":"x"}').text)
        heal = healed["healing"]["heal_id"]
        for target in ("/api/v1/engines/Firewall/heal", "/api/v1/engines/EnvRecon%2F..%2FFirewall/heal",
                       "/api/v1/engines/../engines/Firewall/heal", "/api/v1/engines/Firewall/dry-run",
                       "/api/v1/engines/Firewall/reset", f"/api/v1/heals/{heal}/cancel",
                       f"/api/v1/heals/{heal}/rollback", f"/api/v1/heals/{heal[:-1]}/cancel",
                       "/api/v1/heals/last/cancel", "/api/v1/selftest",
                       "/api/v1/reset", "/api/v1/ledger/archive", "/api/v1/tokens"):
            answer = self.ask("POST", target, bound, "{}")
            self.assertIn(answer.status, (400, 403, 404), (target, answer.text))
        for target in ("/api/v1/engines", "/api/v1/engines/Firewall", f"/api/v1/heals/{heal}",
                       f"/api/v1/heals/{heal}/page", f"/api/v1/heals/{heal}/evidence",
                       f"/api/v1/heals/{heal}/plan", "/api/v1/audit", "/metrics",
                       "/api/v1/ledger/export", "/api/v1/bus", "/api/v1/jobs", "/tlog/checkpoint",
                       "/tlog/tile/0/000.p/1", "/tlog/tile/entries/000.p/1"):
            answer = self.ask("GET", target, bound)
            self.assertEqual(answer.status, 403, (target, answer.text))
            self.assertNotIn("Firewall", answer.text)
        self.assertEqual(self.ask("POST", "/api/v1/engines/EnvRecon/heal", bound, "{}").status, 200)

    def test_case_8_a_revoked_or_expired_token_is_refused_from_the_next_request_on(self):
        token, short = self.token(), self.token("--expires", "1s")
        name = token[4:20]
        self.assertEqual(self.ask("GET", "/api/v1/engines", token).status, 200)
        rotated = self.host.run("token", "rotate", name).stdout.strip()
        self.assertEqual(self.ask("GET", "/api/v1/engines", token).status, 401)
        self.assertEqual(self.ask("GET", "/api/v1/engines", rotated).status, 200)
        listed = self.host.run("token", "list").stdout
        self.assertIn(rotated[4:20], listed)
        self.assertNotIn(name, listed)
        file = self.host.folder / "var" / "ledger.db.tokens"
        backup = file.read_bytes()
        self.assertEqual(self.host.run("token", "revoke", rotated[4:20]).returncode, 0)
        self.assertEqual(self.ask("GET", "/api/v1/engines", rotated).status, 401)
        file.write_bytes(backup)
        self.host.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration read again" in self.host.said())
        self.assertEqual(self.ask("GET", "/api/v1/engines", rotated).status, 401, "its backup revives nothing")
        eventually(lambda: self.ask("GET", "/api/v1/engines", short, source="127.0.0.3").status == 401)
        self.assertEqual(len(self.entries("token.created")), 3)
        self.assertEqual(len(self.entries("token.revoked")), 2)

    def test_case_9_and_11_the_token_is_in_no_address_log_or_file(self):
        token = self.token()
        for target in ("/api/v1/engines?access_token=" + token, "/api/v1/" + token, "/" + token.replace("_", "%5F")):
            answer = self.ask("GET", target, token)
            self.assertEqual(answer.status, 400)
            self.assertNotIn(token, answer.text)
        self.assertEqual(self.ask("GET", "/api/v1/engines", token).status, 200)
        secret = token[21:].encode()
        for file in self.host.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(secret, file.read_bytes(), file)
        self.assertEqual((self.host.folder / "var" / "ledger.db.tokens").stat().st_mode & 0o777, 0o600)

    def test_case_10_many_wrong_tokens_are_slow_and_one_summary(self):
        good = self.token()
        begin = time.monotonic()
        for _ in range(15):
            self.assertEqual(self.ask("GET", "/api/v1/engines", "ahl_wrong", source="127.0.0.5").status, 401)
        self.assertGreater(time.monotonic() - begin, 0.4, "the last five wait for 100 ms each")
        begin = time.monotonic()
        self.assertEqual(self.ask("GET", "/api/v1/engines", good).status, 200)
        entry = eventually(lambda: self.entries("access.unauthenticated"))
        self.assertEqual(len(entry), 1)
        self.assertEqual(entry[0]["data"]["peers"], [{"address": "127.0.0.5", "failed": entry[0]["data"]["failed"]}])
        self.assertEqual(len(re.findall("without valid credentials", self.host.said())), 1)

    def test_a_token_for_an_engine_is_good_for_nothing_else(self):
        token = self.token("--role", "admiral", "--engine", "EnvRecon")
        for method, target, status in [
                ("GET", "/api/v1/engines/EnvRecon", 200), ("POST", "/api/v1/engines/EnvRecon/hold", 200),
                ("GET", "/api/v1/heals?engine=EnvRecon", 200), ("GET", "/api/v1/openapi.json", 200),
                ("GET", "/api/v1/engines/Firewall", 403), ("POST", "/api/v1/engines/Firewall/hold", 403),
                ("GET", "/api/v1/heals?engine=Firewall", 403), ("GET", "/api/v1/heals", 403),
                ("GET", "/api/v1/engines", 403), ("POST", "/api/v1/hold", 403), ("POST", "/api/v1/selftest", 403),
                ("GET", "/api/v1/ledger/export", 403), ("GET", "/api/v1/tokens", 403),
                ("GET", "/api/v1/configuration", 403), ("GET", "/metrics", 403)]:
            answer = self.ask(method, target, token, "{}" if method == "POST" else None)
            self.assertEqual(answer.status, status, (method, target, answer.text))
        self.host.run("unhold", "EnvRecon")
        for engine, status in (("Firewall", 403), ("EnvRecon", 200)):
            healed = self.host.run("heal", engine, "--error", "x", "-o", "json")
            heal = json.loads(self.host.run("heals", "-o", "json").stdout)[-1]["heal"]
            self.assertEqual(self.ask("GET", "/api/v1/heals/" + heal, token).status, status, healed.stdout)
            self.assertEqual(self.ask("POST", f"/api/v1/heals/{heal}/cancel", token, "{}").status,
                             403 if status == 403 else 422)

    def test_a_token_is_at_most_what_its_principal_and_its_maker_are(self):
        self.assertNotEqual(self.host.run("token", "create", "--principal", "nobody").returncode, 0)
        self.assertNotEqual(self.host.run("token", "create", "--expires", "400d").returncode, 0)
        self.assertNotEqual(self.host.run("token", "create", "--engine", "None").returncode, 0)
        self.assertNotEqual(self.host.run("token", "revoke", "0" * 16).returncode, 0)


class Start(unittest.TestCase):
    """The daemon stops at once where it could not listen safely."""

    def stops(self, api, change=lambda folder, tls: None):
        tls = Certificates()
        self.addCleanup(tls.remove)
        change(None, tls)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="autoheal-api-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "var").mkdir()
        api = api.replace("{tls}", f"tls: {{ certificate: {tls.folder}/server.pem, key: {tls.folder}/server.key }}")
        (folder / "autoheal.yaml").write_text(
            "version: 1\n" + api + "\nengines:\n  - name: A\n    every: 1h\n"
            "    self_test: [ { name: a, command: [/bin/true] } ]\n")
        ran = subprocess.run([PROGRAM, "serve"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(ran.returncode, 0)
        self.assertFalse((folder / "var" / "ledger.db.sock").exists())
        return ran.stderr

    def test_case_13_an_address_that_others_reach_needs_tls(self):
        for address in ('"0.0.0.0:8443"', '"[::]:8443"', "192.0.2.1:8443"):
            self.assertIn("is not a loopback address", self.stops(f"api: {{ listen: [{address}] }}"))

    def test_case_15_a_key_that_others_could_touch(self):
        api = "api: { listen: [127.0.0.1:1], {tls} }"
        for mode in (0o640, 0o604, 0o660):
            self.assertIn("others can read or write it",
                          self.stops(api, lambda _, tls, mode=mode: os.chmod(tls.folder / "server.key", mode)))
        if os.geteuid() == 0:
            self.assertIn("another user", self.stops(api, lambda _, tls: os.chown(tls.folder / "server.key", 12345, 0)))
        link = lambda _, tls: ((tls.folder / "server.key").rename(tls.folder / "real"),
                               (tls.folder / "server.key").symlink_to(tls.folder / "real"))
        self.assertIn("server.key", self.stops(api, link))

    def test_an_address_that_is_taken(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.assertIn("another process listens",
                          self.stops(f"api: {{ listen: [127.0.0.1:{other.getsockname()[1]}] }}"))


class Rates(OnTcp):
    def test_who_asks_too_often_is_told_to_wait_and_others_are_not(self):
        self.serve("api: { listen: [127.0.0.1:{port}], requests_per_second: 5 }")
        wild, other = self.token(), self.token()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN_S)
        self.addCleanup(connection.close)

        def refused():
            connection.request("GET", "/api/v1/nothing", headers={"Authorization": "Bearer " + wild})
            answer = connection.getresponse()
            code = json.loads(answer.read())["code"]
            return (answer.status, answer.headers["Retry-After"], code) if answer.status != 404 else None

        self.assertEqual(eventually(refused, pause_s=0), (429, "1", "too_many_requests"))
        self.assertEqual(self.ask("GET", "/api/v1/engines", other).status, 200)
        eventually(lambda: self.ask("GET", "/api/v1/engines", wild).status == 200)


class Tls(OnTcp):
    def setUp(self):
        self.tls = Certificates()
        self.addCleanup(self.tls.remove)
        folder = self.tls.folder
        self.serve(f"api: {{ listen: [127.0.0.1:{{port}}], tls: {{ certificate: {folder}/server.pem, "
                   f"key: {folder}/server.key, client_ca: {folder}/ca.pem }} }}",
                   "principals: [ { name: autoheal, role: admiral, os_user: root }, "
                   "{ name: Alice, role: captain, certificate: 'URI:spiffe://test/alice' } ]\n")

    @unittest.skipUnless(os.geteuid() == 0, "the configuration makes root the admiral")
    def test_a_client_certificate_is_its_principal_and_others_are_refused(self):
        alice = self.tls.context("alice")
        self.assertEqual(self.ask("GET", "/api/v1/engines", context=alice).status, 200)
        self.assertEqual(self.ask("POST", "/api/v1/engines/EnvRecon/hold", body="{}", context=alice).status, 200)
        by = self.entries("engine.held")[-1]["data"]["by"]
        self.assertEqual((by["principal"], by["via"], by["role"]), ("Alice", "certificate", "captain"))
        self.assertEqual(self.ask("POST", "/api/v1/engines/EnvRecon/heal", body="{}", context=alice).status, 403)
        self.assertEqual(self.ask("GET", "/api/v1/engines", context=self.tls.context()).status, 401)
        self.tls.make("mallory", "mallory", "URI:spiffe://test/mallory")
        self.assertEqual(self.ask("GET", "/api/v1/engines", context=self.tls.context("mallory")).status, 401)
        token = self.token("--principal", "Alice")
        self.assertEqual(self.ask("GET", "/api/v1/engines", token, context=self.tls.context()).status, 200)
        foreign = self.ask("GET", "/api/v1/engines", context=alice, headers=[("Origin", "https://evil.example")])
        self.assertEqual(foreign.status, 403, "a browser may have the certificate, too")

    def test_case_14_other_certificates_fail_in_the_handshake(self):
        self.tls.make("other", "alice", "URI:spiffe://test/alice", "other-ca")
        self.tls.make("expired", "alice", "URI:spiffe://test/alice", days="-1")
        for client in ("other", "expired"):
            with self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException), msg=client):
                self.ask("GET", "/api/v1/engines", context=self.tls.context(client))

    def test_certificates_are_read_again_on_sighup(self):
        before = ssl.get_server_certificate(("127.0.0.1", self.port))
        self.tls.make("server", "localhost", "IP:127.0.0.1,DNS:localhost")
        self.host.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: ssl.get_server_certificate(("127.0.0.1", self.port)) != before)
        os.chmod(self.tls.folder / "server.key", 0o644)
        self.host.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the certificates of `api.tls` stay as they were" in self.host.said())
        self.assertEqual(self.ask("GET", "/healthz", context=self.tls.context()).status, 200)


if __name__ == "__main__":
    unittest.main()
