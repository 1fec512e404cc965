//! Why it was rejected, what shows it, and what could not be had.

use crate::{
    detection::Role,
    enrichment::{MissingData, MissingReason, NetworkPart},
    explain::{AclVerdict, Evidence, Explanation, GroupsVerdict, Layer},
    notification::{
        email::{
            opening,
            writer::{Writer, flow_name},
        },
        explained::ExplainedFinding,
        language::{Grade, Number, Opening},
    },
};

/// Explanations shown; the rest is a number.
pub(super) const MAX_REASONS: usize = 3;

/// Flows with the same explanation.
pub(super) struct Group<'c> {
    pub(super) explanation: &'c Explanation,
    pub(super) flows: Vec<&'c ExplainedFinding<'c>>,
}

impl Group<'_> {
    /// The flows by name: `10.0.0.5 → 8.8.8.8 and 2 more`.
    pub(super) fn name(&self, writer: &Writer<'_>) -> String {
        let first = self.flows.first().map(|flow| flow_name(flow.finding)).unwrap_or_default();
        match self.flows.len().saturating_sub(1) as u64 {
            0 => first,
            more => writer.words.with_more(&first, &writer.words.and_more(Number::Exactly(more))),
        }
    }
}

/// The explanations, each once, that of the heaviest flow first.
pub(super) fn groups<'c>(writer: &Writer<'c>) -> Vec<Group<'c>> {
    let mut groups: Vec<Group<'c>> = Vec::new();
    for flow in writer.flows {
        match groups.iter_mut().find(|group| same(group.explanation, &flow.explanation)) {
            Some(group) => group.flows.push(flow),
            None => groups.push(Group { explanation: &flow.explanation, flows: vec![flow] }),
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
    let [group] = &groups[..] else { return None };
    let opening = opening::of(writer, &group.flows);
    Some(writer.words.blocked_by(group.explanation, &grade(writer, group.explanation, None, opening.as_ref())))
}

/// How sure an explanation is, for which flows, and when the rules were read that it is made from.
fn grade<'g>(
    writer: &Writer<'_>,
    explanation: &Explanation,
    flows: Option<&'g str>,
    opening: Option<&'g Opening>,
) -> Grade<'g> {
    let has_rules = explanation.acls().next().is_some() || explanation.groups().next().is_some();
    let (now, zone) = (writer.notification.now, &writer.notification.site.zone);
    let read_at = writer.notification.network.rules_read_at.filter(|_| has_rules).map(|at| zone.soon(at, now));
    Grade { confidence: explanation.confidence, heaviest: !writer.knows_all(), flows, rules_read: read_at, opening }
}

/// The reasons with what shows them, a line each.
pub(super) fn statements(writer: &Writer<'_>) -> Vec<String> {
    let words = writer.words;
    let mut lines = Vec::new();
    let groups = groups(writer);
    for group in groups.iter().take(MAX_REASONS) {
        let Group { explanation, flows } = group;
        let name = (groups.len() > 1).then(|| group.name(writer));
        let opening = opening::of(writer, &group.flows);
        lines.push(words.graded(explanation, &grade(writer, explanation, name.as_deref(), opening.as_ref())));
        // What is about one of several flows is left to the records.
        let known = flows.iter().all(|flow| flow.finding.role().is_some());
        let shown = |evidence: &&Evidence| match evidence {
            Evidence::MaybeSameSubnet { .. } => flows.len() == 1,
            // Where the server is known, it is known whether they are requests or answers.
            Evidence::AcceptedUntracked(_) => !known,
            // Security groups let answers through by themselves: that they have no rule for them is as it should be.
            Evidence::Groups(groups) if explanation.layer == Layer::Acl => {
                groups.verdict != GroupsVerdict::NoRule
                    || !flows.iter().all(|flow| flow.finding.role() == Some(Role::Answer))
            }
            _ => true,
        };
        let mut evidence: Vec<&Evidence> = explanation.evidence.iter().filter(shown).collect();
        evidence.sort_by_key(|evidence| !decides(evidence, explanation.layer));
        let mut clauses: Vec<String> = evidence
            .into_iter()
            .filter_map(|evidence| words.evidence(evidence, explanation, opening.as_ref()))
            .collect();
        if clauses.is_empty() {
            clauses.push(words.no_evidence());
        }
        // A line for each: what is a fact of the network is read on its own.
        lines.extend(clauses.into_iter().map(|clause| words.sentences(&[clause])));
    }
    if groups.len() > MAX_REASONS {
        lines.push(words.and_more(Number::Exactly((groups.len() - MAX_REASONS) as u64)));
    }
    for (reason, parts) in missing(writer) {
        lines.push(words.sentences(&[words.missing_data(&parts, reason)]));
    }
    lines
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
    // Prefix lists count only where one of them would tell more: explanations say so.
    let of_network =
        writer.notification.network.missing.iter().filter(|missing| missing.part != NetworkPart::PrefixLists);
    for MissingData { part, reason } in of_network.chain(of_flows) {
        match missing.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, parts)) if parts.contains(part) => {}
            Some((_, parts)) => parts.push(*part),
            None => missing.push((reason, vec![*part])),
        }
    }
    missing
}
