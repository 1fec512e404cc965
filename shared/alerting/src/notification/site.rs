//! What stays the same for all notifications of a deployment.

use flow_log::Formats;

use crate::{
    notification::{
        language::Language,
        links::{console::AwsConsole, query},
    },
    zone::Zone,
};

/// Where the function runs, what it publishes to and who reads it: what links and emails need.
#[derive(Clone, Debug)]
pub struct Site {
    /// The account of the function, where it is known.
    pub account: Option<String>,
    /// The region of the function.
    pub region: String,
    /// The links of that region.
    pub console: AwsConsole,
    /// The namespace of the published metrics.
    pub metric_namespace: String,
    /// The name of the metric that counts matched records.
    pub metric_name: String,
    /// The language of emails.
    pub language: Language,
    /// The time zone of their readers.
    pub zone: Zone,
    /// The name of the stack, where there is one: commands name it.
    pub stack: Option<String>,
    /// The declared formats of the records: queries find the protocol by them.
    pub formats: Formats,
}

impl Site {
    /// The console of a region that records name, or else of the log group's.
    pub fn console_of(&self, region: Option<&str>) -> AwsConsole {
        region.filter(|region| query::is_plain(region)).map_or_else(|| self.console.clone(), AwsConsole::new)
    }
}
