//! Reads a line: its kind, and the two fields that every rule checks first.

use crate::{
    Action, Field, FieldErrorKind, FlowLine, Formats, LineError, MAX_FIELDS, NoTraffic, Protocol,
    fast::split::{FEW, Runs, Split, Starts, entries},
    fields::Fields,
};

/// A line of a flow log, by its log status. Only [`Line::Flow`] has traffic to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Traffic was recorded (log status `OK`).
    Flow(FlowLine<'a>),
    /// There was no traffic in the aggregation interval (log status `NODATA`).
    NoData(NoTraffic<'a>),
    /// Records were lost in the aggregation interval (log status `SKIPDATA`). One such line can stand for many records.
    SkipData(NoTraffic<'a>),
}

impl Formats {
    /// Reads a line with the declared format that has its number of fields, split on runs of ASCII white space.
    ///
    /// Checks the number of fields and `log-status`; with status `OK` also `action` and `protocol`.
    /// [`FlowLine::to_record`] checks the other fields. Allocates nothing. A [`Line`] has about 100 bytes, so a `match` on a
    /// reference to it is faster.
    ///
    /// # Errors
    /// Returns the reason why the line is not a record of a declared format.
    #[inline]
    pub fn read<'a>(&'a self, line: &'a str) -> Result<Line<'a>, LineError> {
        let read = if self.are_short {
            self.read_with::<{ entries(FEW) }>(line)
        } else {
            self.read_with::<{ entries(MAX_FIELDS) }>(line)
        };
        read.map_err(|error| explain(line, error))
    }

    #[inline]
    fn read_with<'a, const ENTRIES: usize>(&'a self, line: &'a str) -> Result<Line<'a>, LineError> {
        let mut starts = Starts::<ENTRIES>::new();
        match starts.find(line.as_bytes()) {
            Some(()) => self.read_split(line, &starts),
            None => self.read_runs(line),
        }
    }

    #[cold]
    fn read_runs<'a>(&'a self, line: &'a str) -> Result<Line<'a>, LineError> {
        self.read_split(line, &Runs(line))
    }

    #[inline]
    fn read_split<'a>(&'a self, line: &'a str, split: &impl Split<'a>) -> Result<Line<'a>, LineError> {
        let found = split.len();
        let format = self.with_len(found).ok_or(LineError::FieldCount { found })?;
        let field = |at| split.field(line, at);
        // Called last: copying the starts has to wait until the processor has written them, two bytes at a time.
        let fields = || Fields { line, format, spacing: split.spacing() };
        let log_status = field(format.keys.log_status);
        // Compared first, because nearly every line is OK and a `match` on words of different lengths becomes a jump table.
        if log_status.bytes() == b"OK" {
            let action = Action::read(field(format.keys.action).bytes())?;
            let protocol = Protocol::read(field(format.keys.protocol))?;
            return Ok(Line::Flow(FlowLine { fields: fields(), action, protocol }));
        }
        match log_status.bytes() {
            b"NODATA" => Ok(Line::NoData(NoTraffic { fields: fields() })),
            b"SKIPDATA" => Ok(Line::SkipData(NoTraffic { fields: fields() })),
            b"-" => Err(LineError::field(Field::LogStatus, FieldErrorKind::Missing)),
            _ => Err(LineError::field(Field::LogStatus, FieldErrorKind::NotKnown)),
        }
    }
}

/// Replaces an error with a more precise one for lines that are not VPC flow log records at all.
#[cold]
fn explain(line: &str, error: LineError) -> LineError {
    if words(line).any(|word| word == "TransitGateway")
        || matches!(error, LineError::FieldCount { found: TRANSIT_GATEWAY_FIELDS }) && is_of_transit_gateway(line)
    {
        LineError::TransitGateway
    } else if is_header(line) {
        LineError::HeaderLine
    } else {
        error
    }
}

/// The number of fields in the default format of transit gateway flow logs, `version` to `pkt-dst-aws-service`:
/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html>.
const TRANSIT_GATEWAY_FIELDS: usize = 36;

/// Returns whether a line of this many fields is a transit gateway record although its `resource-type` is another word or `-`.
/// Called only if no declared format has this many fields.
///
/// Version 6 belongs to transit gateway flow logs. A leading 6 in a VPC flow log record is something else, such as the
/// protocol. That record has an action, an account id as its second field, or another value where the status would be.
fn is_of_transit_gateway(line: &str) -> bool {
    const LOG_STATUS: usize = 25;
    let nth = |at| words(line).nth(at).unwrap_or_default();
    nth(0) == "6"
        && !nth(1).bytes().all(|byte| byte.is_ascii_digit())
        && matches!(nth(LOG_STATUS), "OK" | "NODATA" | "SKIPDATA")
        && !words(line).any(|word| matches!(word, "ACCEPT" | "REJECT"))
}

/// Returns whether a line has field names in place of values, like the first line of a file in S3.
pub(crate) fn is_header(line: &str) -> bool {
    let has = |field: Field| words(line).any(|word| word == field.name());
    has(Field::SrcAddr) && has(Field::DstAddr)
}

/// Returns the first [`MAX_FIELDS`] words of a line, which bounds the search in a very long line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_ascii_whitespace().take(MAX_FIELDS)
}
