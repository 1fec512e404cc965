//! `vpc-flow-alerts backtest`, as people run it: the real binary, its files and its output.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, which may choose its number of seeds")]

mod delivery;
mod forms;
mod harness;
mod merging;
mod output;
mod page;
mod rules;
mod settings;
mod silences;
mod totals;
