//! Why it was rejected, what shows it, and what could not be had.

use crate::{
    enrichment::{MissingData, MissingReason, NetworkPart},
    explain::{AclVerdict, Evidence, Explanation, GroupsVerdict, Layer},
    notification::{
        email::{
            draft::{EmailDraft, ExplainedFinding},
            page::Page,
        },
        language::{Noun, Number, Section},
    },
};

/// Different explanations told; the rest is a number.
pub(super) const MAX_REASONS: usize = 3;

/// Flows with the same explanation.
pub(super) struct Group<'c> {
    pub(super) explanation: &'c Explanation,
    flows: u64,
}

/// The explanations, each once, that of the heaviest flow first.
pub(super) fn groups<'c>(draft: &'c EmailDraft<'_>) -> Vec<Group<'c>> {
    let mut groups: Vec<Group<'c>> = Vec::new();
    for ExplainedFinding { explanation, .. } in &draft.flows {
        match groups.iter_mut().find(|group| same(group.explanation, explanation)) {
            Some(group) => group.flows += 1,
            None => groups.push(Group { explanation, flows: 1 }),
        }
    }
    groups
}

/// Tells whether two explanations read the same, but for what is about one of the flows only.
fn same(one: &Explanation, other: &Explanation) -> bool {
    fn shared(explanation: &Explanation) -> impl Iterator<Item = &Evidence> {
        explanation.evidence.iter().filter(|evidence| !is_of_one_flow(evidence))
    }
    (one.layer, one.direction, one.confidence) == (other.layer, other.direction, other.confidence)
        && one.role == other.role
        && shared(one).eq(shared(other))
}

fn is_of_one_flow(evidence: &Evidence) -> bool {
    matches!(
        evidence,
        Evidence::OppositeAccepted(_)
            | Evidence::SameAccepted(..)
            | Evidence::AcceptedUntracked(_)
            | Evidence::MaybeSameSubnet { .. }
            | Evidence::MissingData(_)
    )
}

/// The reason as a clause, where all flows have the same.
pub(super) fn in_short(draft: &EmailDraft<'_>) -> Option<String> {
    let groups = groups(draft);
    let [Group { explanation, .. }] = groups[..] else { return None };
    Some(draft.words.hedged(&draft.words.reason(explanation), explanation.confidence, !draft.knows_all()))
}

pub(super) fn write(draft: &EmailDraft<'_>, page: &mut Page) {
    let words = draft.words;
    let groups = groups(draft);
    let mut label = words.label(Section::Why);
    for group in groups.iter().take(MAX_REASONS) {
        let Group { explanation, flows } = group;
        let of = if !draft.knows_all() {
            Some(words.heaviest_only().to_owned())
        } else {
            (groups.len() > 1).then(|| words.count(Number::Exactly(*flows), Noun::Flow))
        };
        page.field(label, &words.graded(&words.title(explanation), explanation, of.as_deref()));
        label = "";
        // What is about one of several flows is left to the records.
        let shown = |evidence: &&Evidence| *flows == 1 || !matches!(evidence, Evidence::MaybeSameSubnet { .. });
        let mut evidence: Vec<&Evidence> = explanation.evidence.iter().filter(shown).collect();
        evidence.sort_by_key(|evidence| !decides(evidence, explanation.layer));
        let mut clauses: Vec<String> =
            evidence.into_iter().filter_map(|evidence| words.evidence(evidence, explanation)).collect();
        if clauses.is_empty() {
            clauses.push(words.no_evidence());
        }
        // A line for each: what is a fact of the network is read on its own.
        for clause in clauses {
            page.field("", &words.sentences(&[clause]));
        }
    }
    let rules =
        |group: &Group<'_>| group.explanation.acls().next().is_some() || group.explanation.groups().next().is_some();
    if groups.iter().take(MAX_REASONS).any(rules) {
        page.field("", &words.sentences(&[words.rules_now()]));
    }
    if groups.len() > MAX_REASONS {
        page.field("", &words.and_more(Number::Exactly((groups.len() - MAX_REASONS) as u64)));
    }
    for (reason, parts) in missing(draft) {
        page.field(label, &words.sentences(&[words.gap(&parts, reason)]));
        label = "";
    }
}

/// Tells whether some evidence is the rules that reject, which are told first.
fn decides(evidence: &Evidence, layer: Layer) -> bool {
    match evidence {
        Evidence::Acl(acl) => acl.verdict != AclVerdict::Allows && layer != Layer::SecurityGroup,
        Evidence::Groups(groups) => !matches!(groups.verdict, GroupsVerdict::Allows { .. }) && layer != Layer::Acl,
        _ => false,
    }
}

/// What could not be had, by the reason.
fn missing<'c>(draft: &'c EmailDraft<'_>) -> Vec<(&'c MissingReason, Vec<NetworkPart>)> {
    let of_flows =
        draft.flows.iter().flat_map(|flow| &flow.explanation.evidence).filter_map(|evidence| match evidence {
            Evidence::MissingData(gap) => Some(gap),
            _ => None,
        });
    let mut missing: Vec<(&MissingReason, Vec<NetworkPart>)> = Vec::new();
    for MissingData { part, reason } in draft.notification.network.missing.iter().chain(of_flows) {
        match missing.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, parts)) if parts.contains(part) => {}
            Some((_, parts)) => parts.push(*part),
            None => missing.push((reason, vec![*part])),
        }
    }
    missing
}
