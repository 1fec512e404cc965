//! Facts, in Japanese.

use std::net::IpAddr;

use crate::{
    address::Scope,
    detection::{Basis, Direction},
    notification::language::{
        japanese::{Japanese, noun_word, way},
        phrases::Facts,
        terms::{Noun, RejectionKind, Traffic},
    },
};

impl Facts for Japanese {
    fn protocols(&self, v4: bool, v6: bool) -> &'static str {
        match (v4, v6) {
            (true, true) => "ICMP と ICMPv6 (タイプは記録されません)",
            (false, true) => "ICMPv6 (タイプは記録されません)",
            _ => "ICMP (タイプは記録されません)",
        }
    }

    fn untracked(&self, records: &str, flows: &str) -> String {
        format!("{flows}の上限を超えた {records}は、アドレスを区別せずにこの件数とメトリクスにのみ含めています")
    }

    fn unreadable(&self, lines: &str) -> String {
        format!("このバッチの {lines}は読み取れず、件数に含まれていません")
    }

    fn scope(&self, address: IpAddr) -> &'static str {
        match Scope::of(address) {
            Scope::Private => "プライベートアドレス",
            Scope::SharedNat => "共有 NAT アドレス、100.64.0.0/10",
            Scope::LinkLocal => "リンクローカルアドレス",
            Scope::Own => "ループバックまたは未指定アドレス",
            Scope::Multicast => "マルチキャストまたはブロードキャスト",
            Scope::Documentation if address.is_ipv4() => "例示用アドレス、RFC 5737",
            Scope::Documentation => "例示用アドレス、RFC 3849",
            Scope::Public => "パブリックアドレス",
        }
    }

    fn service(&self, name: &str) -> String {
        format!("AWS サービス {name}")
    }

    fn interface_kind(&self, kind: &str) -> Option<String> {
        Some(match kind {
            "" | "interface" | "efa" | "efa-only" | "trunk" | "branch" => return None,
            "natGateway" => "NAT ゲートウェイ".to_owned(),
            "lambda" => "Lambda 関数".to_owned(),
            "load_balancer" => "ロードバランサー".to_owned(),
            "network_load_balancer" => "Network Load Balancer".to_owned(),
            "gateway_load_balancer" => "Gateway Load Balancer".to_owned(),
            "gateway_load_balancer_endpoint" => "Gateway Load Balancer エンドポイント".to_owned(),
            "vpc_endpoint" => "VPC エンドポイント".to_owned(),
            "transit_gateway" => "トランジットゲートウェイ".to_owned(),
            "global_accelerator_managed" => "Global Accelerator".to_owned(),
            "api_gateway_managed" => "API Gateway".to_owned(),
            "quicksight" => "QuickSight".to_owned(),
            other => format!("タイプ {other} のインターフェイス"),
        })
    }

    fn owner(&self, key: &str, value: &str) -> String {
        match key.to_ascii_lowercase().as_str() {
            "owner" => format!("所有者 {value}"),
            "team" => format!("チーム {value}"),
            _ => format!("{key}: {value}"),
        }
    }

    fn tagged(&self, values: &str) -> String {
        format!("タグ {values}")
    }

    fn through(&self, intermediate: &str) -> String {
        format!("{intermediate} を経由")
    }

    fn account(&self, id: &str) -> String {
        format!("アカウント {id}")
    }

    fn copied_from(&self, name: &str) -> String {
        format!("コピー元 {name}")
    }

    fn only_for(&self, noun: Noun, value: &str) -> String {
        format!("このインシデントは{} {value} のみが対象", noun_word(noun))
    }

    fn all_others(&self, noun: Noun) -> String {
        format!("このインシデントはその他の{}が対象", noun_word(noun))
    }

    fn direction(&self, direction: Direction, basis: Basis) -> String {
        let way = way(direction);
        match basis {
            Basis::Field => format!("{way} (レコードの記載による)"),
            Basis::PacketAddress => format!("{way} (パケット内のアドレスがインターフェイスのものと異なることから判断)"),
            Basis::InterfaceAddresses => format!("{way} (インターフェイスのアドレスから判断)"),
            Basis::InternalSide => format!("{way} (プライベートアドレス側を自側とみなして判断)"),
            Basis::OtherRecords => format!("{way} (インターフェイスの他のレコードから判断)"),
        }
    }

    fn look_like_answers(&self) -> &'static str {
        match self.0 {
            Traffic::Pings => "ping の応答とみられます (原因を参照)",
            Traffic::Connections => "応答",
        }
    }

    fn direction_unknown(&self) -> &'static str {
        "不明 (形式に flow-direction がなく、アドレスからも判断できません)"
    }

    fn directions_differ(&self) -> &'static str {
        "フローにより異なります (以下のフローを参照)"
    }

    fn of_the_heaviest(&self, text: &str) -> String {
        format!("{text}、上位のフローのみ")
    }

    fn heaviest_only(&self) -> &'static str {
        "上位のフローのみ"
    }

    fn give_or_take(&self, range: &str) -> String {
        format!("{range}、1 分程度の誤差あり")
    }

    fn no_times(&self) -> &'static str {
        "不明 (形式に start も end もありません)"
    }

    fn timeline(&self, packets: bool, minutes: u64, zone: &str) -> String {
        let what = if packets { "パケット数" } else { "レコード数" };
        format!("{minutes} 分ごとの{what} ({zone})")
    }

    fn way(&self, story: RejectionKind) -> &'static str {
        match story {
            RejectionKind::AnswersStopped => "応答、アウトバウンド",
            RejectionKind::AnswersNotReceived => "応答、インバウンド",
            RejectionKind::Outbound => "アウトバウンド",
            RejectionKind::Inbound => "インバウンド",
            RejectionKind::Between | RejectionKind::Rejected => "方向不明",
        }
    }
}
