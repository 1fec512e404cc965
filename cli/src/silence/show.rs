//! Silences, for people and for programs.

use alerting::{
    detection::{Origin, Rule},
    incident::Silence,
    text::one_line,
    time::iso_millis,
    zone::Zone,
};
use serde::Serialize;

use crate::columns::columns;

/// Maximum length of each text of a silence, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// Returns a table, those that end first at the top.
pub(super) fn text(silences: &[Silence], zone: &Zone) -> String {
    if silences.is_empty() {
        return "no silences\n".to_owned();
    }
    let text = |text: &str| one_line(text, MAX_TEXT_CHARS).into_owned();
    let mut rows = vec![["ID", "UNTIL", "CONDITIONS", "BY", "REASON"].map(str::to_owned)];
    rows.extend(sorted(silences).into_iter().map(|silence| {
        let (_, zone_name) = zone.minute(silence.ends_at());
        let until = format!("{} {zone_name}", zone.day_and_minute(silence.ends_at()));
        let mut conditions = text(&silence.conditions());
        if !silence.unknown.is_empty() {
            conditions += " (and a condition of a later version: the stack may have to be deployed again)";
        }
        [text(&silence.id), until, conditions, text(&silence.by), text(&silence.reason)]
    }));
    columns(&rows)
}

/// A silence as JSON.
#[derive(Serialize)]
struct SilenceDoc<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_group: Option<&'a str>,
    from: String,
    until: String,
    reason: &'a str,
    by: &'a str,
}

/// Returns one object a line, those that end first at the top.
pub(super) fn json(silences: &[Silence]) -> String {
    let lines = sorted(silences).into_iter().map(|silence| {
        let doc = SilenceDoc {
            id: &silence.id,
            rule: silence.rule.map(Rule::name),
            origin: silence.origin.map(Origin::full_word),
            source: silence.source.map(|network| network.to_string()),
            destination: silence.destination.map(|network| network.to_string()),
            port: silence.port.map(|port| port.to_string()),
            interface: silence.interface.as_deref(),
            log_account: silence.account.as_deref(),
            log_region: silence.region.as_deref(),
            log_group: silence.log_group.as_deref(),
            from: iso_millis(silence.from),
            until: iso_millis(silence.ends_at()),
            reason: &silence.reason,
            by: &silence.by,
        };
        // Texts and numbers are always JSON.
        format!("{}\n", serde_json::to_string(&doc).unwrap_or_default())
    });
    lines.collect()
}

fn sorted(silences: &[Silence]) -> Vec<&Silence> {
    let mut sorted: Vec<&Silence> = silences.iter().collect();
    sorted.sort_by_key(|silence| silence.ends_at());
    sorted
}
