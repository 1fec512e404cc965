//! The answers of a healthy deployment, in the forms that AWS documents.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::harness::{Answer, Call, describe_stacks};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:CloudWatch-Alarms-Ping-Deny";
const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                              ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// Milliseconds since the epoch, so many minutes ago.
#[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
pub(super) fn minutes_ago(minutes: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap() - minutes * 60_000
}

/// The answer to a call.
pub(super) fn healthy(call: &Call) -> Answer {
    match &*call.service {
        "cloudformation" => cloudformation(call),
        "lambda" => lambda(call),
        "sns" => sns(call),
        "ec2" => Answer::xml(flow_log("ALL", DEFAULT_FORMAT)),
        "logs" => logs(call),
        "monitoring" => cloudwatch(call),
        "sqs" => Answer::json(
            &json!({ "Attributes": { "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0" } }),
        ),
        "dynamodb" => dynamodb(call),
        "scheduler" => {
            assert_eq!(call.operation, "GET /schedules/ping-deny-digest");
            Answer::json(
                &json!({ "State": "ENABLED", "ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Asia/Tokyo" }),
            )
        }
        "iam" => Answer::xml(simulation("allowed")),
        "kms" => kms(call),
        "sts" => Answer::xml(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::123456789012:user/alice</Arn><UserId>AIDA</UserId><Account>123456789012</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        other => panic!("{other}: {call:?}"),
    }
}

fn cloudformation(call: &Call) -> Answer {
    if call.operation == "DescribeStacks" {
        return stack(call, &[]);
    }
    assert_eq!((call.operation.as_str(), call.form["StackName"].as_str()), ("ListStackResources", "ping-deny"));
    // Two pages.
    let (token, resources): (&str, &[(&str, &str, &str)]) = match call.form.get("NextToken").map(String::as_str) {
        None => (
            "<NextToken>2</NextToken>",
            &[
                ("FlowAlerts", "AWS::Lambda::Function", "flow-alerts"),
                ("IncidentTimer", "AWS::Lambda::Function", "incident-timer"),
                (
                    "HealthTopic",
                    "AWS::SNS::Topic",
                    "arn:aws:sns:us-east-1:123456789012:CloudWatch-Alarms-Ping-Deny-Health",
                ),
                (
                    "ChatAlertTopic",
                    "AWS::SNS::Topic",
                    "arn:aws:sns:us-east-1:123456789012:CloudWatch-Alarms-Ping-Deny-Chat",
                ),
            ],
        ),
        Some(_) => (
            "",
            &[
                ("DigestSchedule", "AWS::Scheduler::Schedule", "ping-deny-digest"),
                ("TopicEncryptionKey", "AWS::KMS::Key", "key-1"),
                ("PingDenyAlarm", "AWS::CloudWatch::Alarm", "CloudWatch-Alarm-Ping-Deny"),
                ("ErrorsAlarm", "AWS::CloudWatch::Alarm", "CloudWatch-Alarm-Ping-Deny-Errors"),
            ],
        ),
    };
    let members: String = resources
        .iter()
        .map(|(logical, kind, physical)| {
            format!(
                "<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>\
                 <ResourceType>{kind}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
                 <LastUpdatedTimestamp>2026-11-23T02:00:00Z</LastUpdatedTimestamp></member>"
            )
        })
        .collect();
    Answer::xml(format!(
        "<ListStackResourcesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><ListStackResourcesResult>\
         <StackResourceSummaries>{members}</StackResourceSummaries>{token}</ListStackResourcesResult></ListStackResourcesResponse>"
    ))
}

/// The stack, with some parameters of its own.
pub(super) fn stack(call: &Call, other: &[(&str, &str)]) -> Answer {
    let sqs = "https://sqs.us-east-1.amazonaws.com/123456789012";
    let [failures, timers, timer_failures] =
        ["failures", "timers", "timer-failures"].map(|name| format!("{sqs}/{name}"));
    let outputs = [
        ("AlertTopicArn", TOPIC),
        ("FunctionName", "flow-alerts"),
        ("LogGroupName", "Log-Group"),
        ("FailureQueueUrl", &*failures),
        ("TimerQueueUrl", &*timers),
        ("TimerFailureQueueUrl", &*timer_failures),
        ("IncidentTableName", "incidents"),
    ];
    let mut parameters = vec![
        ("HealthEmail", "ops@example.com"),
        ("ChatTopic", "yes"),
        ("TopicKey", "create"),
        ("FlowLogFormat", ""),
        ("FilterPattern", "auto"),
        ("Rules", "ping,request"),
        ("NativeFilterPattern", "[..., action=REJECT, flowlogstatus]"),
        ("MetricNamespace", "Ping-Deny-Metrics"),
        ("MetricName", "Ping-Deny"),
        ("AlarmName", "CloudWatch-Alarm-Ping-Deny"),
        ("Digest", "daily"),
        ("DigestHour", "9"),
        ("TimeZone", "Asia/Tokyo"),
        ("Enrichment", "on"),
        ("OwnNetworks", ""),
        ("UpdateIntervalsMinutes", "5,15,60,240,1440"),
        ("QuietMinutes", "15"),
        ("ResolvedEmails", "yes"),
    ];
    parameters.retain(|(name, _)| other.iter().all(|(known, _)| known != name));
    parameters.extend(other);
    describe_stacks(call, "ping-deny", &outputs, &parameters)
}

fn lambda(call: &Call) -> Answer {
    let (functions, mappings) = ("GET /2015-03-31/functions/", "GET /2015-03-31/event-source-mappings?FunctionName=");
    if call.operation.starts_with("GET /2019-09-30/functions/") {
        return Answer::json(&json!({}));
    }
    if let Some(name) = call.operation.strip_prefix(mappings) {
        assert_eq!(name, "incident-timer");
        let source = "arn:aws:sqs:us-east-1:123456789012:timers";
        return Answer::json(
            &json!({ "EventSourceMappings": [{ "UUID": "m-1", "EventSourceArn": source, "State": "Enabled" }] }),
        );
    }
    let (name, what) = call.operation.strip_prefix(functions).unwrap().split_once('/').unwrap();
    if what == "configuration" {
        return Answer::json(&json!({
            "FunctionName": name, "State": "Active", "LastUpdateStatus": "Successful",
            "Role": format!("arn:aws:iam::123456789012:role/{name}-role"),
        }));
    }
    assert_eq!((name, what), ("flow-alerts", "policy"));
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "1", "Effect": "Allow", "Principal": { "Service": "logs.amazonaws.com" }, "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:flow-alerts",
        "Condition": {
            "StringEquals": { "AWS:SourceAccount": "123456789012" },
            "ArnLike": { "AWS:SourceArn": "arn:aws:logs:us-east-1:123456789012:log-group:Log-Group:*" },
        },
    }] });
    Answer::json(&json!({ "Policy": policy.to_string(), "RevisionId": "1" }))
}

fn sns(call: &Call) -> Answer {
    if call.operation == "GetSubscriptionAttributes" {
        return Answer::xml(attributes("true"));
    }
    subscriptions(&[("email", "alice@example.com", &format!("{}:1", call.form["TopicArn"]))])
}

/// The subscriptions of a topic: protocol, endpoint and ARN.
pub(super) fn subscriptions(all: &[(&str, &str, &str)]) -> Answer {
    let members: String = all
        .iter()
        .map(|(protocol, endpoint, arn)| {
            format!(
                "<member><TopicArn>{TOPIC}</TopicArn><Protocol>{protocol}</Protocol><SubscriptionArn>{arn}</SubscriptionArn>\
                 <Owner>123456789012</Owner><Endpoint>{endpoint}</Endpoint></member>"
            )
        })
        .collect();
    Answer::xml(format!(
        "<ListSubscriptionsByTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListSubscriptionsByTopicResult>\
         <Subscriptions>{members}</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
    ))
}

/// The attributes of a subscription.
pub(super) fn attributes(authenticated: &str) -> String {
    let entry = |key: &str, value: &str| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let entries = [
        entry("Protocol", "email"),
        entry("ConfirmationWasAuthenticated", authenticated),
        entry("RawMessageDelivery", "false"),
    ];
    format!(
        "<GetSubscriptionAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><GetSubscriptionAttributesResult>\
         <Attributes>{}</Attributes></GetSubscriptionAttributesResult></GetSubscriptionAttributesResponse>",
        entries.concat()
    )
}

/// A flow log.
pub(super) fn flow_log(traffic: &str, format: &str) -> String {
    format!(
        "<DescribeFlowLogsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId><flowLogSet><item>\
         <flowLogId>fl-1</flowLogId><flowLogStatus>ACTIVE</flowLogStatus><deliverLogsStatus>SUCCESS</deliverLogsStatus>\
         <trafficType>{traffic}</trafficType><logDestinationType>cloud-watch-logs</logDestinationType>\
         <logGroupName>Log-Group</logGroupName><resourceId>vpc-1</resourceId><maxAggregationInterval>60</maxAggregationInterval>\
         <logFormat>{format}</logFormat><creationTime>2026-11-01T10:00:00.000Z</creationTime></item></flowLogSet>\
         </DescribeFlowLogsResponse>"
    )
}

fn logs(call: &Call) -> Answer {
    let other = &json!({ "logGroupName": "Log-Group-2", "logGroupClass": "DELIVERY" });
    Answer::json(&match &*call.operation {
        "DescribeLogGroups" => {
            assert_eq!(call.json["logGroupNamePrefix"], "Log-Group");
            json!({ "logGroups": [other, { "logGroupName": "Log-Group", "logGroupClass": "STANDARD", "retentionInDays": 30 }] })
        }
        "DescribeSubscriptionFilters" => json!({ "subscriptionFilters": [{
            "filterName": "ping-deny-flow-alerts", "logGroupName": "Log-Group", "filterPattern": "?ACCEPT ?REJECT",
            "destinationArn": "arn:aws:lambda:us-east-1:123456789012:function:flow-alerts", "distribution": "ByLogStream",
        }] }),
        // The first page of a search may be empty.
        "FilterLogEvents" if call.json["nextToken"].is_null() => {
            json!({ "events": [], "nextToken": "2", "searchedLogStreams": [] })
        }
        "FilterLogEvents" => json!({ "events": [{
            "logStreamName": "eni-1-all", "timestamp": minutes_ago(6), "message": "2 ...", "ingestionTime": minutes_ago(1), "eventId": "1",
        }], "searchedLogStreams": [] }),
        other => panic!("{other}"),
    })
}

fn cloudwatch(call: &Call) -> Answer {
    if call.operation == "DescribeAlarms" {
        return alarms("OK", "true");
    }
    assert_eq!(call.operation, "GetMetricData");
    metrics(call, |name| match name {
        "Errors" | "Throttles" | "ApproximateAgeOfOldestMessage" => None,
        _ => Some(2.0),
    })
}

/// The stack's alarms, all alike.
pub(super) fn alarms(state: &str, enabled: &str) -> Answer {
    let one = |name: &str| {
        format!(
            "<member><AlarmName>{name}</AlarmName><AlarmDescription>Look.</AlarmDescription><StateValue>{state}</StateValue>\
             <StateReason>Threshold Crossed</StateReason><ActionsEnabled>{enabled}</ActionsEnabled></member>"
        )
    };
    Answer::xml(format!(
        "<DescribeAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><DescribeAlarmsResult><MetricAlarms>\
         {}{}</MetricAlarms><CompositeAlarms/></DescribeAlarmsResult></DescribeAlarmsResponse>",
        one("CloudWatch-Alarm-Ping-Deny"),
        one("CloudWatch-Alarm-Ping-Deny-Errors"),
    ))
}

/// Metrics with one point of 20 minutes ago each, by the name of the metric.
pub(super) fn metrics(call: &Call, value: impl Fn(&str) -> Option<f64>) -> Answer {
    let at = jiff::Timestamp::from_millisecond(minutes_ago(20).try_into().unwrap()).unwrap();
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let results: String = (1..)
        .map_while(|number| {
            let field = |name: &str| call.form.get(&format!("MetricDataQueries.member.{number}.{name}"));
            let (id, name) = (field("Id")?, field("MetricStat.Metric.MetricName")?);
            let point =
                |member: Option<String>| member.map(|text| format!("<member>{text}</member>")).unwrap_or_default();
            let value = value(name);
            let (times, values) = (point(value.map(|_| at.to_string())), point(value.map(|value| value.to_string())));
            Some(format!(
                "<member><Id>{id}</Id><Label>{name}</Label><Timestamps>{times}</Timestamps><Values>{values}</Values>\
                 <StatusCode>Complete</StatusCode></member>"
            ))
        })
        .collect();
    Answer::xml(format!(
        "<GetMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><GetMetricDataResult><MetricDataResults>\
         {results}</MetricDataResults><Messages/></GetMetricDataResult></GetMetricDataResponse>"
    ))
}

fn dynamodb(call: &Call) -> Answer {
    Answer::json(&match &*call.operation {
        "DescribeTable" => json!({ "Table": { "TableName": "incidents", "TableStatus": "ACTIVE" } }),
        "DescribeTimeToLive" => {
            json!({ "TimeToLiveDescription": { "AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED" } })
        }
        other => panic!("{other}"),
    })
}

/// What a role may do, all alike.
pub(super) fn simulation(decision: &str) -> String {
    let actions = [
        "DescribeNetworkInterfaces",
        "DescribeTags",
        "DescribeSecurityGroups",
        "DescribeNetworkAcls",
        "GetManagedPrefixListEntries",
    ];
    let members: String = actions
        .map(|action| {
            format!(
                "<member><EvalActionName>ec2:{action}</EvalActionName><EvalResourceName>*</EvalResourceName>\
                 <EvalDecision>{decision}</EvalDecision><MatchedStatements/></member>"
            )
        })
        .concat();
    format!(
        "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><SimulatePrincipalPolicyResult>\
         <IsTruncated>false</IsTruncated><EvaluationResults>{members}</EvaluationResults></SimulatePrincipalPolicyResult>\
         </SimulatePrincipalPolicyResponse>"
    )
}

fn kms(call: &Call) -> Answer {
    assert_eq!(call.json["KeyId"], "key-1");
    let policy: Value = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" },
          "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*" },
    ] });
    Answer::json(&match &*call.operation {
        "DescribeKey" => json!({ "KeyMetadata": { "KeyId": "key-1", "KeyState": "Enabled", "Enabled": true } }),
        "GetKeyPolicy" => json!({ "Policy": policy.to_string(), "PolicyName": "default" }),
        other => panic!("{other}"),
    })
}
