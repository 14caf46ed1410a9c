#!/usr/bin/python3
"""A service for trials: app.py NAME PORT. Its file /srv/NAME/conf tells how it behaves; /srv/NAME/starts has a line for
each start, /srv/NAME/reloads one for each SIGHUP. It answers on PORT as the configuration says that it read."""
import http.server
import os
import signal
import socket
import sys
import time

name, port = sys.argv[1], int(sys.argv[2])
folder = f"/srv/{name}"


def line(file):
    with open(f"{folder}/{file}", "a") as out:
        out.write(f"{os.getpid()} {time.monotonic()}\n")


def conf():
    with open(f"{folder}/conf") as file:
        return dict(part.split("=", 1) for part in file.read().split())


line("starts")
settings = conf()
if "crash" in settings:
    sys.exit(int(settings["crash"]))
if "deaf" in settings:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def read_again(*_):
    global settings
    line("reloads")
    settings = conf()


signal.signal(signal.SIGHUP, read_again)
time.sleep(float(settings.get("ready", 0)))
where = os.environ.get("NOTIFY_SOCKET")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if settings.get("says", "ok") == "ok" else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer)
if where:
    teller = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    teller.connect("\0" + where[1:] if where[0] == "@" else where)
    teller.send(b"READY=1")
server.serve_forever()
