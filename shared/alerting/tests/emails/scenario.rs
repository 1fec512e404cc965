//! The messages of these tests.

use alerting::{
    detection::{Detection, Detector, LogSource, Totals, Untracked},
    enrichment::Network,
    incident::{
        IncidentKey, Reason, Summary,
        policy::Policy,
        state::{ClosedIncident, Lease, OpenIncident, PastIncident},
    },
    notification::{
        Language, Notification, NotificationContent, NotificationContext, Site,
        email::{self, Email},
        links::console::AwsConsole,
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
    zone::Zone,
};
use flow_log::{Decoder, Formats};

use crate::networks;

/// 2026-11-23 02:38:54 UTC, 6 min 40 s after the first packet of most events.
pub(crate) const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

/// The events that have something to report.
pub(crate) const EVENTS: [&str; 8] = [
    "ping-deny",
    "ping-deny-v6",
    "ping-deny-inbound",
    "mixed-traffic",
    "custom-format",
    "sweep",
    "broken-line",
    "hostile",
];

/// The other scenarios: later messages, a second incident, and names that would like to be more than names.
pub(crate) const OTHERS: [&str; 7] =
    ["update", "resolved", "late-opened", "update-of-many", "resolved-of-many", "repeated", "hostile-names"];

const V5: &str = "${version} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} ${type} ${packets} \
                  ${bytes} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} \
                  ${sublocation-type} ${sublocation-id} ${action} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} \
                  ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${flow-direction} ${log-status}";

/// Who reads an email, and what EC2 tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) language: Language,
    pub(crate) zone: &'static str,
    pub(crate) looked_up: bool,
}

impl Setting {
    pub(crate) const PLAIN: Setting = Setting { language: Language::English, zone: "UTC", looked_up: false };

    /// Every combination that is looked at: the Japanese reader is in Tokyo.
    pub(crate) fn all() -> impl Iterator<Item = Setting> {
        [(Language::English, "UTC"), (Language::Japanese, "Asia/Tokyo")]
            .into_iter()
            .flat_map(|(language, zone)| [false, true].map(|looked_up| Setting { language, zone, looked_up }))
    }

    pub(crate) fn name(self, scenario: &str) -> String {
        let network = if self.looked_up { ".ec2" } else { "" };
        format!("{scenario}{network}.{}", self.language.code())
    }
}

fn site(setting: Setting) -> Site {
    let region = "ap-northeast-1";
    Site {
        region: region.to_owned(),
        console: AwsConsole::new(region),
        metric_namespace: "Ping-Deny-Metrics".to_owned(),
        metric_name: "Ping-Deny".to_owned(),
        language: setting.language,
        zone: Zone::parse(setting.zone).unwrap(),
    }
}

pub(crate) fn detect(name: &str) -> Detection {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let event = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let formats = if name == "custom-format" { Formats::parse(V5).unwrap() } else { Formats::default() };
    let mut decoder = Decoder::new(1 << 26);
    let mut payload = decoder.decode(&event).unwrap();
    let mut detector = Detector::new(&formats);
    let header = payload.next_batch(|event| detector.observe(&event)).unwrap().unwrap();
    detector.finish(LogSource::of(&header))
}

/// Renders a message about the incident of these tests.
pub(crate) fn render_with(
    setting: Setting,
    network: &Network,
    reason: Reason,
    message: impl FnOnce(NotificationContext<'_>) -> Email,
) -> Email {
    let (site, policy) = (site(setting), Policy::default());
    let key = IncidentKey("Ping-Deny|123456789010|Log-Group".to_owned());
    message(NotificationContext { key: &key, reason, network, policy: &policy, site: &site, now: NOW })
}

pub(crate) fn opening_of(
    setting: Setting,
    network: &Network,
    detection: &Detection,
    previous: Option<&PastIncident>,
) -> Email {
    let findings: Vec<_> = detection.findings.iter().collect();
    let content = NotificationContent::batch(detection, &findings, &detection.untracked);
    render_with(setting, network, Reason::New, |context| {
        email::render(&Notification::opened(context, "1", content, previous))
    })
}

/// An incident that opened with one event, about which an email was sent at [`NOW`], and another event since: that one, and both.
pub(crate) fn ongoing(first: &str, then: &str) -> (OpenIncident, Summary, Summary) {
    let counted = |event: &str| Summary::of(&detect(event).findings, &Untracked::default());
    let since = counted(then);
    let mut total = counted(first);
    total.merge(&since);
    let open = OpenIncident {
        id: "1".to_owned(),
        opened_at: NOW,
        emails: 1,
        last_email_at: NOW,
        lease: None,
        timer: 3,
        timer_at: NOW,
    };
    (open, since, total)
}

/// The same when nothing came for a quarter of an hour.
fn closing((open, since, summary): (OpenIncident, Summary, Summary), content: bool) -> ClosedIncident {
    ClosedIncident {
        id: open.id,
        opened_at: open.opened_at,
        last_seen: time::after(NOW, 2 * MINUTE_MILLIS),
        emails: if content { 2 } else { 1 },
        unreported: if content { Totals::default() } else { since.totals },
        summary,
        lease: Lease { owner: "me".to_owned(), until: NOW },
        timer: 4,
    }
}

/// The email of a scenario: an event of [`EVENTS`], or one of [`OTHERS`].
pub(crate) fn email(scenario: &str, setting: Setting) -> Email {
    let event = match scenario {
        "update" | "resolved" | "late-opened" | "repeated" => "ping-deny",
        "update-of-many" | "resolved-of-many" => "sweep",
        event => event,
    };
    let network = networks::of(event, setting.looked_up);
    let render = |reason, minutes, message: &dyn Fn(NotificationContext<'_>) -> Email| {
        let now = time::after(NOW, minutes * MINUTE_MILLIS);
        render_with(setting, &network, reason, |context| message(NotificationContext { now, ..context }))
    };
    match scenario {
        "update" | "update-of-many" => {
            let (open, since, total) = if scenario == "update" {
                ongoing("ping-deny", "broken-line")
            } else {
                ongoing("ping-deny-inbound", "sweep")
            };
            render(Reason::UpdateDue, 5, &|context| {
                email::render(&Notification::update(context, &open, &since, total.totals))
            })
        }
        "resolved" | "resolved-of-many" => {
            let closing = if scenario == "resolved" {
                closing(ongoing("ping-deny", "broken-line"), true)
            } else {
                closing(ongoing("ping-deny-inbound", "sweep"), false)
            };
            render(Reason::Quiet, 17, &|context| email::render(&Notification::resolved(context, &closing)))
        }
        "late-opened" => {
            let (mut open, _, total) = ongoing("ping-deny", "broken-line");
            open.emails = 0;
            render(Reason::LeaseExpired, 1, &|context| {
                email::render(&Notification::late_opened(context, &open, &total))
            })
        }
        "repeated" => {
            let detection = detect("ping-deny");
            let previous = PastIncident {
                id: "0".to_owned(),
                opened_at: time::before(NOW, 100 * MINUTE_MILLIS),
                last_seen: time::before(NOW, 40 * MINUTE_MILLIS),
                totals: detection.totals(),
            };
            opening_of(setting, &network, &detection, Some(&previous))
        }
        "hostile-names" => opening_of(setting, &network, &detect("ping-deny"), None),
        event => opening_of(setting, &network, &detect(event), None),
    }
}

pub(crate) fn shown(email: &Email) -> String {
    format!("Subject: {}\n\n{}", email.subject, email.body)
}
