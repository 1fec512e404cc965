"""`make comparison`: sends one incident through this tool and its alternatives, and writes the results to docs/comparison.md.

Deploys the stack into the emulator with its plain alarm switched on, and puts AWS's documented ping into the log group, at an
interface of the emulated EC2. The email is the function's own. The plain alarm's email is written from the deployed alarm and
the metric's data point. The Contributor Insights report is the template's rule applied to the records. Datadog's metrics are
computed as by its published function.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

from docs.generate import dashboard
from tests.harness import network, plain_alarm, records
from tests.harness.build import StackError
from tests.harness.emulator import ACCOUNT, REGION, Emulator, EmulatorError
from tests.harness.stack import Email, Stack, wait_for
from tests.harness.template import ROOT, Template
from tests.harness.terminal import Step, failed

PAGE = ROOT / "docs" / "comparison.md"


def block(page: str, name: str, text: str) -> str:
    """Replaces the text between a block's markers."""
    pattern = re.compile(rf"(<!-- {name} -->\n```text\n).*?(```\n<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{PAGE.name} has no block {name}")
    return pattern.sub(lambda match: match[1] + text.rstrip() + "\n" + match[2], page)


def insights(lines: list[str]) -> str:
    """Returns the report of the template's Contributor Insights rule in the layout of the console."""
    properties = Template().of_type("AWS::CloudWatch::InsightRule")["TopSources"]
    name, rule = properties["RuleName"], json.loads(properties["RuleBody"])
    found = dashboard.contributors(rule, [(0, line) for line in lines])
    table = [(*rule["Contribution"]["Keys"], "sum of packets")]
    table += [(*keys, f"{sum(value for _, value in points):g}") for keys, points in found.items()]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = ["   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([f"{name}: {len(found)} of {len(found)} contributors", "", *rows])


def datadog(lines: list[str]) -> str:
    """Returns the counts of DataDog/datadog-serverless-functions, aws/vpc_flow_log_monitoring, for a batch.

    The function takes the most frequent address as the interface's own, and the first one of several equally frequent ones.
    """
    split = [line.split() for line in lines]
    seen = Counter(address for fields in split for address in fields[3:5])
    own = seen.most_common(1)[0][0]
    rows = []
    for fields in split:
        tags = [f"action:{fields[12]}", f"aws_account:{ACCOUNT}"]
        tags += ["direction:outbound"] * (fields[3] == own) + ["direction:inbound"] * (fields[4] == own)
        tags += [f"interface_id:{fields[2]}", f"ip:{own}", "protocol:ICMP", f"region:{REGION}"]
        rows.append(f"aws.vpc.flowlogs.action         1\n    {', '.join(tags)}")
        rows.append(f"aws.vpc.flowlogs.packets.total  {fields[8]}\n    {', '.join(tags[1:])}")
    return "\n".join(rows)


def main() -> int:
    """Deploys the stack, puts the records, and writes the page."""
    emulator = None
    try:
        with Step("Deploy template.yaml") as step:
            ec2 = network.reserve()
            emulator = Emulator.start(functions_see=ec2)
            built = network.start_and_build(emulator, ec2)
            stack = Stack.deploy(emulator, {"PlainAlarmEmails": "yes"})
            step.note = emulator.endpoint
        with Step("Put the ping and read the email") as step:
            began = time.time()
            lines = records.of_interface(records.DOCUMENTED_PING, built.interface)
            lines = records.shifted(lines, int(began) - 5 * 60)
            stack.put(records.events(lines), f"{built.interface}-all")
            emails: list[Email] = []
            if not wait_for(lambda: bool(emails.extend(stack.emails()) or emails), 20):
                raise StackError("no email within 20 seconds")
            wait_for(lambda: "Ping-Deny" in stack.metrics(began - 1800), 10, every=0.2)
            point = stack.metrics(began - 1800)["Ping-Deny"][0]
            alarm = stack.alarm("CloudWatch-Alarm-Ping-Deny")
            email = emails[0]
            step.note = email.subject
        page = PAGE.read_text()
        plain = plain_alarm.body(alarm, point["sum"], point["time"], time.time())
        page = block(page, "records", "\n".join(lines))
        page = block(page, "plain alarm", f"Subject: {plain_alarm.subject(alarm)}\n\n{plain}")
        page = block(page, "log alarm", "\n".join(line for line in lines if " REJECT " in line))
        page = block(page, "contributor insights", insights(lines))
        page = block(page, "datadog", datadog(lines))
        # Console links are long and contain the times of this run.
        body = re.sub(r"https://\S{60,}", lambda match: match[0][:57] + "...", email.body)
        page = block(page, "this", f"Subject: {email.subject}\n\n{body}")
        Path(PAGE).write_text(page)
    except (StackError, EmulatorError) as error:
        failed(error)
        return 1
    finally:
        if emulator:
            emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
