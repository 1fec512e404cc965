//! Links into the AWS console that open on the right thing, and the Logs Insights queries in them.

pub mod console;
pub mod query;
pub mod search;
mod target;

use console::AwsConsole;
pub use target::{Link, Target};

use crate::{
    detection::Rule,
    explain::{Explanation, Group, Layer},
    incident::IncidentKey,
    metrics::{ORIGIN, REJECT, RULE},
    notification::{content::NotificationContent, explained::ExplainedFinding, site::Site},
    text::inert,
    time::{self, EpochMillis, MINUTE_MILLIS, SECOND_MILLIS},
};

/// Links to rules that may have to be changed.
const MAX_RULES: usize = 4;

/// Shown before and after what the records of a batch span: what was accepted a little earlier explains them.
const AROUND_MILLIS: u64 = 5 * MINUTE_MILLIS;

/// Shown in a graph on either side.
const GRAPH_MILLIS: u64 = 60 * MINUTE_MILLIS;

/// Characters of a metric name
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
const MAX_METRIC_CHARS: usize = 255;

/// The metric that counts the records of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its dimensions: for pings none, as their metric counts every origin.
    pub dimensions: Vec<(&'static str, &'static str)>,
}

impl<'s> Metric<'s> {
    /// The metric of an incident.
    pub fn of(key: &IncidentKey, site: &'s Site) -> Metric<'s> {
        if key.rule == Rule::Ping {
            return Metric { name: &site.metric_name, dimensions: Vec::new() };
        }
        Metric { name: REJECT, dimensions: vec![(RULE, key.rule.word()), (ORIGIN, key.signal.origin().word())] }
    }
}

/// The links of a notification, the most useful one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(Vec<Link>);

impl Links {
    /// The links to some findings and their records. `span` is the time of the first and the last record.
    pub fn of(
        content: &NotificationContent,
        flows: &[ExplainedFinding<'_>],
        site: &Site,
        key: &IncidentKey,
        (first, last): (EpochMillis, EpochMillis),
    ) -> Links {
        let (console, source) = (&site.console, &content.source);
        let (from, to) = match (&content.format, content.totals.first_start, content.totals.last_end) {
            // The period of an update begins where the one before ends: what stands around it is in another email.
            (None, Some(_), Some(_)) => (first, time::after(last, SECOND_MILLIS)),
            _ => (time::before(first, AROUND_MILLIS), time::after(last, AROUND_MILLIS)),
        };
        let mut links = rules(flows, site);
        let hosts = hosts(flows, site);
        let (target, query) = match &content.format {
            Some(format) => (Target::Records, query::insights(&content.findings, format)),
            None => search::insights(content, &site.formats),
        };
        let records = Link { target, url: console.logs_insights(source.readable_log_group(), &query, from, to) };
        // Where no rules are known, the interface is what leads to them.
        if links.is_empty() {
            links.extend(hosts.into_iter().chain([records]));
        } else {
            links.extend([records].into_iter().chain(hosts));
        }
        if !source.log_stream.is_empty() {
            let url = console.log_stream(source.readable_log_group(), &source.log_stream, from);
            links.push(Link { target: Target::LogStream, url });
        }
        let (from, to) = (time::before(first, GRAPH_MILLIS), time::after(last, GRAPH_MILLIS));
        let Metric { name, dimensions } = Metric::of(key, site);
        let url = console.metric(&site.metric_namespace, name, &dimensions, (from, to));
        links.push(Link { target: Target::Metric(inert(name, MAX_METRIC_CHARS)), url });
        Links(links)
    }

    /// The links, the most useful one first.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.iter()
    }

    /// The address of the first link to such a target.
    pub fn to(&self, is: impl Fn(&Target) -> bool) -> Option<&str> {
        self.iter().find(|link| is(&link.target)).map(|link| link.url.as_str())
    }
}

/// The network ACLs and security groups that the explanations are about, each once.
fn rules(flows: &[ExplainedFinding<'_>], site: &Site) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for ExplainedFinding { explanation, location, .. } in flows {
        let console = site.console_of(location.region);
        for link in rules_of(explanation, &console) {
            if links.len() < MAX_RULES && !links.contains(&link) {
                links.push(link);
            }
        }
    }
    links
}

fn rules_of(explanation: &Explanation, console: &AwsConsole) -> Vec<Link> {
    let (acls, groups) = match explanation.layer {
        Layer::Acl => (true, explanation.lacking_groups().is_some()),
        Layer::SecurityGroup => (false, true),
        Layer::Both | Layer::Either | Layer::Neither => (true, true),
        Layer::BlockPublicAccess | Layer::EncryptionControls | Layer::Late | Layer::Other => (false, false),
    };
    let acls = explanation.acls().filter(|_| acls).map(|acl| &acl.id).filter(|id| query::is_plain(id));
    let acls = acls.map(|id| Link { target: Target::Acl(id.to_string()), url: console.network_acl(id) });
    let groups = explanation.groups().filter(|_| groups).flat_map(|groups| &groups.groups);
    let groups = groups.map(|Group { id, .. }| id).filter(|id| query::is_plain(id));
    let groups =
        groups.map(|id| Link { target: Target::SecurityGroup(id.to_string()), url: console.security_group(id) });
    acls.chain(groups).collect()
}

/// The instance, and the interface or the NAT gateway, of the heaviest flow that has one.
fn hosts(flows: &[ExplainedFinding<'_>], site: &Site) -> Vec<Link> {
    let instance = flows.iter().find_map(|flow| {
        let id = flow.endpoint(flow.own_side()?).host().instance_id.filter(|id| query::is_plain(id))?;
        let url = site.console_of(flow.location.region).instance(id);
        Some(Link { target: Target::Instance(id.to_owned()), url })
    });
    let logged_by = flows.iter().find_map(|flow| {
        let console = site.console_of(flow.location.region);
        let interface = flow.finding.flow.interface_id.as_deref().filter(|id| query::is_plain(id));
        let interface =
            interface.map(|id| Link { target: Target::Interface(id.to_owned()), url: console.network_interface(id) });
        let nat_gateway = || flow.finding.flow.nat_gateway().filter(|id| query::is_plain(id));
        interface.or_else(|| {
            nat_gateway().map(|id| Link { target: Target::NatGateway(id.to_owned()), url: console.nat_gateway(id) })
        })
    });
    instance.into_iter().chain(logged_by).collect()
}
