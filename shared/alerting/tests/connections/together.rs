//! Batches that one call delivers together.

use alerting::{
    detection::{Detection, Rules},
    engine::{Batch, EngineError, Processed},
    incident::{
        IncidentKey,
        state::{BatchRecord, ItemId, Lease, StoredItem, Write},
    },
    ports::IncidentStore,
    time::EpochMillis,
};
use serde_json::Value;

use super::{
    detect,
    stack::{Ports, Stack, poll},
};

const NOW: EpochMillis = EpochMillis(1_000_350_000);

/// Batches by key, log group, log stream and case.
fn batches(of: &[(&str, &str, &str, &str)]) -> Vec<(String, Detection)> {
    let one = |(key, log_group, stream, case): &(&str, &str, &str, &str)| {
        let mut detection = detect(case, Rules::all());
        (detection.source.log_group, detection.source.log_stream) = ((*log_group).to_owned(), (*stream).to_owned());
        ((*key).to_owned(), detection)
    };
    of.iter().map(one).collect()
}

impl Stack {
    fn together(&self, batches: &[(String, Detection)]) -> Processed {
        let batches: Vec<Batch<'_>> = batches.iter().map(|(key, detection)| Batch { key, detection }).collect();
        poll(self.engine.batches(&batches, NOW))
    }

    /// The email about an incident, whose key ends so.
    fn email(&self, key: &str) -> Value {
        let sent = self.ports.sent.lock().unwrap();
        let mut of = sent.iter().filter(|document| document["incident"]["key"].as_str().unwrap().ends_with(key));
        let (Some(only), None) = (of.next(), of.next()) else { panic!("one email about {key}: {sent:?}") };
        only.clone()
    }

    /// Stores that somebody has begun with a batch.
    fn begin(&self, key: &str, lease_until: EpochMillis, done: bool) {
        let lease = Lease { owner: key.to_owned(), until: lease_until };
        let record = BatchRecord { lease, done, metrics_published: done, opened: Vec::new() };
        let doc = StoredItem::Batch(record);
        let write = Write { id: ItemId::Batch(key.to_owned()), expected: None, doc, expires_at: None };
        poll(self.engine.store.commit(&[write])).unwrap();
    }

    fn is_done(&self, key: &str) -> bool {
        let found = poll(self.engine.store.get(&[ItemId::Batch(key.to_owned())])).unwrap().remove(0);
        found.is_some_and(|found| matches!(found.doc, StoredItem::Batch(batch) if batch.done))
    }
}

fn all() -> Stack {
    Stack::new(Rules::all(), Ports::default())
}

const ONE: &str = "10.0.2.20: 10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2";
const OTHER: &str = "10.0.2.20: 10.0.1.11:41022>10.0.2.20:5432 tcp 3/180 R 2";
const DATABASE: &str = "service=10.0.2.20:5432/tcp";

#[test]
fn the_batches_of_a_log_group_are_one_email_about_all_of_them() {
    let stack = all();
    let mut batches = batches(&[("a", "g", "eni-1-all", ONE), ("b", "g", "eni-2-all", OTHER)]);
    (batches[0].1.tally.unparsed, batches[1].1.tally.unparsed) = (1, 2);
    let processed = stack.together(&batches);
    assert_eq!((processed.outcome.emails, processed.failed), (1, Vec::new()));
    let email = stack.email(DATABASE);
    assert_eq!(
        (&email["totals"]["records"], &email["totals"]["packets"], &email["unreadable"]),
        (&2.into(), &7.into(), &3.into())
    );
    let clients: Vec<&str> =
        email["flows"].as_array().unwrap().iter().map(|flow| flow["from"]["address"].as_str().unwrap()).collect();
    assert_eq!(clients, ["10.0.1.10", "10.0.1.11"]);
    assert_eq!(email["site"]["log_stream"], Value::Null, "there are two");
    assert_eq!(
        *stack.ports.published.lock().unwrap(),
        [["Reject request private 2", "Reject-Packets request private 7"]],
        "one call"
    );
    assert!(stack.is_done("a") && stack.is_done("b"));
}

#[test]
fn a_flow_in_two_documents_of_a_log_stream_is_listed_once() {
    let stack = all();
    let later = ONE.replace("4/240 R 2", "5/300 R 2 +60");
    stack.together(&batches(&[("a", "g", "eni-1-all", ONE), ("b", "g", "eni-1-all", &later)]));
    let email = stack.email(DATABASE);
    let flows = email["flows"].as_array().unwrap();
    assert_eq!((flows.len(), &flows[0]["totals"]["packets"]), (1, &9.into()), "{flows:?}");
    assert_eq!(email["records"].as_array().map(Vec::len), Some(2), "{email}");
    assert_eq!(email["site"]["log_stream"], "eni-1-all");
}

#[test]
fn a_batch_that_comes_twice_in_one_call_is_counted_once() {
    let stack = all();
    let processed = stack.together(&batches(&[("a", "g", "s", ONE), ("a", "g", "s", ONE)]));
    assert_eq!(processed.outcome.emails, 1);
    assert_eq!(stack.email(DATABASE)["totals"]["records"], 1);
}

#[test]
fn a_batch_that_another_run_is_at_fails_alone() {
    let stack = all();
    stack.begin("a", EpochMillis(NOW.0 + 1), false);
    stack.begin("b", NOW, true);
    let of = |key| (key, "g", "s", ONE);
    let processed = stack.together(&batches(&[of("a"), of("b"), ("c", "g", "s", OTHER)]));
    assert_eq!(processed.failed, [("a".to_owned(), EngineError::Busy)]);
    assert_eq!(stack.email(DATABASE)["totals"]["packets"], 3, "of the last one alone");
    assert!(stack.is_done("c"));
    // Its lease has expired: nobody has got to its end.
    stack.begin("d", NOW, false);
    let processed = stack.together(&batches(&[of("d"), ("e", "g", "s", OTHER)]));
    assert_eq!((processed.failed, stack.is_done("d"), stack.is_done("e")), (Vec::new(), true, true));
}

#[test]
fn log_groups_have_incidents_of_their_own_and_their_metrics_are_published_together() {
    let stack = all();
    let processed = stack.together(&batches(&[("a", "g", "s", ONE), ("b", "h", "s", OTHER)]));
    assert_eq!(processed.outcome.emails, 2);
    assert_eq!(stack.email("|g|private|service=10.0.2.20:5432/tcp")["totals"]["packets"], 4);
    assert_eq!(stack.email("|h|private|service=10.0.2.20:5432/tcp")["totals"]["packets"], 3);
    assert_eq!(
        *stack.ports.published.lock().unwrap(),
        [["Reject request private 2", "Reject-Packets request private 7"]]
    );
}

#[test]
fn no_incident_gives_way_to_those_of_other_batches() {
    let stack = all();
    // Each is a client of its own that asks for a service of its own.
    let case = |n: u32| format!("10.0.2.20: 10.0.1.{n}:41022>10.0.2.20:{} tcp 4/240 R 2", 7_000 + n);
    let cases: Vec<(String, String)> = (1..=9).map(|n| (format!("batch-{n}"), case(n))).collect();
    let of: Vec<_> = cases.iter().map(|(key, case)| (&**key, "g", "s", &**case)).collect();
    assert_eq!(stack.together(&batches(&of)).outcome.emails, 9);
    let mut opened = stack.opened();
    opened.sort();
    let expect: Vec<String> =
        (1..=9).map(|n| format!("Request-Deny private|service=10.0.2.20:{}/tcp", 7_000 + n)).collect();
    assert_eq!(opened, expect);
    for n in 1..=9 {
        let sender = format!("Scan-Deny|1|eu-west-1|g|private|source=10.0.1.{n}");
        let id = ItemId::Sender(IncidentKey::parse(&sender).unwrap());
        assert!(poll(stack.engine.store.get(&[id])).unwrap()[0].is_some(), "{sender} is remembered");
    }
}

#[test]
fn any_number_of_batches_is_counted() {
    let stack = all();
    let case = |n: u32| format!("10.0.2.20: 10.0.1.{n}:41022>10.0.2.20:5432 tcp 4/240 R 2");
    let cases: Vec<(String, String)> = (1..=100).map(|n| (format!("batch-{n}"), case(n))).collect();
    let of: Vec<_> = cases.iter().map(|(key, case)| (&**key, "g", "s", &**case)).collect();
    let processed = stack.together(&batches(&of));
    assert_eq!((processed.outcome.emails, processed.outcome.suppressed, processed.failed), (1, 96, Vec::new()));
    assert!(cases.iter().all(|(key, _)| stack.is_done(key)));
}
