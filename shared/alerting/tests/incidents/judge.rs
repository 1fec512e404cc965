//! Checks the statements of a document against all records of its period and against the facts of the world.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    net::IpAddr,
};

use serde_json::Value;

use super::{
    naive::{Case, Seen, Sums, weights},
    play::Step,
    world::{Fate, Icmp, Interface, Owner},
};

/// Marks worlds in which an event has several documents.
pub(crate) const SEVERAL_DOCUMENTS: &str = "[several documents]";
/// Marks worlds in which an email could not be sent at first.
pub(crate) const NOT_SENT: &str = "[not sent at first]";

/// A kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// Packets, bytes and records.
    Totals,
    /// First and last time of the records.
    Times,
    /// First and last time of the records since the previous email.
    SinceTimes,
    /// Number and weights of senders, by the addresses in the packets.
    Senders,
    /// Number and weights of receivers, by the addresses in the packets.
    Receivers,
    /// Number of interfaces.
    Interfaces,
    /// Weights of names, if all names are stated.
    Weights,
    /// Weights of names, if only some names are stated.
    WeightsOfMany,
    /// Numbers stated as "about" or "at least".
    Estimates,
    /// Totals of one flow.
    FlowTotals,
    /// Completeness of the list of flows.
    Complete,
    /// A stated direction.
    Direction,
    /// A direction stated as unknown, although it can be determined.
    DirectionMissed,
    /// The statement that packets are answers.
    Answers,
    /// The field `reject-reason`.
    RejectReason,
    /// A layer stated as certain.
    Certain,
    /// Verdicts of rules.
    Rules,
    /// Accepted ICMP.
    Opposite,
    /// A name or an id of the owner of an address.
    Names,
    /// Account, VPC, subnet.
    FlowMetadata,
    /// Routing attributes.
    Routing,
    /// Log lines.
    Lines,
    /// Numbers and times of emails, and the previous incident.
    Life,
    /// The severity, and why it is an incident.
    Severity,
    /// What is advised, and what the proposed silences match.
    Advice,
    /// A sentence that these checks cannot parse.
    Unread,
}

/// A false statement.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) check: Check,
    pub(crate) text: String,
}

/// Collects faults.
#[derive(Debug)]
pub(crate) struct Faults<'c> {
    case: &'c Case<'c>,
    pub(crate) list: Vec<Fault>,
}

impl<'c> Faults<'c> {
    pub(crate) fn of(case: &'c Case<'c>) -> Self {
        Faults { case, list: Vec::new() }
    }

    pub(crate) fn add(&mut self, check: Check, text: impl Into<String>) {
        let Case { email, .. } = self.case;
        let (kind, number) = (&email.document["kind"], &email.document["incident"]["number"]);
        let played = self.case.played;
        let documents = played.batches.iter().any(|batch| batch.documents.len() > 1);
        let failed = played.steps.iter().any(|step| matches!(step, Step::Failed(_)));
        let marks: String = [(documents, SEVERAL_DOCUMENTS), (failed, NOT_SENT)]
            .into_iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, mark)| format!(" {mark}"))
            .collect();
        self.list.push(Fault { check, text: format!("{kind} {number}{marks}: {}", text.into()) });
    }

    pub(crate) fn same<T: PartialEq + Debug>(&mut self, check: Check, what: &str, stated: T, truth: T) {
        if stated != truth {
            self.add(check, format!("{what}: stated {stated:?}, true {truth:?}"));
        }
    }

    /// Compares times with a tolerance of a minute, because the emails state these times to the minute.
    pub(crate) fn about_the_minute(&mut self, check: Check, what: &str, stated: Option<u64>, truth: Option<u64>) {
        let fits = match (stated, truth) {
            (Some(stated), Some(truth)) => stated.abs_diff(truth) <= 60_000,
            (stated, truth) => stated == truth,
        };
        if !fits {
            self.add(check, format!("{what}: stated {stated:?}, true {truth:?}"));
        }
    }
}

pub(crate) fn number_of_email(case: &Case<'_>, truth: u64) -> Fault {
    let mut faults = Faults::of(case);
    faults.add(Check::Life, format!("its number, true {truth}"));
    faults.list.remove(0)
}

/// Parses a time of a document, into milliseconds since the epoch.
fn millis(value: &Value) -> Option<u64> {
    super::text::time(&value.as_str()?.replace('T', " ")[..19])
}

fn sums(faults: &mut Faults<'_>, what: &str, stated: &Value, truth: &Sums, check: Check) {
    // Without records, 0 and null are both true.
    let number = |name: &str| stated[name].as_u64().filter(|number| truth.records > 0 || *number > 0);
    faults.same(
        check,
        &format!("{what}: records, packets, bytes"),
        (stated["records"].as_u64(), number("packets"), number("bytes")),
        (Some(truth.records), truth.packets, truth.bytes),
    );
}

fn times(faults: &mut Faults<'_>, what: &str, stated: &Value, truth: &Sums) {
    faults.same(Check::Times, &format!("{what}: first"), millis(&stated["first_at"]), truth.first);
    faults.same(Check::Times, &format!("{what}: last"), millis(&stated["last_at"]), truth.last);
}

/// Checks a number with its stated precision. `about` allows a difference of a quarter.
pub(crate) fn number(faults: &mut Faults<'_>, check: Check, what: &str, (how, stated): (&str, u64), truth: u64) {
    let (check, fits) = match how {
        "" => (check, stated == truth),
        "about" => (Check::Estimates, stated.abs_diff(truth) * 4 <= truth),
        "at least" => (Check::Estimates, stated <= truth),
        other => panic!("{other}"),
    };
    if !fits {
        faults.add(check, format!("{what}: stated {how} {stated}, true {truth}"));
    }
}

/// Checks a ranking: the number of distinct names and their weights. `checks` has the check for each.
fn names(faults: &mut Faults<'_>, what: &str, stated: &Value, checks: (Check, Check), truth: &BTreeMap<String, u64>) {
    let (count, weight) = checks;
    let exact = stated["exact"] == true;
    let distinct = stated["distinct"].as_u64().unwrap();
    number(faults, count, what, (if exact { "" } else { "about" }, distinct), truth.len() as u64);
    let top: Vec<(String, u64)> = stated["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one["weight"].as_u64().unwrap()))
        .collect();
    let mut ranked = top.clone();
    ranked.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    faults.same(
        weight,
        &format!("{what}: order"),
        top.iter().map(|(_, weight)| weight).collect::<Vec<_>>(),
        ranked.iter().map(|(_, weight)| weight).collect(),
    );
    if exact && top.len() as u64 == distinct {
        faults.same(weight, what, top.into_iter().collect::<BTreeMap<_, _>>(), truth.clone());
    } else {
        for (name, stated) in top {
            let truth = truth.get(&name).copied().unwrap_or_default();
            let check = if weight == Check::Weights { Check::WeightsOfMany } else { weight };
            // Beyond the limit of distinct names, weights may be too low. They are stated as "at least".
            if exact {
                faults.same(check, &format!("{what}: {name}"), stated, truth);
            } else if stated > truth {
                faults.add(check, format!("{what}: {name}: at least {stated}, true {truth}"));
            }
        }
    }
}

pub(crate) fn document(case: &Case<'_>) -> Vec<Fault> {
    let mut faults = Faults::of(case);
    let document = &case.email.document;
    let (period, total, since) =
        (Sums::of(case.period.clone()), Sums::of(case.total.clone()), Sums::of(case.since.clone()));
    let _ = period;
    sums(&mut faults, "totals", &document["totals"], &total, Check::Totals);
    times(&mut faults, "totals", &document["totals"], &total);
    sums(&mut faults, "since", &document["since"], &since, Check::Totals);
    // Without records, no times are stated.
    if since.records > 0 {
        faults.about_the_minute(Check::SinceTimes, "since: first", millis(&document["since"]["first_at"]), since.first);
        faults.about_the_minute(Check::SinceTimes, "since: last", millis(&document["since"]["last_at"]), since.last);
    }
    let ranking = &document["ranking"];
    let intermediate =
        case.period.iter().any(|seen| (seen.source, seen.target) != (seen.packet_source, seen.packet_target));
    let weight = |check| if intermediate { check } else { Check::Weights };
    let senders = weights(&case.period, |seen| seen.packet_source.to_string());
    let receivers = weights(&case.period, |seen| seen.packet_target.to_string());
    names(&mut faults, "sources", &ranking["sources"], (Check::Senders, weight(Check::Senders)), &senders);
    names(&mut faults, "targets", &ranking["targets"], (Check::Receivers, weight(Check::Receivers)), &receivers);
    interfaces(case, &mut faults, &ranking["interfaces"]);
    flows(case, &mut faults);
    metadata(case, &mut faults);
    lines(case, &mut faults);
    life(case, &mut faults);
    severity(case, &mut faults, &receivers);
    faults.list
}

fn interfaces(case: &Case<'_>, faults: &mut Faults<'_>, stated: &Value) {
    let named = |of: &dyn Fn(&Seen) -> Option<&str>| {
        let mut truth = weights(&case.period, |seen| of(seen).map(str::to_owned));
        truth.remove(&None);
        truth.into_iter().filter_map(|(name, weight)| Some((name?, weight))).collect::<BTreeMap<_, _>>()
    };
    let by_id = named(&|seen| seen.interface.as_deref());
    let by_interface_or_resource = named(&|seen| seen.interface_or_resource());
    // Records of a regional NAT gateway have no interface id. The gateway's id may count instead.
    let truth = if stated["distinct"].as_u64() == Some(by_interface_or_resource.len() as u64) {
        by_interface_or_resource
    } else {
        by_id
    };
    names(faults, "interfaces", stated, (Check::Interfaces, Check::Weights), &truth);
}

/// Returns the records of the period that belong to a flow of a document, by interface, addresses, packet addresses and reason, and
/// whether they fit its totals.
fn covered<'s>(case: &Case<'s>, flow: &Value) -> (Vec<&'s Seen>, bool) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let address = |value: &Value| value.as_str().map(|text| text.parse::<IpAddr>().unwrap());
    let (from, to) = (&flow["from"], &flow["to"]);
    let (source, target) = (address(&from["address"]).unwrap(), address(&to["address"]).unwrap());
    let (interface, resource) = (text(&flow["interface"]), text(&flow["resource"]));
    let account = text(&flow["metadata"]["account"]);
    let reason =
        flow["explanation"]["evidence"].as_array().unwrap().iter().find(|evidence| evidence["type"] == "reject-reason");
    let reason = reason.and_then(|evidence| text(&evidence["value"]));
    let packet_source = address(&from["packet_address"]).unwrap_or(source);
    let packet_target = address(&to["packet_address"]).unwrap_or(target);
    let of_flow: Vec<&Seen> = case
        .period
        .iter()
        .copied()
        .filter(|seen| {
            (&seen.interface, seen.resource.as_ref().filter(|_| seen.interface.is_none()))
                == (&interface, resource.as_ref())
                && (seen.source, seen.target) == (source, target)
                && (seen.packet_source, seen.packet_target) == (packet_source, packet_target)
                && seen.reason == reason
                && (seen.interface.is_some() || seen.resource.is_some() || seen.account == account)
                && Some(seen.protocol) == flow["protocol"].as_u64()
        })
        .collect();
    let amounts = |sums: &Sums| [Some(sums.records), sums.packets, sums.bytes];
    let stated =
        [flow["totals"]["records"].as_u64(), flow["totals"]["packets"].as_u64(), flow["totals"]["bytes"].as_u64()];
    if case.email.document["flows_complete"] == false {
        // The flow may have been dropped for a while to keep heavier ones. Its totals are stated as "at least".
        let fits = amounts(&Sums::of(of_flow.clone())).into_iter().zip(stated).all(|(truth, stated)| stated <= truth);
        return (of_flow, fits);
    }
    // Records with and without a direction belong to different flows.
    for noted in [None, Some(true), Some(false)] {
        let some = of_flow.iter().copied().filter(|seen| noted.is_none_or(|noted| seen.direction.is_some() == noted));
        let some: Vec<&Seen> = some.collect();
        if stated == amounts(&Sums::of(some.clone())) {
            return (some, true);
        }
    }
    (of_flow, false)
}

fn flows(case: &Case<'_>, faults: &mut Faults<'_>) {
    let document = &case.email.document;
    let stated = document["flows"].as_array().unwrap();
    let mut sum = Sums::default();
    for flow in stated {
        let (records, fits) = covered(case, flow);
        let name = format!(
            "flow {} {} -> {}",
            flow["interface"].as_str().unwrap_or("-"),
            flow["from"]["address"].as_str().unwrap(),
            flow["to"]["address"].as_str().unwrap()
        );
        sum.records += flow["totals"]["records"].as_u64().unwrap();
        if !fits {
            let truth = Sums::of(records.clone());
            faults.add(Check::FlowTotals, format!("{name}: stated {}, true {truth:?}", flow["totals"]));
        }
        if records.is_empty() {
            faults.add(Check::RejectReason, format!("{name}: no record with its reason"));
            continue;
        }
        let is_noted = flow_direction(case, faults, &name, flow, &records);
        explanation(case, faults, &name, flow, &records);
        side(case, faults, &name, &flow["from"], &records, true);
        side(case, faults, &name, &flow["to"], &records, false);
        let _ = is_noted;
        let of = &case.played.world.interfaces;
        let truth = |get: &dyn Fn(&Interface) -> String| {
            records.iter().map(|seen| get(&of[case.record(seen).interface])).collect::<BTreeSet<String>>()
        };
        let subnets = &case.played.world.subnets;
        for (field, truth) in [
            ("account", truth(&|interface| interface.account.clone())),
            ("vpc", truth(&|interface| interface.vpc.clone())),
            ("subnet", truth(&|interface| subnets[interface.subnet].id.clone())),
            ("instance", truth(&|interface| interface.instance.clone().unwrap_or_default())),
        ] {
            if let Some(stated) = flow["metadata"][field].as_str()
                && truth != BTreeSet::from([stated.to_owned()])
            {
                faults.add(Check::FlowMetadata, format!("{name}: {field} stated {stated}, true {truth:?}"));
            }
        }
    }
    if document["flows_complete"] == true {
        faults.same(Check::Complete, "records of all flows", sum.records, Sums::of(case.period.clone()).records);
    }
}

impl<'s> Case<'s> {
    pub(crate) fn record(&self, seen: &Seen) -> &'s super::world::Record {
        &self.played.world.records[seen.record]
    }
}

/// Returns whether a direction can be determined without a guess: by the record, by a visible intermediate, or by EC2.
pub(crate) fn direction_is_known(case: &Case<'_>, seen: &Seen) -> bool {
    let record = case.record(seen);
    let interface = &case.played.world.interfaces[record.interface];
    let own = if record.egress { seen.source } else { seen.target };
    let other = if record.egress { seen.target } else { seen.source };
    seen.direction.is_some()
        || seen.source != seen.packet_source
        || seen.target != seen.packet_target
        || (case.played.setting.enriched
            && seen.interface.is_some()
            && interface.visible
            && interface.addresses.contains(&own)
            && !interface.addresses.contains(&other))
}

fn flow_direction(case: &Case<'_>, faults: &mut Faults<'_>, name: &str, flow: &Value, records: &[&Seen]) -> bool {
    let word = |seen: &Seen| if case.record(seen).egress { "egress" } else { "ingress" };
    let truth: BTreeSet<&str> = records.iter().map(|seen| word(seen)).collect();
    for (what, stated) in
        [("direction", &flow["direction"]), ("direction of the rules", &flow["explanation"]["direction"])]
    {
        match stated.as_str() {
            Some(stated) if truth != BTreeSet::from([stated]) => {
                faults.add(
                    Check::Direction,
                    format!("{name}: {what} stated {stated} by {}, true {truth:?}", flow["direction_basis"]),
                );
            }
            None if records.iter().all(|seen| direction_is_known(case, seen)) => {
                faults.add(Check::DirectionMissed, format!("{name}: no {what}, true {truth:?}"));
            }
            _ => {}
        }
    }
    truth.len() == 1
}

/// Returns the types of the packets of some records, and the layers that rejected them.
fn fates(case: &Case<'_>, records: &[&Seen]) -> Vec<(Icmp, Fate)> {
    records.iter().flat_map(|seen| case.record(seen).truth.clone()).collect()
}

/// Returns whether records of the same batch show that some rejected packets are not answers, because packets of the same
/// direction were accepted at the same time.
pub(crate) fn refuted(case: &Case<'_>, records: &[&Seen]) -> bool {
    records.iter().any(|seen| {
        case.all.iter().any(|other| {
            !other.rejected
                && other.batch == seen.batch
                && other.interface == seen.interface
                && (other.source, other.target) == (seen.source, seen.target)
                && (other.packet_source, other.packet_target) == (seen.packet_source, seen.packet_target)
                && other.start <= seen.end
                && seen.start <= other.end
        })
    })
}

fn explanation(case: &Case<'_>, faults: &mut Faults<'_>, name: &str, flow: &Value, records: &[&Seen]) {
    let explanation = &flow["explanation"];
    let layer = explanation["layer"].as_str().unwrap();
    let fates = fates(case, records);
    let all = |rejects: &dyn Fn(Fate) -> bool| fates.iter().all(|(_, fate)| rejects(*fate));
    if layer == "block-public-access" && records.iter().any(|seen| seen.reason.as_deref() != Some("BPA")) {
        let without = records.iter().filter(|seen| seen.reason.is_none()).count();
        faults.add(
            Check::RejectReason,
            format!("{name}: Block Public Access for {} records, {without} of them without it", records.len()),
        );
    }
    if explanation["confidence"] == "certain" {
        let fits = match layer {
            "block-public-access" => all(&|fate| fate.bpa),
            "acl" => all(&|fate| fate.acl),
            "security-group" => all(&|fate| fate.groups),
            "both" => all(&|fate| fate.acl && fate.groups),
            "neither" => all(&|fate| !fate.acl && !fate.groups),
            _ => false,
        };
        if !fits {
            faults.add(Check::Certain, format!("{name}: {layer} is certain, true {fates:?}"));
        }
    }
    let answers = flow["explanation"]["role"] == "answer";
    for evidence in explanation["evidence"].as_array().unwrap() {
        match evidence["type"].as_str().unwrap() {
            "acl" => acl(case, faults, name, evidence, records),
            "security-groups" => groups(case, faults, name, evidence, records),
            "same-subnet" => {
                let same = |seen: &&&Seen| {
                    let record = case.record(seen);
                    let peer = record.owners[usize::from(record.egress)];
                    let of = &case.played.world.interfaces;
                    matches!(peer, Owner::Interface(peer) if of[peer].subnet == of[record.interface].subnet)
                };
                if !records.iter().all(|seen| same(&seen)) {
                    faults.add(Check::Rules, format!("{name}: both sides in one subnet"));
                }
            }
            _ => {}
        }
    }
    if answers && !fates.iter().any(|(icmp, _)| *icmp == Icmp::Reply) && refuted(case, records) {
        faults.add(
            Check::Answers,
            format!("{name}: stated as answers, but all are requests; packets of the same direction were accepted"),
        );
    }
    if let Some(line) = flow["opposite"]["record"].as_str() {
        let (source, target) = (records[0].source, records[0].target);
        let opposite = |seen: &&&Seen| {
            !seen.rejected && (seen.source, seen.target) == (target, source) && seen.interface == records[0].interface
        };
        let of: Vec<&Seen> = case.all.iter().filter(opposite).copied().collect();
        if !of.iter().any(|seen| seen.text == line) {
            faults.add(Check::Opposite, format!("{name}: no accepted record {line}"));
        }
        let stated = flow["opposite"]["totals"]["records"].as_u64().unwrap();
        if stated > of.len() as u64 {
            faults.add(Check::Opposite, format!("{name}: {stated} accepted records, true {}", of.len()));
        }
    }
}

/// Returns the address of the other side, seen from the record's interface.
fn peer(case: &Case<'_>, seen: &Seen) -> IpAddr {
    if case.record(seen).egress { seen.target } else { seen.source }
}

fn acl(case: &Case<'_>, faults: &mut Faults<'_>, name: &str, evidence: &Value, records: &[&Seen]) {
    let world = &case.played.world;
    for seen in records {
        let interface = case.record(seen).interface;
        let subnet = &world.subnets[world.interfaces[interface].subnet];
        let egress = evidence["direction"] == "egress";
        // With an unknown direction, the rules of both directions are stated. Those of the wrong one cannot be checked.
        if egress != case.record(seen).egress {
            continue;
        }
        let denied: Vec<bool> =
            Icmp::ALL.iter().map(|icmp| world.acl_denies(interface, egress, peer(case, seen), *icmp)).collect();
        let fits = match evidence["verdict"].as_str().unwrap() {
            "denies" => denied.iter().all(|denied| *denied),
            "allows" => denied.iter().all(|denied| !denied),
            _ => true,
        };
        if evidence["id"] != subnet.acl_id.as_str() || evidence["subnet"] != subnet.id.as_str() || !fits {
            faults.add(Check::Rules, format!("{name}: {evidence}, true {} {denied:?}", subnet.acl_id));
        }
    }
}

fn groups(case: &Case<'_>, faults: &mut Faults<'_>, name: &str, evidence: &Value, records: &[&Seen]) {
    let world = &case.played.world;
    for seen in records {
        let interface = case.record(seen).interface;
        let egress = evidence["direction"] == "egress";
        if egress != case.record(seen).egress {
            continue;
        }
        let denied: Vec<bool> =
            Icmp::ALL.iter().map(|icmp| world.groups_deny(interface, egress, peer(case, seen), *icmp)).collect();
        let fits = match evidence["verdict"].as_str().unwrap() {
            "no-rule" => denied.iter().all(|denied| *denied),
            "allows" => denied.iter().all(|denied| !denied),
            _ => true,
        };
        let group = world.interfaces[interface].groups.as_ref().map(|(id, _)| id.as_str());
        if !fits || group != evidence["groups"][0]["id"].as_str() {
            faults.add(Check::Rules, format!("{name}: {evidence}, true {group:?} {denied:?}"));
        }
    }
}

/// Returns the owners of an address in some records.
pub(crate) fn owners(case: &Case<'_>, records: &[&Seen], address: IpAddr, is_source: bool) -> BTreeSet<Owner> {
    let mut owners = BTreeSet::new();
    for seen in records {
        let record = case.record(seen);
        let (shown, packet) = if is_source { (0, 2) } else { (1, 3) };
        let (of_record, of_packet) =
            if is_source { (seen.source, seen.packet_source) } else { (seen.target, seen.packet_target) };
        if of_record == address {
            owners.insert(record.owners[shown]);
        } else if of_packet == address {
            owners.insert(record.owners[packet]);
        }
    }
    owners
}

/// Returns the owners of an address in the packets or, if no packet has it, in the records (those are intermediates).
pub(crate) fn packet_owners(case: &Case<'_>, records: &[&Seen], address: IpAddr, is_source: bool) -> BTreeSet<Owner> {
    let addresses =
        |seen: &Seen| if is_source { (seen.source, seen.packet_source) } else { (seen.target, seen.packet_target) };
    let (shown, packet) = if is_source { (0, 2) } else { (1, 3) };
    let of_address = records.iter().filter(|seen| addresses(seen).1 == address);
    // If record and packet have the same address, nothing shows who is behind it.
    let owner = |seen: &&Seen| case.record(seen).owners[if addresses(seen).0 == address { shown } else { packet }];
    let found: BTreeSet<Owner> = of_address.map(owner).collect();
    if found.is_empty() { owners(case, records, address, is_source) } else { found }
}

/// Returns whether a word is the name, instance or interface of the only owner.
pub(crate) fn is_called(case: &Case<'_>, owners: &BTreeSet<Owner>, word: &str) -> bool {
    let one = |owner: &Owner| match owner {
        Owner::Elsewhere => false,
        Owner::Interface(number) => {
            let interface = &case.played.world.interfaces[*number];
            [Some(&interface.name), interface.instance.as_ref(), Some(&interface.id), interface.resource.as_ref()]
                .into_iter()
                .flatten()
                .any(|known| known == word)
        }
    };
    // An address with several owners must have no name.
    owners.len() == 1 && owners.iter().all(one)
}

fn side(case: &Case<'_>, faults: &mut Faults<'_>, name: &str, stated: &Value, records: &[&Seen], is_source: bool) {
    let address: IpAddr = stated["address"].as_str().unwrap().parse().unwrap();
    let owners = owners(case, records, address, is_source);
    for field in ["name", "instance", "interface"] {
        if let Some(word) = stated[field].as_str()
            && !is_called(case, &owners, word)
        {
            faults.add(Check::Names, format!("{name}: {field} of {address} stated {word}, true {owners:?}"));
        }
    }
    if let Some(packet) = stated["packet_address"].as_str() {
        let packet: IpAddr = packet.parse().unwrap();
        let truth: BTreeSet<IpAddr> =
            records.iter().map(|seen| if is_source { seen.packet_source } else { seen.packet_target }).collect();
        if truth != BTreeSet::from([packet]) {
            let check = if is_source { Check::Senders } else { Check::Receivers };
            faults.add(check, format!("{name}: address in the packet stated {packet}, true {truth:?}"));
        }
    }
}

fn metadata(case: &Case<'_>, faults: &mut Faults<'_>) {
    let document = &case.email.document;
    let world = &case.played.world;
    let of: Vec<&Interface> = case.period.iter().map(|seen| &world.interfaces[case.record(seen).interface]).collect();
    let truth =
        |get: &dyn Fn(&Interface) -> &str| of.iter().map(|interface| get(interface)).collect::<BTreeSet<&str>>();
    let egress: BTreeSet<&str> =
        case.period.iter().map(|seen| if case.record(seen).egress { "egress" } else { "ingress" }).collect();
    let mut ids = truth(&|interface| &interface.id);
    ids.extend(of.iter().filter_map(|interface| interface.resource.as_deref()));
    for (field, truth) in [
        ("account", truth(&|interface| &interface.account)),
        ("vpc", truth(&|interface| &interface.vpc)),
        ("interface", ids),
        ("direction", egress),
    ] {
        let stated: BTreeSet<&str> =
            document[field].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        let check = if field == "direction" { Check::Direction } else { Check::Routing };
        if !stated.is_subset(&truth) {
            faults.add(check, format!("{field} to route by: stated {stated:?}, true {truth:?}"));
        }
        let attribute = case.email.routing.get(field).cloned().unwrap_or_default();
        faults.same(Check::Routing, field, attribute.iter().map(String::as_str).collect(), stated);
    }
}

fn lines(case: &Case<'_>, faults: &mut Faults<'_>) {
    for line in case.email.document["records"].as_array().unwrap() {
        let line = line.as_str().unwrap();
        if !case.period.iter().any(|seen| seen.text == line) {
            let in_the_incident = case.total.iter().any(|seen| seen.text == line);
            faults
                .add(Check::Lines, format!("a record of another period (of the incident: {in_the_incident}): {line}"));
        }
    }
}

fn life(case: &Case<'_>, faults: &mut Faults<'_>) {
    let document = &case.email.document;
    let incident = &document["incident"];
    faults.same(Check::Life, "sent at", millis(&document["sent_at"]), Some(case.email.at / 1_000 * 1_000));
    if document["kind"] == "update" || document["kind"] == "reopened" {
        let before = case.before.map(|at| at / 1_000 * 1_000);
        faults.same(Check::Life, "previous email", millis(&incident["previous_sent_at"]), before);
    }
    if document["kind"] == "resolved" {
        faults.same(Check::Life, "ended at", millis(&incident["ended_at"]), Some(case.last_seen / 1_000 * 1_000));
        // One that was reopened is resolved after as long as its next update would take.
        let policy = &case.played.setting.policy;
        let emails = u32::try_from(incident["number"].as_u64().unwrap() - 1).unwrap();
        let quiet = match case.resolved_at {
            None => policy.quiet_millis(),
            Some(_) => policy.quiet_millis().max(policy.interval_millis(emails)),
        };
        if case.last_seen + quiet > case.email.at {
            faults.add(Check::Life, format!("resolved {} ms after the last finding", case.email.at - case.last_seen));
        }
    }
    if !incident["previous"].is_null()
        && let Some(previous) = &case.previous
    {
        let truth = Sums::of(previous.clone());
        sums(faults, "previous incident", &incident["previous"]["totals"], &truth, Check::Life);
    }
}

fn severity(case: &Case<'_>, faults: &mut Faults<'_>, receivers: &BTreeMap<String, u64>) {
    let document = &case.email.document;
    // The number of targets is estimated where not all have a name.
    let targets = match document["ranking"]["targets"]["exact"] == true {
        true => receivers.len() as u64,
        false => document["ranking"]["targets"]["distinct"].as_u64().unwrap(),
    };
    let truth = match (document["kind"].as_str().unwrap(), case.signal) {
        ("resolved", _) | (_, "internet") => "info",
        (_, "own-request" | "private") if targets >= 10 => "high",
        (_, "persistent-ping") => "low",
        _ => "medium",
    };
    faults.same(Check::Severity, "severity", document["severity"].as_str().unwrap(), truth);
}
