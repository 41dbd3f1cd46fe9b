"""An OpenAI-compatible server for tests: a real HTTP server on 127.0.0.1 that answers by script."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

MODEL = "tiny"
BREAK = object()
"""In a stream: the connection is closed here."""
_PAUSE_S = 0.02


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
    """Sends the body byte by byte, or a stream event by event, with a pause after each."""
    wait_for: threading.Event | threading.Barrier | None = None
    events: list[Any] | None = None
    """In place of a body: the events of a stream, JSON or text as it is; an Event is waited for, ``BREAK`` hangs up."""


def completion(text: Any = "hello", *, finish_reason: str | None = "stop", **message: Any) -> Reply:
    message = {"role": "assistant", "content": text, **message}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return Reply({"id": "c", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})


def streamed(
    *parts: str, finish_reason: str | None = "stop", usage: bool = True, done: bool = True, field: str = "content"
) -> Reply:
    """A completion in a chunk for each part."""
    said = [chunk({"role": "assistant"}), *(chunk({field: part}) for part in parts or ("hel", "lo"))]
    said += [chunk({}, finish_reason)] if finish_reason else []
    counted = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    said += [{"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": counted}] if usage else []
    return Reply(events=[*said, "[DONE]"] if done else said)


def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]}


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
        self.replies = [streamed()]
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.models_asked = self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        """Ends the server, and all its connections with it."""
        if self.thread:
            self.shutdown()
            self.thread.join()
            self.server_close()
            self.thread = None
        with self.lock:
            for connection in self.connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        """Serves again, at the same port."""
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        self.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self.lock:
            self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.connections.discard(request)
        super().shutdown_request(request)

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
        if reply.events is not None:
            self.stream(reply)
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
                time.sleep(_PAUSE_S)
        else:
            self.wfile.write(raw)
        self.close_connection = bool(reply.missing_bytes)

    def stream(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in reply.events or []:
            if event is BREAK:
                self.close_connection = True
                return
            if isinstance(event, threading.Event):
                event.wait(10)
                continue
            self.write_chunk(event if isinstance(event, str) else json.dumps(event))
            time.sleep(_PAUSE_S if reply.drips else 0)
        self.wfile.write(b"0\r\n\r\n")

    def write_chunk(self, event: str) -> None:
        raw = f"data: {event}\n\n".encode().replace(b"{authorization}", self.headers["Authorization"].encode())
        self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def log_message(self, *_args: object) -> None:
        pass
