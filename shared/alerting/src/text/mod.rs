//! Text that came from outside, made fit for one line of an email.

pub mod links;

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

/// A foreign text as one word of a shell's command line: in single quotation marks, unless nothing in it means anything to a shell.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    // The only way to a quotation mark is out of the quotation and back in.
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
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
/// one, in quotation marks where it has spaces. None where nothing is left to show.
pub fn name(text: &str, max_chars: usize) -> Option<String> {
    let text = cut_inert(inert(text.trim(), max_chars), max_chars);
    if text.is_empty() {
        return None;
    }
    let name = text.replace('"', "'");
    Some(if name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name })
}

/// Cuts inert text behind so many characters, and says so: what makes a link harmless makes it longer.
fn cut_inert(text: String, max_chars: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(max_chars) else { return text };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_word_is_one_word_of_a_shell() {
        for (text, word) in [
            ("eni-0c19436730cc350ae", "eni-0c19436730cc350ae"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("`reboot`", "'`reboot`'"),
            ("a;b&c|d>e<f", "'a;b&c|d>e<f'"),
            ("it's", r"'it'\''s'"),
            ("~root", "'~root'"),
            ("a\nb", "'a\nb'"),
            ("チーム", "'チーム'"),
        ] {
            assert_eq!(super::shell_word(text), word);
        }
    }

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
            assert_eq!(name(text, 40).as_deref(), expect, "{text:?}");
        }
        assert_eq!(name("業務サーバー", 4).unwrap(), "業務サ…");
    }

    #[test]
    fn a_name_that_is_cut_becomes_no_link() {
        for (text, chars, expect) in [
            ("x.commerce", 20, "x.commerce"),
            ("x.commerce", 5, "x[.]c…"),
            ("東京東京x.commerce", 8, "東京東京x.c…"),
            ("evil.com/login", 10, "evil[.]com…"),
            ("evil.com/login", 6, "evil.…"),
        ] {
            assert_eq!(name(text, chars).unwrap(), expect, "{text} {chars}");
        }
    }
}
