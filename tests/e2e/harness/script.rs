//! What a fake service does with the next requests.

use std::collections::VecDeque;
use std::sync::Mutex;

/// One planned answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Works as the real service.
    Work,
    /// Refuses for now: too many requests.
    Throttle,
    /// Breaks: status 500.
    Break,
    /// Refuses for good: status 403, missing permission.
    Deny,
    /// Never answers.
    Hang,
}

/// Planned answers, then the same for ever.
#[derive(Debug)]
pub(crate) struct Script(Mutex<(VecDeque<Act>, Act)>);

impl Script {
    pub(crate) fn working() -> Self {
        Self(Mutex::new((VecDeque::new(), Act::Work)))
    }

    /// Plans the answers to the next requests.
    pub(crate) fn first(&self, acts: &[Act]) {
        self.0.lock().expect("no poisoned lock").0.extend(acts);
    }

    /// Plans the answer to every request that nothing else is planned for.
    pub(crate) fn always(&self, act: Act) {
        self.0.lock().expect("no poisoned lock").1 = act;
    }

    pub(crate) fn next(&self) -> Act {
        let mut script = self.0.lock().expect("no poisoned lock");
        script.0.pop_front().unwrap_or(script.1)
    }
}
