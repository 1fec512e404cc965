//! Answers of the query protocol.

use serde::{Deserialize, de::DeserializeOwned};

/// A list: `<List><member>...</member></List>`.
#[derive(Debug, Deserialize)]
pub(crate) struct Members<T> {
    #[serde(default = "Vec::new")]
    pub(crate) member: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Members { member: Vec::new() }
    }
}

/// Reads an answer.
///
/// # Errors
/// It is not what the service documents. One line that names the call.
pub(crate) fn read<T: DeserializeOwned>(call: &str, xml: &[u8]) -> Result<T, String> {
    let text = str::from_utf8(xml).map_err(|error| format!("{call}: {error}"))?;
    quick_xml::de::from_str(text).map_err(|error| format!("{call}: cannot read the answer: {error}"))
}
