//! Event ids in the format of CloudWatch Logs.

/// Returns the id of one log event: 56 digits for any time from 2004 to 2039, as in AWS's examples.
///
/// The ids in AWS's documentation are the timestamp in milliseconds, shifted left by 144 bits, plus lower bits. Here the lower bits
/// are a hash (`seed`) and the position in the batch, so ids are unique, ordered, and the same on every run.
pub(crate) fn event_id(timestamp_ms: u64, seed: u64, position: u64) -> String {
    const CHUNK: u128 = 1_000_000_000_000_000_000;
    // 192 bits, most significant first: 144 = 2 * 64 + 16.
    let mut limbs = [timestamp_ms << 16, seed, position];
    let mut chunks = Vec::new();
    while limbs.iter().any(|&limb| limb != 0) {
        let mut rest: u128 = 0;
        for limb in &mut limbs {
            let part = (rest << 64) | u128::from(*limb);
            *limb = u64::try_from(part / CHUNK).expect("rest is below CHUNK, so the quotient fits");
            rest = part % CHUNK;
        }
        chunks.push(rest);
    }
    let mut digits: String = chunks.iter().rev().map(|chunk| format!("{chunk:018}")).collect();
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    digits.drain(..zeros);
    digits
}

/// Hashes texts to 64 bits with FNV-1a, which is the same on every platform and release.
pub(crate) fn seed(parts: &[&str]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.bytes().chain([0xff]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::event_id;

    #[test]
    fn an_id_from_the_aws_documentation_is_reproduced() {
        let published = "31953106606966983378809025079804211143289615424298221568";
        assert_eq!(event_id(1_432_826_855_000, 0x14d9b2a87f4665b, 0xa04f6ad621810000), published);
    }

    #[test]
    fn ids_have_56_digits_and_grow_with_the_position() {
        let ids: Vec<String> = (0..3).map(|position| event_id(1_795_401_134_000, u64::MAX, position)).collect();
        assert!(ids.iter().all(|id| id.len() == 56), "{ids:?}");
        assert!(ids.is_sorted() && ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    }
}
