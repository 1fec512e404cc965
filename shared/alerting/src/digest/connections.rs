//! Rejected TCP and UDP: background from the internet against the periods before, late packets, and what is of ours.

use crate::{
    detection::{Origin, Rule, Rules, Treatment},
    digest::{
        background::{Amount, had_records, median},
        known::Known,
        period::{Period, Span},
        source::{Answers, Measure},
    },
};

/// Rejected TCP and UDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// What came from the internet, without late packets: scanners.
    pub internet: Known<Amount>,
    /// The median of the periods before.
    pub median: Known<Amount>,
    /// How many periods that is: those before this one that have records of any kind.
    pub periods: u64,
    /// Records of late packets, of every origin.
    pub late: Known<u64>,
    /// Records of ours and of private networks, without late packets.
    pub ours: Known<u64>,
    /// Those of rules that send no email, as their records are for the digest.
    pub digested: Vec<(Rule, Known<u64>)>,
}

/// The rules about TCP and UDP whose records are of somebody who waits for an answer.
const RULES: [Rule; 4] = [Rule::Request, Rule::Reply, Rule::Helper, Rule::Scan];

/// What is asked about rules in force: each rule with the origins that it can have.
pub(super) fn measures(rules: Rules) -> Vec<Measure> {
    if !rules.has_ports() {
        return Vec::new();
    }
    let ours = RULES.into_iter().flat_map(|rule| OURS.map(|origin| Measure::Rejects(rule, origin)));
    let late = ORIGINS.map(|origin| Measure::Rejects(Rule::Late, origin));
    let internet = FROM_INTERNET.into_iter().flat_map(|rule| {
        let origin = Origin::Internet.word();
        [Measure::Rejects(rule, origin), Measure::RejectPackets(rule, origin)]
    });
    // What is not in force has no metric.
    ours.chain(late)
        .chain(internet)
        .filter(|measure| Rule::ALL.into_iter().any(|rule| rules.is_on(rule) && is_of(measure, rule)))
        .collect()
}

/// The origins of what is ours, by [`Origin::word`].
const OURS: [&str; 2] = ["own", "private"];

/// All origins, by [`Origin::word`].
const ORIGINS: [&str; 3] = ["own", "private", "internet"];

/// The rules that match what strangers send.
const FROM_INTERNET: [Rule; 2] = [Rule::Request, Rule::Helper];

fn is_of(measure: &Measure, rule: Rule) -> bool {
    matches!(measure, Measure::Rejects(of, _) | Measure::RejectPackets(of, _) if *of == rule)
}

impl Connections {
    /// None where no rule about TCP and UDP is in force.
    pub(super) fn of(period: &Period, rules: Rules, answers: &Answers) -> Option<Connections> {
        let asked = measures(rules);
        if asked.is_empty() {
            return None;
        }
        let sum = |span: Span, wanted: &dyn Fn(&Measure) -> bool| -> Known<u64> {
            let mut sums = asked.iter().filter(|measure| wanted(measure)).map(|measure| answers.sum(measure, span));
            sums.try_fold(0_u64, |all, one| Ok(all.saturating_add(one?)))
        };
        let from_internet =
            |measure: &Measure| matches!(measure, Measure::Rejects(rule, "internet") if *rule != Rule::Late);
        let packets = |measure: &Measure| matches!(measure, Measure::RejectPackets(..));
        let late = |measure: &Measure| matches!(measure, Measure::Rejects(Rule::Late, _));
        let ours = |measure: &Measure| matches!(measure, Measure::Rejects(rule, origin) if *rule != Rule::Late && *origin != "internet");
        let amount = |records: Known<u64>, packets: Known<u64>| Ok(Amount { records: records?, packets: packets? });
        let seen: Vec<Span> = period.before.iter().copied().filter(|span| had_records(answers, *span)).collect();
        let middle = |wanted: &dyn Fn(&Measure) -> bool| {
            seen.iter().map(|span| sum(*span, wanted)).collect::<Known<Vec<u64>>>().and_then(median)
        };
        Some(Connections {
            internet: amount(sum(period.span, &from_internet), sum(period.span, &packets)),
            median: amount(middle(&from_internet), middle(&packets)),
            periods: seen.len() as u64,
            late: sum(period.span, &late),
            ours: sum(period.span, &ours),
            digested: RULES
                .into_iter()
                .filter(|rule| rules.treatment(*rule) == Treatment::Digest)
                .map(|rule| (rule, sum(period.span, &|measure| ours(measure) && is_of(measure, rule))))
                .collect(),
        })
    }
}
