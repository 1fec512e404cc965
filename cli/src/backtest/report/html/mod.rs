//! The report as one page: no script, nothing from a network, nothing but this file. It can be mailed and opened anywhere.

mod bars;
mod charts;
mod incidents;
mod stories;
mod svg;

use std::fmt::Write as _;

use alerting::text::grouped;

use super::{
    cost::MIN_PERIOD_HOURS,
    differences::missed,
    facts::{self, fate_words, numbers},
    results::Results,
    side::Side,
    words::{days, moment, usd},
};
use crate::words::number;
use crate::{
    backtest::{play::Background, silence::SilenceArg},
    records::Tally,
};
use svg::{Axis, escape};

/// The look of the page.
const STYLE: &str = include_str!("style.css");

/// Incidents that each list of differences has.
const MAX_DIFFERENCES: usize = 50;

/// Returns the page of one list of settings.
///
/// # Errors
/// The list of prices lacks one.
pub(crate) fn page(tally: &Tally, side: Side<'_>, silences: &[SilenceArg]) -> Result<String, String> {
    let settings = match side.name() {
        "defaults" => String::new(),
        settings => format!("<p class=\"settings\">With <code>{}</code></p>", escape(settings)),
    };
    let body = format!("{}{settings}{}", heading(tally, side.results), whole("", tally, side.results, silences)?);
    Ok(document("What you would have been emailed", &body))
}

/// Returns the page that compares two lists of settings.
///
/// # Errors
/// The list of prices lacks one.
pub(crate) fn comparison_page(tally: &Tally, [a, b]: [Side<'_>; 2], silences: &[SilenceArg]) -> Result<String, String> {
    let mut body = heading(tally, a.results);
    let names = [("A", a), ("B", b)]
        .map(|(letter, side)| format!("<dt>{letter}</dt><dd><code>{}</code></dd>", escape(side.name())));
    let _ = write!(body, "<dl class=\"sides\">{}</dl>{}", names.concat(), compared([a.results, b.results]));
    body.push_str("<section class=\"pair\">");
    for (this, other, letters) in [(a, b, ["A", "B"]), (b, a, ["B", "A"])] {
        body.push_str(&differences(this.results, other.results, letters));
    }
    body.push_str("</section><div class=\"pair\">");
    for (letter, side) in [("A", a), ("B", b)] {
        let prefix = letter.to_lowercase() + "-";
        let _ = write!(
            body,
            "<div class=\"side\"><h2 class=\"side\">{letter}: <code>{}</code></h2>{}</div>",
            escape(side.name()),
            whole(&prefix, tally, side.results, silences)?
        );
    }
    body.push_str("</div>");
    Ok(document("Two settings, compared", &body))
}

/// The whole document. Its policy forbids whatever is not in it: texts of records are foreign.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"referrer\" content=\"no-referrer\"><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}\
         <footer>Made by vpc-flow-alerts backtest. The records were played through the engine on a virtual clock. The emails lack what \
         the functions read from EC2: names, owners and rules.</footer></main></body></html>\n"
    )
}

/// What was read.
fn heading(tally: &Tally, results: &Results) -> String {
    let Some(span) = tally.span else { return "<p class=\"read\">No records with traffic.</p>".to_owned() };
    let mut text = format!(
        "<p class=\"read\">{} ({}). {}, {} of rejected ICMP.",
        escape(&results.zone.range(span.0, span.1)),
        number(days(span, &results.zone), "day"),
        number(tally.records, "record"),
        grouped(tally.matched),
    );
    if tally.matched_ports > 0 {
        let _ = write!(text, " {} of rejected TCP and UDP.", grouped(tally.matched_ports));
    }
    if tally.skip_data > 0 {
        let _ = write!(text, " {} SKIPDATA: records that AWS could not log.", grouped(tally.skip_data));
    }
    if let Some(first) = tally.unparsed_samples.first() {
        let unparsed = number(tally.unparsed, "line");
        let _ = write!(
            text,
            " <strong>Not readable: {unparsed}</strong>, the first one: <code>{}</code>",
            escape(&first.to_string())
        );
    }
    text + "</p>"
}

/// Everything about one list of settings.
fn whole(prefix: &str, tally: &Tally, results: &Results, silences: &[SilenceArg]) -> Result<String, String> {
    let bill = results.bill(tally)?;
    let mut text = cards(tally, results, bill.as_ref().map(super::cost::Bill::total));
    if let Some(span) = tally.span {
        let last = results.stories.iter().map(super::story::Story::resolved_at).fold(span.1, Ord::max);
        text.push_str(&figures(prefix, results, &Axis::new(span.0, last, &results.zone)));
    }
    if !silences.is_empty() {
        let lines: String =
            facts::silenced(results, silences).iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
        let _ = write!(text, "<section><h2>Silenced</h2><ul class=\"plain\">{lines}</ul></section>");
    }
    if results.stories.number() > 0 {
        let _ =
            write!(text, "<section><h2>Incidents and their emails</h2>{}</section>", stories::list(prefix, results));
    }
    if tally.span.is_some() {
        let _ = write!(text, "<section><h2>Cost</h2>{}</section>", cost(bill.as_ref()));
    }
    Ok(text)
}

/// The headline numbers.
fn cards(tally: &Tally, results: &Results, usd_a_month: Option<f64>) -> String {
    let days = tally.span.map_or(0, |span| days(span, &results.zone));
    let background = results.traffic.total.all_background();
    let mut cards = vec![
        ("emails", grouped(results.emails.total()), format!("in {}, digests not counted", number(days, "day"))),
        ("incidents", grouped(results.stories.number()), signal_words(results)),
        ("background", grouped(background.packets), background_words(results).to_owned()),
    ];
    if results.all_silenced() > 0 {
        cards.push(("silenced", grouped(results.all_silenced()), "records, without an email".to_owned()));
    }
    if let Some(amount) = usd_a_month {
        cards.push(("cost", usd(amount), "USD for 30 days like these, estimated".to_owned()));
    }
    let card = |(class, value, text): &(&str, String, String)| {
        format!("<li class=\"{class}\"><b>{value}</b> <span>{class}</span> <small>{text}</small></li>")
    };
    format!("<ul class=\"cards\">{}</ul>", cards.iter().map(card).collect::<String>())
}

/// What background is: pings alone, unless other rules are in force.
fn background_words(results: &Results) -> &'static str {
    match results.traffic.total.background.keys().all(|kind| *kind == Background::Pings) {
        true => "rejected pings from the internet, without an email",
        false => "rejected packets without an email",
    }
}

fn signal_words(results: &Results) -> String {
    let records = results.traffic.total.all_signal().records.saturating_sub(results.all_silenced());
    format!("from {}", number(records, "rejected record"))
}

/// The charts, one below the other on the same time.
fn figures(prefix: &str, results: &Results, axis: &Axis) -> String {
    let mut text = String::from("<section class=\"charts\">");
    let mut figure = |title: &str, note: &str, chart: &str| {
        let _ = write!(text, "<figure><figcaption><b>{title}</b> {note}</figcaption>{chart}</figure>");
    };
    let unit = charts::unit(results);
    if results.stories.number() > 0 {
        let which = if results.stories.left_out > 0 { "the newest, " } else { "" };
        let note = "a bar each: full colour from its first email to the last finding, pale until it is resolved";
        figure("Incidents", &format!("{which}{note}"), &incidents::draw(prefix, results, axis));
    }
    if !results.traffic.total.signal.is_empty() {
        let silenced = if results.all_silenced() > 0 { ", silenced ones included" } else { "" };
        let note = format!("rejected packets of incidents {unit}{silenced}, on a logarithmic scale");
        figure("Signal", &note, &(charts::signal(prefix, results, axis) + &incidents::legend(results)));
    }
    if !results.traffic.total.background.is_empty() {
        let chart = charts::background(prefix, results, axis);
        figure("Background", &format!("{} {unit}, on a scale of its own", background_words(results)), &chart);
    }
    if results.emails.total() > 0 {
        let chart = charts::emails(prefix, results, axis) + &charts::kinds_legend();
        figure("Emails", "a day, daily digests not counted", &chart);
    }
    if results.traffic.has_more_days {
        text.push_str("<p>The charts lack the last days: there are too many.</p>");
    }
    text + &charts::table(results) + "</section>"
}

fn cost(bill: Option<&super::cost::Bill>) -> String {
    let Some(bill) = bill else {
        return format!("<p>Not estimated: the records span less than {MIN_PERIOD_HOURS} hours.</p>");
    };
    let row = |(name, amount): (&str, f64)| {
        format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escape(&usd(amount)))
    };
    let rows: String =
        bill.parts.iter().copied().chain([("the same whatever the traffic", bill.fixed)]).map(row).collect();
    format!(
        "<table class=\"cost\"><tbody>{rows}</tbody><tfoot>{}</tfoot></table><p class=\"note\">{}</p>",
        row(("total", bill.total())),
        escape(&facts::cost_basis(bill))
    )
}

/// The numbers of both side by side.
fn compared(both: [&Results; 2]) -> String {
    let mut rows = String::new();
    for (index, (name, [a, b])) in numbers(both).iter().enumerate() {
        let (class, cell) = if a == b { (" class=\"same\"", "td") } else { ("", if index == 0 { "th" } else { "td" }) };
        let _ = write!(rows, "<tr{class}><th scope=\"row\">{name}</th><{cell}>{a}</{cell}><{cell}>{b}</{cell}></tr>");
    }
    format!("<table class=\"compared\">{rows}</table>")
}

/// The incidents of one side that the readers of the other hear of later or never.
fn differences(this: &Results, other: &Results, [letter, other_letter]: [&str; 2]) -> String {
    let missed = missed(this.stories.iter(), other.stories.iter());
    let mut text = format!("<div><h2>In {letter}, and later or never in {other_letter}</h2><ul class=\"plain\">");
    for (story, fate) in missed.iter().take(MAX_DIFFERENCES) {
        let _ = write!(
            text,
            "<li>{} {}: <strong>{}</strong></li>",
            moment(story.opened_at(), &this.zone),
            escape(story.subject()),
            fate_words(*fate, other_letter)
        );
    }
    if missed.is_empty() {
        text.push_str("<li>nothing</li>");
    } else if missed.len() > MAX_DIFFERENCES {
        let _ = write!(text, "<li>and {} more</li>", missed.len() - MAX_DIFFERENCES);
    }
    text + "</ul></div>"
}
