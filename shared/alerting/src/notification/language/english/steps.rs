//! What to do, in English.

use std::net::IpAddr;

use crate::{
    detection::Direction,
    notification::{
        language::{
            common::id,
            english::{
                English, capital,
                names::{group_names, listed},
                opening::{allowed, allowed_by_rule},
                reasons::{CHANGED, way_word},
                way,
            },
            phrases::Steps,
            terms::{Fix, Permission, Traffic, WayBack},
        },
        links::Target,
    },
};

impl Steps for English {
    fn fix(&self, fix: &Fix<'_>, permission: Permission<'_>, flows: Option<&str>) -> String {
        let step = step(fix, permission);
        let step = match flows {
            Some(flows) => format!("For {flows}: {step}"),
            None => capital(&step),
        };
        let answers = match permission.answers_strangers && fix.lets_through() {
            true => ". Allowing it means that anyone's pings from the internet are answered",
            false => "",
        };
        format!("Not intended? {step}{answers}{}", way_back(fix, permission))
    }

    fn leave_blocked(&self, sender: Option<&str>) -> String {
        let known = sender
            .map(|sender| format!(" If {sender} is a sender that must get through, add it to the stack's MustReach."));
        let can = match self.0 {
            Traffic::Pings => "ping a public address",
            Traffic::Connections => "try any port of a public address",
        };
        format!(
            "Normally leave it blocked: anyone on the internet can {can}, and your rules reject it as they should.{} See the \
             records",
            known.unwrap_or_default()
        )
    }

    fn silence(&self, command: &str, resolved: bool) -> String {
        if resolved {
            format!("Intended, and it will come back? Silence it: {command}")
        } else {
            format!("Intended? Silence it: {command}")
        }
    }

    fn silences(&self, all: bool, resolved: bool) -> String {
        let intended = if resolved { "Intended, and it will come back?" } else { "Intended?" };
        match all {
            true => format!("{intended} Silence each:"),
            false => format!("{intended} Silence each, for example:"),
        }
    }

    fn without_resolved_emails(&self) -> String {
        "To get no emails like this one, set the stack's ResolvedEmails to no.".to_owned()
    }

    fn resolved_means(&self, quiet: &str) -> String {
        let (ping, pings) = match self.0 {
            Traffic::Pings => ("ping", "pings"),
            Traffic::Connections => ("packet", "packets"),
        };
        format!(
            "Nothing to do now. Resolved means that no such {ping} was rejected for {quiet}: the {pings} stopped, or they get \
             through. What blocked them may still be in place."
        )
    }

    fn test_means(&self) -> String {
        "Nothing to do. Somebody ran vpc-flow-alerts doctor --send-test: the record below is made up, no packet was rejected, and this \
         email shows that emails arrive."
            .to_owned()
    }

    fn silenced_means(&self, quiet: &str, command: &str) -> String {
        format!(
            "Nothing to do now. Nothing else was rejected for {quiet}; what the silence covers may still be rejected. If it \
             goes on when the silence ends, an incident opens. To end the silence now: {command}"
        )
    }

    fn opens(&self, target: &Target) -> String {
        match target {
            Target::Records => match self.0 {
                Traffic::Pings => "ICMP records of these addresses, in Logs Insights".to_owned(),
                Traffic::Connections => "Records of these addresses and ports, in Logs Insights".to_owned(),
            },
            Target::Rejected => match self.0 {
                Traffic::Pings => "Rejected ICMP records of that time, in Logs Insights".to_owned(),
                Traffic::Connections => "Rejected records of that time, in Logs Insights".to_owned(),
            },
            Target::Acl(acl) => format!("The network ACL {acl}"),
            Target::SecurityGroup(group) => format!("The security group {group}"),
            Target::Instance(instance) => format!("The instance {instance}"),
            Target::Interface(interface) => format!("The interface {interface}"),
            Target::NatGateway(gateway) => format!("The NAT gateway {gateway}"),
            Target::LogStream => "The log stream".to_owned(),
            Target::Metric(name) => format!("The metric {name}"),
        }
    }

    fn records_left(&self, records: &str, newest: bool, at_most: Option<&str>) -> String {
        let newest = if newest { " (these are the newest)" } else { "" };
        let at_most = at_most.map(|records| format!(", which shows {records} at most")).unwrap_or_default();
        format!("and {records} more{newest}: see the Logs Insights link{at_most}")
    }
}

/// What is to be let through: `ICMP from 198.51.100.23`, `them`.
fn traffic(permission: Permission<'_>, direction: Option<Direction>) -> String {
    let preposition = if direction == Some(Direction::Egress) { "to" } else { "from" };
    if let Some(opening) = permission.opening {
        return allowed(Some(opening), direction.unwrap_or(Direction::Ingress), true);
    }
    match permission.peer {
        Some(peer @ IpAddr::V4(_)) => format!("ICMP {preposition} {peer}"),
        Some(peer @ IpAddr::V6(_)) => format!("ICMPv6 {preposition} {peer}"),
        None if permission.narrow => format!("ICMP {preposition} these addresses only"),
        None => "them".to_owned(),
    }
}

/// What would let the packets through, as a clause.
fn step(fix: &Fix<'_>, permission: Permission<'_>) -> String {
    let allows = |direction: Option<Direction>| format!("that allows {}", traffic(permission, direction));
    let rule_of = |groups: &[_], direction: Direction| match permission.opening {
        Some(opening) => format!(
            "an {} rule to {}: {}",
            way(direction),
            group_names(groups),
            allowed_by_rule(opening, direction, true)
        ),
        None => format!("an {} rule to {} {}", way(direction), group_names(groups), allows(Some(direction))),
    };
    match fix {
        Fix::AclRules { acl, numbers } if permission.narrow || permission.opening.is_some() => acl_rule(&id(&acl.id), acl.direction, permission, numbers.first()),
        Fix::AclRules { acl, numbers } => {
            let rules = if numbers.len() == 1 { "rule" } else { "rules" };
            let numbers = listed(numbers.iter().map(u32::to_string).collect());
            let way = way(acl.direction);
            format!("remove {way} {rules} {numbers} of {}, or add an allow rule with a lower number", id(&acl.id))
        }
        Fix::AclRuleMissing { acl, before } => acl_rule(&id(&acl.id), acl.direction, permission, before.as_ref()),
        Fix::Acl(direction) => format!(
            "open the interface, then the network ACL of its subnet, and see whether the first of its {}rules that fits denies \
             {}, or none allows it",
            way_word(*direction),
            permission.opening.map_or_else(
                || "ICMP".to_owned(),
                |opening| allowed(Some(opening), direction.unwrap_or(Direction::Ingress), false)
            )
        ),
        Fix::GroupRuleMissing { groups, direction } => format!("add {}", rule_of(groups, *direction)),
        Fix::Groups(direction) => format!(
            "open the interface, then its security groups, and see whether they lack a{} rule {}",
            direction.map(|direction| format!("n {}", way(direction))).unwrap_or_default(),
            allows(*direction)
        ),
        Fix::Both { acl, groups, direction } => {
            format!("{}; and add {}", step(acl, permission), rule_of(groups, *direction))
        }
        Fix::AclThenGroups { acl, groups, direction } => format!(
            "{}; if they are {} and no answers, also add {}",
            step(acl, permission),
            if permission.opening.is_some() { "requests" } else { "pings" },
            rule_of(groups, *direction)
        ),
        Fix::Either(direction) => format!(
            "open the interface, and see first whether one of its security groups allows {}, then the network ACL of its \
             subnet",
            match permission.opening {
                Some(opening) => allowed(Some(opening), direction.unwrap_or(Direction::Ingress), true),
                None => format!("ICMP{}", direction.map(|way_| format!(" {}", way(way_))).unwrap_or_default()),
            }
        ),
        Fix::Neither => format!("no rule of today has to be changed: {CHANGED}"),
        Fix::BlockPublicAccess => {
            "VPC Block Public Access is on: an exclusion for the VPC or the subnet lets them through (VPC console, Settings)"
                .to_owned()
        }
        Fix::EncryptionControls => {
            "the VPC's encryption controls are set to enforce: see them in the VPC console".to_owned()
        }
        Fix::Other => "see the field reject-reason in the records below".to_owned(),
    }
}

/// What the answers need, as the next sentence.
fn way_back(fix: &Fix<'_>, permission: Permission<'_>) -> String {
    let Some(WayBack { acl, before, opening }) = permission.way_back.filter(|_| fix.lets_through()) else {
        return String::new();
    };
    let needs = Permission { opening: Some(opening), ..Permission::default() };
    let rule = acl_rule(&id(&acl.id), acl.direction, needs, before.as_ref());
    format!(". The answers would be stopped next: for them {rule}")
}

/// `add an inbound rule to acl-0f3a9c that allows ICMP from 198.51.100.23, with a lower number than 50`
fn acl_rule(acl: &str, direction: Direction, permission: Permission<'_>, before: Option<&u32>) -> String {
    if let Some(opening) = permission.opening {
        let below = before.map(|number| format!(" with a number below {number}")).unwrap_or_default();
        let rule = allowed_by_rule(opening, direction, false);
        return format!("add an {} allow rule to {acl}{below}: {rule}", way(direction));
    }
    let before = before.map(|number| format!(", with a lower number than {number}")).unwrap_or_default();
    format!("add an {} rule to {acl} that allows {}{before}", way(direction), traffic(permission, Some(direction)))
}
