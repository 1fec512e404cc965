//! Text that came from outside, made fit for one line of an email.

pub mod links;

use std::borrow::Cow;

use unicode_linebreak::linebreaks;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands where a character was that may not be shown.
const REPLACEMENT: char = '\u{fffd}';

/// Stands where the end of a text was cut off.
const ELLIPSIS: char = '…';

/// Makes foreign text safe to stand in one line: no line breaks, no control characters, nothing that turns the direction of
/// the text around it, at most `max_chars` characters.
///
/// Each such character becomes U+FFFD, so that a reader sees that something was there. Runs of spaces stay as they are.
pub fn one_line(text: &str, max_chars: usize) -> Cow<'_, str> {
    // Nearly all of it is printable ASCII. To look at all bytes, whatever the first ones are, is quicker than to stop early.
    let is_plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if is_plain && text.len() <= max_chars {
        return Cow::Borrowed(text);
    }
    if text.chars().count() <= max_chars && !text.chars().any(breaks_out) {
        return Cow::Borrowed(text);
    }
    let clean = text.chars().map(|c| if breaks_out(c) { REPLACEMENT } else { c });
    if text.chars().nth(max_chars).is_none() {
        return Cow::Owned(clean.collect());
    }
    Cow::Owned(clean.take(max_chars.saturating_sub(1)).chain([ELLIPSIS]).collect())
}

/// Cuts a text so that it is at most `max_bytes` long, at a character boundary.
pub fn cut_bytes(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// Tells whether a character could leave its line or disturb the ones beside it.
fn breaks_out(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}'                          // line and paragraph separator
            | '\u{061c}' | '\u{200e}' | '\u{200f}'           // directional marks
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // directional embeddings, overrides, isolates
            | '\u{200b}' | '\u{2060}' | '\u{feff}'           // invisible: a name could hide another
            | '\u{e0000}'..='\u{e007f}') // tags, invisible too
}

/// A number with its thousands set apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Makes a foreign name fit to stand within a sentence: as [`one_line`] does, with no link in it that an email reader would make
/// one, in quotation marks where it has spaces, and never broken by [`wrap`]. None where nothing is left to show.
pub fn name(text: &str, max_columns: usize) -> Option<String> {
    let text = cut_columns(inert(text.trim(), max_columns), max_columns);
    if text.is_empty() {
        return None;
    }
    let mut name = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            ' ' => name.push(NO_BREAK_SPACE),
            '"' => name.push('\''),
            c => name.push(c),
        }
        if c.width().unwrap_or_default() > 1 {
            name.push(NO_BREAK);
        }
    }
    Some(if text.contains(char::is_whitespace) { format!("\"{name}\"") } else { name })
}

/// Cuts inert text behind so many columns, and says so.
fn cut_columns(text: String, max_columns: usize) -> String {
    let mut left = max_columns;
    let fits = |c: char| {
        let columns = c.width().unwrap_or_default();
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    };
    let cut = text.len() - text.trim_start_matches(fits).len();
    if cut == text.len() {
        return text;
    }
    let mut kept = &text[..cut];
    // The beginning of a name can be a link that the whole was not: `x.commerce`.
    while links::defused(kept) != kept {
        kept = &kept[..kept.floor_char_boundary(kept.len() - 1)];
    }
    format!("{kept}{ELLIPSIS}")
}

/// Foreign text on one line, as [`one_line`] makes it, with no link in it that an email reader would make one.
pub fn inert(text: &str, max_chars: usize) -> String {
    links::defused(&one_line(text, max_chars))
}

/// Removes the characters that show [`wrap`] where to break and where not.
pub fn settle(text: &str) -> String {
    text.replace(NO_BREAK_SPACE, " ").replace([NO_BREAK, BREAK], "")
}

/// Stands for a space where a line may not be broken, until [`settle`].
const NO_BREAK_SPACE: char = '\u{a0}';

/// Stands where [`wrap`] may break a line although the rules would not, until [`settle`].
pub const BREAK: char = '\u{200b}';

/// Stands between characters where a line may not be broken, until [`settle`].
const NO_BREAK: char = '\u{2060}';

/// Breaks a paragraph into lines of at most so many columns, in which a Japanese character takes two: at spaces, and beside wide
/// characters where the Unicode line breaking rules (<https://www.unicode.org/reports/tr14/>) allow it. A longer word keeps a
/// line of its own.
///
/// The rules alone would also break `eni-0a1b2c` and paths; an identifier is copied more often than it is read.
pub fn wrap(paragraph: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, _) in linebreaks(paragraph) {
        let before = paragraph[..end].chars().next_back();
        let after = paragraph[end..].chars().next();
        let wide = |c: Option<char>| c.and_then(char::width) == Some(2);
        if after.is_some() && !matches!(before, Some(' ' | BREAK)) && !wide(before) && !wide(after) {
            continue;
        }
        let piece = &paragraph[start..end];
        start = end;
        if !line.is_empty() && line.width() + piece.trim_end().width() > columns {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(if line.is_empty() { piece.trim_start() } else { piece });
    }
    lines.extend(Some(line.trim_end().to_owned()).filter(|line| !line.is_empty()));
    lines
}

/// The columns that a text takes: two for a Japanese character.
pub fn columns(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line() {
        for (text, expect) in [
            ("web-1", "web-1"),
            ("a\r\nSubject: b", "a\u{fffd}\u{fffd}Subject: b"),
            ("tab\there", "tab\u{fffd}here"),
            ("bell\u{7}", "bell\u{fffd}"),
            ("del\u{7f}", "del\u{fffd}"),
            ("\u{1f}", "\u{fffd}"),
            ("a b~", "a b~"),
            ("nel\u{85}x", "nel\u{fffd}x"),
            ("ls\u{2028}x", "ls\u{fffd}x"),
            ("rtl\u{202e}txt", "rtl\u{fffd}txt"),
            ("hid\u{200b}den", "hid\u{fffd}den"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("日本語の名前", "日本語の名前"),
        ] {
            assert_eq!(one_line(text, 40), expect, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_by_characters_and_says_so() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("日本語日本語", 4), "日本語…");
        assert_eq!(one_line(&"x".repeat(10_000), 64).chars().count(), 64);
    }

    #[test]
    fn bytes_are_cut_at_a_character() {
        assert_eq!(cut_bytes("日本", 5), "日");
        assert_eq!(cut_bytes("日本", 6), "日本");
        assert_eq!(cut_bytes("ab", 9), "ab");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            (grouped(999), grouped(1_000), grouped(1_234_567)),
            ("999".into(), "1,000".into(), "1,234,567".into())
        );
    }

    #[test]
    fn paragraphs_wrap_at_spaces() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aa bbbbbbbb cc", 5), ["aa", "bbbbbbbb", "cc"]);
        assert_eq!(wrap("aa  bb", 9), ["aa  bb"]);
        assert!(wrap("", 5).is_empty());
    }

    #[test]
    fn japanese_wraps_between_characters_but_not_before_a_full_stop() {
        assert_eq!(wrap("あいうえお", 4), ["あい", "うえ", "お"]);
        assert_eq!(wrap("あいう。", 6), ["あい", "う。"]);
        assert_eq!(wrap("あ「いう", 4), ["あ", "「い", "う"]);
        assert_eq!(wrap("ping 4 件に応答", 8), ["ping 4", "件に応答"]);
        assert_eq!(wrap("サーバー", 6), ["サー", "バー"]);
    }

    #[test]
    fn identifiers_are_not_broken() {
        assert_eq!(wrap("on eni-abc/def x", 6), ["on", "eni-abc/def", "x"]);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_sentence() {
        for (text, expect) in [
            ("web-1", Some("web-1")),
            (" prod web ", Some("\"prod web\"")),
            ("a\nNEXT   Nothing", Some("\"a\u{fffd}NEXT   Nothing\"")),
            ("https://phish.example", Some("https[:]//phish[.]example")),
            ("WWW.phish.example", Some("WWW[.]phish[.]example")),
            ("evil.com/login", Some("evil[.]com/login")),
            ("web-1.prod", Some("web-1.prod")),
            ("say \"no\"", Some("\"say 'no'\"")),
            ("業務サーバー", Some("業務サーバー")),
            ("  ", None),
        ] {
            assert_eq!(name(text, 40).as_deref().map(settle).as_deref(), expect, "{text:?}");
        }
        assert_eq!(settle(&name("業務サーバー", 7).unwrap()), "業務サ…");
    }

    #[test]
    fn a_name_that_is_cut_becomes_no_link() {
        for (text, columns, expect) in [
            ("x.commerce", 20, "x.commerce"),
            ("x.commerce", 5, "x[.]c…"),
            // Here the columns run out before the characters do.
            ("東京東京x.commerce", 13, "東京東京x.c…"),
            ("evil.com/login", 10, "evil[.]com…"),
            ("evil.com/login", 6, "evil.…"),
        ] {
            assert_eq!(settle(&name(text, columns).unwrap()), expect, "{text} {columns}");
        }
    }

    #[test]
    fn a_name_is_not_wrapped() {
        let name = name("NEXT Nothing to do 何も", 40).unwrap();
        assert_eq!(wrap(&format!("so {name} it is"), 12).len(), 3);
    }
}
