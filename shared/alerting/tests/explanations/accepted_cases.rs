//! What was accepted between the two addresses at about the same time: the opposite way, the same way, or both.
//!
//! A window that holds accepted and rejected packets of one direction is either one of different packets (pings and answers, new ones
//! and ones of a connection) or one in which the rules were changed. Rules that explain what was accepted as well as what was
//! rejected are certain; others are not.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5 subnet-a sg-web";
const IN: &str = "sg sg-web in icmp 0.0.0.0/0";
const OUT: &str = "open out";
const ACL: &str = "open acl";
const DENY_OUT: &str = "acl subnet-a out 50 deny icmp 0.0.0.0/0";

/// Pings both ways, of which those of the interface are rejected.
const MUTUAL: &str = "out 10.0.0.5 > 10.9.0.1 answers same";

pub(crate) const CASES: &[Case] = &[
    (
        "accepted the same way, where the groups let another protocol in: error messages of such a connection explain it",
        page::TRACKING,
        "in 10.9.0.1 > 10.0.0.5 same",
        &[WEB, "sg sg-web in tcp 0.0.0.0/0", ACL],
        "groups in certain: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "the same, where it is open whether the groups let another protocol in",
        page::TRACKING,
        "in 10.9.0.1 > 10.0.0.5 same",
        &[WEB, "sg sg-web in tcp pl-1", ACL],
        "groups in likely: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "pings both ways, one rejected: not the answers, which get through; nothing known of the network",
        page::EXAMPLES,
        MUTUAL,
        &[],
        "either out possible: opposite accepted; pings, as answers pass",
    ),
    (
        "the same towards the interface",
        page::EXAMPLES,
        "in 10.9.0.1 > 10.0.0.5 answers same",
        &[],
        "either in possible: opposite accepted; pings, as answers pass",
    ),
    (
        "the same from a group that lets pings in and none out: the rules explain all of it",
        page::TRACKING,
        MUTUAL,
        &[WEB, IN, ACL],
        "groups out certain: opposite accepted; pings, as answers pass; acl allows 100; groups have no rule",
    ),
    (
        "the same where the ACL denies pings and lets answers out",
        page::ACL_ENTRY,
        MUTUAL,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp/8 0.0.0.0/0", "acl subnet-a out 60 allow all 0.0.0.0/0"],
        "acl out likely: opposite accepted; pings, as answers pass; acl depends 50,60; groups allow by sg-web",
    ),
    (
        "the reverse: the ACL denies answers and lets pings out, so that these are the answers",
        page::ACL_ENTRY,
        MUTUAL,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp/0 0.0.0.0/0", "acl subnet-a out 60 allow all 0.0.0.0/0"],
        "acl out likely: answers; same accepted: kind or change; acl depends 50,60; groups allow by sg-web",
    ),
    (
        "pings both ways, the groups not known",
        page::TRACKING,
        "out 10.0.0.5 > 10.9.0.1 answers same subnet=subnet-a",
        &[ACL],
        "groups out likely: opposite accepted; pings, as answers pass; acl allows 100",
    ),
    (
        "pings both ways, the ACL not known and the groups let all through",
        page::TRACKING,
        MUTUAL,
        &[WEB, IN, OUT],
        "acl out likely: opposite accepted; pings, as answers pass; groups allow by sg-web",
    ),
    (
        "today's ACL lets nothing out, and something got out among the rejected packets: it was changed meanwhile",
        page::ACL_BASICS,
        MUTUAL,
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: change; acl denies 50; groups allow by sg-web",
    ),
    (
        "the same after the rejected packets: it was changed twice",
        page::ACL_BASICS,
        "out 10.0.0.5 > 10.9.0.1 answers same-after",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny is added while the interface pings: what got out before says nothing against it",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "the same with answers, which ended with it: pings of its own or answers, nothing shows which",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers-before same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain unclear: opposite accepted; same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny is added while a stranger pings: pings go on to come in, so that these are the answers",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers same-before",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: answers; same accepted: kind or change; acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny was taken away after the rejected packets: today's rules reject nothing",
        page::ACL_BASICS,
        "out 10.0.0.5 > 203.0.113.12 answers same-after",
        &[WEB, IN, OUT, ACL],
        "neither out possible: answers; same accepted: kind or change; acl allows 100; groups allow by sg-web",
    ),
    (
        "packets let in and packets rejected, of different types by the rules",
        page::GROUP_PERMISSION,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, OUT, ACL, "sg sg-web in icmp/3 0.0.0.0/0"],
        "groups in likely: same accepted: kind or change; acl allows 100; groups depend on sg-web type",
    ),
    (
        "packets let in that may have belonged to a connection, and rejected ones that do not",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same reason=-",
        &[WEB, OUT, ACL],
        "groups in certain: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "today's groups let nothing through, not even of a connection: they were changed",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, ACL, "sg sg-web"],
        "groups in likely: same accepted: change; acl allows 100; groups have no rule",
    ),
    (
        "whether today's rules let through what got through is open: not certain",
        page::TRACKING,
        "in 203.0.113.12 > 10.0.0.5 same",
        &[WEB, ACL, "sg sg-web in tcp pl-1"],
        "groups in likely: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "whether the other side is in the subnet is open, and tells pings and answers apart no more than the ACL does",
        page::SHARING,
        "out 10.0.0.5 > 10.0.0.9 answers same",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out likely unclear: opposite accepted; same accepted: kind or change; acl denies 50; 10.0.0.9 maybe in its subnet; \
         groups allow by sg-web",
    ),
    (
        "an hour later is another time",
        page::RECORDS,
        "out 10.0.0.5 > 203.0.113.12 answers same-late",
        &[WEB, IN, OUT, DENY_OUT],
        "acl out certain: answers; acl denies 50; groups allow by sg-web",
    ),
    (
        "pings both ways and no direction in the records",
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
