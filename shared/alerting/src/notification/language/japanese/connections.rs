//! Sentences about TCP and UDP, in Japanese.

use crate::{
    detection::{SCAN_HOSTS, SCAN_MILLIS, SCAN_PORTS, ServerBasis, ServicePort, Side},
    notification::language::{
        connections::Connections,
        japanese::{Japanese, glue},
        phrases::Phrases as _,
        terms::ConnectionStory,
    },
};

impl Connections for Japanese {
    fn connection(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        let new = if more { "新たに" } else { "" };
        match story {
            ConnectionStory::Between { .. } | ConnectionStory::Unclear { .. } => {
                self.connection_brief(story, amount, more)
            }
            story => {
                let rejected = glue(&[new, amount, "が拒否されました"]);
                format!("{}。{rejected}", self.connection_brief(story, amount, more))
            }
        }
    }

    fn connection_brief(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        let new = if more { "新たに" } else { "" };
        match story {
            ConnectionStory::NotReached { clients, service } => {
                glue(&[clients, "が", service, "に到達できませんでした"])
            }
            ConnectionStory::NotAnswered { service, clients } => {
                glue(&[service, "が", clients, "に応答できませんでした"])
            }
            ConnectionStory::AnswersNotReceived { clients, service } => {
                glue(&[clients, "が", service, "の応答を受信できませんでした"])
            }
            ConnectionStory::NotChecked { checker, service } => {
                glue(&[checker, "が", service, "をヘルスチェックできませんでした"])
            }
            ConnectionStory::RefusedByHosts { sender, hosts, ports } => {
                glue(&[sender, "が", hosts, "の", ports, "で拒否されました"])
            }
            ConnectionStory::RefusedOnPorts { sender, ports, host } => {
                glue(&[sender, "が", host, "の", ports, "で拒否されました"])
            }
            ConnectionStory::Between { clients, service } => {
                glue(&[clients, "と", service, "の間で", new, amount, "が拒否されました"])
            }
            ConnectionStory::Unclear { source, target } => {
                glue(&[source, "から", target, "への通信で", new, amount, "が拒否されました"])
            }
        }
    }

    fn connection_terse(&self, story: &ConnectionStory, amount: &str, more: bool) -> String {
        let new = if more { "新たに" } else { "" };
        match story {
            ConnectionStory::NotReached { clients, service } => format!("到達不可: {service} ({clients})"),
            ConnectionStory::NotAnswered { service, clients } => format!("応答不可: {service} (宛先 {clients})"),
            ConnectionStory::AnswersNotReceived { clients, service } => {
                format!("応答の受信不可: {service} ({clients})")
            }
            ConnectionStory::NotChecked { checker, service } => {
                format!("ヘルスチェック不可: {service} ({})", checker)
            }
            ConnectionStory::Between { clients, service } => {
                format!("{}: {service} ({clients})", glue(&[new, amount, "の拒否"]))
            }
            ConnectionStory::Unclear { source, target } => {
                format!("{}: {source} → {target}", glue(&[new, amount, "の拒否"]))
            }
            story => self.connection_brief(story, amount, more),
        }
    }

    fn load_balancer(&self, name: &str) -> String {
        format!("ロードバランサー {name}")
    }

    fn port(&self, port: ServicePort) -> String {
        let udp = if port.protocol_word() == "udp" { "/udp" } else { "" };
        let name = port.name().map(|name| format!(" ({name})")).unwrap_or_default();
        format!("ポート {}{udp}{name}", port.port)
    }

    fn unknown_port(&self, port: u16) -> String {
        format!("ポート {port}")
    }

    fn ports_of(&self, ports: &str, hosts: &str) -> String {
        glue(&[hosts, "の", ports])
    }

    fn server(&self, service: &str, side: Side, basis: ServerBasis) -> String {
        let side = match side {
            Side::Source => "送信元",
            Side::Target => "宛先",
        };
        format!("{service}、{side}がサーバー ({})", judged_by(basis))
    }

    fn server_unknown(&self) -> &'static str {
        "どちらがサーバーか判別できないため、双方のポートを示しています"
    }

    fn requests_or_answers(&self, answers: bool) -> &'static str {
        if answers { "応答" } else { "リクエスト" }
    }

    fn transport(&self, tcp: bool, udp: bool) -> &'static str {
        match (tcp, udp) {
            (true, true) => "TCP と UDP",
            (false, true) => "UDP",
            _ => "TCP",
        }
    }

    fn scan_because(&self) -> String {
        format!(
            "スキャン、または必要なルールを失ったホストとみられるため、インシデントとして扱っています (自ネットワークの 1 つの送信元が、{}\
             以内に 1 台のホストの {SCAN_PORTS} 個以上のポート、または 1 つのポートで {SCAN_HOSTS} 台以上のホストに拒否されました)。",
            self.span(SCAN_MILLIS)
        )
    }

    fn scan_steps(&self, sender: &str) -> String {
        format!(
            "{sender} で何が動作しているかを確認してください。意図したスキャンでなければ、侵害されたものとみなして隔離してください。通常の\
             通信であれば、ルールが削除されたとみられるため、元に戻してください。レコードは次のリンクで確認できます"
        )
    }
}

/// How the server is known, and how sure that is.
fn judged_by(basis: ServerBasis) -> &'static str {
    match basis {
        ServerBasis::TcpFlags => "tcp-flags から判断、確実",
        ServerBasis::AcceptedOpposite => "逆方向で許可された通信から判断、可能性: 高",
        ServerBasis::KnownPort => "既知のポートから判断、可能性: 高",
        ServerBasis::ManyPorts => "片側のポートが 1 つで他方が複数であることから判断、可能性: 高",
        ServerBasis::LowPort => "ポート番号の小ささから判断、可能性: あり",
    }
}
