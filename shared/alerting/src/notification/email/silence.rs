//! The command that silences what an email is about, and nothing more.

use std::net::IpAddr;

use crate::{
    detection::{Finding, Role, Rule, ServicePort, Side},
    incident::{Signal, Silence},
    notification::{email::writer::Writer, kind::NotificationKind, links::query},
    text::shell_word,
};

/// Commands shown, one for each pair or source; the rest is a number.
const MAX_COMMANDS: usize = 3;

/// What a silence is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Conditions<'a> {
    rule: Option<&'static str>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    port: Option<ServicePort>,
    interface: Option<&'a str>,
    origin: Option<&'static str>,
    /// The account and the region that the records were logged in, where these are not the function's own: an address is another host there.
    logged_in: Option<(&'a str, &'a str)>,
}

/// How to silence it: what to do, and the commands.
pub(super) fn of(writer: &Writer<'_>) -> Vec<String> {
    let words = writer.words;
    let resolved = writer.notification.kind == NotificationKind::Resolved;
    let (mut wanted, all) = conditions(writer);
    let (key, site) = (writer.notification.key, writer.notification.site);
    let is_elsewhere = (site.account.as_ref(), &site.region) != (Some(&key.account), &key.region);
    if site.account.is_some() && is_elsewhere {
        wanted.iter_mut().for_each(|conditions| conditions.logged_in = Some((&key.account, &key.region)));
    }
    let stack = writer.notification.site.stack.as_deref();
    let commands: Vec<String> = wanted.iter().take(MAX_COMMANDS).map(|conditions| conditions.command(stack)).collect();
    match &commands[..] {
        [only] if all => vec![words.silence(only, resolved)],
        _ => [words.silences(all && wanted.len() <= MAX_COMMANDS, resolved)].into_iter().chain(commands).collect(),
    }
}

/// The command that ends a silence. Where the id is no plain one, the command that lists the silences.
pub(super) fn end(writer: &Writer<'_>, silence: &Silence) -> String {
    let stack = writer.notification.site.stack.as_deref();
    match query::is_plain(&silence.id) {
        true => format!("{} {}", command("end", [("stack", stack)]), silence.id),
        false => command("list", [("stack", stack)]),
    }
}

/// The narrowest conditions that fit what the email is about, one or one for each source or pair of addresses, and whether they fit all
/// of it.
fn conditions<'a>(writer: &Writer<'a>) -> (Vec<Conditions<'a>>, bool) {
    if writer.is_about_connections() {
        return of_connections(writer);
    }
    if let Some(one) = one(writer) {
        return (vec![one], true);
    }
    let signal = writer.notification.key.signal;
    let flows = writer.flows.iter().map(|flow| (flow.finding.flow.sender(), flow.finding.flow.receiver()));
    let conditions = flows.map(|(source, target)| match signal {
        Signal::OwnAnswer | Signal::MustReach => Conditions::of_source(source),
        Signal::Flood => Conditions::of_target(target, signal),
        _ => Conditions { destination: Some(target), ..Conditions::of_source(source) },
    });
    let each = distinct(conditions);
    if each.is_empty() {
        return (vec![without_addresses(writer)], true);
    }
    (each, writer.knows_all())
}

fn distinct<'a>(conditions: impl Iterator<Item = Conditions<'a>>) -> Vec<Conditions<'a>> {
    let mut each: Vec<Conditions<'_>> = Vec::new();
    for one in conditions {
        if !each.contains(&one) {
            each.push(one);
        }
    }
    each
}

/// The conditions where no address is known.
fn without_addresses<'a>(writer: &Writer<'a>) -> Conditions<'a> {
    let interface = writer.notification.content.interfaces.only().map(|id| &**id).filter(|id| query::is_plain(id));
    let origin = Some(writer.notification.key.signal.origin().full_word());
    Conditions { interface, origin, ..Conditions::default() }
}

/// The same about TCP and UDP: one service, from one client or from all of them; a scan by its sender; otherwise each service by itself.
fn of_connections<'a>(writer: &Writer<'a>) -> (Vec<Conditions<'a>>, bool) {
    let key = writer.notification.key;
    let rule = Some(key.rule.word());
    let sender = writer.side(Side::Source).only().copied();
    if let (Rule::Scan, Some(sender)) = (key.rule, sender) {
        return (vec![Conditions { rule, ..Conditions::of_source(sender) }], true);
    }
    let origin = Some(key.signal.origin().full_word());
    let of_service = |finding: &Finding| {
        let service = finding.service()?;
        let host = Some(service.address);
        let port = Conditions { rule, port: Some(service.port), ..Conditions::default() };
        Some(match finding.role() {
            // Who is answered chose us: tomorrow it is somebody else.
            Some(Role::Answer) => Conditions { source: host, ..port },
            _ if sender.is_some() => Conditions { source: sender, destination: host, ..port },
            _ => Conditions { destination: host, origin, ..port },
        })
    };
    let each = distinct(writer.flows.iter().filter_map(|flow| of_service(flow.finding)));
    let all = writer.knows_all() || each.len() == 1 && writer.service_host().is_some();
    if each.is_empty() { (vec![Conditions { rule, ..without_addresses(writer) }], true) } else { (each, all) }
}

/// The conditions that fit all of it, where the addresses allow for such.
fn one<'a>(writer: &Writer<'_>) -> Option<Conditions<'a>> {
    let signal = writer.notification.key.signal;
    let (source, target) = (writer.side(Side::Source).only().copied(), writer.side(Side::Target).only().copied());
    Some(match (signal, source, target) {
        // Who is answered chose us: tomorrow it is somebody else.
        (Signal::OwnAnswer, Some(source), _) => Conditions::of_source(source),
        (Signal::Flood, _, Some(target)) => Conditions::of_target(target, signal),
        (_, Some(source), Some(target)) => Conditions { destination: Some(target), ..Conditions::of_source(source) },
        (Signal::OwnRequest | Signal::Private, Some(source), None) => Conditions::of_source(source),
        (Signal::OwnRequest | Signal::Private | Signal::Internet, None, Some(target)) => {
            Conditions::of_target(target, signal)
        }
        _ => return None,
    })
}

impl Conditions<'_> {
    fn of_source(source: IpAddr) -> Self {
        Conditions { source: Some(source), ..Conditions::default() }
    }

    /// What such senders send to a target, whoever they are.
    fn of_target(target: IpAddr, signal: Signal) -> Self {
        Conditions { destination: Some(target), origin: Some(signal.origin().full_word()), ..Conditions::default() }
    }

    /// The command. Nothing in it is foreign text but plain ids.
    fn command(&self, stack: Option<&str>) -> String {
        let (source, destination) =
            (self.source.map(|one| one.to_string()), self.destination.map(|one| one.to_string()));
        let port = self.port.map(|port| port.to_string());
        let conditions = [
            ("stack", stack),
            ("rule", self.rule),
            ("source", source.as_deref()),
            ("destination", destination.as_deref()),
            ("port", port.as_deref()),
            ("interface", self.interface),
            ("origin", self.origin),
            ("log-account", self.logged_in.map(|(account, _)| account)),
            ("log-region", self.logged_in.map(|(_, region)| region)),
            ("for", Some("8h")),
        ];
        // What the reader replaces.
        format!("{} --reason \"...\"", command("add", conditions))
    }
}

/// The command with those of its options that have a value.
fn command<'a>(action: &str, options: impl IntoIterator<Item = (&'static str, Option<&'a str>)>) -> String {
    let options = options.into_iter().filter_map(|(name, value)| Some(format!(" --{name} {}", shell_word(value?))));
    format!("vpc-flow-alerts silence {action}{}", options.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::Conditions;
    use crate::incident::Signal;

    #[test]
    fn a_command_has_the_conditions_and_the_stack_where_they_are_known() {
        let (source, target) = ("10.0.0.5".parse().unwrap(), "2001:db8::1".parse().unwrap());
        let pair = Conditions { destination: Some(target), ..Conditions::of_source(source) };
        assert_eq!(
            pair.command(Some("ping-deny")),
            "vpc-flow-alerts silence add --stack ping-deny --source 10.0.0.5 --destination 2001:db8::1 --for 8h --reason \"...\""
        );
        assert_eq!(
            Conditions::of_target(target, Signal::Flood).command(None),
            "vpc-flow-alerts silence add --destination 2001:db8::1 --origin internet --for 8h --reason \"...\""
        );
        let service = Conditions {
            rule: Some("request"),
            port: Some("5432/tcp".parse().unwrap()),
            ..Conditions::of_target(target, Signal::Private)
        };
        assert_eq!(
            service.command(None),
            "vpc-flow-alerts silence add --rule request --destination 2001:db8::1 --port 5432/tcp --origin private --for 8h \
             --reason \"...\""
        );
        let elsewhere = Conditions { logged_in: Some(("222222222222", "eu-west-2")), ..Conditions::of_source(source) };
        assert_eq!(
            elsewhere.command(None),
            "vpc-flow-alerts silence add --source 10.0.0.5 --log-account 222222222222 --log-region eu-west-2 --for 8h --reason \"...\""
        );
        let interface = Conditions { interface: Some("eni-1"), ..Conditions::default() };
        assert_eq!(interface.command(None), "vpc-flow-alerts silence add --interface eni-1 --for 8h --reason \"...\"");
    }
}
