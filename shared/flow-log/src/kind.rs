//! A line as a record: which kind it is, and the two fields every rule asks for first.

use crate::{
    Action, Field, FlowLine, Formats, Idle, MAX_FIELDS, Protocol, Unparsed,
    line::{Fields, Spacing},
    split::{FEW, Piece, Starts, places},
    unparsed::Why,
};

/// What a line turned out to be. Traffic can be read only where there was some: a record that says "nothing to report"
/// has no addresses to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// Traffic was recorded (log status `OK`).
    Flow(FlowLine<'a>),
    /// There was no traffic in the window (log status `NODATA`).
    NoData(Idle<'a>),
    /// Records were lost in the window (log status `SKIPDATA`): one such record can stand for many.
    SkipData(Idle<'a>),
}

impl Formats {
    /// Reads a line with the declared format that has its number of fields, split on runs of ASCII white space.
    ///
    /// This checks the number of fields and `log-status`; with status `OK` also `action` and `protocol`. The other fields
    /// are checked by [`FlowLine::to_record`]. Nothing is allocated. A [`Record`] is some 100 bytes large: a match on a
    /// reference to it is quicker.
    ///
    /// # Errors
    /// The reason why the line is no record of a declared format.
    #[inline]
    pub fn read<'a>(&'a self, line: &'a str) -> Result<Record<'a>, Unparsed> {
        // A smaller table for the usual formats is cleared more quickly.
        let read = if self.are_short {
            self.read_with::<{ places(FEW) }>(line)
        } else {
            self.read_with::<{ places(MAX_FIELDS) }>(line)
        };
        read.map_err(|unparsed| explain(line, unparsed))
    }

    #[inline]
    fn read_with<'a, const N: usize>(&'a self, line: &'a str) -> Result<Record<'a>, Unparsed> {
        let mut starts = Starts::<N>::new();
        match starts.find(line.as_bytes()) {
            Some(()) => self.read_single_spaced(line, &starts),
            None => self.read_any(line),
        }
    }

    #[inline]
    fn read_single_spaced<'a, const N: usize>(
        &'a self,
        line: &'a str,
        starts: &Starts<N>,
    ) -> Result<Record<'a>, Unparsed> {
        let found = starts.len();
        let format = self.with_len(found).ok_or(Unparsed::FieldCount { found })?;
        let field = |at| starts.field(line, at);
        let keys = format.keys;
        let spacing = starts.few().map_or(Spacing::Single, Spacing::Known);
        let fields = Fields { line, format, spacing };
        record(fields, field(keys.log_status), || (field(keys.action), field(keys.protocol)))
    }

    /// The same for any line, more slowly.
    #[cold]
    fn read_any<'a>(&'a self, line: &'a str) -> Result<Record<'a>, Unparsed> {
        let found = line.split_ascii_whitespace().count();
        let format = self.with_len(found).ok_or(Unparsed::FieldCount { found })?;
        let field = |at| Piece::whole(line.split_ascii_whitespace().nth(at).unwrap_or_default());
        let keys = format.keys;
        let fields = Fields { line, format, spacing: Spacing::Runs };
        record(fields, field(keys.log_status), || (field(keys.action), field(keys.protocol)))
    }
}

#[inline]
fn record<'a, 'b>(
    fields: Fields<'a>,
    log_status: Piece<'b>,
    action_and_protocol: impl FnOnce() -> (Piece<'b>, Piece<'b>),
) -> Result<Record<'a>, Unparsed> {
    // A match over words of different lengths becomes a jump table, and nearly every record says OK.
    if log_status.bytes() == b"OK" {
        let (action, protocol) = action_and_protocol();
        let (action, protocol) = (Action::read(action.bytes())?, Protocol::read(protocol)?);
        return Ok(Record::Flow(FlowLine { fields, action, protocol }));
    }
    match log_status.bytes() {
        b"NODATA" => Ok(Record::NoData(Idle { fields })),
        b"SKIPDATA" => Ok(Record::SkipData(Idle { fields })),
        b"-" => Err(Unparsed::field(Field::LogStatus, Why::Missing)),
        _ => Err(Unparsed::field(Field::LogStatus, Why::NotKnown)),
    }
}

/// Finds a more telling reason for the kinds of line that come from somewhere else.
#[cold]
fn explain(line: &str, unparsed: Unparsed) -> Unparsed {
    if words(line).any(|word| word == "TransitGateway")
        || matches!(unparsed, Unparsed::FieldCount { found: TRANSIT_GATEWAY_FIELDS }) && is_of_transit_gateway(line)
    {
        Unparsed::TransitGateway
    } else if is_header(line) {
        Unparsed::Header
    } else {
        unparsed
    }
}

/// The fields of the default format of transit gateway flow logs, from `version` to `pkt-dst-aws-service`:
/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html>.
const TRANSIT_GATEWAY_FIELDS: usize = 36;

/// Whether a line of that many fields is a transit gateway's record although its `resource-type` is another word or `-`.
/// Asked only where no declared format has that many.
///
/// Version 6 belongs to transit gateway flow logs. In a record of a VPC a leading 6 is something else, such as the
/// protocol; that record says what was done with the traffic, has its account where the resource type would be, or has
/// another field where the status would be.
fn is_of_transit_gateway(line: &str) -> bool {
    const LOG_STATUS: usize = 25;
    let nth = |at| words(line).nth(at).unwrap_or_default();
    nth(0) == "6"
        && !nth(1).bytes().all(|byte| byte.is_ascii_digit())
        && matches!(nth(LOG_STATUS), "OK" | "NODATA" | "SKIPDATA")
        && !words(line).any(|word| matches!(word, "ACCEPT" | "REJECT"))
}

/// Whether a line names the fields instead of holding their values, as the first line of a file in S3 does.
pub(crate) fn is_header(line: &str) -> bool {
    let has = |field: Field| words(line).any(|word| word == field.name());
    has(Field::SrcAddr) && has(Field::DstAddr)
}

/// As many words as a format may have; a line of a million is not searched.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_ascii_whitespace().take(MAX_FIELDS)
}
