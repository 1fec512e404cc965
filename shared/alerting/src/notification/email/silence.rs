//! The command that silences what an email is about, and nothing more.

use std::net::IpAddr;

use crate::{
    detection::Side,
    incident::{Signal, Silence},
    notification::{email::writer::Writer, kind::NotificationKind, links::query},
    text::shell_word,
};

/// Commands shown, one for each pair or source; the rest is a number.
const MAX_COMMANDS: usize = 3;

/// What a silence is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Conditions<'a> {
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    interface: Option<&'a str>,
    origin: Option<&'static str>,
}

/// How to silence it: what to do, and the commands.
pub(super) fn of(writer: &Writer<'_>) -> Vec<String> {
    let words = writer.words;
    let resolved = writer.notification.kind == NotificationKind::Resolved;
    let (wanted, all) = conditions(writer);
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
    let mut each: Vec<Conditions<'_>> = Vec::new();
    for one in conditions {
        if !each.contains(&one) {
            each.push(one);
        }
    }
    if each.is_empty() {
        // No address is known.
        let interface = writer.notification.content.interfaces.only().map(|id| &**id).filter(|id| query::is_plain(id));
        let origin = Some(signal.origin().full_word());
        return (vec![Conditions { interface, origin, ..Conditions::default() }], true);
    }
    (each, writer.knows_all())
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
        let conditions = [
            ("stack", stack),
            ("source", source.as_deref()),
            ("destination", destination.as_deref()),
            ("interface", self.interface),
            ("origin", self.origin),
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
        let interface = Conditions { interface: Some("eni-1"), ..Conditions::default() };
        assert_eq!(interface.command(None), "vpc-flow-alerts silence add --interface eni-1 --for 8h --reason \"...\"");
    }
}
