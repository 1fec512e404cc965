"""`make demo`: a rejected ping becomes three emails, from opened to resolved, and a rejected database connection one.

All of it runs on an emulated AWS, without an account.

    demo.py [run] [--keep]      build, deploy template.yaml into the emulator, put flow log records, show the emails and metrics
    demo.py put [LINE]          put one more record (by default the documented ping again) into a demo that was kept
    demo.py look                show the metrics, the alarms and the function's log of a demo that was kept
    demo.py stop                stop a demo that was kept

Exits with status 0 only if the four emails and the metric arrived. Otherwise it prints what is missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import textwrap
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone

from tests.harness import network, plain_alarm, records
from tests.harness.adapted import REFUSED, Fixed
from tests.harness.build import ROOT, StackError, build
from tests.harness.emulator import Emulator, EmulatorError
from tests.harness.stack import OFF_IN_THE_EMULATOR, SUBSCRIBER, Email, Stack, wait_for
from tests.harness.terminal import WIDTH, Step, console, duration, failed, heading, rule

KEPT = ROOT / ".demo"
EMAIL_TIMEOUT_SECONDS = 20
UPDATE_SECONDS, QUIET_SECONDS = 6, 12
BETWEEN_SECONDS = 2
# A whole incident within half a minute. The rest of the waiting time is due to leases, which last longer than the functions may
# run.
BRIEF = Fixed(timeout_seconds=3)
SHORT = {
    "UpdateIntervalsMinutes": f"{UPDATE_SECONDS / 60:g}",
    "QuietMinutes": f"{QUIET_SECONDS / 60:g}",
}
METRIC_NAME = "Ping-Deny"
# Requests over TCP and UDP, too. The demo's ordinary traffic has some: it is put before.
RULES = "ping,request"


class Crates:
    """Counts the crates that cargo compiles, for the progress line."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.count = 0

    def __call__(self, line: str) -> None:
        """Processes a line of cargo's output."""
        words = line.split()
        if words[:1] == ["Compiling"]:
            self.count += 1
            self.step.doing(f"{self.count} crates, {words[1]}")


def show_email(email: Email) -> None:
    """Prints an email as an email program would."""
    print(f"From:    Ping-Deny <no-reply@sns.amazonaws.com>\nTo:      {SUBSCRIBER}")
    console.print(f"Subject: {email.subject}\n", style="bold")
    print(email.body.rstrip())
    console.print("\n--\n(SNS adds its unsubscribe link here.)", style="dim")


@dataclass
class Progress:
    """The records that the demo has put, and the emails that have arrived."""

    stack: Stack
    records: int = 0
    since: float = field(default_factory=time.time)
    """The time of the earliest record."""
    emails: list[Email] = field(default_factory=list)

    def put(self, batches: list[list[str]]) -> float:
        """Puts records, one batch for each log stream. Returns the time of the first call."""
        moments = []
        for batch in batches:
            events = records.events(batch)
            moments.append(self.stack.put(events, f"{records.interface_of(batch[0])}-all"))
            self.records += len(batch)
            self.since = min(self.since, events[0].timestamp / 1000)
        return moments[0]

    def wait(self, number: int, what: str, seconds: float = EMAIL_TIMEOUT_SECONDS) -> Email:
        """Waits for the email with this number, counted from 1."""

        def arrived() -> bool:
            self.emails.extend(self.stack.emails())
            return len(self.emails) >= number

        if not wait_for(arrived, seconds):
            raise StackError(missing(self.stack, f"no {what} within {seconds:g} seconds"))
        return self.emails[number - 1]


def collect(stack: Stack, seconds: float) -> list[Email]:
    """Waits for an email, and then a little longer to detect a surplus one."""
    emails: list[Email] = []

    def arrived() -> bool:
        emails.extend(stack.emails())
        return bool(emails)

    if wait_for(arrived, seconds):
        time.sleep(0.5)
        emails.extend(stack.emails())
    return emails


def run(keep: bool) -> None:
    """Runs the demo."""
    started = time.monotonic()
    heading("vpc-flow-alerts", ": a rejected ping and a rejected database connection become emails, on an emulated AWS")
    if KEPT.exists():
        raise StackError("a demo is still running: look at it with `make demo-look`, or stop it with `make demo-stop`")
    emulator = None
    try:
        with Step("Compile, not optimized (sam build)") as step:
            crates = Crates(step)
            build(crates)
            step.note = f"{crates.count} crates" if crates.count else "nothing to do"
        with Step("Start the AWS emulator") as step:
            ec2 = network.reserve()
            emulator = Emulator.start(KEPT if keep else None, functions_see=ec2)
            step.note = emulator.endpoint
        with Step("Build a network in an emulated EC2") as step:
            built = network.start_and_build(emulator, ec2)
            database = network.add_database(network.client(*ec2.values()), built)
            step.note = f"{built.instance} behind {built.acl}, and a database"
        with Step("Deploy template.yaml (sam deploy)") as step:
            stack = Stack.deploy(emulator, SHORT, BRIEF)
            step.note = f"{len(stack.resources())} resources"
        off = ", ".join(f"{name}={json.dumps(value)} ({lacking})" for name, (value, lacking) in OFF_IN_THE_EMULATOR.items())
        note(f"Switched off, because the emulator lacks them: {off}. Left out: {', '.join(REFUSED.values())}.")
        note(
            f"Short intervals for the demo: an update after {UPDATE_SECONDS} s, resolved after {QUIET_SECONDS} quiet seconds,"
            f" functions that end after {BRIEF.timeout_seconds} s. By default updates come after 5, 15, 60 and 240"
            " minutes and then once a day, an incident is resolved after 15 minutes, and functions end after 30 s."
        )
        note(f"{network.LACKS}.")
        if keep:
            remember(stack)
        show(stack, database, started)
        if keep:
            explain_kept(stack)
    except BaseException:
        if keep and emulator:
            (KEPT / "state.json").unlink(missing_ok=True)
        keep = False
        raise
    finally:
        if emulator and not keep:
            emulator.stop()


def note(text: str) -> None:
    """Prints a note below a step."""
    console.print(textwrap.indent(textwrap.fill(text, WIDTH - 4), "    "), style="dim")


def show(stack: Stack, database: str, started: float) -> None:
    """Puts the records, and prints the emails, the plain alarm's email and the metrics."""
    progress = Progress(stack)
    interface = network.of(stack.emulator).interface
    batches = records.demonstration(int(time.time()), interface)
    with Step(f"Put {sum(map(len, batches))} flow log records") as step:
        put_at = progress.put(batches)
        step.note = f"{len(batches)} interfaces, {len(batches)} log streams"
    with Step("Wait for the email") as step:
        opened = progress.wait(1, "email")
        delay = opened.arrived_at - put_at
        step.note = f"{duration(delay)} from put to email"
    with Step("Put more pings, wait for the update") as step:
        for batch in records.continued(int(time.time()), interface):
            progress.put([batch])
            time.sleep(BETWEEN_SECONDS)
        update = progress.wait(2, "update")
        step.note = f"{duration(update.arrived_at - opened.arrived_at)} after the first email"
    with Step("Wait for the resolved email") as step:
        resolved = progress.wait(3, "resolved email", QUIET_SECONDS + EMAIL_TIMEOUT_SECONDS)
        step.note = f"{duration(resolved.arrived_at - update.arrived_at)} after the update"
    with Step(f"Deploy again with Rules={RULES}") as step:
        stack.update({"Rules": RULES})
    with Step("Put a rejected database connection, wait for the email") as step:
        connection = records.rejected_connection(int(time.time()), database, network.ADDRESS, network.DATABASE)
        put_at = progress.put([connection])
        refused = progress.wait(4, "email about the database")
        step.note = f"{duration(refused.arrived_at - put_at)} from put to email"
    with Step("Read the metrics back from CloudWatch") as step:
        wait_for(lambda: METRIC_NAME in stack.metrics(progress.since), 5, every=0.2)
        metrics = stack.metrics(progress.since)
        points = metrics.get(METRIC_NAME)
        if not points:
            raise StackError(missing(stack, f"the emails arrived, but no data point of the metric {METRIC_NAME}"))
        step.note = f"{len(metrics)} metrics"

    progress.emails.extend(stack.emails())
    for title, email in (
        ("The email", opened),
        ("The update", update),
        ("The resolved email", resolved),
        ("The email about the database", refused),
    ):
        rule(title)
        show_email(email)
    for email in progress.emails[4:]:
        rule("A surplus email")
        show_email(email)
    rule("For comparison: the email of CloudWatch's plain alarm")
    alarm = stack.alarm("CloudWatch-Alarm-Ping-Deny")
    print(f"Subject: {plain_alarm.subject(alarm)}\n")
    print(plain_alarm.body(alarm, points[0]["sum"], points[0]["time"], time.time()))
    rule("Numbers")
    show_metrics(metrics)
    print(f"\n  {progress.records} records put, {len(progress.emails)} emails, {duration(delay)} from put to the first;")
    print(f"  the demo took {duration(time.monotonic() - started)}.")
    note("In AWS, add the time until a flow log record reaches CloudWatch Logs: typically about 5 minutes.")


def show_metrics(metrics: dict[str, list[dict[str, float]]]) -> None:
    """Prints the points of each metric."""
    for name, points in sorted(metrics.items()):
        for point in points:
            minute = datetime.fromtimestamp(point["time"], timezone.utc).strftime("%H:%M UTC")
            print(f"  {name:<38}{minute:>10}{point['sum']:>10g}")


def missing(stack: Stack, what: str) -> str:
    """Returns a message about what did not arrive, with the end of the function's log."""
    log = "\n".join(stack.function_log()[-12:]) or "(nothing)"
    failures = stack.failures()
    failed = f"\nIn the failure queue: {json.dumps(failures[0])[:600]}" if failures else ""
    return f"{what}.\nThe function's log:\n{log}{failed}"


def remember(stack: Stack) -> None:
    """Writes the state of a demo that is kept."""
    emulator = stack.emulator
    state = {
        "endpoint": emulator.endpoint,
        "pid": emulator.pid,
        "outputs": stack.outputs,
        "parameters": stack.parameters,
        "queue_url": stack.queue_url,
    }
    (KEPT / "state.json").write_text(json.dumps(state, indent=2))


def kept() -> Stack:
    """Returns the stack of the demo that `make demo KEEP=1` left running."""
    try:
        state = json.loads((KEPT / "state.json").read_text())
    except FileNotFoundError:
        raise StackError("no demo is running; start one with `make demo KEEP=1`") from None
    emulator = Emulator(state["endpoint"], state["pid"], KEPT)
    return Stack(emulator, state["outputs"], state["parameters"], state["queue_url"])


def explain_kept(stack: Stack) -> None:
    """Prints what can be done with a demo that is kept."""
    rule("Still running")
    print(f"""  make demo-put                       the documented ping once more
  make demo-put LINE="2 123456789010 eni-0a1b2c3d4e5f60718 198.51.100.7 172.31.18.12 \\
      0 0 1 3 252 1432917027 1432917142 REJECT OK"
                                      any record; its times are moved to now
  make demo-look                      metrics, alarms, the function's log
  make demo-stop                      stop it

  Any AWS tool or SDK, with AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  and AWS_ENDPOINT_URL={stack.emulator.endpoint}, can be used with it.""")


def put(line: str) -> None:
    """Puts a record, or the documented ping, and prints the response and the email."""
    stack = kept()
    lines = [line] if line else records.of_interface(records.DOCUMENTED_PING, network.of(stack.emulator).interface)
    lines = records.shifted(lines, int(time.time()) - 60)
    before = len(stack.counts())
    list(stack.emails())
    with Step(f"Put {len(lines)} record{'s' * (len(lines) > 1)}"):
        stack.put(records.events(lines), f"{records.interface_of(lines[0])}-all")
        wait_for(lambda: len(stack.counts()) > before, 10, every=0.1)
    counts = stack.counts()[before:]
    for count in counts:
        print("\n  The function's response: " + ", ".join(f"{name} {number}" for name, number in count.items()))
    emails = collect(stack, 1)
    for email in emails:
        rule("The email")
        show_email(email)
    if not emails:
        suppressed = any(count["suppressed"] for count in counts)
        why = "the incident is already open; the ping is counted for the next email" if suppressed else "no rejected ping"
        print(f"  No email: {why}.")


def look() -> None:
    """Prints the state of a demo that is kept."""
    stack = kept()
    rule("Metrics of the last 3 hours")
    show_metrics(stack.metrics(time.time() - 3 * 3600))
    rule("Alarms")
    for name, state in sorted(stack.alarms().items()):
        print(f"  {name:<56}{state}")
    rule("The function's log")
    for line in stack.function_log()[-20:]:
        print(f"  {line}")


def stop() -> None:
    """Stops a demo that is kept."""
    if not KEPT.exists():
        print("no demo is running")
        return
    stack = kept()
    if stack.emulator.alive():
        stack.emulator.stop()
    shutil.rmtree(KEPT, ignore_errors=True)
    print("the demo is stopped and removed")


def main() -> int:
    """Reads the command line and runs one command."""
    parser = argparse.ArgumentParser(
        description="A rejected ping becomes three emails and a database connection one, on an emulated AWS."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run").add_argument("--keep", action="store_true", help="keep the demo running afterwards")
    commands.add_parser("put").add_argument("line", nargs="?", default="", help="a flow log record")
    commands.add_parser("look")
    commands.add_parser("stop")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.command in (None, "run"):
            run(keep=getattr(arguments, "keep", False))
        elif arguments.command == "put":
            put(arguments.line)
        elif arguments.command == "look":
            look()
        else:
            stop()
    except (StackError, EmulatorError) as error:
        failed(error)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left running", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
