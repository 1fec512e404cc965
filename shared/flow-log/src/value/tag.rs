//! Values of tags.

use std::borrow::Cow;

/// The value of a tag as a record has it: percent-encoded UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag<'a>(pub &'a str);

impl<'a> From<&'a str> for Tag<'a> {
    fn from(text: &'a str) -> Self {
        Tag(text)
    }
}

impl<'a> Tag<'a> {
    /// Decodes the value (<https://www.rfc-editor.org/rfc/rfc3986#section-2.1>). A `%` without two hexadecimal digits is not
    /// changed, and bytes that are not UTF-8 become U+FFFD. The result can have control characters and line breaks, as a tag can
    /// contain any text.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        percent_encoding::percent_decode_str(self.0).decode_utf8_lossy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_percent_decoded() {
        for (raw, value) in [
            ("web-1", "web-1"),
            ("web%201", "web 1"),
            ("caf%C3%A9", "café"),
            ("%E6%9D%B1%E4%BA%AC", "東京"),
            ("a+b", "a+b"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%ff", "\u{fffd}"),
            ("%0A%00", "\n\0"),
        ] {
            assert_eq!(Tag(raw).decode(), value, "{raw}");
        }
        assert!(matches!(Tag("web-1").decode(), Cow::Borrowed(_)));
    }
}
