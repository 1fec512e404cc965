//! Digests as emails.

use alerting::{
    digest::Verdict,
    notification::{
        Language, RenderedDigest,
        email::{MAX_BODY_BYTES, MAX_SUBJECT_CHARS},
    },
};

use crate::stack::{Stack, scenarios};

fn shown(digest: &RenderedDigest) -> String {
    format!("Subject: {}\n\n{}", digest.subject, digest.body)
}

#[test]
fn whole_emails() {
    for (name, stack) in scenarios().into_iter().filter(|(name, _)| *name != "largest") {
        for language in Language::ALL.iter().copied() {
            let digest = Stack { language, ..stack.clone() }.render();
            insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("digest-{name}.{}", language.code()), shown(&digest));
            });
        }
    }
}

#[test]
fn every_email_keeps_to_the_limits_of_sns() {
    for (name, stack) in scenarios() {
        for language in Language::ALL.iter().copied() {
            let RenderedDigest { subject, body, .. } = Stack { language, ..stack.clone() }.render();
            let count = subject.chars().count();
            assert!(count <= MAX_SUBJECT_CHARS && !subject.chars().any(char::is_control), "{name}: {subject:?}");
            assert!(body.len() <= MAX_BODY_BYTES / 4, "{name}: {} bytes", body.len());
            let broken =
                body.chars().any(|c| c != '\n' && (c.is_control() || "\u{202e}\u{200b}\u{2060}\u{a0}".contains(c)));
            assert!(!broken, "{name}: {body:?}");
            assert!(!body.contains("https://") && !body.contains("\n\n\n"), "{name}: {body}");
            assert!(body.ends_with('\n') && !body.starts_with('\n'), "{name}: {body:?}");
        }
    }
}

#[test]
fn a_day_with_nothing_is_two_lines() {
    let (_, stack) = scenarios().remove(0);
    assert_eq!(stack.digest().verdict(), Verdict::Nothing);
    for language in Language::ALL.iter().copied() {
        let body = Stack { language, ..stack.clone() }.render().body;
        let lines: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 2, "{body}");
    }
}
