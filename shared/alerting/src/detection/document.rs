//! One document of CloudWatch Logs: its log events, and where they were logged.

use flow_log::{BatchMetadata, LogEvent, SystemFields};

use crate::detection::{
    batch::{Detection, LogSource},
    detector::Detector,
};

/// Reads the log events of one document. Where a log group has copies of those of several accounts, regions or log groups, each of these is a
/// batch of its own: what was rejected in one account is no incident of another.
#[derive(Debug)]
pub struct DocumentDetector<'a, N> {
    new: N,
    batches: Vec<(SystemFields<'a>, Detector<'a>)>,
    /// The batch of the event before, and what told it.
    last: usize,
    last_fields: &'a str,
}

impl<'a, N: Fn() -> Detector<'a>> DocumentDetector<'a, N> {
    /// A detector for one document. `new` makes that of each origin.
    pub fn new(new: N) -> Self {
        DocumentDetector { new, batches: Vec::new(), last: 0, last_fields: "" }
    }

    /// Takes one log event into account.
    #[inline]
    pub fn observe(&mut self, event: &LogEvent<'a>) {
        // Nearly always there are none. To compare two empty texts takes 90 ns: the C library reads at an address where nothing is.
        let fields = event.extracted_fields();
        let is_same = if fields.is_empty() { self.last_fields.is_empty() } else { fields == self.last_fields };
        if self.batches.is_empty() || !is_same {
            self.choose(event);
        }
        if let Some((_, detector)) = self.batches.get_mut(self.last) {
            detector.observe(event);
        }
    }

    /// Chooses the batch of the event's origin.
    #[cold]
    fn choose(&mut self, event: &LogEvent<'a>) {
        let origin = event.system_fields();
        let known = self.batches.iter().position(|(known, _)| *known == origin);
        self.last = known.unwrap_or_else(|| {
            self.batches.push((origin, (self.new)()));
            self.batches.len() - 1
        });
        self.last_fields = event.extracted_fields();
    }

    /// Ends the document: a batch for each origin. `region` is that of whoever reads it.
    pub fn finish(self, metadata: &BatchMetadata<'a>, region: &str) -> Vec<Detection> {
        let finish = |(origin, detector): (SystemFields<'_>, Detector<'_>)| {
            detector.finish(LogSource::of(metadata, &origin, region))
        };
        self.batches.into_iter().map(finish).collect()
    }
}

#[cfg(test)]
mod tests {
    use flow_log::{Decoder, Formats};

    use super::*;
    use crate::detection::Finding;

    /// Reads a document whose log events have these texts for `extractedFields`, one rejected ping each.
    fn read(fields: &[&str]) -> Vec<Detection> {
        let formats = Formats::default();
        let event = |(number, fields): (usize, &&str)| {
            let line = format!("2 unknown eni-1 10.0.0.{number} 8.8.8.8 0 0 1 1 84 100 160 REJECT OK");
            let fields = if fields.is_empty() { String::new() } else { format!(r#","extractedFields":{fields}"#) };
            format!(r#"{{"id":"{number}","timestamp":1795401134000,"message":"{line}"{fields}}}"#)
        };
        let events: Vec<String> = fields.iter().enumerate().map(event).collect();
        let json = format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"999999999999","logGroup":"central","logStream":"s","subscriptionFilters":[],"logEvents":[{}]}}"#,
            events.join(",")
        );
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut gz = vec![0; compressor.gzip_compress_bound(json.len())];
        let length = compressor.gzip_compress(json.as_bytes(), &mut gz).unwrap();
        let mut decoder = Decoder::default();
        let mut payload = decoder.decode_gzip(&gz[..length]).unwrap();
        let mut document = DocumentDetector::new(|| Detector::new(&formats));
        let metadata = payload.next_batch(|event| document.observe(&event)).unwrap().unwrap();
        document.finish(&metadata, "eu-central-1")
    }

    fn origin(account: &str, region: &str, log_group: &str) -> String {
        format!(r#"{{"@aws.account":"{account}","@aws.region":"{region}","@source.log":"{log_group}"}}"#)
    }

    #[test]
    fn each_account_region_and_log_group_is_a_batch_of_its_own() {
        let of = [
            origin("1", "eu-west-1", "/vpc/a"),
            origin("2", "eu-west-1", "/vpc/a"),
            origin("1", "us-east-1", "/vpc/a"),
            origin("1", "eu-west-1", "/vpc/b"),
            origin("1", "eu-west-1", "/vpc/a"),
            String::new(),
        ];
        let batches = read(&of.each_ref().map(String::as_str));
        let keys: Vec<String> = batches.iter().map(Detection::key).collect();
        assert_eq!(
            keys,
            [
                "1|eu-west-1|/vpc/a|s|0|4|2",
                "2|eu-west-1|/vpc/a|s|1|1|1",
                "1|us-east-1|/vpc/a|s|2|2|1",
                "1|eu-west-1|/vpc/b|s|3|3|1",
                "999999999999|eu-central-1|central|s|5|5|1",
            ]
        );
        let readable: Vec<&str> = batches.iter().map(|batch| batch.source.readable_log_group()).collect();
        assert_eq!(readable, ["central"; 5]);
        let copied: Vec<bool> = batches.iter().map(|batch| batch.source.copy.is_some()).collect();
        assert_eq!(copied, [true, true, true, true, false]);
        let account = |finding: &Finding| finding.metadata.account_id.clone().map(String::from);
        let accounts: Vec<_> = batches.iter().map(|batch| account(batch.findings()[0])).collect();
        assert_eq!(
            accounts,
            ["1", "2", "1", "1"].map(|id| Some(id.to_owned())).into_iter().chain([None]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_a_pattern_extracts_of_the_records_tells_no_origin() {
        let batches = read(&["", r#"{"source":"10.0.0.1"}"#, r#"{"source":"10.0.0.2","@aws.account":7}"#, "null"]);
        let keys: Vec<String> = batches.iter().map(Detection::key).collect();
        assert_eq!(keys, ["999999999999|eu-central-1|central|s|0|3|4"]);
    }
}
