//! Enrichment from a fake EC2: calls, time, failures and the cache.

mod cli_output;
mod fake;

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use alerting::enrichment::{PrefixList, Tags};
use fake::{Answer, Call, Ec2};

use super::*;

const NOW: fn() -> EpochMillis = || EpochMillis(1_795_425_134_000);
const LATER: fn() -> EpochMillis = || EpochMillis(1_795_425_134_000 + TIME_TO_LIVE_MILLIS);

const OWN: &str = "<item><networkInterfaceId>eni-0a1</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>\
    <privateIpAddress>10.1.2.3</privateIpAddress><groupSet><item><groupId>sg-1</groupId></item></groupSet>\
    <attachment><instanceId>i-1</instanceId></attachment></item>";
const PEER: &str = "<item><networkInterfaceId>eni-0b2</networkInterfaceId><subnetId>subnet-2</subnetId><vpcId>vpc-1</vpcId>\
    <privateIpAddress>10.1.9.9</privateIpAddress><attachment><instanceId>i-2</instanceId></attachment></item>";

fn request(interfaces: &[&str], addresses: &[&str]) -> EnrichmentRequest {
    EnrichmentRequest {
        interfaces: interfaces.iter().map(|id| (*id).to_owned()).collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        ..EnrichmentRequest::default()
    }
}

/// An email about a ping from the internet.
fn internet_ping() -> EnrichmentRequest {
    request(&["eni-0a1"], &["10.1.2.3"])
}

/// An email about a ping between two interfaces of the account.
fn private_ping() -> EnrichmentRequest {
    request(&["eni-0a1"], &["10.1.2.3", "10.1.9.9"])
}

/// A VPC with two instances. The ACL of the first one's subnet denies outbound pings. Like an emulator and unlike EC2, responses
/// also contain ACLs that were not requested.
fn vpc(call: &Call) -> Answer {
    let list = |action: &str, set: &str, items: &str| {
        Answer::Xml(format!("<{action}Response><requestId>1</requestId><{set}>{items}</{set}></{action}Response>"))
    };
    let tag = |id: &str, key: &str, value: &str| {
        format!("<item><resourceId>{id}</resourceId><key>{key}</key><value>{value}</value></item>")
    };
    let values = call.form.values();
    let found =
        |id: &str, item: &str| if values.clone().any(|value| value == id) { item.to_owned() } else { String::new() };
    match call.action() {
        "DescribeNetworkInterfaces" => {
            let own = found("eni-0a1", OWN) + &found("10.1.2.3", OWN);
            let peer = found("eni-0b2", PEER) + &found("10.1.9.9", PEER);
            list("DescribeNetworkInterfaces", "networkInterfaceSet", &(own + &peer))
        }
        "DescribeTags" => {
            let own = found("i-1", &(tag("i-1", "Name", "web-1") + &tag("i-1", "Owner", "team-a")));
            let peer = found("i-2", &tag("i-2", "Name", "web-2"));
            list("DescribeTags", "tagSet", &(own + &peer + &found("vpc-1", &tag("vpc-1", "Name", "shop"))))
        }
        "DescribeSecurityGroups" => {
            let group = "<item><groupId>sg-1</groupId><groupName>web</groupName></item>";
            list("DescribeSecurityGroups", "securityGroupInfo", &found("sg-1", group))
        }
        "DescribeNetworkAcls" => {
            let acl = |id: &str, subnet: &str| {
                format!(
                    "<item><networkAclId>{id}</networkAclId><default>false</default><associationSet><item><subnetId>{subnet}\
                     </subnetId></item></associationSet><entrySet><item><ruleNumber>50</ruleNumber><protocol>1</protocol>\
                     <ruleAction>deny</ruleAction><egress>true</egress><cidrBlock>0.0.0.0/0</cidrBlock></item></entrySet></item>"
                )
            };
            let acls = acl("acl-other", "subnet-9") + &acl("acl-1", "subnet-1");
            list("DescribeNetworkAcls", "networkAclSet", &acls)
        }
        other => panic!("{other} was called"),
    }
}

/// The VPC, with another response to one action.
fn vpc_but(action: &'static str, answer: Answer) -> Ec2 {
    Ec2::new(move |call| if call.action() == action { answer.clone() } else { vpc(call) })
}

/// Returns an enrichment and its duration in milliseconds.
async fn timed(network: &Ec2Network, request: &EnrichmentRequest) -> (Network, u128) {
    let start = Instant::now();
    let found = network.enrich(request).await;
    (found, start.elapsed().as_millis())
}

fn missing(part: NetworkPart, reason: MissingReason) -> MissingData {
    MissingData { part, reason }
}

#[tokio::test(start_paused = true)]
async fn an_internet_ping_takes_four_calls_in_two_rounds_and_none_when_cached() {
    let ec2 = Ec2::new(vpc);
    let network = ec2.network(NOW);
    let (cold, millis) = timed(&network, &internet_ping()).await;
    assert_eq!(
        ec2.actions(),
        ["DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeTags"]
    );
    assert!((200..=210).contains(&millis), "{millis} ms");

    assert_eq!(cold.missing, []);
    let own = cold.owner_of("10.1.2.3".parse().unwrap(), Some("vpc-1")).unwrap();
    assert_eq!((&*own.id, own.instance_id.as_deref()), ("eni-0a1", Some("i-1")));
    let web_1 = Tags { name: Some("web-1".into()), owners: vec![("Owner".into(), "team-a".into())] };
    assert_eq!(cold.tags["i-1"], web_1);
    assert_eq!(cold.tags["vpc-1"].name.as_deref(), Some("shop"));
    assert!(!cold.tags.contains_key("subnet-1"), "it has no tags");
    assert_eq!(&*cold.groups["sg-1"].name, "web");
    assert_eq!(cold.acls.len(), 1);
    assert_eq!(&*cold.acl_of("subnet-1").unwrap().id, "acl-1");

    let (warm, millis) = timed(&network, &internet_ping()).await;
    assert_eq!((warm, ec2.calls().len(), millis), (cold, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn cached_rules_keep_the_time_when_they_were_read() {
    static MINUTES: AtomicU32 = AtomicU32::new(0);
    let ec2 = Ec2::new(vpc);
    let network = ec2.network(|| EpochMillis(NOW().0 + u64::from(MINUTES.load(Ordering::Relaxed)) * 60_000));
    for (minutes, read_after) in [(0, 0), (4, 0), (5, 5), (9, 5)] {
        MINUTES.store(minutes, Ordering::Relaxed);
        let found = network.enrich(&internet_ping()).await;
        assert_eq!(found.rules_read_at, Some(EpochMillis(NOW().0 + read_after * 60_000)), "after {minutes} min");
    }
    let without = vpc_but("DescribeNetworkAcls", Answer::Xml("<DescribeNetworkAclsResponse/>".to_owned()));
    let found = without.network(NOW).enrich(&request(&["eni-9"], &[])).await;
    assert_eq!(found.rules_read_at, None, "there are no rules");
}

#[tokio::test(start_paused = true)]
async fn calls_are_signed_and_filter_by_the_requested_ids() {
    let ec2 = Ec2::new(vpc);
    ec2.network(NOW).enrich(&private_ping()).await;
    let calls = ec2.calls();
    assert_eq!(calls.len(), 4);
    for call in &calls {
        assert_eq!(call.url, "POST https://ec2.ap-northeast-1.amazonaws.com/");
        assert_eq!(call.form["Version"], "2016-11-15");
        assert_eq!(call.form["MaxResults"], "1000");
        let credential = call.authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/").unwrap();
        let (date, rest) = credential.split_once('/').unwrap();
        assert!(date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()), "{date}");
        let (scope, rest) = rest.split_once(", SignedHeaders=").unwrap();
        assert_eq!(scope, "ap-northeast-1/ec2/aws4_request");
        let (headers, signature) = rest.split_once(", Signature=").unwrap();
        assert!(headers.contains("host") && headers.contains("x-amz-date"), "{headers}");
        assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
        assert_eq!(call.security_token, "the-session-token");
    }
    let call = |action: &str| calls.iter().find(|call| call.action() == action).unwrap();
    assert_eq!(call("DescribeNetworkInterfaces").filter("addresses.private-ip-address"), ["10.1.2.3", "10.1.9.9"]);
    assert_eq!(call("DescribeSecurityGroups").filter("group-id"), ["sg-1"]);
    assert_eq!(call("DescribeNetworkAcls").filter("association.subnet-id"), ["subnet-1"]);
    let tags = call("DescribeTags");
    assert_eq!(tags.filter("resource-id"), ["i-1", "i-2", "subnet-1", "subnet-2", "vpc-1"]);
    assert_eq!(tags.filter("key"), ["Name", "owner", "Owner", "OWNER", "team", "Team", "TEAM"]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_between_two_own_interfaces_names_both() {
    let ec2 = Ec2::new(vpc);
    let (found, millis) = timed(&ec2.network(NOW), &private_ping()).await;
    assert_eq!((ec2.calls().len(), found.missing.len()), (4, 0));
    assert!(millis <= 210, "{millis} ms");
    let peer = found.owner_of("10.1.9.9".parse::<IpAddr>().unwrap(), Some("vpc-1")).unwrap();
    assert_eq!(found.tags[&**peer.instance_id.as_ref().unwrap()].name.as_deref(), Some("web-2"));
    // Only the interface that logged the findings is explained.
    assert_eq!((found.groups.len(), found.acls.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_interface_not_found_by_address_is_queried_by_id_instead_of_tags() {
    let ec2 = Ec2::new(vpc);
    // A record of traffic that the interface only forwards.
    let through = request(&["eni-0a1"], &["10.1.9.9", "10.1.9.8"]);
    let network = ec2.network(NOW);
    let (found, millis) = timed(&network, &through).await;
    assert_eq!(
        ec2.actions(),
        ["DescribeNetworkAcls", "DescribeNetworkInterfaces", "DescribeNetworkInterfaces", "DescribeSecurityGroups"]
    );
    assert!(millis <= 310, "{millis} ms");
    assert_eq!(found.interfaces.len(), 2);
    assert_eq!(found.missing, [missing(NetworkPart::Tags, MissingReason::TooManyCalls)]);
    // The next enrichment requests only what did not fit.
    let found = network.enrich(&through).await;
    assert_eq!((ec2.actions(), found.missing), (vec!["DescribeTags".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_partly_cached_email_requests_only_what_is_missing() {
    let ec2 = Ec2::new(vpc);
    let network = ec2.network(NOW);
    network.enrich(&internet_ping()).await;
    ec2.calls();
    let found = network.enrich(&private_ping()).await;
    let calls = ec2.calls();
    let [interfaces, tags] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(interfaces.filter("addresses.private-ip-address"), ["10.1.9.9"]);
    assert_eq!(tags.filter("resource-id"), ["i-2", "subnet-2"]);
    assert_eq!((found.interfaces.len(), found.missing.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cached_response_expires_after_its_time_to_live() {
    static CLOCK: AtomicU32 = AtomicU32::new(0);
    let ec2 = Ec2::new(vpc);
    let network = ec2.network(|| if CLOCK.load(Ordering::Relaxed) == 0 { NOW() } else { LATER() });
    network.enrich(&internet_ping()).await;
    network.enrich(&internet_ping()).await;
    assert_eq!(ec2.calls().len(), 4);
    CLOCK.store(1, Ordering::Relaxed);
    network.enrich(&internet_ping()).await;
    assert_eq!(ec2.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_costs_at_most_two_seconds() {
    for (hangs, parts) in [
        (
            "DescribeNetworkInterfaces",
            vec![NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls],
        ),
        ("DescribeNetworkAcls", vec![NetworkPart::Acls]),
        ("DescribeTags", vec![NetworkPart::Tags]),
    ] {
        let ec2 = vpc_but(hangs, Answer::Hang);
        let network = ec2.network(NOW);
        let (found, millis) = timed(&network, &internet_ping()).await;
        assert!((2_000..=2_100).contains(&millis), "{hangs}: {millis} ms");
        let expect: Vec<MissingData> = parts.iter().map(|part| missing(*part, MissingReason::TooSlow)).collect();
        assert_eq!(found.missing, expect, "{hangs}");
        // The responses that arrived in time are used.
        assert_eq!(found.groups.contains_key("sg-1"), !parts.contains(&NetworkPart::Groups), "{hangs}");
        assert_eq!(found.tags.contains_key("i-1"), !parts.contains(&NetworkPart::Tags), "{hangs}");
        // A failure is not cached.
        ec2.calls();
        network.enrich(&internet_ping()).await;
        assert_eq!(ec2.actions(), [hangs]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_retried() {
    let tries = AtomicU32::new(0);
    let ec2 = Ec2::new(move |call| match call.action() {
        "DescribeNetworkAcls" if tries.fetch_add(1, Ordering::Relaxed) == 0 => {
            Answer::Error(503, "RequestLimitExceeded")
        }
        _ => vpc(call),
    });
    let (found, millis) = timed(&ec2.network(NOW), &internet_ping()).await;
    assert_eq!((found.missing.len(), ec2.calls().len()), (0, 5));
    assert!(millis <= 200 + 100 + 210, "{millis} ms");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_keeps_throttling_is_abandoned_within_the_time_limit() {
    let ec2 = vpc_but("DescribeTags", Answer::Error(503, "RequestLimitExceeded"));
    let (found, millis) = timed(&ec2.network(NOW), &internet_ping()).await;
    assert!(millis <= 2_100, "{millis} ms");
    assert_eq!(found.missing.len(), 1);
    assert_eq!(found.missing[0].part, NetworkPart::Tags);
    assert!(
        matches!(&found.missing[0].reason, MissingReason::TooSlow)
            || found.missing[0].reason == MissingReason::Failed("RequestLimitExceeded".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named_and_loses_only_its_part() {
    for (action, part) in [
        ("DescribeTags", NetworkPart::Tags),
        ("DescribeSecurityGroups", NetworkPart::Groups),
        ("DescribeNetworkAcls", NetworkPart::Acls),
    ] {
        for code in ["UnauthorizedOperation", "AuthFailure"] {
            let ec2 = vpc_but(action, Answer::Error(403, code));
            let found = ec2.network(NOW).enrich(&internet_ping()).await;
            assert_eq!(found.missing, [missing(part, MissingReason::Denied(format!("ec2:{action}").into()))], "{code}");
            assert_eq!(ec2.calls().len(), 4, "a denied call is not retried");
        }
    }
    let ec2 = vpc_but("DescribeNetworkInterfaces", Answer::Error(403, "UnauthorizedOperation"));
    let found = ec2.network(NOW).enrich(&private_ping()).await;
    let reason = MissingReason::Denied("ec2:DescribeNetworkInterfaces".into());
    let parts = [NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls];
    assert_eq!(found.missing, parts.map(|part| missing(part, reason.clone())));
    assert_eq!(ec2.calls().len(), 1, "without interfaces there is nothing else to query");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_interface_is_reported_and_cached() {
    let ec2 = Ec2::new(vpc);
    let network = ec2.network(NOW);
    for calls in [1, 0] {
        let found = network.enrich(&request(&["eni-0dead"], &["10.9.9.9"])).await;
        let parts = [NetworkPart::Interfaces, NetworkPart::Tags, NetworkPart::Groups, NetworkPart::Acls];
        assert_eq!(found.missing, parts.map(|part| missing(part, MissingReason::NotFound)));
        assert_eq!(ec2.calls().len(), calls);
    }
    // An unknown interface does not affect the others.
    let found = network.enrich(&request(&["eni-0dead", "eni-0a1"], &["10.1.2.3"])).await;
    assert_eq!(found.missing, [missing(NetworkPart::Interfaces, MissingReason::NotFound)]);
    assert!(found.interfaces.contains_key("eni-0a1"));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_interface_id_is_never_queried() {
    let ec2 = Ec2::new(vpc);
    let hostile = request(&["*", "eni-*", "eni-", "-", "eni-1&Action=DeleteVpc", "eni-日本"], &[]);
    let found = ec2.network(NOW).enrich(&hostile).await;
    assert_eq!(ec2.calls().len(), 0);
    assert_eq!(found.why_missing(NetworkPart::Interfaces), Some(&MissingReason::NotFound));
}

#[tokio::test(start_paused = true)]
async fn what_exceeds_the_limits_is_reported_and_the_rest_is_queried() {
    let ec2 = Ec2::new(vpc);
    let request = EnrichmentRequest { interfaces_left_out: 3, addresses_left_out: 12, ..internet_ping() };
    let over_limit = missing(NetworkPart::Interfaces, MissingReason::OverLimit { interfaces: 3, addresses: 12 });
    let network = ec2.network(NOW);
    let found = network.enrich(&request).await;
    assert_eq!(found.missing, std::slice::from_ref(&over_limit));
    assert!(found.groups.contains_key("sg-1") && found.tags.contains_key("i-1"), "the rest is present");
    assert_eq!(network.enrich(&internet_ping()).await.missing, [], "the next email is within the limits");
    // If there is another reason too, both are reported, and the other one comes first.
    let ec2 = vpc_but("DescribeNetworkInterfaces", Answer::Error(403, "UnauthorizedOperation"));
    let found = ec2.network(NOW).enrich(&request).await;
    assert_eq!(
        found.why_missing(NetworkPart::Interfaces),
        Some(&MissingReason::Denied("ec2:DescribeNetworkInterfaces".into()))
    );
    assert_eq!(found.missing.last(), Some(&over_limit));
}

#[tokio::test(start_paused = true)]
async fn an_empty_request_makes_no_call() {
    let ec2 = Ec2::new(vpc);
    assert_eq!(ec2.network(NOW).enrich(&EnrichmentRequest::default()).await, Network::default());
    assert_eq!(ec2.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn pages_count_as_calls() {
    // Interfaces take two pages, their maximum, so no call is left for tags.
    let ec2 = Ec2::new(|call| match (call.action(), call.form.get("NextToken")) {
        ("DescribeNetworkInterfaces", None) => {
            Answer::Xml("<R><networkInterfaceSet/><nextToken>more</nextToken></R>".to_owned())
        }
        _ => vpc(call),
    });
    let network = ec2.network(NOW);
    let found = network.enrich(&internet_ping()).await;
    let calls = ec2.calls();
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[1].form["NextToken"], "more");
    assert_eq!(calls[1].filter("network-interface-id"), ["eni-0a1"]);
    assert_eq!(found.missing, [missing(NetworkPart::Tags, MissingReason::TooManyCalls)]);

    // Endless pages of tags: the one call left reads another page, and its tags are used for this email only.
    let endless = |call: &Call| match call.action() {
        "DescribeTags" => Answer::Xml(
            "<R><tagSet><item><resourceId>i-1</resourceId><key>Name</key><value>web-1</value></item></tagSet>\
             <nextToken>more</nextToken></R>"
                .to_owned(),
        ),
        _ => vpc(call),
    };
    let ec2 = Ec2::new(endless);
    let network = ec2.network(NOW);
    let found = network.enrich(&internet_ping()).await;
    assert_eq!(ec2.calls().len(), 4);
    assert_eq!(found.tags["i-1"].name.as_deref(), Some("web-1"));
    assert_eq!(found.missing, [missing(NetworkPart::Tags, MissingReason::TooManyCalls)]);
    network.enrich(&internet_ping()).await;
    let calls = ec2.calls();
    assert_eq!(calls.iter().map(Call::action).collect::<Vec<_>>(), ["DescribeTags"; 4]);
    assert_eq!(calls[0].filter("resource-id"), ["i-1", "subnet-1", "vpc-1"]);

    // Endless pages of interfaces: two calls, and nothing can be queried without the interfaces.
    let ec2 = vpc_but(
        "DescribeNetworkInterfaces",
        Answer::Xml("<R><networkInterfaceSet/><nextToken>more</nextToken></R>".to_owned()),
    );
    let found = ec2.network(NOW).enrich(&internet_ping()).await;
    assert_eq!(ec2.calls().len(), 2);
    assert_eq!(found.why_missing(NetworkPart::Interfaces), Some(&MissingReason::TooManyCalls));
    assert_eq!(found.why_missing(NetworkPart::Acls), Some(&MissingReason::TooManyCalls));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_response_is_missing_data() {
    for body in ["", "<html>Sign in to this Wi-Fi</html>", "<DescribeTagsResponse><tagSet><item>"] {
        let ec2 = vpc_but("DescribeTags", Answer::Xml(body.to_owned()));
        let found = ec2.network(NOW).enrich(&internet_ping()).await;
        assert_eq!(
            found.missing,
            [missing(NetworkPart::Tags, MissingReason::Failed("an unreadable answer".into()))],
            "{body}"
        );
        assert_eq!(found.groups.len(), 1);
    }
    let ec2 = vpc_but("DescribeTags", Answer::Error(400, "InvalidParameterValue"));
    let found = ec2.network(NOW).enrich(&internet_ping()).await;
    assert_eq!(found.missing, [missing(NetworkPart::Tags, MissingReason::Failed("InvalidParameterValue".into()))]);
}

#[tokio::test(start_paused = true)]
async fn many_interfaces_stay_within_four_calls_and_the_filter_limits() {
    let ec2 = Ec2::new(|call| match call.action() {
        "DescribeNetworkInterfaces" => {
            let item = |n: u32| {
                let groups: String = (0..16).map(|g| format!("<item><groupId>sg-{n}x{g}</groupId></item>")).collect();
                format!(
                    "<item><networkInterfaceId>eni-{n}</networkInterfaceId><subnetId>subnet-{n}</subnetId>\
                     <vpcId>vpc-{n}</vpcId><privateIpAddress>10.0.0.{n}</privateIpAddress><groupSet>{groups}</groupSet>\
                     <attachment><instanceId>i-{n}</instanceId></attachment></item>"
                )
            };
            let items: String = (0..250).map(item).collect();
            Answer::Xml(format!("<R><networkInterfaceSet>{items}</networkInterfaceSet></R>"))
        }
        _ => vpc(call),
    });
    let interfaces: Vec<String> = (0..20).map(|n| format!("eni-{n}")).collect();
    let addresses: Vec<String> = (0..250).map(|n| format!("10.0.0.{n}")).collect();
    let many = request(
        &interfaces.iter().map(String::as_str).collect::<Vec<_>>(),
        &addresses.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let found = ec2.network(NOW).enrich(&many).await;
    let calls = ec2.calls();
    assert_eq!(calls.len(), 4);
    for call in &calls {
        assert!(!call.form.contains_key("Filter.1.Value.201") || call.action() == "DescribeNetworkInterfaces");
    }
    assert_eq!(found.why_missing(NetworkPart::Tags), Some(&MissingReason::TooManyCalls));
    assert_eq!(found.why_missing(NetworkPart::Groups), Some(&MissingReason::TooManyCalls));
}

/// The VPC, with rules that name prefix lists.
fn vpc_with_lists(ids: &[&str]) -> impl Fn(&Call) -> Answer + Send + Sync + use<> {
    let lists: String = ids.iter().map(|id| format!("<item><prefixListId>{id}</prefixListId></item>")).collect();
    let group = format!(
        "<R><securityGroupInfo><item><groupId>sg-1</groupId><groupName>web</groupName><ipPermissions><item>\
         <ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><prefixListIds>{lists}</prefixListIds>\
         </item></ipPermissions></item></securityGroupInfo></R>"
    );
    move |call| match (call.action(), call.form.get("PrefixListId").map(String::as_str)) {
        ("DescribeSecurityGroups", _) => Answer::Xml(group.clone()),
        ("GetManagedPrefixListEntries", Some("pl-endless")) => page("10.1.0.0/16", "<nextToken>more</nextToken>"),
        ("GetManagedPrefixListEntries", Some("pl-long")) if !call.form.contains_key("NextToken") => {
            page("10.1.0.0/16", "<nextToken>2</nextToken>")
        }
        ("GetManagedPrefixListEntries", Some("pl-gone")) => Answer::Error(400, "InvalidPrefixListID.NotFound"),
        ("GetManagedPrefixListEntries", Some("pl-slow")) => Answer::Hang,
        ("GetManagedPrefixListEntries", Some("pl-denied")) => Answer::Error(403, "UnauthorizedOperation"),
        ("GetManagedPrefixListEntries", Some(_)) => page("10.9.0.0/16", ""),
        _ => vpc(call),
    }
}

fn page(block: &str, next: &str) -> Answer {
    Answer::Xml(format!("<R><requestId>1</requestId><entrySet><item><cidr>{block}</cidr></item></entrySet>{next}</R>"))
}

fn list(blocks: &[&str], complete: bool) -> PrefixList {
    PrefixList { blocks: blocks.iter().map(|block| block.parse().unwrap()).collect(), complete }
}

#[tokio::test(start_paused = true)]
async fn prefix_lists_are_read_if_a_rule_names_them_page_by_page_and_cached() {
    let ec2 = Ec2::new(vpc_with_lists(&["pl-long", "pl-1"]));
    let network = ec2.network(NOW);
    let (found, millis) = timed(&network, &internet_ping()).await;
    let calls = ec2.calls();
    let lists: Vec<&Call> = calls.iter().filter(|call| call.action() == "GetManagedPrefixListEntries").collect();
    assert_eq!((lists.len(), calls.len()), (3, 7));
    assert!(lists.iter().all(|call| call.form["MaxResults"] == "100"));
    // Two lists at the same time, of which one has two pages.
    assert!((400..=420).contains(&millis), "{millis} ms");
    assert_eq!(found.prefix_lists["pl-long"], list(&["10.1.0.0/16", "10.9.0.0/16"], true));
    assert_eq!(found.prefix_lists["pl-1"], list(&["10.9.0.0/16"], true));
    assert_eq!(found.missing, []);
    assert_eq!((network.enrich(&internet_ping()).await, ec2.calls().len()), (found, 0));
}

#[tokio::test(start_paused = true)]
async fn prefix_lists_are_bounded_in_number_and_pages() {
    let many: Vec<String> = (0..plan::MAX_PREFIX_LISTS + 2).map(|n| format!("pl-{n}")).collect();
    let ec2 = Ec2::new(vpc_with_lists(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    let found = ec2.network(NOW).enrich(&internet_ping()).await;
    assert_eq!(found.prefix_lists.len(), plan::MAX_PREFIX_LISTS);
    assert_eq!(found.missing, [missing(NetworkPart::PrefixLists, MissingReason::TooManyCalls)]);

    let ec2 = Ec2::new(vpc_with_lists(&["pl-1", "pl-endless"]));
    let network = ec2.network(NOW);
    let found = network.enrich(&internet_ping()).await;
    assert_eq!(ec2.calls().len(), 4 + MAX_PREFIX_LIST_CALLS as usize);
    assert!(!found.prefix_lists["pl-endless"].complete, "what was read of it is used");
    assert_eq!(found.prefix_lists["pl-1"], list(&["10.9.0.0/16"], true));
    assert_eq!(found.missing, [missing(NetworkPart::PrefixLists, MissingReason::TooManyCalls)]);
    assert_eq!(found.rules_read_at, Some(NOW()));
    // The part is not kept.
    network.enrich(&internet_ping()).await;
    assert_eq!(ec2.calls()[0].form["PrefixListId"], "pl-endless");
}

#[tokio::test(start_paused = true)]
async fn a_prefix_list_that_cannot_be_read_loses_only_itself() {
    for (id, reason) in [
        ("pl-gone", MissingReason::Failed("InvalidPrefixListID.NotFound".into())),
        ("pl-denied", MissingReason::Denied("ec2:GetManagedPrefixListEntries".into())),
        ("pl-slow", MissingReason::TooSlow),
    ] {
        let ec2 = Ec2::new(vpc_with_lists(&[id, "pl-1"]));
        let (found, millis) = timed(&ec2.network(NOW), &internet_ping()).await;
        assert!(millis <= 2_100, "{millis} ms");
        assert_eq!(found.missing, [missing(NetworkPart::PrefixLists, reason)]);
        assert_eq!(found.prefix_lists.keys().collect::<Vec<_>>(), ["pl-1"]);
        assert!(found.groups.contains_key("sg-1") && found.acls.len() == 1);
    }
}
