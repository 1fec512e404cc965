//! Text that came from outside, made fit for one line of a mail.

use std::borrow::Cow;

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

/// A count with its noun: `1 packet`, `4 packets`.
pub fn count(number: u64, singular: &str) -> String {
    if number == 1 {
        format!("1 {singular}")
    } else if let Some(stem) = singular.strip_suffix("ss") {
        format!("{} {stem}sses", grouped(number))
    } else {
        format!("{} {singular}s", grouped(number))
    }
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

/// Breaks a paragraph into lines of at most `width` characters, at spaces; a longer word keeps a line of its own.
pub fn wrap(paragraph: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                used = length;
            }
        }
    }
    lines
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
    fn counts_agree_with_their_noun() {
        assert_eq!(count(1, "packet"), "1 packet");
        assert_eq!(count(0, "packet"), "0 packets");
        assert_eq!(count(1_234_567, "byte"), "1,234,567 bytes");
        assert_eq!(count(2, "address"), "2 addresses");
        assert_eq!((grouped(999), grouped(1_000)), ("999".into(), "1,000".into()));
    }

    #[test]
    fn paragraphs_wrap_at_spaces() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aa bbbbbbbb cc", 5), ["aa", "bbbbbbbb", "cc"]);
        assert!(wrap("", 5).is_empty());
    }
}
