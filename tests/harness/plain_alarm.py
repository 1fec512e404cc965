"""The email of CloudWatch's own alarm for the same records, as the baseline for the function's email.

The wording is that of a real alarm email. The values come from the alarm as the emulator has it, on one metric, and from that
metric.
"""

from __future__ import annotations

import textwrap
from datetime import datetime, timezone
from typing import Any

from tests.harness.emulator import ACCOUNT, REGION

REGION_NAME = "Europe (Frankfurt)"
COMPARISONS = {"GreaterThanOrEqualToThreshold": "greater than or equal to"}


def subject(alarm: dict[str, Any]) -> str:
    """Returns the subject of the alarm's email."""
    return f'ALARM: "{alarm["AlarmName"]}" in {REGION_NAME}'


def body(alarm: dict[str, Any], value: float, minute: float, now: float) -> str:
    """Returns the text of the alarm's email for a metric `value` in the minute that begins at `minute`."""
    point = datetime.fromtimestamp(minute, timezone.utc).strftime("%d/%m/%y %H:%M:00")
    moment = datetime.fromtimestamp(now, timezone.utc).strftime("%A %d %B, %Y %H:%M:%S UTC")
    compared = COMPARISONS.get(alarm["ComparisonOperator"], alarm["ComparisonOperator"])
    periods = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    reason = (
        f"Threshold Crossed: 1 out of the last {periods} datapoints [{value} ({point})] was {compared} the threshold "
        f"({alarm['Threshold']}) (minimum {needed} datapoint{'s' * (needed > 1)} for OK -> ALARM transition)."
    )
    actions = ", ".join(alarm.get("AlarmActions") or []) or "none: PlainAlarmEmails=no"
    opening = (
        f'You are receiving this email because your Amazon CloudWatch Alarm "{alarm["AlarmName"]}" in the {REGION_NAME} '
        f'region has entered the ALARM state, because "{reason}" at "{moment}".'
    )
    dimensions = ", ".join(f"{dimension['Name']} = {dimension['Value']}" for dimension in alarm.get("Dimensions") or [])
    window = f"at least {needed} of the last {periods} period(s) of {alarm['Period']} seconds"
    condition = f"{alarm['ComparisonOperator']} {alarm['Threshold']} for {window}"
    details = f"""
View this alarm in the AWS Management Console:
https://{REGION}.console.aws.amazon.com/cloudwatch/deeplink.js?region={REGION}#alarmsV2:alarm/{alarm["AlarmName"]}

Alarm Details:
- Name:                       {alarm["AlarmName"]}
- Description:                {alarm.get("AlarmDescription", "")}
- State Change:               OK -> ALARM
- Reason for State Change:    {reason}
- Timestamp:                  {moment}
- AWS Account:                {ACCOUNT}
- Alarm Arn:                  {alarm["AlarmArn"]}

Threshold:
- The alarm is in the ALARM state when the metric is {condition}.

Monitored Metric:
- MetricNamespace:            {alarm["Namespace"]}
- MetricName:                 {alarm["MetricName"]}
- Dimensions:                 {f"[{dimensions}]" if dimensions else ""}
- Period:                     {alarm["Period"]} seconds
- Statistic:                  {alarm["Statistic"]}
- Unit:                       {alarm.get("Unit") or "not specified"}
- TreatMissingData:           {alarm["TreatMissingData"]}

State Change Actions:
- OK:
- ALARM: [{actions}]
- INSUFFICIENT_DATA:
"""
    lines = [*textwrap.wrap(opening, 78), *details.rstrip().splitlines()]
    indented = " " * 2
    return "\n".join(
        part
        for line in lines
        for part in (
            textwrap.wrap(line, 78, subsequent_indent=indented, break_long_words=False, break_on_hyphens=False) or [""]
        )
    )
