//! The short id of an incident: what people say, search for and sort by.

use crate::hash::hash;

/// Characters of a short id.
const CHARS: usize = 4;

/// Lower-case letters and digits without those that look like another one: 0 and o, 1, i and l.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// The short id of an incident: `k3f9`. It is derived from the incident's id. An incident that was reopened keeps the one of its first
/// opening, as its id is that one with a number behind a full stop.
///
/// There are 31⁴ = 923,521 short ids. Of n open incidents two share one with a probability of about n² / 1,847,042: 1 in 18,000 with
/// ten open incidents, 1 in 185 with a hundred. The whole id, which is in the document, tells them apart.
pub fn short_id(incident: &str) -> String {
    let first = incident.split('.').next().unwrap_or_default();
    let mut rest = hash(first.as_bytes());
    let letters = ALPHABET.len() as u64;
    (0..CHARS)
        .map(|_| {
            let at = usize::try_from(rest % letters).unwrap_or_default();
            rest /= letters;
            char::from(ALPHABET[at])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::short_id;

    #[test]
    fn it_is_the_same_for_all_emails_of_an_incident() {
        let id = "1795401534000-0badcafe";
        // Readers may have searched for it: it never changes.
        assert_eq!(short_id(id), "qq4s");
        for reopened in ["1795401534000-0badcafe.1", "1795401534000-0badcafe.12"] {
            assert_eq!(short_id(reopened), short_id(id));
        }
    }

    #[test]
    fn few_incidents_share_one_and_no_character_looks_like_another() {
        let ids: BTreeSet<String> = (0..1_000).map(|n| short_id(&format!("179540{n:07}-0badcafe"))).collect();
        // One pair is expected to share one.
        assert!(ids.len() > 990, "{} of 1,000", ids.len());
        for id in ids {
            assert_eq!(id.len(), 4);
            assert!(!id.contains(['0', 'o', '1', 'i', 'l']) && id.bytes().all(|c| c.is_ascii_alphanumeric()), "{id}");
        }
    }
}
