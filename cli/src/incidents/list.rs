//! Incidents, one line each.

use alerting::{
    incident::{plan::NextEmail, short_id},
    text::one_line,
    time::EpochMillis,
    zone::Zone,
};

use super::{
    read::{Entry, Incident},
    words,
};
use crate::columns::columns;
use crate::words::packets_and_records;

/// Maximum length of the id of an item that cannot be read, in characters.
const MAX_ID_CHARS: usize = 200;

/// Returns a table.
pub(super) fn text(entries: &[&Entry], zone: &Zone, now: EpochMillis) -> String {
    let incidents: Vec<&Incident> = entries.iter().filter_map(|entry| entry.incident()).collect();
    let mut text = match &incidents[..] {
        [] => "no open incidents, and none resolved within the last hour\n".to_owned(),
        some => {
            let mut rows =
                vec![["ID", "STATE", "WHAT", "SINCE", "COUNTED", "LAST PACKET", "NEXT EMAIL"].map(str::to_owned)];
            rows.extend(some.iter().map(|incident| row(incident, zone, now)));
            columns(&rows)
        }
    };
    for entry in entries {
        if let Entry::Unreadable(id) = entry {
            let id = one_line(id, MAX_ID_CHARS);
            text += &format!("unreadable: {id} (a later version wrote it: use that version)\n");
        }
    }
    text
}

fn row(incident: &Incident, zone: &Zone, now: EpochMillis) -> [String; 7] {
    let totals = incident.totals();
    [
        format!("#{}", short_id(incident.seen_id())),
        if incident.is_open() { "open" } else { "resolved" }.to_owned(),
        words::what(&incident.key),
        words::point(zone, totals.first_start.unwrap_or_else(|| incident.opened_at())),
        packets_and_records(totals.packets, totals.records),
        totals.last_end.map_or_else(|| "not known".to_owned(), |at| zone.soon(at, now)),
        next_email(incident, zone, now),
    ]
}

/// When the next email is sent, and what it is.
fn next_email(incident: &Incident, zone: &Zone, now: EpochMillis) -> String {
    match incident.next_email() {
        Some(NextEmail::Opened) => "opened, now".to_owned(),
        Some(NextEmail::Update(at)) => format!("update, {}", due(zone, at, now)),
        Some(NextEmail::Resolved(at)) => format!("resolved, {}", due(zone, at, now)),
        Some(NextEmail::None) | None => "none".to_owned(),
    }
}

/// A time of day, or that it is past.
fn due(zone: &Zone, at: EpochMillis, now: EpochMillis) -> String {
    if at <= now { "now".to_owned() } else { zone.soon(at, now) }
}
