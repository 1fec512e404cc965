//! EC2's responses as values: the elements that EC2 writes as XML and the AWS CLI prints as JSON, and their conversion.
//!
//! The two differ in the spelling of names and in how they write lists, so one set of types reads both. Missing and unknown elements
//! are accepted. A rule that cannot be interpreted makes the whole response unreadable, because an explanation without that rule could
//! be wrong.

mod cli_output;
mod interface;
mod parts;
mod rules;
mod tags;

pub use cli_output::{CliOutput, CliOutputError, Noun};
pub use interface::RawInterface;
pub use parts::Items;
pub use rules::{RawAcl, RawGroup, RawPrefix};
pub use tags::{Tag, TagKeys};

/// The response is not what EC2 documents, or contains a rule that cannot be interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;
