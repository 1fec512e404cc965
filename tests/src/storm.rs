//! A batch at the size limit, generated on demand because it is too large for the repository.

use crate::source::Batch;

/// Returns a batch of one interface with `records` rejected pings from up to `sources` addresses, in the minute from `start`.
///
/// 20,000 records make an event of about the 1 MB that an asynchronous invocation can carry.
pub fn storm(records: usize, sources: u32, start: u64) -> Batch {
    let mut batch = Batch {
        message_type: "DATA_MESSAGE".to_owned(),
        owner: "123456789010".to_owned(),
        log_group: "Log-Group".to_owned(),
        log_stream: "eni-1235b8ca123456789-all".to_owned(),
        subscription_filters: vec!["Flowlog-Cloudwatch".to_owned()],
        policy_level: None,
        log_events: Vec::with_capacity(records),
    };
    let mut random = SplitMix(1);
    for _ in 0..records {
        // 198.18.0.0/15 is reserved for benchmarks (RFC 2544).
        let source = random.below(u64::from(sources.min(1 << 17)));
        let (network, high, low) = (18 + (source >> 16), (source >> 8) & 255, source & 255);
        let packets = 1 + random.below(60);
        let begin = start + random.below(55);
        let end = (begin + packets).min(start + 59);
        batch.push(
            &format!(
                "2 123456789010 eni-1235b8ca123456789 198.{network}.{high}.{low} 172.31.16.139 0 0 1 {packets} {} {begin} {end} \
                 REJECT OK",
                packets * 84
            ),
            10,
        );
    }
    batch
}

/// A random number generator (Vigna's SplitMix64), which returns the same storm on every run.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
