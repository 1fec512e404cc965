"""Deploys the stack into an emulator of its own, feeds it, and prints all that came out as one JSON object.

For tests: `tests/` runs it and asserts on the result. It listens on a free port, needs no account, and leaves nothing behind.

    .venv/bin/python tools/deployed.py [--no-build] [--parameter NAME=VALUE]... [--wait SECONDS]
                                       [--put FILE]... [--invoke FILE]... [--pause SECONDS]...
                                       [--table wrong|right]... [--fail FILE]... [--replay now|show|drop]...
                                       [--expect-mails N] [--expect-failures N]

`--put FILE`      one log event per line, put with one PutLogEvents call, as one batch, into the stream of its interface;
                  times of default-format records are moved so that the newest `end` is a minute ago (`--as-is` leaves them)
`--invoke FILE`   an event (`events/*.json`) for the function itself, invoked asynchronously: with retries and failure queue
`--pause SECONDS` lets so much time go by before the next one
`--table wrong`   from now on the function's table does not exist, until `--table right`
`--fail FILE`     a record that is put into the failure queue as it is
`--replay now`    what `make replay` does, until it ends; or with SHOW=1, or with DROP=1
They are worked through in the order given, and each waits until the function has finished with it.
`--parameter`     a template parameter, e.g. `--parameter 'FlowLogFormat=${version} ...'`; may be repeated
`--expect-mails`, `--expect-failures`  wait for so many, 20 s or `--wait` at most; not checked, only waited for
`--no-build`      deploy what `make built` or the last run left in .aws-sam/emulator

The object on standard output (progress and errors go to standard error; the status is 0 whenever the stack was deployed):

    {"architecture": "x86_64", "parameters": {...}, "outputs": {...},
     "resources": {"AlertTopic": "AWS::SNS::Topic", ...},
     "replays":  [{"status": 0, "output": "..."}],
     "inputs":   [{"file": "...", "kind": "put"|"invoke", "lines": 2, "sent_at": 1795412555.1, "answered": true}],
     "mails":    [{"subject": "...", "body": "...", "attributes": {"name": "value"}, "arrived_at": 1795412555.3}],
     "emails":   1,                                        mails that the e-mail subscription was handed
     "metrics":  {"Ping-Deny": [{"time": 1795412200.0, "sum": 1.0, "samples": 1.0}], ...},      per minute
     "failures": [{"requestPayload": {...}, "responsePayload": {"errorMessage": "..."}, ...}],  the failure queue
     "function_log": ["{...}", ...],                       the function's own log group, oldest first
     "counts":   [{"records": 2, "matched": 1, ...}],      the counts lines found in it, one per batch that succeeded
     "alarms":   {"CloudWatch-Alarm-Ping-Deny": "OK", ...},
     "permissions": [{"Sid": "SendMails", "Action": "sns:Publish", "Resource": "arn:...", ...}, ...]}     the function's role
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import records
from emulator import Emulator, EmulatorError
from stack import Mail, Stack, StackError, build, build_environment, wait_for

COUNTS = {"records", "matched", "no_data", "skip_data", "unparsed", "findings", "alerts", "suppressed", "metrics"}


class InOrder(argparse.Action):
    """Collects --put, --invoke and --pause in the order in which they were given."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Adds one."""
        namespace.inputs = [*(namespace.inputs or []), (str(option_string).lstrip("-"), Path(values))]


def counts(log: list[str]) -> list[dict[str, int]]:
    """Finds the counts objects in the function's log: at the top of a line's JSON, or below `fields`."""
    found = []
    for line in log:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        for candidate in (entry, entry.get("fields")) if isinstance(entry, dict) else ():
            if isinstance(candidate, dict) and candidate.keys() >= COUNTS:
                found.append({name: int(candidate[name]) for name in sorted(COUNTS)})
                break
    return found


def finished(log: list[str]) -> int:
    """Counts the invocations that have ended, by the platform's lines in the function's log."""
    return sum(line.startswith("REPORT ") for line in log)


def feed(stack: Stack, kind: str, file: Path, as_is: bool, seconds: float) -> dict[str, Any]:
    """Sends one input and waits until the function is done with it."""
    runs = 3 if stack.broken else 1  # one that fails is tried again twice
    before = finished(stack.function_log()) + runs - 1
    size = 0
    if kind == "put":
        lines = [line for line in file.read_text().splitlines() if line.strip()]
        if not as_is:
            lines = records.shifted(lines, int(time.time()) - 60)
        size = len(lines)
        sent_at = stack.put(records.events(lines), f"{records.interface_of(lines[0])}-all")
    else:
        sent_at = time.time()
        stack.invoke(file.read_bytes())
    answered = wait_for(lambda: finished(stack.function_log()) > before, seconds, every=0.05)
    return {"file": str(file), "kind": kind, "lines": size, "sent_at": sent_at, "answered": answered}


def main() -> int:
    """Reads the command line, runs the stack, prints the object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--put", dest="inputs", action=InOrder, metavar="FILE")
    parser.add_argument("--invoke", dest="inputs", action=InOrder, metavar="FILE")
    parser.add_argument("--pause", dest="inputs", action=InOrder, metavar="SECONDS")
    parser.add_argument("--table", dest="inputs", action=InOrder, metavar="wrong|right")
    parser.add_argument("--fail", dest="inputs", action=InOrder, metavar="FILE")
    parser.add_argument("--replay", dest="inputs", action=InOrder, metavar="now|show|drop")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--as-is", action="store_true")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--wait", type=float, default=20, metavar="SECONDS")
    parser.add_argument("--expect-mails", type=int, default=0, metavar="N")
    parser.add_argument("--expect-failures", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    # A test that gives up ends this with SIGTERM: then, too, the emulator is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    emulator = None
    try:
        if not arguments.no_build:
            build(build_environment())
        emulator = Emulator.start()
        stack = Stack.deploy(emulator, dict(parameter.split("=", 1) for parameter in arguments.parameter))
        began = time.time()
        inputs = []
        replays = []
        for kind, file in arguments.inputs or []:
            if kind == "pause":
                time.sleep(float(str(file)))
            elif kind == "table":
                stack.use_table(right=str(file) == "right")
            elif kind == "fail":
                stack.fail(file.read_text())
            elif kind == "replay":
                status, output = stack.replay(*([] if str(file) == "now" else [f"--{file}"]))
                replays.append({"status": status, "output": output})
            else:
                inputs.append(feed(stack, kind, file, arguments.as_is, arguments.wait))
        mails: list[Mail] = []
        failures: list[dict[str, Any]] = []

        def all_there() -> bool:
            mails.extend(stack.mails())
            failures.extend(stack.failures())
            return len(mails) >= arguments.expect_mails and len(failures) >= arguments.expect_failures

        wait_for(all_there, arguments.wait, every=0.05)
        time.sleep(0.3)  # one too many would come now
        all_there()
        log = stack.function_log()
        print(
            json.dumps(
                {
                    "architecture": stack.parameters["Architecture"],
                    "parameters": stack.parameters,
                    "outputs": stack.outputs,
                    "resources": {r["LogicalResourceId"]: r["ResourceType"] for r in stack.resources()},
                    "inputs": inputs,
                    "replays": replays,
                    "mails": [vars(mail) for mail in mails],
                    "emails": stack.emails_handed_over(),
                    "metrics": stack.metrics(began - 14 * 24 * 3600 if arguments.as_is else began - 24 * 3600),
                    "failures": failures,
                    "function_log": log,
                    "counts": counts(log),
                    "alarms": stack.alarms(),
                    "permissions": stack.permissions(),
                },
                indent=1,
            )
        )
    except (StackError, EmulatorError, OSError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        if emulator:
            emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
