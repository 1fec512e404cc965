//! Both layers together, and the records alone.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5 subnet-a sg-web";
const OUT: &str = "open out";

const PING_IN: &str = "in 203.0.113.12 > 10.0.0.5";
const ANSWER_OUT: &str = "out 10.0.0.5 > 203.0.113.12 answers";

pub(crate) const CASES: &[Case] = &[
    ("Block Public Access", page::RECORDS, "in 203.0.113.12 > 10.0.0.5 reason=BPA", &[], "bpa in certain: reason BPA"),
    (
        "Block Public Access, whatever the rules say",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 reason=BPA",
        &[WEB, OUT, "acl subnet-a in 50 deny all 0.0.0.0/0"],
        "bpa in certain: reason BPA",
    ),
    ("encryption controls", page::RECORDS, "in 10.0.1.9 > 10.0.0.5 reason=EC", &[], "encryption in certain: reason EC"),
    (
        "a reason that is new is told as it stands",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 reason=NEW",
        &[],
        "other in certain: reason NEW",
    ),
    ("a rejected ping and nothing known of the network", page::EXAMPLES, PING_IN, &[], "either in possible"),
    (
        "a rejected answer to an accepted ping, nothing known of the network",
        page::EXAMPLES,
        ANSWER_OUT,
        &[],
        "acl out likely: answers",
    ),
    (
        "a rejected answer to a ping of its own, nothing known of the network",
        page::EXAMPLES,
        "in 203.0.113.12 > 10.0.0.5 answers",
        &[],
        "acl in likely: answers",
    ),
    (
        "a rejected answer, the groups known to allow it and the ACL to deny it",
        page::EXAMPLES,
        ANSWER_OUT,
        &[WEB, OUT, "acl subnet-a out 50 deny icmp 0.0.0.0/0"],
        "acl out certain: answers; acl denies 50; groups allow by sg-web",
    ),
    (
        "a rejected answer, the groups known to allow it, the ACL not known",
        page::EXAMPLES,
        ANSWER_OUT,
        &[WEB, OUT, "gap acls denied"],
        "acl out likely: answers; groups allow by sg-web; no Acls: Denied(\"ec2:Describe\")",
    ),
    (
        "a rejected answer, the ACL known to deny it, the groups not known",
        page::EXAMPLES,
        "out 10.0.0.5 > 203.0.113.12 answers subnet=subnet-a",
        &["acl subnet-a out 50 deny icmp 0.0.0.0/0", "gap interfaces slow"],
        "acl out certain: answers; acl denies 50; no Interfaces: TooSlow",
    ),
    (
        "a ping that both layers reject",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "both in certain: acl denies 50; groups have no rule",
    ),
    (
        "both layers, by rules for echo requests",
        page::ACL_ENTRY,
        PING_IN,
        &[
            WEB,
            OUT,
            "sg sg-web in icmp/3 0.0.0.0/0",
            "acl subnet-a in 50 deny icmp/8 0.0.0.0/0",
            "acl subnet-a in 100 allow all 0.0.0.0/0",
        ],
        "both in likely: acl depends 50,100; groups depend on sg-web type",
    ),
    (
        "the ACL denies every type, the groups let pings in",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, OUT, "sg sg-web in icmp/8 0.0.0.0/0", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups depend on sg-web type",
    ),
    (
        "no group allows it, the ACL lets only pings through",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 allow icmp/8 0.0.0.0/0"],
        "groups in likely: acl depends 50,*; groups have no rule",
    ),
    (
        "a prefix list and a deny: the ACL is sure, the groups are not",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, OUT, "sg sg-web in icmp pl-1", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups depend on sg-web list",
    ),
    (
        "today's rules allow it: they were changed, or the connection had ended",
        page::RECORDS,
        PING_IN,
        &[WEB, OUT, "open acl", "sg sg-web in icmp 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "today's rules allow it, and it looks like answers",
        page::RECORDS,
        ANSWER_OUT,
        &[WEB, OUT, "open acl", "sg sg-web in icmp 0.0.0.0/0"],
        "neither out possible: answers; acl allows 100; groups allow by sg-web",
    ),
];
