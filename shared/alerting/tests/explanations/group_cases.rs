//! Security groups: allow only, all groups together, members, prefix lists, ICMP types, tracking.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5,2001:db8:1234:a100::5 subnet-a sg-web";
const ACL: &str = "open acl";
const OUT: &str = "open out";

const PING_IN: &str = "in 203.0.113.12 > 10.0.0.5";
const PING_OUT: &str = "out 10.0.0.5 > 203.0.113.12";
const PING_NEAR: &str = "in 10.0.1.9 > 10.0.0.5";

pub(crate) const CASES: &[Case] = &[
    (
        "a new group allows nothing in",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a group without outbound rules lets nothing out",
        page::GROUP_RULES,
        PING_OUT,
        &[WEB, ACL, "sg sg-web in icmp 10.0.0.0/8"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for TCP lets no ping in",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in tcp 0.0.0.0/0"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for another block lets no ping in",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "one group of several that allows it is enough",
        page::GROUP_RULES,
        PING_IN,
        &["own 10.0.0.5 subnet-a sg-web,sg-ping", ACL, OUT, "sg sg-ping in icmp 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-ping",
    ),
    (
        "several groups, none of which allows it",
        page::GROUP_RULES,
        PING_IN,
        &["own 10.0.0.5 subnet-a sg-web,sg-ping", ACL, OUT, "sg sg-ping in icmp 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for ICMP lets no ICMPv6 in",
        page::GROUP_PERMISSION,
        "in 2600:1f18::12 > 2001:db8:1234:a100::5",
        &[WEB, ACL, OUT, "sg sg-web in icmp ::/0", "sg sg-web in icmp 0.0.0.0/0"],
        "groups in certain: acl allows 101; groups have no rule",
    ),
    (
        "a rule for ICMPv6 does",
        page::GROUP_PERMISSION,
        "in 2600:1f18::12 > 2001:db8:1234:a100::5",
        &[WEB, ACL, OUT, "sg sg-web in icmpv6 ::/0"],
        "neither in possible: acl allows 101; groups allow by sg-web",
    ),
    (
        "a rule for echo requests lets pings in, so these were none or the rule is new",
        page::GROUP_PERMISSION,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp/8 0.0.0.0/0"],
        "groups in possible: acl allows 100; groups depend on sg-web type",
    ),
    (
        "a rule for another type lets no ping in, as far as it was one",
        page::GROUP_PERMISSION,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp/3/4 0.0.0.0/0"],
        "groups in likely: acl allows 100; groups depend on sg-web type",
    ),
    (
        "a group's rule for its own members lets nothing of the internet in",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in all sg-web"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a member of the group that a rule names is let in",
        page::GROUP_RULES,
        PING_NEAR,
        &[WEB, ACL, OUT, "sg sg-web in icmp sg-db", "peer 10.0.1.9 subnet-b sg-db"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "an interface that is not in the group is not",
        page::GROUP_RULES,
        PING_NEAR,
        &[WEB, ACL, OUT, "sg sg-web in icmp sg-db", "peer 10.0.1.9 subnet-b sg-other"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "whether an unknown address is in the group cannot be told",
        page::GROUP_RULES,
        PING_NEAR,
        &[WEB, ACL, OUT, "sg sg-web in icmp sg-db"],
        "groups in likely: acl allows 100; groups depend on sg-web member",
    ),
    (
        "nor of an interface in another VPC that has the same address",
        page::GROUP_RULES,
        PING_NEAR,
        &[WEB, ACL, OUT, "sg sg-web in icmp sg-db", "peer 10.0.1.9 subnet-x sg-db vpc=vpc-2"],
        "groups in likely: acl allows 100; groups depend on sg-web member",
    ),
    (
        "a member that comes by its public address is not let in as one",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp sg-db", "peer 10.0.1.9 subnet-b sg-db public=203.0.113.12"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "what is in a prefix list is not known",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp pl-1"],
        "groups in likely: acl allows 100; groups depend on sg-web list",
    ),
    (
        "a rule that is open beside one that allows changes nothing",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, ACL, OUT, "sg sg-web in icmp pl-1", "sg sg-web in all 203.0.113.0/24"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "answers need no rule: without one it is still the network ACL",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 answers",
        &[WEB, "sg sg-web in icmp 0.0.0.0/0", "acl subnet-a out 50 deny icmp 0.0.0.0/0"],
        "acl out certain: answers; acl denies 50; groups have no rule",
    ),
    (
        "answers to the interface's own pings need no inbound rule",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 answers",
        &[WEB, OUT, "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: answers; acl denies 50; groups have no rule",
    ),
    (
        "what looks like answers and the ACL allows: pings of its own that no group lets out, or the ACL was changed",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 answers",
        &[WEB, ACL, "sg sg-web in icmp 0.0.0.0/0"],
        "groups out possible: answers; acl allows 100; groups have no rule",
    ),
    (
        "an ACL that denies answers may be it where the groups let pings out",
        page::TRACKING,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 deny icmp/0 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "groups in likely: acl depends 50,100; groups have no rule",
    ),
    (
        "and is not where they let none out that could be answered",
        page::TRACKING,
        PING_IN,
        &[WEB, "sg sg-web", "acl subnet-a in 50 deny icmp/0 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "groups in certain: acl depends 50,100; groups have no rule",
    ),
    (
        "an error message may belong to a connection of another protocol, which the groups let through",
        page::TRACKING,
        PING_IN,
        &[
            WEB,
            "sg sg-web",
            "acl subnet-a in 50 allow icmp/8 0.0.0.0/0",
            "acl subnet-a in 51 allow icmp/0 0.0.0.0/0",
            "acl subnet-a in 60 deny icmp 0.0.0.0/0",
        ],
        "groups in likely: acl depends 50,51,60; groups have no rule",
    ),
    (
        "rules for pings, answers and one more type leave all other types",
        page::GROUP_PERMISSION,
        PING_IN,
        &[
            WEB,
            ACL,
            OUT,
            "sg sg-web in icmp/8 0.0.0.0/0",
            "sg sg-web in icmp/0 0.0.0.0/0",
            "sg sg-web in icmp/3 0.0.0.0/0",
        ],
        "groups in possible: acl allows 100; groups depend on sg-web type, sg-web type, sg-web type",
    ),
    (
        "answers that came long before or after prove nothing",
        page::RECORDS,
        "out 10.0.0.5 > 203.0.113.12 answers-late",
        &[WEB, ACL, "sg sg-web in icmp 0.0.0.0/0"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
];
