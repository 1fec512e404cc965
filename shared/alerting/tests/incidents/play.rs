//! Plays a world: its records become lines of log streams and arrive in batches, some late or repeated. The detector and the engine
//! process them, and the emails are kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    future::ready,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use alerting::{
    detection::{Detection, Detector, LogSource},
    engine::Engine,
    enrichment::{
        self, AclEntry, EnrichmentRequest, GroupRule, IcmpRange, MissingData, MissingReason, Network, NetworkAcl,
        NetworkPart, Peer, RuleTraffic, SecurityGroup, Tags,
    },
    incident::{GroupBy, InternetPings, SignalPolicy, policy::Policy, state::TimerMessage},
    memory::MemoryIncidents,
    metrics::Point,
    notification::{Language, RenderedDigest, RenderedNotification, Site, links::console::AwsConsole},
    ports::{Enricher, MetricSink, Notifier, Notifiers, PortError, Sending, Timers},
    time::{EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};
use flow_log::{Formats, LogEvent};
use serde_json::Value;

use super::world::{ACCOUNT, REGION, Rule, World};

pub(crate) const LOG_GROUP: &str = "flow-logs";

/// A log line and, if it is a record of the world, the record's number.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) record: Option<usize>,
}

/// The content of one event: documents, each of one log stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) documents: Vec<(String, Vec<Line>)>,
}

/// The settings of the function in one world.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) group_by: GroupBy,
    pub(crate) policy: Policy,
    pub(crate) enriched: bool,
    pub(crate) language: Language,
    /// How many of 1,000 opened emails fail at the first try.
    failing: u64,
}

/// An email with its document.
#[derive(Clone, Debug)]
pub(crate) struct Email {
    pub(crate) at: u64,
    pub(crate) document: Value,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) routing: BTreeMap<String, Vec<String>>,
}

/// A step of the played world, in order of time.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A batch was counted, with its number and the time.
    Counted(usize, u64),
    /// Sending an email failed.
    Failed(Email),
    /// An email was sent.
    Sent(Email),
}

/// A world with everything that happened in it.
#[derive(Debug)]
pub(crate) struct PlayedWorld {
    pub(crate) world: Arc<World>,
    pub(crate) setting: Setting,
    pub(crate) batches: Vec<Batch>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
struct Hub {
    now: u64,
    random: super::world::Random,
    failing: u64,
    timers: Vec<(u64, TimerMessage)>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Ports {
    hub: Arc<Mutex<Hub>>,
    world: Arc<World>,
    enriched: bool,
}

impl Timers for Ports {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        let mut hub = self.hub.lock().unwrap();
        let at = hub.now + delay_millis;
        hub.timers.push((at, message.clone()));
        Ok(())
    }
}

impl Notifier for Ports {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        let mut hub = self.hub.lock().unwrap();
        let email = Email {
            at: hub.now,
            document: serde_json::from_str(&notification.document.json()).unwrap(),
            subject: notification.email.subject.clone(),
            body: notification.email.body.clone(),
            routing: notification
                .document
                .routing
                .values()
                .into_iter()
                .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
                .collect(),
        };
        let failing = hub.failing;
        if email.document["kind"] == "opened" && hub.random.permille(failing) {
            hub.steps.push(Step::Failed(email));
            return Box::pin(ready(Err(PortError { call: "send", reason: "planned".to_owned() })));
        }
        hub.steps.push(Step::Sent(email));
        Box::pin(ready(Ok(())))
    }

    fn send_digest<'a>(&'a self, _: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(ready(Ok(())))
    }
}

impl MetricSink for Ports {
    async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
        Ok(())
    }

    fn log(&self, _: &[Point]) {}
}

impl Enricher for Ports {
    async fn enrich(&self, wanted: &EnrichmentRequest) -> Network {
        if !self.enriched {
            return Network::unknown(MissingReason::SwitchedOff);
        }
        let network = answer(&self.world, wanted);
        let has_rules = !network.groups.is_empty() || !network.acls.is_empty();
        let read_at = self.hub.lock().unwrap().now - RULES_AGE_MILLIS;
        Network { rules_read_at: has_rules.then_some(EpochMillis(read_at)), ..network }
    }
}

/// The age of the rules that EC2 answers with: they come from a cache.
pub(crate) const RULES_AGE_MILLIS: u64 = 3 * MINUTE_MILLIS;

/// Returns what EC2 shows of a world to the function's account.
fn answer(world: &World, wanted: &EnrichmentRequest) -> Network {
    let mut network = Network::default();
    let visible = || world.interfaces.iter().filter(|interface| interface.visible && interface.resource.is_none());
    let asked: BTreeSet<&str> =
        visible().map(|interface| interface.id.as_str()).filter(|id| wanted.interfaces.contains(*id)).collect();
    if wanted.interfaces.iter().any(|id| !asked.contains(id.as_str())) {
        network.missing.push(MissingData { part: NetworkPart::Interfaces, reason: MissingReason::NotFound });
    }
    for known in visible() {
        let has_address = known.addresses.iter().any(|address| wanted.addresses.contains(address));
        if !asked.contains(known.id.as_str()) && !has_address {
            continue;
        }
        let subnet = &world.subnets[known.subnet];
        if let Some(instance) = &known.instance {
            network.tags.insert(instance.clone(), Tags { name: Some(known.name.as_str().into()), owners: Vec::new() });
        }
        let own_name = known.instance.is_none().then(|| known.name.as_str().into());
        network.interfaces.insert(
            known.id.clone(),
            enrichment::Interface {
                id: known.id.as_str().into(),
                kind: known.kind.into(),
                owner: Some(known.account.as_str().into()),
                addresses: known.addresses.clone(),
                instance_id: known.instance.as_deref().map(Into::into),
                subnet_id: Some(subnet.id.as_str().into()),
                vpc_id: Some(known.vpc.as_str().into()),
                group_ids: known.groups.iter().map(|(id, _)| id.as_str().into()).collect(),
                tags: Tags { name: own_name, owners: Vec::new() },
                ..enrichment::Interface::default()
            },
        );
        if !asked.contains(known.id.as_str()) {
            continue;
        }
        if let Some((id, rules)) = &known.groups {
            let side = |egress: bool| rules.iter().filter(move |rule| rule.egress == egress).map(group_rule).collect();
            let group = SecurityGroup {
                id: id.as_str().into(),
                name: id.as_str().into(),
                inbound: side(false),
                outbound: side(true),
            };
            network.groups.insert(id.clone(), group);
        }
        if !network.acls.iter().any(|acl| *acl.id == *subnet.acl_id) {
            network.acls.push(NetworkAcl {
                id: subnet.acl_id.as_str().into(),
                subnet_ids: vec![subnet.id.as_str().into()],
                is_default: false,
                entries: subnet.acl.iter().map(acl_entry).collect(),
                tags: Tags::default(),
            });
        }
    }
    network
}

fn traffic_of(rule: &Rule) -> RuleTraffic {
    let icmp = IcmpRange { kind: rule.icmp_type, code: None };
    match rule.protocol.map_or(RuleTraffic::All, RuleTraffic::all_of) {
        RuleTraffic::Icmp(_) => RuleTraffic::Icmp(icmp),
        RuleTraffic::Icmpv6(_) => RuleTraffic::Icmpv6(icmp),
        other => other,
    }
}

fn group_rule(rule: &Rule) -> GroupRule {
    GroupRule { traffic: traffic_of(rule), peer: Peer::Block(rule.block.parse().unwrap()) }
}

fn acl_entry(rule: &Rule) -> AclEntry {
    AclEntry {
        number: rule.number,
        egress: rule.egress,
        allow: rule.allow,
        traffic: traffic_of(rule),
        block: rule.block.parse().unwrap(),
    }
}

/// Polls a future that is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future has to be ready"),
    }
}

impl Setting {
    fn of(world: &mut World) -> Setting {
        let random = &mut world.random;
        let minutes = |minutes: u64| minutes * MINUTE_MILLIS;
        let intervals = random.pick(&[[2, 5], [3, 3], [5, 20], [5, 150]]).map(minutes);
        let quiet = minutes(random.pick(&[4, 9, 25]));
        let failing = random.pick(&[0, 0, 300]);
        let mut policy = Policy::new(&intervals, quiet).unwrap().with_timeout_seconds(3);
        policy.resolved_emails = failing > 0 || random.permille(850);
        policy = policy.with_shards(random.pick(&[1, 4]));
        let by_interface = world.interfaces.iter().all(|interface| interface.resource.is_none())
            && world.interfaces.len() < 7
            && world.formats.iter().all(|format| format.names().any(|name| name == "interface-id"));
        let random = &mut world.random;
        Setting {
            group_by: if by_interface && random.permille(250) { GroupBy::Interface } else { GroupBy::LogGroup },
            policy,
            enriched: random.permille(600),
            language: if random.permille(150) { Language::Japanese } else { Language::English },
            failing,
        }
    }
}

/// Returns the batches and their times of arrival.
fn batches(world: &mut World) -> (Vec<Batch>, Vec<(u64, usize)>) {
    let mut streams = world.by_interface();
    let merged = world.random.permille(200);
    if merged {
        let all: Vec<usize> = streams.into_values().flatten().collect();
        streams = [(0, all)].into();
    }
    let split = world.random.pick(&[0, 300]);
    let window = world.random.pick(&[1, 1, 3, 8]);
    let late = world.random.pick(&[0, 0, 60]);
    let doubled = world.random.pick(&[0, 0, 30]);
    let mut arrivals: BTreeMap<(u64, usize, bool), Vec<usize>> = BTreeMap::new();
    for (stream, mut records) in streams {
        records.sort_by_key(|number| world.records[*number].first);
        for number in records {
            let minute = (world.records[number].first * 1_000 - World::start_of_world_millis()) / MINUTE_MILLIS;
            let delay = if world.random.permille(late) { 5 + world.random.below(110) } else { 0 };
            let slot = (minute / window + 1) * window + delay;
            arrivals.entry((slot, stream, world.random.permille(split))).or_default().push(number);
        }
    }
    let mut batches: Vec<Batch> = Vec::new();
    let mut times: Vec<(u64, usize)> = Vec::new();
    let joined = world.random.pick(&[0, 400]);
    for ((slot, stream, _), numbers) in arrivals {
        let mut lines = Vec::new();
        for number in numbers {
            let record = &world.records[number];
            let format = &world.formats[world.interfaces[record.interface].format];
            let text = format.line(world, record);
            for _ in 0..=u64::from(world.random.permille(doubled)) {
                lines.push(Line { text: text.clone(), record: Some(number) });
            }
            if world.random.permille(50) {
                let format = world.formats[0].clone();
                lines.push(Line { text: format.noise(&mut world.random), record: None });
            }
        }
        if world.random.permille(200) {
            lines.reverse();
        }
        let document = (format!("stream-{stream}"), lines);
        let at = World::start_of_world_millis() + (slot + 1) * MINUTE_MILLIS + world.random.below(4 * MINUTE_MILLIS);
        match batches.last_mut() {
            Some(last) if world.random.permille(joined) => last.documents.push(document),
            _ => {
                times.push((at, batches.len()));
                batches.push(Batch { documents: vec![document] });
            }
        }
    }
    let again = world.random.pick(&[0, 100]);
    for index in 0..times.len() {
        if world.random.permille(again) {
            let (at, batch) = times[index];
            times.push((at + world.random.below(10 * MINUTE_MILLIS), batch));
        }
    }
    times.sort_unstable();
    (batches, times)
}

fn detect(formats: &Formats, batch: &Batch, id: usize) -> Vec<Detection> {
    let documents = batch.documents.iter().enumerate();
    documents
        .map(|(number, (stream, lines))| {
            let mut detector = Detector::new(formats);
            for (at, line) in lines.iter().enumerate() {
                // CloudWatch Logs uses the start of the record as the time of the log event.
                let time = line.text.split(' ').find(|word| word.len() == 10 && word.starts_with("179")).unwrap_or("0");
                let time: i64 = time.parse().unwrap();
                detector.observe(&LogEvent::new(format!("{id}-{number}-{at}"), time * 1_000, line.text.as_str()));
            }
            let source = LogSource { log_stream: stream.clone(), ..LogSource::logged_in(ACCOUNT, REGION, LOG_GROUP) };
            detector.finish(source)
        })
        .collect()
}

/// Splits batches into one per document, because the function counts each document on its own.
fn one_by_one((batches, times): (Vec<Batch>, Vec<(u64, usize)>)) -> (Vec<Batch>, Vec<(u64, usize)>) {
    let mut documents = Vec::new();
    let mut arrivals = Vec::new();
    let firsts: Vec<std::ops::Range<usize>> = batches
        .into_iter()
        .map(|batch| {
            let first = documents.len();
            documents.extend(batch.documents.into_iter().map(|document| Batch { documents: vec![document] }));
            first..documents.len()
        })
        .collect();
    for (at, number) in times {
        arrivals.extend(firsts[number].clone().map(|document| (at, document)));
    }
    (documents, arrivals)
}

/// Plays a world until no timer message is left.
pub(crate) fn play(seed: u64) -> PlayedWorld {
    let mut world = World::new(seed);
    let setting = Setting::of(&mut world);
    let (batches, times) = one_by_one(batches(&mut world));
    let declared: Vec<&str> = world.formats.iter().map(|format| format.0).collect();
    let formats = Formats::parse(&declared.join("\n")).unwrap();
    let random = world.random.clone();
    let world = Arc::new(world);
    let hub = Hub { now: 0, random, failing: setting.failing, timers: Vec::new(), steps: Vec::new() };
    let hub = Arc::new(Mutex::new(hub));
    let ports = Ports { hub: Arc::clone(&hub), world: Arc::clone(&world), enriched: setting.enriched };
    let region = REGION;
    let engine = Engine {
        store: MemoryIncidents::default(),
        timers: ports.clone(),
        notifiers: Notifiers { required: vec![Box::new(ports.clone())], best_effort: Vec::new() },
        metrics: ports.clone(),
        network: ports,
        policy: setting.policy.clone(),
        group_by: setting.group_by,
        signals: SignalPolicy {
            internet_pings: InternetPings::Alert,
            flood_packets_per_minute: 0,
            ..SignalPolicy::default()
        },
        operational_metrics: false,
        site: Site {
            account: None,
            region: region.into(),
            console: AwsConsole::new(region),
            metric_namespace: "n".into(),
            metric_name: "m".into(),
            language: setting.language,
            zone: Zone::UTC,
            stack: Some("ping-deny".into()),
            formats: formats.clone(),
        },
    };
    let mut waiting = times;
    let mut counted = BTreeSet::new();
    for _ in 0..20_000 {
        let batch = waiting.first().map(|(at, _)| *at);
        let timer =
            hub.lock().unwrap().timers.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(n, (at, _))| (*at, n));
        let (at, is_batch) = match (batch, timer) {
            (None, None) => {
                let steps = std::mem::take(&mut hub.lock().unwrap().steps);
                return PlayedWorld { world, setting, batches, steps };
            }
            (Some(batch), Some((timer, _))) if timer < batch => (timer, false),
            (Some(batch), _) => (batch, true),
            (None, Some((timer, _))) => (timer, false),
        };
        // Two events never happen at the same time.
        let at = {
            let mut hub = hub.lock().unwrap();
            hub.now = at.max(hub.now + 1);
            EpochMillis(hub.now)
        };
        if is_batch {
            let (_, number) = waiting.remove(0);
            if counted.insert(number) {
                hub.lock().unwrap().steps.push(Step::Counted(number, at.0));
            }
            let detections = detect(&formats, &batches[number], number);
            let mut documents = detections.iter().enumerate();
            if documents.any(|(part, one)| now(engine.batch(&format!("batch-{number}-{part}"), one, at)).is_err()) {
                waiting.push((at.0 + MINUTE_MILLIS, number));
                waiting.sort_unstable();
            }
        } else if let Some((_, timer)) = timer {
            let (_, message) = hub.lock().unwrap().timers.remove(timer);
            if now(engine.timer(&message, "run", at)).is_err() {
                hub.lock().unwrap().timers.push((at.0 + MINUTE_MILLIS, message));
            }
        }
    }
    panic!("the world does not end");
}
