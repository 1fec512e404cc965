//! Every event of `events/` gets the response that its source declares.

use crate::harness::{Setup, World, event, events_dir, source};

/// Returns the names of the scenarios, which are those of their sources.
fn scenarios() -> Vec<String> {
    let sources = std::fs::read_dir(events_dir().join("src")).expect("events/src exists");
    let names =
        sources.map(|file| file.expect("a readable directory").file_name().into_string().expect("a plain name"));
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    names.sort_unstable();
    assert!(names.len() >= 17, "{names:?}");
    names
}

#[tokio::test]
async fn every_event_gets_the_response_that_its_source_declares() {
    let mut wrong = Vec::new();
    for name in scenarios() {
        let source = source(&name);
        let mut setup = Setup::aws();
        if let Some(format) = &source.format {
            setup = setup.set("FLOW_LOG_FORMAT", format);
        }
        if let Some(rules) = &source.rules {
            setup = setup.set("RULES", rules);
        }
        let mut world = setup.start().await;
        let outcome = world.send(&event(&name)).await;
        match (source.expected, source.fails) {
            (Some(expected), _) if outcome.counts() != expected => {
                wrong.push(format!("{name}: {:?} instead of {expected:?}", outcome.counts()));
            }
            (None, Some(word)) if !outcome.error().to_lowercase().contains(&word) => {
                wrong.push(format!("{name}: {:?} does not say {word:?}", outcome.error()));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn one_process_handles_all_events_in_sequence() {
    let mut world = World::start().await;
    for name in scenarios() {
        let source = source(&name);
        let outcome = world.send(&event(&name)).await;
        if let (Some(expected), None, None) = (source.expected, source.format, source.rules) {
            let counts = outcome.counts();
            assert_eq!(
                (counts.records, counts.matched, counts.unparsed, counts.findings, counts.metrics),
                (expected.records, expected.matched, expected.unparsed, expected.findings, expected.metrics),
                "{name} after other events"
            );
        }
    }
}
