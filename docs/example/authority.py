#!/usr/bin/env python3
"""A toy authority for certificates: authority.py [BUSY]. POST /orders with an Idempotency-Key and a domain as its body
gives a certificate, the same one for the same key; the first BUSY orders get 503. GET /count says how many it issued.
Prints its port."""
import http.server
import sys


class Authority(http.server.BaseHTTPRequestHandler):
    busy = 0
    issued = {}  # by key

    def do_POST(self):
        domain = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key = self.headers["Idempotency-Key"]
        if Authority.busy > 0:
            Authority.busy -= 1
            return self.answer(503, "busy\n")
        certificate = Authority.issued.setdefault(key, f"certificate {len(Authority.issued) + 1} for {domain}\n")
        return self.answer(200, certificate)

    def do_GET(self):
        self.answer(200, f"{len(Authority.issued)}\n")

    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Authority.busy = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
    print(server.server_address[1], flush=True)
    server.serve_forever()
