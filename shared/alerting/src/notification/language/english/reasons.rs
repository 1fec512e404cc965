//! Reasons, in English.

use crate::{
    detection::Direction,
    enrichment::{AclEntry, IcmpRange, MAX_INTERFACES, MAX_PEERS, MissingReason, NetworkPart, RuleProtocol},
    explain::{
        AclEvidence, AclVerdict, Confidence, Evidence, Explanation, Group, GroupsVerdict, Layer, OpenRule, PacketRole,
        Same, Undecided,
    },
    notification::language::{
        common::{acl_rule_number, first_few, id, name, peer},
        english::{English, capital, way},
        phrases::{Facts as _, Phrases as _, Reasons, weight},
        terms::{Grade, Noun, Number},
    },
};

impl Reasons for English {
    fn blocked_by(&self, explanation: &Explanation, grade: &Grade<'_>) -> String {
        let reason = match explanation.layer {
            Layer::Neither => return format!("No rule of today blocks them: {CHANGED} ({})", sure(grade)),
            Layer::Other => {
                return format!(
                    "Blocked for a reason that this version does not know, see reject-reason below ({})",
                    sure(grade)
                );
            }
            _ => self.blocker(explanation),
        };
        let blocked = match grade.confidence {
            Confidence::Certain => "Blocked",
            Confidence::Likely => "Probably blocked",
            Confidence::Possible => "Possibly blocked",
        };
        format!("{blocked} by {reason} ({})", sure(grade))
    }

    fn graded(&self, explanation: &Explanation, grade: &Grade<'_>) -> String {
        format!("{} ({})", self.title(explanation), sure(grade))
    }

    fn evidence(&self, evidence: &Evidence, explanation: &Explanation) -> Option<String> {
        Some(match evidence {
            Evidence::RejectReason(reason) => format!("The record's reject-reason is {}", id(reason)),
            Evidence::OppositeAccepted(totals) => {
                let way = match explanation.direction {
                    Some(Direction::Egress) => "let in",
                    Some(Direction::Ingress) => "let out",
                    None => "let through",
                };
                let role = match (explanation.role, explanation.layer, explanation.confidence) {
                    (PacketRole::Request | PacketRole::Unclear, ..) => String::new(),
                    // The rules say it all.
                    (PacketRole::Answer, _, Confidence::Certain) => ANSWERS.to_owned(),
                    (PacketRole::Answer, Layer::Acl, _) => {
                        format!("{ANSWERS}. {STATEFUL}. Not certain, as no record carries the ICMP type")
                    }
                    (PacketRole::Answer, ..) => ANSWERS.to_owned(),
                };
                format!("{} the other way were {way} at the same time{role}", weight(self, totals, true))
            }
            Evidence::SameAccepted(totals, same) => {
                let shows = match same {
                    Same::Answers => " too: those are the answers, so the rejected ones look like pings",
                    Same::KindOrChange => ": they are of another kind, or the rules were changed in between",
                    Same::Change => ". By today's rules none would be, so the rules were changed in between",
                };
                format!("{} the same way were let through at about the same time{shows}", weight(self, totals, true))
            }
            Evidence::AcceptedUntracked(records) => format!(
                "Accepted ICMP was too much to be remembered ({} left out): whether these are pings or answers is not known",
                self.count(Number::Exactly(*records), Noun::Record)
            ),
            Evidence::Acl(acl) => self.acl(acl),
            Evidence::Groups(groups) => {
                let names = group_names(&groups.groups);
                let way = way(groups.direction);
                match &groups.verdict {
                    GroupsVerdict::Allows { group_id, rule } => format!(
                        "{} allows them, {way}: {}",
                        capital(&group_name(&groups.groups, group_id)),
                        self.traffic_to(rule.protocol, rule.icmp, groups.direction, &peer(&rule.peer))
                    ),
                    GroupsVerdict::NoRule => format!("No {way} rule of {names} allows them"),
                    GroupsVerdict::Depends(rules) => self.open(rules, &groups.groups, groups.direction),
                }
            }
            Evidence::NoGroups { kind } => {
                let kind = self.interface_kind(kind).unwrap_or_else(|| "interface".to_owned());
                format!("This {kind} has no security groups")
            }
            Evidence::SameSubnet { subnet_id, .. } => {
                format!("Both sides are in {}: its network ACL has no say", id(subnet_id))
            }
            Evidence::MaybeSameSubnet { peer } => {
                format!("{peer} may be in the same subnet, where the network ACL has no say")
            }
            Evidence::NoInterface => {
                "The record names no interface, as those of a regional NAT gateway do: its rules cannot be read"
                    .to_owned()
            }
            Evidence::MissingData(_) => return None,
        })
    }

    fn no_evidence(&self) -> String {
        "The records look the same for both".to_owned()
    }

    fn missing_data(&self, parts: &[NetworkPart], reason: &MissingReason) -> String {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                NetworkPart::Interfaces => "interfaces",
                NetworkPart::Tags => "names and owners",
                NetworkPart::Groups => "security groups",
                NetworkPart::Acls => "network ACLs",
            })
            .map(str::to_owned)
            .collect();
        let parts = listed(parts);
        match reason {
            MissingReason::SwitchedOff => {
                format!("Not read from EC2: {parts}; enrichment is off (parameter Enrichment)")
            }
            MissingReason::NotGiven => {
                format!("Not known: {parts}; EC2 was not asked, and no file in --network has them")
            }
            MissingReason::TooSlow => format!("Not read from EC2: {parts}; EC2 did not answer in time"),
            MissingReason::Denied(action) => format!("Not read from EC2: {parts}; no permission for {}", id(action)),
            MissingReason::Failed(code) => format!("Not read from EC2: {parts}; EC2 answered {}", id(code)),
            MissingReason::NotFound => {
                format!(
                    "Not found: {parts}; EC2 does not know the interface, it is gone or in another account or region"
                )
            }
            MissingReason::OverLimit { interfaces, addresses } => {
                let asked = [(interfaces, Noun::Interface), (addresses, Noun::Address)].into_iter();
                let asked = asked.filter(|(number, _)| **number > 0);
                let asked = asked.map(|(number, noun)| self.count(Number::Exactly(*number), noun)).collect();
                format!(
                    "Not read from EC2: {}; one email reads {MAX_INTERFACES} interfaces and {MAX_PEERS} addresses at most",
                    listed(asked)
                )
            }
            MissingReason::TooManyCalls => format!("Not all read from EC2: {parts}; there were too many for one email"),
        }
    }

    fn traffic(&self, protocol: RuleProtocol, icmp: IcmpRange) -> String {
        let name = match protocol {
            RuleProtocol::All => return "all traffic".to_owned(),
            RuleProtocol::Only(1) => "ICMP".to_owned(),
            RuleProtocol::Only(58) => "ICMPv6".to_owned(),
            RuleProtocol::Only(number) => return format!("protocol {number}"),
        };
        match (icmp.kind, icmp.code) {
            (Some(kind), Some(code)) => format!("{name} type {kind} code {code}"),
            (Some(kind), None) => format!("{name} type {kind}"),
            (None, _) => name,
        }
    }
}

pub(super) const CHANGED: &str =
    "the rules were changed since, or the packets came after the connection they belonged to had ended";
const ANSWERS: &str = ", so these look like answers";

const STATEFUL: &str = "Security groups let answers through by themselves, a network ACL does not";

/// How sure it is, for which flows, and when the rules were read: `certain; rules read at 11:38 JST`.
fn sure(grade: &Grade<'_>) -> String {
    let sure = match grade.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let of = if grade.heaviest { ", the heaviest flows only" } else { "" };
    let flows = grade.flows.map(|flows| format!("; {flows}")).unwrap_or_default();
    let rules = grade.rules_read.as_deref().map(|at| format!("; rules read at {at}")).unwrap_or_default();
    format!("{sure}{of}{flows}{rules}")
}

impl English {
    /// The layer as a title.
    fn title(&self, explanation: &Explanation) -> String {
        let direction = explanation.direction.map(|direction| format!(", {}", way(direction))).unwrap_or_default();
        match explanation.layer {
            Layer::BlockPublicAccess => "VPC Block Public Access".to_owned(),
            Layer::EncryptionControls => "VPC encryption controls".to_owned(),
            Layer::Acl => capital(&format!("{}network ACL", way_word(explanation.direction))),
            Layer::SecurityGroup => format!("Security groups{direction}"),
            Layer::Both => format!("Network ACL and security groups{direction}"),
            Layer::Either => format!("A security group or the network ACL{direction}"),
            Layer::Neither => "Neither the network ACL nor the security groups, by today's rules".to_owned(),
            Layer::Other => "A reason that this version does not know".to_owned(),
        }
    }

    /// What blocked them, as a noun with the rule.
    fn blocker(&self, explanation: &Explanation) -> String {
        let inbound = explanation.direction.map(|direction| format!(", {}", way(direction))).unwrap_or_default();
        match explanation.layer {
            Layer::BlockPublicAccess => "VPC Block Public Access".to_owned(),
            Layer::EncryptionControls => "VPC encryption controls".to_owned(),
            Layer::Acl | Layer::Both => {
                let acl = explanation.rejecting_acl().map(denies).unwrap_or_else(|| {
                    // Without a direction nothing says which side is the interface's.
                    let whose = if explanation.direction.is_some() { "its" } else { "the" };
                    format!("the {}network ACL of {whose} subnet", way_word(explanation.direction))
                });
                match explanation.layer {
                    Layer::Both => format!("{acl}; and no rule of the security groups allows them"),
                    _ => acl,
                }
            }
            Layer::SecurityGroup => match explanation.rejecting_groups() {
                Some(groups) => {
                    format!("{}: no {}rule allows them", group_names(&groups.groups), way_word(explanation.direction))
                }
                None => format!("the security groups{inbound}"),
            },
            Layer::Either => format!("a security group or the network ACL{inbound}"),
            Layer::Neither | Layer::Other => String::new(),
        }
    }

    fn acl(&self, acl: &AclEvidence) -> String {
        let named = acl_name(acl);
        let rules: Vec<String> =
            acl.rules.iter().map(|rule| format!("rule {} {}", acl_rule_number(rule), self.acl_rule(rule))).collect();
        let rules = clauses(rules);
        match acl.verdict {
            AclVerdict::Denies | AclVerdict::Allows => format!("{named}, {} {rules}", way(acl.direction)),
            AclVerdict::Depends => format!(
                "{named}, {}: it depends on the ICMP type, which no record carries: {rules}",
                way(acl.direction)
            ),
        }
    }

    /// `denies ICMP to 0.0.0.0/0`
    fn acl_rule(&self, rule: &AclEntry) -> String {
        let verb = if rule.allow { "allows" } else { "denies" };
        if rule.is_default() {
            return format!("{verb} what no other rule fits");
        }
        format!("{verb} {}", self.traffic_to(rule.protocol, rule.icmp, direction(rule.egress), &rule.block.to_string()))
    }

    fn traffic_to(&self, protocol: RuleProtocol, icmp: IcmpRange, direction: Direction, block: &str) -> String {
        let preposition = if direction == Direction::Egress { "to" } else { "from" };
        format!("{} {preposition} {block}", self.traffic(protocol, icmp))
    }

    fn open(&self, rules: &[OpenRule], groups: &[Group], direction: Direction) -> String {
        let each: Vec<String> = rules
            .iter()
            .map(|open| {
                let (rule, name) = (&open.rule, group_name(groups, &open.group_id));
                let traffic = self.traffic_to(rule.protocol, rule.icmp, direction, &peer(&rule.peer));
                let on = match open.on {
                    Undecided::IcmpType => "no record carries the ICMP type",
                    Undecided::PeerAddress => {
                        "it is open whether the address in the record counts or that in the packet"
                    }
                    Undecided::PeerGroup => "whether the other side is in that group is not known",
                    Undecided::PrefixList => "the entries of the prefix list are not known",
                };
                format!("{name} allows {traffic}, but {on}")
            })
            .chain(
                groups
                    .iter()
                    .filter(|group| group.name.is_none())
                    .map(|group| format!("the rules of {} are not known", id(&group.id))),
            )
            .collect();
        format!("Whether the security groups allow them, {}, is open: {}", way(direction), clauses(each))
    }
}

/// `the outbound network ACL acl-0f3a9c: rule 50 denies ICMP to 0.0.0.0/0`
fn denies(acl: &AclEvidence) -> String {
    let named = format!("the {} network ACL {}", way(acl.direction), id(&acl.id));
    let denying: Vec<&AclEntry> = acl.denying().collect();
    match denying[..] {
        [rule] if rule.is_default() => format!("{named}: no rule allows them"),
        [rule] => format!("{named}: rule {} {}", rule.number, English.acl_rule(rule)),
        _ => {
            let numbers: Vec<String> = denying.iter().map(|rule| acl_rule_number(rule)).collect();
            format!("{named}: its rules {} deny them", listed(numbers))
        }
    }
}

/// `a, b and c`, the first few of them.
pub(super) fn listed(items: Vec<String>) -> String {
    match first_few(items) {
        (items, Some(left)) => format!("{} {}", items.join(", "), English.and_more(left)),
        (items, None) => match &items[..] {
            [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            items => items.concat(),
        },
    }
}

/// Clauses after one another, the first few of them.
fn clauses(items: Vec<String>) -> String {
    let (mut items, left) = first_few(items);
    items.extend(left.map(|left| English.and_more(left)));
    items.join("; ")
}

fn acl_name(acl: &AclEvidence) -> String {
    match acl.name.as_deref().and_then(name) {
        Some(name) => format!("{} ({name})", id(&acl.id)),
        None => id(&acl.id),
    }
}

fn group_name(groups: &[Group], group_id: &str) -> String {
    let known = groups.iter().find(|group| *group.id == *group_id).and_then(|group| group.name.as_deref());
    match known.and_then(name) {
        Some(name) => format!("the security group {} ({name})", id(group_id)),
        None => format!("the security group {}", id(group_id)),
    }
}

/// `the security group sg-0aa1 (web)`, `the security groups sg-0aa1 (web) and sg-0bb2`
pub(super) fn group_names(groups: &[Group]) -> String {
    let named = |group: &Group| match group.name.as_deref().and_then(name) {
        Some(name) => format!("{} ({name})", id(&group.id)),
        None => id(&group.id),
    };
    match groups {
        [] => "the security groups".to_owned(),
        [only] => format!("the security group {}", named(only)),
        groups => format!("the security groups {}", listed(groups.iter().map(named).collect())),
    }
}

fn direction(egress: bool) -> Direction {
    if egress { Direction::Egress } else { Direction::Ingress }
}

/// A direction before a noun, with a space behind it.
pub(super) fn way_word(direction: Option<Direction>) -> String {
    direction.map(|direction| format!("{} ", way(direction))).unwrap_or_default()
}
