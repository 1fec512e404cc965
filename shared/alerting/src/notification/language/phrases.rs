//! The phrases that every language has.

use crate::{
    address::Scope,
    detection::{Basis, Direction, Totals},
    enrichment::{IcmpRange, MissingReason, NetworkPart, RuleProtocol},
    explain::{Confidence, Evidence, Explanation},
    incident::Reason,
    notification::{
        kind::NotificationKind,
        language::terms::{Fix, Noun, Number, Parties, RejectionKind, Section},
        links::Target,
    },
};

/// The phrases of a language: what every email needs.
pub trait Phrases: Headlines + Facts + Reasons + Steps + Sync {
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
    /// The label of a section, at most six columns wide; that of the records stands alone.
    fn label(&self, section: Section) -> &'static str;
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
    /// Pings of which no record counts the packets.
    fn uncounted_pings(&self, records: &str) -> String;
    /// A subject: a headline and, of a resolved incident, how long it lasted.
    fn subject(&self, rule: &str, kind: NotificationKind, lasted: &str, headline: &str) -> String;
    /// It is opened, and the time of its first packet.
    fn opened_since(&self, since: &str) -> String;
    /// It is an update, the time of the first packet, and the number of this email about the incident.
    fn update_since(&self, since: &str, number: u32) -> String;
    /// It is reopened, the time of the first packet, when it was resolved, and the number of this email.
    fn reopened_since(&self, since: &str, resolved: &str, number: u32) -> String;
    /// It is resolved, from when to when, and the number of this email.
    fn resolved_over(&self, range: &str, number: u32) -> String;
    /// The incident before this one.
    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String;
    /// Why this email is sent now.
    fn because(&self, reason: Reason, kind: NotificationKind, quiet: &str) -> String;
    /// How long after the first or the last packet the email is sent.
    fn sent_after(&self, span: &str, first: bool) -> String;
    /// When the next email may come, whether it comes `sooner` for an address that no email has named, and what ends it after how much
    /// quiet.
    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String;
    /// That the numbers count what came since the email before, and when that was.
    fn since_email(&self, at: &str) -> String;
    /// What came since the last email: amounts, or nothing.
    fn since_last_email(&self, amounts: Option<&str>) -> String;
}

/// Facts: who, where, which way, when.
pub trait Facts {
    /// Altogether so many, besides those since the last email.
    fn altogether(&self, amounts: &str) -> String;
    /// That the ICMP type is not recorded.
    fn protocols(&self, v4: bool, v6: bool) -> &'static str;
    /// Records that are counted and not listed.
    fn untracked(&self, records: &str, flows: &str) -> String;
    /// What an address is by its number.
    fn scope(&self, scope: Scope) -> &'static str;
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
    /// A log group.
    fn log_group(&self, name: &str) -> String;
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
    /// What the numbers of a timeline are: packets or records, in so many minutes.
    fn timeline(&self, packets: bool, minutes: u64) -> String;
    /// A flow's direction, as short as it can be.
    fn way(&self, story: RejectionKind) -> &'static str;
}

/// Reasons.
pub trait Reasons {
    /// The explanation as one clause, for the first lines.
    fn reason(&self, explanation: &Explanation) -> String;
    /// The same with how sure it is; `heaviest` where it is known of the heaviest flows only.
    fn hedged(&self, reason: &str, confidence: Confidence, heaviest: bool) -> String;
    /// The layer as a title.
    fn title(&self, explanation: &Explanation) -> String;
    /// The title with how sure it is, and for how many of several flows.
    fn graded(&self, title: &str, explanation: &Explanation, flows: Option<&str>) -> String;
    /// What shows it, as a clause. None for missing data, which is stated once for all.
    fn evidence(&self, evidence: &Evidence, explanation: &Explanation) -> Option<String>;
    /// What is said where nothing shows anything.
    fn no_evidence(&self) -> String;
    /// That the rules are those of now.
    fn rules_now(&self) -> String;
    /// Which parts could not be read from EC2, and why.
    fn missing_data(&self, parts: &[NetworkPart], reason: &MissingReason) -> String;
    /// What a rule is for: `ICMP`, `all traffic`.
    fn traffic(&self, protocol: RuleProtocol, icmp: IcmpRange) -> String;
}

/// What to do next.
pub trait Steps {
    /// What to do where the packets were meant to pass.
    fn fix(&self, fixes: &[Fix<'_>]) -> String;
    /// What to do where they were meant to be blocked: nothing; and how to get fewer emails.
    /// Or how to silence one address: the field of the filter pattern that it is in, and the address.
    fn silence(&self, kind: NotificationKind, address: Option<(&str, &str)>) -> String;
    /// What resolved means, and what may still be there.
    fn resolved_means(&self, quiet: &str) -> String;
    /// What a link opens.
    fn opens(&self, target: &Target) -> String;
    /// How many records are not shown.
    fn records_left(&self, records: &str) -> String;
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
