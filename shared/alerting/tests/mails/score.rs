//! The twelve questions that the one on call asks, and where in each mail the answer stands; or what the mail says instead, where
//! the answer cannot be known.
//!
//! The table is the score: a mail that leaves a question open fails here, in either language, with what EC2 tells and without.

use std::collections::BTreeMap;

use alerting::{
    mail::{Language, Mail, language::Section},
    text::columns,
};

use crate::scenario::{EVENTS, OTHERS, Setting, mail};

/// A text in English and in Japanese.
type Both = (&'static str, &'static str);

/// What each mail of a scenario has to say. What is not about language is the same in both.
#[derive(Clone, Copy, Debug)]
struct Answers {
    scenario: &'static str,
    /// 1: what happened, in the first lines and in the subject.
    what: Both,
    /// 2: packets, records, sources and targets.
    much: &'static [Both],
    /// 3: who sent it: the address, and what is known of it without EC2.
    from: &'static [Both],
    /// 4: to whom.
    to: &'static [Both],
    /// Which of the two is ours: with EC2 its name, instance and owner are told there, without it that they are not.
    own: Option<Section>,
    /// 5: the account; region and log group are the same in all.
    account: &'static str,
    /// Network ids that the records have, or else EC2.
    network: &'static [&'static str],
    interface: &'static str,
    /// 6: from when to when, in UTC; and how late the mail is.
    span: [&'static str; 2],
    late: Both,
    /// 7: the direction.
    direction: Both,
    /// 7 with EC2, where that tells more.
    direction_ec2: Option<Both>,
    /// 8: why, and how sure, from the records alone.
    why: [Both; 2],
    /// 8 with EC2: why, how sure, and by which rule.
    why_ec2: [Both; 3],
    /// 9: new, going on or over, and since when.
    state: Both,
    /// 10: a part of a record.
    record: &'static str,
    /// 11: what the first link opens with EC2 and without.
    opens: &'static str,
    opens_ec2: &'static str,
    /// 12: the parameter that silences or tunes it.
    tune: &'static str,
}

const OUTBOUND_ACL: [Both; 3] = [
    ("Outbound network ACL", "ネットワーク ACL、アウトバウンド"),
    ("certain", "確実"),
    ("acl-0f3a9c, outbound rule 50 denies ICMP", "acl-0f3a9c のアウトバウンドルール 50"),
];
const NO_GROUP_RULE: [Both; 3] = [
    ("Security groups, inbound", "セキュリティグループ、インバウンド"),
    ("certain", "確実"),
    ("No inbound rule of the security group sg-0aa1 (web) allows them", "sg-0aa1 (web) に許可するインバウンドルールは"),
];
const EITHER: [Both; 2] = [
    ("A security group or the network ACL, inbound", "セキュリティグループまたはネットワーク ACL、インバウンド"),
    ("possible", "可能性あり"),
];
const DIFFER: Both = ("different directions, see the flows below", "フローにより異なります");
const REJECTED: Both = ("rejected", "拒否");

/// The documented ping, which most others are variations of.
const PING_DENY: Answers = Answers {
    scenario: "ping-deny",
    what: ("could not answer 4 pings", "ping 4 件に応答できませんでした"),
    much: &[
        ("4 packets, 336 bytes, 1 record", "4 パケット、336 バイト、1 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
    ],
    from: &[("172.31.16.139", "172.31.16.139"), ("private address", "プライベートアドレス")],
    to: &[("203.0.113.12 (documentation address)", "203.0.113.12 (文書用アドレス)")],
    own: Some(Section::From),
    account: "123456789010",
    network: &[],
    interface: "eni-1235b8ca123456789",
    span: ["2026-11-23 02:32:14", "02:33:02"],
    late: ("Sent 6 min 40 s after the first packet", "最初のパケットの 6 分 40 秒後"),
    direction: ("outbound", "アウトバウンド"),
    direction_ec2: None,
    why: [("Outbound network ACL", "ネットワーク ACL、アウトバウンド"), ("likely", "有力")],
    why_ec2: OUTBOUND_ACL,
    state: ("NEW since 2026-11-23 02:32:14 UTC", "【新規】2026-11-23 02:32:14 UTC"),
    record: "172.31.16.139 203.0.113.12 0 0 1 4 336 1795401134 1795401182 REJECT OK",
    opens: "NetworkInterface:networkInterfaceId=eni-1235b8ca123456789",
    opens_ec2: "NetworkAclDetails:networkAclId=acl-0f3a9c",
    tune: "UpdateIntervalsMinutes",
};

const INBOUND: Answers = Answers {
    scenario: "ping-deny-inbound",
    what: REJECTED,
    much: &[
        ("180 packets, 15,120 bytes, 3 records", "180 パケット、15,120 バイト、3 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
    ],
    from: &[("198.51.100.23 (documentation address)", "198.51.100.23 (文書用アドレス)")],
    to: &[("172.31.16.139", "172.31.16.139"), ("private address", "プライベートアドレス")],
    own: Some(Section::To),
    span: ["2026-11-23 02:32:14", "02:35:13"],
    direction: ("inbound", "インバウンド"),
    why: EITHER,
    why_ec2: NO_GROUP_RULE,
    record: "198.51.100.23 172.31.16.139 0 0 1 60 5040 1795401134 1795401193 REJECT OK",
    opens_ec2: "SecurityGroup:groupId=sg-0aa1",
    ..PING_DENY
};

const SWEEP: Answers = Answers {
    scenario: "sweep",
    much: &[
        ("254 packets, 16,584 bytes, 140 records", "254 パケット、16,584 バイト、140 レコード"),
        ("120 sources, 1 target", "送信元 120 件、宛先 1 件"),
    ],
    from: &[
        ("192.0.2.115 (documentation address): 6 packets", "192.0.2.115 (文書用アドレス): 6 パケット"),
        ("115", "115"),
    ],
    span: ["2026-11-23 02:32:14", "02:34:02"],
    record: "198.51.100.110 172.31.16.139 0 0 1 4 336",
    ..INBOUND
};

const UPDATE: Answers = Answers {
    scenario: "update",
    what: ("could not answer 12 more pings", "新たな ping 12 件に応答できませんでした"),
    much: &[
        ("12 packets, 672 bytes, 3 records", "12 パケット、672 バイト、3 レコード"),
        ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ("altogether 16 packets, 1,008 bytes, 4 records", "累計 16 パケット、1,008 バイト、4 レコード"),
    ],
    span: ["2026-11-23 02:33", "02:36:02"],
    late: ("Sent 7 min 52 s after the last packet", "最後のパケットの 7 分 52 秒後"),
    state: ("GOING ON since 2026-11-23 02:32:14 UTC", "【継続中】2026-11-23 02:32:14 UTC"),
    ..PING_DENY
};

const TABLE: [Answers; 15] = [
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
        to: &[("2001:db8:5a17:4::c0de (documentation address)", "2001:db8:5a17:4::c0de (文書用アドレス)")],
        interface: "eni-0d7e5a1f9c3b2846e",
        direction: (
            "direction not known: the format has no flow-direction",
            "不明 (フォーマットに flow-direction がなく",
        ),
        direction_ec2: Some((
            "outbound, judged by the addresses of the interface",
            "アウトバウンド (インターフェイスのアドレス",
        )),
        why: [("Network ACL", "ネットワーク ACL"), ("likely", "有力")],
        record: "2001:db8:5a17:4::c0de 0 0 58 4 416 1795401134 1795401182 REJECT OK",
        opens: "NetworkInterface:networkInterfaceId=eni-0d7e5a1f9c3b2846e",
        ..PING_DENY
    },
    INBOUND,
    Answers {
        scenario: "mixed-traffic",
        what: REJECTED,
        much: &[
            ("31 packets, 2,548 bytes, 8 records", "31 パケット、2,548 バイト、8 レコード"),
            ("4 sources, 2 targets", "送信元 4 件、宛先 2 件"),
        ],
        from: &[("198.51.100.23 (documentation address): 17 packets", "198.51.100.23 (文書用アドレス): 17 パケット")],
        to: &[("10.20.1.15", "10.20.1.15"), ("26 packets", "26 パケット")],
        own: Some(Section::To),
        account: "123456789012",
        interface: "eni-0a1b2c3d4e5f60718",
        span: ["2026-11-23 02:32:22", "02:37:13"],
        late: ("Sent 6 min 32 s after the first packet", "最初のパケットの 6 分 32 秒後"),
        direction: DIFFER,
        why: EITHER,
        why_ec2: NO_GROUP_RULE,
        state: ("NEW since 2026-11-23 02:32:22 UTC", "【新規】2026-11-23 02:32:22 UTC"),
        record: "198.51.100.23 10.20.1.15 0 0 1 5 420 1795401142 1795401177 REJECT OK",
        opens: "NetworkInterface:networkInterfaceId=eni-0a1b2c3d4e5f60718",
        opens_ec2: "SecurityGroup:groupId=sg-0aa1",
        ..PING_DENY
    },
    Answers {
        scenario: "custom-format",
        what: REJECTED,
        much: &[
            ("13 packets, 1,092 bytes, 4 records", "13 パケット、1,092 バイト、4 レコード"),
            ("3 sources, 2 targets", "送信元 3 件、宛先 2 件"),
        ],
        from: &[
            ("198.51.100.23 (documentation address): 8 packets", "198.51.100.23 (文書用アドレス): 8 パケット"),
            ("AWS service EC2", "AWS サービス EC2"),
        ],
        to: &[("i-0c50d5961bcb2d47b", "i-0c50d5961bcb2d47b"), ("9 packets", "9 パケット")],
        own: Some(Section::To),
        account: "123456789012",
        network: &["apse2-az3", "vpc-abcdefab012345678", "subnet-aaaaaaaa012345678"],
        interface: "eni-0f19e2d4c6b8a7351",
        span: ["2026-11-23 02:32:16", "02:33:55"],
        late: ("Sent 6 min 38 s after the first packet", "最初のパケットの 6 分 38 秒後"),
        direction: DIFFER,
        why: EITHER,
        // Its subnet has no network ACL here, so that the group is all that is known.
        why_ec2: [NO_GROUP_RULE[0], ("likely", "有力"), NO_GROUP_RULE[2]],
        state: ("NEW since 2026-11-23 02:32:16 UTC", "【新規】2026-11-23 02:32:16 UTC"),
        record: "198.51.100.23 10.0.0.71 0 0 1 1795401136 1795401175 IPv4 4 336",
        opens: "InstanceDetails:instanceId=i-0c50d5961bcb2d47b",
        opens_ec2: "SecurityGroup:groupId=sg-0aa1",
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
        span: ["2026-11-23 02:33:14", "02:36:02"],
        late: ("Sent 5 min 40 s after the first packet", "最初のパケットの 5 分 40 秒後"),
        state: ("NEW since 2026-11-23 02:33:14 UTC", "【新規】2026-11-23 02:33:14 UTC"),
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
        from: &[("198.51.100.23 (documentation address): 4 packets", "198.51.100.23 (文書用アドレス): 4 パケット")],
        to: &[("172.31.16.139 (4 interfaces", "172.31.16.139 (4 個のインターフェイス")],
        // An address on four interfaces is nobody's in particular.
        own: None,
        account: "4 ",
        interface: "4 ",
        direction: ("inbound", "インバウンド"),
        why: EITHER,
        why_ec2: [EITHER[0], EITHER[1], ("", "")],
        record: "198.51.100.25 172.31.16.139 0 0 1 4 336 1795401134 1795401182 REJECT OK",
        // None of the interfaces' ids can stand in a link.
        opens: "logsV2:logs-insights",
        ..PING_DENY
    },
    UPDATE,
    Answers {
        scenario: "update-of-many",
        what: REJECTED,
        much: &[
            ("254 packets, 16,584 bytes, 140 records", "254 パケット、16,584 バイト、140 レコード"),
            ("about 126 sources, 1 target", "送信元 約 126 件、宛先 1 件"),
            ("altogether 434 packets", "累計 434 パケット"),
        ],
        span: ["2026-11-23 02:32:14", "02:35:13"],
        late: ("Sent 8 min 41 s after the last packet", "最後のパケットの 8 分 41 秒後"),
        state: UPDATE.state,
        ..SWEEP
    },
    Answers {
        scenario: "all-clear",
        what: ("could not answer 16 pings", "ping 16 件に応答できませんでした"),
        much: &[
            ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["2026-11-23 02:32:14", "02:36:02"],
        late: ("Sent 19 min 52 s after the last packet", "最後のパケットの 19 分 52 秒後"),
        state: ("OVER: 2026-11-23 02:32:14 - 02:36:02 UTC", "【収束】2026-11-23 02:32:14 - 02:36:02 UTC"),
        tune: "AllClearMails",
        ..PING_DENY
    },
    Answers {
        scenario: "all-clear-of-many",
        much: &[
            ("434 packets, 31,704 bytes, 143 records", "434 パケット、31,704 バイト、143 レコード"),
            ("about 126 sources, 1 target", "送信元 約 126 件、宛先 1 件"),
        ],
        from: &[("198.51.100.23 (documentation address): 180 packets", "198.51.100.23 (文書用アドレス): 180 パケット")],
        span: ["2026-11-23 02:32:14", "02:35:13"],
        late: ("Sent 20 min 41 s after the last packet", "最後のパケットの 20 分 41 秒後"),
        state: ("OVER: 2026-11-23 02:32:14 - 02:35:13 UTC", "【収束】2026-11-23 02:32:14 - 02:35:13 UTC"),
        tune: "AllClearMails",
        ..SWEEP
    },
    Answers {
        scenario: "late-opening",
        what: ("could not answer 16 pings", "ping 16 件に応答できませんでした"),
        much: &[
            ("16 packets, 1,008 bytes, 4 records", "16 パケット、1,008 バイト、4 レコード"),
            ("1 source, 1 target", "送信元 1 件、宛先 1 件"),
        ],
        span: ["2026-11-23 02:32:14", "02:36:02"],
        late: ("Sent 7 min 40 s after the first packet", "最初のパケットの 7 分 40 秒後"),
        ..PING_DENY
    },
    Answers { scenario: "repeated", ..PING_DENY },
    Answers {
        scenario: "hostile-names",
        // Its name and owner are what they are; the snapshot shows them.
        own: None,
        why_ec2: [
            OUTBOUND_ACL[0],
            OUTBOUND_ACL[1],
            ("outbound rule 50 denies ICMP", "アウトバウンドルール 50 が 0.0.0.0/0 への ICMP を拒否"),
        ],
        ..PING_DENY
    },
];

/// A mail taken apart.
struct Parts {
    subject: String,
    /// The lines before the first empty one.
    lead: String,
    status: String,
    sections: BTreeMap<&'static str, String>,
    links: Vec<String>,
    records: String,
}

impl Parts {
    fn of(mail: &Mail, language: Language) -> Parts {
        let label = |section| language.phrases().label(section);
        let (text, records) = mail.body.split_once(&format!("\n{}\n", label(Section::Records))).unwrap();
        let mut blocks = text.split("\n\n");
        let joined = |block: Option<&str>| joined(&block.unwrap().lines().collect::<Vec<_>>(), language);
        let (lead, status) = (joined(blocks.next()), joined(blocks.next()));
        let mut sections: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with("https://")) {
            if !line.starts_with(' ') {
                current = ALL
                    .map(label)
                    .into_iter()
                    .find(|label| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(' ')))
                    .unwrap_or("");
            }
            sections.entry(current).or_default().push(line.strip_prefix(current).unwrap_or(line).trim());
        }
        Parts {
            subject: mail.subject.clone(),
            lead,
            status,
            sections: sections.into_iter().map(|(label, lines)| (label, self::joined(&lines, language))).collect(),
            links: mail.body.lines().filter(|line| line.starts_with("https://")).map(str::to_owned).collect(),
            records: records.to_owned(),
        }
    }
}

const ALL: [Section; 9] = [
    Section::What,
    Section::From,
    Section::To,
    Section::Where,
    Section::Which,
    Section::When,
    Section::Flows,
    Section::Why,
    Section::Next,
];

/// Wrapped lines as one. Japanese is wrapped without a space; what was one is put back where neither side is Japanese.
fn joined(lines: &[&str], language: Language) -> String {
    let mut text = String::new();
    for line in lines {
        let wide = |c: Option<char>| c.is_some_and(|c| columns(c.encode_utf8(&mut [0; 4])) > 1);
        let japanese = language == Language::Japanese && (wide(text.chars().next_back()) && wide(line.chars().next()));
        if !text.is_empty() && !japanese {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

/// Checks one mail; returns what is missing.
fn missing(answers: &Answers, setting: Setting) -> Vec<String> {
    let language = setting.language;
    let parts = Parts::of(&mail(answers.scenario, setting), language);
    let pick = |both: Both| if language == Language::English { both.0 } else { both.1 };
    let section = |section: Section| parts.sections.get(language.phrases().label(section)).cloned().unwrap_or_default();
    let mut missing = Vec::new();
    let mut look = |question: &str, place: &str, expect: &str| {
        // A line may have been broken within, where there is a space in one of the two only.
        let squeezed = |text: &str| text.replace(' ', "");
        if !squeezed(place).contains(&squeezed(expect)) {
            missing.push(format!("{question}: no {expect:?} in {place:?}"));
        }
    };
    look("1 what", &parts.lead, pick(answers.what));
    look("1 what", &parts.subject, pick(answers.what));
    for both in answers.much {
        look("2 how much", &section(Section::What), pick(*both));
    }
    for both in answers.from {
        look("3 who", &section(Section::From), pick(*both));
    }
    for both in answers.to {
        look("4 to whom", &section(Section::To), pick(*both));
    }
    match answers.own {
        Some(own) if setting.looked_up => {
            for expect in ["web-1", "i-0", "team-a"] {
                look("4 whose", &section(own), expect);
            }
            look("1 what", &parts.lead, "web-1");
        }
        // What cannot be known is said, with the reason.
        _ if !setting.looked_up => {
            look("4 whose", &section(Section::Why), pick(("names and owners", "名前と所有者")));
            look("4 whose", &section(Section::Why), "LookUps");
        }
        _ => {}
    }
    let place = section(Section::Where);
    look("5 where", &place, answers.account);
    look("5 where", &place, if answers.scenario == "custom-format" { "ap-southeast-2" } else { "ap-northeast-1" });
    look("5 where", &place, "Log-Group");
    let network = if setting.looked_up && answers.network.is_empty() {
        &["vpc-0123", "subnet-0456"][..]
    } else {
        answers.network
    };
    for expect in network {
        look("5 where", &place, expect);
    }
    if network.is_empty() {
        look("5 where", &section(Section::Why), pick(("interfaces", "インターフェイス")));
    }
    let sides = [section(Section::From), section(Section::To), place].concat();
    look("5 where", &sides, answers.interface);
    for expect in answers.span {
        look("6 when", &section(Section::When), expect);
    }
    if setting.zone == "Asia/Tokyo" {
        look("6 when", &section(Section::When), "Asia/Tokyo");
    }
    look("6 how late", &parts.status, pick(answers.late));
    let direction = answers.direction_ec2.filter(|_| setting.looked_up).unwrap_or(answers.direction);
    look("7 direction", &section(Section::Which), pick(direction));
    let why: &[Both] = if setting.looked_up { &answers.why_ec2 } else { &answers.why };
    for both in why {
        look("8 why", &section(Section::Why), pick(*both));
    }
    look("9 state", &parts.status, pick(answers.state));
    look("10 evidence", &parts.records.replace('\u{fffd}', " "), answers.record);
    let opens = if setting.looked_up { answers.opens_ec2 } else { answers.opens };
    look("11 next", &parts.links[0], opens);
    for expect in ["logsV2:logs-insights", "metricsV2"] {
        look("11 next", &parts.links.concat(), expect);
    }
    look("12 tune", &section(Section::Next), answers.tune);
    missing
}

#[test]
fn every_mail_answers_the_twelve_questions() {
    let mut all = Vec::new();
    for answers in &TABLE {
        for setting in Setting::all() {
            let name = setting.name(answers.scenario);
            all.extend(missing(answers, setting).into_iter().map(|missing| format!("{name}: {missing}")));
        }
    }
    assert!(all.is_empty(), "{} answers are missing:\n{}", all.len(), all.join("\n"));
}

#[test]
fn no_scenario_is_left_out() {
    for scenario in EVENTS.iter().chain(&OTHERS) {
        assert!(TABLE.iter().any(|answers| answers.scenario == *scenario), "{scenario} has no row");
    }
}
