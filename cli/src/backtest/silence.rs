//! Silences that are in force while records are played.

use std::net::IpAddr;

use alerting::{
    detection::{Origin, Rule},
    incident::{
        Silence, SilenceList,
        silence::{MAX_SILENCE_MILLIS, MAX_SILENCES},
        state::{ItemId, StoredItem, Write},
    },
    text::one_line,
    time::{self, EpochMillis},
};
use ipnet::IpNet;
use jiff::Timestamp;

use super::time_arg;

/// Maximum number of characters of a reason.
const MAX_REASON_CHARS: usize = 200;

/// A silence on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SilenceArg {
    /// Its conditions and its reason. Its times follow from the others.
    silence: Silence,
    /// When it begins; none: with the first record.
    from: Option<EpochMillis>,
    end: End,
}

/// When a silence ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    After(u64),
    At(EpochMillis),
}

impl SilenceArg {
    /// Reads `source=10.0.0.5 for=8h reason="load test"`. The case of names does not matter.
    ///
    /// # Errors
    /// One line with what is allowed.
    pub(crate) fn parse(text: &str) -> Result<SilenceArg, String> {
        let mut arg = SilenceArg { silence: without_conditions(), from: None, end: End::After(MAX_SILENCE_MILLIS) };
        for (name, value) in words(text)? {
            arg.apply(&name, &value).map_err(|allowed| format!("{name}={value:?}: allowed is {allowed}"))?;
        }
        let Silence { source, destination, port, interface, origin, .. } = &arg.silence;
        if source.is_none() && destination.is_none() && port.is_none() && interface.is_none() && origin.is_none() {
            return Err("a condition is needed: source, destination, port, interface or origin".to_owned());
        }
        if let (Some(from), End::At(until)) = (arg.from, arg.end)
            && until <= from
        {
            return Err("until must be later than from".to_owned());
        }
        Ok(arg)
    }

    fn apply(&mut self, name: &str, value: &str) -> Result<(), String> {
        let silence = &mut self.silence;
        match name {
            "source" => silence.source = Some(network(value)?),
            "destination" => silence.destination = Some(network(value)?),
            "port" => silence.port = Some(value.parse().map_err(|_| "a port of TCP or UDP, such as 5432/tcp")?),
            "interface" => silence.interface = Some(value.to_owned()),
            "origin" => silence.origin = Some(one_of(value, &Origin::ALL, Origin::full_word)?),
            "rule" => silence.rule = Some(one_of(value, &Rule::CHOICES, Rule::word)?),
            "log-account" => silence.account = Some(value.to_owned()),
            "log-region" => silence.region = Some(value.to_owned()),
            "log-group" => silence.log_group = Some(value.to_owned()),
            "reason" => silence.reason = one_line(value, MAX_REASON_CHARS).into_owned(),
            "from" => self.from = Some(moment(value)?),
            "until" => self.end = End::At(moment(value)?),
            "for" => {
                let millis = time_arg::millis(value)?;
                if millis == 0 || millis > MAX_SILENCE_MILLIS {
                    return Err("more than nothing and at most 30d".to_owned());
                }
                self.end = End::After(millis);
            }
            _ => {
                return Err(
                    "source, destination, port, interface, origin, rule, log-account, log-region, log-group, from, for, until and reason"
                        .to_owned()
                );
            }
        }
        Ok(())
    }

    /// The silence, with the time of the first record.
    fn at(&self, number: usize, first: EpochMillis) -> Silence {
        let from = self.from.unwrap_or(first);
        let until = match self.end {
            End::After(millis) => time::after(from, millis),
            End::At(until) => until,
        };
        Silence { id: id(number), from, until, ..self.silence.clone() }
    }

    /// Its conditions as `silence add` takes them.
    pub(crate) fn conditions(&self) -> String {
        self.silence.conditions()
    }
}

/// The id of a silence by its place on the command line.
pub(crate) fn id(number: usize) -> String {
    format!("{}", number + 1)
}

/// Checks that there are not too many silences.
///
/// # Errors
/// One line.
pub(crate) fn check(silences: &[SilenceArg]) -> Result<(), String> {
    if silences.len() > MAX_SILENCES { Err(format!("--silence: at most {MAX_SILENCES}")) } else { Ok(()) }
}

/// The write that stores silences, given the start of the first record.
pub(super) fn write(silences: &[SilenceArg], first: EpochMillis) -> Write {
    let silences = silences.iter().enumerate().map(|(number, silence)| silence.at(number, first));
    let doc = StoredItem::Silences(SilenceList(silences.collect()));
    Write { id: ItemId::Silences, expected: None, doc, expires_at: None }
}

fn without_conditions() -> Silence {
    Silence {
        id: String::new(),
        rule: None,
        origin: None,
        source: None,
        destination: None,
        port: None,
        interface: None,
        account: None,
        region: None,
        log_group: None,
        from: EpochMillis(0),
        until: EpochMillis(0),
        reason: "backtest".to_owned(),
        by: "backtest".to_owned(),
        unknown: serde_json::Map::new(),
    }
}

/// Splits `name=value` words at white space outside of double quotation marks. Names become lower case.
fn words(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => words.push(String::new()),
            c => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    if is_quoted {
        return Err("a quotation mark is not closed".to_owned());
    }
    let pair = |word: &String| {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("{word:?} is not name=value"))?;
        Ok((name.to_ascii_lowercase(), value.to_owned()))
    };
    words.iter().filter(|word| !word.is_empty()).map(pair).collect()
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().ok().filter(|network| network.trunc() == *network);
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    network.or_else(address).ok_or_else(|| "an address or a CIDR block".to_owned())
}

fn one_of<T: Copy>(text: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| word(*one).eq_ignore_ascii_case(text));
    found.ok_or_else(|| all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", "))
}

fn moment(text: &str) -> Result<EpochMillis, String> {
    let timestamp = text.parse::<Timestamp>().ok();
    let millis = timestamp.and_then(|timestamp| u64::try_from(timestamp.as_millisecond()).ok());
    millis
        .map(EpochMillis)
        .ok_or_else(|| "a time with its zone, such as 2026-11-23T02:00Z or 2026-11-23T11:00+09:00".to_owned())
}

#[cfg(test)]
mod tests {
    use alerting::time::{HOUR_MILLIS, iso_millis};

    use super::*;

    const FIRST: EpochMillis = EpochMillis(1_795_401_120_000);

    fn silence(text: &str) -> Silence {
        SilenceArg::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).at(0, FIRST)
    }

    #[test]
    fn conditions_and_times_are_read_in_any_case_of_names() {
        let all = "SOURCE=10.0.0.5 destination=8.8.8.0/24 port=53/udp interface=eni-1 origin=own-request rule=Request \
                   log-account=1 log-region=eu-west-1 log-group=/vpc from=2026-11-23T02:00Z FOR=8h REASON=\"load test of Monday\"";
        let silence = silence(all);
        assert_eq!(silence.reason, "load test of Monday");
        assert_eq!(iso_millis(silence.from), "2026-11-23T02:00:00.000Z");
        assert_eq!(silence.until, time::after(silence.from, 8 * HOUR_MILLIS));
        assert_eq!(
            SilenceArg::parse(all).unwrap().conditions(),
            "--rule request --source 10.0.0.5 --destination 8.8.8.0/24 --port 53/udp --interface eni-1 --origin own-request \
             --log-account 1 --log-region eu-west-1 --log-group /vpc"
        );
    }

    #[test]
    fn it_begins_with_the_first_record_and_lasts_as_long_as_one_may() {
        let whole = silence("source=10.0.0.0/8");
        assert_eq!((whole.from, whole.until), (FIRST, time::after(FIRST, MAX_SILENCE_MILLIS)));
        let until = silence("source=10.0.0.0/8 until=2026-11-23T11:00+09:00");
        assert_eq!((until.from, iso_millis(until.until).as_str()), (FIRST, "2026-11-23T02:00:00.000Z"));
    }

    #[test]
    fn a_wrong_silence_is_named_with_what_is_allowed() {
        for (text, error) in [
            ("", "a condition is needed: source, destination, port, interface or origin"),
            ("rule=ping", "a condition is needed: source, destination, port, interface or origin"),
            ("source", "\"source\" is not name=value"),
            ("source=10.0.0.256", "source=\"10.0.0.256\": allowed is an address or a CIDR block"),
            ("source=10.0.0.1/8", "source=\"10.0.0.1/8\": allowed is an address or a CIDR block"),
            ("origin=own", "origin=\"own\": allowed is own-request, own-answer, private, internet"),
            ("rule=x", "rule=\"x\": allowed is ping, request, reply, helper, scan"),
            ("source=10.0.0.1 for=31d", "for=\"31d\": allowed is more than nothing and at most 30d"),
            ("source=10.0.0.1 for=0h", "for=\"0h\": allowed is more than nothing and at most 30d"),
            ("source=10.0.0.1 reason=\"x", "a quotation mark is not closed"),
            ("port=22", "port=\"22\": allowed is a port of TCP or UDP, such as 5432/tcp"),
            (
                "ports=22",
                "ports=\"22\": allowed is source, destination, port, interface, origin, rule, log-account, log-region, log-group, from, for, until and reason",
            ),
            (
                "source=10.0.0.1 from=2026-11-23",
                "from=\"2026-11-23\": allowed is a time with its zone, such as 2026-11-23T02:00Z or 2026-11-23T11:00+09:00",
            ),
            ("source=10.0.0.1 from=2026-11-23T02:00Z until=2026-11-23T02:00Z", "until must be later than from"),
        ] {
            assert_eq!(SilenceArg::parse(text).err().as_deref(), Some(error), "{text}");
        }
    }
}
