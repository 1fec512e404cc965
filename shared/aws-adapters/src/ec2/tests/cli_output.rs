//! The same network as EC2's XML and as the JSON of the AWS CLI.

use alerting::enrichment::response::{CliOutput, Noun};

use super::*;

macro_rules! xml {
    ($name:literal) => {
        include_str!(concat!("../../../testdata/network/", $name, ".xml"))
    };
}

macro_rules! json {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../cli/tests/network/", $name, ".json"))
    };
}

fn cli(keys: &TagKeys) -> CliOutput {
    let mut output = CliOutput::default();
    for (noun, json) in [
        (Noun::NetworkInterfaces, &json!("network-interfaces")[..]),
        (Noun::NetworkAcls, json!("network-acls")),
        (Noun::SecurityGroups, json!("security-groups")),
        (Noun::Tags, json!("tags")),
    ] {
        output.read(noun, json, keys).unwrap();
    }
    assert_eq!(output.named_prefix_lists().into_iter().collect::<Vec<_>>(), ["pl-0a1b2c3d4e5f60718"]);
    output.read_prefix_list("pl-0a1b2c3d4e5f60718", json!("pl-0a1b2c3d4e5f60718")).unwrap();
    output
}

#[tokio::test(start_paused = true)]
async fn the_cli_prints_the_network_that_ec2_responds_with() {
    let ec2 = Ec2::new(|call| {
        Answer::Xml(match call.action() {
            "DescribeNetworkInterfaces" => xml!("describe-network-interfaces").to_owned(),
            "DescribeNetworkAcls" => xml!("describe-network-acls").to_owned(),
            "DescribeSecurityGroups" => xml!("describe-security-groups").to_owned(),
            "DescribeTags" => xml!("describe-tags").to_owned(),
            "GetManagedPrefixListEntries" => xml!("get-managed-prefix-list-entries").to_owned(),
            other => panic!("{other} was called"),
        })
    });
    let request = request(&["eni-0999f8e7d6c5b4a39", "eni-1235b8ca123456789"], &["172.31.16.139", "172.31.32.9"]);
    let mut from_ec2 = ec2.network(NOW).enrich(&request).await;
    assert_eq!(from_ec2.rules_read_at.take(), Some(NOW()), "nothing tells when the CLI was run");

    let keys = TagKeys::new(vec!["owner".to_owned(), "team".to_owned()]);
    let from_cli = cli(&keys).into_network(&keys);
    assert_eq!(from_cli, from_ec2);

    // Equal, and not because both are empty.
    assert_eq!(
        (from_cli.interfaces.len(), from_cli.groups.len(), from_cli.acls.len(), from_cli.tags.len()),
        (2, 2, 2, 5)
    );
    assert_eq!(from_cli.missing, []);
    assert_eq!(from_cli.prefix_lists["pl-0a1b2c3d4e5f60718"].blocks.len(), 2);
    let own = &from_cli.interfaces["eni-1235b8ca123456789"];
    assert_eq!((own.addresses.len(), own.public_addresses.len(), own.group_ids.len()), (3, 1, 1));
    assert_eq!(own.tags.name.as_deref(), Some("web-1-eth0"));
    assert_eq!(from_cli.groups["sg-0aa1b2c3d4e5f6071"].inbound.len(), 5);
    assert_eq!(from_cli.acls[1].entries.len(), 10);
}
