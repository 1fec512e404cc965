"""A proxy that counts: which calls the functions make, for which batch, and the capacity that DynamoDB says they consumed."""

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
    """A call of DynamoDB."""

    operation: str
    batch: str
    """The batch that it was for; empty for a timer's message, and for what follows a batch (the record of its email)."""
    items: int
    read_units: float
    write_units: float
    status: int


@dataclass
class Meter:
    """The proxy, and what it has counted so far."""

    server: ThreadingHTTPServer
    endpoint: str
    calls: list[Call] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    """Calls of other services, by service and operation."""

    @classmethod
    def start(cls, upstream: str) -> Meter:
        """Starts it on a free port of 127.0.0.1, before a service that need not answer yet."""
        meter: Meter

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            connection_to: http.client.HTTPConnection | None = None

            def log_message(self, format: str, *arguments: Any) -> None:
                """Says nothing."""

            def do_POST(self) -> None:
                """Passes a request on, and notes what it was."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                target = self.headers.get("X-Amz-Target", "")
                dynamodb = target.startswith("DynamoDB_")
                asked = body
                if dynamodb:
                    document = json.loads(body)
                    asked = json.dumps(document | {"ReturnConsumedCapacity": "TOTAL"}).encode()
                status, headers, answer = self.forward(asked)
                if dynamodb:
                    meter.note(target.partition(".")[2], body, status, answer)
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
                """Sends a request on over this client's own connection."""
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

    def note(self, operation: str, body: bytes, status: int, answer: bytes) -> None:
        """Counts a call of DynamoDB."""
        name = BATCH.search(body)
        batch = json.loads(b'"' + name[1] + b'"') if name else ""
        asked, told = json.loads(body), json.loads(answer or b"{}")
        if operation == "BatchGetItem":
            keys = sum(len(table["Keys"]) for table in asked["RequestItems"].values())
            # The emulator does not tell them. One that is not there is read all the same.
            found = [item for items in told.get("Responses", {}).values() for item in items]
            units = keys - len(found) + sum(max(1, -(-size(item) // 4096)) for item in found)
            call = Call(operation, batch, keys, units if status == 200 else 0, 0, status)
        else:
            consumed = told.get("ConsumedCapacity") or []
            units = sum(entry["CapacityUnits"] for entry in (consumed if isinstance(consumed, list) else [consumed]))
            call = Call(operation, batch, len(asked.get("TransactItems", [1])), 0, units, status)
        self.calls.append(call)

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


def size(item: dict[str, dict[str, str]]) -> int:
    """Returns the size of an item as DynamoDB counts it: names and texts in bytes, about a byte for two digits of a number."""
    total = 0
    for name, value in item.items():
        ((kind, text),) = value.items()
        total += len(name.encode()) + (len(text) // 2 + 1 if kind == "N" else len(text.encode()))
    return total


def name_of(target: str, path: str, body: bytes) -> str:
    """Names a call of another service."""
    if target:
        return target.replace("AmazonSQS.", "sqs ")
    if path.startswith("/service/"):
        return "cloudwatch " + path.rpartition("/")[2]
    action = re.search(rb"(?:^|&)Action=(\w+)", body)
    service = "ec2" if b"Version=2016-11-15" in body else "sns"
    return f"{service} {action[1].decode()}" if action else path
