"""The real template with the real binaries, deployed by SAM: records in, emails and metrics out."""

from __future__ import annotations

import json
import unittest
from datetime import datetime

from tests.deployed.case import Case, NetworkCase, documents
from tests.harness import records
from tests.harness.adapted import Fixed

SOURCES = records.SAMPLES / "src"
# Short intervals, so that a whole incident fits into a test: a timeout of 3 s, updates after 6 s, resolved after 12 s.
BRIEF = Fixed(timeout_seconds=3)
SHORT = {"UpdateIntervalsMinutes": "0.1", "QuietMinutes": "0.2"}


class Pings(Case):
    """Batches with and without rejected pings."""

    def test_a_rejected_ping_becomes_an_email_and_a_metric_and_a_broken_batch_is_kept(self) -> None:
        """The two readable batches cause one email, as both are answers; the third is in the failure queue, complete."""
        self.deploy()
        sent = self.put("ping-deny")
        self.put("ping-deny")
        self.invoke("broken-gzip")
        self.collect(emails=1, failures=1)

        (email,) = self.emails
        self.assertTrue(email.subject.startswith("[Ping-Deny] "), email.subject)
        for part in ("172.31.16.139", "203.0.113.12", "4 packets", "eni-1235b8ca123456789", "123456789010", "eu-central-1"):
            self.assertIn(part, email.body)
        self.assertEqual(self.stack.emails_logged(), 1, "the email subscription gets it too")
        self.assertGreaterEqual(email.arrived_at, sent)
        self.assertLess(email.arrived_at - sent, 20)

        responses = self.responses("matched", "alerts", "suppressed")
        self.assertEqual(responses, [(1, 1, 0), (1, 0, 1)], "one incident: the second batch is counted without an email")
        self.assertEqual(self.sum("Ping-Deny"), 2)
        self.assertGreater(self.sum("Ping-Deny-Packets"), self.sum("Ping-Deny"))

        (failure,) = self.failures
        self.assertEqual(failure["requestPayload"], json.loads(records.sample("broken-gzip")), "the batch is kept complete")
        self.assertIn("gzip", failure["responsePayload"]["errorMessage"])

    def test_two_formats_in_the_parameter_reach_the_function(self) -> None:
        """Separated by `|`, as the parameter's description says."""
        custom = json.loads((SOURCES / "custom-format.json").read_text())["format"]
        self.deploy(FlowLogFormat=f"{records.DEFAULT_FORMAT}|{custom}")
        self.put("custom-format", as_is=True)
        self.put("ping-deny", as_is=True)
        self.collect(emails=1)
        self.assertEqual(self.responses("matched", "no_data", "unparsed"), [(4, 1, 0), (1, 0, 0)], self.log_tail())
        self.assertIn("i-0c50d5961bcb2d47b", self.emails[0].body)

    def test_the_stack_has_its_resources_and_outputs(self) -> None:
        """And sends no email without records."""
        self.deploy()
        self.collect()
        self.assertEqual(self.emails, [])
        kinds = {resource["ResourceType"] for resource in self.stack.resources()}
        for kind in ("Logs::SubscriptionFilter", "Lambda::Permission", "SNS::Topic", "SQS::Queue", "Logs::LogGroup"):
            self.assertIn(f"AWS::{kind}", kinds)
        self.assertIn("CloudWatch-Alarm-Ping-Deny", self.stack.alarms())
        self.assertEqual(self.stack.outputs["LogGroupName"], "Log-Group")
        self.assertTrue(self.stack.outputs["AlertTopicArn"].endswith(":CloudWatch-Alarms-Ping-Deny"), self.stack.outputs)

    def test_a_batch_delivered_twice_is_counted_once(self) -> None:
        """The first time: four data points of traffic, a decision, an email and its delay. The second time: one decision."""
        self.deploy()
        self.invoke("ping-deny")
        self.invoke("ping-deny")
        self.collect(emails=1)
        self.assertEqual(self.responses("matched", "alerts", "metrics"), [(1, 1, 7), (1, 0, 1)], self.log_tail())
        for reason in ("new", "repeated"):
            self.assertEqual(self.sum(f"Ping-Deny-Decisions,Reason={reason}"), 1, reason)
        self.assertEqual(len(self.emails), 1)


class Incidents(Case):
    """Grouping and life cycle of incidents."""

    def test_an_incident_is_opened_updated_and_resolved(self) -> None:
        """Each of the three emails reaches all kinds of subscribers."""
        policy = json.dumps({"kind": ["resolved"], "severity": ["info"]})
        stack = self.deploy(BRIEF, **SHORT, ChatTopic="yes")
        topic, scopes = stack.outputs["AlertTopicArn"], ("MessageAttributes", "MessageBody")
        filtered = {
            scope: stack.subscribe(f"filtered-{scope}", topic, FilterPolicy=policy, FilterPolicyScope=scope) for scope in scopes
        }
        chat = stack.subscribe("chat-reader", stack.outputs["ChatTopicArn"])
        self.put("ping-deny")
        self.put("ping-deny")
        self.collect(emails=3, seconds=90)

        subjects = [email.subject for email in self.emails]
        self.assertEqual(len(subjects), 3, f"{subjects}\n{self.log_tail()}")
        opened, update, resolved = subjects
        self.assertRegex(opened, r"^\[Ping-Deny\] 172\.31\.16\.139 could not answer 4 pings from 203\.0\.113\.12 \(#\w{4}\)$")
        self.assertTrue(
            update.startswith("[Ping-Deny] UPDATE: 172.31.16.139 could not answer 4 more pings from 203.0.113.12"), update
        )
        self.assertRegex(resolved, r"^\[Ping-Deny\] RESOLVED( after .*)?: ")
        self.assertIn(": 172.31.16.139 could not answer 8 pings from 203.0.113.12", resolved)
        sent_at = [datetime.fromisoformat(email.document["sent_at"].replace("Z", "+00:00")) for email in self.emails]
        self.assertGreaterEqual((sent_at[1] - sent_at[0]).total_seconds(), 6, "earlier than the interval")

        # The decisions of both functions, by reason.
        for reason in ("new", "open", "update-due", "quiet"):
            self.assertEqual(self.sum(f"Ping-Deny-Decisions,Reason={reason}"), 1, reason)
        self.assertEqual(self.sum("Ping-Deny-Emails"), 3)
        self.assertEqual(self.sum("Ping-Deny-Suppressed"), 1)
        self.assertGreaterEqual(self.sum("Ping-Deny-Email-Delay"), 60, "the packets are a minute old")

        incident = self.emails[0].document["incident"]["id"]
        for number, (email, kind) in enumerate(zip(self.emails, ("opened", "update", "resolved"), strict=True), 1):
            self.assertEqual((email.attributes["kind"], email.document["kind"]), (kind, kind))
            self.assertEqual((email.document["incident"]["id"], email.document["incident"]["number"]), (incident, number))
            self.assertEqual(email.document["version"], "1.0")
        for scope, queue_url in filtered.items():
            self.assertEqual([document["kind"] for document in documents(stack, queue_url)], ["resolved"], f"by {scope}")
        chats = documents(stack, chat)
        self.assertEqual([message["content"]["title"] for message in chats], subjects)
        self.assertEqual({message["metadata"]["threadId"] for message in chats}, {incident})

    def test_incidents_can_be_grouped_by_interface(self) -> None:
        """The first two batches are of one interface, the third of another."""
        self.deploy(IncidentBy="interface")
        for sample in ("ping-deny", "ping-deny", "ping-deny-v6"):
            self.put(sample)
        self.collect(emails=2)
        self.assertEqual(self.responses("alerts", "suppressed"), [(1, 0), (0, 1), (1, 0)], self.log_tail())
        one, other = self.emails
        self.assertIn("eni-1235b8ca123456789", one.body)
        self.assertIn("eni-0d7e5a1f9c3b2846e", other.body)


class Silenced(Case):
    """`vpc-flow-alerts silence`."""

    def test_an_incident_under_a_silence_ends_and_says_so_and_opens_again_after_it(self) -> None:
        """The program writes into the real table, and both functions read it."""
        stack = self.deploy(BRIEF, **SHORT)

        def silence(*arguments: str) -> str:
            status, output = stack.command("silence", *arguments)
            self.assertEqual(status, 0, output)
            return output

        self.put("ping-deny")
        self.collect(emails=1)
        status, listed = stack.command("incidents")
        self.assertEqual(status, 0, listed)
        self.assertRegex(listed, r"#\w{4}  open +your answers are stopped .* 4 packets, 1 record ")
        added = silence("add", "--source", "172.31.16.139", "--for", "1h", "--reason", "load test", "--by", "alice")
        self.assertIn("--source 172.31.16.139", added)
        self.put("ping-deny")
        self.collect(emails=2, seconds=90)
        self.assertEqual(self.responses("findings", "alerts", "suppressed"), [(1, 1, 0), (1, 0, 1)], self.log_tail())
        opened, resolved = (email.document for email in self.emails)
        self.assertEqual((opened["kind"], resolved["kind"]), ("opened", "resolved"))
        self.assertEqual(resolved["totals"]["records"], 1, "the second batch is not counted into the incident")
        self.assertNotIn("silences", opened["incident"])
        (known,) = resolved["incident"]["silences"]
        self.assertEqual((known["source"], known["reason"], known["by"]), ("172.31.16.139/32", "load test", "alice"))
        self.assertIn("load test", self.emails[1].body)
        self.assertEqual(self.sum("Ping-Deny"), 2, "silenced records are counted in the metrics")
        self.assertEqual(self.sum(f"Ping-Deny-Silenced,Silence={known['id']}"), 1)

        self.assertIn("no silences", silence("end", known["id"]))
        self.put("ping-deny")
        self.collect(emails=3)
        last = self.emails[-1].document
        self.assertEqual(last["kind"], "opened", last)
        self.assertNotEqual(last["incident"]["id"], opened["incident"]["id"])


class Replay(Case):
    """`vpc-flow-alerts replay`."""

    def replay(self, last: str, *options: str) -> str:
        """Runs the command, asserts its last line and status 1, and returns the output. A record is left each time."""
        status, output = self.stack.command("replay", *options)
        self.assertEqual((status, output.rstrip().splitlines()[-1]), (1, last), output)
        return output

    def test_it_replays_what_failed_and_leaves_the_rest_in_the_queue(self) -> None:
        """A batch that failed because of a missing table, an unreadable batch, and a record without its batch."""
        # A record without requestPayload, which Lambda omits if the payload is too large.
        empty = {
            "version": "1.0",
            "timestamp": "2026-11-23T09:00:00.000Z",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "responsePayload": {"errorMessage": "no"},
        }
        stack = self.deploy()
        stack.use_table(existing=False)
        self.invoke("ping-deny")
        self.invoke("broken-gzip")
        stack.fail(json.dumps(empty))

        shown = self.replay("0 done, 3 left in the queue", "--show")
        self.assertIn("2 records of Log-Group / eni-1235b8ca123456789-all from ", shown)
        self.assertIn("failed 3 times: cannot finish the batch: dynamodb ", shown)
        self.assertNotIn("failed again", shown, "--show sends nothing")
        too_early = self.replay("0 done, 3 left in the queue")
        self.assertIn("failed again, left in the queue: cannot finish the batch", too_early)
        stack.use_table(existing=True)
        self.replay("0 done, 3 left in the queue", "--show")
        replayed = self.replay("1 done, 2 left in the queue")
        self.assertIn('done:{"records":2,"matched":1,', replayed.replace(" ", ""))
        self.assertIn("failed again, left in the queue: cannot read the event", replayed)
        # The half hour before the record's time, in milliseconds.
        search = (
            "aws logs filter-log-events --log-group-name 'Log-Group' --filter-pattern REJECT "
            "--start-time 1795422600000 --end-time 1795424400000"
        )
        self.assertIn(search, replayed)
        self.replay("0 done, 1 left in the queue", "--drop")

        self.collect(emails=1, failures=1)
        (failure,) = self.failures
        self.assertIsInstance(failure["requestPayload"]["awslogs"], dict, "the broken batch is left")
        # The alarms on errors and on the failure queue send emails too.
        emails = [email.subject for email in self.emails if email.subject.startswith("[Ping-Deny] ")]
        self.assertEqual((self.responses("matched"), len(emails)), ([(1,)], 1), "counted and notified once")


class Enrichment(NetworkCase):
    """Enrichment by the deployed functions."""

    def test_the_email_names_what_ec2_knows(self) -> None:
        """Instance, owner, network ACL and rule."""
        self.deploy()
        self.put("ping-deny", interface=self.network.interface)
        self.collect(emails=1)
        (email,) = self.emails
        found = (self.network.interface, self.network.instance, self.network.acl)
        for part in ("web-1", "owner team-a", "rule 50", *found):
            self.assertIn(part, email.body)
        self.assertEqual(email.attributes.get("vpc"), self.network.vpc, "the VPC is from EC2; no record has it")


if __name__ == "__main__":
    unittest.main()
