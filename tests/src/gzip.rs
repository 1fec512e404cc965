//! The gzip layer, implemented here so that the bytes depend on only one locked crate and can be damaged on purpose.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// What to damage between the JSON and the Lambda event.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// One bit of the gzip checksum is flipped; the deflated data is intact.
    Checksum,
    /// The gzip length field is one too high.
    Length,
    /// The last four bytes (the length field) are missing.
    CutTrailer,
    /// The second half of the deflated data is missing.
    CutData,
    /// The middle character is not in the base64 alphabet.
    Base64,
    /// The inflated JSON ends in the middle of a log event.
    Json,
}

/// Compresses as CloudWatch Logs does: one member, no name, no time (RFC 1952).
pub fn gzip(data: &[u8]) -> Vec<u8> {
    // Magic, deflate, no flags, mtime 0, no extra flags, unknown operating system.
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend(miniz_oxide::deflate::compress_to_vec(data, 6));
    out.extend(crc32fast::hash(data).to_le_bytes());
    // The length field is modulo 2^32 by definition.
    out.extend((data.len() as u32).to_le_bytes());
    out
}

/// Inflates one member with a header without optional fields, as [`gzip`] and the AWS SDK write it.
///
/// # Errors
/// One line that names the invalid part.
pub fn gunzip(data: &[u8]) -> Result<Vec<u8>, String> {
    let plain_header = data.len() >= 18 && data[..4] == [0x1f, 0x8b, 8, 0];
    if !plain_header {
        return Err("no gzip header, or one with optional fields".to_owned());
    }
    let (body, trailer) = data[10..].split_at(data.len() - 18);
    let out = miniz_oxide::inflate::decompress_to_vec(body).map_err(|error| error.to_string())?;
    let mut expected = crc32fast::hash(&out).to_le_bytes().to_vec();
    expected.extend((out.len() as u32).to_le_bytes());
    if trailer == expected { Ok(out) } else { Err("checksum or length differ".to_owned()) }
}

/// Packs a payload into the text of `awslogs.data`, with optional damage.
pub(crate) fn pack(mut json: String, damage: Option<Damage>) -> String {
    if damage == Some(Damage::Json) {
        let cut = json.rfind("\"message\":").map_or(json.len() / 2, |at| at + "\"message\":\"2 ".len());
        json.truncate(cut);
    }
    let mut bytes = gzip(json.as_bytes());
    let len = bytes.len();
    match damage {
        Some(Damage::Checksum) => bytes[len - 8] ^= 1,
        Some(Damage::Length) => bytes[len - 4] = bytes[len - 4].wrapping_add(1),
        Some(Damage::CutTrailer) => bytes.truncate(len - 4),
        Some(Damage::CutData) => bytes.truncate(len / 2),
        Some(Damage::Base64 | Damage::Json) | None => {}
    }
    let mut text = STANDARD.encode(bytes);
    if damage == Some(Damage::Base64) {
        let middle = text.len() / 2;
        text.replace_range(middle..=middle, "*");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Damage, gunzip, gzip, pack};
    use base64::{Engine, engine::general_purpose::STANDARD};

    const JSON: &str = r#"{"logEvents":[{"id":"1","timestamp":1,"message":"2 123456789010 eni-1 - NODATA"}]}"#;

    fn unpack(damage: Option<Damage>) -> Result<String, String> {
        let bytes = STANDARD.decode(pack(JSON.to_owned(), damage)).map_err(|error| error.to_string())?;
        gunzip(&bytes).map(|json| String::from_utf8(json).unwrap())
    }

    #[test]
    fn packing_and_unpacking_returns_the_same_text() {
        assert_eq!(unpack(None).as_deref(), Ok(JSON));
        assert_eq!(gunzip(&gzip(b"")).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn every_kind_of_damage_is_detected() {
        use Damage::*;
        for damage in [Checksum, Length, CutTrailer, CutData, Base64] {
            unpack(Some(damage)).expect_err(&format!("{damage:?} must break the payload"));
        }
        let cut = unpack(Some(Json)).unwrap();
        assert!(JSON.starts_with(&cut) && cut.ends_with("\"2 "), "{cut}");
    }
}
