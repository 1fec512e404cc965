//! What to report about rejected traffic, to whom and when: rules, findings, incidents, explanations, metrics and emails, all of
//! them plain values.
//!
//! Nothing here reads a clock, the environment or a socket. The functions at the edge pass `now` and the configuration in, and
//! the engine carries the values out through the [`ports`].
//!
//! A module uses only modules above it in this list:
//!
//! | Module | What |
//! |---|---|
//! | [`text`], [`time`], [`zone`], [`address`] | values that have nothing to do with flow logs |
//! | [`metrics`] | data points |
//! | [`detection`] | log events to findings: rules, flows, directions |
//! | [`incident`] | findings to incidents: what is stored, and what to do next |
//! | [`enrichment`] | what EC2 adds to a finding |
//! | [`explain`] | why a flow was rejected |
//! | [`digest`] | what the daily digest states |
//! | [`notification`] | what subscribers get: the email, the document, the chat message, the digest |
//! | [`ports`] | what the engine needs from the outside |
//! | [`engine`] | carries out what [`incident`] decides, in the one order that loses nothing |

pub mod address;
pub mod detection;
pub mod digest;
pub mod engine;
pub mod enrichment;
pub mod explain;
mod hash;
pub mod incident;
pub mod memory;
pub mod metrics;
pub mod notification;
pub mod ports;
pub mod text;
pub mod time;
pub mod zone;
