//! The rules of a network ACL, as AWS goes through them: ascending by number, the first that fits decides, each direction by its
//! own rules, and what no rule fits is denied
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{
    detection::Direction,
    enrichment::{AclEntry, IcmpRange, NetworkAcl, RuleProtocol},
    explain::{
        evidence::{AclEvidence, AclVerdict},
        icmp::{Answer, ByIcmpMessage, IcmpMessage, icmp_range, is_in},
        view::View,
    },
};

/// What a network ACL's rules say of a flow that crosses its subnet's border: whether they reject it.
pub(super) fn judge(acl: &NetworkAcl, subnet_id: &str, view: &View<'_>) -> (AclEvidence, ByIcmpMessage) {
    let mut rules: Vec<AclEntry> = Vec::new();
    let mut rejects = [Answer::Open; 3];
    for (index, peer) in view.peers().enumerate() {
        let fitting = fitting(acl, view, peer);
        for (message, rejects) in IcmpMessage::ALL.into_iter().zip(&mut rejects) {
            let here = first_fit(&fitting, message, view, peer, &mut rules);
            *rejects = if index == 0 { here } else { Answer::agreed([*rejects, here]) };
        }
    }
    rules.sort_by_key(|rule| (rule.number, rule.allow));
    let verdict = match rejects {
        [Answer::Yes, Answer::Yes, Answer::Yes] => AclVerdict::Denies,
        [Answer::No, Answer::No, Answer::No] => AclVerdict::Allows,
        _ => AclVerdict::Depends,
    };
    let evidence = AclEvidence {
        id: acl.id.clone(),
        name: acl.tags.name.clone().or_else(|| view.network.tags.get(&*acl.id)?.name.clone()),
        subnet_id: subnet_id.into(),
        direction: view.direction,
        verdict,
        rules,
    };
    (evidence, rejects)
}

/// A rule that fits a flow but for the ICMP type, with the types that it is for.
type Fitting<'a> = (&'a AclEntry, IcmpRange);

/// The rules of the flow's direction, protocol and other side, in their order.
fn fitting<'a>(acl: &'a NetworkAcl, view: &View<'_>, peer: IpAddr) -> Vec<Fitting<'a>> {
    let egress = view.direction == Direction::Egress;
    let mut fitting: Vec<Fitting<'a>> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress && entry.block.contains(&peer))
        .filter_map(|entry| {
            let ipv4 = matches!(entry.block, IpNet::V4(_));
            icmp_range(entry.protocol, entry.icmp, ipv4, view.protocol).map(|range| (entry, range))
        })
        .collect();
    // Numbers are unique in AWS. Should two be the same, the answer does not depend on their order here.
    fitting.sort_by_key(|(entry, _)| (entry.number, entry.allow));
    fitting
}

/// Whether the first rule that fits a message denies it. Rules that decide are added to those known.
fn first_fit(
    fitting: &[Fitting<'_>],
    message: IcmpMessage,
    view: &View<'_>,
    peer: IpAddr,
    rules: &mut Vec<AclEntry>,
) -> Answer {
    let mut decide = |entry: &AclEntry| {
        if !rules.contains(entry) {
            rules.push(entry.clone());
        }
        Answer::of(!entry.allow)
    };
    let mut answers: Option<Answer> = None;
    for (index, &(entry, range)) in fitting.iter().enumerate() {
        let shadowed = |&(_, earlier): &Fitting<'_>| {
            earlier.kind == range.kind && (earlier.code.is_none() || earlier.code == range.code)
        };
        match is_in(message, range, view.protocol) {
            Answer::No => {}
            // The same type stood in an earlier rule.
            Answer::Open if fitting[..index].iter().any(shadowed) => {}
            Answer::Open => {
                let here = decide(entry);
                answers = Some(answers.map_or(here, |known| Answer::agreed([known, here])));
            }
            Answer::Yes => {
                let here = decide(entry);
                return answers.map_or(here, |known| Answer::agreed([known, here]));
            }
        }
    }
    let here = decide(&default_rule(view.direction, peer));
    answers.map_or(here, |known| Answer::agreed([known, here]))
}

/// The rule shown as `*`, for an ACL that came without it.
fn default_rule(direction: Direction, peer: IpAddr) -> AclEntry {
    AclEntry {
        number: AclEntry::DEFAULT,
        egress: direction == Direction::Egress,
        allow: false,
        protocol: RuleProtocol::All,
        icmp: IcmpRange::default(),
        block: match peer {
            IpAddr::V4(_) => IpNet::V4(Ipv4Net::default()),
            IpAddr::V6(_) => IpNet::V6(Ipv6Net::default()),
        },
    }
}
