//! Several inputs, merged by the time of their records.
//!
//! Each input keeps its own order. So the result is as little out of order as the least ordered input: a record of one input waits for no
//! other than those before it there.

use std::collections::{BinaryHeap, binary_heap::PeekMut};

use flow_log::EpochMillis;

use super::{
    files::{Input, Reading},
    progress::Progress,
    record::InputRecord,
    source::Source,
    tally::{Intake, Step},
};

/// Inputs that are open at the same time. Each takes some 90 KB, and systems allow 1,024 open files by default.
const MAX_OPEN: usize = 800;
/// Inputs at the same time that have large buffers and a thread.
const MAX_WIDE: usize = 4;
/// Lines in which the first time of a file is looked for.
const MAX_PEEKED_LINES: usize = 1_000;

/// Reads inputs, each from the time on at which its first record stands, and hands over the records of ICMP.
///
/// # Errors
/// An input that cannot be read, too many inputs that overlap, or the first error of `on_record`. One line.
pub(super) fn merge<F>(inputs: &[Input], intake: &mut Intake<'_>, mut on_record: F) -> Result<(), String>
where
    F: FnMut(&InputRecord) -> Result<(), String>,
{
    let mut waiting = latest_first(inputs, intake)?;
    let mut open: BinaryHeap<Source> = BinaryHeap::new();
    loop {
        while let Some((_, index, input)) =
            waiting.pop_if(|(time, ..)| open.peek().is_none_or(|first| *time <= first.record.start))
        {
            if open.len() == MAX_OPEN {
                return Err(format!(
                    "{}: more than {MAX_OPEN} files have records of one time; read fewer of them at once, such as those of \
                     one account or of some interfaces",
                    input.name()
                ));
            }
            let reading = if open.len() < MAX_WIDE { Reading::Wide } else { Reading::Narrow };
            let mut source = Source::open((index, input), reading, intake)?;
            if source.advance(intake)? {
                open.push(source);
            }
        }
        let Some(mut first) = open.peek_mut() else { return Ok(()) };
        on_record(&first.record)?;
        if !first.advance(intake)? {
            PeekMut::pop(first);
        }
    }
}

/// An input that is not open yet: the time of its first record, its place, and itself.
type Waiting<'i> = (Option<EpochMillis>, usize, &'i Input);

/// Returns the inputs by the time of their first record, the latest first. Those that can be opened once come last.
fn latest_first<'i>(inputs: &'i [Input], intake: &Intake<'_>) -> Result<Vec<Waiting<'i>>, String> {
    let is_alone = inputs.len() == 1;
    let mut waiting = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let time = if is_alone || !input.can_be_peeked() { None } else { first_time((index, input), intake)? };
        waiting.push((time, index, input));
    }
    waiting.sort_by_key(|(time, index, _)| std::cmp::Reverse((*time, *index)));
    Ok(waiting)
}

/// Returns the time of the first record of an input, `None` if its first lines have none.
fn first_time(input: (usize, &Input), intake: &Intake<'_>) -> Result<Option<EpochMillis>, String> {
    let mut intake = Intake::new(intake.formats, intake.rules, Progress::new(None));
    let mut source = Source::open(input, Reading::Peek, &intake)?;
    for _ in 0..MAX_PEEKED_LINES {
        match source.step(&mut intake)? {
            Step::Record => return Ok(source.record.start),
            Step::Other(None) => {}
            Step::Other(time) => return Ok(time),
            Step::End => break,
        }
    }
    Ok(None)
}
