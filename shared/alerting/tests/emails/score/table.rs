//! Answers that the email of each scenario must contain.

use alerting::notification::language::Fact;

/// A text in English and in Japanese.
pub(super) type Both = (&'static str, &'static str);

/// The answers in the emails of a scenario. Texts without words are the same in both languages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers {
    pub(super) scenario: &'static str,
    /// 1: what happened, in the first lines and in the subject.
    pub(super) what: Both,
    /// 2: packets, records, sources and targets.
    pub(super) much: &'static [Both],
    /// 3: the sender: its address, and what is known without EC2.
    pub(super) from: &'static [Both],
    /// 4: the receiver.
    pub(super) to: &'static [Both],
    /// The section of the own side. It has name, instance and owner if enriched, otherwise the email states that they are missing.
    pub(super) own: Option<Fact>,
    /// Name, instance and owner of that side.
    pub(super) host: [&'static str; 3],
    /// 7: part of what is said of the service, of TCP and UDP.
    pub(super) service: &'static str,
    /// 5: the account. Region and log group are the same in all scenarios but one.
    pub(super) account: &'static str,
    /// Network ids in the records. If empty, EC2 has them.
    pub(super) network: &'static [&'static str],
    /// Network ids in EC2.
    pub(super) network_ec2: &'static [&'static str],
    pub(super) interface: &'static str,
    /// 6: first and last time in UTC, and the delay of the email.
    pub(super) span: [&'static str; 2],
    pub(super) late: Both,
    /// 7: the direction.
    pub(super) direction: Both,
    /// 7 with EC2, if that shows more.
    pub(super) direction_ec2: Option<Both>,
    /// 8: reason and confidence, from the records alone.
    pub(super) why: [Both; 2],
    /// 8 with EC2: reason, confidence and rule.
    pub(super) why_ec2: [Both; 3],
    /// 9: opened, update or resolved, and since when.
    pub(super) state: Both,
    /// 10: part of a record.
    pub(super) record: &'static str,
    /// 11: part of the first link, without EC2 and with it.
    pub(super) opens: &'static str,
    pub(super) opens_ec2: &'static str,
    /// 12: the command that silences it.
    pub(super) silence: &'static str,
}

const OUTBOUND_ACL: [Both; 3] = [
    ("Outbound network ACL", "ネットワーク ACL、アウトバウンド"),
    ("certain", "確実"),
    ("acl-0f3a9c, outbound rule 50 denies ICMP", "acl-0f3a9c のアウトバウンドルール 50"),
];
const NO_GROUP_RULE: [Both; 3] = [
    ("Security groups, inbound", "セキュリティグループ、インバウンド"),
    ("likely", "可能性: 高"),
    ("No inbound rule of the security group sg-0aa1 (web) allows them", "sg-0aa1 (web) に許可するインバウンドルールは"),
];
pub(super) const EITHER: [Both; 2] = [
    ("A security group or the network ACL, inbound", "セキュリティグループまたはネットワーク ACL、インバウンド"),
    ("possible", "可能性: あり"),
];
const REJECTED: Both = ("rejected", "拒否");

/// The documented ping. Most other scenarios are variations of it.
pub(super) const PING_DENY: Answers = Answers {
    scenario: "ping-deny",
    what: ("could not answer 4 pings", "ping 4 件に応答できませんでした"),
    much: &[
        ("4 packets, 336 bytes, 1 record", "4 パケット、336 バイト、1 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
    ],
    from: &[("172.31.16.139", "172.31.16.139"), ("private address", "プライベートアドレス")],
    to: &[("203.0.113.12 (documentation address)", "203.0.113.12 (例示用アドレス、RFC 5737)")],
    own: Some(Fact::From),
    host: ["web-1", "i-0", "team-a"],
    service: "",
    account: "123456789010",
    network: &[],
    network_ec2: &["vpc-0123", "subnet-0456"],
    interface: "eni-1235b8ca123456789",
    span: ["02:32:14", "02:33:02"],
    late: ("Sent 6 min 40 s after the first packet", "最初のパケットの 6 分 40 秒後"),
    direction: ("outbound", "アウトバウンド"),
    direction_ec2: None,
    why: [("Outbound network ACL", "ネットワーク ACL、アウトバウンド"), ("likely", "可能性: 高")],
    why_ec2: OUTBOUND_ACL,
    state: ("OPENED 02:32:14 UTC, 2026-11-23.", "【新規】11:32:14 JST (02:32:14 UTC), 2026-11-23 に発生しました"),
    record: "172.31.16.139 203.0.113.12 0 0 1 4 336 1795401134 1795401182 REJECT OK",
    opens: "NetworkInterface:networkInterfaceId=eni-1235b8ca123456789",
    opens_ec2: "NetworkAclDetails:networkAclId=acl-0f3a9c",
    silence: "vpc-flow-alerts silence add --stack ping-deny --source 172.31.16.139 --for 8h --reason ",
};

const INBOUND: Answers = Answers {
    scenario: "ping-deny-inbound",
    what: REJECTED,
    much: &[
        ("180 packets, 15,120 bytes, 3 records", "180 パケット、15,120 バイト、3 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
    ],
    from: &[("198.51.100.23 (documentation address)", "198.51.100.23 (例示用アドレス、RFC 5737)")],
    to: &[("172.31.16.139", "172.31.16.139"), ("private address", "プライベートアドレス")],
    own: Some(Fact::To),
    span: ["02:32:14", "02:35:13"],
    direction: ("inbound", "インバウンド"),
    why: EITHER,
    why_ec2: NO_GROUP_RULE,
    record: "198.51.100.23 172.31.16.139 0 0 1 60 5040 1795401134 1795401193 REJECT OK",
    opens: "logsV2:logs-insights",
    opens_ec2: "logsV2:logs-insights",
    silence: "vpc-flow-alerts silence add --stack ping-deny --source 198.51.100.23 --destination 172.31.16.139 --for 8h",
    ..PING_DENY
};

const SWEEP: Answers = Answers {
    scenario: "sweep",
    much: &[
        ("254 packets, 16,584 bytes, 140 records", "254 パケット、16,584 バイト、140 レコード"),
        ("120 sources, 1 target", "送信元 120 件、宛先 1 件"),
    ],
    from: &[
        ("192.0.2.115 (documentation address): 6 packets", "192.0.2.115 (例示用アドレス、RFC 5737): 6 パケット"),
        ("115", "115"),
    ],
    span: ["02:32:14", "02:34:02"],
    record: "198.51.100.110 172.31.16.139 0 0 1 4 336",
    silence: "vpc-flow-alerts silence add --stack ping-deny --destination 172.31.16.139 --origin internet --for 8h",
    ..INBOUND
};

const UPDATE: Answers = Answers {
    scenario: "update",
    what: ("could not answer 12 more pings", "新たな ping 12 件に応答できませんでした"),
    much: &[
        ("12 packets, 672 bytes, 3 records", "12 パケット、672 バイト、3 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
    ],
    span: ["02:33:14", "02:36:02"],
    record: "172.31.16.139 203.0.113.12 0 0 1 4 336 1795401314000 1795401362000 REJECT OK",
    late: ("Sent 7 min 52 s after the last packet", "最後のパケットの 7 分 52 秒後"),
    state: (
        "UPDATE, open since 02:32:14 UTC, 2026-11-23.",
        "【継続中】11:32:14 JST (02:32:14 UTC), 2026-11-23 から続いています",
    ),
    ..PING_DENY
};

pub(super) const TABLE: [Answers; 21] = [
    PING_DENY,
    Answers {
        scenario: "ping-deny-v6",
        what: ("4 ", "4 "),
        much: &[
            ("4 packets, 416 bytes, 1 record", "4 パケット、416 バイト、1 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
            ("ICMPv6", "ICMPv6"),
        ],
        from: &[("2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a100:8d6e:3477:df66:f105")],
        to: &[("2001:db8:5a17:4::c0de (documentation address)", "2001:db8:5a17:4::c0de (例示用アドレス、RFC 3849)")],
        interface: "eni-0d7e5a1f9c3b2846e",
        direction: ("unknown: the format has no flow-direction", "不明 (形式に flow-direction がなく"),
        direction_ec2: Some((
            "outbound, judged by the addresses of the interface",
            "アウトバウンド (インターフェイスのアドレス",
        )),
        why: [("Network ACL", "ネットワーク ACL"), ("likely", "可能性: 高")],
        record: "2001:db8:5a17:4::c0de 0 0 58 4 416 1795401134 1795401182 REJECT OK",
        opens: "NetworkInterface:networkInterfaceId=eni-0d7e5a1f9c3b2846e",
        silence: "--source 2001:db8:1234:a100:8d6e:3477:df66:f105 --destination 2001:db8:5a17:4::c0de --for 8h",
        ..PING_DENY
    },
    INBOUND,
    Answers {
        scenario: "mixed-traffic",
        what: REJECTED,
        much: &[
            ("18 packets, 1,456 bytes, 5 records", "18 パケット、1,456 バイト、5 レコード"),
            ("2 sources, 1 target", "送信元 2 件、宛先 1 件"),
        ],
        from: &[(
            "198.51.100.23 (documentation address): 17 packets",
            "198.51.100.23 (例示用アドレス、RFC 5737): 17 パケット",
        )],
        to: &[("10.20.1.15", "10.20.1.15")],
        own: Some(Fact::To),
        account: "123456789012",
        interface: "eni-0a1b2c3d4e5f60718",
        span: ["02:32:22", "02:37:07"],
        late: ("Sent 6 min 32 s after the first packet", "最初のパケットの 6 分 32 秒後"),
        direction: ("inbound", "インバウンド"),
        why: EITHER,
        why_ec2: NO_GROUP_RULE,
        state: ("OPENED 02:32:22 UTC, 2026-11-23.", "【新規】11:32:22 JST (02:32:22 UTC), 2026-11-23 に発生しました"),
        record: "198.51.100.23 10.20.1.15 0 0 1 5 420 1795401142 1795401177 REJECT OK",
        opens: "logsV2:logs-insights",
        opens_ec2: "logsV2:logs-insights",
        silence: "vpc-flow-alerts silence add --stack ping-deny --destination 10.20.1.15 --origin internet --for 8h",
        ..PING_DENY
    },
    Answers {
        scenario: "custom-format",
        what: REJECTED,
        much: &[
            ("9 packets, 756 bytes, 3 records", "9 パケット、756 バイト、3 レコード"),
            ("2 sources, 2 targets", "送信元 2 件、宛先 2 件"),
        ],
        from: &[
            (
                "198.51.100.23 (documentation address): 8 packets",
                "198.51.100.23 (例示用アドレス、RFC 5737): 8 パケット",
            ),
            ("AWS service EC2", "AWS サービス EC2"),
        ],
        to: &[
            ("i-0c50d5961bcb2d47b", "i-0c50d5961bcb2d47b"),
            ("5 packets", "5 パケット"),
            ("10.0.0.88 (", "10.0.0.88 ("),
        ],
        own: Some(Fact::To),
        account: "123456789012",
        network: &["apse2-az3", "vpc-abcdefab012345678", "subnet-aaaaaaaa012345678"],
        interface: "eni-0f19e2d4c6b8a7351",
        span: ["02:32:16", "02:33:55"],
        late: ("Sent 6 min 38 s after the first packet", "最初のパケットの 6 分 38 秒後"),
        direction: ("inbound", "インバウンド"),
        why: EITHER,
        // The network ACL of this subnet is not known, so that only the security group is left.
        why_ec2: [NO_GROUP_RULE[0], ("likely", "可能性: 高"), NO_GROUP_RULE[2]],
        state: ("OPENED 02:32:16 UTC, 2026-11-23.", "【新規】11:32:16 JST (02:32:16 UTC), 2026-11-23 に発生しました"),
        record: "198.51.100.23 10.0.0.71 0 0 1 1795401136 1795401175 IPv4 4 336",
        opens: "logsV2:logs-insights",
        opens_ec2: "logsV2:logs-insights",
        silence: "vpc-flow-alerts silence add --stack ping-deny --source 198.51.100.23 --destination 10.0.0.71 --for 8h",
        ..PING_DENY
    },
    SWEEP,
    Answers {
        scenario: "broken-line",
        what: ("could not answer 12 pings", "ping 12 件に応答できませんでした"),
        much: &[
            ("12 packets, 672 bytes, 3 records", "12 パケット、672 バイト、3 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["02:33:14", "02:36:02"],
        late: ("Sent 5 min 40 s after the first packet", "最初のパケットの 5 分 40 秒後"),
        state: ("OPENED 02:33:14 UTC, 2026-11-23.", "【新規】11:33:14 JST (02:33:14 UTC), 2026-11-23 に発生しました"),
        record: "172.31.16.139 203.0.113.12 0 0 1 4 - 1795401254 1795401302 REJECT OK",
        ..PING_DENY
    },
    Answers {
        scenario: "hostile",
        what: REJECTED,
        much: &[
            ("16 packets, 1,344 bytes, 4 records", "16 パケット、1,344 バイト、4 レコード"),
            ("4 sources, 1 target", "送信元 4 件、宛先 1 件"),
        ],
        from: &[(
            "198.51.100.23 (documentation address): 4 packets",
            "198.51.100.23 (例示用アドレス、RFC 5737): 4 パケット",
        )],
        to: &[("172.31.16.139 (4 interfaces", "172.31.16.139 (4 個のインターフェイス")],
        // An address on four interfaces has no owner.
        own: None,
        account: "4 ",
        // EC2 knows one of the four interfaces, so that VPC and subnet of the others are unknown.
        network: &["ap-northeast-1"],
        interface: "4 ",
        direction: ("inbound", "インバウンド"),
        why: EITHER,
        why_ec2: [EITHER[0], EITHER[1], ("", "")],
        record: "198.51.100.25 172.31.16.139 0 0 1 4 336 1795401134 1795401182 REJECT OK",
        opens: "logsV2:logs-insights",
        opens_ec2: "logsV2:logs-insights",
        silence: "vpc-flow-alerts silence add --stack ping-deny --destination 172.31.16.139 --origin internet --for 8h",
        ..PING_DENY
    },
    UPDATE,
    Answers {
        scenario: "update-of-many",
        what: REJECTED,
        much: &[
            ("254 packets, 16,584 bytes, 140 records", "254 パケット、16,584 バイト、140 レコード"),
            ("about 126 sources, 1 target", "送信元約 126 件、宛先 1 件"),
            ("434 packets", "434 パケット"),
        ],
        from: &[(
            "192.0.2.115 (documentation address): 6 packets",
            "192.0.2.115 (例示用アドレス、RFC 5737): 6 パケット",
        )],
        span: ["02:32:14", "02:34:02"],
        late: ("Sent 8 min 41 s after the last packet", "最後のパケットの 8 分 41 秒後"),
        state: UPDATE.state,
        opens: "NetworkInterface:networkInterfaceId=eni-1235b8ca123456789",
        opens_ec2: "SecurityGroup:groupId=sg-0aa1",
        silence: "vpc-flow-alerts silence add --stack ping-deny --source 192.0.2.115 --for 8h",
        record: "198.51.100.211 172.31.16.139 0 0 1 2 168 1795401232",
        ..SWEEP
    },
    Answers {
        scenario: "resolved",
        what: ("could not answer 16 pings", "ping 16 件に応答できませんでした"),
        much: &[
            ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["02:32:14", "02:36:02"],
        late: ("Sent 19 min 52 s after the last packet", "最後のパケットの 19 分 52 秒後"),
        state: (
            "02:32:14 - 02:36:02 UTC, 2026-11-23.",
            "【収束】11:32:14 - 11:36:02 JST (02:32:14 - 02:36:02 UTC), 2026-11-23 (",
        ),
        ..PING_DENY
    },
    Answers {
        scenario: "silenced",
        what: ("could not answer 16 pings", "ping 16 件に応答できませんでした"),
        much: &[
            ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["02:32:14", "02:36:02"],
        late: ("Sent 19 min 52 s after the last packet", "最後のパケットの 19 分 52 秒後"),
        state: (
            "02:32:14 - 02:36:02 UTC, 2026-11-23.",
            "【通知停止中】11:32:14 - 11:36:02 JST (02:32:14 - 02:36:02 UTC), 2026-11-23 (",
        ),
        silence: "vpc-flow-alerts silence end --stack ping-deny k3f9",
        ..PING_DENY
    },
    Answers { scenario: "update-with-silences", ..UPDATE },
    Answers {
        scenario: "reopened",
        late: ("Sent 41 min 52 s after the last packet", "最後のパケットの 41 分 52 秒後"),
        state: (
            "REOPENED, resolved at 02:55:54 UTC, 2026-11-23, first opened 02:32:14 UTC, 2026-11-23.",
            "【再発】11:55:54 JST (02:55:54 UTC), 2026-11-23 にいったん収束しましたが",
        ),
        ..UPDATE
    },
    Answers {
        scenario: "resolved-of-many",
        much: &[
            ("434 packets, 31,704 bytes, 143 records", "434 パケット、31,704 バイト、143 レコード"),
            ("about 126 sources, 1 target", "送信元約 126 件、宛先 1 件"),
        ],
        from: &[(
            "198.51.100.23 (documentation address): at least 180 packets",
            "198.51.100.23 (例示用アドレス、RFC 5737): 180 パケット以上",
        )],
        span: ["02:32:14", "02:35:13"],
        late: ("Sent 20 min 41 s after the last packet", "最後のパケットの 20 分 41 秒後"),
        state: (
            "02:32:14 - 02:35:13 UTC, 2026-11-23.",
            "【収束】11:32:14 - 11:35:13 JST (02:32:14 - 02:35:13 UTC), 2026-11-23 (",
        ),
        opens: "NetworkInterface:networkInterfaceId=eni-1235b8ca123456789",
        opens_ec2: "SecurityGroup:groupId=sg-0aa1",
        silence: "vpc-flow-alerts silence add --stack ping-deny --source 198.51.100.23 --for 8h",
        record: "198.51.100.23 172.31.16.139 0 0 1 60 5040 1795401254",
        ..SWEEP
    },
    Answers {
        scenario: "late-opened",
        what: ("could not answer 16 pings", "ping 16 件に応答できませんでした"),
        much: &[
            ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["02:32:14", "02:36:02"],
        late: ("Sent 7 min 40 s after the first packet", "最初のパケットの 7 分 40 秒後"),
        ..PING_DENY
    },
    Answers { scenario: "repeated", ..PING_DENY },
    Answers {
        scenario: "hostile-names",
        // The snapshot shows its hostile name and owner.
        own: None,
        why_ec2: [
            OUTBOUND_ACL[0],
            OUTBOUND_ACL[1],
            ("outbound rule 50 denies ICMP", "アウトバウンドルール 50 が 0.0.0.0/0 への ICMP を拒否"),
        ],
        ..PING_DENY
    },
    Answers {
        scenario: "own-request",
        what: ("could not send 4 pings to 142.250.196.110", "142.250.196.110"),
        to: &[("142.250.196.110 (public address)", "142.250.196.110 (パブリックアドレス)")],
        why: [
            (
                "A security group or the network ACL, outbound",
                "セキュリティグループまたはネットワーク ACL、アウトバウンド",
            ),
            EITHER[1],
        ],
        record: "172.31.16.139 142.250.196.110 0 0 1 4 336 1795401134 1795401182 REJECT OK",
        silence: "vpc-flow-alerts silence add --stack ping-deny --source 172.31.16.139 --destination 142.250.196.110 --for 8h",
        ..PING_DENY
    },
    Answers {
        scenario: "must-reach",
        opens: "NetworkInterface:networkInterfaceId=eni-1235b8ca123456789",
        opens_ec2: "SecurityGroup:groupId=sg-0aa1",
        ..INBOUND
    },
    Answers {
        scenario: "flood",
        much: &[
            ("1,200 packets, 100,800 bytes, 150 records", "1,200 パケット、100,800 バイト、150 レコード"),
            ("150 sources, 1 target", "送信元 150 件、宛先 1 件"),
        ],
        from: &[(
            "203.0.113.1 (documentation address): 8 packets",
            "203.0.113.1 (例示用アドレス、RFC 5737): 8 パケット",
        )],
        span: ["02:32:14", "02:33:10"],
        record: "203.0.113.1 172.31.16.139 0 0 1 8 672",
        ..SWEEP
    },
];
