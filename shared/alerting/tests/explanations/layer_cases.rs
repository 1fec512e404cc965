//! Both layers together, and the records alone.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5 subnet-a sg-web";
const OUT: &str = "open out";

const PING_IN: &str = "in 203.0.113.12 > 10.0.0.5";
const PING_OUT: &str = "out 10.0.0.5 > 203.0.113.12";
const DENY_OUT: &str = "acl subnet-a out 50 deny icmp 0.0.0.0/0";
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
    (
        "a format without reject-reason: Block Public Access may have stopped errors about a connection, which the groups let through",
        page::RECORDS,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0", "sg sg-web out all 0.0.0.0/0"],
        "groups in likely: acl allows 100; groups have no rule",
    ),
    (
        "the same with the field: it did not",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 reason=-",
        &[WEB, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0", "sg sg-web out all 0.0.0.0/0"],
        "groups in certain: acl allows 100; groups have no rule",
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
        "a ping that both layers reject: the groups let nothing through that it could belong to",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, "sg sg-web", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "both in certain: acl denies 50; groups have no rule",
    ),
    (
        "the same from a group that lets pings out: were it an answer, the ACL alone stopped it",
        page::TRACKING,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups have no rule",
    ),
    (
        "answers whose pings may be in another batch: the ACL alone stopped them",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in icmp 0.0.0.0/0", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "the same where only some of the pings may come in",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in icmp pl-1", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "error messages about a connection of another protocol: the ACL alone stopped them",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in tcp 0.0.0.0/0", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "nothing that the groups let through concerns the other side: both layers",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in all 198.51.100.0/24", "sg sg-web out all 10.0.0.0/8", DENY_OUT],
        "both out certain: acl denies 50; groups have no rule",
    ),
    (
        "the groups have a rule for no type, and the ACL denies pings alone: the groups, whatever it was",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 reason=-",
        &[
            WEB,
            "sg sg-web in icmp 0.0.0.0/0",
            "acl subnet-a out 50 deny icmp/8 0.0.0.0/0",
            "acl subnet-a out 60 allow all 0.0.0.0/0",
        ],
        "groups out certain: acl depends 50,60; groups have no rule",
    ),
    (
        "accepted ICMP that is not remembered: answers or pings, and the ACL stops both",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[WEB, "sg sg-web in icmp 0.0.0.0/0", DENY_OUT],
        "acl out certain unclear: 7 untracked; acl denies 50; groups have no rule",
    ),
    (
        "the same by their type: the ACL stops answers, the groups pings",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[
            WEB,
            "sg sg-web in icmp 0.0.0.0/0",
            "acl subnet-a out 50 deny icmp/0 0.0.0.0/0",
            "acl subnet-a out 60 allow all 0.0.0.0/0",
        ],
        "either out possible unclear: 7 untracked; acl depends 50,60; groups have no rule",
    ),
    (
        "the same with all of it remembered: pings",
        page::TRACKING,
        PING_OUT,
        &[
            WEB,
            "sg sg-web in icmp 0.0.0.0/0",
            "acl subnet-a out 50 deny icmp/0 0.0.0.0/0",
            "acl subnet-a out 60 allow all 0.0.0.0/0",
        ],
        "groups out likely: acl depends 50,60; groups have no rule",
    ),
    (
        "accepted ICMP that is not remembered, and no pings that could be answered",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[WEB, "sg sg-web", "open acl"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    (
        "accepted ICMP that is not remembered, nothing known of the network",
        page::EXAMPLES,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[],
        "either out possible unclear: 7 untracked",
    ),
    (
        "what looks like answers may be pings where accepted ICMP is not remembered",
        page::EXAMPLES,
        "out 10.0.0.5 > 203.0.113.12 answers untracked=7",
        &[],
        "either out possible unclear: opposite accepted; 7 untracked",
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
