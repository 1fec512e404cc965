//! A deployed stack, as the commands that work on one see it: the AWS account that the caller is in, and the stack by its name.
//!
//! Calls are small: a request, and the few fields of its answer that a command needs.

mod session;
mod stack;
mod table;
mod xml;

pub(crate) use session::{AwsArgs, Identity, Session, block_on, failed};
pub(crate) use stack::{Resource, Stack, StackArgs};
pub(crate) use table::{Table, TableArgs};
pub(crate) use xml::{Members, read as read_xml};
