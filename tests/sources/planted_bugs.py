"""The bugs of `make planted`: mistakes that were made or are easy to make, and hard to notice in a review."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """One replacement in one file, and the arguments of the `cargo test` that must fail with it."""

    name: str
    file: str
    old: str
    new: str
    test: tuple[str, ...]


def wire(module: str) -> tuple[str, ...]:
    """Returns the arguments for the tests of one adapter in `wire`."""
    return ("-p", "aws-adapters", "--lib", f"wire::{module}::")


DYNAMODB = "shared/aws-adapters/src/dynamodb.rs"
SQS = "shared/aws-adapters/src/sqs.rs"
SNS = "shared/aws-adapters/src/sns/mod.rs"
CLOUDWATCH = "shared/aws-adapters/src/cloudwatch/metrics.rs"
CLOUDWATCH_DIGEST = "shared/aws-adapters/src/cloudwatch/digest.rs"
CLAIM = "shared/alerting/src/engine/claim.rs"
TIMER = "shared/alerting/src/engine/timer.rs"
FINDINGS = "shared/alerting/src/engine/findings.rs"
ITEMS = "shared/alerting/src/engine/items.rs"
PLAN = "shared/alerting/src/incident/plan/timer.rs"
PLANS = "shared/alerting/src/incident/plan/mod.rs"
TOP = "shared/alerting/src/incident/top.rs"
KEY = "shared/alerting/src/incident/key.rs"
SIGNAL = "shared/alerting/src/incident/signal.rs"
ORIGIN = "shared/alerting/src/detection/origin.rs"
DETECT = "shared/alerting/src/detection/detector.rs"
FLOW_KEY = "shared/alerting/src/detection/flow_key.rs"
NOTIFICATION = "shared/alerting/src/notification/notification.rs"
POLICY = "shared/alerting/src/incident/policy.rs"
STATE = "shared/alerting/src/incident/state.rs"
SUMMARY = "shared/alerting/src/incident/summary.rs"
ACL = "shared/alerting/src/explain/acl.rs"
VIEW = "shared/alerting/src/explain/view.rs"
PACKETS = "shared/alerting/src/explain/packets.rs"

SIMULATION = ("-p", "alerting", "--test", "simulation")
EXPLANATIONS = ("-p", "alerting", "--test", "explanations")
UNITS = ("-p", "alerting", "--lib")
WHOLE_INCIDENTS = ("-p", "alerting", "--test", "incidents")
STORED_STATE = ("-p", "alerting", "--test", "stored_state")

# The engine schedules timers before the commit.
SEND_TIMERS = """            for (message, delay_millis) in &plan.timers {
                self.timers.schedule(message, *delay_millis).await?;
            }
"""

ADAPTERS = [
    Bug(
        "unprocessed keys ignored",
        DYNAMODB,
        "            waiting = read.unprocessed_keys.filter(|keys| !keys.is_empty());\n",
        "            waiting = None;\n",
        wire("dynamodb"),
    ),
    Bug(
        "unprocessed keys returned as missing",
        DYNAMODB,
        'Err(PortError { call: CALL, reason: format!("keys were left unprocessed {MAX_READS} times") })',
        "Ok(ids.iter().map(|id| found.remove(&id.text())).collect())",
        wire("dynamodb"),
    ),
    Bug(
        "TransactionConflictException of a PutItem taken for success",
        DYNAMODB,
        "        match put {\n            Ok(_) => Ok(Commit::Written),\n",
        "        match put {\n            Ok(_) => Ok(Commit::Written),\n"
        "            Err(error) if matches!(error.as_service_error(), Some(PutItemError::TransactionConflictException(_)))"
        " => Ok(Commit::Written),\n",
        wire("dynamodb"),
    ),
    Bug(
        "TransactionConflict of a transaction taken for success",
        DYNAMODB,
        "return Ok(Commit::Conflict(conflicting(writes, reasons)))",
        'return Ok(if reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed")) '
        "{ Commit::Conflict(conflicting(writes, reasons)) } else { Commit::Written })",
        wire("dynamodb"),
    ),
    Bug(
        "eventually consistent reads",
        DYNAMODB,
        "KeysAndAttributes::builder().consistent_read(true)",
        "KeysAndAttributes::builder().consistent_read(false)",
        wire("dynamodb"),
    ),
    Bug(
        "a scan reads the first page",
        DYNAMODB,
        "start = page.last_evaluated_key.filter(|key| !key.is_empty());",
        "start = page.last_evaluated_key.filter(|_| false);",
        wire("dynamodb"),
    ),
    Bug(
        "an eventually consistent scan",
        DYNAMODB,
        "                .consistent_read(true)\n",
        "",
        wire("dynamodb"),
    ),
    Bug(
        "TTL in milliseconds",
        DYNAMODB,
        ".0 / 1_000).to_string()",
        ".0).to_string()",
        wire("dynamodb"),
    ),
    Bug(
        "version condition of a PutItem dropped",
        DYNAMODB,
        "            .set_item(Some(item.clone()))\n            .condition_expression(condition)\n"
        "            .set_expression_attribute_values(values)\n",
        "            .set_item(Some(item.clone()))\n",
        wire("dynamodb"),
    ),
    Bug(
        "version condition of a transaction dropped",
        DYNAMODB,
        "                .condition_expression(condition)\n                .set_expression_attribute_values(values)\n",
        "",
        wire("dynamodb"),
    ),
    Bug(
        "version condition only checks that the document exists",
        DYNAMODB,
        '            "version = :expected",\n'
        '            Some(HashMap::from([(":expected".to_owned(), AttributeValue::N(version.to_string()))])),\n',
        '            "attribute_exists(id)",\n            None,\n',
        wire("dynamodb"),
    ),
    Bug(
        "condition of a new document dropped",
        DYNAMODB,
        '"attribute_not_exists(id)"',
        '"attribute_not_exists(other)"',
        wire("dynamodb"),
    ),
    Bug(
        "lost answer of a PutItem taken for a conflict",
        DYNAMODB,
        "if failed.item() == Some(&item) =>",
        "if failed.item() == Some(&item) && item.is_empty() =>",
        wire("dynamodb"),
    ),
    Bug(
        "write of another writer taken for the lost one",
        DYNAMODB,
        "if failed.item() == Some(&item) =>",
        'if failed.item().and_then(|other| other.get("version")) == item.get("version") =>',
        wire("dynamodb"),
    ),
    Bug(
        "conflicting documents returned in part",
        DYNAMODB,
        "    found.collect::<Option<_>>().unwrap_or_default()\n",
        "    found.flatten().collect()\n",
        wire("dynamodb"),
    ),
    Bug(
        "throttled transaction not retried",
        DYNAMODB,
        "const MAX_WRITES: u32 = 5;",
        "const MAX_WRITES: u32 = 1;",
        wire("dynamodb"),
    ),
    Bug(
        "SQS delay zero",
        SQS,
        ".delay_seconds(i32::try_from(seconds).unwrap_or_default())",
        ".delay_seconds(0)",
        wire("sqs"),
    ),
    Bug(
        "SQS delay rounded down",
        SQS,
        "delay_millis.div_ceil(1_000)",
        "(delay_millis / 1_000)",
        wire("sqs"),
    ),
    Bug(
        "SQS delay not capped",
        SQS,
        ".min(MAX_DELAY_SECONDS)",
        ".min(MAX_DELAY_SECONDS + 1)",
        wire("sqs"),
    ),
    Bug(
        "SNS message without a text for each protocol",
        SNS,
        "            .message_structure(envelope::STRUCTURE)\n",
        "",
        wire("sns"),
    ),
    Bug(
        "SNS chat waits as long as an email",
        SNS,
        "            .config_override(chat_limits());\n",
        "            .config_override(chat_limits().retry_config(RetryConfig::standard().with_max_attempts(4)));\n",
        wire("sns"),
    ),
    Bug(
        "SNS throttling by the topic's key not retried",
        SNS,
        '&["Throttled", "KMSThrottling"][..]',
        '&["Throttled"][..]',
        wire("sns"),
    ),
    Bug(
        "CloudWatch points past the first call dropped",
        CLOUDWATCH,
        "points.chunks(MAX_POINTS_PER_CALL)",
        "points.chunks(MAX_POINTS_PER_CALL).take(1)",
        wire("cloudwatch"),
    ),
    Bug(
        "CloudWatch timestamps truncated to seconds",
        CLOUDWATCH,
        "DateTime::from_millis(point.at.to_i64())",
        "DateTime::from_secs(point.at.to_i64() / 1_000)",
        wire("cloudwatch"),
    ),
]

INCIDENTS = [
    Bug(
        "EC2 is asked of another account",
        "shared/function-edge/src/ports.rs",
        "            Networks::Ec2(own) if own.has(request) =>",
        "            Networks::Ec2(own) if own.has(request) || true =>",
        ("-p", "flow-alerts", "--test", "e2e", "stream"),
    ),
    Bug(
        "batches that are counted together are remembered as one",
        CLAIM,
        "found.lot.batches.iter().map(|batch| record(batch.key)).collect();",
        "found.lot.batches.iter().take(1).map(|batch| record(batch.key)).collect();",
        SIMULATION,
    ),
    Bug(
        "a batch that another run has begun with is counted with others",
        CLAIM,
        " || found.lot.batches.len() > 1;\n",
        ";\n",
        SIMULATION,
    ),
    Bug(
        "a flow in two batches of a call is listed twice",
        "shared/alerting/src/engine/together.rs",
        "find(|place| self.findings[*place].is_of_same_flow(finding))",
        "find(|_| false)",
        ("-p", "alerting", "--test", "connections"),
    ),
    Bug(
        "an email about two log streams links to one of them",
        FINDINGS,
        "            content.source.log_stream.clear();\n",
        "",
        ("-p", "alerting", "--test", "connections"),
    ),
    Bug(
        "timer of a new incident scheduled after the commit",
        CLAIM,
        SEND_TIMERS + "            match self.store.commit(&plan.writes).await? {\n                Commit::Written => {\n",
        "            match self.store.commit(&plan.writes).await? {\n                Commit::Written => {\n" + SEND_TIMERS,
        SIMULATION,
    ),
    Bug(
        "no timer when closing",
        PLAN,
        "        timers.push(ScheduledTimer { incident: reporting.id.clone(), timer: reporting.timer, delay_millis });\n",
        "",
        SIMULATION,
    ),
    Bug(
        "closing timer not rescheduled",
        TIMER,
        "                ReportStep::Busy => return Err(EngineError::Busy),\n",
        "                ReportStep::Busy => return Ok(run.outcome),\n",
        SIMULATION,
    ),
    Bug(
        "minimum delay zero",
        PLAN,
        "        let delay_millis = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);\n",
        "        let delay_millis = wake_in.min(MAX_DELAY_MILLIS);\n",
        SIMULATION,
    ),
    Bug(
        "minimum delay of the policy zero",
        POLICY,
        "        self.run_millis + (self.run_millis / 3).clamp(CLOCK_SKEW_MILLIS, 10 * SECOND_MILLIS)\n",
        "        0\n",
        UNITS,
    ),
    Bug(
        "last_seen never moves",
        STATE,
        "        self.last_seen = self.last_seen.max(now);\n",
        "",
        SIMULATION,
    ),
    Bug(
        "quiet time halved",
        PLAN,
        "time::after(counters.last_seen, quiet_millis(open.earlier.as_ref(), open.emails, policy))",
        "time::after(counters.last_seen, quiet_millis(open.earlier.as_ref(), open.emails, policy) / 2)",
        SIMULATION,
    ),
    Bug(
        "update interval one step too late",
        PLAN,
        "policy.interval_millis(open.emails)",
        "policy.interval_millis(open.emails + 1)",
        SIMULATION,
    ),
    Bug(
        "resolved emails off closes an incident with unreported findings",
        PLAN,
        "    let email_first = open.emails == 0 || (news && !policy.resolved_emails);\n",
        "    let email_first = open.emails == 0;\n",
        SIMULATION,
    ),
    Bug(
        "untracked records not counted",
        SUMMARY,
        "            totals: untracked.totals,\n            protocols",
        "            totals: Totals::default(),\n            protocols",
        UNITS,
    ),
    Bug(
        "reported flows forgotten",
        STATE,
        "            self.reported.merge(&handed.summary);\n",
        "            self.reported.totals.add(&handed.summary.totals);\n",
        WHOLE_INCIDENTS,
    ),
    Bug(
        "newest accepted opposite ignored",
        "shared/alerting/src/detection/accepted.rs",
        "            (Some(known), Some(other)) => known.add(other),\n",
        "            (Some(_), Some(_)) => {}\n",
        UNITS,
    ),
    Bug(
        "batch record kept minutes instead of days",
        ITEMS,
        "const BATCH_KEPT_MILLIS: u64 = 16 * 24 * 60 * MINUTE_MILLIS;",
        "const BATCH_KEPT_MILLIS: u64 = 16 * MINUTE_MILLIS;",
        SIMULATION,
    ),
    Bug(
        "stored field renamed",
        STATE,
        '    #[serde(with = "epoch_millis")]\n    pub last_email_at: EpochMillis,\n    /// The lease',
        '    #[serde(with = "epoch_millis", rename = "emailed_at")]\n    pub last_email_at: EpochMillis,\n    /// The lease',
        STORED_STATE,
    ),
    Bug(
        "an address that no email has named waits like any other",
        PLANS,
        "        (true, _) => usual.min(policy.interval_millis(1)),\n",
        "        (true, _) => usual,\n",
        SIMULATION,
    ),
    Bug(
        "a reopened incident sends an email at once, each time",
        PLANS,
        "        (false, true) => usual.min(MAX_REOPENED_EMAIL_MILLIS),\n",
        "        (false, true) => 0,\n",
        SIMULATION,
    ),
    Bug(
        "a reopened incident is resolved as fast as a new one",
        PLANS,
        "        Some(_) => policy.quiet_millis().max(policy.interval_millis(emails)),\n",
        "        Some(_) => policy.quiet_millis(),\n",
        SIMULATION,
    ),
    Bug(
        "a reopened incident forgets what it had counted",
        NOTIFICATION,
        "        total.add(&self.total);\n",
        "        total = self.total;\n",
        SIMULATION,
    ),
    Bug(
        "what must be named makes room for heavier ones",
        TOP,
        "            let heavy = self.entries.iter().filter(|(_, entry)| !entry.named);\n",
        "            let heavy = self.entries.iter();\n",
        UNITS,
    ),
    Bug(
        "background fills the room of what is ours",
        DETECT,
        "usize::from(key.tuple.ports.is_some()) * 2 + usize::from(origin == Origin::Internet)",
        "usize::from(key.tuple.ports.is_some()) * 2",
        UNITS,
    ),
    Bug(
        "an answer of ours is taken for a request",
        ORIGIN,
        "        Some(Direction::Egress) if answers => (Origin::OwnAnswer, OriginBasis::AcceptedOpposite),\n",
        "",
        WHOLE_INCIDENTS,
    ),
    Bug(
        "strangers are taken for a private network",
        ORIGIN,
        "        Scope::Public | Scope::Documentation => (Origin::Internet, OriginBasis::AddressScope),\n",
        "        Scope::Public | Scope::Documentation => (Origin::Private, OriginBasis::AddressScope),\n",
        SIMULATION,
    ),
    Bug(
        "background is an incident",
        SIGNAL,
        "(self.policy.internet_pings == InternetPings::Alert).then_some(Signal::Internet)",
        "(self.policy.internet_pings != InternetPings::Count).then_some(Signal::Internet)",
        SIMULATION,
    ),
    Bug(
        "a persistent ping is background",
        SIGNAL,
        "            Origin::Internet if self.is_persistent(sender, receiver) => Some(Signal::PersistentPing),\n",
        "",
        SIMULATION,
    ),
    Bug(
        "what nobody can decide is background",
        ORIGIN,
        "        None => (Origin::Private, OriginBasis::Undecided),\n",
        "        None => (Origin::Internet, OriginBasis::Undecided),\n",
        WHOLE_INCIDENTS,
    ),
]

PARTY = "shared/alerting/src/notification/email/party.rs"

STATEMENTS = [
    Bug(
        "reject-reason is not part of the flow",
        DETECT,
        "key.reason = reason.map(|reason| self.number_of(reason));",
        "key.reason = None;",
        UNITS,
    ),
    Bug(
        "senders behind one address are one sender",
        FLOW_KEY,
        "let packet_source = other(record.pkt_srcaddr, srcaddr);",
        "let packet_source = other(None, srcaddr);",
        UNITS,
    ),
    Bug(
        "direction guessed without an interface",
        FLOW_KEY,
        "(false, false) if has_interface =>",
        "(false, false) if has_interface || srcaddr != dstaddr =>",
        UNITS,
    ),
    Bug(
        "packets for the next email counted as reported",
        STATE,
        "self.handed.take_if(|handed| handed.email <= emails)",
        "self.handed.take_if(|handed| handed.email <= emails + 1)",
        SIMULATION,
    ),
    Bug(
        "an address of any VPC has a name",
        PARTY,
        "ids.len() == 1 && (has_id || all_own)",
        "has_id || all_own",
        WHOLE_INCIDENTS,
    ),
]

SILENCE = "shared/alerting/src/incident/silence.rs"
PLAN_SILENCE = "shared/alerting/src/incident/plan/silence.rs"
PLAN_BATCH = "shared/alerting/src/incident/plan/batch.rs"
CLAIM_PLAN = "shared/alerting/src/engine/claim_plan.rs"

SILENCES = [
    Bug(
        "a silence of one account covers all",
        "shared/alerting/src/incident/silence.rs",
        "            && is(&self.account, account)\n",
        "",
        UNITS,
    ),
    Bug(
        "a silence applies after its end",
        SILENCE,
        "self.from <= now && now < self.ends_at()",
        "self.from <= now",
        SIMULATION,
    ),
    Bug(
        "a silence covers findings with one condition of several",
        SILENCE,
        "            && destination.is_none_or(",
        "            || destination.is_some_and(",
        UNITS,
    ),
    Bug(
        "a silenced host is counted into the incident",
        FINDINGS,
        "                Some(silence) => cover(silence, finding.totals.records),\n",
        "                Some(silence) => { cover(silence, finding.totals.records); left.push(*finding); }\n",
        SIMULATION,
    ),
    Bug(
        "an incident is reopened without an email after a silence",
        PLAN_BATCH,
        "recent(past) && findings.silences.let_reopen(past)",
        "recent(past)",
        SIMULATION,
    ),
    Bug(
        "what a silence covered stays named after its end",
        PLAN_SILENCE,
        "                open.named.retain(|address| !known.silence.may_cover(*address));\n",
        "",
        SIMULATION,
    ),
    Bug(
        "an email says that a silence is in force that its maker has ended",
        PLAN,
        "    silences.note(&mut open, now);\n",
        "",
        SIMULATION,
    ),
    Bug(
        "silenced findings write into the table for ever",
        PLAN_SILENCE,
        "    (noted || timer.is_some()).then_some((changed, timer))\n",
        "    let _ = noted;\n    Some((changed, timer))\n",
        UNITS,
    ),
    Bug(
        "the emails of an hour are not counted",
        CLAIM_PLAN,
        "                emails = emails.map(HourlyEmails::with_one_more);\n",
        "",
        SIMULATION,
    ),
    Bug(
        "updates beyond the emails of an hour do not wait",
        PLAN,
        "        if *capped && due == Due::Update {",
        "        if *capped && due == Due::Resolved {",
        SIMULATION,
    ),
    Bug(
        "a test record is in an incident of real ones",
        KEY,
        "            _ if source.is_test() => KeyPart::Test,\n",
        "",
        SIMULATION,
    ),
    Bug(
        "a silence covers a test",
        FINDINGS,
        "        let silences = if self.key.part == KeyPart::Test { &[] } else { silences };\n",
        "",
        SIMULATION,
    ),
    Bug(
        "a test reopens an incident and sends no email at once",
        PLAN_BATCH,
        "    let reopens = findings.key.part != KeyPart::Test;\n",
        "    let reopens = true;\n",
        SIMULATION,
    ),
    Bug(
        "the limit of emails an hour holds a test back",
        KEY,
        "KeyPart::Target(_) | KeyPart::Service(_))",
        "KeyPart::Target(_) | KeyPart::Service(_) | KeyPart::Test)",
        SIMULATION,
    ),
    Bug(
        "what may not open an incident of its own is lost",
        CLAIM_PLAN,
        "            let findings = findings.with(&excess, self.group_by);\n",
        "            let findings = findings.clone();\n",
        SIMULATION,
    ),
]

ACTIONS = "shared/alerting/src/notification/email/actions.rs"
WRITER = "shared/alerting/src/notification/email/writer.rs"
STORY = "shared/alerting/src/notification/email/connections.rs"
OPENING = "shared/alerting/src/notification/email/opening.rs"
SILENCE_ADVICE = "shared/alerting/src/notification/email/silence.rs"
HEADLINE = "shared/alerting/src/notification/email/headline.rs"
LINKS = "shared/alerting/src/notification/links/mod.rs"
EMAILS = ("-p", "alerting", "--test", "emails")

ADVICE = [
    Bug(
        "the oldest log lines of a period are kept",
        SUMMARY,
        "self.lines.sort_by_key(|kept| Reverse(kept.at));",
        "self.lines.sort_by_key(|kept| kept.at);",
        UNITS,
    ),
    Bug(
        "a rule is opened for strangers",
        ACTIONS,
        "matches!(signal, Signal::Flood | Signal::PersistentPing | Signal::Internet)",
        "matches!(signal, Signal::Flood)",
        EMAILS,
    ),
    Bug(
        "a rule for one source lets others in",
        ACTIONS,
        "        narrow: inbound && (outside || writer.notification.key.signal == Signal::MustReach),\n",
        "        narrow: false,\n",
        EMAILS,
    ),
    Bug(
        "nobody is warned that strangers are answered",
        ACTIONS,
        "            && writer.notification.key.signal == Signal::OwnAnswer\n",
        "            && false\n",
        EMAILS,
    ),
    Bug(
        "answers are silenced for one stranger",
        SILENCE_ADVICE,
        "        (Signal::OwnAnswer, Some(source), _) => Conditions::of_source(source),\n",
        "",
        EMAILS,
    ),
    Bug(
        "an email about TCP speaks of pings",
        WRITER,
        "phrases_about(notification.traffic())",
        "phrases()",
        EMAILS,
    ),
    Bug(
        "client and server are mixed up in what could not be answered",
        STORY,
        "        Kind::AnswersOut | Kind::AnswersIn => Side::Source,\n",
        "        Kind::AnswersOut | Kind::AnswersIn => Side::Target,\n",
        EMAILS,
    ),
    Bug(
        "a rule names the group of a public address, which no reference fits",
        OPENING,
        ".filter(|interface| interface.addresses.contains(&endpoint.record.address))",
        ".filter(|interface| interface.owns(endpoint.record.address))",
        EMAILS,
    ),
    Bug(
        "a rule names a group that only some of the clients are in",
        OPENING,
        "one.intersection(&other)",
        "one.union(&other)",
        EMAILS,
    ),
    Bug(
        "a scan gets the rules that it lacks",
        ACTIONS,
        "if writer.notification.key.rule == Rule::Scan {",
        "if writer.notification.key.rule == Rule::Late {",
        EMAILS,
    ),
    Bug(
        "a silence of a service is one of its host",
        SILENCE_ADVICE,
        "port: Some(service.port), ..Conditions::default()",
        "port: None, ..Conditions::default()",
        EMAILS,
    ),
    Bug(
        "a silence covers other ports",
        "shared/alerting/src/incident/silence.rs",
        ".is_some_and(|service| service.port == port)",
        ".is_some()",
        UNITS,
    ),
    Bug(
        "the id of a subject that is too long is cut",
        HEADLINE,
        'format!("{}{id}", one_line(&text, room))',
        'one_line(&format!("{text}{id}"), MAX_SUBJECT_CHARS).into_owned()',
        EMAILS,
    ),
    Bug(
        "the query of an update reaches into the period before",
        LINKS,
        "(None, Some(_), Some(_)) => (first,",
        "(None, Some(_), Some(_)) => (time::before(first, AROUND_MILLIS),",
        WHOLE_INCIDENTS,
    ),
]

EXPLANATION = [
    Bug(
        "ACL rule of the same ICMP type and another code shadows",
        ACL,
        "earlier.kind == range.kind && (earlier.code.is_none() || earlier.code == range.code)",
        "earlier.kind == range.kind",
        EXPLANATIONS,
    ),
    Bug(
        "a range of ports ends one early",
        PACKETS,
        "range.last.checked_add(1)]",
        "Some(range.last)]",
        EXPLANATIONS,
    ),
    Bug(
        "a rule of a range has its last port left out",
        PACKETS,
        "Part::Ports(range)) => Answer::of(range.contains(ports)),",
        "Part::Ports(range)) => Answer::of(range.contains(ports) && ports.last < range.last.max(1)),",
        EXPLANATIONS,
    ),
    Bug(
        "ACL rules of the wrong direction are gone through",
        ACL,
        ".filter(|entry| entry.egress == egress)",
        ".filter(|entry| entry.egress != egress)",
        EXPLANATIONS,
    ),
    Bug(
        "the way back is judged by the rules of the way there",
        VIEW,
        "View { direction: self.direction.opposite(), packets: self.packets.back(), ..self }",
        "View { packets: self.packets.back(), ..self }",
        EXPLANATIONS,
    ),
    Bug(
        "the way back is for the server's port",
        PACKETS,
        "                source: ports.target,\n                target: ports.source,\n",
        "",
        EXPLANATIONS,
    ),
    Bug(
        "a rule for all protocols has no ports",
        PACKETS,
        "            (Packets::Ports(_), RuleTraffic::All) => Some(Part::Ports(PortRange::ALL)),\n",
        "",
        EXPLANATIONS,
    ),
    Bug(
        "a rule for UDP is taken for one for TCP",
        PACKETS,
        "if rule.protocol() == Some(ports.protocol.0)",
        "if rule.ports().is_some() || rule.protocol() == Some(ports.protocol.0)",
        EXPLANATIONS,
    ),
    Bug(
        "ACL rules are gone through in the order of the list",
        ACL,
        "    fitting.sort_by_key(|(entry, _)| (entry.number, entry.allow));\n",
        "",
        EXPLANATIONS,
    ),
    Bug(
        "a part of a prefix list counts as the whole",
        "shared/alerting/src/explain/groups.rs",
        "                false if list.complete => Answer::No,\n                false => Answer::Open,\n",
        "                false => Answer::No,\n",
        EXPLANATIONS,
    ),
    Bug(
        "an incomplete prefix list is remembered",
        "shared/aws-adapters/src/ec2/cache.rs",
        "let at = if complete { now } else { Cache::NOT_KEPT };\n            self.prefix_lists",
        "let at = now;\n            self.prefix_lists",
        ("-p", "aws-adapters", "--lib", "ec2::"),
    ),
    Bug(
        "same-subnet bound /24 instead of /16",
        VIEW,
        "one.to_bits() >> 16 == other.to_bits() >> 16",
        "one.to_bits() >> 8 == other.to_bits() >> 8",
        EXPLANATIONS,
    ),
]

PERIOD = "shared/alerting/src/digest/period.rs"
SOURCE = "shared/alerting/src/digest/source.rs"
DIGESTS = ("-p", "alerting", "--test", "digest")

DIGEST = [
    Bug(
        "digest covers the day before its day",
        PERIOD,
        "            span: span(length, 0)?,\n",
        "            span: span(2 * length, length)?,\n",
        UNITS,
    ),
    Bug(
        "digest compared with a median that includes its own day",
        PERIOD,
        "(1..=cadence.periods_compared()).map(",
        "(0..cadence.periods_compared()).map(",
        DIGESTS,
    ),
    Bug(
        "what the digest does not know is zero",
        SOURCE,
        "            Some(Err(unknown)) => Err(unknown.clone()),\n",
        "            Some(Err(_)) => Ok(&[]),\n",
        DIGESTS,
    ),
    Bug(
        "digest sent each time its schedule comes",
        "shared/alerting/src/engine/digest.rs",
        "            Some(before) if before.done => return Ok(None),\n",
        "",
        DIGESTS,
    ),
    Bug(
        "days without records count in the digest's median",
        "shared/alerting/src/digest/background.rs",
        "answers.sum(&Measure::LogEvents, span).is_ok_and(|events| events > 0)",
        "answers.sum(&Measure::LogEvents, span).is_ok()",
        DIGESTS,
    ),
    Bug(
        "a metric that failed has no data points",
        CLOUDWATCH_DIGEST,
        "            Some(StatusCode::Complete) => Ok(self.points),\n",
        "            Some(_) if self.points.is_empty() => Ok(self.points),\n"
        "            Some(StatusCode::Complete) => Ok(self.points),\n",
        wire("digest"),
    ),
    Bug(
        "only the first page of metrics is read",
        CLOUDWATCH_DIGEST,
        "            next = page.next_token;\n",
        "            next = page.next_token.filter(|_| false);\n",
        wire("digest"),
    ),
]

EXPLAIN_COMMAND = ("-p", "vpc-flow-alerts", "--test", "explain")

COMMANDS = [
    Bug(
        "explain: a file that is missing counts as empty",
        "shared/alerting/src/enrichment/response/cli_output.rs",
        "            (NetworkPart::Acls, self.acls.is_some()),\n",
        "",
        UNITS,
    ),
    Bug(
        "explain: a resource that no file has is not missing",
        "cli/src/explain/network.rs",
        "        if !has && network.why_missing(part).is_none() {",
        "        if has && network.why_missing(part).is_none() {",
        EXPLAIN_COMMAND,
    ),
    Bug(
        "explain: what one flow misses is said of the next",
        "cli/src/explain/mod.rs",
        "                network.missing.clone_from(missing);\n",
        "",
        EXPLAIN_COMMAND,
    ),
    Bug(
        "explain: both layers are shown as one",
        "cli/src/explain/json.rs",
        "            Layer::Both | Layer::Either => Layers::Several([GROUPS, ACL]),\n",
        "            Layer::Either => Layers::Several([GROUPS, ACL]),\n            Layer::Both => Layers::One(ACL),\n",
        EXPLAIN_COMMAND,
    ),
    Bug(
        "the AWS CLI's public addresses are not read",
        "shared/alerting/src/enrichment/response/interface.rs",
        '    #[serde(alias = "PublicIp")]\n',
        "",
        ("-p", "aws-adapters", "--lib", "ec2::"),
    ),
]

STACK_COMMANDS = ("-p", "vpc-flow-alerts", "--test", "stack")
SILENCE_CHANGE = "cli/src/silence/change.rs"
REPLAY = "cli/src/replay/mod.rs"
REPLAY_QUEUE = "cli/src/replay/queue.rs"
READ_INCIDENTS = "cli/src/incidents/read.rs"

ON_A_STACK = [
    Bug(
        "silence: a conflict counts as written",
        SILENCE_CHANGE,
        "        if commit == Commit::Written {\n",
        "        if commit == Commit::Written || expected.is_some() {\n",
        STACK_COMMANDS,
    ),
    Bug(
        "silence: four attempts instead of five",
        SILENCE_CHANGE,
        "const MAX_ATTEMPTS: u32 = 5;",
        "const MAX_ATTEMPTS: u32 = 4;",
        STACK_COMMANDS,
    ),
    Bug(
        "silence: those that have ended stay",
        SILENCE_CHANGE,
        "    silences.retain(|silence| silence.ends_at() > now);\n",
        "    silences.retain(|silence| silence.from <= now);\n",
        STACK_COMMANDS,
    ),
    Bug(
        "silence: conditions are not fit for a shell",
        SILENCE,
        "text.map(|text| shell_word(text).into_owned());",
        "text.map(|text| shell_word(text).replace('\\'', \"\"));",
        STACK_COMMANDS,
    ),
    Bug(
        "incidents: records before it was reopened are not counted",
        READ_INCIDENTS,
        "                open.record.earlier.iter().for_each(|earlier| totals.add(&earlier.totals));\n",
        "",
        STACK_COMMANDS,
    ),
    Bug(
        "incidents: the one that was reopened is listed as resolved too",
        READ_INCIDENTS,
        "last.filter(|last| reopened.as_deref() != Some(&last.id))",
        'last.filter(|_| reopened.as_deref() != Some(""))',
        STACK_COMMANDS,
    ),
    Bug(
        "incidents: the next email is an update that the end comes before",
        "shared/alerting/src/incident/plan/outlook.rs",
        "if !news || resolved_at <= update_at =>",
        "if !news =>",
        ("-p", "alerting", "--lib", "outlook"),
    ),
    Bug(
        "replay: a function error counts as done",
        "shared/aws-adapters/src/signed/error.rs",
        'response.headers().get("x-amz-function-error")',
        'response.headers().get("x-amz-function-errors")',
        STACK_COMMANDS,
    ),
    Bug(
        "replay: a failed invocation is repeated",
        REPLAY,
        "max_attempts: 1 }",
        "max_attempts: 3 }",
        STACK_COMMANDS,
    ),
    Bug(
        "replay: a timer message is deleted before it is sent",
        REPLAY,
        "            timers.send(timer_body(&message.body)).await?;\n            failed.delete(&message).await?;\n",
        "            failed.delete(&message).await?;\n            timers.send(timer_body(&message.body)).await?;\n",
        STACK_COMMANDS,
    ),
    Bug(
        "replay: --drop deletes what --show shows",
        REPLAY,
        "let drops = args.drop && !args.show;",
        "let drops = args.drop;",
        STACK_COMMANDS,
    ),
    Bug(
        "replay: what was received stays invisible after a failure",
        REPLAY,
        "        let mut released = failures.release().await;\n",
        "        let mut released = if ended.is_ok() { failures.release().await } else { Ok(()) };\n",
        STACK_COMMANDS,
    ),
    Bug(
        "replay: a message that is visible again ends it",
        REPLAY_QUEUE,
        "Some(_) if self.repeats >= self.received.len() => return Ok(None),",
        "Some(_) => return Ok(None),",
        STACK_COMMANDS,
    ),
    Bug(
        "explain: EC2 is asked although a person said not to",
        "cli/src/explain/mod.rs",
        "None => args.offline.then(",
        "None => (args.offline && !args.json).then(",
        STACK_COMMANDS,
    ),
]

BACKTEST = ("-p", "vpc-flow-alerts", "--test", "backtest")
BATCHES = "cli/src/backtest/play/batches.rs"

BACKTESTS = [
    Bug(
        "a backtest drops accepted pings",
        "cli/src/records/tally.rs",
        "Ok(Line::Flow(flow)) if !self.rules.look_at(flow.protocol()) => {",
        "Ok(Line::Flow(flow)) if !self.rules.look_at(flow.protocol()) || flow.action() == Action::Accept => {",
        BACKTEST,
    ),
    Bug(
        "a backtest plays timers before batches that may still come",
        "cli/src/backtest/play/mod.rs",
        "self.play(time::after(complete_until, self.delivery.delay_millis), on_event)?;",
        "self.play(EpochMillis(u64::MAX), on_event)?;",
        BACKTEST,
    ),
    Bug(
        "a backtest takes records that are too late",
        BATCHES,
        "        if start < self.complete_until {\n",
        "        if start.0 == 1 {\n",
        BACKTEST,
    ),
    Bug(
        "a batch of a backtest has all interfaces",
        BATCHES,
        "            interface: record.interface.clone(),\n",
        "            interface: String::new(),\n",
        BACKTEST,
    ),
    Bug(
        "a backtest counts what belongs to incidents as background, too",
        "cli/src/backtest/play/traffic.rs",
        "            rest.records = rest.records.saturating_sub(part.records);\n",
        "",
        (*BACKTEST, "output::"),
    ),
    Bug(
        "a backtest does not store silences",
        "cli/src/backtest/play/mod.rs",
        "            self.store_silences(start)?;\n",
        "",
        (*BACKTEST, "silences::"),
    ),
    Bug(
        "text of records is markup on the page of a backtest",
        "cli/src/backtest/report/html/svg.rs",
        "            '<' => safe.push_str(\"&lt;\"),\n",
        "            '<' => safe.push(c),\n",
        (*BACKTEST, "page::"),
    ),
    Bug(
        "a comparison takes any incident of an origin for the same one",
        "cli/src/backtest/report/differences.rs",
        "        && one.first_packet() <= other.last_packet()\n",
        "",
        (*BACKTEST, "settings::"),
    ),
    Bug(
        "the minutes past the limit of one call are lost",
        "shared/alerting/src/metrics/minutes.rs",
        "                last.add(&over);\n",
        "                let _ = (last, over);\n",
        ("-p", "alerting", "--lib"),
    ),
    Bug(
        "the metrics by rule are not counted towards the limit of one call",
        "shared/alerting/src/engine/traffic.rs",
        "(pings * Minutes::POINTS + others * REJECT_POINTS).max(1)",
        "(pings * Minutes::POINTS).max(1)",
        ("-p", "alerting", "--lib"),
    ),
    Bug(
        "rejected TCP and UDP count as pings",
        "shared/alerting/src/engine/traffic.rs",
        "by_rule.iter().filter(|((rule, _), _)| *rule == Rule::Ping).zip(1..)",
        "by_rule.iter().zip(1..)",
        ("-p", "alerting", "--lib"),
    ),
    Bug(
        "a line of the embedded metric format keeps one dimension",
        "shared/alerting/src/metrics/embedded.rs",
        "set.iter().map(|(name, _)| *name).collect()",
        "set.iter().take(1).map(|(name, _)| *name).collect()",
        ("-p", "alerting", "--lib"),
    ),
    Bug(
        "doctor takes the pattern for pings as right whatever the rules are",
        "cli/src/doctor/expected.rs",
        '"auto" if has_pings(stack) && is_one_rule(stack) && parameter',
        '"auto" if parameter',
        ("-p", "vpc-flow-alerts", "--bin", "vpc-flow-alerts"),
    ),
    Bug(
        "the estimated cost leaves the reads of DynamoDB out",
        "cli/src/backtest/report/cost.rs",
        '("dynamodb_read", finding * READS_PER_FINDING_BATCH),',
        "",
        ("-p", "vpc-flow-alerts", "--bin", "vpc-flow-alerts"),
    ),
    Bug(
        "a batch of a backtest has any size",
        BATCHES,
        "bytes + record.bytes() > MAX_BATCH_BYTES",
        "bytes + record.bytes() > usize::MAX - 1",
        BACKTEST,
    ),
    Bug(
        "files are read one after the other",
        "cli/src/records/merge.rs",
        "open.peek().is_none_or(|first| *time <= first.record.start)",
        "time.is_some() && open.is_empty()",
        BACKTEST,
    ),
    Bug(
        "merged files go on in the order of their names",
        "cli/src/records/source.rs",
        "Reverse((self.record.start, self.index))",
        "Reverse((None, self.index))",
        BACKTEST,
    ),
    Bug(
        "a query's results stay in its order",
        "cli/src/records/documents.rs",
        "sort_by_key(|event| event.timestamp)",
        "sort_by_key(|_| 0)",
        BACKTEST,
    ),
]

CONNECTION = "shared/alerting/src/detection/connection.rs"
SCAN = "shared/alerting/src/incident/scan.rs"
SENDERS = "shared/alerting/src/engine/senders.rs"
CLAIM_PLAN_OF_SCANS = "shared/alerting/src/engine/claim_plan.rs"
CASES = ("-p", "alerting", "--test", "connections")

# TCP and UDP.
CONNECTIONS = [
    Bug(
        "connections take the room of pings",
        DETECT,
        "usize::from(key.tuple.ports.is_some()) * 2 + usize::from(origin == Origin::Internet)",
        "usize::from(origin == Origin::Internet)",
        CASES,
    ),
    Bug(
        "a SYN with ACK is a client's",
        CONNECTION,
        "flags if flags.contains(TcpFlags::SYN_ACK) => Some(sender.other()),",
        "flags if flags.contains(TcpFlags::SYN_ACK) => Some(sender),",
        CASES,
    ),
    Bug(
        "ports outweigh what was accepted",
        CONNECTION,
        "if self.opposite.is_some() && self.same.is_none() && theirs.is_none() {",
        "if self.opposite.is_some() && self.same.is_some() && theirs.is_none() {",
        CASES,
    ),
    Bug(
        "a reset is a request",
        CONNECTION,
        "(Protocol::TCP, Some(flags)) if has_end(flags) => Some(Late::Closed),",
        "(Protocol::TCP, Some(flags)) if has_end(flags) && self.same.is_some() => Some(Late::Closed),",
        CASES,
    ),
    Bug(
        "data of a running connection is late",
        CONNECTION,
        "counts.is_some_and(|(packets, bytes)| bytes <= packets.saturating_mul(headers))",
        "counts.is_some_and(|(packets, bytes)| bytes <= packets.saturating_mul(headers + 1))",
        CASES,
    ),
    Bug(
        "an answer over UDP is late at once",
        CONNECTION,
        "start.0 > end.0.saturating_add(UDP_TRACKED_MILLIS)",
        "start.0 >= end.0.saturating_add(UDP_TRACKED_MILLIS)",
        CASES,
    ),
    Bug(
        "a scan from one port is a server's",
        CONNECTION,
        "if target >= FIRST_GIVEN_PORT {",
        "if target >= FIRST_CLIENT_PORT {",
        CASES,
    ),
    Bug(
        "an answer of the internet that nobody asked for is one to us",
        CONNECTION,
        "(late.is_some() || self.opposite.is_some() || !is_inbound());",
        "(late.is_some() || self.opposite.is_some() || is_inbound() || !is_inbound());",
        CASES,
    ),
    Bug(
        "a sender's first services are those with the lowest addresses",
        SCAN,
        "filter(|(_, other)| other.0 < seen.0).count()",
        "filter(|(other, _)| **other < service).count()",
        ("-p", "alerting", "--lib", "scan"),
    ),
    Bug(
        "accepted connections say nothing of pings",
        DETECT,
        "if !self.flows.iter().all(has_direction) {",
        "if false && !self.flows.iter().all(has_direction) {",
        UNITS,
    ),
    Bug(
        "copies of two accounts are one batch",
        "shared/alerting/src/detection/document.rs",
        "self.batches.iter().position(|(known, _)| *known == origin);",
        "self.batches.iter().position(|(known, _)| known.region == origin.region);",
        UNITS,
    ),
    Bug(
        "an update links to the log group of another account",
        "shared/alerting/src/incident/summary.rs",
        "if other.copy.is_some() {",
        "if other.copy.is_some() && self.copy.is_some() {",
        ("-p", "alerting", "--test", "emails"),
    ),
    Bug(
        "accepted connections before a gap tell no direction",
        DETECT,
        "self.undirected.map_or(lines.len(), |(_, before)| before)",
        "self.undirected.map_or(0, |(_, before)| before)",
        UNITS,
    ),
    Bug(
        "texts are made of background",
        DETECT,
        "detection.tally.matched = detection.totals().records;",
        "detection.tally.matched = detection.totals().records;\n        detection.findings();",
        ("-p", "alerting", "--test", "allocations"),
    ),
    Bug(
        "a connection joined to another loses its evidence",
        "shared/alerting/src/detection/judge.rs",
        "before[last].joined.next = Some(Place::new(place));",
        "before[last].joined.next = before[last].joined.next.or(None);",
        CASES,
    ),
    Bug(
        "a backtest takes the single packets of a scan for background",
        "cli/src/backtest/play/traffic.rs",
        "for sender in senders.iter().filter(|_| alerts) {",
        "for sender in senders.iter().filter(|_| !alerts) {",
        BACKTEST,
    ),
    Bug(
        "an answer to a request of ours is a reply",
        CONNECTION,
        "(None, true) if origin.0 != Origin::OwnRequest => Rule::Reply,",
        "(None, true) => Rule::Reply,",
        CASES,
    ),
    Bug(
        "evidence is that of another connection",
        FLOW_KEY,
        "ports: ports.map(|(source, target)| (target, source)),",
        "ports,",
        CASES,
    ),
    Bug(
        "one packet opens an incident",
        SIGNAL,
        "flow.totals.weight() >= flow.rule.table().min_packets",
        "flow.totals.weight() > 0 || flow.rule == Rule::Ping",
        CASES,
    ),
    Bug(
        "a scan takes one port more",
        SCAN,
        "ports.values().any(|ports| *ports >= SCAN_PORTS)",
        "ports.values().any(|ports| *ports > SCAN_PORTS)",
        CASES,
    ),
    Bug(
        "a scan takes one host less",
        SCAN,
        "hosts.values().any(|hosts: &usize| *hosts >= SCAN_HOSTS)",
        "hosts.values().any(|hosts: &usize| *hosts + 1 >= SCAN_HOSTS)",
        CASES,
    ),
    Bug(
        "a scan never ends",
        SCAN,
        "record.services.retain(|_, seen| seen.1 + SCAN_SECONDS > newest);",
        "",
        UNITS,
    ),
    Bug(
        "what a batch shows of senders is forgotten",
        SENDERS,
        "            if record.is_news_to(&before) {\n",
        "            if record.is_news_to(&before) && record.services.len() > 25 {\n",
        CASES,
    ),
    Bug(
        "each port of a scan opens an incident",
        SENDERS,
        "let stay = own.filter(|finding| self.verdict(finding) == SenderVerdict::Own);",
        "let stay = own.filter(|finding| self.verdict(finding) != SenderVerdict::Others);",
        CASES,
    ),
    Bug(
        "a scan that is not there opens an incident",
        CLAIM_PLAN_OF_SCANS,
        "findings.key.part.is_capped() && !findings.is_empty());",
        "findings.key.part.is_capped());",
        CASES,
    ),
    Bug(
        "an address of two interfaces is a load balancer's",
        "shared/alerting/src/engine/helpers.rs",
        "owners.peek().is_some() && owners.all(Interface::is_load_balancer)",
        "owners.any(Interface::is_load_balancer)",
        CASES,
    ),
]

BUGS = [*ADAPTERS, *INCIDENTS, *STATEMENTS, *SILENCES, *ADVICE, *EXPLANATION, *DIGEST, *COMMANDS, *ON_A_STACK, *BACKTESTS]
BUGS += CONNECTIONS
