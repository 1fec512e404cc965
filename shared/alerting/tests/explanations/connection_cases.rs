//! Cases of TCP and UDP: named ones of rejected connections, ports, protocols, members, prefix lists, client ports, and the way back.

use crate::{Case, page};

const WEB: &str = "own 10.0.0.5 subnet-a sg-web";
const OUT: &str = "open out";
const ACL: &str = "open acl";
const ANY: &str = "sg sg-web in all 0.0.0.0/0";

/// A client of another subnet asks the database on the interface, with and without flags in the format.
const QUERY: &str = "in 10.0.1.9 > 10.0.0.5 tcp 41022>5432 syn";
const QUERY_NO_FLAGS: &str = "in 10.0.1.9 > 10.0.0.5 tcp 41022>5432 request";
const CLIENT: &str = "peer 10.0.1.9 subnet-b sg-app";

/// The interface asks a host of the internet.
const FETCH: &str = "out 10.0.0.5 > 198.51.100.7 tcp 40000>443 syn";

/// The interface answers a client of the internet, whose request was accepted.
const ANSWER: &str = "out 10.0.0.5 > 203.0.113.9 tcp 443>51000 synack answers";

/// Ports of ephemeral clients: by the network ACLs of many a template.
const OUT_LINUX: &str = "acl subnet-a out 100 allow tcp/32768-61000 0.0.0.0/0";
const OUT_CLIENTS: &str = "acl subnet-a out 100 allow tcp/1024-65535 0.0.0.0/0";
const IN_HTTPS: &str = "acl subnet-a in 100 allow tcp/443 0.0.0.0/0";

pub(crate) const CASES: &[Case] = &[
    // The named cases of rejected connections.
    (
        "case 1: no rule at the database",
        page::GROUP_RULES,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 10.9.0.0/16"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "case 1 in a format without flags: an answer would need a rule too, and a tracked one would pass",
        page::GROUP_RULES,
        QUERY_NO_FLAGS,
        &[WEB, OUT, ACL, CLIENT],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "case 2: no outbound rule at the client",
        page::GROUP_RULES,
        "out 10.0.0.5 > 10.0.1.9 tcp 41022>5432 syn",
        &[WEB, ACL, CLIENT, ANY, "sg sg-web out tcp/443 0.0.0.0/0"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    (
        "case 3: the network ACL stops the answer, as it allows no client ports",
        page::ACL_CUSTOM,
        ANSWER,
        &[WEB, "sg sg-web in tcp/443 0.0.0.0/0", IN_HTTPS, "acl subnet-a out 100 allow tcp/443 0.0.0.0/0"],
        "acl out certain: answers; acl denies * (1024-65535); groups have no rule",
    ),
    ("case 3 without data from EC2", page::EXAMPLES, ANSWER, &[], "acl out likely: answers"),
    (
        "case 4: the network ACL stops the incoming answer",
        page::ACL_CUSTOM,
        "in 198.51.100.7 > 10.0.0.5 tcp 443>40000 synack answers",
        &[WEB, OUT, IN_HTTPS, "acl subnet-a out 100 allow all 0.0.0.0/0"],
        "acl in certain: answers; acl denies * (1024-65535); groups have no rule",
    ),
    (
        "case 5: the network ACL stops the request, the group allows it",
        page::ACL_RULES,
        "in 10.1.9.5 > 10.0.0.5 tcp 50100>22 syn",
        &[WEB, OUT, "sg sg-web in tcp/22 10.0.0.0/8", "acl subnet-a in 90 deny tcp/22 10.0.0.0/8", ACL],
        "acl in certain: acl denies 90; groups allow by sg-web",
    ),
    (
        "case 6: a late packet, whatever the rules say",
        page::RECORDS,
        "in 10.0.1.9 > 10.0.0.5 tcp 443>41022 answer late=closed",
        &[WEB, ACL, CLIENT],
        "late in likely: closed",
    ),
    (
        "case 7: the connection had been idle for too long",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 tcp 5432>41022 answer late=idle",
        &[WEB, ACL, "missing interfaces slow"],
        "late in likely: idle",
    ),
    (
        "a late datagram by its ports alone is possible at most",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 udp 53>41022 answer late=no-request",
        &[],
        "late in possible: no-request",
    ),
    (
        "Block Public Access rejects a late packet too",
        page::RECORDS,
        "in 203.0.113.9 > 10.0.0.5 tcp 443>41022 answer late=closed reason=BPA",
        &[],
        "bpa in certain: reason BPA",
    ),
    (
        "case 8: an untracked rule was removed, which cuts connections at once",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>5432 request same-before",
        &[WEB, OUT, ACL, CLIENT],
        "groups in certain: same accepted: kind or change; acl allows 100; groups have no rule",
    ),
    (
        "case 11: a reference needs private addresses; a load balancer of the group may have passed it on",
        page::BALANCER,
        "in 198.51.100.40 > 10.0.0.5 tcp 50000>8080 syn",
        &[WEB, OUT, ACL, "sg sg-web in tcp/8080 sg-app", "peer 10.0.1.9 subnet-b sg-app public=198.51.100.40"],
        "groups in likely: acl allows 100; groups depend on sg-web member",
    ),
    (
        "case 12: the rule names the load balancer's group, which keeps the client's address",
        page::BALANCER,
        "in 203.0.113.9 > 10.0.0.5 tcp 51000>8080 syn",
        &[WEB, OUT, ACL, "sg sg-web in tcp/8080 sg-nlb"],
        "groups in likely: acl allows 100; groups depend on sg-web member",
    ),
    (
        "case 13: an endpoint's group does not allow it",
        page::GROUP_RULES,
        "in 10.0.1.9 > 10.0.0.5 tcp 40200>443 syn",
        &["own 10.0.0.5 subnet-a sg-web vpc_endpoint", ACL, CLIENT, "sg sg-web in tcp/443 10.9.0.0/16"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "case 14: an answer through another interface than its request: it is not tracked here",
        page::TRACKING,
        "out 10.0.0.5 > 10.0.1.9 tcp 443>51000 synack",
        &[WEB, ACL, CLIENT, "sg sg-web in tcp/443 10.0.0.0/8"],
        "groups out possible: acl allows 100; groups have no rule",
    ),
    (
        "case 14: and no request is let in here",
        page::TRACKING,
        "out 10.0.0.5 > 10.0.1.9 tcp 443>51000 synack",
        &[WEB, ACL, CLIENT, "sg sg-web in tcp/22 10.0.0.0/8"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    // Protocols and ports.
    (
        "a rule for a range with the port lets it in",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5000-5432 10.0.0.0/8"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a rule for a range that begins with the port lets it in",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432-6000 10.0.0.0/8"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a range that ends one port before does not",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5000-5431 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a range that begins one port after does not",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5433-6000 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for the client's port does not let a request in",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/41022 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for UDP lets no TCP in",
        page::GROUP_PERMISSION,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>53 syn",
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in udp/53 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for TCP lets no UDP in",
        page::GROUP_PERMISSION,
        "in 10.0.1.9 > 10.0.0.5 udp 41022>53 request",
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/53 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a rule for UDP lets UDP in",
        page::GROUP_PERMISSION,
        "in 10.0.1.9 > 10.0.0.5 udp 41022>53 request",
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in udp/53 10.0.0.0/8"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a rule for all protocols (-1) has all ports",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in all 10.0.0.0/8"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a rule for another protocol lets no TCP in",
        page::GROUP_PERMISSION,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in gre 10.0.0.0/8", "sg sg-web in icmp 10.0.0.0/8"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a network ACL's deny of all protocols denies every port",
        page::ACL_ENTRY,
        QUERY,
        &[WEB, OUT, ANY, CLIENT, "acl subnet-a in 50 deny all 10.0.1.0/24", ACL],
        "acl in certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "a deny of ICMP stops no connection",
        page::ACL_RULES,
        QUERY,
        &[WEB, OUT, ANY, CLIENT, "acl subnet-a in 50 deny icmp 0.0.0.0/0", ACL],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    // Members and prefix lists.
    (
        "a rule for the group itself lets its members in",
        page::GROUP_RULES,
        QUERY,
        &[WEB, OUT, ACL, "peer 10.0.1.9 subnet-b sg-web", "sg sg-web in tcp/5432 sg-web"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a rule for the group itself lets nobody else in",
        page::GROUP_RULES,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 sg-web"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a member with another port",
        page::GROUP_RULES,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/3306 sg-app"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "members of a peered VPC's group are not known",
        page::GROUP_RULES,
        "in 10.9.1.9 > 10.0.0.5 tcp 41022>5432 syn",
        &[WEB, OUT, ACL, "sg sg-web in tcp/5432 sg-peered"],
        "groups in likely: acl allows 100; groups depend on sg-web member",
    ),
    (
        "a prefix list with the address",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 pl-1", "list pl-1 10.9.0.0/16,10.0.1.0/24"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a prefix list without the address",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 pl-1", "list pl-1 10.9.0.0/16,10.0.2.0/24"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "an outbound rule for AWS's list of a gateway endpoint",
        page::PREFIX_LISTS,
        "out 10.0.0.5 > 203.0.113.200 tcp 40000>443 syn reason=-",
        &[WEB, ACL, "sg sg-web out tcp/443 pl-s3", "list pl-s3 198.51.100.0/24"],
        "groups out certain: acl allows 100; groups have no rule",
    ),
    (
        "a prefix list that may not be read",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 pl-1", "missing lists denied"],
        "groups in likely: acl allows 100; groups depend on sg-web list; no PrefixLists: Denied(\"ec2:Describe\")",
    ),
    (
        "a prefix list for another port is not asked for a reason",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/22 pl-1", "missing lists denied"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "a part of a long prefix list has the address",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 pl-1", "list pl-1 10.0.1.0/24 more"],
        "neither in possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a part of a long prefix list does not have the address",
        page::PREFIX_LISTS,
        QUERY,
        &[WEB, OUT, ACL, CLIENT, "sg sg-web in tcp/5432 pl-1", "list pl-1 10.0.2.0/24 more", "missing lists calls"],
        "groups in likely: acl allows 100; groups depend on sg-web list; no PrefixLists: TooManyCalls",
    ),
    // The order of network ACL rules, with ports.
    (
        "a deny of the port before an allow of all",
        page::ACL_RULES,
        FETCH,
        &[
            WEB,
            ANY,
            OUT,
            "acl subnet-a out 200 allow all 0.0.0.0/0",
            "acl subnet-a out 50 deny tcp/443 0.0.0.0/0",
            "acl subnet-a in 100 allow all 0.0.0.0/0",
        ],
        "acl out certain: acl denies 50; groups allow by sg-web",
    ),
    (
        "an allow of the port before a deny of its range",
        page::ACL_RULES,
        FETCH,
        &[
            WEB,
            ANY,
            OUT,
            "acl subnet-a out 50 deny tcp/1-1023 0.0.0.0/0",
            "acl subnet-a out 40 allow tcp/443 0.0.0.0/0",
            "acl subnet-a in 100 allow all 0.0.0.0/0",
        ],
        "neither out possible: acl allows 40; groups allow by sg-web",
    ),
    (
        "a deny of the client's port does not stop a request",
        page::ACL_RULES,
        FETCH,
        &[WEB, ANY, OUT, "acl subnet-a out 50 deny tcp/40000 0.0.0.0/0", ACL],
        "neither out possible: acl allows 100; groups allow by sg-web",
    ),
    (
        "a deny of UDP to the port stops no TCP",
        page::ACL_RULES,
        FETCH,
        &[WEB, ANY, OUT, "acl subnet-a out 50 deny udp/443 0.0.0.0/0", ACL],
        "neither out possible: acl allows 100; groups allow by sg-web",
    ),
    // The ports of clients.
    (
        "clients of Linux are allowed, one of Windows is not",
        page::ACL_CUSTOM,
        "out 10.0.0.5 > 203.0.113.9 tcp 443>61001 synack answers",
        &[WEB, OUT, ANY, IN_HTTPS, OUT_LINUX],
        "acl out certain: answers; acl denies * (1024-32767,61001-65535); groups allow by sg-web",
    ),
    (
        "some of the client's ports are allowed and some are not",
        page::ACL_CUSTOM,
        "out 10.0.0.5 > 203.0.113.9 tcp 443>60990-61010 synack answers",
        &[WEB, OUT, ANY, IN_HTTPS, OUT_LINUX],
        "acl out likely: answers; acl depends 100,* (1024-32767,61001-65535); groups allow by sg-web",
    ),
    (
        "all ports that clients take are allowed: today's rules reject no answer",
        page::ACL_CUSTOM,
        "out 10.0.0.5 > 203.0.113.9 tcp 443>60990-61010 synack answers",
        &[WEB, OUT, ANY, IN_HTTPS, OUT_CLIENTS],
        "neither out possible: answers; acl allows 100; groups allow by sg-web",
    ),
    (
        "two rules together allow all ports of the clients",
        page::ACL_RULES,
        "out 10.0.0.5 > 203.0.113.9 tcp 443>2000-60000 synack answers",
        &[
            WEB,
            OUT,
            ANY,
            "acl subnet-a out 10 allow tcp/1024-30000 0.0.0.0/0",
            "acl subnet-a out 20 allow tcp/30001-65535 0.0.0.0/0",
        ],
        "neither out possible: answers; acl allows 10,20; groups allow by sg-web",
    ),
    (
        "an answer without its connection needs a rule for the client's ports, of which one has some",
        page::TRACKING,
        "out 10.0.0.5 > 203.0.113.9 tcp 443>60990-61010 synack reason=-",
        &[WEB, ACL, "sg sg-web in tcp/22 0.0.0.0/0", "sg sg-web out tcp/32768-61000 0.0.0.0/0"],
        "groups out likely: acl allows 100; groups depend on sg-web port",
    ),
    // The way back.
    (
        "a request that no group allows, and the network ACL would stop the answers next",
        page::ACL_CUSTOM,
        "in 203.0.113.9 > 10.0.0.5 tcp 51000>443 syn reason=-",
        &[WEB, OUT, IN_HTTPS, "acl subnet-a out 100 allow tcp/443 0.0.0.0/0"],
        "groups in certain: acl allows 100; back out denies * (1024-65535); groups have no rule",
    ),
    (
        "the network ACL stops the request and would stop some of the answers next",
        page::ACL_CUSTOM,
        "in 203.0.113.9 > 10.0.0.5 tcp 32000-33000>443 syn",
        &[WEB, OUT, ANY, "acl subnet-a in 50 deny tcp/443 0.0.0.0/0", OUT_LINUX],
        "acl in certain: acl denies 50; back out depends 100,* (1024-32767,61001-65535); groups allow by sg-web",
    ),
    (
        "the way back of a request of the interface: inbound rules",
        page::ACL_CUSTOM,
        FETCH,
        &[WEB, ANY, OUT, "acl subnet-a out 50 deny tcp/443 0.0.0.0/0", IN_HTTPS],
        "acl out certain: acl denies 50; back in denies * (1024-65535); groups allow by sg-web",
    ),
    (
        "within a subnet, the network ACL has no say on the way back either",
        page::ACL_BASICS,
        "in 10.0.0.9 > 10.0.0.5 tcp 51000>443 syn",
        &[WEB, OUT, "acl subnet-a", "peer 10.0.0.9 subnet-a sg-app"],
        "groups in certain: eni-1 in subnet-a too; groups have no rule",
    ),
    (
        "no way back is named where the other side may be in the subnet",
        page::ACL_BASICS,
        "in 10.0.0.9 > 10.0.0.5 tcp 51000>443 syn",
        &[WEB, OUT, ANY, "acl subnet-a"],
        "acl in likely: acl denies *; 10.0.0.9 maybe in its subnet; groups allow by sg-web",
    ),
    // Roles.
    (
        "a SYN is new: both layers, as it belongs to no connection",
        page::TRACKING,
        "out 10.0.0.5 > 198.51.100.7 tcp 40000>443 syn",
        &[WEB, ANY, "acl subnet-a out 50 deny tcp/443 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "both out certain: acl denies 50; groups have no rule",
    ),
    (
        "a SYN is new, a request of the opposite way notwithstanding",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>5432 syn answers",
        &[WEB, OUT, ACL, CLIENT],
        "groups in certain: opposite accepted; acl allows 100; groups have no rule",
    ),
    (
        "without flags, it may be the answer to a request that the groups let in: only the network ACL is certain",
        page::TRACKING,
        "out 10.0.0.5 > 198.51.100.7 tcp 40000>443 request",
        &[WEB, ANY, "acl subnet-a out 50 deny tcp/443 0.0.0.0/0", "acl subnet-a in 100 allow all 0.0.0.0/0"],
        "acl out certain: acl denies 50; groups have no rule",
    ),
    (
        "neither side is known as the server: a request of either is what the groups reject",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>41023",
        &[WEB, OUT, ACL, CLIENT],
        "groups in likely unclear: acl allows 100; groups have no rule",
    ),
    (
        "neither side is known as the server, no data from EC2",
        page::RECORDS,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>41023",
        &[],
        "either in possible unclear",
    ),
    ("a request and nothing known of the network", page::RECORDS, QUERY, &[], "either in possible"),
    (
        "no direction: the ports are the packets' either way",
        page::ACL_BASICS,
        "? 10.1.0.9 > 10.2.0.5 tcp 41022>5432 syn subnet=subnet-a",
        &[
            "acl subnet-a in 50 deny tcp/5432 0.0.0.0/0",
            "acl subnet-a out 60 deny tcp/5432 0.0.0.0/0",
            "acl subnet-a in 100 allow tcp/41022 0.0.0.0/0",
            "acl subnet-a out 100 allow tcp/41022 0.0.0.0/0",
        ],
        "acl ? certain: acl in denies 50; acl out denies 60",
    ),
    (
        "a NAT gateway has no groups: its network ACL allows it, so that it was dropped as unsolicited",
        page::NAT,
        "in 203.0.113.9 > 10.0.0.220 tcp 51000>443 syn",
        &["own 10.0.0.220 subnet-a - natGateway", ACL],
        "neither in possible: acl allows 100; no groups on natGateway",
    ),
    (
        "case 9: a scanner",
        page::GROUP_RULES,
        "in 203.0.113.43 > 10.0.0.5 tcp 56911>5984 request reason=-",
        &[WEB, OUT, ACL, "sg sg-web in tcp/443 0.0.0.0/0"],
        "groups in certain: acl allows 100; groups have no rule",
    ),
    (
        "an address behind an intermediate: a rule for one of its two addresses is undecided",
        page::RECORDS,
        "in 10.9.0.1 > 10.0.0.5 tcp 41022>5432 syn packet-source=203.0.113.12",
        &[WEB, OUT, ACL, "sg sg-web in tcp/5432 10.9.0.0/16"],
        "groups in likely: acl allows 100; groups depend on sg-web address",
    ),
    (
        "connections accepted after all: today's group lets none through, so that it was changed",
        page::TRACKING,
        "in 10.0.1.9 > 10.0.0.5 tcp 41022>5432 syn same-after",
        &[WEB, OUT, ACL, CLIENT],
        "groups in likely: same accepted: change; acl allows 100; groups have no rule",
    ),
];
