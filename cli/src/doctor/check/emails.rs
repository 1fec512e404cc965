//! Who gets the emails.

use super::{Check, deploy_again, known, problems_or, region};
use crate::doctor::facts::{Facts, Read, Subscription, SubscriptionState};

/// The page about confirming a subscription.
const PAGE: &str = "README.md#keep-the-subscription";

/// The subscribers of one topic.
struct Topic<'f> {
    name: &'static str,
    arn: String,
    /// What nobody gets without a subscriber.
    messages: &'static str,
    read: &'f Read<Option<Vec<Subscription>>>,
}

pub(super) fn alerts(facts: &Facts) -> Vec<Check> {
    let arn = facts.stack.output("AlertTopicArn").unwrap_or_default().to_owned();
    subscribers(facts, &Topic { name: "emails", arn, messages: "emails", read: &facts.alert_topic })
}

pub(super) fn health(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "health-emails";
    let Some(read) = &facts.health_topic else {
        return vec![Check::ok(NAME, "none of their own (HealthEmail is empty): alarms go to the topic of the emails")];
    };
    let arn = format!("{}-Health", facts.stack.output("AlertTopicArn").unwrap_or_default());
    subscribers(facts, &Topic { name: NAME, arn, messages: "alarms about the deployment", read })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>
fn subscribers(facts: &Facts, topic: &Topic<'_>) -> Vec<Check> {
    let Topic { name, arn, messages, read } = topic;
    known(name, read, |found| {
        let Some(subscriptions) = found else {
            return vec![Check::failure(name, "the topic does not exist", deploy_again(facts))];
        };
        let confirmed: Vec<&Subscription> =
            subscriptions.iter().filter(|one| matches!(one.state, SubscriptionState::Confirmed(_))).collect();
        let mut problems = Vec::new();
        if confirmed.is_empty() && pending(subscriptions).next().is_none() {
            let ended = if subscriptions.is_empty() { "" } else { "; who was subscribed has unsubscribed" };
            let subscribe = "--protocol email --notification-endpoint YOUR_ADDRESS";
            problems.push(Check::failure(
                name,
                format!("nobody gets the {messages}: the topic has no subscription{ended}"),
                format!("aws sns subscribe --topic-arn {arn} {subscribe} {}; then see {PAGE}", region(facts)),
            ));
        }
        problems.extend(pending(subscriptions).map(|one| {
            let what = format!("{} has not confirmed the subscription", one.endpoint);
            match confirmed.is_empty() {
                true => Check::failure(name, format!("nobody gets the {messages}: {what}"), confirm(facts, arn)),
                false => Check::warning(name, what, confirm(facts, arn)),
            }
        }));
        problems.extend(confirmed.iter().filter_map(|one| protection(name, one)));
        problems_or(problems, || {
            let names: Vec<&str> = confirmed.iter().map(|one| one.endpoint.as_str()).collect();
            Check::ok(name, format!("{}: confirmed, and no link in an email ends it", names.join(", ")))
        })
    })
}

fn pending(subscriptions: &[Subscription]) -> impl Iterator<Item = &Subscription> {
    subscriptions.iter().filter(|one| one.state == SubscriptionState::Pending)
}

fn confirm(facts: &Facts, topic: &str) -> String {
    format!(
        "aws sns confirm-subscription --authenticate-on-unsubscribe true --topic-arn {topic} {} --token TOKEN, with what stands \
         behind Token= in the link of AWS's email. No email, or older than two days: subscribe again ({PAGE})",
        region(facts)
    )
}

/// Whether whoever follows the link at the end of an email ends the subscription, as scanners of email do.
fn protection(name: &'static str, subscription: &Subscription) -> Option<Check> {
    match &subscription.state {
        SubscriptionState::Confirmed(Ok(false)) => Some(Check::warning(
            name,
            format!(
                "the link at the end of each email ends the subscription of {}: an email scanner may follow it",
                subscription.endpoint
            ),
            format!("Subscribe again, and confirm with --authenticate-on-unsubscribe true: {PAGE}"),
        )),
        SubscriptionState::Confirmed(Err(unread)) => Some(Check::unknown(name, unread)),
        _ => None,
    }
}

/// Whether Amazon Q Developer in chat applications gets the notifications, where there is a topic for it.
pub(super) fn chat(facts: &Facts) -> Vec<Check> {
    const NAME: &str = "chat";
    let Some(read) = &facts.chat_topic else { return Vec::new() };
    known(NAME, read, |found| {
        let Some(subscriptions) = found else {
            return vec![Check::failure(NAME, "the topic does not exist", deploy_again(facts))];
        };
        let confirmed = subscriptions.iter().any(|one| matches!(one.state, SubscriptionState::Confirmed(_)));
        vec![match confirmed {
            true => Check::ok(NAME, "the topic for chats has a subscription"),
            false => Check::warning(
                NAME,
                "nothing is subscribed to the topic for chats",
                "Choose the topic in Amazon Q Developer in chat applications: docs/integrations.md",
            ),
        }]
    })
}
