//! Reasons, in English.

use crate::{
    detection::{Direction, Late, PortRange},
    enrichment::{AclEntry, IcmpRange, MAX_INTERFACES, MAX_PEERS, MissingReason, NetworkPart, RuleTraffic},
    explain::{
        AclEvidence, AclVerdict, Confidence, Evidence, Explanation, Group, GroupsVerdict, Layer, OpenRule, PacketRole,
        Same, Undecided,
    },
    notification::language::{
        common::{acl_rule_number, id, peer, port_range, port_text},
        english::{
            English, capital,
            names::{acl_name, clauses, group_name, group_names, listed},
            opening::allowed,
            way,
        },
        phrases::{Facts as _, Phrases as _, Reasons, weight},
        terms::{Grade, Noun, Number, Opening, Traffic},
    },
};

impl Reasons for English {
    fn blocked_by(&self, explanation: &Explanation, grade: &Grade<'_>) -> String {
        let reason = match explanation.layer {
            Layer::Neither => return format!("No rule of today blocks them: {CHANGED} ({})", sure(grade)),
            Layer::Late => return format!("The packets came after their connection was over ({})", sure(grade)),
            Layer::Other => {
                return format!(
                    "Blocked for a reason that this version does not know, see reject-reason below ({})",
                    sure(grade)
                );
            }
            _ => self.blocker(explanation, grade.opening),
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

    fn evidence(&self, evidence: &Evidence, explanation: &Explanation, opening: Option<&Opening>) -> Option<String> {
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
                    (PacketRole::Answer, Layer::Acl, _) if self.0 == Traffic::Pings => {
                        format!("{ANSWERS}. {STATEFUL}. Not certain, as no record carries the ICMP type")
                    }
                    (PacketRole::Answer, Layer::Acl, _) => format!("{ANSWERS}. {STATEFUL}"),
                    (PacketRole::Answer, ..) => ANSWERS.to_owned(),
                };
                format!("{} the other way were {way} at the same time{role}", weight(self, totals, true))
            }
            Evidence::SameAccepted(totals, same) => {
                let shows = match same {
                    Same::Answers if self.0 == Traffic::Connections => {
                        " too: those are the answers, so the rejected ones look like requests"
                    }
                    Same::Answers => " too: those are the answers, so the rejected ones look like pings",
                    Same::KindOrChange if self.0 == Traffic::Connections => {
                        ": those belong to another connection, or the rules were changed in between"
                    }
                    Same::KindOrChange => ": they are of another kind, or the rules were changed in between",
                    Same::Change => ". By today's rules none would be, so the rules were changed in between",
                };
                format!("{} the same way were let through at about the same time{shows}", weight(self, totals, true))
            }
            Evidence::AcceptedUntracked(records) => {
                let (accepted, pings) = match self.0 {
                    Traffic::Pings => ("Accepted ICMP was", "pings"),
                    Traffic::Connections => ("Accepted traffic was", "requests"),
                };
                let records = self.count(Number::Exactly(*records), Noun::Record);
                format!(
                    "{accepted} too much to be remembered ({records} left out): whether these are {pings} or answers is not known"
                )
            }
            Evidence::Acl(acl) => self.acl(acl),
            Evidence::Groups(groups) => {
                let names = group_names(&groups.groups);
                let way = way(groups.direction);
                match &groups.verdict {
                    GroupsVerdict::Allows { group_id, rule } => format!(
                        "{} allows them, {way}: {}",
                        capital(&group_name(&groups.groups, group_id)),
                        self.traffic_to(rule.traffic, groups.direction, &peer(&rule.peer))
                    ),
                    GroupsVerdict::NoRule => {
                        format!("No {way} rule of {names} allows {}", allowed(opening, groups.direction, true))
                    }
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
            Evidence::ReturnPath(acl) => format!("The answers would be rejected next: {}", self.acl(acl)),
            Evidence::Late(late) => match late {
                Late::Closed => "The packets have a FIN or an RST and no SYN: their connection was closed",
                Late::Idle => {
                    "The packets have no SYN, and nothing was accepted the other way: their connection had expired"
                }
                Late::NoRequest => "The packets come from the server's port, and no request was accepted at the time",
                Late::NoData => {
                    "The packets carry no data, and others of their connection were accepted: they end or confirm it"
                }
            }
            .to_owned(),
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
                NetworkPart::PrefixLists => "prefix lists",
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
            MissingReason::Elsewhere => {
                format!("Not read from EC2: {parts}; they are in another account or region than the function")
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

    fn traffic(&self, traffic: RuleTraffic) -> String {
        let ports = |name: &str, ports: PortRange| match port_range(ports) {
            Some(range) => format!("{name}/{range}"),
            None => format!("all {}", name.to_uppercase()),
        };
        match traffic {
            RuleTraffic::All => "all traffic".to_owned(),
            RuleTraffic::Icmp(range) => icmp("ICMP", range),
            RuleTraffic::Icmpv6(range) => icmp("ICMPv6", range),
            RuleTraffic::Tcp(range) => ports("tcp", range),
            RuleTraffic::Udp(range) => ports("udp", range),
            RuleTraffic::Other(number) => format!("protocol {number}"),
        }
    }
}

fn icmp(name: &str, range: IcmpRange) -> String {
    match (range.kind, range.code) {
        (Some(kind), Some(code)) => format!("{name} type {kind} code {code}"),
        (Some(kind), None) => format!("{name} type {kind}"),
        (None, _) => name.to_owned(),
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
            Layer::Late => "Packets of a connection that was over".to_owned(),
            Layer::Other => "A reason that this version does not know".to_owned(),
        }
    }

    /// What blocked them, as a noun with the rule.
    fn blocker(&self, explanation: &Explanation, opening: Option<&Opening>) -> String {
        let inbound = explanation.direction.map(|direction| format!(", {}", way(direction))).unwrap_or_default();
        let them = |direction: Option<Direction>| {
            direction.map_or_else(|| "them".to_owned(), |direction| allowed(opening, direction, true))
        };
        match explanation.layer {
            Layer::BlockPublicAccess => "VPC Block Public Access".to_owned(),
            Layer::EncryptionControls => "VPC encryption controls".to_owned(),
            Layer::Acl | Layer::Both => {
                let acl = explanation.rejecting_acl().map(|acl| self.denies(acl, opening)).unwrap_or_else(|| {
                    // Without a direction nothing says which side is the interface's.
                    let whose = if explanation.direction.is_some() { "its" } else { "the" };
                    format!("the {}network ACL of {whose} subnet", way_word(explanation.direction))
                });
                match explanation.layer {
                    Layer::Both => {
                        format!("{acl}; and no rule of the security groups allows {}", them(explanation.direction))
                    }
                    _ => acl,
                }
            }
            Layer::SecurityGroup => match explanation.rejecting_groups() {
                Some(groups) => {
                    let (names, way) = (group_names(&groups.groups), way_word(explanation.direction));
                    format!("{names}: no {way}rule allows {}", them(explanation.direction))
                }
                None => format!("the security groups{inbound}"),
            },
            Layer::Either => format!("a security group or the network ACL{inbound}"),
            Layer::Neither | Layer::Late | Layer::Other => String::new(),
        }
    }

    /// `the outbound network ACL acl-0f3a9c: rule 50 denies ICMP to 0.0.0.0/0`
    fn denies(&self, acl: &AclEvidence, opening: Option<&Opening>) -> String {
        let named = format!("the {} network ACL {}", way(acl.direction), id(&acl.id));
        let denying: Vec<&AclEntry> = acl.denying().collect();
        match denying[..] {
            [rule] if rule.is_default() => {
                format!("{named}: no rule allows {}", allowed(opening, acl.direction, false))
            }
            [rule] => format!("{named}: rule {} {}", rule.number, self.acl_rule(rule)),
            _ => {
                let numbers: Vec<String> = denying.iter().map(|rule| acl_rule_number(rule)).collect();
                format!("{named}: its rules {} deny them", listed(numbers))
            }
        }
    }

    fn acl(&self, acl: &AclEvidence) -> String {
        let named = acl_name(acl);
        let rules: Vec<String> =
            acl.rules.iter().map(|rule| format!("rule {} {}", acl_rule_number(rule), self.acl_rule(rule))).collect();
        let rules = clauses(rules);
        match acl.verdict {
            AclVerdict::Denies | AclVerdict::Allows => {
                format!("{named}, {} {rules}{}", way(acl.direction), client_ports(acl))
            }
            AclVerdict::Depends if acl.client_ports.is_some() => {
                format!(
                    "{named}, {}: it depends on the client's port: {rules}{}",
                    way(acl.direction),
                    client_ports(acl)
                )
            }
            AclVerdict::Depends => {
                let what = match self.0 {
                    Traffic::Pings => "the ICMP type, which no record carries",
                    Traffic::Connections => "which of two addresses counts",
                };
                format!("{named}, {}: it depends on {what}: {rules}", way(acl.direction))
            }
        }
    }

    /// `denies ICMP to 0.0.0.0/0`
    fn acl_rule(&self, rule: &AclEntry) -> String {
        let verb = if rule.allow { "allows" } else { "denies" };
        if rule.is_default() {
            return format!("{verb} what no other rule fits");
        }
        format!("{verb} {}", self.traffic_to(rule.traffic, direction(rule.egress), &rule.block.to_string()))
    }

    fn traffic_to(&self, traffic: RuleTraffic, direction: Direction, block: &str) -> String {
        let preposition = if direction == Direction::Egress { "to" } else { "from" };
        format!("{} {preposition} {block}", self.traffic(traffic))
    }

    fn open(&self, rules: &[OpenRule], groups: &[Group], direction: Direction) -> String {
        let each: Vec<String> = rules
            .iter()
            .map(|open| {
                let (rule, name) = (&open.rule, group_name(groups, &open.group_id));
                let traffic = self.traffic_to(rule.traffic, direction, &peer(&rule.peer));
                let on = match open.on {
                    Undecided::IcmpType => "no record carries the ICMP type",
                    Undecided::ClientPort => "that is for some of the client's ports only",
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

/// `. Clients take the ports 1024-65535; the rules deny 40001-65535`
fn client_ports(acl: &AclEvidence) -> String {
    // Where all of them are denied, the rules say it.
    let partly = acl.client_ports.iter().filter(|ports| !ports.allowed.is_empty());
    let denied = partly.flat_map(|ports| &ports.denied).map(|range| port_text(*range));
    let denied: Vec<String> = denied.collect();
    match acl.verdict {
        AclVerdict::Denies | AclVerdict::Depends if !denied.is_empty() => {
            format!(". Clients take the ports 1024-65535; of these, the rules deny {}", listed(denied))
        }
        _ => String::new(),
    }
}

fn direction(egress: bool) -> Direction {
    if egress { Direction::Egress } else { Direction::Ingress }
}

/// A direction before a noun, with a space behind it.
pub(super) fn way_word(direction: Option<Direction>) -> String {
    direction.map(|direction| format!("{} ", way(direction))).unwrap_or_default()
}
