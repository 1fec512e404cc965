//! Reasons, in Japanese.

use crate::{
    detection::{Direction, Late, PortRange},
    enrichment::{AclEntry, IcmpRange, MAX_INTERFACES, MAX_PEERS, MissingReason, NetworkPart, RuleTraffic},
    explain::{
        AclEvidence, AclVerdict, Confidence, Evidence, Explanation, Group, GroupsVerdict, Layer, OpenRule, PacketRole,
        Same, Undecided,
    },
    notification::language::{
        common::{acl_rule_number, id, peer, port_range, port_text},
        japanese::{
            Japanese, glue,
            names::{acl_name, group_name, group_names, listed},
            opening::allowed,
            way,
        },
        phrases::{Facts as _, Phrases as _, Reasons, weight},
        terms::{Grade, Noun, Number, Opening, Traffic},
    },
};

impl Reasons for Japanese {
    fn blocked_by(&self, explanation: &Explanation, grade: &Grade<'_>) -> String {
        let rules = grade.rules_read.as_deref().map(|at| format!("。ルールは {at} 時点のものです")).unwrap_or_default();
        let of = if grade.heaviest { "上位フローの" } else { "" };
        let cause = match grade.confidence {
            Confidence::Certain => "原因 (確実)",
            Confidence::Likely => "推定原因 (可能性: 高)",
            Confidence::Possible => "考えられる原因",
        };
        match explanation.layer {
            Layer::Neither => format!("現在のルールでは原因を特定できません。{CHANGED}{rules}"),
            Layer::Late => "接続の終了後に届いたパケットとみられます".to_owned(),
            Layer::Other => "未対応の拒否理由です。ログレコードの reject-reason を参照してください".to_owned(),
            _ => glue(&[&format!("{of}{cause}: "), &self.blocker(explanation, grade.opening), &format!("です{rules}")]),
        }
    }

    fn graded(&self, explanation: &Explanation, grade: &Grade<'_>) -> String {
        let sure = match (explanation.layer, grade.confidence) {
            (Layer::Neither | Layer::Other, _) => None,
            (_, Confidence::Certain) => Some("確実".to_owned()),
            (_, Confidence::Likely) => Some("可能性: 高".to_owned()),
            (_, Confidence::Possible) => Some("可能性: あり".to_owned()),
        };
        let of = grade.heaviest.then(|| "上位のフローのみ".to_owned());
        let flows = grade.flows.map(str::to_owned);
        let rules = grade.rules_read.as_deref().map(|at| format!("ルールは {at} 時点"));
        let notes: Vec<String> = [sure, of, flows, rules].into_iter().flatten().collect();
        let title = self.title(explanation);
        if notes.is_empty() { title } else { format!("{title} ({})", notes.join("、")) }
    }

    fn evidence(&self, evidence: &Evidence, explanation: &Explanation, opening: Option<&Opening>) -> Option<String> {
        Some(match evidence {
            Evidence::RejectReason(reason) => format!("レコードの reject-reason は {} です", id(reason)),
            Evidence::OppositeAccepted(totals) => {
                let way = match explanation.direction {
                    Some(Direction::Egress) => "受信が許可",
                    Some(Direction::Ingress) => "送信が許可",
                    None => "通過が許可",
                };
                let role = match (explanation.role, explanation.layer, explanation.confidence) {
                    (PacketRole::Request | PacketRole::Unclear, ..) => "されています".to_owned(),
                    // The rules say it all.
                    (PacketRole::Answer, _, Confidence::Certain) => ANSWERS.to_owned(),
                    (PacketRole::Answer, Layer::Acl, _) if self.0 == Traffic::Pings => {
                        format!("{ANSWERS}。{STATEFUL}。ICMP タイプは記録されないため、断定はできません")
                    }
                    (PacketRole::Answer, Layer::Acl, _) => format!("{ANSWERS}。{STATEFUL}"),
                    (PacketRole::Answer, ..) => ANSWERS.to_owned(),
                };
                format!("同じ時間帯に逆方向の {}の{way}{role}", weight(self, totals, true))
            }
            Evidence::SameAccepted(totals, same) => {
                let shows = match same {
                    Same::Answers if self.0 == Traffic::Connections => {
                        "も許可されています。そちらが応答とみられるため、拒否されたのはリクエストとみられます"
                    }
                    Same::KindOrChange if self.0 == Traffic::Connections => {
                        "は許可されています。別の接続のパケットか、途中でルールが変更されたとみられます"
                    }
                    Same::Answers => "も許可されています。そちらが応答とみられるため、拒否されたのは ping とみられます",
                    Same::KindOrChange => {
                        "は許可されています。種類の異なるパケットか、途中でルールが変更されたとみられます"
                    }
                    Same::Change => {
                        "は許可されていますが、現在のルールでは許可されません。途中でルールが変更されたとみられます"
                    }
                };
                format!("ほぼ同じ時間帯に同じ方向の {}{shows}", weight(self, totals, true))
            }
            Evidence::AcceptedUntracked(records) => {
                let (accepted, ping) = match self.0 {
                    Traffic::Pings => ("ICMP ", "ping "),
                    Traffic::Connections => ("通信", "リクエスト"),
                };
                format!(
                    "許可された{}{accepted}が多く、{}を保持できませんでした。拒否されたのが{}{ping}か応答かは判別できません",
                    if accepted.is_ascii() { " " } else { "" },
                    self.count(Number::Exactly(*records), Noun::Record),
                    if ping.is_ascii() { " " } else { "" },
                )
            }
            Evidence::Acl(acl) => self.acl(acl),
            Evidence::Groups(groups) => {
                let way = way(groups.direction);
                match &groups.verdict {
                    GroupsVerdict::Allows { group_id, rule } => format!(
                        "{}は許可しています ({way}: {})",
                        group_name(&groups.groups, group_id),
                        self.traffic_to(rule.traffic, groups.direction, &peer(&rule.peer))
                    ),
                    GroupsVerdict::NoRule => {
                        let allowing = allowed(opening, groups.direction, true);
                        glue(&[&group_names(&groups.groups), "に", &allowing, way, "ルールはありません"])
                    }
                    GroupsVerdict::Depends(rules) => self.open(rules, &groups.groups, groups.direction),
                }
            }
            Evidence::NoGroups { kind } => {
                let kind = self.interface_kind(kind).unwrap_or_else(|| "このインターフェイス".to_owned());
                format!("{kind}にセキュリティグループはありません")
            }
            Evidence::SameSubnet { subnet_id, .. } => {
                format!("双方とも {} にあるため、ネットワーク ACL は関係しません", id(subnet_id))
            }
            Evidence::MaybeSameSubnet { peer } => {
                format!("{peer} は同じサブネットにある可能性があり、その場合ネットワーク ACL は関係しません")
            }
            Evidence::NoInterface => {
                "レコードにインターフェイスがない (リージョナル NAT ゲートウェイなど) ため、ルールを確認できません"
                    .to_owned()
            }
            Evidence::ReturnPath(acl) => format!("次に応答も拒否されます。{}", self.acl(acl)),
            Evidence::Late(late) => match late {
                Late::Closed => "パケットに FIN または RST があり SYN がないため、接続の終了後に届いたとみられます",
                Late::Idle => "パケットに SYN がなく、逆方向の許可もないため、接続は期限切れとみられます",
                Late::NoRequest => "サーバーのポートからのパケットですが、同じ時間帯に許可されたリクエストがありません",
                Late::NoData => "データのないパケットで、同じ接続のほかのパケットは許可されているため、接続の終了または確認とみられます",
            }
            .to_owned(),
            Evidence::MissingData(_) => return None,
        })
    }

    fn no_evidence(&self) -> String {
        "レコードからはどちらか区別できません".to_owned()
    }

    fn missing_data(&self, parts: &[NetworkPart], reason: &MissingReason) -> String {
        let parts: Vec<&str> = parts
            .iter()
            .map(|part| match part {
                NetworkPart::Interfaces => "インターフェイス",
                NetworkPart::Tags => "名前と所有者",
                NetworkPart::Groups => "セキュリティグループ",
                NetworkPart::Acls => "ネットワーク ACL",
                NetworkPart::PrefixLists => "プレフィックスリスト",
            })
            .collect();
        let parts = parts.join("、");
        match reason {
            MissingReason::SwitchedOff => format!("未確認: {parts} (パラメータ Enrichment が無効)"),
            MissingReason::NotGiven => {
                format!("未確認: {parts} (EC2 には問い合わせておらず、--network のファイルにもありません)")
            }
            MissingReason::TooSlow => format!("未確認: {parts} (EC2 が時間内に応答しませんでした)"),
            MissingReason::Denied(action) => format!("未確認: {parts} ({} の権限がありません)", id(action)),
            MissingReason::Failed(code) => format!("未確認: {parts} (EC2 のエラー: {})", id(code)),
            MissingReason::NotFound => {
                format!(
                    "該当なし: {parts} (EC2 にそのインターフェイスがありません。削除済みか、別のアカウントまたはリージョンです)"
                )
            }
            MissingReason::Elsewhere => {
                format!("未確認: {parts} (関数とは別のアカウントまたはリージョンにあります)")
            }
            MissingReason::OverLimit { interfaces, addresses } => {
                let asked = [(interfaces, Noun::Interface), (addresses, Noun::Address)].into_iter();
                let asked = asked.filter(|(number, _)| **number > 0);
                let asked: Vec<String> =
                    asked.map(|(number, noun)| self.count(Number::Exactly(*number), noun)).collect();
                format!(
                    "未確認: {} (1 通のメールで確認できるのは {MAX_INTERFACES} インターフェイス、{MAX_PEERS} アドレスまでです)",
                    asked.join("、")
                )
            }
            MissingReason::TooManyCalls => format!("一部未確認: {parts} (1 通のメールで確認できる数を超えました)"),
        }
    }

    fn traffic(&self, traffic: RuleTraffic) -> String {
        let ports = |name: &str, ports: PortRange| match port_range(ports) {
            Some(range) => format!("{name}/{range}"),
            None => format!("すべての {}", name.to_uppercase()),
        };
        match traffic {
            RuleTraffic::All => "すべてのトラフィック".to_owned(),
            RuleTraffic::Icmp(range) => icmp("ICMP", range),
            RuleTraffic::Icmpv6(range) => icmp("ICMPv6", range),
            RuleTraffic::Tcp(range) => ports("tcp", range),
            RuleTraffic::Udp(range) => ports("udp", range),
            RuleTraffic::Other(number) => format!("プロトコル {number}"),
        }
    }
}

fn icmp(name: &str, range: IcmpRange) -> String {
    match (range.kind, range.code) {
        (Some(kind), Some(code)) => format!("{name} タイプ {kind} コード {code}"),
        (Some(kind), None) => format!("{name} タイプ {kind}"),
        (None, _) => name.to_owned(),
    }
}

pub(super) const CHANGED: &str = "その後ルールが変更されたか、接続の終了後にパケットが届いた可能性があります";

const ANSWERS: &str = "されており、拒否されたのは応答とみられます";

const STATEFUL: &str = "セキュリティグループは応答を自動的に通しますが、ネットワーク ACL は通しません";

impl Japanese {
    /// The layer as a title.
    fn title(&self, explanation: &Explanation) -> String {
        let way = way_of(explanation.direction);
        let way = if way.is_empty() { way } else { format!("、{way}") };
        match explanation.layer {
            Layer::BlockPublicAccess => "VPC ブロックパブリックアクセス".to_owned(),
            Layer::EncryptionControls => "VPC 暗号化コントロール".to_owned(),
            Layer::Acl => format!("ネットワーク ACL{way}"),
            Layer::SecurityGroup => format!("セキュリティグループ{way}"),
            Layer::Both => format!("ネットワーク ACL とセキュリティグループの両方{way}"),
            Layer::Either => format!("セキュリティグループまたはネットワーク ACL{way}"),
            Layer::Neither => "現在のルールでは原因を特定できません".to_owned(),
            Layer::Late => "接続の終了後に届いたパケット".to_owned(),
            Layer::Other => "未対応の拒否理由".to_owned(),
        }
    }

    /// What blocked them, as a noun with the rule.
    fn blocker(&self, explanation: &Explanation, opening: Option<&Opening>) -> String {
        let allowing = |direction: Option<Direction>| {
            direction.map_or_else(|| "許可する".to_owned(), |direction| allowed(opening, direction, true))
        };
        let way = way_of(explanation.direction);
        match explanation.layer {
            Layer::BlockPublicAccess => "VPC ブロックパブリックアクセス".to_owned(),
            Layer::EncryptionControls => "VPC 暗号化コントロール".to_owned(),
            Layer::Acl | Layer::Both => {
                let acl = explanation
                    .rejecting_acl()
                    .map(|acl| self.denies(acl, opening))
                    .unwrap_or_else(|| format!("サブネットのネットワーク ACL{}", the(&way)));
                match explanation.layer {
                    Layer::Both => {
                        glue(&[&acl, "と、", &allowing(explanation.direction), "ルールのないセキュリティグループ"])
                    }
                    _ => acl,
                }
            }
            Layer::SecurityGroup => match explanation.rejecting_groups() {
                Some(groups) => {
                    let allowing = allowing(explanation.direction);
                    format!("{allowing}{way}ルールのない{}", group_names(&groups.groups).trim_end())
                }
                None => format!("セキュリティグループ{}", the(&way)),
            },
            Layer::Either => format!("セキュリティグループまたはネットワーク ACL{}", the(&way)),
            Layer::Neither | Layer::Late | Layer::Other => String::new(),
        }
    }

    /// `ネットワーク ACL acl-0f3a9c のアウトバウンドルール 50 (0.0.0.0/0 への ICMP を拒否)`
    fn denies(&self, acl: &AclEvidence, opening: Option<&Opening>) -> String {
        let named = format!("ネットワーク ACL {} の{}", id(&acl.id), way(acl.direction));
        let denying: Vec<&AclEntry> = acl.denying().collect();
        match denying[..] {
            [rule] if rule.is_default() => {
                let allowing = allowed(opening, acl.direction, false);
                format!("{allowing}{}ルールのないネットワーク ACL {}", way(acl.direction), id(&acl.id))
            }
            [rule] => format!("{named}ルール {} ({})", rule.number, self.acl_rule(rule)),
            _ => {
                let numbers: Vec<String> = denying.iter().map(|rule| acl_rule_number(rule)).collect();
                format!("{named}ルール {}", listed(numbers, "、"))
            }
        }
    }

    fn acl(&self, acl: &AclEvidence) -> String {
        let (named, way) = (acl_name(acl), way(acl.direction));
        let rules: Vec<String> = acl
            .rules
            .iter()
            .map(|rule| glue(&["ルール", &acl_rule_number(rule), "が", &self.acl_rule(rule)]))
            .collect();
        let rules = listed(rules, "、");
        match acl.verdict {
            AclVerdict::Denies | AclVerdict::Allows => {
                glue(&[&named, "の", way, &rules, "しています", &client_ports(acl)])
            }
            AclVerdict::Depends if acl.client_ports.is_some() => glue(&[
                &named,
                "の",
                way,
                "はクライアントのポートによります。",
                &rules,
                "しています",
                &client_ports(acl),
            ]),
            AclVerdict::Depends => {
                let what = match self.0 {
                    Traffic::Pings => "は ICMP タイプ (記録されません) によります。",
                    Traffic::Connections => "は 2 つのアドレスのどちらで判定されるかによります。",
                };
                glue(&[&named, "の", way, what, &rules, "しています"])
            }
        }
    }

    /// `0.0.0.0/0 への ICMP を拒否`
    fn acl_rule(&self, rule: &AclEntry) -> String {
        let verb = if rule.allow { "許可" } else { "拒否" };
        if rule.is_default() {
            return format!("どのルールにも一致しない通信を{verb}");
        }
        let direction = if rule.egress { Direction::Egress } else { Direction::Ingress };
        let traffic = self.traffic_to(rule.traffic, direction, &rule.block.to_string());
        glue(&[&traffic, "を", verb])
    }

    fn traffic_to(&self, traffic: RuleTraffic, direction: Direction, block: &str) -> String {
        let particle = if direction == Direction::Egress { "への" } else { "からの" };
        glue(&[block, particle, &self.traffic(traffic)])
    }

    fn open(&self, rules: &[OpenRule], groups: &[Group], direction: Direction) -> String {
        let each: Vec<String> = rules
            .iter()
            .map(|open| {
                let (rule, name) = (&open.rule, group_name(groups, &open.group_id));
                let traffic = self.traffic_to(rule.traffic, direction, &peer(&rule.peer));
                let on = match open.on {
                    Undecided::IcmpType => "ICMP タイプは記録されません",
                    Undecided::ClientPort => "クライアントのポートの一部だけが対象です",
                    Undecided::PeerAddress => "判定されるのがレコードとパケットのどちらのアドレスか不明です",
                    Undecided::PeerGroup => "相手がそのグループに属するか不明です",
                    Undecided::PrefixList => "プレフィックスリストの内容は不明です",
                };
                glue(&[&name, "は", &traffic, "を許可していますが、", on])
            })
            .chain(
                groups
                    .iter()
                    .filter(|group| group.name.is_none())
                    .map(|group| format!("{} のルールは不明です", id(&group.id))),
            )
            .collect();
        format!("セキュリティグループ ({}) が許可するかは断定できません。{}", way(direction), listed(each, "。"))
    }
}

/// `。クライアントのポート 1024-65535 のうち 40001-65535 を拒否しています`
fn client_ports(acl: &AclEvidence) -> String {
    // Where all of them are denied, the rules say it.
    let partly = acl.client_ports.iter().filter(|ports| !ports.allowed.is_empty());
    let denied = partly.flat_map(|ports| &ports.denied).map(|range| port_text(*range));
    let denied: Vec<String> = denied.collect();
    match acl.verdict {
        AclVerdict::Denies | AclVerdict::Depends if !denied.is_empty() => {
            format!("。クライアントのポート 1024-65535 のうち {} を拒否しています", listed(denied, "、"))
        }
        _ => String::new(),
    }
}

pub(super) fn way_of(direction: Option<Direction>) -> String {
    direction.map(way).unwrap_or_default().to_owned()
}

/// A direction behind a noun, in brackets, with a space before them.
pub(super) fn the(way: &str) -> String {
    if way.is_empty() { String::new() } else { format!(" ({way})") }
}
