//! Cases of both layers together, and cases without data from EC2.

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
        "a format without reject-reason: Block Public Access may have stopped error messages of a connection that the groups allow",
        page::RECORDS,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0", "sg sg-web out all 0.0.0.0/0"],
        "groups in likely: acl allows 100; groups have no rule",
    ),
    (
        "a format with reject-reason and no reason: Block Public Access did not stop the packets",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 reason=-",
        &[WEB, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0", "sg sg-web out all 0.0.0.0/0"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    ("encryption controls", page::RECORDS, "in 10.0.1.9 > 10.0.0.5 reason=EC", &[], "encryption in certain: reason EC"),
    (
        "an unknown reason is stated as it is in the record",
        page::RECORDS,
        "in 203.0.113.12 > 10.0.0.5 reason=NEW",
        &[],
        "other in certain: reason NEW",
    ),
    ("a rejected ping and nothing known of the network", page::EXAMPLES, PING_IN, &[], "either in possible"),
    (
        "a rejected answer to an accepted ping, no data from EC2",
        page::EXAMPLES,
        ANSWER_OUT,
        &[],
        "acl out likely: answers",
    ),
    (
        "a rejected answer to the interface's own ping, no data from EC2",
        page::EXAMPLES,
        "in 203.0.113.12 > 10.0.0.5 answers",
        &[],
        "acl in likely: answers",
    ),
    (
        "a rejected answer, the groups allow it and the ACL denies it",
        page::EXAMPLES,
        ANSWER_OUT,
        &[WEB, OUT, "acl subnet-a out 50 deny icmp 0.0.0.0/0"],
        "acl out certain: answers; acl denies 50; groups allow by sg-web",
    ),
    (
        "a rejected answer, the groups allow it, the ACL unknown",
        page::EXAMPLES,
        ANSWER_OUT,
        &[WEB, OUT, "missing acls denied"],
        "acl out likely: answers; groups allow by sg-web; no Acls: Denied(\"ec2:Describe\")",
    ),
    (
        "a rejected answer, the ACL denies it, the groups unknown",
        page::EXAMPLES,
        "out 10.0.0.5 > 203.0.113.12 answers subnet=subnet-a",
        &["acl subnet-a out 50 deny icmp 0.0.0.0/0", "missing interfaces slow"],
        "acl out certain: answers; acl denies 50; no Interfaces: TooSlow",
    ),
    (
        "a ping that both layers reject: the groups allow no connection that it could belong to",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, "sg sg-web", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "both in certain: acl denies 50; groups have no rule",
    ),
    (
        "both layers, but the group lets pings out: if the packet is an answer, only the ACL stopped it",
        page::TRACKING,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups have no rule",
    ),
    (
        "possible answers to pings in another batch: only the ACL stopped them",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in icmp 0.0.0.0/0", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "possible answers to pings in another batch, only some pings are let in",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in icmp pl-1", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "possible error messages of a connection of another protocol: only the ACL stopped them",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in tcp 0.0.0.0/0", DENY_OUT],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "the groups allow no connection with the other side: both layers",
        page::TRACKING,
        PING_OUT,
        &[WEB, "sg sg-web in all 198.51.100.0/24", "sg sg-web out all 10.0.0.0/8", DENY_OUT],
        "both out certain: acl denies 50; groups have no rule",
    ),
    (
        "the groups have no rule, and the ACL denies only pings: the groups rejected every type",
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
        "accepted ICMP was not kept: answers or pings, the ACL stops both",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[WEB, "sg sg-web in icmp 0.0.0.0/0", DENY_OUT],
        "acl out certain unclear: 7 untracked; acl denies 50; groups have no rule",
    ),
    (
        "accepted ICMP was not kept: the ACL stops answers, the groups stop pings",
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
        "all accepted ICMP was kept: the packets are pings",
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
        "accepted ICMP was not kept, and no pings could be answered",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[WEB, "sg sg-web", "open acl"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    (
        "accepted ICMP was not kept, no data from EC2",
        page::EXAMPLES,
        "out 10.0.0.5 > 203.0.113.12 untracked=7",
        &[],
        "either out possible unclear: 7 untracked",
    ),
    (
        "packets that look like answers may be pings if accepted ICMP was not kept",
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
        "no group allows the ping, the ACL allows only pings",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, OUT, "acl subnet-a in 50 allow icmp/8 0.0.0.0/0"],
        "groups in likely: acl depends 50,*; groups have no rule",
    ),
    (
        "a prefix list and a deny: the ACL is certain, the groups are not",
        page::GROUP_RULES,
        PING_IN,
        &[WEB, OUT, "sg sg-web in icmp pl-1", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups depend on sg-web list",
    ),
    (
        "today's rules allow the packets: they were changed, or the connection had ended",
        page::RECORDS,
        PING_IN,
        &[WEB, OUT, "open acl", "sg sg-web in icmp 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "today's rules allow the packets, which look like answers",
        page::RECORDS,
        ANSWER_OUT,
        &[WEB, OUT, "open acl", "sg sg-web in icmp 0.0.0.0/0"],
        "neither out possible: answers; acl allows 100; groups allow by sg-web",
    ),
];
