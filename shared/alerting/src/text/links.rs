//! Takes out of foreign text what an email program would make a link of.
//!
//! Email programs find links in plain text by themselves. Thunderbird
//! (<https://searchfox.org/mozilla-central/source/netwerk/streamconv/converters/mozTXTToHTMLConv.cpp>) takes `scheme:` of a
//! known scheme, `www.` and `ftp.` in any case, and what has an `@` and a dot behind it. linkify-it
//! (<https://github.com/markdown-it/linkify-it>) takes `//host` and whatever ends in a top-level domain too, as Gmail, Outlook
//! and Apple Email do; Outlook takes `\\host\share`.
//!
//! The mark that makes the link is put into brackets, as in reports about malware: `evil[.]com`. Names that merely have a
//! dot in them, such as `web-1.prod`, `app.v2` or `ip-10-0-0-1.ec2.internal`, stay as they are.

use std::net::Ipv4Addr;

/// Schemes that are links without `//` behind them.
const SCHEMES: [&str; 23] = [
    "callto",
    "facetime",
    "file",
    "ftp",
    "ftps",
    "http",
    "https",
    "irc",
    "javascript",
    "ldap",
    "magnet",
    "mailto",
    "news",
    "nntp",
    "sftp",
    "sip",
    "sips",
    "skype",
    "sms",
    "tel",
    "view-source",
    "webcal",
    "xmpp",
];

/// The top-level domains of countries (<https://www.iana.org/domains/root/db>): the first letter, then each second one.
const COUNTRIES: [&str; 26] = [
    "acdefgilmoqrstuwxz",
    "abdefghijmnorstvwyz",
    "acdfghiklmnoruvwxyz",
    "ejkmoz",
    "cegrstu",
    "ijkmor",
    "abdefghilmnpqrstuwy",
    "kmnrtu",
    "delmnoqrst",
    "emop",
    "eghimnprwyz",
    "abcikrstuvy",
    "acdeghklmnopqrstuvwxyz",
    "acefgilopruz",
    "m",
    "aefghklmnrstwy",
    "a",
    "eosuw",
    "abcdeghijklmnorstuvxyz",
    "cdfghjklmnortvwz",
    "agksyz",
    "aceginu",
    "fs",
    "",
    "et",
    "amw",
];

/// The other top-level domains that anybody can have a name in and that are in common use. An operator's own, such as `prod`,
/// and those that do not exist, such as `internal`, are not among them.
#[rustfmt::skip]
const GENERIC: &[&str] = &[
    "academy", "aero", "agency", "app", "art", "asia", "bar", "best", "bet", "bid", "bio", "biz", "blog", "bond", "bot",
    "business", "buzz", "cam", "cash", "casino", "cat", "center", "cfd", "chat", "city", "click", "clinic", "cloud", "club",
    "codes", "coffee", "com", "community", "company", "consulting", "coop", "cyou", "date", "day", "design", "dev", "digital",
    "directory", "edu", "education", "email", "energy", "exchange", "expert", "express", "finance", "fit", "foundation", "fun",
    "fund", "fyi", "games", "gay", "global", "gmbh", "gold", "gov", "group", "guide", "guru", "health", "help", "homes",
    "host", "house", "icu", "inc", "info", "ink", "institute", "int", "jobs", "land", "lat", "law", "legal", "life", "limited",
    "link", "live", "llc", "loan", "lol", "love", "ltd", "management", "market", "marketing", "media", "men", "mil", "mobi",
    "moe", "mom", "money", "monster", "mov", "museum", "name", "net", "network", "news", "ninja", "one", "online", "ooo",
    "org", "page", "partners", "party", "pet", "photos", "pics", "plus", "porn", "press", "pro", "quest", "red", "rent",
    "rest", "reviews", "rip", "rocks", "run", "sale", "sbs", "school", "science", "security", "services", "sex", "shop",
    "show", "site", "skin", "social", "software", "solutions", "space", "store", "stream", "studio", "support", "systems",
    "team", "tech", "technology", "tel", "today", "tokyo", "tools", "top", "trade", "travel", "vip", "website", "wiki", "win",
    "work", "world", "xxx", "xyz",
];

/// The text with every mark in brackets that would make a link.
pub(super) fn defused(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (before, rest) = text.split_at(at);
        let after = &rest[c.len_utf8()..];
        let host = &rest[..host_len(rest)];
        at += c.len_utf8();
        if !host.is_empty() {
            push_host(&mut safe, before, host, &rest[host.len()..]);
            at += host.len() - c.len_utf8();
        } else if c == ':' && ends_scheme(before, after) {
            safe.push_str("[:]");
        } else if c == '@' && is_in_address(before, after) {
            safe.push_str("[@]");
        } else if c == '\\' {
            let run = &rest[..rest.len() - rest.trim_start_matches('\\').len()];
            at += run.len() - c.len_utf8();
            if begins_share(run, &rest[run.len()..]) {
                safe.extend(["[", run, "]"]);
            } else {
                safe.push_str(run);
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The bytes at a text's start that could be a host's name, dots and all.
fn host_len(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_part = match c {
            '.' | '-' | '_' => true,
            // Browsers take these for dots (RFC 3490, section 3.1); in a Japanese sentence they are no part of a name.
            '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => chars.peek().is_some_and(|(_, next)| next.is_ascii_alphanumeric()),
            c => c.is_alphanumeric(),
        };
        if !is_part {
            return at;
        }
    }
    text.len()
}

fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// Whether a character may stand at a name's edge without being part of it.
fn is_edge(c: char) -> bool {
    is_dot(c) || c == '-' || c == '_'
}

/// Adds what could be a host's name, with its dots in brackets if it would be a link.
fn push_host(safe: &mut String, before: &str, host: &str, after: &str) {
    let name = host.trim_end_matches(is_edge);
    if !is_link(before, name, after) {
        safe.push_str(host);
        return;
    }
    for c in name.chars() {
        if is_dot(c) {
            safe.extend(['[', c, ']']);
        } else {
            safe.push(c);
        }
    }
    safe.push_str(&host[name.len()..]);
}

/// Whether an email program would make a link of a name, by what stands around it.
fn is_link(before: &str, name: &str, after: &str) -> bool {
    let mut labels = name.trim_start_matches(is_edge).split(is_dot).filter(|label| !label.is_empty());
    let (Some(first), Some(last)) = (labels.next(), labels.next_back()) else { return false };
    let is_word = last.chars().nth(1).is_some() && last.chars().all(char::is_alphabetic);
    before.ends_with("//")
        || ["www", "ftp"].iter().any(|prefix| first.eq_ignore_ascii_case(prefix))
        || is_top_level(last)
        || is_word && is_path(after)
        // Not the length of a prefix: `10.0.0.0/8`.
        || is_path(after) && !after[1..].starts_with(|c: char| c.is_ascii_digit()) && name.parse::<Ipv4Addr>().is_ok()
}

/// Whether a path, a query, a fragment or a port follows.
fn is_path(after: &str) -> bool {
    let mut chars = after.chars();
    match (chars.next(), chars.next()) {
        (Some('/' | '?' | '#'), Some(next)) => !next.is_whitespace(),
        (Some(':'), Some(next)) => next.is_ascii_digit(),
        _ => false,
    }
}

fn is_top_level(label: &str) -> bool {
    let label = label.to_lowercase();
    if let [first @ b'a'..=b'z', second @ b'a'..=b'z'] = *label.as_bytes() {
        return COUNTRIES[usize::from(first - b'a')].as_bytes().contains(&second);
    }
    GENERIC.contains(&&*label) || label.starts_with("xn--") || label == "\u{440}\u{444}"
}

/// Whether a colon ends the scheme of a URL.
fn ends_scheme(before: &str, after: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
    let is_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
    after.starts_with("//") || is_scheme && !after.is_empty() && !after.starts_with(char::is_whitespace)
}

/// Whether an at sign stands between somebody and a host with a dot in its name.
fn is_in_address(before: &str, after: &str) -> bool {
    let word = after.split(char::is_whitespace).next().unwrap_or_default();
    !before.is_empty()
        && !before.ends_with(|c: char| c.is_whitespace() || c == '[')
        && word.contains(is_dot)
        && !word.starts_with(']')
}

/// Whether backslashes begin the path of a Windows share.
fn begins_share(backslashes: &str, after: &str) -> bool {
    backslashes.len() > 1 && after.starts_with(|c: char| c != ']' && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn what_would_become_a_link_is_marked() {
        for (text, expect) in [
            // Thunderbird: schemes, www and ftp in any case, and at signs.
            ("HTTPS://x", "HTTPS[:]//x"),
            ("http://[2001:db8::1]/x", "http[:]//[2001:db8::1]/x"),
            ("http://10.0.0.5/x", "http[:]//10[.]0[.]0[.]5/x"),
            ("svn+ssh://x", "svn+ssh[:]//x"),
            ("http:evil", "http[:]evil"),
            ("see MailTo:a", "see MailTo[:]a"),
            ("javascript:alert(1)", "javascript[:]alert(1)"),
            ("tel:+4912345", "tel[:]+4912345"),
            ("WWW.evil.prod", "WWW[.]evil[.]prod"),
            ("(www.evil)", "(www[.]evil)"),
            ("Ftp.files", "Ftp[.]files"),
            ("a@b.c", "a[@]b.c"),
            ("team-a@example.com", "team-a[@]example[.]com"),
            ("http://user:x@evil.com/", "http[:]//user:x[@]evil[.]com/"),
            // Others: what ends in a top-level domain, and what has a path, a query or a port.
            ("evil.com", "evil[.]com"),
            ("evil.com/login", "evil[.]com/login"),
            ("EVIL.Com.", "EVIL[.]Com."),
            ("go to evil.co.uk, now", "go to evil[.]co[.]uk, now"),
            ("_evil.com_", "_evil[.]com_"),
            ("x,evil.jp;y", "x,evil[.]jp;y"),
            ("https%3A%2F%2Fevil.com%2Fx", "https%3A%2F%2Fevil[.]com%2Fx"),
            ("//evil.local", "//evil[.]local"),
            ("bücher.example/x", "bücher[.]example/x"),
            ("evil.xn--p1ai", "evil[.]xn--p1ai"),
            ("пример.рф", "пример[.]рф"),
            ("evil.unheard/x", "evil[.]unheard/x"),
            ("evil.unheard?x", "evil[.]unheard?x"),
            ("evil.unheard:8080", "evil[.]unheard:8080"),
            ("203.0.113.9/login", "203[.]0[.]113[.]9/login"),
            ("evil\u{3002}com", "evil[\u{3002}]com"),
            ("evil\u{ff0e}com", "evil[\u{ff0e}]com"),
            ("監視evil.com", "監視evil[.]com"),
            // Outlook: shares.
            (r"\\evil\x", r"[\\]evil\x"),
        ] {
            assert_eq!(defused(text), expect);
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for text in [
            "web-1",
            "web-1.prod",
            "app.v2",
            "ami-2024.01",
            "ip-10-0-0-1.ec2.internal",
            "ip-10-0-0-1.ap-northeast-1.compute.internal",
            "db.local",
            "node.js 22.4",
            "v1.2.3",
            "10.0.0.5",
            "10.0.0.0/8",
            "10.0.0.5:443",
            "2001:db8::1/64",
            "fe80::1%eth0",
            "arn:aws:ecs:ap-southeast-2:123456789012:cluster/web",
            "ELB app/my-lb/50dc6c495c0c9188",
            "Interface for NAT Gateway nat-0123",
            "/aws/vpc/flow.logs",
            "team:web",
            "Cost center: 7",
            "news: none",
            "root@web-1",
            "@team",
            "a @ b.c",
            r"DOMAIN\user",
            "何も。しない",
            "監視 (東京).",
            "x.",
            ".com",
            "...",
            "2 123456789010 eni-1 172.31.16.139 203.0.113.12 0 0 1 4 336 1795401134 1795401182 REJECT OK",
        ] {
            assert_eq!(defused(text), text);
        }
    }

    /// What an email program would make a link of, judged piece by piece, a piece being what stands between spaces and
    /// brackets. As plain as can be, and stricter than any of them.
    fn links(text: &str) -> Vec<&str> {
        let is_link = |piece: &&str| {
            let lower = piece.to_lowercase();
            let host =
                lower.split(['/', ':', '?', '#', '@', ',', '%', '\\']).map(|host| host.trim_matches(['.', '-', '_']));
            lower.contains("://")
                || ["http:", "mailto:"].iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len())
                || lower.starts_with(r"\\") && !lower.trim_matches('\\').is_empty()
                || lower.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
                || host.clone().any(|host| ["www.", "ftp."].iter().any(|prefix| host.starts_with(prefix)))
                || host
                    .clone()
                    .any(|host| [".com", ".jp", ".dev"].iter().any(|end| host.ends_with(end) && host != *end))
                || lower
                    .split_once(".prod/")
                    .is_some_and(|(host, path)| host.ends_with(char::is_alphanumeric) && !path.is_empty())
        };
        text.split(|c: char| c.is_whitespace() || "[]()".contains(c)).filter(is_link).collect()
    }

    #[test]
    fn the_judge_knows_links() {
        for link in ["http://a", "x/www.evil", "a@b.c", "evil.com", "x.prod/y", "mailto:a", r"\\a\b"] {
            assert_eq!(links(link), [link]);
        }
        assert_eq!(links("web-1.prod app.v2 10.0.0.0/8 root@web"), [""; 0]);
    }

    const PIECES: [&str; 36] = [
        "www", "WWW", "ftp", "evil", "com", "COM", "jp", "dev", "prod", "x1", "10", "http", "mailto", ".", ".", ".",
        "..", "/", "//", ":", "://", "@", "\\", "\\\\", "?", "#", "-", "_", "%", ",", "(", ")", " ", "[", "]", "東京",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_left_to_link(pieces in prop::collection::vec(select(&PIECES[..]), 0..16)) {
            let text = pieces.concat();
            let safe = defused(&text);
            prop_assert_eq!(links(&safe), [""; 0], "{:?} -> {:?}", text, safe);
            prop_assert_eq!(defused(&safe), safe.clone());
            // Brackets are all that is added.
            let bare = |text: &str| text.replace(['[', ']'], "");
            prop_assert_eq!(bare(&safe), bare(&text));
        }

        #[test]
        fn any_text_keeps_its_characters(text in "\\PC{0,60}") {
            let bare = |text: &str| text.replace(['[', ']'], "");
            prop_assert_eq!(bare(&defused(&text)), bare(&text));
        }
    }
}
