//! Texts of a batch that findings may need, in one string: to keep one allocates nothing.

use std::num::NonZeroU32;

/// The texts: at most those of the batch.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptTexts(String);

/// Where one of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeptText {
    start: u32,
    end: NonZeroU32,
}

impl KeptTexts {
    /// Makes room for so many bytes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.0.reserve(bytes);
    }

    /// Keeps a text. None of an empty one, and past 4 GiB of them, which no batch has.
    pub(super) fn keep(&mut self, text: &str) -> Option<KeptText> {
        let start = u32::try_from(self.0.len()).ok()?;
        let end = NonZeroU32::new(u32::try_from(self.0.len() + text.len()).ok()?)?;
        self.0.push_str(text);
        Some(KeptText { start, end })
    }

    /// A text that was kept here.
    pub(super) fn get(&self, KeptText { start, end }: KeptText) -> &str {
        self.0.get(start as usize..end.get() as usize).unwrap_or_default()
    }
}
