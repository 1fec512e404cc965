//! Planned responses of a fake service.

use std::collections::VecDeque;
use std::sync::Mutex;

/// One planned response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Works like the real service.
    Work,
    /// Throttles: too many requests.
    Throttle,
    /// Fails with status 500.
    Break,
    /// Denies with status 403: missing permission.
    Deny,
    /// Never responds.
    Hang,
}

/// Planned responses, followed by the same one for all further requests.
#[derive(Debug)]
pub(crate) struct Script(Mutex<(VecDeque<Act>, Act)>);

impl Script {
    pub(crate) fn working() -> Self {
        Self(Mutex::new((VecDeque::new(), Act::Work)))
    }

    /// Plans the responses to the next requests.
    pub(crate) fn first(&self, acts: &[Act]) {
        self.0.lock().expect("no poisoned lock").0.extend(acts);
    }

    /// Plans the response to all requests after the planned ones.
    pub(crate) fn always(&self, act: Act) {
        self.0.lock().expect("no poisoned lock").1 = act;
    }

    pub(crate) fn next(&self) -> Act {
        let mut script = self.0.lock().expect("no poisoned lock");
        script.0.pop_front().unwrap_or(script.1)
    }
}
