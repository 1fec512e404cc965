//! Why it was rejected, what shows it, and what could not be had.

use crate::{
    enrichment::{MissingData, MissingReason, NetworkPart},
    explain::{AclVerdict, Evidence, Explanation, GroupsVerdict, Layer},
    notification::{
        email::{draft::Fields, writer::Writer},
        explained::ExplainedFinding,
        language::{Noun, Number, Section},
    },
};

/// Explanations shown; the rest is a number.
pub(super) const MAX_REASONS: usize = 3;

/// Flows with the same explanation.
pub(super) struct Group<'c> {
    pub(super) explanation: &'c Explanation,
    flows: u64,
}

/// The explanations, each once, that of the heaviest flow first.
pub(super) fn groups<'c>(writer: &Writer<'c>) -> Vec<Group<'c>> {
    let mut groups: Vec<Group<'c>> = Vec::new();
    for ExplainedFinding { explanation, .. } in writer.flows {
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
pub(super) fn in_short(writer: &Writer<'_>) -> Option<String> {
    let groups = groups(writer);
    let [Group { explanation, .. }] = groups[..] else { return None };
    Some(writer.words.hedged(&writer.words.reason(explanation), explanation.confidence, !writer.knows_all()))
}

/// The reasons with what shows them.
pub(super) fn fields(writer: &Writer<'_>) -> Fields {
    let words = writer.words;
    let mut fields = Fields::default();
    let groups = groups(writer);
    let mut label = words.label(Section::Why);
    for group in groups.iter().take(MAX_REASONS) {
        let Group { explanation, flows } = group;
        let of = if !writer.knows_all() {
            Some(words.heaviest_only().to_owned())
        } else {
            (groups.len() > 1).then(|| words.count(Number::Exactly(*flows), Noun::Flow))
        };
        fields.field(label, words.graded(&words.title(explanation), explanation, of.as_deref()));
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
            fields.field("", words.sentences(&[clause]));
        }
    }
    let rules =
        |group: &Group<'_>| group.explanation.acls().next().is_some() || group.explanation.groups().next().is_some();
    if groups.iter().take(MAX_REASONS).any(rules) {
        fields.field("", words.sentences(&[words.rules_now()]));
    }
    if groups.len() > MAX_REASONS {
        fields.field("", words.and_more(Number::Exactly((groups.len() - MAX_REASONS) as u64)));
    }
    for (reason, parts) in missing(writer) {
        fields.field(label, words.sentences(&[words.missing_data(&parts, reason)]));
        label = "";
    }
    fields
}

/// Tells whether some evidence is the rules that reject, which are shown first.
fn decides(evidence: &Evidence, layer: Layer) -> bool {
    match evidence {
        Evidence::Acl(acl) => acl.verdict != AclVerdict::Allows && layer != Layer::SecurityGroup,
        Evidence::Groups(groups) => !matches!(groups.verdict, GroupsVerdict::Allows { .. }) && layer != Layer::Acl,
        _ => false,
    }
}

/// What could not be had, by the reason.
fn missing<'c>(writer: &Writer<'c>) -> Vec<(&'c MissingReason, Vec<NetworkPart>)> {
    let of_flows =
        writer.flows.iter().flat_map(|flow| &flow.explanation.evidence).filter_map(|evidence| match evidence {
            Evidence::MissingData(missing) => Some(missing),
            _ => None,
        });
    let mut missing: Vec<(&MissingReason, Vec<NetworkPart>)> = Vec::new();
    for MissingData { part, reason } in writer.notification.network.missing.iter().chain(of_flows) {
        match missing.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, parts)) if parts.contains(part) => {}
            Some((_, parts)) => parts.push(*part),
            None => missing.push((reason, vec![*part])),
        }
    }
    missing
}
