//! The commands that work on a deployed stack, against a fake AWS on loopback that answers as AWS documents it.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

mod doctor;
mod explain;
mod harness;
mod help;
mod incidents;
mod region;
mod replay;
mod silence;
