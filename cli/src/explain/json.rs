//! An explanation as one line of JSON.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use alerting::{
    detection::{Direction, Finding},
    explain::{Confidence, Layer},
    notification::{StandaloneExplanation, document::EvidenceDoc},
};
use serde::Serialize;

/// A rejected flow with its explanation. What is not known is left out.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    source: IpAddr,
    destination: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<&'a str>,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    layer: Layers,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    evidence: Vec<EvidenceDoc>,
    advice: String,
}

/// The layer, or those that are open or both reject.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Layers {
    One(&'static str),
    Several([&'static str; 2]),
}

impl From<Layer> for Layers {
    fn from(layer: Layer) -> Self {
        const ACL: &str = "network-acl";
        const GROUPS: &str = "security-group";
        match layer {
            Layer::BlockPublicAccess => Layers::One("block-public-access"),
            Layer::EncryptionControls => Layers::One("encryption-controls"),
            Layer::Acl => Layers::One(ACL),
            Layer::SecurityGroup => Layers::One(GROUPS),
            Layer::Both | Layer::Either => Layers::Several([GROUPS, ACL]),
            Layer::Late => Layers::One("late-packet"),
            Layer::Neither | Layer::Other => Layers::One("unknown"),
        }
    }
}

/// Prints a finding.
pub(super) fn print(out: &mut impl Write, finding: &Finding, standalone: &StandaloneExplanation) -> io::Result<()> {
    let StandaloneExplanation { explanation, draft } = standalone;
    let verdict = Verdict {
        source: finding.flow.sender(),
        destination: finding.flow.receiver(),
        interface: finding.flow.interface_id.as_deref(),
        rule: finding.rule.word(),
        service: finding.service().map(|service| service.to_string()),
        layer: explanation.layer.into(),
        confidence: match explanation.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        },
        direction: explanation.direction.map(|direction| match direction {
            Direction::Ingress => "inbound",
            Direction::Egress => "outbound",
        }),
        origin: finding.origin.word(),
        role: finding.origin.role().map(|role| role.word()),
        evidence: explanation.evidence.iter().map(EvidenceDoc::from).collect(),
        advice: draft.advice.join("\n"),
    };
    serde_json::to_writer(&mut *out, &verdict)?;
    writeln!(out)
}
