"""An Apprise API server over the real Apprise library: apprise_api.py PORT

The API server itself is on no package registry, so its one call is written here after its README:
POST /notify/KEY with title, body, type, format and tag. What Apprise makes of that is the library's.
PUT /add/KEY with {"urls": ["tag=url"]} configures a key. On 127.0.0.1.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import apprise

KEYS = {}
FIELDS = {"title", "body", "type", "format", "tag"}
TYPES = {"info", "success", "warning", "failure"}
LONGEST = 3 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, what):
        body = json.dumps({"error": what}).encode() if status != 204 else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200 if self.path == "/status" else 404, None)

    def read(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST:
            self.answer(431, "the payload is too large")
            return None
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self.answer(400, "the payload is no JSON object")
            return None
        return body

    def do_PUT(self):
        body = self.read()
        if body is not None:
            KEYS[self.path.removeprefix("/add/")] = body["urls"]
            self.answer(200, None)

    def do_POST(self):
        if not self.path.startswith("/notify/"):
            return self.answer(404, "not found")
        body = self.read()
        if body is None:
            return None
        if not body.get("body") or set(body) - FIELDS or body.get("type", "info") not in TYPES:
            return self.answer(400, "the payload lacks a body or holds what is not known")
        if body.get("format", "text") not in {"text", "markdown", "html"}:
            return self.answer(400, "the format is not known")
        urls = KEYS.get(self.path.removeprefix("/notify/"))
        if not urls:
            return self.answer(204, None)
        services = apprise.Apprise()
        for url in urls:
            tag, _, address = url.partition("=")
            services.add(address, tag=tag)
        told = services.notify(
            title=body.get("title", ""),
            body=body["body"],
            notify_type=body.get("type", "info"),
            body_format=body.get("format", "text"),
            tag=body.get("tag") or "all",
        )
        # None: the tag matched nothing.
        return self.answer(200 if told else 424, None if told else "not all were told")


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
