//! Writes and reads TCP flags as their number, and adds them up.

use flow_log::TcpFlags;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(flags: &Option<TcpFlags>, serializer: S) -> Result<S::Ok, S::Error> {
    flags.map(|flags| flags.0).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TcpFlags>, D::Error> {
    Ok(Option::<u8>::deserialize(deserializer)?.map(TcpFlags))
}

/// The flags of some records together, as far as they are known.
pub(super) fn both(one: Option<TcpFlags>, other: Option<TcpFlags>) -> Option<TcpFlags> {
    match (one, other) {
        (Some(one), Some(other)) => Some(TcpFlags(one.0 | other.0)),
        (one, other) => one.or(other),
    }
}
