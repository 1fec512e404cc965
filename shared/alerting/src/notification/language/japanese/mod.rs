//! Japanese.

mod facts;
mod reasons;
mod steps;

use crate::{
    detection::Direction,
    incident::Reason,
    notification::{
        kind::NotificationKind,
        language::{
            phrases::{Headlines, Phrases},
            terms::{Noun, Number, Parties, RejectionKind, Section},
        },
    },
    text::{BREAK, grouped},
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

pub(super) struct Japanese;

impl Phrases for Japanese {
    fn count(&self, number: Number, noun: Noun) -> String {
        if number == Number::Unknown {
            return format!("不明な{}", noun_word(noun));
        }
        let number = amount(number);
        let word = noun_word(noun);
        match noun {
            Noun::Ping | Noun::Source | Noun::Target | Noun::LogGroup => format!("{word} {number} 件"),
            Noun::Address | Noun::Zone | Noun::Interface => format!("{number} 個の{word}"),
            Noun::Vpc => format!("{number} 個の {word}"),
            Noun::Packet
            | Noun::Byte
            | Noun::Record
            | Noun::Flow
            | Noun::Account
            | Noun::Region
            | Noun::Subnet
            | Noun::Instance => format!("{number} {word}"),
        }
    }

    fn and_more(&self, number: Number) -> String {
        format!("ほか {} 件", amount(number))
    }

    fn items(&self, items: &[String]) -> String {
        items.join(&comma())
    }

    fn groups(&self, groups: &[String]) -> String {
        groups.join(&comma())
    }

    fn sentences(&self, clauses: &[String]) -> String {
        clauses.iter().map(|clause| format!("{clause}。")).collect()
    }

    fn joined(&self, sentences: &[String]) -> String {
        sentences.concat()
    }

    fn span(&self, millis: u64) -> String {
        const UNITS: [(&str, u64); 4] = [
            ("日", 24 * 60 * MINUTE_MILLIS),
            ("時間", 60 * MINUTE_MILLIS),
            ("分", MINUTE_MILLIS),
            ("秒", SECOND_MILLIS),
        ];
        crate::notification::language::common::two_largest(millis, &UNITS.map(|(_, size)| size))
            .into_iter()
            .map(|(unit, number)| format!("{number} {}", UNITS[unit].0))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn label(&self, section: Section) -> &'static str {
        match section {
            Section::What => "件数",
            Section::From => "送信元",
            Section::To => "宛先",
            Section::Where => "場所",
            Section::Which => "方向",
            Section::When => "時刻",
            Section::Flows => "フロー",
            Section::Why => "原因",
            Section::Next => "対応",
            Section::Records => "ログレコード",
        }
    }

    fn left_out(&self, bytes: u64) -> String {
        format!("[メールが長くなりすぎるため {} バイトを省略しました]", grouped(bytes))
    }
}

/// The noun alone.
fn noun_word(noun: Noun) -> &'static str {
    match noun {
        Noun::Ping => "ping",
        Noun::Packet => "パケット",
        Noun::Byte => "バイト",
        Noun::Record => "レコード",
        Noun::Source => "送信元",
        Noun::Target => "宛先",
        Noun::Address => "アドレス",
        Noun::Flow => "フロー",
        Noun::Account => "アカウント",
        Noun::Region => "リージョン",
        Noun::LogGroup => "ロググループ",
        Noun::Zone => "アベイラビリティーゾーン",
        Noun::Vpc => "VPC",
        Noun::Subnet => "サブネット",
        Noun::Interface => "インターフェイス",
        Noun::Instance => "インスタンス",
    }
}

/// A comma. The rules of line breaking keep it beside a quotation mark.
fn comma() -> String {
    format!("、{BREAK}")
}

fn amount(number: Number) -> String {
    match number {
        Number::Exactly(amount) => grouped(amount),
        Number::About(amount) => format!("約 {}", grouped(amount)),
        Number::AtLeast(amount) => format!("少なくとも {}", grouped(amount)),
        Number::Unknown => "不明な数".to_owned(),
    }
}

impl Headlines for Japanese {
    fn headline(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other } = parties;
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
        let Parties { own, other } = parties;
        let rejected = glue(&[if more { "新たな" } else { "" }, pings]);
        match story {
            RejectionKind::Inbound => format!("{rejected}を拒否: {other} → {own}"),
            RejectionKind::Between => format!("{rejected}を拒否: {own} ⇔ {other}"),
            RejectionKind::Rejected => format!("{rejected}を拒否: {own} → {other}"),
            _ => self.headline(story, parties, pings, more),
        }
    }

    fn terse(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other } = parties;
        let amount = glue(&[if more { "新たな" } else { "" }, amount]);
        match story {
            RejectionKind::AnswersStopped => format!("{amount}に応答できず: {own} → {other}"),
            RejectionKind::AnswersNotReceived => format!("{amount}の応答を受信できず: {own} ← {other}"),
            RejectionKind::Outbound => format!("{amount}を送信できず: {own} → {other}"),
            _ => self.brief(story, parties, &amount, false),
        }
    }

    fn uncounted_pings(&self, records: &str) -> String {
        format!("ping ({records})")
    }

    fn subject(&self, rule: &str, kind: NotificationKind, lasted: &str, headline: &str) -> String {
        match kind {
            NotificationKind::Opened => format!("[{rule}] {headline}"),
            NotificationKind::Reopened => format!("[{rule}] 再発: {headline}"),
            NotificationKind::Update => format!("[{rule}] 継続中: {headline}"),
            NotificationKind::Resolved => format!("[{rule}] 収束 ({}): {headline}", lasting(lasted)),
        }
    }

    fn opened_since(&self, since: &str) -> String {
        format!("【新規】{since} から")
    }

    fn update_since(&self, since: &str, number: u32) -> String {
        format!("【継続中】{since} から、{number} 通目")
    }

    fn reopened_since(&self, since: &str, resolved: &str, number: u32) -> String {
        format!("【再発】{since} に発生、{resolved} にいったん収束、{number} 通目")
    }

    fn resolved_over(&self, range: &str, number: u32) -> String {
        format!("【収束】{range}、{number} 通目")
    }

    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String {
        format!("前回のインシデントは {ended} に収束しました ({}に {amounts})。", lasting(lasted))
    }

    fn because(&self, reason: Reason, kind: NotificationKind, quiet: &str) -> String {
        match (reason, kind) {
            (Reason::New, _) => "送信理由: 継続中のインシデントがないため、新規に通知しました。".to_owned(),
            (Reason::UpdateDue | Reason::NewAddress, NotificationKind::Reopened) => {
                "送信理由: 収束後 1 時間以内に再び拒否があったため。".to_owned()
            }
            (Reason::NewAddress, _) => {
                "送信理由: このインシデントのメールにまだ記載のないアドレスで拒否があったため。".to_owned()
            }
            (Reason::UpdateDue | Reason::Open, _) => "送信理由: 続報の時刻になり、新しい拒否があったため。".to_owned(),
            (Reason::Quiet, _) | (Reason::LeaseExpired, NotificationKind::Resolved) => {
                format!("送信理由: {}、拒否がなかったため。", lasting(quiet))
            }
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
            ) => "送信理由: 先に送信するはずの処理が途中で止まったため、遅れて送信しています。".to_owned(),
        }
    }

    fn sent_after(&self, span: &str, first: bool) -> String {
        format!("{}パケットの {span}後に送信しました。", if first { "最初の" } else { "最後の" })
    }

    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String {
        let sooner =
            if sooner { " (別のアドレスで拒否があれば、それより前に送ります)" } else { "" };
        let end = if resolved { "収束を通知します" } else { "収束とみなします" };
        format!("続く場合は {next} に続報を送ります{sooner}。拒否が {}なければ{end}。", lasting(quiet))
    }

    fn since_email(&self, at: &str) -> String {
        format!("以下の件数は前回のメール、{at} 以降の分です。")
    }

    fn since_last_email(&self, amounts: Option<&str>) -> String {
        match amounts {
            Some(amounts) => glue(&["前回のメール以降は", amounts, "です。"]),
            None => "前回のメール以降、拒否はありません。".to_owned(),
        }
    }
}

/// A span with the word for its length, where its unit has none.
fn lasting(span: &str) -> String {
    if span.ends_with('間') { span.to_owned() } else { format!("{span}間") }
}

/// Words put together, with a space where a script that has spaces meets one that has none.
pub(super) fn glue(words: &[&str]) -> String {
    let mut text = String::new();
    for word in words {
        let met = text.chars().next_back().zip(word.chars().next());
        let takes_none = |c: char| matches!(c, ' ' | '、' | '。' | BREAK);
        let gap = |(last, first): (char, char)| {
            last.is_ascii() != first.is_ascii() && !takes_none(last) && !takes_none(first)
        };
        if met.is_some_and(gap) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "アウトバウンド",
        Direction::Ingress => "インバウンド",
    }
}
