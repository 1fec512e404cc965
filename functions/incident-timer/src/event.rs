//! What invokes the function.

use alerting::{digest::Cadence, incident::state::TimerMessage};
use aws_lambda_events::sqs::SqsEvent;
use serde::Deserialize;

/// What invokes the function: its queue, or the schedule of the digest.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    /// The input of the schedule.
    Digest(DigestDue),
    /// Messages of the timer queue.
    Messages(SqsEvent),
}

/// A digest is due: `{"digest": "daily"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigestDue {
    /// How often it is sent.
    pub(crate) digest: Cadence,
}

/// The body of a message.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Message {
    /// Something may be due for an incident.
    Timer(TimerMessage),
    /// A digest that failed and is replayed.
    Digest(DigestDue),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Option<Event> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn the_schedule_and_the_queue_are_told_apart() {
        for (input, cadence) in [(r#"{"digest":"daily"}"#, Cadence::Daily), (r#"{"digest":"weekly"}"#, Cadence::Weekly)]
        {
            assert!(matches!(event(input), Some(Event::Digest(due)) if due.digest == cadence), "{input}");
        }
        let messages = r#"{"Records":[{"messageId":"1","body":"{}"}]}"#;
        assert!(matches!(event(messages), Some(Event::Messages(found)) if found.records.len() == 1));
    }

    #[test]
    fn a_message_is_a_timer_or_a_replayed_digest_and_nothing_else() {
        let message = |text: &str| serde_json::from_str::<Message>(text).ok();
        let due = DigestDue { digest: Cadence::Daily };
        assert_eq!(message(r#"{"digest":"daily"}"#), Some(Message::Digest(due)));
        let timer = include_str!("../../../shared/alerting/tests/stored-state/timer-message.json");
        assert!(matches!(message(timer), Some(Message::Timer(_))));
        for other in ["{}", r#"{"digest":"hourly"}"#, r#"{"digest":"daily","more":1}"#, "", "[]"] {
            assert_eq!(message(other), None, "{other}");
        }
    }

    #[test]
    fn the_schedule_of_the_template_is_such_an_event() {
        let template = include_str!("../../../template.yaml");
        let (_, schedule) = template.split_once("\n  DigestSchedule:\n").expect("the template has the schedule");
        let input =
            schedule.lines().find_map(|line| line.trim().strip_prefix("Input: !Sub ")).expect("it has an input");
        for cadence in ["daily", "weekly"] {
            let input = input.trim_matches('\'').replace("${Digest}", cadence);
            assert!(matches!(event(&input), Some(Event::Digest(_))), "{input}");
        }
    }
}
