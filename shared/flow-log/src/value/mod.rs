//! The types of the fields. Each also represents values that AWS adds later.

mod numbers;
mod protocol;
mod tag;
mod tcp_flags;
mod time;
mod words;

pub use numbers::{EncryptionStatus, TrafficPath};
pub use protocol::Protocol;
pub use tag::Tag;
pub use tcp_flags::TcpFlags;
pub use time::EpochMillis;
pub use words::{Action, FlowDirection, InterfaceType, RejectReason, SublocationType, TrafficType};
