//! The email of a digest: a paragraph for each part, the verdict first. A part without anything to state is left out; what is not known
//! stands at the end, with the reason.

use crate::{
    detection::Rule,
    digest::{Amount, Background, Coverage, Digest, DigestIncident, HeldBack, Part, RankedAddress, Unknown, Verdict},
    notification::{
        email::MAX_SUBJECT_CHARS,
        language::{DigestPhrases, Internet, Noun, Number, Phrases, VerdictWords},
        ranking::MAX_NAME_CHARS,
        site::Site,
    },
    text::{inert, one_line},
    time::{self, EpochMillis},
};

/// Incidents listed one by one.
pub const MAX_INCIDENTS: usize = 30;

/// Interfaces named that sent no records any more.
pub const MAX_INTERFACES: usize = 10;

/// Silences listed one by one.
const MAX_SILENCES: usize = 20;

/// Characters of a reason, which may be the words of a service, and of each text of a silence.
const MAX_REASON_CHARS: usize = 120;

/// Characters of the name of an interface.
const MAX_INTERFACE_CHARS: usize = 64;

/// The subject.
pub(super) fn subject(digest: &Digest, site: &Site) -> String {
    let writer = Writer::of(digest, site);
    let verdict = writer.verdict();
    let mut parts = vec![writer.words.verdict(verdict.as_words())];
    let pings = digest.background.as_ref().and_then(|background| background.amount.as_ref().ok());
    if let Some(pings) = pings.map(|amount| amount.pings()).filter(|pings| *pings > 0)
        && !matches!(verdict, Opening::Nothing | Opening::NoRecords)
    {
        parts.push(writer.words.subject_pings(pings, digest.internet_is_background()));
    }
    if digest.coverage.has_gaps(digest.now) && verdict != Opening::NoRecords {
        parts.push(writer.words.subject_gaps().to_owned());
    }
    let subject = writer.words.subject(Rule::Ping.name(), digest.period.cadence, &digest.period.date, &parts);
    one_line(&subject, MAX_SUBJECT_CHARS).into_owned()
}

/// The text.
pub(super) fn body(digest: &Digest, site: &Site) -> String {
    let writer = Writer::of(digest, site);
    let parts = [
        writer.opening(),
        writer.incidents(),
        writer.background(),
        writer.connections(),
        writer.silences(),
        writer.coverage(),
        writer.missing(),
    ];
    let paragraphs: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    paragraphs.join("\n\n") + "\n"
}

/// What the digest says first.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Opening {
    Nothing,
    Incidents(u64),
    Records(String, bool),
    NoRecords,
    Unknown,
}

impl Opening {
    fn as_words(&self) -> VerdictWords<'_> {
        match self {
            Opening::Nothing => VerdictWords::Nothing,
            Opening::Incidents(count) => VerdictWords::Incidents(*count),
            Opening::Records(records, connections) => VerdictWords::Records(records, *connections),
            Opening::NoRecords => VerdictWords::NoRecords,
            Opening::Unknown => VerdictWords::Unknown,
        }
    }
}

struct Writer<'a> {
    digest: &'a Digest,
    site: &'a Site,
    words: &'static dyn DigestPhrases,
    common: &'static dyn Phrases,
}

impl<'a> Writer<'a> {
    fn of(digest: &'a Digest, site: &'a Site) -> Writer<'a> {
        Writer { digest, site, words: site.language.digest(), common: site.language.phrases() }
    }

    fn records(&self, records: u64) -> String {
        self.common.count(Number::Exactly(records), Noun::Record)
    }

    fn minute(&self, at: EpochMillis) -> String {
        self.site.zone.day_and_minute(at)
    }

    /// A point in time with its zone.
    fn minute_in_zone(&self, at: EpochMillis) -> String {
        format!("{} {}", self.minute(at), self.site.zone.minute(at).1)
    }

    fn verdict(&self) -> Opening {
        match self.digest.verdict() {
            Verdict::NoRecords => Opening::NoRecords,
            Verdict::Unknown => Opening::Unknown,
            Verdict::Nothing => Opening::Nothing,
            Verdict::Blocked(Some(incidents)) => Opening::Incidents(incidents),
            Verdict::Blocked(None) => {
                let records = self.records(self.digest.own_records.as_ref().copied().unwrap_or_default());
                Opening::Records(records, self.has_connections())
            }
        }
    }

    fn opening(&self) -> String {
        let (digest, verdict) = (self.digest, self.verdict());
        let span = digest.period.span;
        let mut sentences =
            vec![self.words.opening(verdict.as_words(), &self.minute(span.from), &self.minute_in_zone(span.to))];
        match verdict {
            Opening::NoRecords => sentences.push(self.words.check_flow_log(&inert(&digest.log_group, MAX_NAME_CHARS))),
            // The list is known and has nothing of this time.
            Opening::Records(_, connections) if digest.incidents.is_ok() => {
                sentences.push(self.words.reported_before(connections).to_owned());
            }
            Opening::Incidents(_) => {
                let own = digest.own_records.as_ref().copied().unwrap_or_default();
                let records = self.words.own_records(&self.records(own), self.has_connections());
                sentences.extend(Some(records).filter(|_| own > 0));
            }
            Opening::Nothing | Opening::Records(..) | Opening::Unknown => {}
        }
        self.common.joined(&sentences)
    }

    fn incidents(&self) -> String {
        let Ok(incidents) = &self.digest.incidents else { return String::new() };
        let mut lines: Vec<String> = incidents.iter().take(MAX_INCIDENTS).map(|one| self.incident(one)).collect();
        lines.extend(self.more(incidents.len(), MAX_INCIDENTS));
        if !self.digest.incidents_complete {
            lines.push(self.words.incidents_incomplete().to_owned());
        }
        lines.join("\n")
    }

    fn incident(&self, incident: &DigestIncident) -> String {
        let subject = inert(&incident.subject, MAX_SUBJECT_CHARS);
        // What is said of it shows the rule.
        let mut prefixes = Rule::ALL.into_iter().map(|rule| format!("[{}] ", rule.name()));
        let subject = prefixes.find_map(|prefix| subject.strip_prefix(&prefix)).unwrap_or(&subject);
        let (first, last) = (self.minute(incident.first), self.minute(incident.last));
        self.words.incident(&first, incident.signal, subject, incident.state, &last)
    }

    fn more(&self, all: usize, listed: usize) -> Option<String> {
        let left = all.saturating_sub(listed) as u64;
        (left > 0).then(|| self.common.and_more(Number::Exactly(left)))
    }

    fn background(&self) -> String {
        let Some(background) = &self.digest.background else { return String::new() };
        let Ok(amount) = background.amount else { return String::new() };
        let usual = background.median.as_ref().ok().map(|median| self.amount(*median));
        let cadence = self.digest.period.cadence;
        let mut sentences = vec![self.words.background(
            Internet::Pings,
            &self.amount(amount),
            usual.as_deref(),
            cadence,
            background.periods,
        )];
        if amount.records > 0 {
            sentences.extend(self.addresses(background));
        } else if usual.is_none_or(|_| background.median.as_ref().is_ok_and(|median| median.records == 0)) {
            // Nothing now, and nothing before: nothing to state.
            return String::new();
        }
        sentences.join("\n")
    }

    /// Tells whether connections of ours were rejected.
    fn has_connections(&self) -> bool {
        self.digest.connections.as_ref().is_some_and(|connections| matches!(connections.ours, Ok(1..)))
    }

    fn connections(&self) -> String {
        let Some(connections) = &self.digest.connections else { return String::new() };
        let mut sentences = Vec::new();
        let usual = connections.median.as_ref().ok().copied();
        if let Ok(amount) = connections.internet
            && (amount.records > 0 || usual.is_some_and(|usual| usual.records > 0))
        {
            let usual = usual.map(|usual| self.amount(usual));
            let (cadence, periods) = (self.digest.period.cadence, connections.periods);
            let internet = Internet::Connections;
            sentences.push(self.words.background(internet, &self.amount(amount), usual.as_deref(), cadence, periods));
        }
        for (rule, records) in &connections.digested {
            sentences.extend(some(records).map(|records| self.words.digested(rule.word(), &self.records(records))));
        }
        sentences.extend(some(&connections.late).map(|records| self.words.late(&self.records(records))));
        sentences.join("\n")
    }

    fn addresses(&self, background: &Background) -> Vec<String> {
        let ranked = |addresses: &[RankedAddress]| {
            let one = |one: &RankedAddress| {
                let packets = self.common.count(Number::Exactly(one.packets), Noun::Packet);
                self.words.ranked(&one.address.to_string(), &packets)
            };
            self.common.items(&addresses.iter().map(one).collect::<Vec<_>>())
        };
        let mut sentences = Vec::new();
        if let Ok(sources) = background.sources.as_deref()
            && !sources.is_empty()
        {
            sentences.push(self.words.sources(&ranked(sources)));
            if let Ok(new) = &background.new_sources {
                let new: Vec<String> = new.iter().map(ToString::to_string).collect();
                let new = Some(self.common.items(&new)).filter(|_| !new.is_empty());
                sentences.push(self.words.new_sources(new.as_deref()));
            }
        }
        let targets = background.targets.as_deref().unwrap_or_default();
        sentences.extend((!targets.is_empty()).then(|| self.words.targets(&ranked(targets))));
        sentences
    }

    /// Packets and records, or the records where these do not count packets.
    fn amount(&self, amount: Amount) -> String {
        let packets = (amount.packets > 0).then(|| self.common.count(Number::Exactly(amount.packets), Noun::Packet));
        self.common.items(&packets.into_iter().chain([self.records(amount.records)]).collect::<Vec<_>>())
    }

    fn silences(&self) -> String {
        let silences = &self.digest.silences;
        if silences.is_empty() {
            return String::new();
        }
        let mut lines = vec![self.words.silences().to_owned()];
        lines.extend(silences.iter().take(MAX_SILENCES).map(|held| self.silence(held)));
        lines.extend(self.more(silences.len(), MAX_SILENCES));
        lines.join("\n")
    }

    fn silence(&self, HeldBack { silence, records }: &HeldBack) -> String {
        let text = |text: &str| inert(text, MAX_REASON_CHARS);
        let held_back = records.as_ref().ok().map(|records| self.records(*records));
        let until = self.minute_in_zone(silence.ends_at());
        self.words.silence(
            &text(&silence.conditions()),
            &until,
            &text(&silence.by),
            &text(&silence.reason),
            held_back.as_deref(),
        )
    }

    fn coverage(&self) -> String {
        let Coverage { newest, interfaces, skipped, unparsed, failed_batches, failed_timers, .. } =
            &self.digest.coverage;
        let counts = [
            (Part::Skipped, skipped),
            (Part::Unparsed, unparsed),
            (Part::FailedBatches, failed_batches),
            (Part::FailedTimers, failed_timers),
        ];
        // Where no record came, that none of them was bad is nothing to state.
        let counts = counts.iter().filter(|_| self.verdict() != Opening::NoRecords);
        let none: Vec<&str> =
            counts.filter(|(_, count)| **count == Ok(0)).map(|(part, _)| self.words.part(*part)).collect();
        let sent = interfaces.as_ref().ok().map(|interfaces| {
            let number = if interfaces.exact { Number::Exactly } else { Number::About };
            self.common.count(number(interfaces.sent), Noun::Interface)
        });
        let latest = newest.as_ref().ok().copied().flatten();
        let at = latest.map(|at| self.minute_in_zone(at));
        let mut sentences = vec![self.words.coverage(sent.as_deref(), at.as_deref(), &none)];
        if self.digest.coverage.is_stale(self.digest.now) {
            let age = latest.map(|at| self.common.span(time::millis_between(at, self.digest.now)));
            sentences.push(self.words.stale(age.as_deref()));
        }
        sentences.extend(self.gone());
        sentences.extend(some(skipped).map(|records| self.words.skipped(&self.records(records))));
        sentences.extend(some(unparsed).map(|lines| self.words.unparsed(lines)));
        sentences.extend(some(failed_batches).map(|batches| self.words.failed_batches(batches)));
        sentences.extend(some(failed_timers).map(|messages| self.words.failed_timers(messages)));
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join("\n")
    }

    fn gone(&self) -> Option<String> {
        let gone = self.digest.coverage.interfaces.as_ref().ok()?.gone.as_ref().ok()?;
        let mut names: Vec<String> =
            gone.iter().take(MAX_INTERFACES).map(|name| inert(name, MAX_INTERFACE_CHARS)).collect();
        names.extend(self.more(gone.len(), MAX_INTERFACES));
        let count = self.common.count(Number::Exactly(gone.len() as u64), Noun::Interface);
        (!names.is_empty()).then(|| self.words.gone(&count, &self.common.items(&names)))
    }

    /// What is not known, the parts of each reason together.
    fn missing(&self) -> String {
        let mut by_reason: Vec<(&Unknown, Vec<&str>)> = Vec::new();
        for (part, unknown) in self.digest.missing() {
            let part = self.words.part(part);
            match by_reason.iter_mut().find(|(reason, _)| *reason == unknown) {
                Some((_, parts)) => parts.push(part),
                None => by_reason.push((unknown, vec![part])),
            }
        }
        if by_reason.is_empty() {
            return String::new();
        }
        let reasons = by_reason.into_iter().map(|(unknown, parts)| {
            self.words.for_reason(&parts, &inert(&self.words.unknown(unknown), MAX_REASON_CHARS))
        });
        self.words.not_known(&self.common.groups(&reasons.collect::<Vec<_>>()))
    }
}

/// A count that is known and not zero.
fn some(count: &Result<u64, Unknown>) -> Option<u64> {
    count.as_ref().copied().ok().filter(|count| *count > 0)
}
