"""template.yaml with its parameters put in: the dashboard, the rules and queries beside it, and what a change of it does."""

from __future__ import annotations

import copy
import itertools
import json
import os
import re
import unittest
from unittest import mock

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from docs.generate import dashboard, rules_cost
from tests.harness import records
from tests.harness.adapted import REFUSED, Fixed, adapt
from tests.harness.emulator import REGION
from tests.harness.template import ROOT, Template
from tests.template import changes

# What the functions publish under MetricName + suffix, with the dimension that each has; None where it has none, too ...
PUBLISHED: dict[str, set[str | None]] = {
    "": {None, "Origin"},
    "-V6": {None, "Origin"},
    "-Packets": {None, "Origin"},
    "-Native": {None},
    "-Skipped": {None},
    "-Unparsed": {None},
    "-Emails": {None},
    "-Suppressed": {None},
    "-Email-Delay": {None},
    "-Set-Aside": {None},
    "-Decisions": {"Reason"},
}
ORIGINS = {"own", "private", "internet"}
# What is named alike whatever MetricName is, with all its dimensions.
REJECT = ("Rule", "Origin")
# ... and what AWS documents for the services used.
DOCUMENTED = {
    ("AWS/Lambda", "Duration"): "FunctionName",
    ("AWS/Lambda", "Errors"): "FunctionName",
    ("AWS/Lambda", "Throttles"): "FunctionName",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): "QueueName",
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
DISCOVERED = {
    *("@timestamp", "@logStream", "@message", "accountId", "endTime", "interfaceId", "logStatus", "startTime", "version"),
    *("action", "bytes", "dstAddr", "dstPort", "packets", "protocol", "srcAddr", "srcPort"),
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
COMMANDS = {
    *("anomaly", "dedup", "diff", "display", "fields", "filter", "filterindex", "join", "limit", "lookup", "parse"),
    *("pattern", "sort", "source", "stats", "unmask", "unnest"),
}
HEALTH = {"HealthEmail": "ops@example.com"}
OTHER_FORMAT = "${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}"
# Each as it is by default, and otherwise.
SWITCHES = (
    ({}, {"NativeFilterPattern": ""}),
    ({}, {"ContributorInsights": "off"}, {"ContributorInsights": "pings"}),
    ({}, {"Dashboard": "off"}),
    ({}, HEALTH),
    ({}, {"Rules": "ping,request"}),
)


class Dashboard(unittest.TestCase):
    """The dashboard's body."""

    def bodies(self) -> list[tuple[Template, dict]]:
        """Every dashboard that the switches can make."""
        chosen = itertools.product(*SWITCHES)
        templates = [Template({name: value for values in choice for name, value in values.items()}) for choice in chosen]
        templates += [Template({"MetricNamespace": "Other", "MetricName": "Odd/Name", "ExistingLogGroupName": "/vpc/flow"})]
        found = []
        for template in templates:
            for properties in template.of_type("AWS::CloudWatch::Dashboard").values():
                found.append((template, json.loads(properties["DashboardBody"])))
        return found

    def test_widgets_lie_on_the_page_and_not_on_each_other(self) -> None:
        """CloudWatch's page has 24 columns; it refuses nothing and draws overlapping widgets somewhere else."""
        for _, body in self.bodies():
            taken: dict[tuple[int, int], str] = {}
            for widget in body["widgets"]:
                title = str(widget["properties"].get("title", widget["type"]))
                self.assertLessEqual(widget["x"] + widget["width"], 24, title)
                for place in itertools.product(
                    range(widget["x"], widget["x"] + widget["width"]), range(widget["y"], widget["y"] + widget["height"])
                ):
                    self.assertNotIn(place, taken, f"{title} lies on {taken.get(place)}")
                    taken[place] = title
            rows = max(y for _, y in taken) + 1
            self.assertEqual(len(taken), 24 * rows, "no holes either")

    def test_every_metric_is_one_that_is_published(self) -> None:
        """A misspelt metric is an empty widget, and no error anywhere."""
        for template, body in self.bodies():
            own, name = template.values["MetricNamespace"], template.values["MetricName"]
            known = {(own, name + suffix): dimensions for suffix, dimensions in PUBLISHED.items()}
            known |= {metric: {dimension} for metric, dimension in DOCUMENTED.items()}
            rules = self.rules()
            for widget in body["widgets"]:
                for line in dashboard.lines(widget):
                    if line.metric:
                        if line.metric[:2] == (own, "Reject"):
                            self.assertEqual(tuple(name for name, _ in line.metric[2]), REJECT)
                            (_, rule), (_, origin) = line.metric[2]
                            self.assertIn(rule, rules)
                            self.assertIn(origin, ORIGINS)
                            continue
                        self.assertIn(line.metric[:2], known)
                        dimension, value = next(iter(line.metric[2]), (None, ""))
                        self.assertLessEqual(len(line.metric[2]), 1)
                        self.assertIn(dimension, known[line.metric[:2]])
                        if dimension == "Origin":
                            self.assertIn(value, ORIGINS)

    def rules(self) -> set[str]:
        """The rules about TCP and UDP, as the sources name them."""
        source = (ROOT / "shared/alerting/src/detection/rule.rs").read_text().partition("#[cfg(test)]")[0]
        return set(re.findall(r'Rule::\w+ => row\("([a-z]+)"', source)) - {"ping"}

    def test_rules_about_tcp_and_udp_are_drawn_where_they_can_be_in_force(self) -> None:
        """Each once with each origin that it can have."""
        for chosen, drawn in (("ping", False), ("ping:count", False), ("ping,reply", True), ("scan:off", True)):
            widgets = json.loads(Template({"Rules": chosen}).of_type("AWS::CloudWatch::Dashboard")["Watch"]["DashboardBody"])[
                "widgets"
            ]
            found = [
                line.metric[2] for w in widgets for line in dashboard.lines(w) if line.metric and line.metric[1] == "Reject"
            ]
            self.assertEqual(bool(found), drawn, chosen)
        of_rule = {rule: sum(dict(pairs)["Rule"] == rule for pairs in found) for rule in self.rules()}
        self.assertEqual(of_rule, rules_cost.ORIGINS_OF_RULES)
        self.assertEqual(len(set(found)), len(found))

    def test_every_origin_of_the_sources_is_drawn_and_watched_or_left_out_on_purpose(self) -> None:
        """An origin that is added there belongs on the dashboard, and the plain alarm has to know it."""
        source = (ROOT / "shared/alerting/src/detection/origin.rs").read_text().partition("#[cfg(test)]")[0]
        words = source.partition("pub fn word(self)")[2].partition("pub fn")[0]  # of Origin, which is the first
        self.assertEqual(set(re.findall(r'=> "([a-z]+)"', words)), ORIGINS)
        widgets = json.loads(Template().of_type("AWS::CloudWatch::Dashboard")["Watch"]["DashboardBody"])["widgets"]
        metrics = [line.metric for widget in widgets for line in dashboard.lines(widget) if line.metric]
        self.assertEqual({value for _, _, pairs in metrics for key, value in pairs if key == "Origin"}, ORIGINS)
        for choice, left_out in (("digest", {"internet"}), ("count", {"internet"}), ("alert", set())):
            alarm = Template({"InternetPings": choice}).of_type("AWS::CloudWatch::Alarm")["PingDenyAlarm"]
            watched = [m["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for m in alarm["Metrics"] if "MetricStat" in m]
            self.assertEqual(set(watched), ORIGINS - left_out)

    def test_what_is_said_to_be_published_stands_in_the_sources(self) -> None:
        """So that a metric that is renamed there is missed here."""
        sources = [*(ROOT / "shared" / "alerting" / "src").rglob("*.rs"), ROOT / "template.yaml"]
        text = "".join(re.sub(r"(?s)#\[cfg\(test\)\].*", "", path.read_text()) for path in sources)
        for suffix in PUBLISHED:
            self.assertRegex(text, rf'[}}]{suffix}"')
        for name in ("Reject", *REJECT):
            self.assertRegex(text, rf'pub const {name.upper()}: &str = "{name}";')

    def test_expressions_name_what_stands_before_them(self) -> None:
        """CloudWatch shows an error instead of a graph otherwise."""
        for _, body in self.bodies():
            for widget in body["widgets"]:
                known: set[str] = set()
                for line in dashboard.lines(widget):
                    if not line.metric:
                        words = set(re.findall(r"[A-Za-z_]\w*", line.options["expression"])) - {"FILL", "RUNNING_SUM"}
                        self.assertLessEqual(words, known, line.options["expression"])
                    known.add(line.options.get("id", ""))
                    self.assertRegex(line.options.get("id", "m"), r"^[a-z]\w*$", "CloudWatch wants a small first letter")

    def test_every_alarm_is_shown(self) -> None:
        """An alarm added to the template shall not be missing on the dashboard."""
        for template, body in self.bodies():
            shown = next(widget for widget in body["widgets"] if widget["type"] == "alarm")["properties"]["alarms"]
            names = sorted(alarm["AlarmName"] for alarm in template.of_type("AWS::CloudWatch::Alarm").values())
            self.assertEqual(sorted(arn.rpartition(":alarm:")[2] for arn in shown), names)

    def test_only_rules_that_exist_are_drawn(self) -> None:
        """With ContributorInsights off, or a format that the rules cannot read, a text takes their place."""
        templates = [template for template, _ in self.bodies()]
        templates.append(Template({"FlowLogFormat": OTHER_FORMAT}))
        for template in templates:
            for properties in template.of_type("AWS::CloudWatch::Dashboard").values():
                rules = {
                    rule["RuleName"]
                    for name, rule in template.of_type("AWS::CloudWatch::InsightRule").items()
                    if name.startswith("TopSources")  # the others are for the digest
                }
                named = set(re.findall(r'"ruleName": "([^"]*)"', properties["DashboardBody"]))
                self.assertEqual(named, rules)


class Insights(unittest.TestCase):
    """Contributor Insights rules and saved queries."""

    def rule(self, name: str) -> dict:
        """A rule of the template."""
        return json.loads(Template().of_type("AWS::CloudWatch::InsightRule")[name]["RuleBody"])

    def test_the_rules_rank_the_sources_of_rejected_pings(self) -> None:
        """Told apart from accepted pings, from the other protocol and from everything else."""
        six = "2 1 eni-b 2001:db8::9 2001:db8::1 0 0 58 7 700 1 2 REJECT OK"
        lines = [*records.DOCUMENTED_PING, six, *records.ordinary(500, "eni-c", 1_795_401_000, seed=4)]
        lines += [
            line.replace(" ACCEPT ", " REJECT ")
            for line in records.ordinary(3, "eni-d", 1_795_401_000, seed=4)
            if " 6 " in line
        ]
        events = [(0, line) for line in lines]
        four = {
            keys: sum(v for _, v in points) for keys, points in dashboard.contributors(self.rule("TopSources"), events).items()
        }
        self.assertEqual(four, {("172.31.16.139", records.INTERFACE): 4.0})
        found = dashboard.contributors(self.rule("TopSourcesV6"), events)
        self.assertEqual({keys: sum(v for _, v in points) for keys, points in found.items()}, {("2001:db8::9", "eni-b"): 7.0})

    def test_the_rules_keep_to_the_syntax(self) -> None:
        """Limits of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html"""
        for properties in Template().of_type("AWS::CloudWatch::InsightRule").values():
            body = properties["RuleBody"]
            self.assertTrue(body.isascii() and len(body) <= 8192)
            rule = json.loads(body)
            contribution = rule["Contribution"]
            self.assertLessEqual(len(contribution["Keys"]), 4)
            self.assertLessEqual(len(contribution["Filters"]), 4)
            self.assertEqual("ValueOf" in contribution, rule["AggregateOn"] == "Sum")
            if rule["LogFormat"] == "JSON":
                continue  # its fields are those of the functions' log lines: test_digest.py
            used = {*contribution["Keys"], *(condition["Match"] for condition in contribution["Filters"])}
            used |= {contribution["ValueOf"]} if "ValueOf" in contribution else set()
            self.assertEqual(used, set(rule["Fields"].values()), "no field missing, none named for nothing")
            self.assertEqual(rule["LogGroupNames"], ["Log-Group"])

    def test_the_queries_use_fields_that_logs_insights_discovers(self) -> None:
        """It finds nothing and says nothing where a field does not exist."""
        words = {"fields", "filter", "or", "and", "sort", "desc", "asc", "limit", "stats", "sum", "count", "count_distinct"}
        words |= {"min", "max", "bin", "as", "by", "in", "like"}
        queries = Template().of_type("AWS::Logs::QueryDefinition")
        self.assertEqual(len(queries), 4)
        for query in queries.values():
            text = re.sub(r'#[^\n]*|"[^"]*"', "", query["QueryString"])
            made = set(re.findall(r"\bas (\w+)", text))
            named = set(re.findall(r"@?[A-Za-z_]\w*", text)) - words - made - {"m"}
            self.assertLessEqual(named, DISCOVERED)
            self.assertEqual(query["LogGroupNames"], ["Log-Group"])

    def test_another_format_has_no_queries(self) -> None:
        """They name fields that Logs Insights discovers in records of the default format only."""
        self.assertEqual(Template({"FlowLogFormat": OTHER_FORMAT}).of_type("AWS::Logs::QueryDefinition"), {})

    def test_nothing_is_named_like_a_command_of_logs_insights(self) -> None:
        """`source` is one: neither what a query makes nor a field of a rule, which people take over into queries."""
        for query in Template().of_type("AWS::Logs::QueryDefinition").values():
            text = re.sub(r'#[^\n]*|"[^"]*"', "", query["QueryString"])
            self.assertFalse({name.lower() for name in re.findall(r"\bas (\w+)", text)} & COMMANDS)
        for properties in Template().of_type("AWS::CloudWatch::InsightRule").values():
            self.assertFalse(set(json.loads(properties["RuleBody"]).get("Fields", {}).values()) & COMMANDS)


class Changes(unittest.TestCase):
    """Updates of a running stack."""

    def test_the_page_says_what_the_template_does(self) -> None:
        """The table of docs/operations.md has a line for each parameter, in the template's order."""
        rows = re.findall(r"^\| `([A-Z]\w+)` \| ([^|]*) \| [^|]*\|$", (ROOT / "docs" / "operations.md").read_text(), re.M)
        self.assertEqual(rows, [(name, changes.does(name)) for name in Template().source["Parameters"]])

    def test_one_change_is_refused(self) -> None:
        """CloudFormation cannot make it, and the page says what to do instead. Any other one is an error of the template."""
        refused = [name for name in Template().source["Parameters"] if changes.does(name) == "refused"]
        self.assertEqual(refused, ["LogGroupOnDelete"])

    def test_a_flow_log_is_replaced_and_never_left_double(self) -> None:
        """Whatever changes of it: one before, one after."""
        vpc = {"FlowLogResourceId": "vpc-0a1b2c3d4e5f60718"}
        for change in ({"LogGroupName": "Other"}, {"ExistingLogGroupName": "Other"}, {"FlowLogFormat": "${version} ${action}"}):
            self.assertIn("FlowLog", changes.effect(vpc, change).replaced)
        for change in (
            {"MetricName": "Other"},
            {"FilterPattern": ""},
            {"ExistingLogGroupName": "Log-Group"},
            {"TopicName": "Other"},
        ):
            self.assertNotIn("FlowLog", changes.effect(vpc, change).replaced, "nothing that does not concern it")
        self.assertEqual(len(Template(vpc).of_type("AWS::EC2::FlowLog")), 1)

    def test_a_second_resource_of_one_name_is_found(self) -> None:
        """The one change of today that cannot work, as a proof that such are noticed."""
        self.assertEqual(changes.effect({}, {"LogGroupOnDelete": "delete"}).clashes, {"AWS::Logs::LogGroup Log-Group"})
        self.assertEqual(changes.effect({}, {"LogGroupName": "Other"}).clashes, set())


class Functions(unittest.TestCase):
    """What CloudFormation gets, after SAM's transform."""

    @classmethod
    def setUpClass(cls) -> None:
        """Transforms the template as AWS does, with the installed translator and without AWS."""
        source = copy.deepcopy(Template().source)
        for resource in source["Resources"].values():
            if "CodeUri" in resource.get("Properties", {}):
                resource["Properties"]["CodeUri"] = "s3://bucket/key"
        with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
            cls.resources = Translator({}, Parser()).translate(source, {})["Resources"]

    def test_the_timer_may_call_itself(self) -> None:
        """It sends to its own queue: Lambda would stop the chain after some 16 messages, in the middle of an incident."""
        functions = {name: r["Properties"] for name, r in self.resources.items() if r["Type"] == "AWS::Lambda::Function"}
        self.assertEqual(set(functions), {"FlowAlerts", "IncidentTimer"})
        self.assertEqual(functions["IncidentTimer"].get("RecursiveLoop"), "Allow")
        # The other one is invoked by CloudWatch Logs, and its own log is never subscribed to it: a loop there is an error.
        self.assertNotIn("RecursiveLoop", functions["FlowAlerts"])

    def test_what_is_an_incident_is_told_to_the_function_that_decides_it(self) -> None:
        """Every parameter of that group, with the names and defaults that the functions know. The timer needs those that its
        emails state, and for the digest whether there is background and whose the addresses are.
        """
        template = Template()
        groups = template.source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        of_group = next(group["Parameters"] for group in groups if group["Label"]["default"] == "What is an incident")
        names = {name: re.sub(r"(?<=.)(?=[A-Z])", "_", name).upper() for name in of_group}
        variables = {
            name: self.resources[name]["Properties"]["Environment"]["Variables"] for name in ("FlowAlerts", "IncidentTimer")
        }
        for parameter, variable in names.items():
            self.assertEqual(variables["FlowAlerts"].get(variable), {"Ref": parameter})
            emails = variable in ("FLOOD_PACKETS_PER_MINUTE", "PERSISTENT_PINGS")
            digest = variable in ("RULES", "INTERNET_PINGS", "OWN_NETWORKS")
            self.assertEqual(variables["IncidentTimer"].get(variable), {"Ref": parameter} if emails or digest else None)
        for function in variables.values():
            self.assertEqual(function["STACK_NAME"], {"Ref": "AWS::StackName"})
            self.assertIn("FLOW_LOG_FORMAT", function, "the queries in emails find the protocol by it")
        config = (ROOT / "shared/function-edge/src/config.rs").read_text()
        signal = (ROOT / "shared/alerting/src/incident/signal.rs").read_text()
        for variable in names.values():
            self.assertIn(f'"{variable}"', config)
        values = template.values
        self.assertEqual((values["OwnNetworks"], values["MustReach"]), ("", ""))
        self.assertIn(f"#[default]\n    {values['InternetPings'].capitalize()},", signal)
        self.assertIn(f"flood_packets_per_minute: {values['FloodPacketsPerMinute']},", signal)
        self.assertIn(f"persistent_packets: {values['PersistentPings']},", signal)
        self.assertIn('parsed("RULES", default.rules, Rules::parse)', config)
        self.assertEqual(values["Rules"], "ping")
        offered = template.source["Parameters"]["InternetPings"]["AllowedValues"]
        self.assertEqual(set(re.findall(r'"(\w+)" => Ok\(InternetPings::', config)), set(offered))

    def test_updates_come_as_the_functions_do_it_by_default(self) -> None:
        """One default, in the template and in the code."""
        numbers = re.search(
            r"self\.parsed\(INTERVALS, vec!\[([^]]*)\]", (ROOT / "shared/function-edge/src/config.rs").read_text()
        )
        assert numbers
        default = ",".join(f"{float(number):g}" for number in numbers[1].split(","))
        self.assertEqual(Template().values["UpdateIntervalsMinutes"], default)

    def test_time_outs_are_in_step(self) -> None:
        """What Lambda ends, what the functions are told of it, and how long the queue hides a message: ten times as long."""
        template = Template()
        functions = [template.resolve(r["Properties"]) for r in self.resources.values() if r["Type"] == "AWS::Lambda::Function"]
        seconds = {int(properties["Timeout"]) for properties in functions}
        self.assertEqual(seconds, {30})
        told = {int(properties["Environment"]["Variables"]["FUNCTION_TIMEOUT_SECONDS"]) for properties in functions}
        self.assertEqual(told, seconds)
        hidden = template.of_type("AWS::SQS::Queue")["TimerQueue"]["VisibilityTimeout"]
        self.assertEqual({int(hidden)}, {10 * one for one in seconds})


class Adapted(unittest.TestCase):
    """The copy of the template that the emulator gets."""

    def test_it_has_nothing_that_the_emulator_refuses(self) -> None:
        """And lacks nothing else; the template itself stays as it is."""
        source, adapted = Template().source, adapt(Template().source)
        gone = {name: source["Resources"][name]["Type"] for name in source["Resources"].keys() - adapted["Resources"].keys()}
        self.assertEqual(set(gone.values()), set(REFUSED))
        self.assertFalse([name for name in gone if f'"{name}"' in json.dumps(adapted) or f"${{{name}" in json.dumps(adapted)])
        alarms = {name: r["Properties"] for name, r in adapted["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}
        self.assertEqual([name for name, alarm in alarms.items() if "Metrics" in alarm or "MetricName" not in alarm], [])
        self.assertIn("Metrics", source["Resources"]["NoSubscribersAlarm"]["Properties"])

    def test_what_is_fixed_can_be_other_there(self) -> None:
        """Wherever the template has it."""
        adapted = adapt(Template().source, Fixed(timeout_seconds=3, log_level="WARN"))
        self.assertEqual(adapted["Mappings"]["Functions"]["Limits"]["TimeoutSeconds"], "3")
        levels = [
            r["Properties"]["LoggingConfig"]["ApplicationLogLevel"]
            for r in adapted["Resources"].values()
            if r["Type"] == "AWS::Serverless::Function"
        ]
        self.assertEqual(levels, ["WARN", "WARN"])


class Settings(unittest.TestCase):
    """Values that are refused before anything is made."""

    def test_a_format_ends_with_a_field(self) -> None:
        """EC2 refuses a trailing space, minutes into the deployment."""
        pattern = Template().source["Parameters"]["FlowLogFormat"]["AllowedPattern"]
        for good in ("", "${version}", "${version} ${account-id}", "${version} ${action}|${srcaddr} ${dstaddr}"):
            self.assertRegex(good, pattern)
        for bad in (
            *(" ", "|", "${version} ", " ${version}", "${version}  ${action}", "${version}|", "|${version}"),
            *("${version} |${action}", "${version}| ${action}", "${version}${action}", "${version},${action}", "version"),
            *("${version}\n", "$version", "${Version}", "${version} ${action} "),
        ):
            self.assertNotRegex(bad, pattern.removesuffix("$") + r"\Z", repr(bad))

    def test_rules_are_named_once_each(self) -> None:
        """What the pattern lets through is what the functions read."""
        pattern = Template().source["Parameters"]["Rules"]["AllowedPattern"].removesuffix("$") + r"\Z"
        for good in (
            *("ping", "request", "ping,request", "ping:digest,request:alert,reply:count,helper:off,scan", "scan,ping"),
            *("request,reply", "reply,request:digest"),
        ):
            self.assertRegex(good, pattern)
        for bad in (
            *(
                "",
                "pong",
                "late",
                "Ping",
                "ping,",
                ",ping",
                "ping request",
                "ping, request",
                "ping:",
                "ping:loud",
                "ping:alert:off",
            ),
            *("ping,ping", "ping,request,ping:off", "request,reply,request", "ping\n", "ping,request,reply,helper,scan,ping"),
        ):
            self.assertNotRegex(bad, pattern, repr(bad))

    def test_address_ranges_are_cidr_blocks_or_addresses(self) -> None:
        """What the pattern lets through and is none after all stops the function at its start, with a line that says so."""
        for name in ("OwnNetworks", "MustReach"):
            pattern = Template().source["Parameters"][name]["AllowedPattern"].removesuffix("$") + r"\Z"
            for good in (
                *("", "198.51.100.0/24", "9.9.9.9", "2001:db8::/32", "::1", "198.51.100.0/24,2001:db8::/32,9.9.9.9"),
                *("198.51.100.0/24, 9.9.9.9", ",".join(["10.0.0.0/8"] * 50)),
            ):
                self.assertRegex(good, pattern)
            for bad in (
                *(" ", ",", "example.com", "10.0.0.0/8 10.1.0.0/16", "10.0.0.0/8,", "10.0.0.0/", "10.0.0.0/8;9.9.9.9"),
                *("vpc-0a1b2c3d", "10.0.0.1-10.0.0.9", "10.0.0.0/8\n", ",".join(["10.0.0.0/8"] * 51)),
            ):
                self.assertNotRegex(bad, pattern, repr(bad))

    def test_limits_of_packets_are_whole_numbers(self) -> None:
        """A Number would let a fraction through, and the function would not start."""
        for name in ("FloodPacketsPerMinute", "PersistentPings"):
            pattern = Template().source["Parameters"][name]["AllowedPattern"].removesuffix("$") + r"\Z"
            for good in ("0", "1", "30", "600", "999999999"):
                self.assertRegex(good, pattern)
            for bad in ("", "-1", "0.5", "1e3", "off", "030", "1000000000", "600\n"):
                self.assertNotRegex(bad, pattern, repr(bad))

    def test_the_delivery_alarm_names_the_filter_by_its_name(self) -> None:
        """One text in both places: what Ref gives is documented as the name and, elsewhere, as the log group."""
        resources = Template().source["Resources"]
        named = resources["Subscription"]["Properties"]["FilterName"]
        dimensions = {d["Name"]: d["Value"] for d in resources["DeliveryAlarm"]["Properties"]["Dimensions"]}
        self.assertEqual(dimensions["FilterName"], named)
        self.assertEqual(Template(stack="other").resolve(named), "other-flow-alerts")

    def test_reserved_concurrency_says_what_a_small_account_takes(self) -> None:
        """An account with a limit of 10 must leave 10 unreserved."""
        parameter = Template().source["Parameters"]["ReservedConcurrency"]
        self.assertIn("limit is 10", parameter["Description"])
        self.assertEqual(parameter["Default"], "", "the only value that works everywhere")

    def test_no_subscription_of_an_address_has_a_filter(self) -> None:
        """A filter for e-mail goes by attributes, which cannot be relied on beside MessageStructure=json."""
        found = Template(HEALTH | {"AlertEmail": "a@example.com"}).of_type("AWS::SNS::Subscription")
        self.assertEqual({name: set(properties) for name, properties in found.items()}, {
            "EmailSubscription": {"TopicArn", "Protocol", "Endpoint"},
            "HealthSubscription": {"TopicArn", "Protocol", "Endpoint"},
        })  # fmt: skip


class Health(unittest.TestCase):
    """Who hears of alarms on the monitor itself."""

    def actions(self, template: Template) -> dict[str, list[str]]:
        """The topics that each alarm tells, without the rest of their ARNs."""
        alarms = template.of_type("AWS::CloudWatch::Alarm")
        return {
            name: [arn.rpartition(":")[2] for arn in alarm.get("AlarmActions", [])]
            for name, alarm in alarms.items()
            if name != "PingDenyAlarm"
        }

    def test_without_a_second_address_all_go_to_the_one_topic(self) -> None:
        """And nothing is made for the other one."""
        template = Template()
        self.assertEqual(set(map(tuple, self.actions(template).values())), {("CloudWatch-Alarms-Ping-Deny",)})
        self.assertEqual(set(template.of_type("AWS::SNS::Topic")), {"AlertTopic"})
        self.assertNotIn("NoHealthSubscribersAlarm", self.actions(template))

    def test_with_one_they_go_there_and_each_topic_reports_the_other(self) -> None:
        """A topic whose subscription is lost cannot say so itself."""
        template = Template(HEALTH)
        actions = self.actions(template)
        self.assertEqual(actions.pop("NoHealthSubscribersAlarm"), ["CloudWatch-Alarms-Ping-Deny"])
        self.assertEqual(set(map(tuple, actions.values())), {("CloudWatch-Alarms-Ping-Deny-Health",)})
        for name, topic in (("NoSubscribersAlarm", "AlertTopic"), ("NoHealthSubscribersAlarm", "HealthTopic")):
            metrics = template.of_type("AWS::CloudWatch::Alarm")[name]["Metrics"]
            watched = [m["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for m in metrics if "MetricStat" in m]
            self.assertEqual(watched, [f"<{topic}.TopicName>"] * 2)
        plain = Template(HEALTH | {"PlainAlarmEmails": "yes"}).of_type("AWS::CloudWatch::Alarm")["PingDenyAlarm"]
        self.assertTrue(plain["AlarmActions"][0].endswith(":CloudWatch-Alarms-Ping-Deny"), "that one is about pings")

    def test_only_the_watchdog_needs_a_pattern(self) -> None:
        """Without one CloudWatch counts nothing to compare; lost subscriptions are noticed all the same."""
        with_pattern, without = Template(HEALTH), Template(HEALTH | {"NativeFilterPattern": ""})
        watchdog = {"NativeFilter", "WatchdogAlarm"}
        self.assertEqual(with_pattern.resources.keys() - without.resources.keys(), watchdog)
        for rules, compared in (
            ("ping:count,request", True),
            ("request,ping", True),
            ("request", False),
            ("request,ping:off", False),
        ):
            found = Template(HEALTH | {"Rules": rules}).resources.keys() & watchdog
            self.assertEqual(found, watchdog if compared else set(), f"{rules}: no rule ping, no metric of the function")

    def test_alarms_may_publish_to_each_topic_that_they_tell(self) -> None:
        """A topic policy replaces the default one."""
        template = Template(HEALTH)
        allowed = {
            statement["Resource"]
            for policy in template.of_type("AWS::SNS::TopicPolicy").values()
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        }
        told = {arn for a in template.of_type("AWS::CloudWatch::Alarm").values() for arn in a.get("AlarmActions", [])}
        self.assertEqual(told - allowed, set())
        self.assertEqual(len(told), 2)

    def test_the_output_says_how_to_confirm(self) -> None:
        """With authentication for unsubscribing, so that an email scanner cannot end it."""
        template = Template(HEALTH | {"AlertEmail": "a@example.com"})
        for name in ("NextStep", "HealthNextStep"):
            self.assertIn("aws sns confirm-subscription --authenticate-on-unsubscribe true", template.outputs[name])
            self.assertIn("--token", template.outputs[name])


class SecondStack(unittest.TestCase):
    """Two stacks in one account and region: what they share is refused and not shared without a word."""

    def exports(self, template: Template) -> set[str]:
        """The names that CloudFormation lets one stack of an account and region have."""
        outputs = template.source["Outputs"]
        return {template.resolve(outputs[name]["Export"]["Name"]) for name in template.outputs if "Export" in outputs[name]}

    def test_metrics_and_alarms_of_one_name_are_refused(self) -> None:
        """Their creation fails at an export that the first stack has."""
        first = self.exports(Template())
        self.assertEqual(first, {
            "vpc-flow-alerts:metric:Ping-Deny-Metrics:Ping-Deny",
            "vpc-flow-alerts:alarm:CloudWatch-Alarm-Ping-Deny",
        })  # fmt: skip
        shared = {
            "metrics": {"AlarmName": "Other", "LogGroupName": "Other", "TopicName": "Other"},
            "alarms": {"MetricName": "Other", "LogGroupName": "Other", "TopicName": "Other"},
        }
        for what, values in shared.items():
            self.assertEqual(len(first & self.exports(Template(values, stack="second"))), 1, what)
        for values in ({"MetricName": "Other"}, {"MetricNamespace": "Other"}):
            self.assertFalse(first & self.exports(Template(values | {"AlarmName": "Other"}, stack="second")))

    def test_another_name_of_the_metric_does_not_share_reject(self) -> None:
        """Reject is named alike in all stacks: with rules for TCP and UDP, each needs a namespace of its own."""
        ports, names = {"Rules": "ping,request"}, {"MetricName": "Other", "AlarmName": "Other"}
        both = self.exports(Template(ports)) & self.exports(Template(ports | names, stack="second"))
        self.assertEqual(both, {"vpc-flow-alerts:reject:Ping-Deny-Metrics"})
        other = Template(ports | names | {"MetricNamespace": "Other"}, stack="second")
        self.assertFalse(self.exports(Template(ports)) & self.exports(other))
        self.assertFalse(
            self.exports(Template(ports)) & self.exports(Template(names, stack="second")), "pings alone do not publish it"
        )

    def test_an_export_has_a_legal_name_whatever_the_parameters_are(self) -> None:
        """Letters, digits, colons and hyphens, 255 of them at most."""
        for parameter, longest in (("MetricNamespace", 120), ("MetricName", 100), ("AlarmName", 200)):
            pattern = Template().source["Parameters"][parameter]["AllowedPattern"]
            self.assertRegex("a" * longest, pattern)
            self.assertNotRegex("a" * (longest + 1), pattern)
        odd = {"MetricNamespace": "My/App.x#y_z:w" + "n" * 106, "MetricName": "a.b_c/d#e" + "m" * 91, "AlarmName": "._-" * 66}
        for name in self.exports(Template(odd | {"Rules": "request"})):
            self.assertRegex(name, r"^[A-Za-z0-9:-]{1,255}$")

    def test_all_other_names_are_the_stacks_own_or_refused_by_aws(self) -> None:
        """A log group and a topic that exist fail the deployment; what overwrites has the name of the stack in it."""
        refused = {"AWS::Logs::LogGroup", "AWS::SNS::Topic"}
        by_export = {"AWS::CloudWatch::Alarm"}
        one, two = Template(HEALTH, stack="one"), Template(HEALTH, stack="two")
        for name, resource in one.resources.items():
            if resource["Type"] in refused | by_export:
                continue
            for key, value in resource.get("Properties", {}).items():
                if re.search(r"Name$", key) and isinstance(value, str) and key not in ("LogGroupName", "DisplayName"):
                    if value.startswith("<"):
                        continue  # a name that CloudFormation makes
                    self.assertNotEqual(value, two.resources[name]["Properties"][key], f"{name}.{key}")


class Publishing(unittest.TestCase):
    """What goes with the template into the world."""

    def test_there_is_one_version(self) -> None:
        """Cargo.toml and, once released, the changelog."""
        cargo = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M)
        assert cargo
        self.assertRegex(cargo[1], r"^\d+\.\d+\.\d+$")
        headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
        self.assertEqual(headings[0], "Unreleased")
        released = [heading.strip("[]") for heading in headings[1:]]
        self.assertEqual(released, sorted(released, key=lambda text: [int(part) for part in text.split(".")], reverse=True))
        if released:
            self.assertEqual(cargo[1], released[0], "the version is that of the last release")

    def test_it_is_not_offered_to_a_repository_that_refuses_it(self) -> None:
        """The Serverless Application Repository knows neither of these types; nothing here says that it could be published."""
        types = {resource["Type"] for resource in Template().source["Resources"].values()}
        self.assertTrue({"AWS::EC2::FlowLog", "AWS::Logs::QueryDefinition"} & types)
        self.assertNotIn("AWS::ServerlessRepo::Application", Template().source["Metadata"])
        for page in ("README.md", "README.ja.md", "CONTRIBUTING.md"):
            self.assertNotIn("sam publish", (ROOT / page).read_text())

    def test_every_suppression_has_a_reason(self) -> None:
        """checkov takes one without."""
        for path in ("template.yaml", "testbed.yaml"):
            for name, resource in Template(path=ROOT / path).source["Resources"].items():
                for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                    self.assertGreater(len(skip.get("comment", "")), 15, f"{name} {skip['id']}")

    def test_links_between_the_pages_lead_somewhere(self) -> None:
        """Relative links in Markdown."""
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md")]
        for page in pages:
            for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}")


if __name__ == "__main__":
    unittest.main()
