//! `PUBLISH_TO=console`: mails and metrics are printed, nothing is called. For work on a laptop.

#![expect(clippy::print_stdout, reason = "printing is what this sink is for")]

use alerting::{
    mail::{COLUMNS, Mail},
    metric::Point,
    ports::{AlertSink, MetricSink, PortError},
    time,
};

/// Prints to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Console;

impl AlertSink for Console {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let rule = "-".repeat(COLUMNS);
        println!("{rule}\nMAIL   {}\n{rule}\n{}{rule}", mail.subject, mail.body);
        Ok(())
    }
}

impl MetricSink for Console {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        println!("METRICS");
        for point in points {
            let sample = point.sample;
            let reason = point.reason.map_or_else(String::new, |reason| format!(" Reason={}", reason.word()));
            println!(
                "{} UTC  {:<34} sum {:>6}  samples {:>6}  min {:>4}  max {:>4}",
                time::date_time(point.at),
                format!("{}{reason}", point.name),
                sample.sum,
                sample.count,
                sample.min,
                sample.max
            );
        }
        Ok(())
    }
}
