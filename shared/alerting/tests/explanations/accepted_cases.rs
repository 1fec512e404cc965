//! Cases with accepted ICMP between the two addresses at about the same time: in the opposite direction, the same one, or both.
//!
//! If packets of one direction are both accepted and rejected, either they differ (pings and answers, or with and without a
//! connection), or the rules were changed meanwhile. Rules are certain only if they explain both the accepted and the rejected
//! packets.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5 subnet-a sg-web";
const IN: &str = "sg sg-web in icmp 0.0.0.0/0";
const OUT: &str = "open out";
const ACL: &str = "open acl";
const DENY_OUT: &str = "acl subnet-a out 50 deny icmp 0.0.0.0/0";

/// Pings in both directions. Those of the interface are rejected.
const MUTUAL: &str = "out 10.0.0.5 > 10.9.0.1 answers same";

pub(crate) const CASES: &[Case] = &[
    (
        "same direction accepted, the groups let another protocol in: error messages of its connections explain it",
        page::TRACKING,
        "in 10.9.0.1 > 10.0.0.5 same",
        &[WEB, "sg sg-web in tcp 0.0.0.0/0", ACL],
        "groups in certain: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "same direction accepted, unknown whether the groups let another protocol in",
        page::TRACKING,
        "in 10.9.0.1 > 10.0.0.5 same",
        &[WEB, "sg sg-web in tcp pl-1", ACL],
        "groups in likely: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "pings both ways, one direction rejected: pings, because answers are accepted; no data from EC2",
        page::EXAMPLES,
        MUTUAL,
        &[],
        "either out possible: opposite accepted; pings, as answers pass",
    ),
    (
        "pings both ways, those to the interface rejected; no data from EC2",
        page::EXAMPLES,
        "in 10.9.0.1 > 10.0.0.5 answers same",
        &[],
        "either in possible: opposite accepted; pings, as answers pass",
    ),
    (
        "pings both ways, the group lets pings in and none out: the rules explain everything",
        page::TRACKING,
        MUTUAL,
        &[WEB, IN, ACL],
        "groups out certain: opposite accepted; pings, as answers pass; acl allows 100; groups have no rule",
    ),
    (
        "pings both ways, the ACL denies pings and lets answers out",
        page::ACL_ENTRY,
        MUTUAL,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp/8 0.0.0.0/0", "acl subnet-a out 60 allow all 0.0.0.0/0"],
        "acl out likely: opposite accepted; pings, as answers pass; acl depends 50,60; groups allow by sg-web",
    ),
    (
        "pings both ways, the ACL denies answers and lets pings out: the rejected packets are answers",
        page::ACL_ENTRY,
        MUTUAL,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp/0 0.0.0.0/0", "acl subnet-a out 60 allow all 0.0.0.0/0"],
        "acl out likely: answers; same accepted: kind or change; acl depends 50,60; groups allow by sg-web",
    ),
    (
        "pings both ways, the groups unknown",
        page::TRACKING,
        "out 10.0.0.5 > 10.9.0.1 answers same subnet=subnet-a",
        &[ACL],
        "groups out likely: opposite accepted; pings, as answers pass; acl allows 100",
    ),
    (
        "pings both ways, the ACL unknown and the groups allow everything",
        page::TRACKING,
        MUTUAL,
        &[WEB, IN, OUT],
        "acl out likely: opposite accepted; pings, as answers pass; groups allow by sg-web",
    ),
    (
        "today's ACL lets nothing out, but packets were accepted among the rejected ones: it was changed meanwhile",
        page::ACL_BASICS,
        MUTUAL,
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: change; acl denies 50; groups allow by sg-web",
    ),
    (
        "today's ACL lets nothing out, but packets were accepted after the rejected ones: it was changed twice",
        page::ACL_BASICS,
        "out 10.0.0.5 > 10.9.0.1 answers same-after",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny is added while the interface pings: packets accepted before do not contradict it",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny is added and the opposite direction ends: pings or answers, unclear which",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers-before same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain unclear: opposite accepted; same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny is added while another host pings: pings continue, so the rejected packets are answers",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: answers; same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny was removed after the rejected packets: today's rules reject nothing",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers same-after",
        &[WEB, IN, OUT, ACL],
        "neither out possible: answers; same accepted: kind or change; acl allows 100; groups allow by sg-web",
    ),
    (
        "accepted and rejected packets of different types, by the rules",
        page::GROUP_PERMISSION,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, OUT, ACL, "sg sg-web in icmp/3 0.0.0.0/0"],
        "groups in likely: same accepted: kind or change; acl allows 100; groups depend on sg-web type",
    ),
    (
        "accepted packets that may belong to a connection, and rejected ones that do not",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same reason=-",
        &[WEB, OUT, ACL],
        "groups in certain: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "today's groups allow nothing, not even a connection: they were changed",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, ACL, "sg sg-web"],
        "groups in likely: same accepted: change; acl allows 100; groups have no rule",
    ),
    (
        "unknown whether today's rules allow the accepted packets: not certain",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, ACL, "sg sg-web in tcp pl-1"],
        "groups in likely: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "unknown whether the other side is in the subnet: pings or answers, unclear which",
        page::SHARING,
        "out 10.0.0.5 > 10.0.0.9 answers same",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: kind or change; acl denies 50; 10.0.0.9 maybe in its subnet; \
         groups allow by sg-web",
    ),
    (
        "packets accepted an hour later are ignored",
        page::RECORDS,
        "out 10.0.0.5 > 203.0.113.12 answers same-late",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: answers; acl denies 50; groups allow by sg-web",
    ),
    (
        "pings both ways, no direction in the records",
        page::EXAMPLES,
        "? 10.1.0.9 > 10.0.0.5 answers same",
        &[],
        "either ? possible: opposite accepted; pings, as answers pass",
    ),
    (
        "Block Public Access, whatever was accepted",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 answers same reason=BPA",
        &[],
        "bpa in certain: reason BPA",
    ),
];
