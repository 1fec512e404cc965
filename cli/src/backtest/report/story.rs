//! Incidents: what their emails state, and when each was sent.

use std::collections::VecDeque;

use alerting::{
    detection::Origin,
    incident::state::PastIncident,
    notification::{NotificationKind, Severity},
    time::EpochMillis,
};

use crate::backtest::play::{Listed, SentEmail};

/// Incidents that are kept: the newest.
pub(super) const MAX_STORIES: usize = 500;

/// Emails that are kept of an incident: the first.
pub(super) const MAX_STORY_EMAILS: usize = 60;

/// Bytes of the texts that are kept of all emails together. The newest incidents keep theirs.
const MAX_BODIES_BYTES: usize = 8 << 20;

/// An incident.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// Unique for the incident.
    pub(crate) incident: String,
    /// What people call it.
    pub(crate) short_id: String,
    pub(crate) origin: Origin,
    /// The account and the name of the log group.
    pub(crate) log_group: (String, String),
    /// The highest of its emails.
    pub(crate) severity: Severity,
    /// The first emails.
    pub(crate) emails: Vec<StoryEmail>,
    /// Emails that are not kept.
    pub(crate) emails_left_out: u64,
    /// Of all records, as the last email states them.
    pub(crate) records: u64,
    /// The same of packets.
    pub(crate) packets: Option<u64>,
    /// As the last email states them: a resolved one those of the whole incident, an update those of its period.
    pub(crate) senders: Listed,
    /// The same of receivers.
    pub(crate) receivers: Listed,
    /// The end, once it is known.
    end: Option<Ending>,
}

/// The end of an incident.
#[derive(Clone, Copy, Debug)]
struct Ending {
    first_packet: Option<EpochMillis>,
    last_packet: Option<EpochMillis>,
    last_seen: EpochMillis,
    resolved_at: EpochMillis,
}

/// An email of an incident.
#[derive(Clone, Debug)]
pub(crate) struct StoryEmail {
    pub(crate) at: EpochMillis,
    pub(crate) kind: NotificationKind,
    pub(crate) subject: String,
    /// The text, where it is wanted and there is room.
    pub(crate) body: Option<String>,
}

impl Story {
    /// When the first email was sent.
    pub(crate) fn opened_at(&self) -> EpochMillis {
        self.emails.first().map_or(EpochMillis(0), |email| email.at)
    }

    /// When it was resolved, with or without an email.
    pub(crate) fn resolved_at(&self) -> EpochMillis {
        let last = self.emails.last().map_or(EpochMillis(0), |email| email.at);
        self.end.map_or(last, |end| end.resolved_at.max(self.opened_at()))
    }

    /// The start of its first record; where no record has one, when the incident was opened.
    pub(crate) fn first_packet(&self) -> EpochMillis {
        self.end.and_then(|end| end.first_packet).unwrap_or_else(|| self.opened_at())
    }

    /// The end of its last record; where no record has one, when its last finding arrived.
    pub(crate) fn last_packet(&self) -> EpochMillis {
        self.end.and_then(|end| end.last_packet).unwrap_or_else(|| self.last_seen())
    }

    /// When its last finding arrived.
    pub(crate) fn last_seen(&self) -> EpochMillis {
        self.end.map_or_else(|| self.resolved_at(), |end| end.last_seen)
    }

    /// The subject of the first email: what the reader gets first.
    pub(crate) fn subject(&self) -> &str {
        self.emails.first().map_or("", |email| &email.subject)
    }

    fn add(&mut self, email: &SentEmail, with_body: bool) {
        self.severity = self.severity.max(email.severity);
        self.records = email.records;
        self.packets = email.packets;
        self.senders = email.senders.clone();
        self.receivers = email.receivers.clone();
        if self.emails.len() == MAX_STORY_EMAILS {
            self.emails_left_out += 1;
            return;
        }
        let body = with_body.then(|| email.body.clone());
        self.emails.push(StoryEmail { at: email.at, kind: email.kind, subject: email.subject.clone(), body });
    }

    fn bodies(&mut self) -> impl Iterator<Item = &mut Option<String>> {
        self.emails.iter_mut().map(|email| &mut email.body)
    }
}

/// The newest incidents, in the order of their first email.
#[derive(Debug, Default)]
pub(crate) struct Stories {
    kept: VecDeque<Story>,
    /// Incidents that are no longer kept.
    pub(crate) left_out: u64,
    keeps_bodies: bool,
    /// Bytes of the texts that are kept.
    bytes: usize,
    /// Whether texts were dropped.
    pub(crate) lacks_bodies: bool,
}

impl Stories {
    /// No incidents yet. Tells whether the texts of their emails are kept.
    pub(super) fn new(keeps_bodies: bool) -> Stories {
        Stories { keeps_bodies, ..Stories::default() }
    }

    /// The incidents that are kept, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Story> + ExactSizeIterator + Clone {
        self.kept.iter()
    }

    /// The number of all incidents.
    pub(crate) fn number(&self) -> u64 {
        self.left_out + self.kept.len() as u64
    }

    /// Adds an email to its incident.
    pub(super) fn add(&mut self, email: &SentEmail) {
        let is_known = self.kept.iter().any(|story| story.incident == email.incident);
        if !is_known {
            // The incident is no longer kept.
            if email.kind != NotificationKind::Opened {
                return;
            }
            self.kept.push_back(Story::of(email));
        }
        let keeps_bodies = self.keeps_bodies;
        if let Some(story) = self.kept.iter_mut().rev().find(|story| story.incident == email.incident) {
            if story.emails.len() < MAX_STORY_EMAILS && keeps_bodies {
                self.bytes += email.body.len();
            }
            story.add(email, keeps_bodies);
        }
        if self.kept.len() > MAX_STORIES {
            let dropped = self.kept.pop_front();
            self.left_out += 1;
            self.bytes -= dropped.map_or(0, |mut story| story.bodies().flatten().map(|body| body.len()).sum());
        }
        self.drop_old_bodies();
    }

    /// Drops the oldest texts, until the others are few enough.
    fn drop_old_bodies(&mut self) {
        let mut bodies = self.kept.iter_mut().flat_map(Story::bodies).filter(|body| body.is_some());
        while self.bytes > MAX_BODIES_BYTES
            && let Some(body) = bodies.next()
        {
            self.bytes -= body.take().map_or(0, |body| body.len());
            self.lacks_bodies = true;
        }
    }

    /// Notes the end of an incident.
    pub(super) fn resolve(&mut self, past: &PastIncident) {
        if let Some(story) = self.kept.iter_mut().rev().find(|story| story.incident == past.id) {
            let PastIncident { totals, last_seen, resolved_at, .. } = past;
            story.end = Some(Ending {
                first_packet: totals.first_start,
                last_packet: totals.last_end,
                last_seen: *last_seen,
                resolved_at: *resolved_at,
            });
        }
    }
}

impl Story {
    fn of(email: &SentEmail) -> Story {
        Story {
            incident: email.incident.clone(),
            short_id: email.short_id.clone(),
            origin: email.origin,
            log_group: email.log_group.clone(),
            severity: email.severity,
            emails: Vec::new(),
            emails_left_out: 0,
            records: 0,
            packets: None,
            senders: Listed::default(),
            receivers: Listed::default(),
            end: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(incident: usize, kind: NotificationKind, body: &str) -> SentEmail {
        SentEmail {
            at: EpochMillis(incident as u64),
            kind,
            origin: Origin::Private,
            incident: incident.to_string(),
            short_id: String::new(),
            log_group: (String::new(), String::new()),
            severity: if kind == NotificationKind::Resolved { Severity::Info } else { Severity::Medium },
            subject: String::new(),
            body: body.to_owned(),
            records: 1,
            packets: None,
            senders: Listed::default(),
            receivers: Listed::default(),
        }
    }

    fn bodies(stories: &Stories) -> usize {
        stories.iter().flat_map(|story| &story.emails).filter(|email| email.body.is_some()).count()
    }

    #[test]
    fn the_newest_incidents_are_kept_and_the_others_are_counted() {
        let mut stories = Stories::new(true);
        for incident in 0..MAX_STORIES + 20 {
            stories.add(&email(incident, NotificationKind::Opened, "text"));
        }
        // The resolved email of one that is no longer kept makes no incident of its own.
        stories.add(&email(3, NotificationKind::Resolved, "text"));
        assert_eq!(
            (stories.iter().len(), stories.left_out, stories.number()),
            (MAX_STORIES, 20, MAX_STORIES as u64 + 20)
        );
        assert_eq!(stories.iter().next().unwrap().incident, "20");
        assert_eq!((stories.bytes, bodies(&stories)), (4 * MAX_STORIES, MAX_STORIES));
    }

    #[test]
    fn the_first_emails_of_an_incident_are_kept_and_its_highest_severity() {
        let mut stories = Stories::new(true);
        stories.add(&email(1, NotificationKind::Opened, "text"));
        for _ in 0..MAX_STORY_EMAILS + 5 {
            stories.add(&email(1, NotificationKind::Update, "text"));
        }
        stories.add(&email(1, NotificationKind::Resolved, "text"));
        let story = stories.iter().next().unwrap();
        assert_eq!(
            (story.emails.len(), story.emails_left_out, story.severity),
            (MAX_STORY_EMAILS, 7, Severity::Medium)
        );
        assert_eq!(stories.bytes, 4 * MAX_STORY_EMAILS);
    }

    #[test]
    fn the_texts_of_the_newest_emails_are_kept() {
        let text = "x".repeat(MAX_BODIES_BYTES / 10);
        let mut stories = Stories::new(true);
        for incident in 0..15 {
            stories.add(&email(incident, NotificationKind::Opened, &text));
        }
        assert!(stories.lacks_bodies && stories.bytes <= MAX_BODIES_BYTES);
        let kept: Vec<bool> = stories.iter().map(|story| story.emails[0].body.is_some()).collect();
        assert_eq!(kept, [vec![false; 5], vec![true; 10]].concat());
        let mut without = Stories::new(false);
        without.add(&email(1, NotificationKind::Opened, &text));
        assert_eq!((without.bytes, bodies(&without)), (0, 0));
    }
}
