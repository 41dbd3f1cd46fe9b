"""A real S3 server on the loopback: moto's, in a process of its own, which fails where it is told to."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from wsgiref.types import StartResponse, WSGIEnvironment

from pyarrow import fs

USER, SECRET = "tester", "do-not-show-me"
_FAULTS = "/-/faults"
_REQUESTS = "/-/requests"


@dataclass
class Fault:
    """Requests that fail, and how."""

    request: str
    """A pattern of method, path and query, such as ``PUT /bucket/run/paths/``."""
    code: str = "AccessDenied"
    status: int = 403
    times: int = 1_000_000
    skip: int = 0
    """So many of these requests succeed first."""


class S3Server:
    """The server as tests see it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": USER,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }
        self.files = fs.S3FileSystem(
            access_key=USER,
            secret_key=SECRET,
            region="us-east-1",
            endpoint_override=self.endpoint,
            allow_bucket_creation=True,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def uri(self, path: str) -> str:
        """The path as a URI that holds all that is needed to reach it."""
        return f"s3://{USER}:{SECRET}@{path}?scheme=http&endpoint_override={self.endpoint.removeprefix('http://')}"

    def fail(self, *faults: Fault) -> None:
        """From now on these requests fail, and no others."""
        self._call(_FAULTS, json.dumps([asdict(fault) for fault in faults]).encode())

    def requests(self) -> list[str]:
        """Every request since this was asked last: method, path, query, and the status of the answer."""
        return list(json.loads(self._call(_REQUESTS)))

    def unfinished(self, bucket: str) -> list[str]:
        """Uploads that were begun and neither completed nor given up."""
        return re.findall("<Key>(.*?)</Key>", self._call(f"/{bucket}?uploads").decode())

    def _call(self, path: str, data: bytes | None = None) -> bytes:
        with urlopen(Request(self.endpoint + path, data), timeout=10) as answer:  # noqa: S310
            return bytes(answer.read())


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server that ends with the block."""
    server = S3Server()
    try:
        yield server
    finally:
        server.close()


class _Faulty:
    """A WSGI application in front of moto's."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app, self._lock = app, threading.Lock()
        self._faults: list[Fault] = []
        self._requests: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == _FAULTS:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            with self._lock:
                self._faults = [Fault(**fault) for fault in json.loads(body)]
            return _answered(start_response, "200 OK", b"")
        if path == _REQUESTS:
            with self._lock:
                requests, self._requests = self._requests, []
            return _answered(start_response, "200 OK", json.dumps(requests).encode())
        request = f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']}"
        fault = self._fault(request)
        if fault is not None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = f"<Error><Code>{fault.code}</Code><Message>told to fail</Message></Error>".encode()
            return _answered(start_response, f"{fault.status} {fault.code}", body)
        return self._app(environ, start_response)

    def _fault(self, request: str) -> Fault | None:
        with self._lock:
            self._requests.append(request)
            for fault in self._faults:
                if re.search(fault.request, request):
                    if fault.skip:
                        fault.skip -= 1
                    elif fault.times:
                        fault.times -= 1
                        self._requests[-1] += f" {fault.status}"
                        return fault
        return None


def _answered(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _serve() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app: Any = _Faulty(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)  # noqa: T201
    sys.stdin.read()  # its end is the end of whoever started this
    os._exit(0)


if __name__ == "__main__":
    _serve()
