//! One table from what the harness measured.

use std::path::Path;

use crate::data::Kind;
use crate::{LINES, PASSES};

const ROWS: [(&str, Kind, &str); 13] = [
    ("floor: base64 + inflate", Kind::Accepted, "floor"),
    ("ours, 2 % rejected pings", Kind::Accepted, "ours"),
    ("with detection, 2 % rejected", Kind::Accepted, "detected"),
    ("stock: LogsEvent + split", Kind::Accepted, "stock"),
    ("ours, every field typed", Kind::Accepted, "typed"),
    ("floor, all matching", Kind::Matching, "floor"),
    ("ours, all matching", Kind::Matching, "ours"),
    ("with detection, all matching", Kind::Matching, "detected"),
    ("floor, extractedFields", Kind::Extracted, "floor"),
    ("ours, extractedFields", Kind::Extracted, "ours"),
    ("with detection, extractedFields", Kind::Extracted, "detected"),
    ("floor, version 5", Kind::Version5, "floor"),
    ("ours, v5, every field typed", Kind::Version5, "typed"),
];

/// Where the harness writes a pass down.
pub(crate) fn group(kind: Kind, lines: usize, pass: usize) -> String {
    format!("{kind:?}-{lines}-{pass}")
}

/// Prints ns per line of the quickest pass, and the median of all passes' ratios to the floor of the same payload.
pub(crate) fn print(directory: &Path, sizes: &[(Kind, usize, usize, usize)]) {
    println!("\nns per line (x the floor of the same payload)\n");
    println!("{:<32}{}", "lines", LINES.map(|lines| format!("{lines:>18}")).concat());
    for (name, kind, function) in ROWS {
        let cells = LINES.map(|lines| {
            let of = |pass, function| median(directory, &group(kind, lines, pass), function);
            let times = (0..PASSES).filter_map(|pass| of(pass, function));
            let quickest = times.fold(f64::INFINITY, f64::min) / lines as f64;
            let mut ratios: Vec<_> =
                (0..PASSES).filter_map(|pass| Some(of(pass, function)? / of(pass, "floor")?)).collect();
            ratios.sort_by(f64::total_cmp);
            let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
            format!("{quickest:>9.1} ({ratio:>5.2}x)")
        });
        println!("{name:<32}{}", cells.map(|cell| format!("{cell:>18}")).concat());
    }
    println!("\nbytes per line: event, inflated");
    for kind in Kind::ALL {
        let cells = sizes
            .iter()
            .filter(|size| size.0 == kind)
            .map(|(_, lines, event, inflated)| format!("{:>18}", format!("{}, {}", event / lines, inflated / lines)));
        println!("{:<32}{}", format!("{kind:?}"), cells.collect::<String>());
    }
}

/// The median time of one call in ns, as the harness wrote it down.
fn median(directory: &Path, group: &str, function: &str) -> Option<f64> {
    let text = std::fs::read(directory.join(group).join(function).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_slice(&text).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
