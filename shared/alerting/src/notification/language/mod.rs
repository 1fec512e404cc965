//! The languages of emails. Every text that people read is in `english` or `japanese`, one method for each phrase: a language
//! that lacks one does not compile.
//!
//! What the methods take is ready to be shown: foreign text has passed [`crate::text`], times are those of
//! [`crate::zone::Zone`].

pub mod common;
mod connections;
mod digest;
mod english;
mod japanese;
mod phrases;
mod terms;

pub use connections::Connections;
pub use digest::{DigestPhrases, Internet, VerdictWords};
pub use phrases::{Facts, Headlines, Phrases, Reasons, Steps};
pub(crate) use phrases::{amounts, weight};
pub use terms::{
    ConnectionStory, Fact, Fix, Grade, Noun, Number, Opening, OpeningPeer, Parties, Permission, RejectionKind, Section,
    SilenceWords, Traffic, WayBack,
};

/// The language of an email.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// Every language.
    pub const ALL: &[Language] = &[Language::English, Language::Japanese];

    /// The language with a code.
    pub fn parse(code: &str) -> Option<Language> {
        Language::ALL.iter().copied().find(|language| language.code() == code)
    }

    /// The codes of all languages.
    pub fn codes() -> Vec<&'static str> {
        Language::ALL.iter().copied().map(Language::code).collect()
    }

    /// The code that the language is chosen by: ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Japanese => "ja",
        }
    }

    /// Its phrases about pings, and of what is about no packets.
    pub fn phrases(self) -> &'static dyn Phrases {
        self.phrases_about(Traffic::Pings)
    }

    /// Its phrases about some packets.
    pub fn phrases_about(self, traffic: Traffic) -> &'static dyn Phrases {
        match (self, traffic) {
            (Language::English, Traffic::Pings) => &english::English(Traffic::Pings),
            (Language::English, Traffic::Connections) => &english::English(Traffic::Connections),
            (Language::Japanese, Traffic::Pings) => &japanese::Japanese(Traffic::Pings),
            (Language::Japanese, Traffic::Connections) => &japanese::Japanese(Traffic::Connections),
        }
    }

    /// Its phrases of the digest.
    pub fn digest(self) -> &'static dyn DigestPhrases {
        match self {
            Language::English => &english::English(Traffic::Pings),
            Language::Japanese => &japanese::Japanese(Traffic::Pings),
        }
    }
}
