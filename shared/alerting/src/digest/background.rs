//! Background: pings from the internet, against the periods before.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::{
    address::Scope,
    digest::{
        input::DigestSettings,
        known::{Known, Unknown},
        period::{Period, Span},
        source::{Answers, Measure, Rule},
    },
};

/// Addresses of each ranking. Among so many sources new ones are looked for.
pub const MAX_RANKED_ADDRESSES: usize = 5;

/// An address with its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankedAddress {
    /// The address.
    pub address: IpAddr,
    /// Its packets.
    pub packets: u64,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Records.
    pub records: u64,
    /// Their packets; 0 if the records do not count them.
    pub packets: u64,
}

impl Amount {
    /// The packets, or the records where these do not count them.
    pub fn pings(self) -> u64 {
        if self.packets > 0 { self.packets } else { self.records }
    }
}

/// Pings from the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Background {
    /// Those of the period.
    pub amount: Known<Amount>,
    /// The median of the periods before.
    pub median: Known<Amount>,
    /// How many periods that is: those before this one that have records of any kind.
    pub periods: u64,
    /// The heaviest sources.
    pub sources: Known<Vec<RankedAddress>>,
    /// Those of them that are not among the heaviest 100 of the days before.
    pub new_sources: Known<Vec<IpAddr>>,
    /// The heaviest targets.
    pub targets: Known<Vec<RankedAddress>>,
}

impl Background {
    pub(super) fn of(period: &Period, settings: &DigestSettings, answers: &Answers) -> Background {
        let ours = |address: IpAddr| Scope::of(address).is_internal() || settings.own_networks.contains(address);
        let sources_of = |span: Span| -> Known<BTreeMap<IpAddr, u64>> {
            let mut weights = BTreeMap::new();
            for rule in [Rule::Sources, Rule::SourcesV6] {
                settings.rules.name(rule)?;
                add(&mut weights, rule, span, answers)?;
            }
            // What our own addresses and private networks sent is no background.
            weights.retain(|address, _| !ours(*address));
            Ok(weights)
        };
        let targets = settings.rules.name(Rule::Targets).and_then(|_| {
            let mut weights = BTreeMap::new();
            add(&mut weights, Rule::Targets, period.span, answers)?;
            // What we sent has a stranger for its target.
            weights.retain(|address, _| ours(*address));
            Ok(heaviest(weights))
        });
        let sources = sources_of(period.span).map(heaviest);
        let seen: Vec<Span> = period.before.iter().copied().filter(|span| had_records(answers, *span)).collect();
        let new_sources = sources.clone().and_then(|sources| {
            let days = period.days_before.iter().filter(|span| had_records(answers, **span));
            let known = days.map(|day| sources_of(*day)).collect::<Known<Vec<_>>>()?;
            if known.is_empty() {
                return Err(Unknown::NothingBefore);
            }
            let known: BTreeSet<IpAddr> = known.into_iter().flat_map(BTreeMap::into_keys).collect();
            Ok(sources.into_iter().map(|one| one.address).filter(|address| !known.contains(address)).collect())
        });
        let sums = |measure: Measure| seen.iter().map(|span| answers.sum(&measure, *span)).collect::<Known<Vec<u64>>>();
        let middle = |measure| sums(measure).and_then(median);
        let amount = |records: Known<u64>, packets: Known<u64>| Ok(Amount { records: records?, packets: packets? });
        let sum = |measure| answers.sum(&measure, period.span);
        Background {
            amount: amount(sum(Measure::InternetRecords), sum(Measure::InternetPackets)),
            median: amount(middle(Measure::InternetRecords), middle(Measure::InternetPackets)),
            periods: seen.len() as u64,
            sources,
            new_sources,
            targets,
        }
    }
}

/// Tells whether records came in a time. A time without any is no measure: the stack may be younger.
pub(super) fn had_records(answers: &Answers, span: Span) -> bool {
    answers.sum(&Measure::LogEvents, span).is_ok_and(|events| events > 0)
}

/// Adds the weights of a rule's first key, an address.
fn add(weights: &mut BTreeMap<IpAddr, u64>, rule: Rule, span: Span, answers: &Answers) -> Known<()> {
    for report in answers.reports(rule, span)? {
        for contributor in &report.contributors {
            if let Some(address) = contributor.keys.first().and_then(|key| key.parse().ok()) {
                let weight: &mut u64 = weights.entry(address).or_default();
                *weight = weight.saturating_add(contributor.weight);
            }
        }
    }
    Ok(())
}

fn heaviest(weights: BTreeMap<IpAddr, u64>) -> Vec<RankedAddress> {
    let mut ranked: Vec<RankedAddress> =
        weights.into_iter().map(|(address, packets)| RankedAddress { address, packets }).collect();
    ranked.sort_by_key(|one| (std::cmp::Reverse(one.packets), one.address));
    ranked.truncate(MAX_RANKED_ADDRESSES);
    ranked
}

/// The median; of an even number of values the mean of the two in the middle.
pub(super) fn median(mut values: Vec<u64>) -> Known<u64> {
    values.sort_unstable();
    let half = values.len() / 2;
    match values.len() {
        0 => Err(Unknown::NothingBefore),
        number if number.is_multiple_of(2) => Ok(values[half - 1].midpoint(values[half])),
        _ => Ok(values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_value_in_the_middle() {
        for (values, expect) in [
            (vec![], Err(Unknown::NothingBefore)),
            (vec![7], Ok(7)),
            (vec![9, 1, 5], Ok(5)),
            (vec![4, 1_000, 2, 6], Ok(5)),
            (vec![0, 0, 0, 90], Ok(0)),
        ] {
            assert_eq!(median(values.clone()), expect, "{values:?}");
        }
    }
}
