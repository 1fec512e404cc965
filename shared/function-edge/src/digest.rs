//! The configuration of the digest.

use alerting::digest::{DigestSettings, Known, Rules, Unknown};

use crate::config::{ConfigError, Variables};

/// Which Contributor Insights rules the stack has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Insights {
    /// All of them.
    On,
    /// All but the one over all records.
    Pings,
    /// None.
    Off,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// Reads the settings of the digest. `None` without `LOG_GROUP`, as for the function that sends no digest.
    pub(crate) fn digest(&self) -> Result<Option<DigestSettings>, ConfigError> {
        let hour = self.parsed("DIGEST_HOUR", 9, |text| {
            let hour = text.trim().parse().ok().filter(|hour| *hour < 24);
            hour.ok_or_else(|| "an hour of the day, 0 to 23".to_owned())
        })?;
        let insights = self.parsed("CONTRIBUTOR_INSIGHTS", Insights::Off, |text| match text {
            "on" => Ok(Insights::On),
            "pings" => Ok(Insights::Pings),
            "off" => Ok(Insights::Off),
            _ => Err("on, pings or off".to_owned()),
        })?;
        let own_networks = self.networks("OWN_NETWORKS")?;
        let text = |variable: &str| self.get(variable).unwrap_or_default();
        Ok(self.get("LOG_GROUP").map(|log_group| DigestSettings {
            hour,
            log_group,
            failure_queue: text("FAILURE_QUEUE_NAME"),
            timer_failure_queue: text("TIMER_FAILURE_QUEUE_NAME"),
            rules: Rules {
                sources: self.rule("SOURCES_RULE", insights),
                sources_v6: self.rule("SOURCES_V6_RULE", insights),
                targets: self.rule("TARGETS_RULE", insights),
                interfaces: self.rule("INTERFACES_RULE", insights),
                emails: self.rule("EMAILS_RULE", insights),
            },
            own_networks,
        }))
    }

    /// The name of a rule, or why the stack has none: it is switched off, or the records have a format that it cannot read.
    fn rule(&self, variable: &str, insights: Insights) -> Known<String> {
        self.get(variable).ok_or(match (insights, variable) {
            (Insights::Off, _) => Unknown::SwitchedOff("ContributorInsights=off"),
            (Insights::Pings, "INTERFACES_RULE") => Unknown::SwitchedOff("ContributorInsights=pings"),
            _ => Unknown::CustomFormat,
        })
    }
}
