//! The table of scenarios in `events/README.md`.

use crate::source::{Counts, Source};

/// Renders one row per scenario: its description and the function's response.
pub fn table<'a>(sources: impl IntoIterator<Item = (&'a str, &'a Source)>) -> String {
    let mut out = String::from(
        "| event | shows | records | matched | no_data | skip_data | unparsed | findings | alerts | suppressed | metrics |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, source) in sources {
        let description = &source.description;
        let response = match (&source.expected, &source.fails) {
            (Some(counts), _) => cells(counts),
            (None, Some(word)) => format!("the invocation fails: {word} | | | | | | | |"),
            (None, None) => "not stated | | | | | | | |".to_owned(),
        };
        out.push_str(&format!("| `{name}` | {description} | {response} |\n"));
    }
    out
}

fn cells(counts: &Counts) -> String {
    let Counts { records, matched, no_data, skip_data, unparsed, findings, alerts, suppressed, metrics } = counts;
    format!(
        "{records} | {matched} | {no_data} | {skip_data} | {unparsed} | {findings} | {alerts} | {suppressed} | {metrics}"
    )
}
