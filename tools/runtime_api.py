"""A Lambda runtime API on a free port of 127.0.0.1: runs a function's binary as Lambda would, without Lambda."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 60
PREFIX = "/2018-06-01/runtime"


class FunctionError(RuntimeError):
    """The binary ended or went silent instead of answering; the message has what it printed."""


@dataclass
class Run:
    """What a binary did with its events."""

    answers: list[tuple[str, bytes]]
    """Per event `response` or `error`, and the body that the function posted."""
    output: str
    """What it wrote to standard output."""
    log: str
    """What it wrote to standard error."""
    seconds_to_next: float
    """From the start of the process to its first request for an event."""
    peak_rss_kib: int
    """The largest resident set, where the system tells."""


def function_environment(function: str) -> dict[str, str]:
    """Returns the environment of local work: mails and metrics are printed, nothing is called."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    settings = (Path(__file__).parent / "console.env").read_text().splitlines()
    for setting in settings:
        if setting and not setting.startswith("#"):
            name, value = setting.split("=", 1)
            env[name] = value
    env.update(
        AWS_LAMBDA_FUNCTION_NAME=function,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE="256",
        AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
        AWS_LAMBDA_INITIALIZATION_TYPE="on-demand",
    )
    return env


def run(command: list[str], env: dict[str, str], events: list[bytes], seconds: float = DEADLINE_SECONDS) -> Run:
    """Starts `command` with a runtime API in its environment, hands it the events one by one, then ends it."""
    waiting: queue.Queue[bytes] = queue.Queue()
    answers: queue.Queue[tuple[str, bytes]] = queue.Queue()
    asked: queue.Queue[float] = queue.Queue()
    for event in events:
        waiting.put(event)

    class Api(BaseHTTPRequestHandler):
        """The three calls that a runtime makes."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.put(time.monotonic())
            body = waiting.get()  # the next event, or none until the process is ended
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", f"request-{asked.qsize()}")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + seconds) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789010:function:local")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunks()
            answers.put(("response" if self.path.endswith("/response") else "error", body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _chunks(self) -> bytes:
            body = b""
            while "chunked" in self.headers.get("Transfer-Encoding", "") and (size := int(self.rfile.readline(), 16)):
                body += self.rfile.read(size)
                self.rfile.readline()
            return body

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        """A server that is not surprised when the function's process ends."""

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Says nothing."""

    server = Server(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = env | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}"}
    started = time.monotonic()
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    texts = {"output": b"", "log": b""}

    def read(name: str, stream: Any) -> None:
        texts[name] = stream.read()

    pipes = {"output": process.stdout, "log": process.stderr}
    readers = [threading.Thread(target=read, args=pipe, daemon=True) for pipe in pipes.items()]
    for reader in readers:
        reader.start()
    collected: list[tuple[str, bytes]] = []
    peak = 0
    try:
        deadline = started + seconds
        while len(collected) < len(events) and time.monotonic() < deadline and process.poll() is None:
            try:
                collected.append(answers.get(timeout=0.05))
            except queue.Empty:
                continue
        peak = _peak_rss_kib(process.pid)
    finally:
        process.terminate()
        process.wait()
        for reader in readers:
            reader.join(5)
        server.shutdown()
        server.server_close()
    output, log = (text.decode(errors="replace") for text in texts.values())
    while not answers.empty():
        collected.append(answers.get())
    if asked.empty() or len(collected) < len(events):
        printed = (output + log)[-3000:]
        raise FunctionError(f"{len(collected)} of {len(events)} events were answered; the binary printed:\n{printed}")
    return Run(collected, output, log, asked.get() - started, peak)


def _peak_rss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
