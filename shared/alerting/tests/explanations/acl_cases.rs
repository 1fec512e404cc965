//! Network ACLs: order, direction, protocol, family, ICMP types.

use crate::{Case, page};

/// The interface in subnet-a with a group that lets everything through, so that only the network ACL can have rejected a flow.
const WEB: &str = "own 10.0.0.5,2001:db8:1234:a100::5 subnet-a sg-web";
const IN: &str = "sg sg-web in all 0.0.0.0/0";
const IN_V6: &str = "sg sg-web in all ::/0";
const OUT: &str = "open out";

const PING_IN: &str = "in 203.0.113.12 > 10.0.0.5";
const PING_OUT: &str = "out 10.0.0.5 > 203.0.113.12";
const PING_IN_V6: &str = "in 2600:1f18::12 > 2001:db8:1234:a100::5";

pub(crate) const CASES: &[Case] = &[
    (
        "the trial: rule 50 denies outbound ICMP, an instance pings the internet",
        page::ACL_BASICS,
        PING_OUT,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp 0.0.0.0/0", "acl subnet-a out 100 allow all 0.0.0.0/0"],
        "acl out certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "the lowest number decides, whatever the order of the list",
        page::ACL_RULES,
        PING_OUT,
        &[
            WEB,
            IN,
            OUT,
            "acl subnet-a out 100 allow all 0.0.0.0/0",
            "acl subnet-a out 200 deny icmp 0.0.0.0/0",
            "acl subnet-a out 50 deny icmp 0.0.0.0/0",
        ],
        "acl out certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny behind an allow has no effect",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 200 deny icmp 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "numbers are compared as numbers",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 1000 allow all 0.0.0.0/0", "acl subnet-a in 90 deny all 0.0.0.0/0"],
        "acl in certain: acl denies 90; groups allow by sg-web",
    ),
    (
        "outbound rules do not count for a ping that comes in",
        page::ACL_BASICS,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0", "acl subnet-a out 50 deny icmp 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "inbound rules do not count for a ping that goes out",
        page::ACL_BASICS,
        PING_OUT,
        &[WEB, IN, OUT, "acl subnet-a out 100 allow all 0.0.0.0/0", "acl subnet-a in 50 deny icmp 0.0.0.0/0"],
        "neither out possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "what no rule fits is denied by the last one, shown as *",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 100 allow tcp 0.0.0.0/0", "acl subnet-a in * deny all 0.0.0.0/0"],
        "acl in certain: acl denies *; groups allow by sg-web",
    ),
    (
        "the last rule is there even where EC2 does not list it",
        page::ACL_CUSTOM,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a"],
        "acl in certain: acl denies *; groups allow by sg-web",
    ),
    (
        "a deny of TCP alone does not stop a ping",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny tcp 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a deny of all protocols stops a ping",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny all 203.0.113.0/24", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny of another block does not",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp 198.51.100.0/24", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "inbound rules look at the source, not at the interface's own address",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp 10.0.0.0/16", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "outbound rules look at the destination",
        page::ACL_RULES,
        PING_OUT,
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp 203.0.113.12/32", "acl subnet-a out 100 allow all 0.0.0.0/0"],
        "acl out certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny of echo requests is the likely one, as no record carries the type",
        page::RFC_792,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp/8 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in likely: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "a deny of echo replies fits a ping that comes in only if it was none",
        page::RFC_792,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp/0 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in possible: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "a deny of echo replies is the likely one for what looks like answers",
        page::RFC_792,
        "out 10.0.0.5 > 203.0.113.12 answers",
        &[WEB, IN, OUT, "acl subnet-a out 50 deny icmp/0/0 0.0.0.0/0", "acl subnet-a out 100 allow all 0.0.0.0/0"],
        "acl out likely: answers; acl depends 50,100; groups allow by sg-web",
    ),
    (
        "a deny of another type is only possible",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp/3/4 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in possible: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "a deny of a code that no echo request has fits none",
        page::RFC_792,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp/8/1 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "an allow of echo requests before a deny of all makes the deny possible at most",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 allow icmp/8 0.0.0.0/0", "acl subnet-a in 60 deny icmp 0.0.0.0/0"],
        "acl in possible: acl depends 50,60; groups allow by sg-web",
    ),
    (
        "an allow of another type before a deny of all leaves the deny likely",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 allow icmp/3 0.0.0.0/0", "acl subnet-a in 60 deny icmp 0.0.0.0/0"],
        "acl in likely: acl depends 50,60; groups allow by sg-web",
    ),
    (
        "two denies together leave no type: certain, by two rules",
        page::ACL_RULES,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmp/8 0.0.0.0/0", "acl subnet-a in 60 deny all 0.0.0.0/0"],
        "acl in certain: acl denies 50,60; groups allow by sg-web",
    ),
    (
        "denies of pings, of answers and of one more type leave all other types",
        page::ACL_ENTRY,
        PING_IN,
        &[
            WEB,
            IN,
            OUT,
            "acl subnet-a in 50 deny icmp/8 0.0.0.0/0",
            "acl subnet-a in 51 deny icmp/0 0.0.0.0/0",
            "acl subnet-a in 52 deny icmp/3 0.0.0.0/0",
            "acl subnet-a in 100 allow all 0.0.0.0/0",
        ],
        "acl in likely: acl depends 50,51,52,100; groups allow by sg-web",
    ),
    (
        "a type is decided where it stands first",
        page::ACL_RULES,
        PING_IN,
        &[
            WEB,
            IN,
            OUT,
            "acl subnet-a in 40 allow icmp/3 0.0.0.0/0",
            "acl subnet-a in 50 deny icmp/3 0.0.0.0/0",
            "acl subnet-a in 100 allow all 0.0.0.0/0",
        ],
        "neither in possible: acl allows 40,100; groups allow by sg-web",
    ),
    (
        "IPv6: a deny of ICMPv6 stops it",
        page::ACL_RULES,
        PING_IN_V6,
        &[WEB, IN_V6, OUT, "acl subnet-a in 50 deny icmpv6 ::/0", "acl subnet-a in 100 allow all ::/0"],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "IPv6: a deny of ICMP, which is IPv4's, does not",
        page::ACL_RULES,
        PING_IN_V6,
        &[WEB, IN_V6, OUT, "acl subnet-a in 50 deny icmp 0.0.0.0/0", "acl subnet-a in 100 allow all ::/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "IPv6: an allow of all IPv4 lets no IPv6 in",
        page::ACL_RULES,
        PING_IN_V6,
        &[WEB, IN_V6, OUT, "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in certain: acl denies *; groups allow by sg-web",
    ),
    (
        "IPv6: echo request is type 128",
        page::RFC_4443,
        PING_IN_V6,
        &[WEB, IN_V6, OUT, "acl subnet-a in 50 deny icmpv6/128 ::/0", "acl subnet-a in 100 allow all ::/0"],
        "acl in likely: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "IPv6: type 8 is no echo request there",
        page::RFC_4443,
        PING_IN_V6,
        &[WEB, IN_V6, OUT, "acl subnet-a in 50 deny icmpv6/8 ::/0", "acl subnet-a in 100 allow all ::/0"],
        "acl in possible: acl depends 50,100; groups allow by sg-web",
    ),
    (
        "protocol 58 with an IPv4 block is for all types, whatever it names",
        page::ACL_ENTRY,
        "in 203.0.113.12 > 10.0.0.5 protocol=58",
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmpv6/3 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "protocol 58 with an IPv4 block is not for protocol 1",
        page::ACL_ENTRY,
        PING_IN,
        &[WEB, IN, OUT, "acl subnet-a in 50 deny icmpv6 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
];
