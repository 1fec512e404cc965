//! Answers that the email of each scenario about TCP and UDP must contain.

use alerting::notification::language::Fact;

use super::table::{Answers, Both, EITHER, PING_DENY};

const EITHER_OUT: [Both; 2] = [
    ("A security group or the network ACL, outbound", "セキュリティグループまたはネットワーク ACL、アウトバウンド"),
    ("possible", "可能性: あり"),
];
const NO_RULE_OF_WEB: [Both; 3] = [
    ("Security groups, inbound", "セキュリティグループ、インバウンド"),
    ("rules read at 02:37 UTC", "ルールは 11:37 JST 時点"),
    ("No inbound rule of the security group sg-0aa1 (web) allows tcp/", "sg-0aa1 (web) に"),
];
const OUTBOUND_ACL: [Both; 3] = [
    ("Outbound network ACL", "ネットワーク ACL、アウトバウンド"),
    ("certain", "確実"),
    ("acl-0f3a9c, outbound rule 50 denies", "acl-0f3a9c のアウトバウンドルール 50"),
];
const INBOUND_ACL: [Both; 3] = [
    ("Inbound network ACL", "ネットワーク ACL、インバウンド"),
    ("certain", "確実"),
    ("acl-0f3a9c, inbound rule 50 denies", "acl-0f3a9c のインバウンドルール 50"),
];
const ACL_BY_RECORDS: [Both; 2] =
    [("network ACL", "ネットワーク ACL"), ("so these look like answers", "拒否されたのは応答とみられます")];

/// A database that no inbound rule opens for a web server. Most other scenarios are variations of it.
const REQUEST: Answers = Answers {
    scenario: "request",
    what: ("could not reach ", "に到達できませんでした"),
    much: &[
        ("4 packets, 240 bytes, 1 record", "4 パケット、240 バイト、1 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ("1 connection attempt; TCP", "接続試行 1 件、TCP"),
    ],
    from: &[("10.0.1.10", "10.0.1.10"), ("private address", "プライベートアドレス")],
    to: &[("10.0.2.20:5432 (postgresql", "10.0.2.20:5432 (postgresql"), ("private address", "プライベートアドレス")],
    own: Some(Fact::To),
    host: ["db-1", "i-0bb2", "team-b"],
    service: "5432 (postgresql)",
    network_ec2: &["vpc-0123", "subnet-0bb2"],
    interface: "eni-0bb2",
    direction: ("inbound, as the record says; requests", "インバウンド (レコードの記載による)、リクエスト"),
    why: EITHER,
    why_ec2: [
        ("Security groups, inbound", "セキュリティグループ、インバウンド"),
        ("certain", "確実"),
        (
            "No inbound rule of the security group sg-0bb2 (db) allows tcp/5432 from sg-0aa1 (web)",
            "sg-0bb2 (db) に sg-0aa1 (web) からの tcp/5432 を許可するインバウンドルールはありません",
        ),
    ],
    record: "10.0.1.10 10.0.2.20 41022 5432 6 4 240 1795401134 1795401182 REJECT OK 2 ingress",
    opens: "NetworkInterface:networkInterfaceId=eni-0bb2",
    opens_ec2: "SecurityGroup:groupId=sg-0bb2",
    silence: "vpc-flow-alerts silence add --stack ping-deny --rule request --source 10.0.1.10 --destination 10.0.2.20 --port 5432/tcp \
              --for 8h",
    ..PING_DENY
};

/// A web server that nothing gets in to.
const TO_WEB: Answers = Answers {
    to: &[("10.0.1.10:", "10.0.1.10:")],
    host: ["web-1", "i-0aa1", "team-a"],
    network_ec2: &["vpc-0123", "subnet-0aa1"],
    interface: "eni-0aa1",
    why_ec2: NO_RULE_OF_WEB,
    opens: "NetworkInterface:networkInterfaceId=eni-0aa1",
    opens_ec2: "SecurityGroup:groupId=sg-0aa1",
    ..REQUEST
};

/// A web server that does not get out.
const FROM_WEB: Answers = Answers {
    own: Some(Fact::From),
    direction: ("outbound, as the record says; requests", "アウトバウンド (レコードの記載による)、リクエスト"),
    why: EITHER_OUT,
    why_ec2: [
        ("Security groups, outbound", "セキュリティグループ、アウトバウンド"),
        ("certain", "確実"),
        ("No outbound rule of the security group sg-0aa1 (web) allows ", "sg-0aa1 (web) に"),
    ],
    to: REQUEST.to,
    ..TO_WEB
};

const REPLY: Answers = Answers {
    scenario: "reply",
    what: ("could not answer ", "に応答できませんでした"),
    much: &[
        ("5 packets, 300 bytes, 1 record", "5 パケット、300 バイト、1 レコード"),
        ("1 source, 1 target; TCP", "送信元 1 件、宛先 1 件、TCP"),
    ],
    from: &[("10.0.1.10:443 (https", "10.0.1.10:443 (https")],
    to: &[("203.0.113.9 (documentation address)", "203.0.113.9 (例示用アドレス、RFC 5737)")],
    service: "443 (https)",
    direction: ("outbound, as the record says; answers", "アウトバウンド (レコードの記載による)、応答"),
    why: ACL_BY_RECORDS,
    why_ec2: OUTBOUND_ACL,
    record: "10.0.1.10 203.0.113.9 443 51000 6 5 300 1795401134 1795401182 REJECT OK 18 egress",
    opens_ec2: "NetworkAclDetails:networkAclId=acl-0f3a9c",
    silence: "vpc-flow-alerts silence add --stack ping-deny --rule reply --source 10.0.1.10 --port 443/tcp --for 8h",
    ..FROM_WEB
};

const SCAN: Answers = Answers {
    scenario: "scan-ports",
    what: ("was refused on 15 ports of ", "の 15 個のポートで拒否されました"),
    much: &[
        ("30 packets, 1,800 bytes, 15 records", "30 パケット、1,800 バイト、15 レコード"),
        ("1 source, 1 target; 15 connection attempts", "送信元 1 件、宛先 1 件、接続試行 15 件"),
    ],
    from: &[("10.0.9.5 (private address)", "10.0.9.5 (プライベートアドレス)")],
    to: &[("10.0.2.20 (", "10.0.2.20 (")],
    service: "",
    why_ec2: [
        ("Security groups, inbound", "セキュリティグループ、インバウンド"),
        ("certain", "確実"),
        (
            "No inbound rule of the security group sg-0bb2 (db) allows tcp/8000, 8010, 8020, 8030 and 11 more from 10.0.9.5",
            "sg-0bb2 (db) に 10.0.9.5 からの tcp/8000、8010、8020、8030、ほか 11 件を許可するインバウンドルールはありません",
        ),
    ],
    record: "10.0.9.5 10.0.2.20 40000 8000 6 2 120",
    opens: "logsV2:logs-insights",
    opens_ec2: "logsV2:logs-insights",
    silence: "vpc-flow-alerts silence add --stack ping-deny --rule scan --source 10.0.9.5 --for 8h",
    ..REQUEST
};

const UPDATE_STATE: Both = (
    "UPDATE, open since 02:32:14 UTC, 2026-11-23.",
    "【継続中】11:32:14 JST (02:32:14 UTC), 2026-11-23 から続いています",
);

pub(super) const CONNECTION_TABLE: [Answers; 21] = [
    REQUEST,
    Answers {
        scenario: "request-update",
        much: &[
            ("6 packets, 360 bytes, 1 record", "6 パケット、360 バイト、1 レコード"),
            ("10 packets, 600 bytes, 2 records", "10 パケット、600 バイト、2 レコード"),
        ],
        record: "10.0.1.10 10.0.2.20 41987 5432 6 6 360",
        late: ("Sent 10 min 52 s after the last packet", "最後のパケットの 10 分 52 秒後"),
        state: UPDATE_STATE,
        ..REQUEST
    },
    Answers {
        scenario: "request-resolved",
        much: &[
            ("10 packets, 600 bytes, 2 records", "10 パケット、600 バイト、2 レコード"),
            ("2 connection attempts", "接続試行 2 件"),
        ],
        record: "10.0.1.10 10.0.2.20 41987 5432 6 6 360",
        late: ("Sent 22 min 52 s after the last packet", "最後のパケットの 22 分 52 秒後"),
        state: ("RESOLVED after 48 s: 02:32:14 - 02:33:02 UTC, 2026-11-23", "【収束】11:32:14"),
        ..REQUEST
    },
    Answers {
        scenario: "return-path",
        why_ec2: [
            REQUEST.why_ec2[2],
            ("40001-65535", "40001-65535"),
            (
                "The answers would be rejected next: acl-0f3a9c, outbound",
                "次に応答も拒否されます。acl-0f3a9c のアウトバウンド",
            ),
        ],
        ..REQUEST
    },
    Answers {
        scenario: "request-out",
        record: "10.0.1.10 10.0.2.20 41022 5432 6 4 240 1795401134 1795401182 REJECT OK 2 egress",
        ..FROM_WEB
    },
    Answers {
        scenario: "answers-in",
        what: ("could not get the answers of 198.51.100.7:443", "の応答を受信できませんでした"),
        much: &[("4 packets, 240 bytes, 1 record", "4 パケット、240 バイト、1 レコード")],
        from: &[("198.51.100.7:443 (https", "198.51.100.7:443 (https")],
        to: &[("10.0.1.10", "10.0.1.10")],
        service: "443 (https)",
        direction: ("inbound, as the record says; answers", "インバウンド (レコードの記載による)、応答"),
        why: ACL_BY_RECORDS,
        why_ec2: INBOUND_ACL,
        record: "198.51.100.7 10.0.1.10 443 40000 6 4 240",
        opens_ec2: "NetworkAclDetails:networkAclId=acl-0f3a9c",
        silence: "--rule request --source 198.51.100.7 --port 443/tcp --for 8h",
        ..TO_WEB
    },
    Answers {
        scenario: "both-ways",
        what: ("7 packets between ", "の間で 7 パケットが拒否されました"),
        much: &[("7 packets, 420 bytes, 2 records", "7 パケット、420 バイト、2 レコード")],
        from: &[("192.0.2.7", "192.0.2.7"), ("10.0.1.10", "10.0.1.10")],
        to: &[("192.0.2.7", "192.0.2.7"), ("10.0.1.10", "10.0.1.10")],
        own: None,
        service: "443 (https)",
        direction: ("different directions", "フローにより異なります"),
        why: ACL_BY_RECORDS,
        why_ec2: INBOUND_ACL,
        record: "192.0.2.7 10.0.1.10 443 40000 6 4 240",
        opens_ec2: "NetworkAclDetails:networkAclId=acl-0f3a9c",
        silence: "--rule request --source 192.0.2.7 --port 443/tcp --for 8h",
        ..TO_WEB
    },
    REPLY,
    Answers {
        scenario: "reply-update",
        much: &[
            ("150 packets, 9,000 bytes, 30 records", "150 パケット、9,000 バイト、30 レコード"),
            ("about 30 targets", "宛先約 30 件"),
        ],
        to: &[("203.0.113.14", "203.0.113.14")],
        why: [OUTBOUND_ACL[0], ("likely", "可能性: 高")],
        why_ec2: [
            OUTBOUND_ACL[0],
            OUTBOUND_ACL[1],
            ("the rules deny 40001-65535", "1024-65535 のうち 40001-65535 を拒否"),
        ],
        record: "10.0.1.10 203.0.113.",
        late: ("Sent 5 min 52 s after the last packet", "最後のパケットの 5 分 52 秒後"),
        state: UPDATE_STATE,
        ..REPLY
    },
    Answers {
        scenario: "load-balancer",
        what: ("could not check ", "をヘルスチェックできませんでした"),
        much: &[
            ("6 packets, 360 bytes, 2 records", "6 パケット、360 バイト、2 レコード"),
            ("2 connection attempts", "接続試行 2 件"),
        ],
        from: &[("10.0.3.5", "10.0.3.5"), ("10.0.3.6", "10.0.3.6")],
        service: "8080 (http-alt)",
        record: "10.0.3.5 10.0.1.10 20100 8080 6 3 180",
        silence: "--rule helper --destination 10.0.1.10 --port 8080/tcp --origin private --for 8h",
        ..TO_WEB
    },
    Answers {
        scenario: "health-check",
        what: ("Route 53 could not check ", "をヘルスチェックできませんでした"),
        much: &[("6 packets, 360 bytes, 2 records", "6 パケット、360 バイト、2 レコード")],
        from: &[("15.177.2.9", "15.177.2.9"), ("54.183.255.140", "54.183.255.140")],
        service: "443 (https)",
        record: "15.177.2.9 10.0.1.10 33001 443 6 3 180",
        silence: "--rule helper --destination 10.0.1.10 --port 443/tcp --origin internet --for 8h",
        ..TO_WEB
    },
    Answers {
        scenario: "scan-hosts",
        what: ("was refused by 25 hosts on port 22 (ssh)", "25 台のホストのポート 22 (ssh) で拒否されました"),
        much: &[
            ("50 packets, 3,000 bytes, 25 records", "50 パケット、3,000 バイト、25 レコード"),
            ("1 source, 25 targets", "送信元 1 件、宛先 25 件"),
        ],
        to: &[("10.0.4.1:22 (ssh", "10.0.4.1:22 (ssh"), ("and 20 more", "ほか 20 件")],
        own: None,
        service: "22 (ssh)",
        network_ec2: &["25"],
        interface: "eni-0cc01",
        why_ec2: [EITHER[0], EITHER[1], ("", "")],
        record: "10.0.9.5 10.0.4.1 40001 22 6 2 120",
        ..SCAN
    },
    SCAN,
    Answers {
        scenario: "clients",
        what: ("3 clients could not reach ", "3 台のクライアントが"),
        much: &[
            ("9 packets, 540 bytes, 3 records", "9 パケット、540 バイト、3 レコード"),
            ("3 sources, 1 target; 3 connection attempts", "送信元 3 件、宛先 1 件、接続試行 3 件"),
        ],
        from: &[("10.0.1.10", "10.0.1.10"), ("10.0.1.11", "10.0.1.11"), ("10.0.1.12", "10.0.1.12")],
        silence: "--rule request --destination 10.0.2.20 --port 5432/tcp --origin private --for 8h",
        ..REQUEST
    },
    Answers {
        scenario: "other-services",
        what: ("could not reach 2 ports of ", "の 2 個のポートに到達できませんでした"),
        much: &[("7 packets, 420 bytes, 2 records", "7 パケット、420 バイト、2 レコード")],
        to: &[("10.0.2.20", "10.0.2.20")],
        service: "",
        why_ec2: [
            REQUEST.why_ec2[0],
            REQUEST.why_ec2[1],
            ("allows tcp/5432 and 6379 from sg-0aa1 (web)", "sg-0aa1 (web) からの tcp/5432、6379 を許可する"),
        ],
        silence: "--source 10.0.1.10 --destination 10.0.2.20 --port 6379/tcp --for 8h",
        ..REQUEST
    },
    Answers {
        scenario: "no-server",
        what: ("4 packets from ", "4 パケットが拒否されました"),
        much: &[("4 packets, 240 bytes, 1 record", "4 パケット、240 バイト、1 レコード")],
        from: &[("port 40001", "ポート 40001")],
        to: &[("port 40002", "ポート 40002")],
        service: "",
        direction: ("inbound, as the record says", "インバウンド (レコードの記載による)"),
        why_ec2: [
            REQUEST.why_ec2[0],
            ("likely", "可能性: 高"),
            ("allows tcp/40002 from sg-0aa1 (web)", "sg-0aa1 (web) からの tcp/40002 を許可する"),
        ],
        record: "10.0.1.10 10.0.2.20 40001 40002 6 4 240",
        silence: "--rule request --source 10.0.1.10 --destination 10.0.2.20 --port 40002/tcp --for 8h",
        ..REQUEST
    },
    Answers {
        scenario: "request-v6",
        much: &[("4 packets, 320 bytes, 1 record", "4 パケット、320 バイト、1 レコード")],
        from: &[("2001:db8:1234:a100::10", "2001:db8:1234:a100::10")],
        to: &[("[2001:db8:1234:a102::20]:5432 (postgresql", "[2001:db8:1234:a102::20]:5432 (postgresql")],
        record: "2001:db8:1234:a100::10 2001:db8:1234:a102::20 41022 5432 6 4 320",
        silence: "--source 2001:db8:1234:a100::10 --destination 2001:db8:1234:a102::20 --port 5432/tcp --for 8h",
        ..REQUEST
    },
    Answers {
        scenario: "dns",
        much: &[("1 source, 1 target; UDP", "送信元 1 件、宛先 1 件、UDP")],
        to: &[("10.0.2.20:53/udp (domain", "10.0.2.20:53/udp (domain")],
        service: "53/udp (domain)",
        record: "10.0.1.10 10.0.2.20 40053 53 17 4 320",
        silence: "--source 10.0.1.10 --destination 10.0.2.20 --port 53/udp --for 8h",
        ..FROM_WEB
    },
    Answers {
        scenario: "ntp",
        much: &[("1 source, 1 target; UDP", "送信元 1 件、宛先 1 件、UDP")],
        to: &[("10.0.2.20:123/udp (ntp", "10.0.2.20:123/udp (ntp")],
        service: "123/udp (ntp)",
        why_ec2: [
            REQUEST.why_ec2[0],
            REQUEST.why_ec2[1],
            ("allows udp/123 from sg-0aa1 (web)", "sg-0aa1 (web) からの udp/123 を許可する"),
        ],
        record: "10.0.1.10 10.0.2.20 40123 123 17 4 304",
        silence: "--source 10.0.1.10 --destination 10.0.2.20 --port 123/udp --for 8h",
        ..REQUEST
    },
    Answers {
        scenario: "must-reach-tcp",
        much: &[("3 packets, 180 bytes, 1 record", "3 パケット、180 バイト、1 レコード")],
        from: &[("198.51.100.23", "198.51.100.23")],
        service: "22 (ssh)",
        record: "198.51.100.23 10.0.1.10 50100 22 6 3 180",
        silence: "--source 198.51.100.23 --destination 10.0.1.10 --port 22/tcp --for 8h",
        ..TO_WEB
    },
    Answers { scenario: "hostile-service", own: None, ..REQUEST },
];
