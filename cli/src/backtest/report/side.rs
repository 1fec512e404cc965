//! One of two lists of settings that are compared.

use super::results::Results;

/// One of two lists of settings that are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    /// The settings, as they were given.
    pub(crate) settings: &'a str,
    /// What they come to.
    pub(crate) results: &'a Results,
}

impl<'a> Side<'a> {
    /// The settings, or that there are none.
    pub(super) fn name(&self) -> &'a str {
        match self.settings.trim() {
            "" => "defaults",
            settings => settings,
        }
    }
}
