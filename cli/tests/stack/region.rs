//! The region and the profile are those of the AWS CLI, on the example of a command that needs both.

use crate::harness::{Answer, Aws, Tool, stack};

const CONFIG: &str =
    "[default]\nregion = eu-west-3\n[profile bare]\noutput = json\n[profile far]\nregion = ap-south-1\n";

/// An AWS with a stack and an empty table.
fn aws() -> Aws {
    Aws::new(|call| stack(call, |_| Answer::json(&serde_json::json!({ "Responses": {} }))))
}

#[test]
fn the_region_comes_from_the_first_source_that_has_one() {
    for (variables, options, region) in [
        (
            &[("AWS_REGION", "eu-north-1"), ("AWS_DEFAULT_REGION", "us-west-2")][..],
            &["--region", "sa-east-1"][..],
            "sa-east-1",
        ),
        (&[("AWS_REGION", "eu-north-1"), ("AWS_DEFAULT_REGION", "us-west-2")], &[], "eu-north-1"),
        (&[("AWS_REGION", "eu-north-1"), ("AWS_PROFILE", "bare")], &[], "eu-north-1"),
        (&[("AWS_DEFAULT_REGION", "us-west-2")], &[], "us-west-2"),
        (&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "us-west-2")], &[], "us-west-2"),
        (&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "")], &[], "eu-west-3"),
        (&[("AWS_PROFILE", "far")], &[], "ap-south-1"),
        (&[], &["--profile", "far"], "ap-south-1"),
        (&[], &[], "eu-west-3"),
    ] {
        let aws = aws();
        let tool = Tool::new(&aws).with_config(CONFIG).with("AWS_REGION", None);
        let tool = variables.iter().fold(tool, |tool, (name, value)| tool.with(name, Some(value)));
        let printed = tool.run(&[&["silence", "list"], options].concat());
        printed.success();
        assert_eq!(
            printed.err,
            format!("In account 123456789012, region {region}, stack ping-deny:\n"),
            "{variables:?}"
        );
        let regions: Vec<String> = aws.calls().into_iter().map(|call| call.region).collect();
        assert_eq!(regions, [region; 3], "{variables:?}");
    }
}

#[test]
fn without_a_region_nothing_is_called() {
    let aws = aws();
    let tool = Tool::new(&aws).with_config(CONFIG).with("AWS_REGION", None).with("AWS_PROFILE", Some("bare"));
    assert!(tool.run(&["silence", "list"]).failure().starts_with("no region: pass --region, set AWS_REGION"));
    assert_eq!(aws.operations(), [""; 0]);
}

#[test]
fn without_credentials_or_a_stack_the_message_says_what_to_do() {
    let aws = aws();
    let tool = Tool::new(&aws).with("AWS_ACCESS_KEY_ID", None).with("AWS_SECRET_ACCESS_KEY", None);
    let message = tool.run(&["silence", "list"]);
    assert_eq!(
        message.failure(),
        "cloudformation:DescribeStacks: no credentials; log in, set AWS_PROFILE, or pass --profile, as for the AWS CLI"
    );
    let other = Tool::new(&aws).run(&["silence", "list", "--stack", "other"]);
    assert_eq!(
        other.failure(),
        "there is no stack other in us-east-1; pass its name with --stack, its region with --region"
    );
}
