//! Numbers in words.

use alerting::text::grouped;

/// A number with its noun: `1 email`, `2,000 emails`.
pub(crate) fn number(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Packets, as far as they are known, with their records: `104 packets, 26 records`.
pub(crate) fn packets_and_records(packets: Option<u64>, records: u64) -> String {
    let records = number(records, "record");
    packets.map_or(records.clone(), |packets| format!("{}, {records}", number(packets, "packet")))
}
