"""A proxy between a client and the real server that fails where it is told to."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class FlakyProxy:
    """Passes requests on, but for the next ones in `faults`: each (method, what happens).

    `lose`: the server gets the request, the client never hears the answer. `half`: half of the
    answer's body arrives. `flip`: the last byte of the body is another. `busy`: 503, try again at
    once. `refuse`: the connection is closed without a word, for all that follow too. Where a
    function is given, it is called when the answer has come, which is then passed on.
    """

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.faults: list[tuple[str, str | Callable[[], None]]] = []
        self.seen: list[str] = []  # of every request that reached the proxy: method and path
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> FlakyProxy:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count(self, method: str) -> int:
        """How many requests of that method came."""
        return sum(line.startswith(f"{method} ") for line in self.seen)

    def next_fault(self, handler: BaseHTTPRequestHandler) -> str | Callable[[], None] | None:
        with self._lock:
            self.seen.append(f"{handler.command} {handler.path}")
            self.headers.append(dict(handler.headers.items()))
            if self.faults and self.faults[0][0] in (handler.command, "any"):
                fault = self.faults[0][1]
                if fault != "refuse":
                    self.faults.pop(0)
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    proxy: FlakyProxy
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next_fault(self)
        if fault == "refuse":
            self._hang_up()
        elif fault == "busy":
            self._answer(503, {"Retry-After": "0"}, b"busy", 4)
        else:
            self._pass_on(body, fault)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _pass_on(self, body: bytes, fault: Any) -> None:
        connection = http.client.HTTPConnection(self.proxy.target, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in HOP}
        if fault == "lose":
            self._hang_up()
            return
        if callable(fault):
            fault()
        if fault == "flip":
            content = content[:-1] + bytes([content[-1] ^ 1])
        sent = content[: len(content) // 2] if fault == "half" else content
        self._answer(answer.status, kept, sent, len(content))
        if fault == "half":
            self._hang_up()

    def _answer(self, code: int, headers: dict[str, str], content: bytes, length: int) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: object) -> None:
        """Nothing: the test says what matters."""
