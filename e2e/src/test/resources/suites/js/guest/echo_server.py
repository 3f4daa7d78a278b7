"""A server for the scenarios of ports: plain answers, echo, a slow stream, a WebSocket. Runs inside a sandbox."""
import base64
import hashlib
import http.server
import json
import sys
import time

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, body, content_type="text/plain"):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/hello?a=b%20c":
            self.answer(b"hello from inside")
        elif self.path == "/headers":
            self.answer(json.dumps({k.lower(): v for k, v in self.headers.items()}).encode(), "application/json")
        elif self.path == "/events":
            self.events()
        elif self.path == "/socket":
            self.socket()
        else:
            self.send_error(404, "no such page of mine")

    def do_POST(self):
        length = self.headers["Content-Length"]
        body = self.chunks() if length is None else self.rfile.read(int(length))
        self.answer(hashlib.sha256(body).hexdigest().encode() + b" %d" % len(body))

    def chunks(self):
        body = b""
        while True:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for i in range(3):
            self.wfile.write(b"data: %d\n\n" % i)
            self.wfile.flush()
            time.sleep(1)
        self.close_connection = True

    def socket(self):
        key = self.headers["Sec-WebSocket-Key"] + WEBSOCKET
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        for _ in range(2):
            head = self.rfile.read(2)
            mask = self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(head[1] & 127)))
            self.wfile.write(bytes([0x81, len(data) + 6]) + b"again " + data)
            self.wfile.flush()
        self.close_connection = True


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
