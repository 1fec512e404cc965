//! The phrases that every language has.

use std::net::IpAddr;

use crate::{
    detection::{Basis, Direction, Totals},
    enrichment::{MissingReason, NetworkPart, RuleTraffic},
    explain::{Evidence, Explanation},
    incident::{Reason, Signal, SignalPolicy},
    notification::{
        kind::NotificationKind,
        language::{
            connections::Connections,
            terms::{
                Fact, Fix, Grade, Noun, Number, Opening, Parties, Permission, RejectionKind, Section, SilenceWords,
            },
        },
        links::Target,
        severity::Severity,
    },
};

/// The phrases of a language: what every email needs.
pub trait Phrases: Headlines + Connections + Facts + Reasons + Steps + Sync {
    /// A number of things: `4 packets`.
    fn count(&self, number: Number, noun: Noun) -> String;
    /// How many more there are than were named: `and 5 more`.
    fn and_more(&self, number: Number) -> String;
    /// Things beside one another: `4 packets, 336 bytes, 1 record`.
    fn items(&self, items: &[String]) -> String;
    /// Two such groups: `1 source, 1 target; ICMP`.
    fn groups(&self, groups: &[String]) -> String;
    /// Sentences, made from clauses and put after one another.
    fn sentences(&self, clauses: &[String]) -> String;
    /// Sentences put after one another.
    fn joined(&self, sentences: &[String]) -> String;
    /// A time span in its two largest units: `6 min 40 s`.
    fn span(&self, millis: u64) -> String;
    /// Something, and how many more there are: `10.0.0.5 and 2 more`.
    fn with_more(&self, first: &str, more: &str) -> String;
    /// A text that a link stands below.
    fn link(&self, text: &str) -> String;
    /// The heading of a section.
    fn heading(&self, section: Section) -> &'static str;
    /// The label of a fact.
    fn label(&self, fact: Fact) -> &'static str;
    /// What stands at the end of an email that was cut.
    fn left_out(&self, bytes: u64) -> String;
}

/// Headlines, and how things stand.
pub trait Headlines {
    /// What happened, as a clause. `amount` is a number of [`Noun::Ping`]; `more` came after an earlier email.
    fn headline(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String;
    /// The same for a subject: what happened stands before names that may be cut.
    fn brief(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String;
    /// The same for a subject that would be too long.
    fn terse(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String;
    /// A headline about test records, which says so first.
    fn test_of(&self, headline: &str) -> String;
    /// Pings of which no record counts the packets.
    fn uncounted_pings(&self, records: &str) -> String;
    /// A subject: a headline and, of a resolved incident, whether it is `silenced`, and how long it lasted, where there is room for that.
    fn subject(
        &self,
        rule: &str,
        kind: NotificationKind,
        silenced: bool,
        lasted: Option<&str>,
        headline: &str,
    ) -> String;
    /// It is opened, and the time of its first packet.
    fn opened_since(&self, since: &str) -> String;
    /// It is an update, and the time of the first packet.
    fn update_since(&self, since: &str) -> String;
    /// It is reopened, the time of the first packet, and when it was resolved.
    fn reopened_since(&self, since: &str, resolved: &str) -> String;
    /// It is resolved, from when to when, and how long that is. Where it is `silenced`, it may still go on.
    fn resolved_over(&self, range: &str, lasted: &str, silenced: bool) -> String;
    /// A silence that has covered findings of the incident, which the email does not count.
    fn silenced(&self, silence: &SilenceWords<'_>) -> String;
    /// That there are so many more silences than were named.
    fn more_silences(&self, more: u64) -> String;
    /// How urgent it is.
    fn severity(&self, severity: Severity) -> String;
    /// Why it is an incident at all; where it is `undecided` whether the sender is in a private network, that.
    fn incident_because(&self, signal: Signal, policy: &SignalPolicy, undecided: bool) -> String;
    /// The incident before this one.
    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String;
    /// Why this email is sent now, where its kind does not say it.
    fn because(&self, reason: Reason, kind: NotificationKind) -> Option<String>;
    /// How long after the first or the last packet the email is sent.
    fn sent_after(&self, span: &str, first: bool) -> String;
    /// When the next email may come, whether it comes `sooner` for an address that no email has named, and what ends it after how much
    /// quiet.
    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String;
    /// The number of this email, and that it covers what came since the email before, and when that was.
    fn covers_since(&self, number: u32, at: &str) -> String;
    /// The number of this email, and that it covers the whole incident. Where the incident was resolved before and reopened, what came
    /// before that is in the totals alone.
    fn covers_incident(&self, number: u32, resolved_before: Option<&str>) -> String;
    /// What came since the last email: amounts, or nothing.
    fn since_last_email(&self, amounts: Option<&str>) -> String;
}

/// Facts: who, where, which way, when.
pub trait Facts {
    /// That the ICMP type is not recorded. `v4` and `v6`: of which of ICMP and ICMPv6.
    fn protocols(&self, v4: bool, v6: bool) -> &'static str;
    /// Records that are counted and not listed.
    fn untracked(&self, records: &str, flows: &str) -> String;
    /// Lines of the batch that could not be read.
    fn unreadable(&self, lines: &str) -> String;
    /// What an address is by its number.
    fn scope(&self, address: IpAddr) -> &'static str;
    /// An AWS service, as a record names it.
    fn service(&self, name: &str) -> String;
    /// What kind of interface it is, by EC2's word for it; none for an ordinary one.
    fn interface_kind(&self, kind: &str) -> Option<String>;
    /// A tag that says who owns something.
    fn owner(&self, key: &str, value: &str) -> String;
    /// Values of tags whose keys are not known.
    fn tagged(&self, values: &str) -> String;
    /// What stands between an address and the network: the interface of a gateway or of a node.
    fn through(&self, intermediate: &str) -> String;
    /// An account.
    fn account(&self, id: &str) -> String;
    /// The log group that the records were written to first.
    fn copied_from(&self, name: &str) -> String;
    /// The one interface, source or target that the incident is about.
    fn only_for(&self, noun: Noun, value: &str) -> String;
    /// That the incident is about all interfaces, sources or targets that have none of their own.
    fn all_others(&self, noun: Noun) -> String;
    /// A direction and how it is known.
    fn direction(&self, direction: Direction, basis: Basis) -> String;
    /// That they look like answers.
    fn look_like_answers(&self) -> &'static str;
    /// That the direction is not known.
    fn direction_unknown(&self) -> &'static str;
    /// That there are several.
    fn directions_differ(&self) -> &'static str;
    /// That something holds for the heaviest flows only.
    fn of_the_heaviest(&self, text: &str) -> String;
    /// That only the heaviest flows are listed.
    fn heaviest_only(&self) -> &'static str;
    /// That times are rounded.
    fn give_or_take(&self, range: &str) -> String;
    /// That the records have no times.
    fn no_times(&self) -> &'static str;
    /// What the numbers of a timeline are: packets or records, in so many minutes, by the clock of a zone.
    fn timeline(&self, packets: bool, minutes: u64, zone: &str) -> String;
    /// A flow's direction, as short as it can be.
    fn way(&self, story: RejectionKind) -> &'static str;
}

/// Reasons.
pub trait Reasons {
    /// The explanation as one clause with how sure it is, for the first lines.
    fn blocked_by(&self, explanation: &Explanation, grade: &Grade<'_>) -> String;
    /// The layer as a title with how sure it is, and for which of several flows.
    fn graded(&self, explanation: &Explanation, grade: &Grade<'_>) -> String;
    /// What shows it, as a clause; what has no rule is the `opening`. None for missing data, which is stated once for all.
    fn evidence(&self, evidence: &Evidence, explanation: &Explanation, opening: Option<&Opening>) -> Option<String>;
    /// What is said where nothing shows anything.
    fn no_evidence(&self) -> String;
    /// Which parts could not be read from EC2, and why.
    fn missing_data(&self, parts: &[NetworkPart], reason: &MissingReason) -> String;
    /// What a rule is for: `ICMP`, `tcp/5432`, `all traffic`.
    fn traffic(&self, traffic: RuleTraffic) -> String;
}

/// What to do next.
pub trait Steps {
    /// What to do where the packets were meant to pass, as a clause; for which flows, where others need something else.
    fn fix(&self, fix: &Fix<'_>, permission: Permission<'_>, flows: Option<&str>) -> String;
    /// That packets of strangers are normally left blocked, as a clause; and what to do if the only `sender` is none.
    fn leave_blocked(&self, sender: Option<&str>) -> String;
    /// How to silence it where it is meant to be so: the command. Of a resolved incident, should it come back.
    fn silence(&self, command: &str, resolved: bool) -> String;
    /// The same where the commands stand below, for `all` of it or for some.
    fn silences(&self, all: bool, resolved: bool) -> String;
    /// How to get no emails when an incident is resolved.
    fn without_resolved_emails(&self) -> String;
    /// What resolved means, and what may still be there.
    fn resolved_means(&self, quiet: &str) -> String;
    /// That nothing is to do about a test, as the email itself is its result.
    fn test_means(&self) -> String;
    /// What silenced means, and the command that ends the silence.
    fn silenced_means(&self, quiet: &str, command: &str) -> String;
    /// What a link opens.
    fn opens(&self, target: &Target) -> String;
    /// How many records are not shown; whether those shown are the newest, and how many the link shows at most, where it may be fewer.
    fn records_left(&self, records: &str, newest: bool, at_most: Option<&str>) -> String;
}

/// Packets, or the records where no record counts packets, with the noun.
pub(crate) fn weight(phrases: &dyn Phrases, totals: &Totals, exact: bool) -> String {
    let (number, noun) = totals.packets.map_or((totals.records, Noun::Record), |packets| (packets, Noun::Packet));
    phrases.count(if exact { Number::Exactly(number) } else { Number::AtLeast(number) }, noun)
}

/// `4 packets, 336 bytes, 1 record`, as far as it is known.
pub(crate) fn amounts(phrases: &dyn Phrases, totals: &Totals) -> String {
    let parts = [(totals.packets, Noun::Packet), (totals.bytes, Noun::Byte), (Some(totals.records), Noun::Record)];
    let parts = parts.into_iter().filter_map(|(number, noun)| Some(phrases.count(Number::Exactly(number?), noun)));
    phrases.items(&parts.collect::<Vec<_>>())
}
