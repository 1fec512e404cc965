//! The notification for Amazon Q Developer in chat applications, within its limits.

use alerting::notification::chat::{MAX_DESCRIPTION_CHARS, MAX_KEYWORD_CHARS, MAX_RESOURCES, MAX_TITLE_CHARS};
use sample_notifications::{Setting, all, scenario};
use serde_json::Value;

use super::in_japanese;

fn parsed(notification: &alerting::notification::RenderedNotification) -> Value {
    serde_json::from_str(&notification.chat()).unwrap()
}

#[test]
fn a_chat_notification_has_the_documented_form() {
    let chat = parsed(&scenario("ping-deny", Setting::ENRICHED).render());
    insta::assert_snapshot!("chat", serde_json::to_string_pretty(&chat).unwrap());
    insta::assert_snapshot!("chat-description", chat["content"]["description"].as_str().unwrap());
    let japanese = parsed(&in_japanese());
    insta::assert_snapshot!("chat-description-ja", japanese["content"]["description"].as_str().unwrap());
}

#[test]
fn all_chat_notifications_of_an_incident_are_in_one_thread() {
    let threads: Vec<Value> = [
        scenario("late-opened", Setting::PLAIN).render(),
        scenario("update-of-many", Setting::PLAIN).render(),
        scenario("resolved-of-many", Setting::PLAIN).render(),
    ]
    .iter()
    .map(|notification| parsed(notification)["metadata"]["threadId"].clone())
    .collect();
    assert!(threads.iter().all(|thread| *thread == threads[0] && thread.is_string()), "{threads:?}");
}

#[test]
fn every_chat_notification_is_within_the_limits_of_the_service() {
    for (name, notification) in all() {
        let chat = parsed(&notification);
        let chars = |value: &Value| value.as_str().map_or(usize::MAX, |text| text.chars().count());
        let (content, metadata) = (&chat["content"], &chat["metadata"]);
        assert!((1..=MAX_TITLE_CHARS).contains(&chars(&content["title"])), "{name}");
        assert!((1..=MAX_DESCRIPTION_CHARS).contains(&chars(&content["description"])), "{name}");
        let keywords = content["keywords"].as_array().unwrap();
        assert!(keywords.iter().all(|keyword| chars(keyword) <= MAX_KEYWORD_CHARS), "{name}");
        assert!(metadata["relatedResources"].as_array().unwrap().len() <= MAX_RESOURCES, "{name}");
        let context = metadata["additionalContext"].as_object().unwrap();
        assert!(context.values().all(Value::is_string), "{name}");
        assert!(notification.chat().len() <= 256 * 1024, "{name}: {} bytes", notification.chat().len());
    }
}

/// Slack notifies all members of a channel for `<!channel>`, and shows `<link|words>` as a link named `words`.
#[test]
fn hostile_names_mention_nobody_and_hide_no_link() {
    for name in ["hostile.en", "hostile-names.ec2.en", "with-hostile-names"] {
        let (_, notification) = all().into_iter().find(|(known, _)| *known == name).unwrap();
        let chat = parsed(&notification);
        let description = chat["content"]["description"].as_str().unwrap();
        assert!(!description.contains("<!") && !description.contains("<script"), "{description}");
        for tag in description.split('<').skip(1) {
            assert!(tag.starts_with("https://ap-northeast-1.console.aws.amazon.com/"), "<{tag}");
        }
        assert_eq!(description.matches("```").count() % 2, 0, "{description}");
    }
}
