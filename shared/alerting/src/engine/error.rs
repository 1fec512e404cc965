//! Why a batch or a timer message has to be tried again.

use std::fmt;

use crate::ports::PortError;

/// How often something is planned anew because somebody else wrote in between.
pub(super) const MAX_ATTEMPTS: u32 = 8;

/// Why a batch or a timer message has to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// One port or more failed. What the others did is remembered.
    Ports(Vec<PortError>),
    /// Another run is at this batch and its time is not over.
    Busy,
    /// Others were quicker each time.
    Contended,
}

impl From<PortError> for EngineError {
    fn from(error: PortError) -> Self {
        EngineError::Ports(vec![error])
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Ports(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            EngineError::Busy => f.write_str("another run is at this batch"),
            EngineError::Contended => write!(f, "others wrote first {MAX_ATTEMPTS} times in a row"),
        }
    }
}

impl std::error::Error for EngineError {}
