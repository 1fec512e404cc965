//! Where the two sides stand, whose interface it is, and what could not be had.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5,2001:db8:1234:a100::5 subnet-a sg-web";
const OUT: &str = "open out";
const IN: &str = "sg sg-web in icmp 0.0.0.0/0";
const DENY: &str = "acl subnet-a in 50 deny icmp 0.0.0.0/0";

const PING_IN: &str = "in 203.0.113.12 > 10.0.0.5";
const PING_NEAR: &str = "in 10.0.0.9 > 10.0.0.5";

pub(crate) const CASES: &[Case] = &[
    (
        "within one subnet the ACL has no say: it was the groups",
        page::ACL_BASICS,
        PING_NEAR,
        &[WEB, OUT, DENY, "peer 10.0.0.9 subnet-a sg-db"],
        "groups in certain: eni-1 in subnet-a too; groups have no rule",
    ),
    (
        "within one subnet what looks like answers was no answer, or the groups were changed",
        page::ACL_BASICS,
        "in 10.0.0.9 > 10.0.0.5 answers",
        &[WEB, OUT, DENY, "peer 10.0.0.9 subnet-a sg-db"],
        "groups in possible: answers; eni-1 in subnet-a too; groups have no rule",
    ),
    (
        "within one subnet, the groups allow it: nothing of today's",
        page::ACL_BASICS,
        PING_NEAR,
        &[WEB, OUT, IN, DENY, "peer 10.0.0.9 subnet-a sg-db"],
        "neither in possible: eni-1 in subnet-a too; groups allow by sg-web",
    ),
    (
        "between two subnets of a VPC the ACL counts",
        page::ACL_BASICS,
        PING_NEAR,
        &[WEB, OUT, IN, DENY, "peer 10.0.0.9 subnet-b sg-db"],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a neighbour's public address leaves the subnet all the same",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, OUT, IN, DENY, "peer 10.0.0.9 subnet-a sg-db public=203.0.113.12"],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "an address near by that EC2 does not show may be in the subnet: another account's, in a shared one",
        page::SHARING,
        PING_NEAR,
        &[WEB, OUT, IN, DENY],
        "acl in likely: acl denies 50; 10.0.0.9 maybe in its subnet; groups allow by sg-web",
    ),
    (
        "the same, with no group that allows it: the groups in either case, the ACL perhaps too",
        page::SHARING,
        PING_NEAR,
        &[WEB, OUT, DENY],
        "groups in likely: acl denies 50; 10.0.0.9 maybe in its subnet; groups have no rule",
    ),
    (
        "an address too far off for any subnet crosses its border",
        page::SUBNET_SIZE,
        "in 10.1.0.9 > 10.0.0.5",
        &[WEB, OUT, IN, DENY],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "IPv6 addresses of one subnet share 44 bits or more",
        page::SUBNET_SIZE,
        "in 2001:db8:123f:a100::9 > 2001:db8:1234:a100::5",
        &[WEB, OUT, "sg sg-web in icmpv6 ::/0", "acl subnet-a in 50 deny icmpv6 ::/0"],
        "acl in likely: acl denies 50; 2001:db8:123f:a100::9 maybe in its subnet; groups allow by sg-web",
    ),
    (
        "another VPC's interface with the same address is not the neighbour",
        page::SHARING,
        PING_NEAR,
        &[WEB, OUT, IN, DENY, "peer 10.0.0.9 subnet-x sg-db vpc=vpc-2"],
        "acl in likely: acl denies 50; 10.0.0.9 maybe in its subnet; groups allow by sg-web",
    ),
    (
        "a NAT gateway has no groups: only the ACL is left",
        page::NAT,
        "in 203.0.113.12 > 10.0.0.220",
        &["own 10.0.0.220 subnet-a - natGateway", DENY],
        "acl in certain: acl denies 50; no groups on natGateway",
    ),
    (
        "a NAT gateway whose ACL allows it: unsolicited, and dropped by none of the rules",
        page::NAT,
        "in 203.0.113.12 > 10.0.0.220",
        &["own 10.0.0.220 subnet-a - natGateway", "open acl"],
        "neither in possible: acl allows 100; no groups on natGateway",
    ),
    (
        "a NAT gateway whose ACL is not known",
        page::NAT,
        "in 203.0.113.12 > 10.0.0.220",
        &["own 10.0.0.220 subnet-a - natGateway", "gap acls slow"],
        "acl in likely: no groups on natGateway; no Acls: TooSlow",
    ),
    (
        "a transit gateway's attachment sends by the outbound rules of its subnet",
        page::TRANSIT,
        "out 10.0.9.175 > 10.40.2.236 packet-source=10.20.33.164",
        &["own 10.0.9.175 subnet-a - transit_gateway", "acl subnet-a out 50 deny icmp 10.40.0.0/16"],
        "acl out certain: acl denies 50; no groups on transit_gateway",
    ),
    (
        "an intermediate on the other side: a rule that fits only one of the two addresses is open",
        page::RECORDS,
        "in 10.9.0.1 > 10.0.0.5 packet-source=203.0.113.12",
        &[WEB, OUT, IN, "acl subnet-a in 50 deny icmp 203.0.113.0/24", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in likely: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "an intermediate on the other side: a rule that fits both is not",
        page::RECORDS,
        "in 10.9.0.1 > 10.0.0.5 packet-source=203.0.113.12",
        &[WEB, OUT, IN, DENY],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "an intermediate on the other side: a group's rule that fits one of them",
        page::RECORDS,
        "in 10.9.0.1 > 10.0.0.5 packet-source=203.0.113.12",
        &[WEB, OUT, "open acl", "sg sg-web in icmp 10.9.0.0/16"],
        "groups in likely: acl allows 100; groups depend on sg-web address",
    ),
    (
        "a secondary address of its own changes nothing for the other side",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 packet-target=10.0.0.6",
        &[WEB, OUT, IN, DENY],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a direction that only the interface's addresses show",
        page::RECORDS,
        "? 10.1.0.9 > 10.0.0.5",
        &[WEB, OUT, IN, DENY],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "the interface's addresses know better than the private side",
        page::RECORDS,
        "out? 10.9.0.9 > 198.51.100.7",
        &["own 198.51.100.7 subnet-a sg-web", OUT, IN, DENY],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "no direction, both are denied",
        page::ACL_BASICS,
        "? 10.1.0.9 > 10.0.0.5 subnet=subnet-a",
        &[DENY, "acl subnet-a out 60 deny icmp 0.0.0.0/0"],
        "acl ? certain: acl in denies 50; acl out denies 60",
    ),
    (
        "no direction, one is denied",
        page::ACL_BASICS,
        "? 10.1.0.9 > 10.0.0.5 subnet=subnet-a",
        &[DENY, "acl subnet-a out 60 allow icmp 0.0.0.0/0", "gap interfaces not-found"],
        "either ? possible: acl in denies 50; acl out allows 60; no Interfaces: NotFound",
    ),
    ("no direction, nothing known", page::RECORDS, "? 10.1.0.9 > 10.0.0.5", &[], "either ? possible"),
    (
        "no interface in the record, as of a regional NAT gateway",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.220 no-interface",
        &["gap interfaces off"],
        "either in possible: no interface; no Interfaces: SwitchedOff",
    ),
    (
        "the interface is gone: the groups are not known",
        page::GROUP_RULES,
        "in 203.0.113.12 > 10.0.0.5 subnet=subnet-a",
        &["open acl", "gap interfaces not-found"],
        "groups in likely: acl allows 100; no Interfaces: NotFound",
    ),
    (
        "EC2 may not be asked for the groups, the ACL allows it",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, "open acl", "gap groups denied"],
        "groups in likely: acl allows 100; groups depend on sg-web unknown; no Groups: Denied(\"ec2:Describe\")",
    ),
    (
        "EC2 may not be asked for the groups, the ACL denies it",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, DENY, "gap groups denied"],
        "acl in certain: acl denies 50; groups depend on sg-web unknown; no Groups: Denied(\"ec2:Describe\")",
    ),
    (
        "one group of two is not known",
        page::GROUP_RULES,
        PING_IN,
        &["own 10.0.0.5 subnet-a sg-web,sg-gone", "open acl", OUT, "gap groups failed"],
        "groups in likely: acl allows 100; groups depend on sg-gone unknown; no Groups: Failed(\"InternalError\")",
    ),
    (
        "no group allows it, the ACL is not known",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, OUT, "gap acls calls"],
        "groups in likely: groups have no rule; no Acls: TooManyCalls",
    ),
    (
        "look-ups are switched off",
        page::EXAMPLES,
        "in 203.0.113.12 > 10.0.0.5",
        &["gap interfaces off", "gap tags off", "gap groups off", "gap acls off"],
        "either in possible: no Interfaces: SwitchedOff; no Groups: SwitchedOff; no Acls: SwitchedOff",
    ),
];
