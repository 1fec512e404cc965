//! What is known of a question.

/// What is known of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Not known, or it depends on what is not known.
    Open,
}

impl Answer {
    pub(super) fn of(yes: bool) -> Answer {
        if yes { Answer::Yes } else { Answer::No }
    }

    /// Both.
    pub(super) fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Open,
        }
    }

    /// The answer to the opposite question.
    pub(super) fn not(self) -> Answer {
        match self {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Open => Answer::Open,
        }
    }

    /// The answer to one question asked of several things: open where they differ.
    pub(super) fn agreed(answers: impl IntoIterator<Item = Answer>) -> Answer {
        let mut answers = answers.into_iter();
        let first = answers.next().unwrap_or(Answer::Open);
        if answers.all(|answer| answer == first) { first } else { Answer::Open }
    }

    /// Tells whether the answer may be this one.
    pub(super) fn can_be(self, yes: bool) -> bool {
        self == Answer::Open || self == Answer::of(yes)
    }
}
