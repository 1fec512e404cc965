//! What is shown of a backtest: counts of emails, a timeline, JSON lines, and the emails as files.

mod counts;
mod files;
mod json;
mod text;

pub(crate) use counts::Counts;
pub(crate) use files::EmailFiles;
pub(crate) use json::{email as json_email, summary as json_summary};
pub(crate) use text::{comparison, report};
