//! Whole emails, as their readers get them: one for each event in `events/` that has something to report, and one of each other
//! kind; in each language, with what EC2 tells and without.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p alerting --test emails` writes the snapshots anew; read the
//! difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

mod limits;
mod names;
mod phrases;
mod readme;
mod score;
mod whole;
