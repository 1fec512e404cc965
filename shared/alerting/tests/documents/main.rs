//! Documents, attributes and chat notifications, as machines get them: whole ones as snapshots, all of them against the schema
//! and the limits of the services.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p alerting` writes the snapshots anew; read the difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

mod chat;
mod evidence;
mod message;
#[path = "../emails/networks.rs"]
mod networks;
mod scenarios;
mod schema;

use alerting::notification::RenderedNotification;
use serde_json::Value;

/// A document as its readers see it, with the email's text left to the snapshots of the emails.
fn shown(notice: &RenderedNotification) -> String {
    let mut document: Value = serde_json::from_str(&notice.document.json()).unwrap();
    document["email"]["text"] = "(the mail)".into();
    serde_json::to_string_pretty(&document).unwrap()
}

/// One test for each, so that a difference names its scenario.
macro_rules! documents {
    ($($test:ident: $name:literal = $notice:expr,)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!($name, shown(&$notice));
        })*
    };
}

documents! {
    a_reply_stopped_by_the_acl: "ping-deny" = scenarios::opening("ping-deny"),
    icmpv6: "ping-deny-v6" = scenarios::opening("ping-deny-v6"),
    a_custom_format: "custom-format" = scenarios::opening("custom-format"),
    hostile_records: "hostile" = scenarios::opening("hostile"),
    an_incident_after_another: "again" = scenarios::again(),
    an_update: "update" = scenarios::update(),
    an_all_clear: "resolved" = scenarios::resolved(),
    what_ec2_knows: "with-network" = scenarios::with_network(),
    what_ec2_did_not_say: "with-gaps" = scenarios::with_gaps(),
    the_largest_numbers: "largest" = scenarios::largest(),
}

#[test]
fn the_host_of_another_vpc_that_has_the_same_address_is_not_in_the_document() {
    let known = shown(&scenarios::stranger("vpc-2"));
    assert!(known.contains("i-9") && known.contains("eni-9"), "{known}");
    for vpc in ["vpc-1", "-"] {
        let notice = scenarios::stranger(vpc);
        let all = shown(&notice) + &notice.chat() + &format!("{:?}", notice.attributes());
        assert!(!all.contains("i-9") && !all.contains("eni-9"), "{vpc}: {all}");
    }
}
