//! Subscriptions of topics.

use aws_adapters::signed::{Request, Service};
use futures_util::future;
use serde::Deserialize;

use super::{MAX_PAGES, Reader, Refusal, Unread, existing};
use crate::{
    aws::{Members, read_xml},
    doctor::facts::{Read, Subscription, SubscriptionState},
};

/// Version of the API.
const VERSION: &str = "2010-03-31";

/// Subscriptions of a topic that are looked at.
const MAX_SUBSCRIPTIONS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    list_subscriptions_by_topic_result: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    subscriptions: Members<Listed>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    subscription_arn: String,
    protocol: String,
    #[serde(default)]
    endpoint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributesAnswer {
    get_subscription_attributes_result: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    attributes: Entries,
}

#[derive(Deserialize)]
struct Entries {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    #[serde(default)]
    value: String,
}

impl Reader<'_> {
    /// Reads the subscriptions of a topic that the stack may not have.
    pub(super) async fn optional_topic(
        &self,
        is_expected: bool,
        arn: Read<&str>,
    ) -> Option<Read<Option<Vec<Subscription>>>> {
        if !is_expected {
            return None;
        }
        Some(match arn {
            Ok(arn) => self.subscriptions(arn).await,
            Err(unread) => Err(unread),
        })
    }

    /// <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>
    pub(super) async fn subscriptions(&self, topic: &str) -> Read<Option<Vec<Subscription>>> {
        let (mut listed, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let Some(page) = existing(self.page(topic, token.as_deref()).await)? else { return Ok(None) };
            let Answer { list_subscriptions_by_topic_result: page } =
                read_xml("sns:ListSubscriptionsByTopic", &page).map_err(Unread::Failed)?;
            listed.extend(page.subscriptions.member);
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() || listed.len() >= MAX_SUBSCRIPTIONS {
                break;
            }
        }
        listed.truncate(MAX_SUBSCRIPTIONS);
        Ok(Some(future::join_all(listed.into_iter().map(|one| self.subscription(one))).await))
    }

    async fn page(&self, topic: &str, token: Option<&str>) -> Result<Vec<u8>, Refusal> {
        let token = token.map(|token| ("NextToken".to_owned(), token));
        let parameters = [("TopicArn".to_owned(), topic)].into_iter().chain(token);
        let request = Request::query("ListSubscriptionsByTopic", VERSION, parameters);
        self.call(Service::SNS, "sns:ListSubscriptionsByTopic", request).await
    }

    async fn subscription(&self, listed: Listed) -> Subscription {
        let Listed { subscription_arn, protocol, endpoint } = listed;
        let state = match &*subscription_arn {
            "PendingConfirmation" => SubscriptionState::Pending,
            "Deleted" => SubscriptionState::Deleted,
            arn if protocol.starts_with("email") => SubscriptionState::Confirmed(self.is_protected(arn).await),
            // There is no link in what other protocols deliver.
            _ => SubscriptionState::Confirmed(Ok(true)),
        };
        Subscription { protocol, endpoint, state }
    }

    /// Tells whether a subscription was confirmed in a way that makes its unsubscribe link ask for a login.
    ///
    /// <https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html>, `ConfirmationWasAuthenticated`.
    async fn is_protected(&self, arn: &str) -> Read<bool> {
        let request = Request::query("GetSubscriptionAttributes", VERSION, [("SubscriptionArn".to_owned(), arn)]);
        let AttributesAnswer { get_subscription_attributes_result: Attributes { attributes } } =
            self.xml(Service::SNS, "sns:GetSubscriptionAttributes", request).await?;
        let authenticated = attributes.entry.iter().find(|entry| entry.key == "ConfirmationWasAuthenticated");
        Ok(authenticated.is_some_and(|entry| entry.value == "true"))
    }
}
