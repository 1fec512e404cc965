//! Checks what the English text of an email advises, what the commands in it silence, and what its query finds.

use std::net::IpAddr;

use super::{
    judge::{Check, Faults},
    naive::{Case, Seen, Sums},
    signal,
    text::time,
};

/// Checks that strangers are never let in, and that the proposed silences match the records of the period and nothing else.
pub(crate) fn actions(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let text = lines.join("\n");
    let opens = |line: &&String| {
        let line = line.replace("add it to the stack's MustReach", "").replace("silence add", "");
        ["Add ", " add ", "emove "].iter().any(|word| line.contains(word))
    };
    let strangers = matches!(case.signal, "internet" | "persistent-ping");
    if strangers && lines.iter().any(|line| opens(&line)) {
        faults.add(Check::Advice, format!("opens a rule for strangers: {text}"));
    }
    // Where today's rules block none of the flows, there is nothing to leave.
    let document = &case.email.document;
    let flows = document["flows"].as_array().unwrap();
    let passes = flows.iter().all(|flow| flow["explanation"]["layer"] == "neither");
    let blocked = flows.is_empty() || document["flows_complete"] != true || !passes;
    if (strangers && blocked) != text.contains("Normally leave it blocked") {
        faults.add(Check::Advice, format!("whether to leave it blocked: {text}"));
    }
    let to_strangers = case.period.iter().any(|seen| !signal::is_private(seen.packet_target));
    if case.signal == "own-answer" && to_strangers && lines.iter().any(|line| opens(&line)) {
        let warned = text.contains("anyone's pings from the internet are answered");
        if !warned {
            faults.add(Check::Advice, format!("no warning that strangers are answered: {text}"));
        }
    }
    // What each fix is for.
    for (from, rest) in lines.iter().filter_map(|line| line.strip_prefix("Not intended? For ")?.split_once(" → ")) {
        let to = rest.split(' ').next().unwrap();
        // An IPv6 address may itself end with a colon.
        let to = to.parse::<IpAddr>().or_else(|_| to.strip_suffix(':').unwrap_or(to).parse()).unwrap();
        let pair = (from.parse::<IpAddr>().unwrap(), to);
        if !case.period.iter().any(|seen| (seen.packet_source, seen.packet_target) == pair) {
            faults.add(Check::Advice, format!("a fix for no flow of the period: {from} → {to}"));
        }
    }
    silences(case, faults, lines);
}

fn silences(case: &Case<'_>, faults: &mut Faults<'_>, lines: &[String]) {
    let commands: Vec<&str> =
        lines.iter().filter_map(|line| Some(&line[line.find("vpc-flow-alerts silence add ")?..])).collect();
    let ours = ["own-request", "own-answer", "private"].contains(&case.signal);
    let origin = if ours { case.signal } else { "internet" };
    let matches = |command: &str, seen: &Seen| {
        let words: Vec<&str> = command.split_whitespace().collect();
        words.iter().zip(&words[1..]).all(|(name, value)| match *name {
            "--source" => value.parse() == Ok(seen.packet_source),
            "--destination" => value.parse() == Ok(seen.packet_target),
            "--interface" => seen.interface.as_deref() == Some(*value),
            "--origin" => *value == origin,
            _ => true,
        })
    };
    let known = |command: &&str| {
        command.starts_with("vpc-flow-alerts silence add --stack ping-deny ")
            && command.ends_with(" --for 8h --reason \"...\"")
    };
    if commands.is_empty() || !commands.iter().all(known) {
        faults.add(Check::Unread, format!("no silence: {lines:?}"));
    }
    for command in &commands {
        if !case.period.iter().any(|seen| matches(command, seen)) {
            faults.add(Check::Advice, format!("silences nothing of the period: {command}"));
        }
    }
    let all = !lines.iter().any(|line| line.ends_with("for example:"));
    if let Some(seen) = case.period.iter().find(|seen| all && !commands.iter().any(|command| matches(command, seen))) {
        faults.add(Check::Advice, format!("{commands:?} do not silence {}", seen.text));
    }
    // Only what nobody can name is silenced by its origin alone.
    let narrow =
        |command: &&str| ["--source ", "--destination ", "--interface "].iter().any(|name| command.contains(name));
    if !commands.iter().all(narrow) {
        faults.add(Check::Advice, format!("silences more than the email is about: {commands:?}"));
    }
}

/// Checks that the query of an update covers its period and ICMP alone.
pub(crate) fn links(case: &Case<'_>, faults: &mut Faults<'_>) {
    let link = case.email.document["links"]["records"].as_str().unwrap();
    if case.email.document["kind"] == "opened" && case.email.document["late"] == false {
        return;
    }
    // The console's escapes: only what stands in the times and in the condition is undone.
    let query = link
        .replace("*3a", ":")
        .replace("*28", "(")
        .replace("*29", ")")
        .replace("*7c", "|")
        .replace("$257E", "~")
        .replace("$2527", "'");
    let at = |name: &str| {
        query.split_once(&format!("{name}~'")).and_then(|(_, rest)| time(&rest.get(..19)?.replace('T', " ")))
    };
    let period = Sums::of(case.period.clone());
    faults.about_the_minute(Check::Times, "the query's start", at("start"), period.first);
    faults.about_the_minute(Check::Times, "the query's end", at("end"), period.last.max(period.first));
    if !query.contains("(1|58)") || !query.contains("limit*2010000") {
        faults.add(Check::Lines, format!("a query for more than ICMP: {query}"));
    }
}
