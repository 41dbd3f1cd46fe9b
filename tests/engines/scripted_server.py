"""An OpenAI-compatible server for tests: a real HTTP server on 127.0.0.1 that answers by script."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

MODEL = "tiny"


@dataclass
class Reply:
    """What the server sends for one request."""

    body: Any = None
    """JSON, or bytes as they are; ``{authorization}`` in it becomes the request's own header."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing_bytes: int = 0
    """So many more are announced than sent."""
    hangs_up: bool = False
    """Closes the connection without a word."""
    drips: bool = False
    """Sends the body byte by byte, with a pause after each."""
    wait_for: threading.Event | threading.Barrier | None = None


def completion(text: str | None = "hello", *, finish_reason: str | None = "stop", **message: Any) -> Reply:
    message = {"role": "assistant", "content": text, **message}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return Reply({"id": "c", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "code": code, "type": "t"}}, status, names)


def models(*names: str) -> Reply:
    return Reply({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


class ScriptedServer(ThreadingHTTPServer):
    """Answers each completion with the next reply; the last one stays."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.models = models(MODEL)
        self.replies = [completion()]
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.models_asked = self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def script(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def next_reply(self, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        with self.lock:
            self.bodies.append(body)
            self.headers.append(headers)
            self.times.append(time.monotonic())
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        yield
        with self.lock:
            self.at_once -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def script(self) -> ScriptedServer:
        return cast("ScriptedServer", self.server)

    def do_GET(self) -> None:
        self.script.models_asked += 1
        self.send(self.script.models)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.script.next_reply({"_path": self.path, **body}, headers)
        with self.script.counted():
            if reply.wait_for:
                reply.wait_for.wait(10)
        self.send(reply)

    def send(self, reply: Reply) -> None:
        if reply.hangs_up:
            self.close_connection = True
            return
        raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        raw = raw.replace(b"{authorization}", self.headers.get("Authorization", "").encode())
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw) + reply.missing_bytes))
        self.end_headers()
        if reply.drips:
            for byte in raw:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
        else:
            self.wfile.write(raw)
        self.close_connection = bool(reply.missing_bytes)

    def log_message(self, *_args: object) -> None:
        pass
