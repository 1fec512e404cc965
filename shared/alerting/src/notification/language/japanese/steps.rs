//! What to do, in Japanese.

use std::net::IpAddr;

use crate::{
    detection::Direction,
    notification::{
        language::{
            common::id,
            japanese::{
                Japanese, glue, lasting,
                names::{group_names, listed},
                opening::{allowed, allowed_by_rule},
                reasons::{CHANGED, the, way_of},
                way,
            },
            phrases::Steps,
            terms::{Fix, Permission, Traffic, WayBack},
        },
        links::Target,
    },
};

impl Steps for Japanese {
    fn fix(&self, fix: &Fix<'_>, permission: Permission<'_>, flows: Option<&str>) -> String {
        let flows = flows.map(|flows| format!(" ({flows})")).unwrap_or_default();
        let answers = match permission.answers_strangers && fix.lets_through() {
            true => "。許可すると、インターネット上の誰からの ping にも応答するようになります",
            false => "",
        };
        format!("意図しない拒否の場合{flows}: {}{answers}{}", step(fix, permission), way_back(fix, permission))
    }

    fn leave_blocked(&self, sender: Option<&str>) -> String {
        let known = sender.map(|sender| {
            format!("{sender} が到達する必要のある送信元であれば、スタックのパラメータ MustReach に追加してください。")
        });
        let can = match self.0 {
            Traffic::Pings => "パブリックアドレスにはインターネット上の誰でも ping を送信でき",
            Traffic::Connections => "パブリックアドレスのどのポートにもインターネット上の誰でも接続を試みることができ",
        };
        format!(
            "通常は拒否したままで問題ありません。{can}、ルールはそれを正しく拒否しています。{}レコードは次のリンクで確認できます",
            known.unwrap_or_default()
        )
    }

    fn silence(&self, command: &str, resolved: bool) -> String {
        format!("{}、次のコマンドで通知を停止できます: {command}", intended(resolved))
    }

    fn silences(&self, all: bool, resolved: bool) -> String {
        let how = if all { "次のコマンドで" } else { "次のようなコマンドで" };
        format!("{}、{how}通知を停止できます:", intended(resolved))
    }

    fn without_resolved_emails(&self) -> String {
        "収束メールが不要な場合は、スタックのパラメータ ResolvedEmails を no にしてください。".to_owned()
    }

    fn resolved_means(&self, quiet: &str) -> String {
        let pings = match self.0 {
            Traffic::Pings => "ping ",
            Traffic::Connections => "通信",
        };
        format!(
            "現時点で対応は不要です。収束とは、同様の拒否が {}なかったことを意味します。{pings}が停止したか、通るようになったとみられ\
             ます。拒否の原因が残っている可能性はあります。",
            lasting(quiet)
        )
    }

    fn test_means(&self) -> String {
        "対応は不要です。vpc-flow-alerts doctor --send-test によるテストです。下記のレコードは架空のもので、実際に拒否されたパケットはありま\
         せん。このメールの受信により、メールが届くことを確認できます。"
            .to_owned()
    }

    fn silenced_means(&self, quiet: &str, command: &str) -> String {
        format!(
            "現時点で対応は不要です。ほかの拒否は {}ありませんでした。停止の対象となる拒否は続いている可能性があります。停止の終了後も\
             続いている場合は、新規のインシデントとして通知します。今すぐ停止を終了するには: {command}",
            lasting(quiet)
        )
    }

    fn opens(&self, target: &Target) -> String {
        match target {
            Target::Records => match self.0 {
                Traffic::Pings => "これらのアドレスの ICMP レコード (Logs Insights)".to_owned(),
                Traffic::Connections => "これらのアドレスとポートのレコード (Logs Insights)".to_owned(),
            },
            Target::Rejected => match self.0 {
                Traffic::Pings => "この時間帯に拒否された ICMP レコード (Logs Insights)".to_owned(),
                Traffic::Connections => "この時間帯に拒否されたレコード (Logs Insights)".to_owned(),
            },
            Target::Acl(acl) => format!("ネットワーク ACL {acl}"),
            Target::SecurityGroup(group) => format!("セキュリティグループ {group}"),
            Target::Instance(instance) => format!("インスタンス {instance}"),
            Target::Interface(interface) => format!("インターフェイス {interface}"),
            Target::NatGateway(gateway) => format!("NAT ゲートウェイ {gateway}"),
            Target::LogStream => "ログストリーム".to_owned(),
            Target::Metric(name) => format!("メトリクス {name}"),
        }
    }

    fn records_left(&self, records: &str, newest: bool, at_most: Option<&str>) -> String {
        let newest = if newest { "新しいものを表示しています。" } else { "" };
        let at_most = at_most.map(|records| format!(" (最大 {records})")).unwrap_or_default();
        format!("ほか {records}。{newest}Logs Insights のリンクで確認できます{at_most}。")
    }
}

fn intended(resolved: bool) -> &'static str {
    if resolved {
        "意図した拒否で、再発が見込まれる場合は"
    } else {
        "意図した拒否の場合は"
    }
}

/// What is to be let through, before a noun: `198.51.100.23 からの ICMP を許可する`, `許可する`.
fn allowing(permission: Permission<'_>, direction: Option<Direction>) -> String {
    let particle = if direction == Some(Direction::Egress) { "への" } else { "からの" };
    if let Some(opening) = permission.opening {
        return allowed(Some(opening), direction.unwrap_or(Direction::Ingress), true);
    }
    match permission.peer {
        Some(peer @ IpAddr::V4(_)) => format!("{peer} {particle} ICMP を許可する"),
        Some(peer @ IpAddr::V6(_)) => format!("{peer} {particle} ICMPv6 を許可する"),
        None if permission.narrow => format!("これらのアドレス{particle} ICMP のみを許可する"),
        None => "許可する".to_owned(),
    }
}

/// What would let the packets through, as a clause.
fn step(fix: &Fix<'_>, permission: Permission<'_>) -> String {
    let rule = |direction: Direction| match permission.opening {
        Some(opening) => format!("{}ルール ({}) ", way(direction), allowed_by_rule(opening, direction, true)),
        None => format!("{}{}ルール", allowing(permission, Some(direction)), way(direction)),
    };
    match fix {
        Fix::AclRules { acl, numbers } if permission.narrow || permission.opening.is_some() => {
            acl_rule(&id(&acl.id), acl.direction, permission, numbers.first())
        }
        Fix::AclRules { acl, numbers } => {
            let numbers = listed(numbers.iter().map(u32::to_string).collect(), "、");
            let rules = glue(&[&id(&acl.id), "の", way(acl.direction), "ルール", &numbers]);
            glue(&[&rules, "を削除するか、より小さい番号で許可ルールを追加してください"])
        }
        Fix::AclRuleMissing { acl, before } => acl_rule(&id(&acl.id), acl.direction, permission, before.as_ref()),
        Fix::Acl(direction) => format!(
            "インターフェイスからサブネットのネットワーク ACL を開き、最初に一致する{}ルールが{}を拒否していないか、許可ルールが\
             あるかを確認してください",
            way_of(*direction),
            if permission.opening.is_some() { "この通信" } else { " ICMP " }
        ),
        Fix::GroupRuleMissing { groups, direction } => {
            format!("{}に、{}を追加してください", group_names(groups), rule(*direction))
        }
        Fix::Groups(direction) => format!(
            "インターフェイスからセキュリティグループを開き、{}{}ルールがあるかを確認してください",
            allowing(permission, *direction),
            way_of(*direction)
        ),
        Fix::Both { acl, groups, direction } => {
            format!(
                "{}。さらに、{}に、{}を追加してください",
                step(acl, permission),
                group_names(groups),
                rule(*direction)
            )
        }
        Fix::AclThenGroups { acl, groups, direction } => format!(
            "{}。応答ではなく{}の場合は、さらに{}に、{}を追加してください",
            step(acl, permission),
            if permission.opening.is_some() { "リクエスト" } else { " ping " },
            group_names(groups),
            rule(*direction)
        ),
        Fix::Either(direction) if permission.opening.is_some() => glue(&[
            "インターフェイスを開き、まずセキュリティグループに",
            &allowing(permission, *direction),
            &way_of(*direction),
            "ルールがあるか、次にサブネットのネットワーク ACL を確認してください",
        ]),
        Fix::Either(direction) => format!(
            "インターフェイスを開き、まずセキュリティグループが ICMP{}を許可しているか、次にサブネットのネットワーク ACL を確認して\
             ください",
            the(&way_of(*direction)) + " "
        ),
        Fix::Neither => format!("現在のルールに変更すべきものはありません。{CHANGED}"),
        Fix::BlockPublicAccess => {
            "VPC ブロックパブリックアクセスが有効です。VPC またはサブネットの除外を作成すると通ります \
                                   (VPC コンソールの設定)"
                .to_owned()
        }
        Fix::EncryptionControls => {
            "VPC 暗号化コントロールが強制モードです。VPC コンソールで確認してください".to_owned()
        }
        Fix::Other => "ログレコードの reject-reason を確認してください".to_owned(),
    }
}

/// What the answers need, as the next sentence.
fn way_back(fix: &Fix<'_>, permission: Permission<'_>) -> String {
    let Some(WayBack { acl, before, opening }) = permission.way_back.filter(|_| fix.lets_through()) else {
        return String::new();
    };
    let needs = Permission { opening: Some(opening), ..Permission::default() };
    let rule = acl_rule(&id(&acl.id), acl.direction, needs, before.as_ref());
    format!("。次に応答も拒否されるため、{rule}")
}

/// `acl-0f3a9c に、198.51.100.23 からの ICMP を許可するインバウンドルールを 50 より小さい番号で追加してください`
fn acl_rule(acl: &str, direction: Direction, permission: Permission<'_>, before: Option<&u32>) -> String {
    if let Some(opening) = permission.opening {
        let below = before.map(|number| format!(" {number} より小さい番号で")).unwrap_or_default();
        let rule = allowed_by_rule(opening, direction, false);
        return format!("{acl} に、{}の許可ルールを{below}追加してください ({rule})", way(direction));
    }
    let rule = format!("{}{}ルールを", allowing(permission, Some(direction)), way(direction));
    match before {
        Some(number) => format!("{acl} に、{rule} {number} より小さい番号で追加してください"),
        None => format!("{acl} に、{rule}追加してください"),
    }
}
