//! The links of a document: the same places of the console that an email links to.

use serde::Serialize;

use crate::{
    notification::{
        links::{query, search},
        notification::Notification,
    },
    time::{self, MINUTE_MILLIS},
};

/// Links into the AWS console. Their form is not documented by AWS: see [`crate::notification::links::console`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Links {
    /// The records in Logs Insights.
    pub records: String,
    /// The metric around that time.
    pub metric: String,
    /// The first interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The first NAT gateway without an interface of its own: a regional one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<String>,
    /// The log stream of an opened incident's batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<String>,
}

impl Links {
    /// The links of a notification.
    pub fn of(notification: &Notification<'_>) -> Links {
        /// Shown before and after what the records span: their times are rounded to the minute, and they arrive late.
        const AROUND_MILLIS: u64 = 5 * MINUTE_MILLIS;
        /// Shown in a graph on either side.
        const GRAPH_MILLIS: u64 = 60 * MINUTE_MILLIS;
        let (site, source, totals) = (notification.site, &notification.content.source, notification.content.totals);
        let first = totals.first_start.unwrap_or(notification.opened_at);
        let last = totals.last_end.unwrap_or(notification.now).max(first);
        let (from, to) = (time::before(first, AROUND_MILLIS), time::after(last, AROUND_MILLIS));
        let query = match &notification.content.format {
            Some(format) => query::insights(&notification.content.findings, format),
            None => search::insights(&notification.content).1,
        };
        let interface = notification.content.findings.iter().find_map(|finding| {
            let id = finding.flow.interface_id.as_deref().filter(|id| query::is_plain(id))?;
            Some(site.console_of(finding).network_interface(id))
        });
        let nat_gateway = notification.content.findings.iter().find_map(|finding| {
            let id = finding.flow.nat_gateway().filter(|id| query::is_plain(id))?;
            Some(site.console_of(finding).nat_gateway(id))
        });
        Links {
            records: site.console.logs_insights(&source.log_group, &query, from, to),
            metric: site.console.metric(
                &site.metric_namespace,
                &site.metric_name,
                time::before(first, GRAPH_MILLIS),
                time::after(last, GRAPH_MILLIS),
            ),
            interface,
            nat_gateway,
            log_stream: (!source.log_stream.is_empty())
                .then(|| site.console.log_stream(&source.log_group, &source.log_stream, from)),
        }
    }
}
