"""template.yaml with its parameters put in: the dashboard, the rules and queries beside it, and what a change of it does."""

from __future__ import annotations

import itertools
import json
import re
import unittest

import dashboard
import records
import updates
from template import ROOT, Template

# What the functions publish under MetricName + suffix, with the dimension each has ...
PUBLISHED = {
    "": None,
    "-V6": None,
    "-Packets": None,
    "-Native": None,
    "-Skipped": None,
    "-Mails": None,
    "-Suppressed": None,
    "-Mail-Delay": None,
    "-Decisions": "Reason",
}
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
SWITCHES = ("Watchdog", "ContributorInsights", "Dashboard", "SavedQueries")


class Dashboard(unittest.TestCase):
    """The dashboard's body."""

    def bodies(self) -> list[tuple[Template, dict]]:
        """Every dashboard that the switches can make."""
        templates = [
            Template(dict(zip(SWITCHES, values, strict=True))) for values in itertools.product(("on", "off"), repeat=4)
        ]
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
            known = {(own, name + suffix): dimension for suffix, dimension in PUBLISHED.items()} | DOCUMENTED
            for widget in body["widgets"]:
                for line in dashboard.lines(widget):
                    if line.metric:
                        self.assertIn(line.metric[:2], known)
                        dimension = known[line.metric[:2]]
                        self.assertEqual([key for key, _ in line.metric[2]], [dimension] if dimension else [])

    def test_what_is_said_to_be_published_stands_in_the_sources(self) -> None:
        """So that a metric that is renamed there is missed here."""
        sources = [*(ROOT / "shared" / "alerting" / "src").rglob("*.rs"), ROOT / "template.yaml"]
        text = "".join(re.sub(r"(?s)#\[cfg\(test\)\].*", "", path.read_text()) for path in sources)
        for suffix in PUBLISHED:
            self.assertRegex(text, rf'[}}]{suffix}"')

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
        templates.append(Template({"FlowLogFormat": "${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}"}))
        for template in templates:
            for properties in template.of_type("AWS::CloudWatch::Dashboard").values():
                rules = {rule["RuleName"] for rule in template.of_type("AWS::CloudWatch::InsightRule").values()}
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
            used = {
                *contribution["Keys"],
                contribution["ValueOf"],
                *(condition["Match"] for condition in contribution["Filters"]),
            }
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


class Changes(unittest.TestCase):
    """Updates of a running stack."""

    def test_the_page_says_what_the_template_does(self) -> None:
        """The table of docs/operations.md; a change that would fail without being known to raises here."""
        self.assertTrue(updates.table() in (ROOT / "docs" / "operations.md").read_text(), "run make pages")

    def test_a_flow_log_is_replaced_and_never_left_double(self) -> None:
        """Whatever changes of it: one before, one after."""
        vpc = {"FlowLogResourceId": "vpc-0a1b2c3d4e5f60718"}
        for change in ({"LogGroupName": "Other"}, {"ExistingLogGroupName": "Other"}, {"FlowLogFormat": "${version} ${action}"}):
            self.assertIn("FlowLog", updates.effect(vpc, change).replaced)
        for change in (
            {"MetricName": "Other"},
            {"FilterPattern": ""},
            {"ExistingLogGroupName": "Log-Group"},
            {"TopicName": "Other"},
        ):
            self.assertNotIn("FlowLog", updates.effect(vpc, change).replaced, "nothing that does not concern it")
        self.assertEqual(len(Template(vpc).of_type("AWS::EC2::FlowLog")), 1)

    def test_a_second_resource_of_one_name_is_found(self) -> None:
        """The one change of today that cannot work, as a proof that such are noticed."""
        self.assertEqual(updates.effect({}, {"LogGroupOnDelete": "delete"}).clashes, {"AWS::Logs::LogGroup Log-Group"})
        self.assertEqual(updates.effect({}, {"LogGroupName": "Other"}).clashes, set())


class Publishing(unittest.TestCase):
    """What goes with the template into the world."""

    def test_there_is_one_version(self) -> None:
        """Cargo.toml, the template and, once released, the changelog."""
        cargo = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.M)
        published = Template().source["Metadata"]["AWS::ServerlessRepo::Application"]
        assert cargo
        self.assertRegex(cargo[1], r"^\d+\.\d+\.\d+$")
        self.assertEqual(published["SemanticVersion"], cargo[1])
        headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
        self.assertEqual(headings[0], "Unreleased")
        released = [heading.strip("[]") for heading in headings[1:]]
        self.assertEqual(released, sorted(released, key=lambda text: [int(part) for part in text.split(".")], reverse=True))
        if released:
            self.assertEqual(cargo[1], released[0], "the version is that of the last release")

    def test_files_that_are_named_exist(self) -> None:
        """`sam publish` uploads them."""
        published = Template().source["Metadata"]["AWS::ServerlessRepo::Application"]
        for key in ("LicenseUrl", "ReadmeUrl"):
            self.assertTrue((ROOT / published[key]).is_file())
        self.assertRegex(published["Author"], r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
        self.assertLessEqual(len(published["Description"]), 256)

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
