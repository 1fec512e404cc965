//! A shorter document, for a destination with a limit.

use crate::notification::document::Document;

/// Names in each ranking of a document that has to be short.
const FEW_NAMES: usize = 3;

impl Document {
    /// Takes away what is missed least: first what stands elsewhere, then flows, the lightest first. The document says what it
    /// lacks. Returns false where nothing is left to take.
    pub fn shorten(&mut self) -> bool {
        let flows = self.flows.len();
        if self.email.text.take().is_some() {
            true
        } else if flows > 1 {
            self.keep_flows(flows / 2);
            true
        } else if !self.records.is_empty() {
            self.records.clear();
            true
        } else if self.links.take().is_some() {
            true
        } else if flows > 0 {
            self.keep_flows(0);
            true
        } else {
            let ranking = &mut self.ranking;
            let ports = ranking.ports.iter_mut().map(|ports| &mut ports.top);
            let mut tops: Vec<_> =
                [&mut ranking.sources.top, &mut ranking.targets.top, &mut ranking.interfaces.top].into();
            tops.extend(ports);
            let many = tops.iter().any(|top| top.len() > FEW_NAMES);
            tops.into_iter().for_each(|top| top.truncate(FEW_NAMES));
            many
        }
    }

    fn keep_flows(&mut self, number: usize) {
        self.flows_left_out += self.flows.len().saturating_sub(number) as u64;
        self.flows_complete = false;
        self.flows.truncate(number);
    }
}
