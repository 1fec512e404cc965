//! Checks the English text of an email against all records of its period, by parsing its sentences.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use alerting::{incident::short_id, notification::Language};

use super::{
    advice,
    judge::{self, Check, Fault, Faults},
    naive::{Case, Seen, Sums, weights},
    play::RULES_AGE_MILLIS,
    world::{Icmp, Owner},
};

/// Parses a UTC time of an email, `2026-11-23 02:32:14`, into milliseconds since the epoch.
pub(crate) fn time(text: &str) -> Option<u64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    // Counts the days since 1970.
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum::<u64>()
        + months.iter().take(month as usize - 1).sum::<u64>()
        + day
        - 1;
    Some((((days * 24 + part(11, 13)?) * 60 + part(14, 16)?) * 60 + part(17, 19)?) * 1_000)
}

/// Parses a point in time of an email: `02:32:14 UTC, 2026-11-23`.
fn moment(text: &str) -> Option<u64> {
    let (clock, day) = (text.get(..8)?, text.strip_prefix(text.get(..8)?)?.strip_prefix(" UTC, ")?.get(..10)?);
    time(&format!("{day} {clock}"))
}

/// Parses a range of times: `02:32:14 - 02:33:02 UTC, 2026-11-23`, or two points in time on different days.
fn range(text: &str) -> Option<(u64, u64)> {
    if let Some(first) = moment(text) {
        let rest = text.get(24..).unwrap_or_default();
        return Some((first, rest.strip_prefix(" - ").map_or(Some(first), moment)?));
    }
    let (first, last) = (text.get(..8)?, text.get(11..19)?);
    let day = text.get(19..)?.strip_prefix(" UTC, ")?.get(..10)?;
    Some((time(&format!("{day} {first}"))?, time(&format!("{day} {last}"))?))
}

/// Formats a time of day as emails do: with the day where that is not the day of `now`.
fn soon(at: u64, now: u64) -> String {
    let minute = at / 60_000 % 1_440;
    let clock = format!("{:02}:{:02} UTC", minute / 60, minute % 60);
    if at / 86_400_000 == now / 86_400_000 { clock } else { format!("{clock}, ") }
}

/// Formats a span with its two largest units: `6 min 40 s`.
fn span(millis: u64) -> String {
    let seconds = millis / 1_000;
    let units = [("d", seconds / 86_400), ("h", seconds / 3_600 % 24), ("min", seconds / 60 % 60), ("s", seconds % 60)];
    let largest = units.iter().position(|(_, number)| *number > 0).unwrap_or(3);
    let two: Vec<String> = units[largest..]
        .iter()
        .take(2)
        .enumerate()
        .filter(|(at, (_, number))| *at == 0 || *number > 0)
        .map(|(_, (unit, number))| format!("{number} {unit}"))
        .collect();
    two.join(" ")
}

/// Returns the stated numbers by noun: `about 126 sources` is (`about`, 126) under `source`.
fn counts(text: &str) -> BTreeMap<String, (&'static str, u64)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut counts = BTreeMap::new();
    for (at, pair) in words.windows(2).enumerate() {
        let Ok(number) = pair[0].replace(',', "").parse::<u64>() else { continue };
        let noun = pair[1].trim_end_matches([',', ';', '.', ')']);
        let noun = if noun == "addresses" {
            "address"
        } else {
            noun.strip_suffix('s').filter(|_| noun != "address").unwrap_or(noun)
        };
        let how = match at.checked_sub(1).map(|before| words[before].trim_start_matches('(')) {
            Some("about") => "about",
            Some("least") => "at least",
            _ => "",
        };
        counts.entry(noun.to_owned()).or_insert((how, number));
    }
    counts
}

fn amounts(faults: &mut Faults<'_>, what: &str, text: &str, truth: &Sums) {
    let counts = counts(text);
    let stated = |noun: &str| counts.get(noun).map(|(_, number)| *number);
    faults.same(
        Check::Totals,
        &format!("{what}: records, packets, bytes in the text"),
        (stated("record"), stated("packet"), stated("byte")),
        (Some(truth.records), truth.packets, truth.bytes),
    );
}

/// The body, split at its empty lines, headings and labels.
struct Body {
    lead: Vec<String>,
    status: Vec<String>,
    sections: BTreeMap<String, Vec<String>>,
    /// The values of each fact.
    facts: BTreeMap<String, Vec<String>>,
}

impl Body {
    fn of(body: &str) -> Body {
        let lines = |block: &str| block.lines().map(str::to_owned).collect::<Vec<_>>();
        let blocks: Vec<&str> = body.trim_end().split("\n\n").collect();
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for block in &blocks[2..] {
            let (heading, text) = block.split_once('\n').unwrap();
            sections.insert(heading.to_owned(), lines(text));
        }
        let mut facts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut label = "";
        for line in &sections["DETAILS"] {
            let value = line.strip_prefix("- ").unwrap_or_else(|| {
                let (head, value) = line.split_once(':').unwrap();
                label = head;
                value.trim_start()
            });
            let values = facts.entry(label.to_owned()).or_default();
            values.extend(Some(value.to_owned()).filter(|value| !value.is_empty()));
        }
        Body { lead: lines(blocks[0]), status: lines(blocks[1]), sections, facts }
    }

    fn section(&self, heading: &str) -> &[String] {
        self.sections.get(heading).map(Vec::as_slice).unwrap_or_default()
    }

    fn fact(&self, label: &str) -> &[String] {
        self.facts.get(label).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Checks the text. Text in other languages has the same values, which are checked in the document.
pub(crate) fn judge(case: &Case<'_>) -> Vec<Fault> {
    let mut faults = Faults::of(case);
    if case.played.setting.language == Language::English {
        let body = Body::of(&case.email.body);
        lead(case, &mut faults, &body.lead);
        subject(case, &mut faults);
        status(case, &mut faults, &body.status);
        what(case, &mut faults, &body);
        parties(case, &mut faults, &body.fact("From").join(" "), true);
        parties(case, &mut faults, &body.fact("To").join(" "), false);
        metadata(case, &mut faults, &body.fact("Where").join(" "));
        which(case, &mut faults, &body.fact("Direction").join(" "));
        when(case, &mut faults, &body);
        flows(case, &mut faults, &body.fact("Flows").join(" "));
        why(case, &mut faults, body.section("WHY"));
        advice::actions(case, &mut faults, body.section("WHAT TO DO"));
        records(case, &mut faults, body.section("RECORDS"));
        advice::links(case, &mut faults);
    }
    faults.list
}

/// A headline: its two parties and what it states about them.
struct Headline<'t> {
    amount: &'t str,
    from: &'t str,
    to: &'t str,
    /// The stated direction of all packets.
    egress: Option<bool>,
    answers: bool,
}

fn headline(text: &str) -> Option<Headline<'_>> {
    if let Some((own, rest)) = text.split_once(" could not answer ") {
        let (amount, other) = rest.split_once(" from ")?;
        return Some(Headline { amount, from: own, to: other, egress: Some(true), answers: true });
    }
    if let Some((own, rest)) = text.split_once(" could not get the answers of ") {
        let (other, amount) = rest.rsplit_once(" to ")?;
        return Some(Headline { amount, from: other, to: own, egress: Some(false), answers: true });
    }
    if let Some((own, rest)) = text.split_once(" could not send ") {
        let (amount, other) = rest.split_once(" to ")?;
        return Some(Headline { amount, from: own, to: other, egress: Some(true), answers: false });
    }
    let text = text.trim_end_matches(" was rejected").trim_end_matches(" were rejected");
    let (amount, rest) = text.split_once(" from ")?;
    let (from, to) = rest.split_once(" to ")?;
    Some(Headline { amount, from, to, egress: None, answers: false })
}

fn pings(case: &Case<'_>, faults: &mut Faults<'_>, what: &str, amount: &str) {
    let sums = Sums::of(case.period.clone());
    let number = amount.split(|c: char| !(c.is_ascii_digit() || c == ',')).find(|word| !word.is_empty());
    let stated = number.map(|number| number.replace(',', "").parse::<u64>().unwrap());
    faults.same(Check::Totals, &format!("{what}: pings"), stated, Some(sums.weight()));
}

fn lead(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let sentence = lines[0].trim_end_matches('.');
    if sentence.contains(" between ") {
        between(case, faults, sentence);
    } else if let Some(head) = headline(sentence) {
        pings(case, faults, "lead", head.amount);
        party(case, faults, "lead", head.from, true);
        party(case, faults, "lead", head.to, false);
        rejection_kind(case, faults, "lead", &head);
    } else {
        faults.add(Check::Unread, format!("lead: {sentence}"));
    }
    let Some(reason) = lines.get(1) else { return };
    graded(case, faults, "lead", reason);
    let certain = reason.starts_with("Blocked by ") && !reason.contains("the heaviest flows only");
    if certain
        && reason.starts_with("Blocked by VPC Block Public Access")
        && case.period.iter().any(|seen| seen.reason.is_none())
    {
        faults.add(Check::RejectReason, format!("lead: {reason}"));
    } else if certain {
        // Stated as certain and for all flows.
        let truth: Vec<_> = case.period.iter().flat_map(|seen| case.record(seen).truth.clone()).collect();
        let groups = reason.contains("security group");
        let fits = match (reason.contains("network ACL"), groups) {
            (true, true) => truth.iter().all(|(_, fate)| fate.acl && fate.groups),
            (true, false) => truth.iter().all(|(_, fate)| fate.acl),
            (false, true) => truth.iter().all(|(_, fate)| fate.groups),
            (false, false) => reason.contains("VPC "),
        };
        if !fits {
            faults.add(Check::Certain, format!("lead: {reason}"));
        }
    }
    let known = ["Blocked by ", "Probably blocked by ", "Possibly blocked by ", "No rule of today ", "Blocked for "];
    if !known.iter().any(|known| reason.starts_with(known)) {
        faults.add(Check::Unread, format!("lead: {reason}"));
    }
}

/// Checks that a confidence has the time at which the rules were read, if any were read.
fn graded(case: &Case<'_>, faults: &mut Faults<'_>, what: &str, text: &str) {
    let read = case.email.document["rules_read_at"].as_str().is_some();
    let has_rules = |flow: &serde_json::Value| {
        let evidence = flow["explanation"]["evidence"].as_array().unwrap();
        evidence.iter().any(|one| one["type"] == "acl" || one["type"] == "security-groups")
    };
    let first = &case.email.document["flows"][0];
    let expect = format!("; rules read at {}", soon(case.email.at - RULES_AGE_MILLIS, case.email.at));
    if let Some((_, at)) = text.split_once("; rules read at ") {
        if !read || !format!("; rules read at {at}").starts_with(&expect) {
            faults.add(Check::Rules, format!("{what}: true {expect}: {text}"));
        }
    } else if what == "lead" && read && has_rules(first) {
        faults.add(Check::Rules, format!("{what}: no time of the rules: {text}"));
    }
}

fn subject(case: &Case<'_>, faults: &mut Faults<'_>) {
    let subject = &case.email.subject;
    let text = subject.split_once("] ").unwrap().1;
    let (text, id) = text.rsplit_once(" (#").unwrap();
    let id = id.strip_suffix(')').unwrap_or_default();
    // The id of the first opening: what follows a full stop counts reopenings.
    let incident = case.email.document["incident"]["id"].as_str().unwrap();
    faults.same(Check::Life, "subject: the short id", id, short_id(incident.split('.').next().unwrap()).as_str());
    let text = match text.split_once(": ") {
        Some((head, rest))
            if ["UPDATE", "REOPENED", "RESOLVED"].contains(&head) || head.starts_with("RESOLVED after ") =>
        {
            if let Some(lasted) = head.strip_prefix("RESOLVED after ") {
                let sums = Sums::of(case.total.clone());
                let truth = span(sums.last.unwrap().saturating_sub(sums.first.unwrap()));
                faults.same(Check::Times, "subject: RESOLVED after", lasted, truth.as_str());
            }
            rest
        }
        _ => text,
    };
    // A subject that is cut off ends within a name, which cannot be checked.
    if let Some(head) = headline(text)
        && !text.ends_with('…')
        && !text.contains(" between ")
    {
        pings(case, faults, "subject", head.amount);
        party(case, faults, "subject", head.from, true);
        party(case, faults, "subject", head.to, false);
        rejection_kind(case, faults, "subject", &head);
    } else if !text.contains(" between ") && !text.ends_with('…') {
        faults.add(Check::Unread, format!("subject: {text}"));
    }
}

fn rejection_kind(case: &Case<'_>, faults: &mut Faults<'_>, what: &str, head: &Headline<'_>) {
    if let Some(egress) = head.egress
        && case.period.iter().any(|seen| case.record(seen).egress != egress)
    {
        faults.add(Check::Direction, format!("{what}: all of it {}", if egress { "outbound" } else { "inbound" }));
    }
    if head.answers {
        let wrong: Vec<&Seen> = case
            .period
            .iter()
            .copied()
            .filter(|seen| case.record(seen).truth.iter().all(|(icmp, _)| *icmp != Icmp::Reply))
            .filter(|seen| judge::refuted(case, &[seen]))
            .collect();
        if let Some(seen) = wrong.first() {
            faults.add(
                Check::Answers,
                format!(
                    "{what}: requests stated as answers; packets of the same direction were accepted: {}",
                    seen.text
                ),
            );
        }
    }
}

/// Checks one side of a headline: a name or a number.
fn party(case: &Case<'_>, faults: &mut Faults<'_>, what: &str, text: &str, is_source: bool) {
    let check = if is_source { Check::Senders } else { Check::Receivers };
    let packet = |seen: &Seen| if is_source { seen.packet_source } else { seen.packet_target };
    let all: BTreeSet<IpAddr> = case.period.iter().map(|seen| packet(seen)).collect();
    let counted = ["source", "target", "address"].iter().find_map(|noun| counts(text).get(*noun).copied());
    if let Some(stated) = counted
        && !text.contains('(')
    {
        return judge::number(faults, check, &format!("{what}: {text}"), stated, all.len() as u64);
    }
    let head = text.split(" (").next().unwrap();
    let owners: BTreeSet<Owner> =
        all.iter().flat_map(|address| judge::packet_owners(case, &case.period, *address, is_source)).collect();
    if let Ok(address) = head.parse::<IpAddr>() {
        // If one owner has all addresses, any of them may be stated.
        let of_address = judge::packet_owners(case, &case.period, address, is_source);
        let one = owners.len() == 1 && !owners.contains(&Owner::Elsewhere) && of_address == owners;
        if !one && all != BTreeSet::from([address]) {
            faults.add(check, format!("{what}: {text} alone, true {all:?} of {owners:?}"));
        }
    } else if !judge::is_called(case, &owners, head) {
        let check = if owners.len() == 1 { Check::Names } else { check };
        faults.add(check, format!("{what}: {text} alone, true {all:?} of {owners:?}"));
    }
    let known = text
        .split("through ")
        .next()
        .unwrap()
        .split([' ', '(', ')', ','])
        .filter(|word| word.starts_with("i-") || word.starts_with("eni-"));
    for word in known.filter(|word| !judge::is_called(case, &owners, word)) {
        // Ids of an intermediate are allowed. The name itself was checked above.
        let shown = |seen: &Seen| case.record(seen).owners[usize::from(!is_source)];
        let shown: BTreeSet<Owner> = case.period.iter().map(|seen| shown(seen)).collect();
        if !judge::is_called(case, &shown, word) {
            faults.add(Check::Names, format!("{what}: {text} is said to be {word}, true {owners:?}"));
        }
    }
}

fn between(case: &Case<'_>, faults: &mut Faults<'_>, sentence: &str) {
    let (amount, rest) = sentence.split_once(" between ").unwrap();
    pings(case, faults, "lead", amount);
    let rest = rest.trim_end_matches(" were rejected").trim_end_matches(" was rejected");
    let (own, other) = rest.rsplit_once(" and ").unwrap();
    let head = own.split(" (").next().unwrap();
    let mut others: BTreeSet<IpAddr> = BTreeSet::new();
    for seen in &case.period {
        let record = case.record(seen);
        let (own, own_owner, other) = if record.egress {
            (seen.source, record.owners[0], seen.packet_target)
        } else {
            (seen.target, record.owners[1], seen.packet_source)
        };
        others.insert(other);
        if head != own.to_string() && !judge::is_called(case, &BTreeSet::from([own_owner]), head) {
            faults.add(Check::Senders, format!("lead: {sentence}, but for {}", seen.text));
            return;
        }
    }
    match counts(other).get("address") {
        Some(stated) => {
            judge::number(faults, Check::Senders, &format!("lead: {sentence}"), *stated, others.len() as u64)
        }
        None => faults.same(Check::Senders, "lead: the other side", BTreeSet::from([other.parse().unwrap()]), others),
    }
}

fn status(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let total = Sums::of(case.total.clone());
    let kind = case.email.document["kind"].as_str().unwrap();
    let text = lines.join(" ");
    let after = |word: &str| text.split_once(word).map(|(_, rest)| rest);
    let at = |word: &str| after(word).and_then(moment);
    match kind {
        "opened" => faults.same(Check::Times, "OPENED", at("OPENED "), total.first),
        "reopened" => {
            faults.same(Check::Times, "first opened", at("first opened "), total.first);
            // Without resolved emails nobody knows when that was.
            if case.played.setting.policy.resolved_emails {
                let truth = case.resolved_at.map(|at| at / 1_000 * 1_000);
                faults.same(Check::Life, "resolved at", at("REOPENED, resolved at "), truth);
            }
        }
        "update" => faults.same(Check::Times, "open since", at("UPDATE, open since "), total.first),
        _ => {
            let (lasted, over) = after("RESOLVED after ").and_then(|rest| rest.split_once(": ")).unwrap_or_default();
            let truth = total.first.zip(total.last.max(total.first));
            faults.same(Check::Times, "RESOLVED", range(over), truth);
            let (first, last) = truth.unwrap();
            faults.same(Check::Times, "RESOLVED after", lasted, span(last - first).as_str());
        }
    }
    urgency(case, faults, &text);
    covers(case, faults, kind, &text);
    let packet = if kind == "opened" { total.first } else { total.last };
    let which = if kind == "opened" { "first" } else { "last" };
    let late = span(case.email.at.saturating_sub(packet.unwrap()));
    if !text.contains(&format!("Sent {late} after the {which} packet.")) {
        faults.add(Check::Times, format!("how late it is, true {late}: {text}"));
    }
    let since = Sums::of(case.since.clone());
    if let Some(rest) = after("Since the last email: ") {
        amounts(faults, "since the last email", rest.split_once('.').unwrap().0, &since);
    } else if text.contains("No such pings since the last email.") {
        faults.same(Check::Totals, "since the last email: records", 0, since.records);
    } else if kind == "resolved" {
        faults.add(Check::Unread, format!("since the last email: {text}"));
    }
    if let (Some(rest), Some(previous)) = (after("The previous incident ended at "), &case.previous) {
        let truth = Sums::of(previous.clone());
        let (_, amount) = rest.split_once(": ").unwrap();
        amounts(faults, "previous incident", amount.split_once(" in ").unwrap().0, &truth);
    }
}

/// Checks the severity and why it is an incident.
fn urgency(case: &Case<'_>, faults: &mut Faults<'_>, text: &str) {
    let severity = case.email.document["severity"].as_str().unwrap();
    if !text.contains(&format!(". Severity {severity}. ")) {
        faults.add(Check::Severity, format!("true {severity}: {text}"));
    }
    let because = match case.signal {
        "own-request" => "a request of your own, or the answer to it, was stopped.",
        "own-answer" => "your own answer to a ping that was let in was stopped.",
        "private" => "a ping ",
        "persistent-ping" => {
            "it is a persistent ping from the internet, 30 packets or more from one source to one target within one batch of records."
        }
        _ => "any ping from the internet is one here (parameter InternetPings).",
    };
    if !text.contains(&format!(" It is an incident because {because}")) {
        faults.add(Check::Severity, format!("why it is an incident, true {}: {text}", case.signal));
    }
}

/// Checks which email of the incident it is, and what it states to cover.
fn covers(case: &Case<'_>, faults: &mut Faults<'_>, kind: &str, text: &str) {
    let number = case.email.document["incident"]["number"].as_u64().unwrap();
    let stated = text.split_once("This is email ").map(|(_, rest)| rest);
    let Some(stated) = stated else {
        if kind != "opened" {
            faults.add(Check::Unread, format!("what it covers: {text}"));
        }
        return;
    };
    let of_time = |words: &str, at: Option<u64>| format!("{words}{}", soon(at.unwrap_or_default(), case.email.at));
    let truth = match (kind, case.resolved_at) {
        ("resolved", None) => "It covers the whole incident.".to_owned(),
        ("resolved", Some(_)) if !case.played.setting.policy.resolved_emails => String::new(),
        ("resolved", at) => of_time("It covers what came since it was reopened, after it had been resolved at ", at),
        _ => of_time("It covers what came since the email at ", case.before),
    };
    let truth = format!("{number} of this incident. {truth}");
    if !stated.starts_with(&truth) {
        faults.add(Check::Life, format!("what it covers, true {truth}: {text}"));
    }
}

fn what(case: &Case<'_>, faults: &mut Faults<'_>, body: &Body) {
    let (period, total) = (Sums::of(case.period.clone()), Sums::of(case.total.clone()));
    let text = body.fact("What").join(" ");
    amounts(faults, "What", &text, &period);
    match body.fact("In total") {
        [altogether] => amounts(faults, "In total", altogether, &total),
        _ if period.records == total.records => {}
        _ => faults.add(Check::Unread, format!("What, in total: {text}")),
    }
    let counts = counts(&text);
    for (noun, check, is_source) in [("source", Check::Senders, true), ("target", Check::Receivers, false)] {
        let packet = |seen: &Seen| if is_source { seen.packet_source } else { seen.packet_target };
        let truth = weights(&case.period, packet).len() as u64;
        match counts.get(noun) {
            Some(stated) => judge::number(faults, check, &format!("What: {noun}s"), *stated, truth),
            None => faults.add(Check::Unread, format!("What: {text}")),
        }
    }
    let protocols: BTreeSet<u64> = case.period.iter().map(|seen| seen.protocol).collect();
    let stated = if text.contains("ICMP and ICMPv6") {
        BTreeSet::from([1, 58])
    } else if text.contains("ICMPv6") {
        BTreeSet::from([58])
    } else {
        BTreeSet::from([1])
    };
    // Without kept flows, no protocol is stated.
    if text.contains("ICMP") {
        faults.same(Check::Totals, "What: protocols", stated, protocols);
    }
}

/// Checks the addresses of one side, with their owners and the packets that they sent or were sent.
fn parties(case: &Case<'_>, faults: &mut Faults<'_>, text: &str, is_source: bool) {
    let label = if is_source { "FROM" } else { "TO" };
    let intermediate =
        case.period.iter().any(|seen| (seen.source, seen.target) != (seen.packet_source, seen.packet_target));
    let count_check = if is_source { Check::Senders } else { Check::Receivers };
    let packet = |seen: &Seen| if is_source { seen.packet_source } else { seen.packet_target };
    let truth = weights(&case.period, packet);
    let exact = case.email.document["ranking"][if is_source { "sources" } else { "targets" }]["exact"] == true;
    let mut named = 0;
    let mut rest = text.trim();
    while let Some((head, tail)) = rest.split_once(" (") {
        let Ok(address) = head.parse::<IpAddr>() else {
            faults.add(Check::Unread, format!("{label}: {rest}"));
            return;
        };
        named += 1;
        let (known, tail) = tail.split_once(')').unwrap();
        // The intermediate is named in the same brackets.
        let (known, between) = known.split_once("through ").unwrap_or((known, ""));
        through(case, faults, &format!("{label}: {address}"), between, (address, is_source));
        let owners = judge::packet_owners(case, &case.period, address, is_source);
        let called = known.split([' ', ',']);
        for word in called.filter(|word| ["i-", "eni-", "host-", "nat-"].iter().any(|prefix| word.starts_with(prefix)))
        {
            if !judge::is_called(case, &owners, word) {
                faults.add(Check::Names, format!("{label}: {address} is said to be {word}, true {owners:?}"));
            }
        }
        if let Some(stated) = counts(known).get("interface") {
            // In the record or, where it is a secondary address, in the packet.
            let own = |seen: &&&Seen| {
                let record = case.record(seen);
                let shown = if is_source { seen.source } else { seen.target };
                let secondary = case.played.world.interfaces[record.interface].addresses.contains(&address);
                (shown == address || (packet(seen) == address && secondary)) && record.egress == is_source
            };
            let truth: BTreeSet<Option<&str>> =
                case.period.iter().filter(own).map(|seen| seen.interface_or_resource()).collect();
            judge::number(
                faults,
                Check::Interfaces,
                &format!("{label}: interfaces of {address}"),
                *stated,
                truth.len() as u64,
            );
        }
        rest = tail.trim_start();
        if let Some(tail) = rest.strip_prefix(": ") {
            let mut words = tail.splitn(3, ' ');
            let stated = words.next().unwrap().replace(',', "");
            let noun = words.next().unwrap();
            rest = words.next().unwrap_or_default();
            if let Ok(stated) = stated.parse::<u64>() {
                let check = match (intermediate, exact) {
                    (true, _) => count_check,
                    (false, true) => Check::Weights,
                    (false, false) => Check::WeightsOfMany,
                };
                faults.same(
                    check,
                    &format!("{label}: {noun} of {address}"),
                    stated,
                    truth.get(&address).copied().unwrap_or_default(),
                );
            } else {
                // `at least 5 packets`
                let stated =
                    rest.split(' ').next().unwrap_or_default().replace(',', "").parse::<u64>().unwrap_or(u64::MAX);
                judge::number(
                    faults,
                    Check::Estimates,
                    &format!("{label}: {address}"),
                    ("at least", stated),
                    truth.get(&address).copied().unwrap_or_default(),
                );
                rest = rest.splitn(3, ' ').nth(2).unwrap_or_default();
            }
        }
    }
    let left = truth.len().saturating_sub(named) as u64;
    if let Some(rest) = rest.strip_prefix("and ") {
        let words: Vec<&str> = rest.split(' ').collect();
        let (how, number) = match words[..] {
            ["about", number, ..] => ("about", number),
            ["at", "least", number, ..] => ("at least", number),
            [number, ..] => ("", number),
            [] => ("", ""),
        };
        let stated = number.replace(',', "").parse::<u64>().unwrap();
        // The precision of `about` refers to the total number.
        let (stated, left) = if how == "about" { (stated + named as u64, left + named as u64) } else { (stated, left) };
        judge::number(faults, count_check, &format!("{label}: more"), (how, stated), left);
    } else if left > 0 {
        faults.add(count_check, format!("{label}: {left} more are not named: {text}"));
    }
}

/// Checks the intermediates of an address: one address with its id, or their number.
fn through(case: &Case<'_>, faults: &mut Faults<'_>, what: &str, text: &str, (address, is_source): (IpAddr, bool)) {
    let side =
        |seen: &Seen| if is_source { (seen.packet_source, seen.source) } else { (seen.packet_target, seen.target) };
    let behind: Vec<&Seen> =
        case.period.iter().copied().filter(|seen| side(seen).0 == address && side(seen).1 != address).collect();
    let shown: BTreeSet<(IpAddr, Option<&str>)> =
        behind.iter().map(|seen| (side(seen).1, seen.interface_or_resource())).collect();
    if let Some(stated) = counts(text).get("interface") {
        return judge::number(faults, Check::Interfaces, &format!("{what}: through"), *stated, shown.len() as u64);
    }
    let stated = text.split(", ").next().and_then(|first| first.parse::<IpAddr>().ok());
    let addresses: BTreeSet<IpAddr> = shown.iter().map(|(address, _)| *address).collect();
    if let Some(stated) = stated
        && addresses != BTreeSet::from([stated])
    {
        faults.add(Check::Names, format!("{what}: through {text}, true {shown:?}"));
    }
    let owners: BTreeSet<Owner> = behind.iter().map(|seen| case.record(seen).owners[usize::from(!is_source)]).collect();
    for word in text.split([' ', ',']).filter(|word| word.starts_with("eni-") || word.starts_with("nat-")) {
        if !judge::is_called(case, &owners, word) {
            faults.add(Check::Names, format!("{what}: through {text}, true {owners:?}"));
        }
    }
}

fn metadata(case: &Case<'_>, faults: &mut Faults<'_>, text: &str) {
    let world = &case.played.world;
    let of: Vec<_> = case.period.iter().map(|seen| &world.interfaces[case.record(seen).interface]).collect();
    let accounts: BTreeSet<&str> = of.iter().map(|interface| interface.account.as_str()).collect();
    let vpcs: BTreeSet<&str> = of.iter().map(|interface| interface.vpc.as_str()).collect();
    let subnets: BTreeSet<&str> = of.iter().map(|interface| world.subnets[interface.subnet].id.as_str()).collect();
    let ids: BTreeSet<Option<&str>> = case.period.iter().map(|seen| seen.interface.as_deref()).collect();
    let with_resources: BTreeSet<Option<&str>> = case.period.iter().map(|seen| seen.interface_or_resource()).collect();
    // Values that do not hold for all flows are marked.
    let heaviest = text.contains("(the heaviest flows only)");
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let account = text.split_once("account ").and_then(|(_, rest)| rest.split([' ', ',']).next());
    let with = |prefix: &'static str| words.iter().copied().filter(move |word| word.starts_with(prefix));
    for (stated, truth) in account
        .into_iter()
        .map(|account| (account, &accounts))
        .chain(with("vpc-").map(|word| (word, &vpcs)))
        .chain(with("subnet-").map(|word| (word, &subnets)))
    {
        // With that mark, the value is one of several.
        if !(heaviest && truth.contains(stated)) && *truth != BTreeSet::from([stated]) {
            faults.add(Check::FlowMetadata, format!("WHERE: {text}, true {truth:?}"));
        }
    }
    if !heaviest {
        let counts = counts(text);
        for (noun, truth) in [("account", accounts.len()), ("VPC", vpcs.len()), ("subnet", subnets.len())] {
            if let Some(stated) = counts.get(noun) {
                judge::number(faults, Check::FlowMetadata, &format!("WHERE: {noun}s"), *stated, truth as u64);
            }
        }
    }
    if let Some(stated) = counts(text).get("interface") {
        let known = |of: &BTreeSet<Option<&str>>| of.iter().flatten().count() as u64;
        let truth = if stated.1 == known(&with_resources) { known(&with_resources) } else { known(&ids) };
        judge::number(faults, Check::Interfaces, "WHERE: interfaces", *stated, truth);
    }
    for word in words.iter().filter(|word| word.starts_with("eni-")) {
        if ids != BTreeSet::from([Some(*word)]) && !heaviest {
            faults.add(Check::Interfaces, format!("WHERE: {text}, true {ids:?}"));
        }
    }
}

fn which(case: &Case<'_>, faults: &mut Faults<'_>, text: &str) {
    let truth: BTreeSet<bool> = case.period.iter().map(|seen| case.record(seen).egress).collect();
    let heaviest = text.contains("(the heaviest flows only)");
    for (word, egress) in [("inbound", false), ("outbound", true)] {
        if text.starts_with(word) && !heaviest && truth != BTreeSet::from([egress]) {
            faults.add(Check::Direction, format!("WHICH: {text}, true egress {truth:?}"));
        }
    }
    if text.starts_with("unknown: ") && case.period.iter().all(|seen| judge::direction_is_known(case, seen)) {
        faults.add(Check::DirectionMissed, format!("WHICH: {text}"));
    }
}

/// Checks the times, and the timeline.
fn when(case: &Case<'_>, faults: &mut Faults<'_>, body: &Body) {
    let period = Sums::of(case.period.clone());
    let stated = body.fact("When").first().and_then(|text| range(text));
    faults.about_the_minute(Check::Times, "When: first", stated.map(|(first, _)| first), period.first);
    faults.about_the_minute(Check::Times, "When: last", stated.map(|(_, last)| last), period.last.max(period.first));
    let Some((head, lines)) = body.facts.iter().find(|(label, _)| label.contains(" in each ")) else { return };
    let step: u64 = head.split_whitespace().nth(3).and_then(|word| word.parse().ok()).unwrap_or(1);
    let of_minute = weights(&case.period, |seen| seen.start / 60_000);
    let row = |line: &String| {
        let (at, rest) = line.split_once(' ')?;
        let (hour, minute) = at.split_once(':')?;
        let at = hour.parse::<u64>().ok()? * 60 + minute.parse::<u64>().ok()?;
        Some((at, rest.split(' ').next()?.replace(',', "").parse::<u64>().ok()?))
    };
    for (at, stated) in lines.iter().filter_map(row) {
        let in_row = |minute: u64| (minute + 1_440 * 2 - at) % 1_440 < step;
        let truth: u64 =
            of_minute.iter().filter(|(minute, _)| in_row(**minute % 1_440)).map(|(_, weight)| weight).sum();
        faults.same(Check::Times, &format!("timeline at {:02}:{:02}", at / 60, at % 60), stated, truth);
    }
}

fn flows(case: &Case<'_>, faults: &mut Faults<'_>, text: &str) {
    // Each flow begins with its source.
    let words: Vec<&str> = text.split_whitespace().collect();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "→") {
        let source: IpAddr = words[at - 1].parse().unwrap();
        let target: IpAddr = words[at + 1].strip_suffix(':').unwrap().parse().unwrap();
        let until = words[at + 1..].iter().position(|word| *word == "→").map_or(words.len(), |next| at + next);
        let way = &words[at + 2..until];
        let of: Vec<&Seen> = case
            .period
            .iter()
            .copied()
            .filter(|seen| {
                [seen.source, seen.packet_source].contains(&source)
                    && [seen.target, seen.packet_target].contains(&target)
            })
            .collect();
        if of.is_empty() {
            faults.add(Check::FlowTotals, format!("FLOWS: no record of {source} to {target}"));
        }
        // If there are several flows between the two addresses, each has a part of the packets.
        let (bound, amount) =
            if words[at + 2..].starts_with(&["at", "least"]) { (true, at + 4) } else { (false, at + 2) };
        let stated: u64 = words[amount].replace(',', "").parse().unwrap();
        let of_parts = weights(&of, |seen| {
            let metadata = (seen.interface.clone(), seen.resource.clone(), seen.account.clone());
            (metadata, seen.reason.clone(), seen.packet_source, seen.packet_target)
        });
        let of_interfaces = weights(&of, |seen| seen.interface.clone());
        let all: u64 = of_parts.values().sum();
        let fits = all == stated
            || (bound && stated <= all)
            || of_parts.values().chain(of_interfaces.values()).any(|part| *part == stated);
        if !fits {
            faults.add(Check::FlowTotals, format!("FLOWS: {source} to {target}: stated {stated}, true {of_parts:?}"));
        }
        let truth: BTreeSet<bool> = of.iter().map(|seen| case.record(seen).egress).collect();
        for (word, egress) in [("inbound", false), ("outbound", true)] {
            let claimed = way.iter().any(|one| one.trim_end_matches(',') == word);
            if claimed && !truth.contains(&egress) {
                faults.add(Check::Direction, format!("FLOWS: {source} to {target} {way:?}"));
            }
        }
    }
}

fn why(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let fates: Vec<_> = case.period.iter().flat_map(|seen| case.record(seen).truth.clone()).collect();
    for line in lines {
        graded(case, faults, "WHY", line);
        let Some((title, grade)) = line.split_once(" (certain") else { continue };
        // Of some flows, the document states which.
        if grade.starts_with(", the heaviest flows only") || grade.contains(" → ") {
            continue;
        }
        let fits = match title {
            "VPC Block Public Access" => case.period.iter().all(|seen| seen.reason.as_deref() == Some("BPA")),
            title if title.ends_with("etwork ACL") => fates.iter().all(|(_, fate)| fate.acl),
            title if title.starts_with("Security groups") => fates.iter().all(|(_, fate)| fate.groups),
            title if title.starts_with("Network ACL and security groups") => {
                fates.iter().all(|(_, fate)| fate.acl && fate.groups)
            }
            _ => true,
        };
        if !fits {
            let check = if title.starts_with("VPC ") { Check::RejectReason } else { Check::Certain };
            faults.add(check, format!("WHY: {line}, true {fates:?}"));
        }
    }
}

fn records(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let mut rejected = 0;
    let mut newest = None;
    for line in lines.iter().filter(|line| line.contains("ACCEPT") || line.contains("REJECT")) {
        if line.contains("REJECT") {
            rejected += 1;
            let batch = case.period.iter().find(|seen| seen.text == *line).map(|seen| seen.batch);
            newest = newest.or(Some(batch));
            if !case.period.iter().any(|seen| seen.text == *line) {
                let in_the_incident = case.total.iter().any(|seen| seen.text == *line);
                faults.add(
                    Check::Lines,
                    format!("RECORDS: of another period (of the incident: {in_the_incident}): {line}"),
                );
            }
        } else if !case.all.iter().any(|seen| seen.text == *line) {
            faults.add(Check::Lines, format!("RECORDS: no such record: {line}"));
        }
    }
    // The newest of the counters stands first: it is of a batch with the latest time.
    let last = |batch: usize| case.period.iter().filter(|seen| seen.batch == batch).map(|seen| seen.end).max();
    let is_prompt = case.email.document["kind"] == "opened" && case.email.document["late"] == false;
    if let (false, Some(Some(batch))) = (is_prompt, newest) {
        let batches: BTreeSet<usize> =
            case.period.iter().filter(|seen| lines[0] == seen.text).map(|seen| seen.batch).collect();
        let truth = case.period.iter().map(|seen| seen.end).max();
        if batches.iter().all(|batch| last(*batch) != truth) {
            faults.add(Check::Lines, format!("RECORDS: of batch {batch}, not of the newest: {}", lines[0]));
        }
    }
    let left = case.period.len() as u64 - rejected.min(case.period.len() as u64);
    let stated = lines.iter().find_map(|line| counts(line.strip_prefix("and ")?).get("record").copied());
    let stated = stated.map_or(0, |(_, number)| number);
    faults.same(Check::Lines, "RECORDS: more of them", stated, left);
}
