//! `vpc-flow-alerts explain`, where it asks EC2.

use serde_json::Value;

use crate::harness::{Answer, Aws, Call, Printed, Tool, stack};

/// The ping of AWS's documentation: it is accepted, and the answer is rejected.
const REQUEST: &str =
    "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK";
const ANSWER: &str =
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";

const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/network");

macro_rules! xml {
    ($name:literal) => {
        include_str!(concat!("../../../shared/aws-adapters/testdata/network/", $name, ".xml"))
    };
}

/// EC2 with the network of `tests/network`.
fn ec2(call: &Call) -> Answer {
    assert_eq!((&*call.service, &*call.region), ("ec2", "us-east-1"));
    Answer::xml(match &*call.operation {
        "DescribeNetworkInterfaces" => xml!("describe-network-interfaces"),
        "DescribeNetworkAcls" => xml!("describe-network-acls"),
        "DescribeSecurityGroups" => xml!("describe-security-groups"),
        "DescribeTags" => xml!("describe-tags"),
        "GetManagedPrefixListEntries" => xml!("get-managed-prefix-list-entries"),
        other => panic!("{other} was called"),
    })
}

fn aws() -> Aws {
    Aws::new(|call| stack(call, ec2))
}

fn explained(printed: &Printed) -> Value {
    serde_json::from_str(printed.success()).unwrap()
}

#[test]
fn ec2_is_asked_as_by_the_functions_and_says_what_the_aws_cli_prints() {
    let aws = aws();
    let tool = Tool::new(&aws);
    let asked = tool.run(&["explain", "--json", REQUEST, ANSWER]);
    assert_eq!(asked.err, "EC2 is asked in account 123456789012, region us-east-1\n");
    let mut calls = aws.operations();
    calls[2..].sort();
    let expected = [
        "sts GetCallerIdentity",
        "ec2 DescribeNetworkInterfaces",
        "ec2 DescribeNetworkAcls",
        "ec2 DescribeSecurityGroups",
        "ec2 DescribeTags",
        "ec2 GetManagedPrefixListEntries",
    ];
    assert_eq!(calls, expected);
    let given = tool.run(&["explain", "--json", "--network", NETWORK, REQUEST, ANSWER]);
    assert_eq!(explained(&asked), explained(&given));
    assert_eq!(explained(&asked)["confidence"], "certain");
    let text = tool.run(&["explain", REQUEST, ANSWER]);
    assert!(text.success().contains("rule 50 denies ICMP to 0.0.0.0/0 (certain; rules read at "), "{}", text.out);
}

#[test]
fn many_flows_ask_a_few_at_a_time_and_each_resource_once() {
    let aws = aws();
    let lines: Vec<String> =
        (0..25).map(|number| ANSWER.replace("203.0.113.12", &format!("203.0.113.{number}"))).collect();
    let mut args = vec!["explain", "--json"];
    args.extend(lines.iter().map(String::as_str));
    let printed = Tool::new(&aws).run(&args);
    assert_eq!(printed.success().lines().count(), 25);
    assert!(printed.out.lines().all(|line| line.contains("acl-0f3a9c5b7d1e24680")), "{}", printed.out);
    assert_eq!(aws.calls().len(), 6, "{:?}", aws.operations());
}

#[test]
fn a_network_that_is_given_and_offline_make_no_call() {
    let aws = aws();
    for args in [&["--network", NETWORK][..], &["--offline"], &["--offline", "--network", NETWORK]] {
        let printed = Tool::new(&aws).run(&[&["explain", "--json"], args, &[REQUEST, ANSWER]].concat());
        assert_eq!((printed.err.as_str(), explained(&printed)["layer"].as_str()), ("", Some("network-acl")));
    }
    assert_eq!(aws.operations(), [""; 0]);
}

#[test]
fn what_is_missing_is_said_in_one_line_and_the_records_are_explained() {
    let aws = aws();
    let without = |names: &[&'static str]| names.iter().fold(Tool::new(&aws), |tool, name| tool.with(name, None));
    let offline = explained(&Tool::new(&aws).run(&["explain", "--json", "--offline", REQUEST, ANSWER]));
    for (tool, message) in [
        (without(&["AWS_REGION"]), "no region: pass --region"),
        (without(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]), "no credentials; log in"),
    ] {
        let printed = tool.run(&["explain", "--json", REQUEST, ANSWER]);
        assert_eq!(explained(&printed), offline);
        assert!(
            printed.err.starts_with("vpc-flow-alerts: EC2 is not asked: ") && printed.err.contains(message),
            "{}",
            printed.err
        );
        assert_eq!(printed.err.lines().count(), 1, "{}", printed.err);
    }
    assert_eq!(aws.operations(), [""; 0]);
}

#[test]
fn what_ec2_refuses_is_missing_data_as_in_an_email() {
    let aws = Aws::new(|call| {
        stack(call, |call| match &*call.operation {
            "DescribeNetworkAcls" => Answer::xml_error(403, "UnauthorizedOperation", "not you"),
            _ => ec2(call),
        })
    });
    let printed = Tool::new(&aws).run(&["explain", REQUEST, ANSWER]);
    let missing = "Not read from EC2: network ACLs; no permission for ec2:DescribeNetworkAcls";
    assert!(printed.success().contains(missing), "{}", printed.out);
}
