//! A fake EC2 with the four Describe calls: the query protocol, and the network of the records in the scenarios.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::http::{Request, Response, answer, serve};
use super::script::{Act, Script};

/// The instance with the interface of the records.
pub(crate) const INSTANCE: &str = "i-0123456789abcdef0";
/// The network ACL of the instance's subnet. Its outbound rule 50 denies ICMP.
pub(crate) const ACL: &str = "acl-0f3a9c0f3a9c0f3a9";

const INTERFACES: &str = "<networkInterfaceSet><item><networkInterfaceId>eni-1235b8ca123456789</networkInterfaceId>\
    <subnetId>subnet-0aaa</subnetId><vpcId>vpc-0bbb</vpcId><availabilityZone>ap-northeast-1a</availabilityZone>\
    <description>Primary network interface</description><ownerId>123456789010</ownerId>\
    <interfaceType>interface</interfaceType><privateIpAddress>172.31.16.139</privateIpAddress>\
    <groupSet><item><groupId>sg-0ccc</groupId></item></groupSet>\
    <attachment><instanceId>i-0123456789abcdef0</instanceId></attachment></item></networkInterfaceSet>";
/// The interface of a database in the same subnet. Its group allows requests from another group alone.
const DATABASE: &str = "<item><networkInterfaceId>eni-0f9e8d7c6b5a40312</networkInterfaceId>\
    <subnetId>subnet-0aaa</subnetId><vpcId>vpc-0bbb</vpcId><availabilityZone>ap-northeast-1a</availabilityZone>\
    <description>RDSNetworkInterface</description><ownerId>123456789010</ownerId>\
    <interfaceType>interface</interfaceType><privateIpAddress>172.31.32.20</privateIpAddress>\
    <groupSet><item><groupId>sg-0ddd</groupId></item></groupSet></item></networkInterfaceSet>";
const TAGS: &str = "<tagSet><item><resourceId>i-0123456789abcdef0</resourceId><key>Name</key><value>web-1</value></item>\
    <item><resourceId>i-0123456789abcdef0</resourceId><key>Owner</key><value>team-a</value></item></tagSet>";
const GROUPS: &str = "<securityGroupInfo><item><groupId>sg-0ccc</groupId><groupName>web</groupName><ipPermissions><item>\
    <ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item>\
    </ipRanges></item></ipPermissions><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item>\
    <cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissionsEgress></item>\
    <item><groupId>sg-0ddd</groupId><groupName>db</groupName><ipPermissions><item><ipProtocol>tcp</ipProtocol>\
    <fromPort>5432</fromPort><toPort>5432</toPort><groups><item><groupId>sg-0eee</groupId></item></groups></item></ipPermissions>\
    </item></securityGroupInfo>";
const ACLS: &str = "<networkAclSet><item><networkAclId>acl-0f3a9c0f3a9c0f3a9</networkAclId><default>false</default><entrySet>\
    <item><ruleNumber>50</ruleNumber><protocol>1</protocol><ruleAction>deny</ruleAction><egress>true</egress>\
    <cidrBlock>0.0.0.0/0</cidrBlock><icmpTypeCode><code>-1</code><type>-1</type></icmpTypeCode></item>\
    <item><ruleNumber>100</ruleNumber><protocol>-1</protocol><ruleAction>allow</ruleAction><egress>true</egress>\
    <cidrBlock>0.0.0.0/0</cidrBlock></item>\
    <item><ruleNumber>100</ruleNumber><protocol>-1</protocol><ruleAction>allow</ruleAction><egress>false</egress>\
    <cidrBlock>0.0.0.0/0</cidrBlock></item></entrySet>\
    <associationSet><item><subnetId>subnet-0aaa</subnetId></item></associationSet></item></networkAclSet>";

/// One test's EC2.
pub(crate) struct Ec2 {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Script,
    delay: Mutex<Duration>,
    attempts: Mutex<Vec<String>>,
}

impl Ec2 {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State { script: Script::working(), delay: Mutex::default(), attempts: Mutex::default() });
        let address = serve(Arc::clone(&state), State::handle).await;
        Self { address, state }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.state.script
    }

    /// Delays every response.
    pub(crate) fn slow_down(&self, delay: Duration) {
        *self.state.delay.lock().expect("no poisoned lock") = delay;
    }

    /// Returns the action of every received request, accepted or not. Sorted, because some are concurrent.
    pub(crate) fn attempts(&self) -> Vec<String> {
        let mut attempts = self.state.attempts.lock().expect("no poisoned lock").clone();
        attempts.sort();
        attempts
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let action = form.get("Action").cloned().unwrap_or_default();
        self.attempts.lock().expect("no poisoned lock").push(action.clone());
        let (act, delay) = (self.script.next(), *self.delay.lock().expect("no poisoned lock"));
        tokio::time::sleep(delay).await;
        match act {
            Act::Work => {}
            Act::Throttle => return error(503, "RequestLimitExceeded"),
            Act::Break => return error(500, "InternalError"),
            Act::Deny => return error(403, "UnauthorizedOperation"),
            Act::Hang => std::future::pending().await,
        }
        if request.method != "POST" || !request.header("authorization").contains("/ec2/aws4_request") {
            return error(401, "AuthFailure");
        }
        let with_database = INTERFACES.replace("</networkInterfaceSet>", DATABASE);
        let body = match action.as_str() {
            "DescribeNetworkInterfaces" if form.values().any(|value| value == "eni-0f9e8d7c6b5a40312") => {
                &with_database
            }
            "DescribeNetworkInterfaces" => INTERFACES,
            "DescribeTags" => TAGS,
            "DescribeSecurityGroups" => GROUPS,
            "DescribeNetworkAcls" => ACLS,
            _ => return error(400, "InvalidAction"),
        };
        xml(200, format!("<{action}Response><requestId>1</requestId>{body}</{action}Response>"))
    }
}

fn error(status: u16, code: &str) -> Response {
    let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    xml(status, format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"))
}

fn xml(status: u16, body: String) -> Response {
    answer(status, &[("content-type", "text/xml;charset=UTF-8")], body)
}
