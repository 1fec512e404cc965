//! Japanese.

mod connections;
mod digest;
mod facts;
mod headlines;
mod names;
mod opening;
mod reasons;
mod steps;

use crate::{
    detection::Direction,
    notification::language::{
        phrases::Phrases,
        terms::{Fact, Noun, Number, Section, Traffic},
    },
    text::grouped,
    time::{MINUTE_MILLIS, SECOND_MILLIS},
};

/// Japanese about some packets.
#[derive(Clone, Copy)]
pub(super) struct Japanese(pub(super) Traffic);

impl Phrases for Japanese {
    fn count(&self, number: Number, noun: Noun) -> String {
        if number == Number::Unknown {
            return format!("不明な{}", noun_word(noun));
        }
        let word = noun_word(noun);
        let or_more = or_more(number);
        let number = amount(number);
        match noun {
            Noun::Ping | Noun::Attempt | Noun::Source | Noun::Target | Noun::LogGroup => {
                // `送信元約 126 件`, but `送信元 126 件` and `ping 約 126 件`.
                let gap = if number.is_ascii() || word.is_ascii() { " " } else { "" };
                format!("{word}{gap}{number} 件{or_more}")
            }
            Noun::Host | Noun::Client | Noun::Checker => glue(&[&format!("{number} 台{or_more}の"), word]),
            Noun::Address | Noun::Service | Noun::Port | Noun::Zone | Noun::Interface | Noun::Vpc => {
                glue(&[&format!("{number} 個{or_more}の"), word])
            }
            Noun::Line => format!("{number} 行{or_more}"),
            Noun::Packet
            | Noun::Byte
            | Noun::Record
            | Noun::Flow
            | Noun::Account
            | Noun::Region
            | Noun::Subnet
            | Noun::Instance => format!("{number} {word}{or_more}"),
        }
    }

    fn and_more(&self, number: Number) -> String {
        and_more(number)
    }

    fn items(&self, items: &[String]) -> String {
        items.join("、")
    }

    fn groups(&self, groups: &[String]) -> String {
        groups.join("、")
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

    fn with_more(&self, first: &str, more: &str) -> String {
        format!("{first}、{more}")
    }

    fn link(&self, text: &str) -> String {
        format!("{text}。")
    }

    fn heading(&self, section: Section) -> &'static str {
        match section {
            Section::Actions => "対応",
            Section::Why => "原因",
            Section::Details => "詳細",
            Section::Records => "ログレコード",
            Section::Links => "リンク",
        }
    }

    fn label(&self, fact: Fact) -> &'static str {
        match fact {
            Fact::What => "件数",
            Fact::Total => "累計",
            Fact::Untracked => "一覧外",
            Fact::Unreadable => "読み取り不可",
            Fact::From => "送信元",
            Fact::To => "宛先",
            Fact::Service => "サービス",
            Fact::ClientPorts => "クライアントポート",
            Fact::Ports => "ポート",
            Fact::Where => "場所",
            Fact::LogGroup => "ロググループ",
            Fact::Direction => "方向",
            Fact::When => "時刻",
            Fact::Flows => "フロー",
        }
    }

    fn left_out(&self, bytes: u64) -> String {
        format!("[メールが長くなりすぎるため {} バイトを省略しました]", grouped(bytes))
    }
}

/// How many more there are than were named.
fn and_more(number: Number) -> String {
    match number {
        Number::Unknown => "ほか (件数不明)".to_owned(),
        number => glue(&["ほか", &format!("{} 件{}", amount(number), or_more(number))]),
    }
}

/// The noun alone.
fn noun_word(noun: Noun) -> &'static str {
    match noun {
        Noun::Ping => "ping",
        Noun::Attempt => "接続試行",
        Noun::Packet => "パケット",
        Noun::Byte => "バイト",
        Noun::Record => "レコード",
        Noun::Line => "行",
        Noun::Source => "送信元",
        Noun::Target => "宛先",
        Noun::Address => "アドレス",
        Noun::Service => "サービス",
        Noun::Client => "クライアント",
        Noun::Host => "ホスト",
        Noun::Port => "ポート",
        Noun::Checker => "ヘルスチェッカー",
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

fn amount(number: Number) -> String {
    match number {
        Number::Exactly(amount) | Number::AtLeast(amount) => grouped(amount),
        Number::About(amount) => format!("約 {}", grouped(amount)),
        Number::Unknown => "不明な数".to_owned(),
    }
}

/// What stands behind the unit of a number that may be larger.
fn or_more(number: Number) -> &'static str {
    if matches!(number, Number::AtLeast(_)) { "以上" } else { "" }
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
        let takes_none = |c: char| matches!(c, ' ' | '、' | '。');
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
