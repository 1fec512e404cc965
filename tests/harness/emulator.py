"""Starts and stops the AWS emulator (ministack) on a free port of 127.0.0.1, and creates clients for it.

Nothing here can reach a real AWS account: `environment` removes all of the caller's AWS variables and profiles.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

# The account in AWS's flow log examples, so that the demo's records belong to the emulator's account.
ACCOUNT = "123456789010"
REGION = "eu-central-1"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 10


class EmulatorError(RuntimeError):
    """The emulator did not start. The message has the end of its log."""


def free_port() -> int:
    """Returns a port of 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(endpoint: str, home: Path) -> dict[str, str]:
    """Returns an environment in which every AWS tool calls only `endpoint`.

    SAM keeps its files in `home` instead of the home directory. The date written here stops its weekly check for a new version.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    sam_home = home / "sam"
    sam_home.mkdir(parents=True, exist_ok=True)
    (sam_home / "metadata.json").write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}))
    env.update(
        AWS_ENDPOINT_URL=endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1,localhost",
        no_proxy="127.0.0.1,localhost",
        SAM_CLI_TELEMETRY="0",
        __SAM_CLI_APP_DIR=str(sam_home),
        # sam, cargo-lambda and the emulator are installed next to this Python.
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    )
    return env


@dataclass
class Emulator:
    """A running emulator: its endpoint, its process, and the directory of its files."""

    endpoint: str
    pid: int
    home: Path

    @classmethod
    def start(
        cls,
        home: Path | None = None,
        port: int = 0,
        functions_call: str = "",
        settings: dict[str, str] | None = None,
        functions_see: dict[str, str] | None = None,
    ) -> Emulator:
        """Starts the emulator and waits until it responds.

        Writes all files below `home`, by default a new temporary directory, which `stop` removes. The functions call AWS at
        `functions_call`, by default the emulator itself, and get the environment variables `functions_see`. `settings` are
        further environment variables of the emulator.
        """
        home = Path(home or tempfile.mkdtemp(prefix="vpc-flow-alerts-"))
        scratch = home / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        endpoint = f"http://127.0.0.1:{port}"
        # The emulator passes its own environment on to the functions.
        env = environment(functions_call or endpoint, home)
        env |= dict(
            BIND_HOST="127.0.0.1",
            GATEWAY_PORT=str(port),
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            MINISTACK_REGION=REGION,
            TMPDIR=str(scratch),
            # Evaluates IAM: what the template's roles and policies do not allow fails here too.
            AUTH="true",
            LAMBDA_EXECUTOR="local",
            # AWS waits 1 and 2 minutes between the attempts at an asynchronous invocation.
            LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.1",
            LOG_LEVEL="INFO",
        )
        env |= (settings or {}) | (functions_see or {})
        with open(home / "emulator.log", "wb") as log:
            # A separate process group, so that one signal stops the emulator and the functions it started.
            process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                cwd=scratch,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        emulator = cls(endpoint, process.pid, home)
        try:
            emulator._wait_until_ready(process)
        except BaseException:
            emulator.stop()
            raise
        return emulator

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        tail = "\n".join(self.log().splitlines()[-15:])
        raise EmulatorError(f"the emulator did not respond on {self.endpoint}; the end of its log:\n{tail}")

    def accompany(self, pid: int) -> None:
        """Registers a process group to be stopped with the emulator, also if a later run stops it."""
        with open(self.home / "companions", "a") as companions:
            companions.write(f"{pid}\n")

    def stop(self) -> None:
        """Stops the emulator's processes, which this program started, and removes their files."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if not self._signal(sign):
                break
            deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
            while time.monotonic() < deadline and self._signal(0):
                time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)

    def _signal(self, sign: int) -> bool:
        """Signals the process groups of the emulator and its companions. Returns whether any of them still exists."""
        companions = self.home / "companions"
        pids = [self.pid, *map(int, companions.read_text().split())] if companions.exists() else [self.pid]
        alive = False
        for pid in pids:
            with contextlib.suppress(ChildProcessError):  # not a child of this process if an earlier run (KEEP=1) started it
                os.waitpid(pid, os.WNOHANG)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, sign)
                alive = True
        return alive

    def alive(self) -> bool:
        """Returns whether the emulator responds."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def log(self) -> str:
        """Returns the emulator's log so far."""
        return (self.home / "emulator.log").read_text(errors="replace")

    def environment(self) -> dict[str, str]:
        """Returns the environment for tools that call this emulator."""
        return environment(self.endpoint, self.home)

    def client(self, service: str) -> Any:
        """Returns a boto3 client for a service of this emulator."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "max_attempts": 3}, proxies={}),
        )
