//! Signed calls to services that have no client here, built from the parts of the SDK's own clients: retries, timeouts, credentials,
//! signing and HTTP client. A client crate takes up to minutes to compile for each profile (docs/decisions.md); a call here takes the
//! few lines that its request and its answer need.

mod endpoint;
mod error;
mod limits;
mod operation;
mod request;
mod service;

use std::fmt;

use tokio::sync::OnceCell;

use self::operation::Sending;
pub use self::{error::Failure, limits::Limits, request::Request, service::Service};
use crate::client::Shared;

/// A caller of one service.
pub struct Caller {
    shared: Shared,
    service: Service,
    limits: Limits,
    operation: OnceCell<Result<Sending, Failure>>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("service", &self.service).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Caller {
    /// Creates a caller. Nothing is loaded or opened before the first call.
    pub fn new(shared: Shared, service: Service) -> Self {
        Caller { shared, service, limits: Limits::default(), operation: OnceCell::new() }
    }

    /// The same, with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Caller { limits, ..self }
    }

    /// Sends a request. Returns the body of the answer.
    ///
    /// # Errors
    /// There is no answer, or it is an error.
    pub async fn call(&self, request: Request) -> Result<Vec<u8>, Failure> {
        let build = || async { operation::build(self.shared.load().await, self.service, self.limits) };
        let operation = self.operation.get_or_init(build).await.as_ref().map_err(Clone::clone)?;
        operation.invoke(request).await.map_err(|error| Failure::of(&error))
    }
}
