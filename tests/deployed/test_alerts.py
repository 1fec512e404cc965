"""The real template with the real binaries, deployed by SAM: what goes in as records, and what comes out."""

from __future__ import annotations

import json
import unittest

from tests.deployed.case import Case, NetworkCase, documents
from tests.harness import records
from tests.harness.adapted import Fixed

SOURCES = records.SAMPLES / "src"
# Short times, so that an incident's whole life fits in: functions of 3 s, updates after 6 s, an end after 12 quiet ones.
BRIEF = Fixed(timeout_seconds=3)
SHORT = {"UpdateIntervalsMinutes": "0.1", "QuietMinutes": "0.2"}


class Pings(Case):
    """Rejected pings, and what is no rejected ping."""

    def test_a_rejected_ping_becomes_a_mail_and_a_metric_and_a_broken_batch_is_kept(self) -> None:
        """One email for both batches that can be read; the third is in the failure queue, whole."""
        self.deploy()
        sent = self.put("ping-deny")
        self.put("mixed-traffic")
        self.invoke("broken-gzip")
        self.collect(emails=1, failures=1)

        (email,) = self.emails
        self.assertTrue(email.subject.startswith("[Ping-Deny] "), email.subject)
        for part in ("172.31.16.139", "203.0.113.12", "4 packets", "eni-1235b8ca123456789", "123456789010", "eu-central-1"):
            self.assertIn(part, email.body)
        self.assertEqual(self.stack.emails_handed_over(), 1, "the e-mail subscription gets it too")
        self.assertGreaterEqual(email.arrived_at, sent)
        self.assertLess(email.arrived_at - sent, 20)

        mixed = json.loads((SOURCES / "mixed-traffic.json").read_text())["expected"]["matched"]
        told = self.told("matched", "alerts", "suppressed")
        self.assertEqual(told, [(1, 1, 0), (mixed, 0, 4)], "one incident: the second batch is counted and not emailed")
        self.assertEqual(self.sum("Ping-Deny"), 1 + mixed)
        self.assertGreater(self.sum("Ping-Deny-Packets"), self.sum("Ping-Deny"))

        (failure,) = self.failures
        self.assertEqual(failure["requestPayload"], json.loads(records.sample("broken-gzip")), "the batch is kept whole")
        self.assertIn("gzip", failure["responsePayload"]["errorMessage"])

    def test_two_formats_given_as_a_parameter_reach_the_function_as_they_are(self) -> None:
        """The default one is that of the parameter's description."""
        custom = json.loads((SOURCES / "custom-format.json").read_text())["format"]
        self.deploy(FlowLogFormat=f"{records.DEFAULT_FORMAT}|{custom}")
        self.put("custom-format", as_is=True)
        self.put("ping-deny", as_is=True)
        self.collect(emails=1)
        self.assertEqual(self.told("matched", "no_data", "unparsed"), [(4, 1, 0), (1, 0, 0)], self.last_words())
        self.assertIn("i-0c50d5961bcb2d47b", self.emails[0].body)

    def test_the_stack_has_what_a_person_needs_next(self) -> None:
        """And is silent as long as nothing happens."""
        self.deploy()
        self.collect()
        self.assertEqual(self.emails, [])
        kinds = {resource["ResourceType"] for resource in self.stack.resources()}
        for kind in ("Logs::SubscriptionFilter", "Lambda::Permission", "SNS::Topic", "SQS::Queue", "Logs::LogGroup"):
            self.assertIn(f"AWS::{kind}", kinds)
        self.assertIn("CloudWatch-Alarm-Ping-Deny", self.stack.alarms())
        self.assertEqual(self.stack.outputs["LogGroupName"], "Log-Group")
        self.assertTrue(self.stack.outputs["AlertTopicArn"].endswith(":CloudWatch-Alarms-Ping-Deny"), self.stack.outputs)

    def test_a_batch_that_is_delivered_twice_is_counted_once(self) -> None:
        """Two points of traffic the first time; a decision, an email and its delay with them, and one more decision the second
        time.
        """
        self.deploy()
        self.invoke("ping-deny")
        self.invoke("ping-deny")
        self.collect(emails=1)
        self.assertEqual(self.told("matched", "alerts", "metrics"), [(1, 1, 5), (1, 0, 1)], self.last_words())
        for reason in ("new", "repeated"):
            self.assertEqual(self.sum(f"Ping-Deny-Decisions,Reason={reason}"), 1, reason)
        self.assertEqual(len(self.emails), 1)


class Incidents(Case):
    """What belongs together, and its life."""

    def test_an_incident_is_opened_updated_and_ended_by_its_timer(self) -> None:
        """Three emails, each for all kinds of subscribers."""
        policy = json.dumps({"kind": ["resolved"], "severity": ["info"]})
        stack = self.deploy(BRIEF, **SHORT, ChatTopic="yes")
        topic, scopes = stack.outputs["AlertTopicArn"], ("MessageAttributes", "MessageBody")
        filtered = {
            scope: stack.subscribe(f"filtered-{scope}", topic, FilterPolicy=policy, FilterPolicyScope=scope) for scope in scopes
        }
        chat = stack.subscribe("reader-of-the-chat", stack.outputs["ChatTopicArn"])
        self.put("ping-deny")
        self.put("ping-deny-inbound")
        self.collect(emails=3, seconds=90)

        subjects = [email.subject for email in self.emails]
        self.assertEqual(len(subjects), 3, f"{subjects}\n{self.last_words()}")
        opening, update, resolved = subjects
        self.assertEqual(opening, "[Ping-Deny] 172.31.16.139 could not answer 4 pings from 203.0.113.12")
        self.assertTrue(update.startswith("[Ping-Deny] still going on: 180 more rejected pings from 198.51.100.23"), update)
        self.assertTrue(resolved.startswith("[Ping-Deny] resolved after "), resolved)
        self.assertIn(": 184 rejected pings between 172.31.16.139 and 2 addresses", resolved)
        # Six seconds from one decision to the next; each email takes some time of its own from there to here.
        self.assertGreaterEqual(self.emails[1].arrived_at - self.emails[0].arrived_at, 5.5, "sooner than the interval")

        # Each decision under its reason, those of both functions.
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

    def test_incidents_by_interface_are_told_apart(self) -> None:
        """The first two are of one interface, the third of another."""
        self.deploy(IncidentBy="interface")
        for sample in ("ping-deny", "ping-deny-inbound", "ping-deny-v6"):
            self.put(sample)
        self.collect(emails=2)
        self.assertEqual(self.told("alerts", "suppressed"), [(1, 0), (0, 1), (1, 0)], self.last_words())
        one, other = self.emails
        self.assertIn("eni-1235b8ca123456789", one.body)
        self.assertIn("eni-0d7e5a1f9c3b2846e", other.body)


class Replay(Case):
    """`make replay`."""

    def replay(self, last: str, *options: str) -> str:
        """Runs it, looks at its last line, and returns all that it printed. Something is left each time."""
        status, output = self.stack.replay(*options)
        self.assertEqual((status, output.rstrip().splitlines()[-1]), (1, last), output)
        return output

    def test_it_finishes_what_failed_and_leaves_what_it_cannot(self) -> None:
        """A batch that fails because the table is not there, one that can never be read, and one that is not in its record."""
        # What the documentation says of a record: the payload is in it unless something kept it out.
        empty = {
            "version": "1.0",
            "timestamp": "2026-11-23T09:00:00.000Z",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "responsePayload": {"errorMessage": "no"},
        }
        stack = self.deploy()
        stack.use_table(right=False)
        self.invoke("ping-deny")
        self.invoke("broken-gzip")
        stack.fail(json.dumps(empty))

        shown = self.replay("0 done, 3 left in the queue", "--show")
        self.assertIn("2 records of Log-Group / eni-1235b8ca123456789-all from ", shown)
        self.assertIn("failed 3 times: cannot finish the batch: dynamodb ", shown)
        self.assertNotIn("failed again", shown, "showing sends nothing")
        too_early = self.replay("0 done, 3 left in the queue")
        self.assertIn("failed again, left in the queue: cannot finish the batch", too_early)
        stack.use_table(right=True)
        self.replay("0 done, 3 left in the queue", "--show")
        replayed = self.replay("1 done, 2 left in the queue")
        self.assertIn('done:{"records":2,"matched":1,', replayed.replace(" ", ""))
        self.assertIn("failed again, left in the queue: cannot read the event", replayed)
        # Half an hour up to the record's time, in milliseconds.
        search = (
            "aws logs filter-log-events --log-group-name 'Log-Group' --filter-pattern REJECT "
            "--start-time 1795422600000 --end-time 1795424400000"
        )
        self.assertIn(search, replayed)
        self.replay("0 done, 1 left in the queue", "--drop")

        self.collect(emails=1, failures=1)
        (failure,) = self.failures
        self.assertIsInstance(failure["requestPayload"]["awslogs"], dict, "the broken batch is what is left")
        # The alarms on errors and on the failure queue email, too.
        emails = [email.subject for email in self.emails if email.subject.startswith("[Ping-Deny] ")]
        self.assertEqual((self.told("matched"), len(emails)), ([(1,)], 1), "the replayed batch is counted and emailed once")


class Enrichment(NetworkCase):
    """The functions in a network."""

    def test_the_deployed_function_looks_its_network_up(self) -> None:
        """And names in the email what it found."""
        self.deploy()
        self.put("ping-deny", interface=self.network.interface)
        self.collect(emails=1)
        (email,) = self.emails
        found = (self.network.interface, self.network.instance, self.network.acl)
        for part in ("web-1", "owner team-a", "rule 50", *found):
            self.assertIn(part, email.body)
        self.assertEqual(email.attributes.get("vpc"), self.network.vpc, "no record says which VPC it was")


if __name__ == "__main__":
    unittest.main()
