"""Start and stop the AWS emulator (ministack) on a free port of 127.0.0.1, and the clients that talk to it.

Nothing here can reach a real AWS account: `environment` drops every AWS variable and profile that the caller has.
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

# The account of AWS's own flow log examples, so that the records of the demo belong to the account they are put into.
ACCOUNT = "123456789010"
REGION = "eu-central-1"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 10


class EmulatorError(RuntimeError):
    """The emulator did not start; the message says what it printed last."""


def free_port() -> int:
    """Returns a port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(endpoint: str, home: Path) -> dict[str, str]:
    """Returns an environment in which every AWS tool talks to `endpoint` and to nothing else.

    `home` takes what SAM would otherwise leave in the home directory. SAM looks for a newer version of itself once a week:
    the date written here keeps it from asking.
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
        # sam, cargo-lambda and the emulator stand beside the Python that runs this.
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    )
    return env


@dataclass
class Emulator:
    """A running emulator: its endpoint, its process, and the directory that holds all it writes."""

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
        """Starts the emulator and waits until it answers.

        Everything it writes goes below `home`, by default a new temporary directory that `stop` removes. The functions call
        AWS at `functions_call`, by default the emulator itself, and find `functions_see` in their environment; `settings` are
        further variables of the emulator's.
        """
        home = Path(home or tempfile.mkdtemp(prefix="vpc-flow-alerts-"))
        scratch = home / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        endpoint = f"http://127.0.0.1:{port}"
        # What the emulator finds in its own environment is what it hands to the functions.
        env = environment(functions_call or endpoint, home)
        env |= dict(
            BIND_HOST="127.0.0.1",
            GATEWAY_PORT=str(port),
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            MINISTACK_REGION=REGION,
            TMPDIR=str(scratch),
            # IAM is evaluated: what the template's roles and policies do not allow fails here as well.
            AUTH="true",
            LAMBDA_EXECUTOR="local",
            # AWS waits 1 and 2 minutes between the attempts at an asynchronous invocation.
            LAMBDA_ASYNC_RETRY_BASE_SECONDS="0.1",
            LOG_LEVEL="INFO",
        )
        env |= (settings or {}) | (functions_see or {})
        with open(home / "emulator.log", "wb") as log:
            # A process group of its own: one signal to it ends the emulator and the functions that it started.
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
        raise EmulatorError(f"the emulator did not answer on {self.endpoint}; its last words:\n{tail}")

    def accompany(self, pid: int) -> None:
        """Ends a process group with the emulator, also when a later run stops it."""
        with open(self.home / "companions", "a") as companions:
            companions.write(f"{pid}\n")

    def stop(self) -> None:
        """Ends the emulator's processes, which this program started, and removes what they wrote."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if not self._signal(sign):
                break
            deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
            while time.monotonic() < deadline and self._signal(0):
                time.sleep(0.05)
        shutil.rmtree(self.home, ignore_errors=True)

    def _signal(self, sign: int) -> bool:
        """Signals the process groups of the emulator and its companions; returns whether any of it is still there."""
        companions = self.home / "companions"
        pids = [self.pid, *map(int, companions.read_text().split())] if companions.exists() else [self.pid]
        there = False
        for pid in pids:
            with contextlib.suppress(ChildProcessError):  # one that an earlier run started (KEEP=1) is no child of this one
                os.waitpid(pid, os.WNOHANG)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, sign)
                there = True
        return there

    def alive(self) -> bool:
        """Returns whether the emulator answers."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def log(self) -> str:
        """Returns all that the emulator printed so far."""
        return (self.home / "emulator.log").read_text(errors="replace")

    def environment(self) -> dict[str, str]:
        """Returns the environment for tools that are to talk to this emulator."""
        return environment(self.endpoint, self.home)

    def client(self, service: str) -> Any:
        """Returns a boto3 client of `service` on this emulator."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "max_attempts": 3}, proxies={}),
        )
