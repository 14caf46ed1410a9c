"""A daemon that is only played: answers of a test on a Unix socket, and what was asked."""
import contextlib
import http.server
import json
import socketserver
import threading

# How a daemon from before the API answers below /api/v1.
NOTHING_HERE = {"error": {"code": "not_found", "message": "there is nothing at this address",
                          "hint": "POST /v1/<operation>"}}


class PlayedDaemon(http.server.BaseHTTPRequestHandler):
    """Each class of this one has a list of its own of what it was asked: (method, target, body)."""
    protocol_version = "HTTP/1.1"
    asked = []

    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        cls.asked = []

    def answer_to(self, method, target, body):
        """A status, and an object or a text."""
        raise NotImplementedError

    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, body):
        self.asked.append((self.command, self.path, body))
        status, told = self.answer_to(self.command, self.path, body)
        is_problem = isinstance(told, dict) and "code" in told
        text = (told if isinstance(told, str) else json.dumps(told)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json" if is_problem else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "a socket"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class OnSocket(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def played(handler, socket):
    """While this runs, `handler` answers on `socket`."""
    with OnSocket(str(socket), handler) as daemon:
        thread = threading.Thread(target=daemon.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            daemon.shutdown()
            thread.join()
