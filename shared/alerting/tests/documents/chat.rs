//! The notification for Amazon Q Developer in chat applications, within its limits.

use alerting::notification::chat::{MAX_DESCRIPTION_CHARS, MAX_KEYWORD_CHARS, MAX_RESOURCES, MAX_TITLE_CHARS};
use sample_notifications::{Setting, all, scenario};
use serde_json::Value;

use super::in_japanese;

fn notification(notice: &alerting::notification::RenderedNotification) -> Value {
    serde_json::from_str(&notice.chat()).unwrap()
}

#[test]
fn a_notification_is_as_the_service_documents_it() {
    let chat = notification(&scenario("ping-deny", Setting::ENRICHED).render());
    insta::assert_snapshot!("chat", serde_json::to_string_pretty(&chat).unwrap());
    insta::assert_snapshot!("chat-description", chat["content"]["description"].as_str().unwrap());
    let japanese = notification(&in_japanese());
    insta::assert_snapshot!("chat-description-ja", japanese["content"]["description"].as_str().unwrap());
}

#[test]
fn all_messages_of_an_incident_stand_in_one_thread() {
    let threads: Vec<Value> = [
        scenario("late-opened", Setting::PLAIN).render(),
        scenario("update-of-many", Setting::PLAIN).render(),
        scenario("resolved-of-many", Setting::PLAIN).render(),
    ]
    .iter()
    .map(|notice| notification(notice)["metadata"]["threadId"].clone())
    .collect();
    assert!(threads.iter().all(|thread| *thread == threads[0] && thread.is_string()), "{threads:?}");
}

#[test]
fn no_notification_is_more_than_the_service_takes() {
    for (name, notice) in all() {
        let chat = notification(&notice);
        let chars = |value: &Value| value.as_str().map_or(usize::MAX, |text| text.chars().count());
        let (content, metadata) = (&chat["content"], &chat["metadata"]);
        assert!((1..=MAX_TITLE_CHARS).contains(&chars(&content["title"])), "{name}");
        assert!((1..=MAX_DESCRIPTION_CHARS).contains(&chars(&content["description"])), "{name}");
        let keywords = content["keywords"].as_array().unwrap();
        assert!(keywords.iter().all(|keyword| chars(keyword) <= MAX_KEYWORD_CHARS), "{name}");
        assert!(metadata["relatedResources"].as_array().unwrap().len() <= MAX_RESOURCES, "{name}");
        let context = metadata["additionalContext"].as_object().unwrap();
        assert!(context.values().all(Value::is_string), "{name}");
        assert!(notice.chat().len() <= 256 * 1024, "{name}: {} bytes", notice.chat().len());
    }
}

/// Slack calls everybody in a channel for `<!channel>` and shows `<link|words>` as those words.
#[test]
fn hostile_names_call_nobody_and_hide_no_link() {
    for name in ["hostile.en", "hostile-names.ec2.en", "with-hostile-names"] {
        let (_, notice) = all().into_iter().find(|(known, _)| *known == name).unwrap();
        let chat = notification(&notice);
        let description = chat["content"]["description"].as_str().unwrap();
        assert!(!description.contains("<!") && !description.contains("<script"), "{description}");
        for tag in description.split('<').skip(1) {
            assert!(tag.starts_with("https://ap-northeast-1.console.aws.amazon.com/"), "<{tag}");
        }
        assert_eq!(description.matches("```").count() % 2, 0, "{description}");
    }
}
