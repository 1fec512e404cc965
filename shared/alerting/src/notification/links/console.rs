//! Links into the AWS console that open on the right thing.
//!
//! The console's own addresses are not documented; these follow what it writes into the browser's address bar. Structured
//! parts are JSURL (`~(key~'value)`, characters outside `[A-Za-z0-9_.-]` as `*hh`), and what stands behind the second
//! `$3F` is percent-encoded once more with `$25` in the place of `%`.

use std::fmt::Write as _;

use flow_log::EpochMillis;

use crate::time::iso_millis;

/// The console of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsConsole {
    region: String,
}

impl AwsConsole {
    /// The console of a region, in the partition that the region belongs to.
    pub fn new(region: &str) -> Self {
        AwsConsole { region: encode(region, 1, '%') }
    }

    /// The console's host and the region:
    /// <https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/select-region.html>.
    fn home(&self, service: &str) -> String {
        let domain = if self.region.starts_with("cn-") {
            "amazonaws.cn"
        } else if self.region.starts_with("us-gov-") {
            "amazonaws-us-gov.com"
        } else {
            "aws.amazon.com"
        };
        format!("https://{region}.console.{domain}/{service}/home?region={region}", region = self.region)
    }

    /// Logs Insights with a query over one log group between two points in time.
    pub fn logs_insights(&self, log_group: &str, query: &str, from: EpochMillis, to: EpochMillis) -> String {
        let detail = format!(
            "~(end~'{}~start~'{}~timeType~'ABSOLUTE~tz~'UTC~editorString~'{}~source~(~'{}))",
            jsurl(&iso_millis(to)),
            jsurl(&iso_millis(from)),
            jsurl(query),
            jsurl(log_group),
        );
        // Fully escaped, so that no email reader ends the link at a quote or a bracket.
        let mut escaped = String::with_capacity(detail.len() * 2);
        for c in detail.chars() {
            match c {
                '~' | '(' | ')' | '\'' | '!' => {
                    let _ = write!(escaped, "$25{:02X}", u32::from(c));
                }
                c => escaped.push(c),
            }
        }
        format!("{}#logsV2:logs-insights$3FqueryDetail$3D{escaped}", self.home("cloudwatch"))
    }

    /// A log stream, from a point in time on.
    pub fn log_stream(&self, log_group: &str, log_stream: &str, from: EpochMillis) -> String {
        format!(
            "{}#logsV2:log-groups/log-group/{}/log-events/{}$3Fstart$3D{}",
            self.home("cloudwatch"),
            encode(log_group, 2, '$'),
            encode(log_stream, 2, '$'),
            from.0
        )
    }

    /// A network interface.
    pub fn network_interface(&self, id: &str) -> String {
        format!("{}#NetworkInterface:networkInterfaceId={}", self.home("ec2"), encode(id, 1, '%'))
    }

    /// A NAT gateway.
    pub fn nat_gateway(&self, id: &str) -> String {
        format!("{}#NatGatewayDetails:natGatewayId={}", self.home("vpcconsole"), encode(id, 1, '%'))
    }

    /// An instance.
    pub fn instance(&self, id: &str) -> String {
        format!("{}#InstanceDetails:instanceId={}", self.home("ec2"), encode(id, 1, '%'))
    }

    /// A security group.
    pub fn security_group(&self, id: &str) -> String {
        format!("{}#SecurityGroup:groupId={}", self.home("ec2"), encode(id, 1, '%'))
    }

    /// A network ACL.
    pub fn network_acl(&self, id: &str) -> String {
        format!("{}#NetworkAclDetails:networkAclId={}", self.home("vpcconsole"), encode(id, 1, '%'))
    }

    /// A graph of one metric's sum per minute between two points in time.
    pub fn metric(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[(&str, &str)],
        (from, to): (EpochMillis, EpochMillis),
    ) -> String {
        let dimensions: String =
            dimensions.iter().map(|(name, value)| format!("~'{}~'{}", jsurl(name), jsurl(value))).collect();
        // The namespace at the end keeps an email reader from taking the closing bracket for punctuation after the link.
        format!(
            "{}#metricsV2:graph=~(metrics~(~(~'{namespace}~'{}{dimensions}))~view~'timeSeries~stacked~false~region~'{}~stat~'Sum~period~60\
             ~start~'{}~end~'{});namespace={namespace}",
            self.home("cloudwatch"),
            jsurl(name),
            jsurl(&self.region),
            jsurl(&iso_millis(from)),
            jsurl(&iso_millis(to)),
            namespace = jsurl(namespace),
        )
    }
}

/// Escapes a string value the way JSURL does.
fn jsurl(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') => escaped.push(c),
            Some('$') => escaped.push('!'),
            _ if unit < 0x100 => {
                let _ = write!(escaped, "*{unit:02x}");
            }
            _ => {
                let _ = write!(escaped, "**{unit:04x}");
            }
        }
    }
    escaped
}

/// Percent-encodes what is not unreserved (RFC 3986), the given number of times, with `mark` in the place of the last
/// round's percent signs.
fn encode(text: &str, rounds: u32, mark: char) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push(mark);
            for _ in 1..rounds {
                // A percent sign percent-encoded is %25.
                escaped.push_str("25");
            }
            let _ = write!(escaped, "{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: EpochMillis = EpochMillis(1_795_426_334_000);
    const TO: EpochMillis = EpochMillis(1_795_426_382_000);

    #[test]
    fn insights_links_are_escaped_as_the_console_does() {
        assert_eq!(
            AwsConsole::new("eu-west-1").logs_insights(
                "/aws/vpc",
                "fields @timestamp\n| filter a = \"$1 (x)\"",
                FROM,
                TO
            ),
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
             #logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-23T09*3a33*3a02.000Z\
             $257Estart$257E$25272026-11-23T09*3a32*3a14.000Z$257EtimeType$257E$2527ABSOLUTE$257Etz$257E$2527UTC\
             $257EeditorString$257E$2527fields*20*40timestamp*0a*7c*20filter*20a*20*3d*20*22$25211*20*28x*29*22\
             $257Esource$257E$2528$257E$2527*2faws*2fvpc$2529$2529"
        );
    }

    #[test]
    fn stream_links_are_encoded_twice() {
        assert_eq!(
            AwsConsole::new("eu-west-1").log_stream("/aws/vpc", "eni-1[2]", FROM),
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
             #logsV2:log-groups/log-group/$252Faws$252Fvpc/log-events/eni-1$255B2$255D$3Fstart$3D1795426334000"
        );
    }

    #[test]
    fn metric_links_name_the_metric() {
        assert_eq!(
            AwsConsole::new("eu-west-1").metric("Ping-Deny-Metrics", "Ping Deny", &[], (FROM, TO)),
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
             #metricsV2:graph=~(metrics~(~(~'Ping-Deny-Metrics~'Ping*20Deny))~view~'timeSeries~stacked~false\
             ~region~'eu-west-1~stat~'Sum~period~60~start~'2026-11-23T09*3a32*3a14.000Z\
             ~end~'2026-11-23T09*3a33*3a02.000Z);namespace=Ping-Deny-Metrics"
        );
    }

    #[test]
    fn metric_links_name_the_dimensions() {
        let dimensions = [("Rule", "request"), ("Origin", "own")];
        let link = AwsConsole::new("eu-west-1").metric("Ping-Deny-Metrics", "Reject", &dimensions, (FROM, TO));
        assert!(link.contains("~(metrics~(~(~'Ping-Deny-Metrics~'Reject~'Rule~'request~'Origin~'own))~view"), "{link}");
    }

    #[test]
    fn things_of_the_network_have_pages_of_their_own() {
        let console = AwsConsole::new("eu-west-1");
        for (link, expect) in [
            (console.instance("i-1"), "ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-1"),
            (console.security_group("sg-1"), "ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-1"),
            (console.nat_gateway("nat-1"), "vpcconsole/home?region=eu-west-1#NatGatewayDetails:natGatewayId=nat-1"),
            (console.network_acl("acl-1"), "vpcconsole/home?region=eu-west-1#NetworkAclDetails:networkAclId=acl-1"),
        ] {
            assert_eq!(link, format!("https://eu-west-1.console.aws.amazon.com/{expect}"));
        }
    }

    #[test]
    fn each_partition_has_its_own_console() {
        for (region, host) in [
            ("ap-northeast-1", "https://ap-northeast-1.console.aws.amazon.com/ec2/"),
            ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/ec2/"),
            ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/"),
        ] {
            let link = AwsConsole::new(region).network_interface("eni-0a1b2c");
            assert!(link.starts_with(host), "{link}");
            assert!(
                link.ends_with(&format!("home?region={region}#NetworkInterface:networkInterfaceId=eni-0a1b2c")),
                "{link}"
            );
        }
    }

    #[test]
    fn foreign_text_cannot_leave_its_place_in_a_link() {
        let hostile = "x\r\n\"'~()<script>$%&#日";
        let console = AwsConsole::new("eu-west-1");
        for link in [
            console.logs_insights(hostile, hostile, FROM, TO),
            console.log_stream(hostile, hostile, FROM),
            console.network_interface(hostile),
            console.instance(hostile),
            console.security_group(hostile),
            console.network_acl(hostile),
            console.nat_gateway(hostile),
        ] {
            let tail = link.split_once('#').unwrap().1;
            assert!(!tail.contains(['\r', '\n', '"', '\'', '<', '>', '&', '#', ' ', '(', ')']), "{link}");
            assert!(link.is_ascii(), "{link}");
        }
    }
}
