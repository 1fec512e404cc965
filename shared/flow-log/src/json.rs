//! A strict JSON reader (RFC 8259) that reads a text once and borrows its strings.

use std::borrow::Cow;

use crate::fast::scan::string_run;

/// Maximum nesting depth. Subscriptions use three levels; the limit protects the stack from hostile input.
const MAX_DEPTH: usize = 64;

/// The first error in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// The offset in bytes.
    pub(crate) at: usize,
    /// The fault, in words.
    pub(crate) what: &'static str,
}

pub(crate) type Result<T> = std::result::Result<T, JsonError>;

/// A position in a text.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    pub(crate) at: usize,
}

/// The text between the quotes of a string, checked and not unescaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawStr<'a> {
    pub(crate) raw: &'a str,
    pub(crate) has_escapes: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn error<T>(&self, what: &'static str) -> Result<T> {
        Err(JsonError { at: self.at, what })
    }

    pub(crate) fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips a byte if it is next. Returns whether it was.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    /// Skips white space and a byte that has to follow.
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<()> {
        self.white_space();
        if self.take(byte) { Ok(()) } else { self.error(what) }
    }

    /// Reads an object. `on_member` must read the value of each key.
    pub(crate) fn object(&mut self, mut on_member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<()>) -> Result<()> {
        self.expect(b'{', "expected an object")?;
        self.white_space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.white_space();
            let key = self.string("expected a key")?;
            self.expect(b':', "expected a colon")?;
            self.white_space();
            on_member(self, key.unescape())?;
            self.white_space();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', "expected a comma or the end of the object")?;
        }
    }

    /// Reads an array. `on_item` must read each item.
    pub(crate) fn array(&mut self, mut on_item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.expect(b'[', "expected an array")?;
        self.white_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.white_space();
            on_item(self)?;
            self.white_space();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', "expected a comma or the end of the array")?;
        }
    }

    /// Reads a string; `what` is the error if there is none.
    pub(crate) fn string(&mut self, what: &'static str) -> Result<RawStr<'a>> {
        if !self.take(b'"') {
            return self.error(what);
        }
        let start = self.at;
        let mut has_escapes = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += string_run(rest);
            match self.peek() {
                Some(b'"') => {
                    let raw = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(RawStr { raw, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(_) => return self.error("an unescaped control character in a string"),
                None => return self.error("the text ends inside a string"),
            }
        }
    }

    /// Reads a string and unescapes it.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>> {
        Ok(self.string("expected a string")?.unescape())
    }

    fn escape(&mut self) -> Result<()> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|b| b.is_ascii_hexdigit()) => self.at += 6,
            _ => return self.error("not an escape sequence"),
        }
        Ok(())
    }

    /// Reads a signed 64-bit integer.
    pub(crate) fn integer(&mut self, what: &'static str) -> Result<i64> {
        let start = self.at;
        self.number()?;
        match self.text.get(start..self.at).unwrap_or_default().parse() {
            Ok(number) => Ok(number),
            Err(_) => Err(JsonError { at: start, what }),
        }
    }

    fn number(&mut self) -> Result<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        if digits == 0 { self.error("expected a value") } else { Ok(()) }
    }

    /// Skips any value.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.skip_within(MAX_DEPTH)
    }

    /// Skips any value and returns its text.
    pub(crate) fn skipped(&mut self) -> Result<&'a str> {
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn skip_within(&mut self, depth: usize) -> Result<()> {
        self.white_space();
        let nested = matches!(self.peek(), Some(b'{' | b'['));
        let Some(depth) = depth.checked_sub(usize::from(nested)) else {
            return self.error("nested too deeply");
        };
        match self.peek() {
            Some(b'{') => self.object(|cursor, _| cursor.skip_within(depth)),
            Some(b'[') => self.array(|cursor| cursor.skip_within(depth)),
            Some(b'"') => self.string("").map(drop),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Result<()> {
        if !self.rest().starts_with(word) {
            return self.error("expected a value");
        }
        self.at += word.len();
        Ok(())
    }
}

/// Reads the value of a key that must not occur twice, because it would be unclear which value is meant.
pub(crate) fn once<'a, T>(
    cursor: &mut Cursor<'a>,
    slot: &mut Option<T>,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T>,
) -> Result<()> {
    if slot.is_some() {
        return cursor.error("the same key twice");
    }
    *slot = Some(read(cursor)?);
    Ok(())
}

impl<'a> RawStr<'a> {
    /// Returns the value of the string, borrowed unless it has escapes. A lone surrogate, which JSON's grammar allows and UTF-8
    /// cannot represent, becomes U+FFFD.
    pub(crate) fn unescape(self) -> Cow<'a, str> {
        if !self.has_escapes {
            return Cow::Borrowed(self.raw);
        }
        let mut value = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((before, escaped)) = rest.split_once('\\') {
            value.push_str(before);
            rest = match escaped.strip_prefix('u') {
                Some(hex) => push_code_point(&mut value, hex),
                None => {
                    let mut chars = escaped.chars();
                    value.extend(chars.next().map(|c| match c {
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        quote_or_slash => quote_or_slash,
                    }));
                    chars.as_str()
                }
            };
        }
        value.push_str(rest);
        Cow::Owned(value)
    }
}

/// Appends the character whose escape starts with these four digits, and returns the rest of the text. Two escapes can form one
/// character, a surrogate pair.
fn push_code_point<'a>(value: &mut String, hex: &'a str) -> &'a str {
    let (high, rest) = unit(hex);
    let low = rest.strip_prefix("\\u").map(unit);
    if let (0xd800..0xdc00, Some((low @ 0xdc00..0xe000, rest))) = (high, low) {
        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return rest;
    }
    value.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

fn unit(hex: &str) -> (u32, &str) {
    let (digits, rest) = hex.split_at_checked(4).unwrap_or((hex, ""));
    (u32::from_str_radix(digits, 16).unwrap_or(0xfffd), rest)
}
