//! The digest in Japanese.

use crate::{
    digest::{Cadence, IncidentState, Part, Unknown},
    incident::Signal,
    notification::language::{
        digest::{DigestPhrases, Internet, VerdictWords},
        japanese::Japanese,
    },
    text::grouped,
};

impl DigestPhrases for Japanese {
    fn subject(&self, rule: &str, cadence: Cadence, date: &str, parts: &[String]) -> String {
        let title = match cadence {
            Cadence::Daily => "日次レポート",
            Cadence::Weekly => "週次レポート",
        };
        format!("[{rule}] {title} {date}: {}", parts.join("、"))
    }

    fn verdict(&self, verdict: VerdictWords<'_>) -> String {
        match verdict {
            VerdictWords::Nothing => "自側の通信の拒否なし".to_owned(),
            VerdictWords::Incidents(count) => format!("インシデント {} 件", grouped(count)),
            VerdictWords::Records(records, _) => format!("自側の通信を拒否 ({records})"),
            VerdictWords::NoRecords => "フローログのレコードなし".to_owned(),
            VerdictWords::Unknown => "拒否の有無は不明".to_owned(),
        }
    }

    fn subject_pings(&self, pings: u64, background: bool) -> String {
        match background {
            true => format!("バックグラウンドの ping {} 件", grouped(pings)),
            false => format!("インターネットからの ping {} 件", grouped(pings)),
        }
    }

    fn subject_gaps(&self) -> &'static str {
        "レコード欠落の可能性あり"
    }

    fn opening(&self, verdict: VerdictWords<'_>, from: &str, to: &str) -> String {
        let over = format!("{from} から {to} までの間");
        match verdict {
            VerdictWords::Nothing => format!("{over}、自側の通信の拒否はありませんでした。"),
            VerdictWords::Incidents(count) => format!("{over}に、インシデントが {} 件ありました。", grouped(count)),
            VerdictWords::Records(records, connections) => {
                let what = if connections { "通信" } else { " ping " };
                format!("{over}、自側とプライベートネットワークの{what}が拒否されました ({records})。")
            }
            VerdictWords::NoRecords => format!("{over}、フローログのレコードが届いていないため、状況は不明です。"),
            VerdictWords::Unknown => format!("{over}に自側の通信が拒否されたかどうかは不明です。"),
        }
    }

    fn check_flow_log(&self, log_group: &str) -> String {
        format!("フローログが存在し、ロググループ {log_group} に書き込めることを確認してください。")
    }

    fn reported_before(&self, connections: bool) -> &'static str {
        if connections {
            return "この間にインシデントのメールは送信されていません。以前に通知したインシデント、通知の停止 (silence)、件数のみを数えるルールの対象、\
                    または単発のパケットです。";
        }
        "この間にインシデントのメールは送信されていません。以前に通知したインシデント、または通知の停止 (silence) の対象です。"
    }

    fn incident(&self, first: &str, signal: Option<Signal>, subject: &str, state: IncidentState, last: &str) -> String {
        let signal = signal.map(|signal| format!(" ({})", self.signal(signal))).unwrap_or_default();
        let state = match state {
            IncidentState::Resolved => String::new(),
            IncidentState::Open => format!("。最新のメール ({last}) の時点で継続中です。"),
            IncidentState::NotReported => "。収束はメールで通知されません (ResolvedEmails=no)。".to_owned(),
        };
        format!("{first}{signal}: {subject}{state}")
    }

    fn signal(&self, signal: Signal) -> &'static str {
        match signal {
            Signal::OwnRequest => "自側からの要求",
            Signal::OwnAnswer => "自側からの応答",
            Signal::Private => "プライベートネットワーク",
            Signal::MustReach => "到達必須の送信元",
            Signal::HealthCheck => "ヘルスチェック",
            Signal::Flood => "フラッド",
            Signal::PersistentPing => "継続的な ping",
            Signal::Internet => "インターネット",
        }
    }

    fn incidents_incomplete(&self) -> &'static str {
        "一覧にできるメールは 100 件までのため、ほかにもインシデントがある可能性があります。"
    }

    fn own_records(&self, records: &str, connections: bool) -> String {
        let what = if connections { "通信" } else { " ping " };
        format!("自側とプライベートネットワークの{what}の拒否: {records}。")
    }

    fn background(&self, of: Internet, amounts: &str, usual: Option<&str>, cadence: Cadence, periods: u64) -> String {
        let periods = match (cadence, periods) {
            (Cadence::Daily, 1) => "前日".to_owned(),
            (Cadence::Weekly, 1) => "前週".to_owned(),
            (Cadence::Daily, days) => format!("直前 {days} 日間の中央値"),
            (Cadence::Weekly, weeks) => format!("直前 {weeks} 週間の中央値"),
        };
        let usual = usual.map(|usual| format!("{periods}: {usual}。")).unwrap_or_default();
        let what = match of {
            Internet::Pings => "インターネットからの ping",
            Internet::Connections => "インターネットからの TCP / UDP の拒否",
        };
        format!("{what}: {amounts}。{usual}")
    }

    fn digested(&self, rule: &str, records: &str) -> String {
        format!("自側とプライベートネットワーク、ルール {rule} (メール送信なし): {records}。")
    }

    fn late(&self, records: &str) -> String {
        format!("終了した接続の遅延パケット (問題なし): {records}。")
    }

    fn ranked(&self, address: &str, packets: &str) -> String {
        format!("{address} ({packets})")
    }

    fn sources(&self, ranked: &str) -> String {
        format!("主な送信元: {ranked}。")
    }

    fn targets(&self, ranked: &str) -> String {
        format!("主な宛先: {ranked}。")
    }

    fn new_sources(&self, addresses: Option<&str>) -> String {
        match addresses {
            Some(addresses) => format!("新しい送信元 (直前 7 日間のどの日も上位 100 件に含まれない): {addresses}。"),
            None => "このうち新しい送信元はありません。".to_owned(),
        }
    }

    fn silences(&self) -> &'static str {
        "通知の停止 (silence):"
    }

    fn silence(&self, what: &str, until: &str, by: &str, reason: &str, held_back: Option<&str>) -> String {
        let held_back = held_back.map(|records| format!("この間に通知しなかった件数: {records}。")).unwrap_or_default();
        format!("{what}、{until} まで、設定者 {by}、理由: {reason}。{held_back}")
    }

    fn coverage(&self, interfaces: Option<&str>, newest: Option<&str>, none: &[&str]) -> String {
        let seen = match (interfaces, newest) {
            (Some(interfaces), Some(newest)) => {
                Some(format!("{interfaces}からレコードを受信し、最新のレコードは {newest} に届きました。"))
            }
            (Some(interfaces), None) => Some(format!("{interfaces}からレコードを受信しました。")),
            (None, Some(newest)) => Some(format!("最新のレコードは {newest} に届きました。")),
            (None, None) => None,
        };
        let none = Some(none).filter(|none| !none.is_empty()).map(|none| format!("{}はありません。", none.join("、")));
        let sentences: String = seen.into_iter().chain(none).collect();
        if sentences.is_empty() { sentences } else { format!("監視状況: {sentences}") }
    }

    fn stale(&self, age: Option<&str>) -> String {
        match age {
            Some(age) => format!("最後のレコードから {age}が経過しています。"),
            None => "1 日以上レコードが届いていません。".to_owned(),
        }
    }

    fn gone(&self, interfaces: &str, names: &str) -> String {
        format!("直前 7 日間にはレコードがあった {interfaces}から、この間はレコードが届いていません: {names}。")
    }

    fn skipped(&self, records: &str) -> String {
        format!(
            "AWS 側でスキップされたデータ (SKIPDATA) が {records}あります。拒否された ping が欠落している可能性があります。"
        )
    }

    fn unparsed(&self, lines: u64) -> String {
        format!("読み取れない行が {} 行あります。理由は関数のログにあります。", grouped(lines))
    }

    fn failed_batches(&self, batches: u64) -> String {
        format!("失敗キューにバッチが {} 件あります。再処理するまでメールで通知されません。", grouped(batches))
    }

    fn failed_timers(&self, messages: u64) -> String {
        format!(
            "タイマーの失敗キューにメッセージが {} 件あります。再処理するまで該当のメールは送信されません。",
            grouped(messages)
        )
    }

    fn not_known(&self, parts: &str) -> String {
        format!("不明な項目: {parts}。")
    }

    fn for_reason(&self, parts: &[&str], reason: &str) -> String {
        format!("{} ({reason})", parts.join("、"))
    }

    fn part(&self, part: Part) -> &'static str {
        match part {
            Part::OwnRecords => "自側の拒否件数",
            Part::Incidents => "インシデントの一覧",
            Part::Background => "インターネットからの ping",
            Part::Median => "通常時の件数",
            Part::Sources => "主な送信元",
            Part::NewSources => "新しい送信元",
            Part::Targets => "主な宛先",
            Part::Connections => "インターネットからの TCP / UDP",
            Part::Late => "遅延パケット",
            Part::HeldBack => "停止により通知しなかった件数",
            Part::LogEvents => "レコードの件数",
            Part::Newest => "最新のレコードの時刻",
            Part::Interfaces => "レコードのあったインターフェイス",
            Part::GoneInterfaces => "レコードが途絶えたインターフェイス",
            Part::Skipped => "SKIPDATA レコード",
            Part::Unparsed => "読み取れない行",
            Part::FailedBatches => "失敗したバッチ",
            Part::FailedTimers => "失敗したタイマーメッセージ",
        }
    }

    fn unknown(&self, unknown: &Unknown) -> String {
        match unknown {
            Unknown::SwitchedOff(setting) => format!("{setting} により無効"),
            Unknown::CustomFormat => "既定のフローログ形式が必要".to_owned(),
            Unknown::TooSlow => "CloudWatch が時間内に応答せず".to_owned(),
            Unknown::Failed(reason) => reason.clone(),
            Unknown::TooMany => "100 件超".to_owned(),
            Unknown::NothingBefore => "以前のレコードなし".to_owned(),
            Unknown::NoValues => "レコードがあるのに値なし".to_owned(),
            Unknown::NotAsked => "未照会".to_owned(),
        }
    }
}
