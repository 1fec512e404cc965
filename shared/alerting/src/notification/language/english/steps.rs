//! What to do next, in English.

use crate::notification::{
    kind::NotificationKind,
    language::{
        common::id,
        english::{
            English, capital,
            reasons::{CHANGED, group_names, listed, way_word},
            way,
        },
        phrases::Steps,
        terms::Fix,
    },
    links::Target,
};

impl Steps for English {
    fn fix(&self, fixes: &[Fix<'_>]) -> String {
        let steps: Vec<String> = fixes.iter().map(|fix| format!(" {}.", capital(&step(fix)))).collect();
        format!("Not meant?{}", steps.concat())
    }

    fn silence(&self, kind: NotificationKind, address: Option<(&str, &str)>) -> String {
        if kind == NotificationKind::Resolved {
            return "To get no emails like this one, set the stack's ResolvedEmails to no.".to_owned();
        }
        let address = address.map(|(field, address)| {
            format!(
                " To silence {address}, write {field}!=\"{address}\" for {field} in the stack's FilterPattern and \
                 NativeFilterPattern."
            )
        });
        format!(
            "Meant to be blocked? Nothing to do. To get fewer emails, raise the stack's UpdateIntervalsMinutes.{}",
            address.unwrap_or_default()
        )
    }

    fn resolved_means(&self, quiet: &str) -> String {
        format!(
            "Nothing to do now. Resolved means that nothing was rejected for {quiet}: the pings stopped, or they get \
             through. What blocked them may still be in place."
        )
    }

    fn opens(&self, target: &Target) -> String {
        match target {
            Target::Records => "All ICMP records of these addresses, in Logs Insights:".to_owned(),
            Target::AllRecords => "All records of these addresses, in Logs Insights:".to_owned(),
            Target::Rejected => "All rejected records of that time, in Logs Insights:".to_owned(),
            Target::Acl(acl) => format!("The network ACL {acl}:"),
            Target::SecurityGroup(group) => format!("The security group {group}:"),
            Target::Instance(instance) => format!("The instance {instance}:"),
            Target::Interface(interface) => format!("The interface {interface}:"),
            Target::NatGateway(gateway) => format!("The NAT gateway {gateway}:"),
            Target::LogStream => "The log stream:".to_owned(),
            Target::Metric(name) => format!("The metric {name}:"),
        }
    }

    fn records_left(&self, records: &str) -> String {
        format!("and {records} more; the Logs Insights link shows all")
    }
}

/// What would let the packets through, as a clause.
fn step(fix: &Fix<'_>) -> String {
    match fix {
            Fix::AclRules { acl, numbers } => {
            let (rules, them) = if numbers.len() == 1 { ("rule", "it") } else { ("rules", "them") };
            format!(
                "remove {} {rules} {} of {}, or put a rule that allows them before {them}",
                way(acl.direction),
                listed(numbers.iter().map(u32::to_string).collect()),
                id(&acl.id)
            )
        }
        Fix::AclRuleMissing { acl, before } => {
            let before = before.map(|number| format!(", before rule {number}")).unwrap_or_default();
            format!("add an {} rule to {} that allows them{before}", way(acl.direction), id(&acl.id))
        }
        Fix::Acl(direction) => format!(
                "open the interface, then the network ACL of its subnet: of its {}rules the first that fits denies ICMP, or \
                 none allows them",
                way_word(*direction)
            ),
            Fix::GroupRuleMissing { groups, direction } => {
                format!("add an {} rule to {} that allows them", way(*direction), group_names(groups))
            }
            Fix::Groups(direction) => format!(
                "open the interface, then its security groups: they lack a{} rule that allows them",
                direction.map(|direction| format!("n {}", way(direction))).unwrap_or_default()
            ),
            Fix::Both { acl, groups, direction } => {
                format!("{}; and add an {} rule to {} that allows them", step(acl), way(*direction), group_names(groups))
            }
            Fix::AclThenGroups { acl, groups, direction } => format!(
                "{}; if they are pings and no answers, also add an {} rule to {} that allows them",
                step(acl),
                way(*direction),
                group_names(groups)
            ),
            Fix::Either(direction) => format!(
                "open the interface: first see whether one of its security groups allows ICMP{}, then the network ACL of its \
                 subnet",
                direction.map(|direction| format!(" {}", way(direction))).unwrap_or_default()
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
