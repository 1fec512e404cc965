//! A line as a record: which kind it is, and the two fields every rule asks for first.

use crate::{
    Action, EpochMillis, Field, FlowRecord, Formats, LogFormat, MAX_FIELDS, Protocol, Unparsed,
    parse::number,
    split::{FEW, FewStarts, Piece, Starts, places},
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

/// A line, split when asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields<'a> {
    line: &'a str,
    pub(crate) format: &'a LogFormat,
    spacing: Spacing,
}

/// What is known about where the fields are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// They start there; behind the format's last field, the array means nothing.
    Known(FewStarts),
    /// One space between any two.
    Single,
    /// Runs of white space.
    Runs,
}

/// A record with log status `OK`: `action` and `protocol` are checked, the rest is still text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FlowLine<'a> {
    fields: Fields<'a>,
    action: Action,
    protocol: Protocol,
}

/// A record without traffic: an interface and a window, both as far as the format has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Idle<'a> {
    fields: Fields<'a>,
}

impl Formats {
    /// Reads a line with the declared format that has its number of fields, split on runs of ASCII white space.
    ///
    /// This checks the number of fields and `log-status`; with status `OK` also `action` and `protocol`. The other fields
    /// are checked by [`FlowLine::to_record`]. Nothing is allocated.
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
    if words(line).any(|word| word == "TransitGateway") {
        Unparsed::TransitGateway
    } else if is_header(line) {
        Unparsed::Header
    } else {
        unparsed
    }
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

impl<'a> Fields<'a> {
    fn nth(&self, at: usize) -> Option<&'a str> {
        match &self.spacing {
            Spacing::Known(starts) => Piece::nth(self.line, starts, at).map(Piece::text),
            Spacing::Single => self.line.split(' ').nth(at),
            Spacing::Runs => self.line.split_ascii_whitespace().nth(at),
        }
    }

    pub(crate) fn text(&self, field: Field) -> Option<&'a str> {
        self.nth(self.format.position(field)?).filter(|text| *text != "-")
    }
}

impl<'a> FlowLine<'a> {
    /// What was done with the traffic.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The IP protocol.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// A field as it stands in the line; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// The same by name, also for fields that are not known here.
    #[must_use]
    pub fn text_by_name(&self, name: &str) -> Option<&'a str> {
        self.fields.nth(self.fields.format.position_of_name(name)?).filter(|text| *text != "-")
    }

    /// The format the line was read with.
    #[must_use]
    pub const fn format(&self) -> &'a LogFormat {
        self.fields.format
    }

    /// The whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    /// Reads every field that is not text. Nothing is allocated.
    ///
    /// # Errors
    /// The first field, in the line's order, that holds something AWS does not document for it.
    pub fn to_record(&self) -> Result<FlowRecord<'a>, Unparsed> {
        match &self.fields.spacing {
            Spacing::Known(starts) => self.record(|at| Piece::nth(self.fields.line, starts, at)),
            Spacing::Single | Spacing::Runs => self.record_of_any(),
        }
    }

    /// The same for a line of which it is not known where the fields are.
    #[cold]
    fn record_of_any(&self) -> Result<FlowRecord<'a>, Unparsed> {
        let mut pieces = [Piece::whole(""); MAX_FIELDS];
        for (piece, text) in pieces.iter_mut().zip(self.fields.line.split_ascii_whitespace()) {
            *piece = Piece::whole(text);
        }
        self.record(|at| pieces.get(at).copied())
    }

    #[inline]
    fn record(&self, nth: impl Fn(usize) -> Option<Piece<'a>>) -> Result<FlowRecord<'a>, Unparsed> {
        FlowRecord::read(self.action, self.protocol, &self.fields, nth)
    }
}

impl<'a> Idle<'a> {
    /// The interface; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn interface_id(&self) -> Option<&'a str> {
        self.fields.text(Field::InterfaceId)
    }

    /// The window's begin, where there is a readable one.
    #[must_use]
    pub fn start(&self) -> Option<EpochMillis> {
        self.time(Field::Start)
    }

    /// The window's end, where there is a readable one.
    #[must_use]
    pub fn end(&self) -> Option<EpochMillis> {
        self.time(Field::End)
    }

    /// A field as it stands in the line; `None` when the format does not have it or the record shows `-`.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// The whole line.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.fields.line
    }

    fn time(&self, field: Field) -> Option<EpochMillis> {
        let text = self.fields.text(field)?;
        number(Piece::whole(text), u64::MAX).map(EpochMillis::from_record)
    }
}

impl std::fmt::Debug for FlowLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FlowLine").field(&self.fields.line).finish()
    }
}

impl std::fmt::Debug for Idle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Idle").field(&self.fields.line).finish()
    }
}
