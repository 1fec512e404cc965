//! Tests the checks themselves: each false statement that is put into a true email must be found.

use serde_json::{Value, json};

use super::{
    judge::Check,
    naive,
    play::{self, Email, PlayedWorld, Step},
};

/// The check that must find a false statement, and a function that puts it into an email. The function returns false if the email
/// has no such statement.
type Lie = (Check, fn(&mut Email) -> bool);

const LIES: [Lie; 24] = [
    (Check::Totals, |email| add_one(&mut email.document["totals"]["packets"])),
    (Check::Totals, |email| add_one(&mut email.document["since"]["records"])),
    (Check::Totals, |email| raise(&mut email.subject, "", " ping")),
    (Check::Totals, |email| raise(&mut email.body, "\nWhat: ", " packet")),
    (Check::Senders, |email| one_more(&mut email.document["ranking"]["sources"])),
    (Check::Receivers, |email| one_more(&mut email.document["ranking"]["targets"])),
    (Check::Interfaces, |email| one_more(&mut email.document["ranking"]["interfaces"])),
    (Check::Times, |email| set(&mut email.document["totals"]["first_at"], json!("2026-11-23T02:31:00.000Z"))),
    (Check::Times, |email| replace(&mut email.body, "\nWhen: 0", "\nWhen: 1")),
    (Check::Times, |email| replace(&mut email.body, "Sent ", "Sent 9")),
    (Check::FlowTotals, |email| {
        // More than "at least" allows.
        let records = &mut email.document["flows"][0]["totals"]["records"];
        records.as_u64().is_some_and(|known| set(records, json!(known + 1_000)))
    }),
    (Check::Direction, |email| {
        let turned = if email.document["flows"][0]["direction"] == "egress" { "ingress" } else { "egress" };
        set(&mut email.document["flows"][0]["direction"], json!(turned))
    }),
    (Check::Direction, |email| {
        // If only the heaviest flows are stated, both directions may be true.
        !email.body.contains("(the heaviest flows only)")
            && (replace(&mut email.body, "\nDirection: inbound", "\nDirection: outbound")
                || replace(&mut email.body, "\nDirection: outbound", "\nDirection: inbound"))
    }),
    (Check::Certain, |email| {
        let explanation = &mut email.document["flows"][0]["explanation"];
        explanation["layer"] = json!("encryption-controls");
        set(&mut explanation["confidence"], json!("certain"))
    }),
    (Check::Names, |email| set(&mut email.document["flows"][0]["from"]["name"], json!("host-99"))),
    (Check::Names, |email| {
        // Only the English text is checked.
        email.body.contains("\nWhat: ") && replace(&mut email.body, "(host-", "(host-9")
    }),
    (Check::FlowMetadata, |email| replace(&mut email.body, "\nWhere: account 1", "\nWhere: account 2")),
    (Check::Lines, |email| set(&mut email.document["records"][0], json!("2 1 eni-00 10.0.0.1 8.8.8.8 REJECT OK"))),
    (Check::Life, |email| email.body.contains("\nWhat: ") && replace(&mut email.subject, " (#", " (#x")),
    (Check::Life, |email| {
        replace(&mut email.body, "It covers what came since the email at ", "It covers what came since 1")
    }),
    (Check::Severity, |email| replace(&mut email.body, ". Severity ", ". Severity very ")),
    (Check::Rules, |email| replace(&mut email.body, "; rules read at ", "; rules read at 1")),
    (Check::Advice, |email| {
        email.body.contains("\nWhat: ")
            && replace(&mut email.body, " --source ", " --source 192.0.2.255 --for 8h --old-source ")
    }),
    (Check::Advice, |email| {
        email.body.contains("\nWhat: ")
            && ["internet", "persistent-ping"].contains(&email.document["signal"].as_str().unwrap())
            && replace(&mut email.body, "Normally leave it blocked", "Remove a rule. Normally leave it blocked")
    }),
];

fn add_one(number: &mut Value) -> bool {
    number.as_u64().is_some_and(|known| set(number, json!(known + 1)))
}

/// Adds one to the number of names, unless it is an estimate.
fn one_more(names: &mut Value) -> bool {
    names["exact"] == true && add_one(&mut names["distinct"])
}

fn set(value: &mut Value, other: Value) -> bool {
    let known = !value.is_null();
    if known {
        *value = other;
    }
    known
}

fn replace(text: &mut String, from: &str, to: &str) -> bool {
    let changed = text.replacen(from, to, 1);
    std::mem::replace(text, changed.clone()) != changed
}

/// Puts a 9 in front of the number between two texts.
fn raise(text: &mut String, before: &str, after: &str) -> bool {
    let Some(from) = text.find(before) else { return false };
    let Some(at) = text[from..].find(after).map(|at| at + from) else { return false };
    let head = &text[..at];
    let digits = head.len() - head.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',').len();
    if digits > 0 {
        text.insert(at - digits, '9');
    }
    digits > 0
}

/// Returns the played world with a false statement in one email, if that email can have it.
fn with(played: &PlayedWorld, at: usize, lie: fn(&mut Email) -> bool) -> Option<PlayedWorld> {
    let mut steps = played.steps.clone();
    let Step::Sent(email) = &mut steps[at] else { return None };
    lie(email).then(|| PlayedWorld {
        world: played.world.clone(),
        setting: played.setting.clone(),
        batches: played.batches.clone(),
        steps,
    })
}

#[test]
fn a_false_statement_in_an_email_is_found() {
    let mut caught = [0; LIES.len()];
    for seed in 0..24 {
        let played = play::play(seed);
        if !naive::judge(&played, false).faults.is_empty() {
            continue;
        }
        for (number, (check, lie)) in LIES.iter().enumerate() {
            for at in 0..played.steps.len() {
                let Some(changed) = with(&played, at, *lie) else { continue };
                let faults = naive::judge(&changed, false).faults;
                let found = faults.iter().any(|fault| fault.check == *check);
                assert!(found, "SEED={seed}: lie {number} about {check:?} in step {at} is not found: {faults:?}");
                caught[number] += 1;
            }
        }
    }
    for (number, (times, (check, _))) in caught.iter().zip(LIES).enumerate() {
        assert!(*times > 0, "lie {number} about {check:?} was never possible");
    }
}
