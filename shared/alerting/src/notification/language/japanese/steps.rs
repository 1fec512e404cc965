//! What to do next, in Japanese.

use crate::notification::{
    kind::NotificationKind,
    language::{
        common::id,
        japanese::{
            Japanese, glue,
            reasons::{CHANGED, group_names, listed, the, way_of},
            way,
        },
        phrases::Steps,
        terms::Fix,
    },
    links::Target,
};

impl Steps for Japanese {
    fn fix(&self, fixes: &[Fix<'_>]) -> String {
        let steps: Vec<String> = fixes.iter().map(|fix| format!("{}。", step(fix))).collect();
        format!("意図しない拒否の場合: {}", steps.concat())
    }

    fn silence(&self, kind: NotificationKind, address: Option<(&str, &str)>) -> String {
        if kind == NotificationKind::Resolved {
            return "収束メールが不要なら、スタックのパラメーター ResolvedEmails を no にしてください。".to_owned();
        }
        let address = address.map(|(field, address)| {
            format!(
                "{address} の通知を止めるには、FilterPattern と NativeFilterPattern の {field} を {field}!=\"{address}\" に\
                 してください。"
            )
        });
        format!(
            "意図した拒否の場合: 対応は不要です。メールを減らすには、スタックのパラメーター UpdateIntervalsMinutes を\
             大きくしてください。{}",
            address.unwrap_or_default()
        )
    }

    fn resolved_means(&self, quiet: &str) -> String {
        format!(
            "今すぐの対応は不要です。収束とは、拒否が {}なかったことを意味します (ping が止まったか、通るようになりました)。\
             拒否の原因が残っている可能性はあります。",
            crate::notification::language::japanese::lasting(quiet)
        )
    }

    fn opens(&self, target: &Target) -> String {
        match target {
            Target::Records => "これらのアドレスの ICMP レコード (Logs Insights):".to_owned(),
            Target::AllRecords => "これらのアドレスの全レコード (Logs Insights):".to_owned(),
            Target::Rejected => "この時間帯に拒否された全レコード (Logs Insights):".to_owned(),
            Target::Acl(acl) => format!("ネットワーク ACL {acl}:"),
            Target::SecurityGroup(group) => format!("セキュリティグループ {group}:"),
            Target::Instance(instance) => format!("インスタンス {instance}:"),
            Target::Interface(interface) => format!("インターフェイス {interface}:"),
            Target::NatGateway(gateway) => format!("NAT ゲートウェイ {gateway}:"),
            Target::LogStream => "ログストリーム:".to_owned(),
            Target::Metric(name) => format!("メトリクス {name}:"),
        }
    }

    fn records_left(&self, records: &str) -> String {
        format!("ほか {records} (すべては Logs Insights のリンクで確認できます)")
    }
}

/// What would let the packets through, as a clause.
fn step(fix: &Fix<'_>) -> String {
    match fix {
        Fix::AclRules { acl, numbers } => {
            let numbers = listed(numbers.iter().map(u32::to_string).collect(), "、");
            let rules = glue(&[&id(&acl.id), "の", way(acl.direction), "ルール", &numbers]);
            glue(&[&rules, "を削除するか、その前に許可ルールを追加してください"])
        }
        Fix::AclRuleMissing { acl, before } => {
            let metadata = match before {
                Some(number) => glue(&[&id(&acl.id), "のルール", &number.to_string(), "より前に、"]),
                None => glue(&[&id(&acl.id), "に"]),
            };
            format!("{metadata}許可する{}ルールを追加してください", way(acl.direction))
        }
        Fix::Acl(direction) => format!(
            "インターフェイスからサブネットのネットワーク ACL を開いてください。{}ルールのうち最初に一致するものが ICMP を\
                 拒否しているか、許可するルールがありません",
            way_of(*direction)
        ),
        Fix::GroupRuleMissing { groups, direction } => {
            format!("{}に許可する{}ルールを追加してください", group_names(groups), way(*direction))
        }
        Fix::Groups(direction) => format!(
            "インターフェイスからセキュリティグループを開いてください。許可する{}ルールがありません",
            way_of(*direction)
        ),
        Fix::Both { acl, groups, direction } => {
            format!("{}。さらに{}に許可する{}ルールを追加してください", step(acl), group_names(groups), way(*direction))
        }
        Fix::AclThenGroups { acl, groups, direction } => format!(
            "{}。応答ではなく ping の場合は、さらに{}に許可する{}ルールを追加してください",
            step(acl),
            group_names(groups),
            way(*direction)
        ),
        Fix::Either(direction) => glue(&[
            "インターフェイスを開き、まずセキュリティグループが ICMP",
            &the(&way_of(*direction)),
            "を許可しているか、次にサブネットのネットワーク ACL を確認してください",
        ]),
        Fix::Neither => format!("現在のルールに変更すべきものはありません。{CHANGED}"),
        Fix::BlockPublicAccess => {
            "VPC ブロックパブリックアクセスが有効です。VPC またはサブネットの除外を作成すると通ります \
                                   (VPC コンソールの設定)"
                .to_owned()
        }
        Fix::EncryptionControls => {
            "VPC の暗号化コントロールが強制モードです。VPC コンソールで確認してください".to_owned()
        }
        Fix::Other => "下のログレコードの reject-reason を確認してください".to_owned(),
    }
}
