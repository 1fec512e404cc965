//! Tests of digests: what they state, as an email in each language, as a document and in a chat, and that each is sent once.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test -p alerting --test digest` rewrites the snapshots. Review the diff.

#![expect(clippy::unwrap_used, reason = "a test")]

mod cloudwatch;
mod content;
mod documents;
mod emails;
mod sending;
mod stack;
