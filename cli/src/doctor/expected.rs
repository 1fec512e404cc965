//! What the stack's parameters promise, and the names of its resources.

use alerting::text::one_line;
use flow_log::{Field, LogFormat};

use super::facts::{Read, Unread};
use crate::aws::{Resource, Stack};

/// Characters of a parameter in an error.
const MAX_SHOWN_CHARS: usize = 60;

/// The actions of EC2 that emails are enriched with.
pub(crate) const LOOK_UPS: [&str; 5] = [
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeTags",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkAcls",
    "ec2:GetManagedPrefixListEntries",
];

/// The key of the topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TopicKey {
    /// None: `TopicKey=none`.
    None,
    /// The stack's own.
    Created,
    /// Another one, by its ARN.
    Given(String),
}

/// Returns a parameter, empty where the stack has none of this name.
pub(crate) fn parameter<'s>(stack: &'s Stack, name: &str) -> &'s str {
    stack.parameters.get(name).map_or("", String::as_str).trim()
}

/// Returns the key of the topics.
pub(crate) fn topic_key(stack: &Stack) -> TopicKey {
    match parameter(stack, "TopicKey") {
        "" | "create" => TopicKey::Created,
        "none" => TopicKey::None,
        arn => TopicKey::Given(arn.to_owned()),
    }
}

/// Returns the declared formats of the records, the stack's own first.
///
/// # Errors
/// The parameter `FlowLogFormat` has none. One line.
pub(crate) fn formats(stack: &Stack) -> Result<Vec<LogFormat>, String> {
    let default = default_format();
    let text = match parameter(stack, "FlowLogFormat") {
        "" => &default,
        text => text,
    };
    let parsed: Result<Vec<_>, _> = text.split('|').map(LogFormat::parse).collect();
    parsed.map_err(|error| format!("FlowLogFormat={}: {error}", one_line(text, MAX_SHOWN_CHARS)))
}

/// Returns AWS's default format, as a flow log declares it.
pub(crate) fn default_format() -> String {
    Field::DEFAULT_FORMAT.map(|field| format!("${{{}}}", field.name())).join(" ")
}

/// What passes to the function with `Rules=ping` and the default format: FilterPatterns in template.yaml.
pub(crate) const PINGS_PATTERN: &str =
    r"%^\S+\s\S+\s\S+\s\S+\s\S+\s\S+\s\S+\s1\s|^\S+\s\S+\s\S+\s\S+\s\S+\s\S+\s\S+\s58\s%";
/// What passes to it otherwise.
pub(crate) const FLOWS_PATTERN: &str = "?ACCEPT ?REJECT";

/// Returns the pattern of the subscription filter: with `FilterPattern=auto` it follows from `Rules` and the format.
pub(crate) fn filter_pattern(stack: &Stack) -> &str {
    match parameter(stack, "FilterPattern") {
        "auto" if has_pings(stack) && is_one_rule(stack) && parameter(stack, "FlowLogFormat").is_empty() => {
            PINGS_PATTERN
        }
        "auto" => FLOWS_PATTERN,
        own => own,
    }
}

fn has_pings(stack: &Stack) -> bool {
    parameter(stack, "Rules").contains("ping")
}

fn is_one_rule(stack: &Stack) -> bool {
    !parameter(stack, "Rules").contains(',')
}

/// Tells whether the function counts pings, which the watchdog compares.
pub(crate) fn counts_pings(stack: &Stack) -> bool {
    has_pings(stack) && !parameter(stack, "Rules").contains("ping:off")
}

/// Returns the expression of the digest's schedule; none without a digest.
pub(crate) fn digest_expression(stack: &Stack) -> Option<String> {
    // As Digests in template.yaml.
    let days = match parameter(stack, "Digest") {
        "off" => return None,
        "weekly" => "? * MON",
        _ => "* * ?",
    };
    Some(format!("cron(0 {} {days} *)", parameter(stack, "DigestHour")))
}

/// Returns the physical id of a resource.
pub(crate) fn physical<'r>(resources: &'r Read<Vec<Resource>>, logical: &str) -> Read<&'r str> {
    let resources = resources.as_ref().map_err(Clone::clone)?;
    let found = resources.iter().find(|resource| resource.logical == logical && !resource.physical.is_empty());
    found
        .map(|resource| resource.physical.as_str())
        .ok_or_else(|| Unread::Failed(format!("the stack has no {logical}")))
}

/// Returns the last part of a queue's URL or ARN: its name.
pub(crate) fn queue_name(address: &str) -> &str {
    address.rsplit(['/', ':']).next().unwrap_or(address)
}

/// Returns the names of the stack's alarms.
pub(crate) fn alarm_names(resources: &[Resource]) -> impl Iterator<Item = &str> {
    let alarms = resources.iter().filter(|one| one.kind == "AWS::CloudWatch::Alarm" && !one.physical.is_empty());
    alarms.map(|one| one.physical.as_str())
}

#[cfg(test)]
mod tests {
    use super::{FLOWS_PATTERN, PINGS_PATTERN};

    #[test]
    fn the_patterns_are_the_template_s() {
        let template = include_str!("../../../template.yaml");
        let (_, mapping) = template.split_once("\n  FilterPatterns:\n").unwrap();
        let lines = mapping.lines().take_while(|line| line.starts_with("    "));
        let patterns: Vec<&str> = lines.filter_map(|line| Some(line.split_once("Pattern: ")?.1)).collect();
        assert_eq!(patterns, [format!("'{PINGS_PATTERN}'"), format!("\"{FLOWS_PATTERN}\" }}")]);
    }
}
