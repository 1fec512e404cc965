//! JSON: the output of `aws logs filter-log-events`, and the events that a subscription sends to a function.

use std::{fmt, io::BufRead};

use alerting::{detection::LogSource, time::EpochMillis};
use flow_log::{Decoder, MessageType};
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::intake::{Event, IcmpRecord, Intake, Place};

/// Reads one or more JSON documents to their end, without keeping one whole.
///
/// # Errors
/// Text that is not such JSON, a read that failed, or an error of the records. One line that names the input.
pub(super) fn read<R, F>(reader: R, file: &str, intake: &mut Intake<'_, F>) -> Result<(), String>
where
    R: BufRead,
    F: FnMut(IcmpRecord<'_>) -> Result<(), String>,
{
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut events = Events { file, number: 0, decoder: Decoder::default(), has_begun: false, intake };
    loop {
        events.has_begun = false;
        match events.deserialize(&mut json) {
            Ok(()) => {}
            Err(error) if error.is_eof() && !events.has_begun => return Ok(()),
            Err(error) => return Err(format!("cannot read {file}: {error}")),
        }
    }
}

/// The log events of one input.
struct Events<'i, 'f, F> {
    file: &'i str,
    /// Log events so far.
    number: u64,
    decoder: Decoder,
    /// Whether something of the current document was read.
    has_begun: bool,
    intake: &'i mut Intake<'f, F>,
}

/// A log event as the AWS CLI prints it.
#[derive(Deserialize)]
struct LogEvent {
    message: String,
    timestamp: Option<i64>,
}

/// The data of a subscription's event.
#[derive(Deserialize)]
struct Data {
    data: String,
}

impl<F: FnMut(IcmpRecord<'_>) -> Result<(), String>> Events<'_, '_, F> {
    fn take(&mut self, message: &str, timestamp: Option<i64>, source: Option<&LogSource>) -> Result<(), String> {
        self.number += 1;
        let text = message.trim_end();
        let parsed = self.intake.formats.read(text);
        let time = timestamp.and_then(|millis| u64::try_from(millis).ok()).map(EpochMillis);
        let place = Place { file: self.file, number: self.number };
        let taken = self.intake.take(&Event { parsed: &parsed, text, place, time, source });
        if let Err(fault) = &taken {
            self.intake.fault = Some(fault.clone());
        }
        taken
    }

    /// Reads the documents of a subscription's event.
    fn subscription(&mut self, data: &str) -> Result<(), String> {
        let mut decoder = std::mem::take(&mut self.decoder);
        let mut payload = decoder.decode_base64(data.as_bytes()).map_err(|error| error.to_string())?;
        for batch in payload.batches() {
            let batch = batch.map_err(|error| error.to_string())?;
            if batch.metadata.message_type == MessageType::Data {
                let source = LogSource::of(&batch.metadata);
                for event in batch.log_events() {
                    self.take(&event.message, Some(event.timestamp), Some(&source))?;
                }
            }
        }
        self.decoder = decoder;
        Ok(())
    }
}

impl<'de, F: FnMut(IcmpRecord<'_>) -> Result<(), String>> DeserializeSeed<'de> for &mut Events<'_, '_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A document, or the list of log events in it.
impl<'de, F: FnMut(IcmpRecord<'_>) -> Result<(), String>> Visitor<'de> for &mut Events<'_, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what `aws logs filter-log-events` prints, or the event of a subscription")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.has_begun = true;
        let mut is_known = false;
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "events" => map.next_value_seed(&mut *self)?,
                "awslogs" => {
                    let Data { data } = map.next_value()?;
                    self.subscription(&data).map_err(A::Error::custom)?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            is_known = true;
        }
        if is_known { Ok(()) } else { Err(A::Error::custom("the document has neither events nor awslogs")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.has_begun = true;
        while let Some(LogEvent { message, timestamp }) = seq.next_element()? {
            self.take(&message, timestamp, None).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
