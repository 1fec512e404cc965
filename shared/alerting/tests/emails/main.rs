//! Tests of whole emails: one for each event in `events/` that has something to report, and one for each other scenario. Each is
//! rendered in each language, with and without enrichment.
//!
//! After an intended change, `INSTA_UPDATE=always cargo test -p alerting --test emails` rewrites the snapshots. Review the diff.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

mod advice;
mod connections;
mod limits;
mod names;
mod phrases;
mod readme;
mod score;
mod whole;
