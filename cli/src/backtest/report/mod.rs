//! What is shown of a backtest: text, a page, JSON lines, and the emails as files.
//!
//! ```text
//! events -> results: emails by day, traffic over time, incidents -> text | html | json
//! ```

mod cost;
mod differences;
mod emails;
mod facts;
mod files;
mod html;
mod json;
mod results;
mod side;
mod story;
mod text;
mod traffic;
mod words;

pub(crate) use files::EmailFiles;
pub(crate) use html::{comparison_page, page};
pub(crate) use json::{email as json_email, summary as json_summary};
pub(crate) use results::Results;
pub(crate) use side::Side;
pub(crate) use text::{comparison, report};
