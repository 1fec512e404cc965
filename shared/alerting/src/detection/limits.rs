//! Limits of one batch. Reaching one is counted and reported.

/// Flows from the internet that one batch tells apart, and as many of other origin, so that neither takes the other's room. Records of
/// further flows are counted in [`crate::detection::Detection::untracked`].
pub const MAX_FLOWS: usize = 2_000;

/// Flows that room is made for once a batch has one, and records: to grow for each few of them takes longer than to read them.
pub(super) const FIRST_FLOWS: usize = 512;

/// Targets of the internet's untracked records that one batch tells apart: a flood of one of them is noticed.
pub const MAX_UNTRACKED_TARGETS: usize = 16;

/// Accepted ICMP flows that one batch remembers as evidence.
pub const MAX_ACCEPTED_FLOWS: usize = 2_000;

/// Log lines kept for each flow.
pub const MAX_LINES_PER_FLOW: usize = 3;

/// Characters kept of a log line. The longest real record, with all 54 fields of versions 2 to 11, stays below it.
pub const MAX_LINE_CHARS: usize = 2_000;

/// Characters kept of an identifier or another metadata field.
pub const MAX_FIELD_CHARS: usize = 128;

/// Bytes of a batch's key. A partition key of DynamoDB may have 2,048
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
pub const MAX_KEY_BYTES: usize = 1_500;

/// Unreadable lines kept as samples for the function's log.
pub const MAX_UNPARSED_SAMPLES: usize = 3;

/// Characters kept of an unreadable line.
pub const MAX_SAMPLE_CHARS: usize = 200;

/// Minutes of one flow within one batch that are counted separately.
pub const MAX_FLOW_MINUTES: usize = 60;
