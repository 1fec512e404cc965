//! Prints criterion's results as one table.

use std::{fmt::Debug, path::Path};

use super::{Kind, LINES, PASSES, Reader, Row};

/// Returns the name under which criterion stores a pass.
pub(crate) fn group(kind: Kind, lines: usize, pass: usize) -> String {
    format!("{kind:?}-{lines}-{pass}")
}

/// Returns the name under which criterion stores a reader.
pub(crate) fn function<R: Debug>(reader: Reader<R>) -> String {
    match reader {
        Reader::Floor => "floor".to_owned(),
        Reader::Measured(reader) => format!("{reader:?}").to_lowercase(),
    }
}

/// Prints ns per line of the fastest pass, and the median of the ratios of all passes to the floor of the same payload.
pub(crate) fn print<R: Copy + Debug>(directory: &Path, rows: &[Row<R>], sizes: &[(Kind, usize, usize, usize)]) {
    println!("\nns per line (x the floor of the same payload)\n");
    println!("{:<32}{}", "lines", LINES.map(|lines| format!("{lines:>18}")).concat());
    for Row { name, kind, reader } in rows {
        let cells = LINES.map(|lines| {
            let of = |pass, reader: Reader<R>| median(directory, &group(*kind, lines, pass), &function(reader));
            let times = (0..PASSES).filter_map(|pass| of(pass, *reader));
            let fastest = times.fold(f64::INFINITY, f64::min) / lines as f64;
            let mut ratios: Vec<_> =
                (0..PASSES).filter_map(|pass| Some(of(pass, *reader)? / of(pass, Reader::Floor)?)).collect();
            ratios.sort_by(f64::total_cmp);
            let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
            format!("{fastest:>9.1} ({ratio:>5.2}x)")
        });
        println!("{name:<32}{}", cells.map(|cell| format!("{cell:>18}")).concat());
    }
    println!("\nbytes per line: event, inflated");
    for kind in Kind::ALL.into_iter().filter(|kind| sizes.iter().any(|size| size.0 == *kind)) {
        let cells = sizes
            .iter()
            .filter(|size| size.0 == kind)
            .map(|(_, lines, event, inflated)| format!("{:>18}", format!("{}, {}", event / lines, inflated / lines)));
        println!("{:<32}{}", format!("{kind:?}"), cells.collect::<String>());
    }
}

/// Returns the median time of one call in ns, as criterion stored it.
fn median(directory: &Path, group: &str, function: &str) -> Option<f64> {
    let text = std::fs::read(directory.join(group).join(function).join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_slice(&text).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
