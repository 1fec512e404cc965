//! Tests of explanations: named cases, each with the page of AWS's documentation that it is based on, and properties that hold for
//! any rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own notation has failed")]

mod accepted_cases;
mod acl_cases;
mod connection_cases;
mod group_cases;
mod layer_cases;
mod naive;
mod network_cases;
mod notation;
mod properties;

use alerting::explain::explain;

/// A case: name, page, flow, network, and the explanation in one line.
pub(crate) type Case = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str);

/// The pages that the cases are based on.
pub(crate) mod page {
    pub(crate) const ACL_BASICS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html";
    pub(crate) const ACL_RULES: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html";
    pub(crate) const ACL_CUSTOM: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html";
    pub(crate) const ACL_ENTRY: &str =
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html";
    pub(crate) const GROUP_RULES: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html";
    pub(crate) const GROUP_PERMISSION: &str =
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html";
    pub(crate) const BALANCER: &str =
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html";
    pub(crate) const TRACKING: &str =
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html";
    pub(crate) const RECORDS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html";
    pub(crate) const EXAMPLES: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html";
    pub(crate) const PREFIX_LISTS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html";
    pub(crate) const NAT: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html";
    pub(crate) const TRANSIT: &str = "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html";
    pub(crate) const SHARING: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html";
    pub(crate) const SUBNET_SIZE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html";
    pub(crate) const VPC_BLOCKS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html";
    pub(crate) const RFC_792: &str = "https://www.rfc-editor.org/rfc/rfc792";
    pub(crate) const RFC_4443: &str = "https://www.rfc-editor.org/rfc/rfc4443";
}

fn cases() -> Vec<Case> {
    [
        accepted_cases::CASES,
        acl_cases::CASES,
        connection_cases::CASES,
        group_cases::CASES,
        layer_cases::CASES,
        network_cases::CASES,
    ]
    .concat()
}

#[test]
fn each_case_is_explained_as_documented() {
    let mut wrong = Vec::new();
    for (name, page, flow, network, expect) in cases() {
        let found = notation::line(&explain(&notation::finding(flow), &notation::network(network)));
        if found != expect {
            wrong
                .push(format!("{name}\n  flow     {flow}\n  found    {found}\n  expected {expect}\n  see      {page}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_tables_have_at_least_50_cases_with_unique_names() {
    let cases = cases();
    assert!(cases.len() >= 50, "{}", cases.len());
    let mut names: Vec<&str> = cases.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len());
}
