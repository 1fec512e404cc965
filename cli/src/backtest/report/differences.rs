//! Two lists of settings, compared by what their readers hear of, and when.

use alerting::{
    notification::NotificationKind,
    time::{self, EpochMillis, MINUTE_MILLIS},
};

use super::story::{Story, StoryEmail};

/// By how much later an email must be for a reader to notice.
const MIN_LATER_MILLIS: u64 = MINUTE_MILLIS;

/// What becomes of an incident of one list with the settings of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No email is about it.
    NoEmail,
    /// The first email that is about it comes so many milliseconds later.
    Later { millis: u64, kind: NotificationKind },
    /// An email comes at the same time, or earlier.
    InTime,
}

/// What becomes of an incident, given all incidents of the other list.
pub(crate) fn fate<'s>(story: &Story, others: impl IntoIterator<Item = &'s Story>) -> Fate {
    let same = others.into_iter().filter(|other| is_of_same_traffic(story, other));
    let Some(first) = same.filter_map(|other| first_email(other, story.first_packet())).min_by_key(|email| email.at)
    else {
        return Fate::NoEmail;
    };
    let millis = time::millis_between(story.opened_at(), first.at);
    if millis < MIN_LATER_MILLIS { Fate::InTime } else { Fate::Later { millis, kind: first.kind } }
}

/// Tells whether two incidents are about the same origin in the same log group at the same time: whatever narrows incidents, the
/// reader of one hears of the other.
fn is_of_same_traffic(one: &Story, other: &Story) -> bool {
    one.origin == other.origin
        && one.log_group == other.log_group
        && one.first_packet() <= other.last_packet()
        && other.first_packet() <= one.last_packet()
}

/// The first email after the first packet.
fn first_email(story: &Story, packet: EpochMillis) -> Option<&StoryEmail> {
    story.emails.iter().find(|email| email.at >= packet)
}

/// The incidents of one list that the readers of the other hear of later or never, oldest first.
pub(crate) fn missed<'s>(
    stories: impl IntoIterator<Item = &'s Story>,
    others: impl Iterator<Item = &'s Story> + Clone,
) -> Vec<(&'s Story, Fate)> {
    let fates = stories.into_iter().map(|story| (story, fate(story, others.clone())));
    fates.filter(|(_, fate)| *fate != Fate::InTime).collect()
}
