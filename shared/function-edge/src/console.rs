//! `PUBLISH_TO=console`: prints emails and metrics and makes no AWS call. For local development.

#![expect(clippy::print_stdout, reason = "this sink prints")]

use std::future;

use alerting::{
    metrics::Point,
    notification::{RenderedDigest, RenderedNotification},
    ports::{MetricSink, Notifier, PortError, Sending},
    time,
};

/// Characters of the line above and below an email.
const RULE_CHARS: usize = 72;

/// What is printed of a notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// The email.
    #[default]
    Email,
    /// The email, the JSON document with its attributes, and the chat message.
    All,
}

/// A notifier and metric sink that prints to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// What is printed of a notification.
    pub shows: Shows,
}

impl Notifier for Console {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        let rule = "-".repeat(RULE_CHARS);
        println!("{rule}\nEMAIL  {}\n{rule}\n{}{rule}", notification.email.subject, notification.email.body);
        if self.shows == Shows::All {
            println!("DOCUMENT\n{}\nATTRIBUTES", notification.document.json());
            for (name, values) in notification.document.routing.values() {
                println!("{name:<10} {}", values.join(", "));
            }
            println!("CHAT\n{}", notification.chat());
        }
        Box::pin(future::ready(Ok(())))
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        let rule = "-".repeat(RULE_CHARS);
        println!("{rule}\nEMAIL  {}\n{rule}\n{}{rule}", digest.subject, digest.body);
        Box::pin(future::ready(Ok(())))
    }
}

impl MetricSink for Console {
    async fn publish(&self, points: &[Point]) -> Result<(), PortError> {
        self.log(points);
        Ok(())
    }

    fn log(&self, points: &[Point]) {
        println!("METRICS");
        for point in points {
            let sample = point.sample;
            let dimensions: String = point.dimensions.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            println!(
                "{} UTC  {:<34} sum {:>6}  samples {:>6}  min {:>4}  max {:>4}",
                time::date_time(point.at),
                format!("{}{dimensions}", point.name),
                sample.sum,
                sample.count,
                sample.min,
                sample.max
            );
        }
    }
}
