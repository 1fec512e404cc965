"""A proxy that counts the functions' calls: for which batch, and the capacity they consumed in DynamoDB."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

BATCH = re.compile(rb'"(batch#(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Call:
    """A DynamoDB call."""

    operation: str
    batch: str
    """The id of its batch. Empty for timers, and for the record of an email after the batch."""
    items: int
    read_units: float
    write_units: float
    status: int


@dataclass
class Meter:
    """The proxy and its counts."""

    server: ThreadingHTTPServer
    endpoint: str
    calls: list[Call] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    """Number of calls to other services, by service and operation."""

    @classmethod
    def start(cls, upstream: str) -> Meter:
        """Starts the proxy on a free port of 127.0.0.1. `upstream` does not need to be running yet."""
        meter: Meter

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            connection_to: http.client.HTTPConnection | None = None

            def log_message(self, format: str, *arguments: Any) -> None:
                """Logs nothing."""

            def do_POST(self) -> None:
                """Forwards a request and counts it."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                target = self.headers.get("X-Amz-Target", "")
                dynamodb = target.startswith("DynamoDB_")
                forwarded = body
                if dynamodb:
                    document = json.loads(body)
                    forwarded = json.dumps(document | {"ReturnConsumedCapacity": "TOTAL"}).encode()
                status, headers, answer = self.forward(forwarded)
                if dynamodb:
                    meter.count(target.partition(".")[2], body, status, answer)
                else:
                    meter.others[name_of(target, self.path, body)] += 1
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
                """Sends a request over this client's own connection."""
                headers = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
                if self.connection_to is None:
                    self.connection_to = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=60)
                self.connection_to.request("POST", self.path, body, headers)
                response = self.connection_to.getresponse()
                return response.status, response.getheaders(), response.read()

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        meter = cls(server, f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return meter

    def count(self, operation: str, body: bytes, status: int, answer: bytes) -> None:
        """Counts a DynamoDB call."""
        name = BATCH.search(body)
        batch = json.loads(b'"' + name[1] + b'"') if name else ""
        request, response = json.loads(body), json.loads(answer or b"{}")
        if operation == "BatchGetItem":
            keys = sum(len(table["Keys"]) for table in request["RequestItems"].values())
            # The emulator does not return the consumed units. A missing item consumes one too.
            found = [item for items in response.get("Responses", {}).values() for item in items]
            units = keys - len(found) + sum(max(1, -(-size(item) // 4096)) for item in found)
            call = Call(operation, batch, keys, units if status == 200 else 0, 0, status)
        else:
            consumed = response.get("ConsumedCapacity") or []
            units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
            call = Call(operation, batch, len(request.get("TransactItems", [1])), 0, units, status)
        self.calls.append(call)

    def stop(self) -> None:
        """Stops the proxy."""
        self.server.shutdown()
        self.server.server_close()


def size(item: dict[str, dict[str, str]]) -> int:
    """Returns the size of an item in bytes, as DynamoDB counts it: names, strings, and about a byte for two digits."""
    total = 0
    for name, value in item.items():
        ((kind, text),) = value.items()
        total += len(name.encode()) + (len(text) // 2 + 1 if kind == "N" else len(text.encode()))
    return total


def name_of(target: str, path: str, body: bytes) -> str:
    """Returns the name of a call to another service."""
    if target:
        return target.replace("AmazonSQS.", "sqs ")
    if path.startswith("/service/"):
        return "cloudwatch " + path.rpartition("/")[2]
    action = re.search(rb"(?:^|&)Action=(\w+)", body)
    service = "ec2" if b"Version=2016-11-15" in body else "sns"
    return f"{service} {action[1].decode()}" if action else path
