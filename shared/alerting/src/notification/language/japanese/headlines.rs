//! Headlines, and how things stand, in Japanese.

use crate::{
    incident::{Reason, Signal, SignalPolicy},
    notification::{
        kind::NotificationKind,
        language::{
            japanese::{Japanese, glue, lasting},
            phrases::Headlines,
            terms::{Parties, RejectionKind, SilenceWords, Traffic},
        },
        severity::Severity,
    },
    text::grouped,
};

impl Headlines for Japanese {
    fn headline(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other, .. } = parties;
        let new = if more { "新たな" } else { "" };
        match story {
            RejectionKind::AnswersStopped => glue(&[own, "が", other, "からの", new, amount, "に応答できませんでした"]),
            RejectionKind::AnswersNotReceived => {
                glue(&[own, "が", other, "への", new, amount, "の応答を受信できませんでした"])
            }
            RejectionKind::Outbound => glue(&[own, "が", other, "へ", new, amount, "を送信できませんでした"]),
            RejectionKind::Inbound => glue(&[other, "から", own, "への", new, amount, "が拒否されました"]),
            RejectionKind::Between => glue(&[own, "と", other, "の間の", new, amount, "が拒否されました"]),
            RejectionKind::Rejected => glue(&[own, "から", other, "への", new, amount, "が拒否されました"]),
        }
    }

    fn brief(&self, story: RejectionKind, parties: Parties<'_>, pings: &str, more: bool) -> String {
        let Parties { own, other, .. } = parties;
        let rejected = glue(&[pings, if more { "の新たな拒否" } else { "の拒否" }]);
        match story {
            RejectionKind::Inbound => addressed((own, parties.own_named), (other, parties.other_named), &rejected),
            RejectionKind::Rejected => addressed((other, parties.other_named), (own, parties.own_named), &rejected),
            RejectionKind::Between => glue(&[own, "と", other, "の間の", &rejected]),
            _ => self.headline(story, parties, pings, more),
        }
    }

    fn terse(&self, story: RejectionKind, parties: Parties<'_>, pings: &str, more: bool) -> String {
        let Parties { own, other, own_named, other_named } = parties;
        let pings = glue(&[if more { "新たな" } else { "" }, pings]);
        let (own, from, to) = (own, role("送信元", other, other_named), role("宛先", other, other_named));
        match story {
            RejectionKind::AnswersStopped => format!("{pings}に応答できませんでした ({own}、{from})"),
            RejectionKind::AnswersNotReceived => format!("{pings}の応答を受信できませんでした ({own}、{to})"),
            RejectionKind::Outbound => format!("{pings}を送信できませんでした ({own}、{to})"),
            RejectionKind::Inbound => format!("{pings}の拒否 ({}、{from})", role("宛先", own, own_named)),
            RejectionKind::Between => format!("{pings}の拒否 ({own}、{other})"),
            RejectionKind::Rejected => format!("{pings}の拒否 ({}、{to})", role("送信元", own, own_named)),
        }
    }

    fn test_of(&self, headline: &str) -> String {
        format!("TEST (テスト): {headline}")
    }

    fn uncounted_pings(&self, records: &str) -> String {
        format!("ping ({records})")
    }

    fn subject(&self, rule: &str, kind: NotificationKind, silenced: bool, _: Option<&str>, headline: &str) -> String {
        match kind {
            NotificationKind::Opened => format!("[{rule}] {headline}"),
            NotificationKind::Reopened => format!("[{rule}] 再発: {headline}"),
            NotificationKind::Update => format!("[{rule}] 継続中: {headline}"),
            NotificationKind::Resolved if silenced => format!("[{rule}] 通知停止中: {headline}"),
            NotificationKind::Resolved => format!("[{rule}] 収束: {headline}"),
        }
    }

    fn opened_since(&self, since: &str) -> String {
        format!("【新規】{since} に発生しました。")
    }

    fn update_since(&self, since: &str) -> String {
        format!("【継続中】{since} から続いています。")
    }

    fn reopened_since(&self, since: &str, resolved: &str) -> String {
        format!("【再発】{resolved} にいったん収束しましたが、再び発生しました。最初の発生は {since} です。")
    }

    fn resolved_over(&self, range: &str, lasted: &str, silenced: bool) -> String {
        if silenced {
            return format!("【通知停止中】{range} ({}) に拒否がありました。", lasting(lasted));
        }
        format!("【収束】{range} ({}) の拒否は収束しました。", lasting(lasted))
    }

    fn silenced(&self, silence: &SilenceWords<'_>) -> String {
        let SilenceWords { id, conditions, until, by, reason, since, ended } = silence;
        let covers = match ended {
            None => format!("{since} 以降、該当する拒否の通知を停止しています"),
            Some(ended) => format!("{since} から {ended} まで、該当する拒否の通知を停止していました"),
        };
        format!(
            "通知の停止 {id} ({conditions}、{until} まで、設定者 {by}、理由: {reason}) により、{covers}。このメールの件数には\
             含まれません。"
        )
    }

    fn more_silences(&self, more: u64) -> String {
        format!("ほかに {} 件の通知の停止があり、該当する拒否はこのメールの件数に含まれません。", grouped(more))
    }

    fn severity(&self, severity: Severity) -> String {
        let word = match severity {
            Severity::Info => "情報",
            Severity::Low => "低",
            Severity::Medium => "中",
            Severity::High => "高",
        };
        format!("重大度は{word} ({}) です。", severity.word())
    }

    fn incident_because(&self, signal: Signal, policy: &SignalPolicy, undecided: bool) -> String {
        let so_many = |packets: u64, what: &str| match packets {
            0 => String::new(),
            packets => format!(" ({what} {} パケット以上)", grouped(packets)),
        };
        let because = match (signal, self.0) {
            (Signal::OwnRequest, Traffic::Pings) => {
                "自ネットワークから送信した ping、またはその応答が拒否された".to_owned()
            }
            (Signal::OwnRequest, Traffic::Connections) => {
                "自ネットワークから送信したリクエスト、またはその応答が拒否された".to_owned()
            }
            (Signal::OwnAnswer, traffic) => {
                glue(&["許可された", request(traffic), "に対する自ネットワークからの応答が拒否された"])
            }
            (Signal::Private, traffic) if undecided => glue(&[
                "プライベートネットワークからの",
                request(traffic),
                "、または送信元のネットワークを判別できない",
                request(traffic),
                "が拒否された",
            ]),
            (Signal::Private, traffic) => glue(&["プライベートネットワークからの", request(traffic), "が拒否された"]),
            (Signal::MustReach, traffic) => {
                glue(&["到達する必要がある送信元 (パラメータ MustReach) からの", request(traffic), "が拒否された"])
            }
            (Signal::HealthCheck, _) => "Route 53 のヘルスチェックが拒否された".to_owned(),
            (Signal::Flood, traffic) => glue(&[
                "インターネットからの大量の",
                such(traffic),
                &so_many(policy.flood_packets_per_minute, "1 つの宛先へ 1 分間に"),
                "である",
            ]),
            (Signal::PersistentPing, traffic) => glue(&[
                "インターネットからの継続的な",
                such(traffic),
                &so_many(policy.persistent_packets, "レコードの 1 バッチで 1 つの送信元から 1 つの宛先へ"),
                "である",
            ]),
            (Signal::Internet, Traffic::Pings) => {
                "インターネットからの ping をすべて通知する設定 (パラメータ InternetPings) である".to_owned()
            }
            (Signal::Internet, Traffic::Connections) => "インターネットからの拒否をすべて通知する設定である".to_owned(),
        };
        format!("{because}ため、インシデントとして扱っています。")
    }

    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String {
        format!("前回のインシデントは {ended} に収束しました ({}に {amounts})。", lasting(lasted))
    }

    fn because(&self, reason: Reason, kind: NotificationKind) -> Option<String> {
        match (reason, kind) {
            (Reason::UpdateDue | Reason::NewAddress, NotificationKind::Reopened) => {
                Some("収束後 1 時間以内に、同様の拒否が再びありました。".to_owned())
            }
            (Reason::NewAddress, _) => Some(
                "このインシデントのメールにまだ記載のないアドレスで拒否があったため、予定より早く送信しました。"
                    .to_owned(),
            ),
            (Reason::New | Reason::UpdateDue | Reason::Open | Reason::Quiet, _)
            | (Reason::LeaseExpired, NotificationKind::Resolved) => None,
            // The rest decide that nothing is sent, or that an earlier attempt is finished.
            (
                Reason::LeaseExpired
                | Reason::Reopened
                | Reason::Silenced
                | Reason::Capped
                | Reason::Resumed
                | Reason::Repeated
                | Reason::NotDue
                | Reason::SendInProgress
                | Reason::Stale,
                _,
            ) => Some("先に送信するはずの処理が途中で停止したため、遅れて送信しました。".to_owned()),
        }
    }

    fn sent_after(&self, span: &str, first: bool) -> String {
        format!("{}パケットの {span}後に送信しました。", if first { "最初の" } else { "最後の" })
    }

    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String {
        let sooner =
            if sooner { " (別のアドレスで拒否があれば、それより早く送信します)" } else { "" };
        let end = if resolved {
            "収束とし、メールでお知らせします"
        } else {
            "収束とします (メールは送信しません)"
        };
        format!("続く場合は {next} に続報を送信します{sooner}。同様の拒否が {}なければ{end}。", lasting(quiet))
    }

    fn covers_since(&self, number: u32, at: &str) -> String {
        format!("このインシデントの {number} 通目のメールで、{at} の前回のメール以降の内容です。")
    }

    fn covers_incident(&self, number: u32, resolved_before: Option<&str>) -> String {
        match resolved_before {
            None => format!("このインシデントの {number} 通目のメールで、インシデント全体の内容です。"),
            Some(at) => format!(
                "このインシデントの {number} 通目のメールで、{at} に収束したあと再発してからの内容です。累計のみがインシデント全体の\
                 値です。"
            ),
        }
    }

    fn since_last_email(&self, amounts: Option<&str>) -> String {
        match amounts {
            Some(amounts) => glue(&["前回のメール以降は", amounts, "です。"]),
            None => "前回のメール以降、同様の拒否はありません。".to_owned(),
        }
    }
}

/// What a request is called.
fn request(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Pings => "ping",
        Traffic::Connections => "リクエスト",
    }
}

/// What the packets are called.
fn such(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Pings => "ping",
        Traffic::Connections => "パケット",
    }
}

/// Senders or receivers as such, where their number does not say it: `送信元 198.51.100.23`, `送信元約 126 件`.
fn role(role: &str, who: &str, is_named: bool) -> String {
    if is_named { glue(&[role, who]) } else { who.to_owned() }
}

/// `web-1 宛て ping 434 件の拒否 (送信元約 126 件)`: receivers and senders, each with whether it is a name.
fn addressed(to: (&str, bool), from: (&str, bool), rejected: &str) -> String {
    let to = glue(&[to.0, if to.1 { "宛て" } else { "への" }]);
    format!("{} ({})", glue(&[&to, rejected]), role("送信元", from.0, from.1))
}
