//! A new silence, from the arguments.

use std::net::IpAddr;

use alerting::{
    detection::{Origin, Rule, ServicePort},
    incident::{Silence, silence::MAX_SILENCE_MILLIS},
    time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS},
    zone::Zone,
};
use clap::ArgGroup;
use ipnet::IpNet;

use super::common::Common;
use crate::aws::Identity;

/// Maximum length of a reason and of a name, in characters.
const MAX_TEXT_CHARS: usize = 200;

/// What `add` takes.
#[derive(clap::Args, Clone, Debug)]
#[command(group = ArgGroup::new("condition").required(true).multiple(true).args(["source", "destination", "port", "interface", "origin"]))]
pub(super) struct Args {
    /// The senders: an address or a CIDR block
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    source: Option<IpNet>,
    /// The receivers: an address or a CIDR block
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    destination: Option<IpNet>,
    /// The server's port of TCP or UDP, such as 5432/tcp
    #[arg(long, value_name = "PORT")]
    port: Option<ServicePort>,
    /// The interface that logs the records
    #[arg(long, value_name = "ID", value_parser = text, allow_hyphen_values = true)]
    interface: Option<String>,
    /// Where the packets come from: own-request, own-answer, private or internet
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    origin: Option<Origin>,
    /// The rule that matches: ping, request, reply, helper or scan; no condition by itself
    #[arg(long, value_name = "RULE", value_parser = rule)]
    rule: Option<Rule>,
    /// The account that the records are logged in; no condition by itself
    #[arg(long, value_name = "ID", value_parser = text)]
    log_account: Option<String>,
    /// The region that they are logged in; no condition by itself
    #[arg(long, value_name = "REGION", value_parser = text)]
    log_region: Option<String>,
    /// The log group that they are logged in; no condition by itself
    #[arg(long, value_name = "NAME", value_parser = text)]
    log_group: Option<String>,
    /// How long: 45m, 8h or 7d, at most 30d
    #[arg(long = "for", value_name = "TIME", value_parser = duration, required_unless_present = "until", conflicts_with = "until")]
    duration: Option<u64>,
    /// Until when: '2026-11-24 09:00' in the zone of all times, or with an offset, as 2026-11-24T00:00:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Why, for whoever reads it in an email
    #[arg(long, value_name = "TEXT", value_parser = text)]
    reason: String,
    /// Who; otherwise the identity that the AWS credentials are of
    #[arg(long, value_name = "NAME", value_parser = text)]
    by: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
}

impl Args {
    /// Returns the silence, without an id.
    ///
    /// # Errors
    /// Its end is not possible, or nobody knows who makes it. One line.
    pub(super) fn silence(&self, zone: &Zone, caller: Option<&Identity>, now: EpochMillis) -> Result<Silence, String> {
        let by = self.by.clone().or_else(|| caller.map(|caller| caller.name.clone()));
        let by = by.ok_or("nobody knows who you are: pass --by NAME, which emails show")?;
        let until = match (self.duration, &self.until) {
            (Some(millis), _) => time::after(now, millis),
            (None, until) => point(until.as_deref().unwrap_or_default(), zone, now)?,
        };
        Ok(Silence {
            id: String::new(),
            rule: self.rule,
            origin: self.origin,
            source: self.source,
            destination: self.destination,
            port: self.port,
            interface: self.interface.clone(),
            account: self.log_account.clone(),
            region: self.log_region.clone(),
            log_group: self.log_group.clone(),
            from: now,
            until,
            reason: self.reason.clone(),
            by,
            unknown: serde_json::Map::new(),
        })
    }
}

/// Reads the end of a silence.
fn point(text: &str, zone: &Zone, now: EpochMillis) -> Result<EpochMillis, String> {
    let until = zone.point(text);
    let until =
        until.ok_or_else(|| format!("--until {text:?}: a time such as '2026-11-24 09:00' or 2026-11-24T00:00:00Z"))?;
    let millis = time::millis_between(now, until);
    match millis {
        0 => Err(format!("--until {text:?}: {} is over", zone.date_time(until))),
        1..=MAX_SILENCE_MILLIS => Ok(until),
        _ => Err(format!(
            "--until {text:?}: a silence lasts at most 30 days, until {}",
            zone.date_time(time::after(now, MAX_SILENCE_MILLIS))
        )),
    }
}

/// Reads an address or a block.
fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().map_err(|_| "an address or a CIDR block, such as 10.0.0.1 or 10.0.0.0/24")?;
    let whole = network.trunc();
    if whole == network {
        Ok(network)
    } else {
        Err(format!("a CIDR block, such as {whole}: addresses behind the prefix are 0"))
    }
}

fn origin(word: &str) -> Result<Origin, String> {
    let origin = Origin::ALL.into_iter().find(|origin| origin.full_word() == word);
    origin.ok_or_else(|| format!("one of {}", Origin::ALL.map(Origin::full_word).join(", ")))
}

fn rule(word: &str) -> Result<Rule, String> {
    let rule = Rule::CHOICES.into_iter().find(|rule| rule.word() == word);
    rule.ok_or_else(|| format!("one of {}", Rule::CHOICES.map(Rule::word).join(", ")))
}

/// Reads minutes, hours or days as milliseconds.
fn duration(text: &str) -> Result<u64, String> {
    const ALLOWED: &str = "minutes, hours or days, such as 45m, 8h or 7d, at most 30d";
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(ALLOWED)?;
    let unit = match unit {
        "m" => MINUTE_MILLIS,
        "h" => HOUR_MILLIS,
        "d" => 24 * HOUR_MILLIS,
        _ => return Err(ALLOWED.to_owned()),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let millis = digits.parse::<u64>().ok().filter(|_| is_number).and_then(|number| number.checked_mul(unit));
    millis.filter(|millis| (1..=MAX_SILENCE_MILLIS).contains(millis)).ok_or_else(|| ALLOWED.to_owned())
}

fn text(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a text".to_owned()),
        long if long.chars().count() > MAX_TEXT_CHARS => Err(format!("at most {MAX_TEXT_CHARS} characters")),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EpochMillis = EpochMillis(1_795_401_134_000);

    #[test]
    fn a_network_is_an_address_or_a_block() {
        for (text, expect) in [
            ("10.0.0.1", Ok("10.0.0.1/32")),
            ("2001:db8::1", Ok("2001:db8::1/128")),
            ("::ffff:10.0.0.1", Ok("10.0.0.1/32")),
            ("10.0.0.0/24", Ok("10.0.0.0/24")),
            ("0.0.0.0/0", Ok("0.0.0.0/0")),
            ("10.0.0.1/24", Err("10.0.0.0/24")),
            ("10.0.0.0/33", Err("or a CIDR block")),
            ("web-1", Err("or a CIDR block")),
            ("", Err("or a CIDR block")),
        ] {
            match (network(text), expect) {
                (Ok(network), Ok(expect)) => assert_eq!(network.to_string(), expect),
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_duration_is_more_than_nothing_and_at_most_thirty_days() {
        for (text, minutes) in [
            ("45m", Some(45)),
            ("8h", Some(480)),
            ("7d", Some(7 * 1_440)),
            ("30d", Some(30 * 1_440)),
            ("720h", Some(30 * 1_440)),
            ("0h", None),
            ("31d", None),
            ("43201m", None),
            ("8", None),
            ("h", None),
            ("", None),
            ("+8h", None),
            ("8 h", None),
            ("8時", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(duration(text).ok(), minutes.map(|minutes| minutes * MINUTE_MILLIS), "{text}");
        }
    }

    #[test]
    fn the_end_is_in_the_zone_of_all_times_and_within_thirty_days() {
        let tokyo = Zone::parse("Asia/Tokyo").unwrap();
        // 2026-11-23 02:32:14 UTC.
        for (text, expect) in [
            ("2026-11-23 12:00", Ok(NOW.0 + 1_666_000)),
            ("2026-11-23T03:00:00Z", Ok(NOW.0 + 1_666_000)),
            ("2026-11-23 11:00", Err("is over")),
            ("2026-12-23 11:32:14", Ok(NOW.0 + MAX_SILENCE_MILLIS)),
            ("2026-12-23 11:32:15", Err("at most 30 days")),
            ("8h", Err("a time such as")),
        ] {
            match (point(text, &tokyo, NOW), expect) {
                (Ok(at), Ok(expect)) => assert_eq!(at.0, expect, "{text}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }
}
