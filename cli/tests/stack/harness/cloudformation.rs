//! A deployed stack, as CloudFormation describes it.

use super::{Answer, Call};

/// The answer to `DescribeStacks` of a stack with these outputs and parameters, or that there is none of another name.
pub(crate) fn describe_stacks(
    call: &Call,
    name: &str,
    outputs: &[(&str, &str)],
    parameters: &[(&str, &str)],
) -> Answer {
    let asked = &call.form["StackName"];
    if asked != name {
        return Answer::xml_error(400, "ValidationError", &format!("Stack with id {asked} does not exist"));
    }
    let members = |of: &[(&str, &str)], word: &str| -> String {
        of.iter()
            .map(|(key, value)| {
                format!("<member><{word}Key>{key}</{word}Key><{word}Value>{value}</{word}Value></member>")
            })
            .collect()
    };
    Answer::xml(format!(
        "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks><member>\
         <StackName>{name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>\
         <StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/1</StackId>\
         <Outputs>{}</Outputs><Parameters>{}</Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>",
        members(outputs, "Output"),
        members(parameters, "Parameter"),
    ))
}

/// The stack `ping-deny` with the outputs that commands need, and the caller's identity; other calls by `others`.
pub(crate) fn stack(call: &Call, others: impl FnOnce(&Call) -> Answer) -> Answer {
    const OUTPUTS: [(&str, &str); 6] = [
        ("IncidentTableName", "incidents"),
        ("FunctionName", "flow-alerts"),
        ("FailureQueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/failures"),
        ("TimerQueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/timers"),
        ("TimerFailureQueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/timer-failures"),
        ("LogGroupName", "Log-Group"),
    ];
    match (&*call.service, &*call.operation) {
        ("cloudformation", "DescribeStacks") => describe_stacks(call, "ping-deny", &OUTPUTS, &[]),
        ("sts", "GetCallerIdentity") => Answer::xml(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:sts::123456789012:assumed-role/admin/alice</Arn><UserId>AROA:alice</UserId>\
             <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        _ => others(call),
    }
}
