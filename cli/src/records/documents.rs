//! JSON: what the AWS CLI prints of log events and of a query's results, and the events that a subscription sends to a function.

use std::{collections::VecDeque, io::BufRead, sync::Arc};

use alerting::{detection::LogSource, time::EpochMillis};
use flow_log::{Decoder, MessageType, SystemFields};
use serde::Deserialize;

use super::{
    json::Json,
    prefix,
    record::InputRecord,
    tally::{Event, Intake, Step},
};

/// Log events of one query. CloudWatch Logs returns at most 10,000 in a page, and 100,000 in all
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html>).
const MAX_QUERY_RESULTS: usize = 100_000;

/// Documents that are being read.
pub(super) struct Documents {
    json: Json,
    state: State,
    /// Log events that were read together.
    ready: VecDeque<LogEvent>,
    /// Log events so far.
    number: u64,
    decoder: Decoder,
}

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    Document {
        /// Whether it had anything that is read here.
        is_known: bool,
    },
    /// In a list of log events, which may be all of the document.
    Events {
        is_whole: bool,
    },
    Results,
}

#[derive(Debug, Deserialize)]
struct LogEvent {
    message: String,
    timestamp: Option<i64>,
    #[serde(skip)]
    source: Option<Arc<LogSource>>,
}

/// A part of a log event in a query's results.
#[derive(Debug, Deserialize)]
struct ResultField {
    field: String,
    #[serde(default)]
    value: String,
}

/// The data of a subscription's event.
#[derive(Deserialize)]
struct Data {
    data: String,
}

impl Documents {
    pub(super) fn new(reader: Box<dyn BufRead + Send>) -> Documents {
        let json = Json::new(reader);
        Documents { json, state: State::Between, ready: VecDeque::new(), number: 0, decoder: Decoder::default() }
    }

    /// Reads up to the next log event, or the next part of a document.
    ///
    /// # Errors
    /// What is no such JSON, a read that failed.
    pub(super) fn step(&mut self, intake: &mut Intake<'_>, record: &mut InputRecord) -> Result<Step, String> {
        self.next(intake, record).map_err(|error| format!("{error}, after {} log events", self.number))
    }

    fn next(&mut self, intake: &mut Intake<'_>, record: &mut InputRecord) -> Result<Step, String> {
        let in_list = matches!(self.state, State::Events { .. } | State::Results);
        if !matches!(self.state, State::Results)
            && let Some(event) = self.ready.pop_front()
        {
            return Ok(self.take(&event, intake, record));
        }
        match self.json.peek()? {
            None if self.state == State::Between => return Ok(Step::End),
            Some(b',') if self.state != State::Between => self.json.expect(b',')?,
            Some(b']') if in_list => {
                self.json.expect(b']')?;
                self.end_list();
            }
            _ => match self.state {
                State::Between => self.begin()?,
                State::Document { is_known } => self.part(is_known)?,
                State::Events { .. } => {
                    let event = self.json.value()?;
                    return Ok(self.take(&event, intake, record));
                }
                State::Results => self.result()?,
            },
        }
        Ok(Step::Other(None))
    }

    fn begin(&mut self) -> Result<(), String> {
        self.state = match self.json.take()? {
            b'{' => State::Document { is_known: false },
            b'[' => State::Events { is_whole: true },
            _ => return Err("expected JSON, such as aws logs filter-log-events prints".to_owned()),
        };
        Ok(())
    }

    /// Reads a key of a document, and what belongs to it, except for lists.
    fn part(&mut self, is_known: bool) -> Result<(), String> {
        if self.json.peek()? == Some(b'}') {
            self.json.expect(b'}')?;
            self.state = State::Between;
            return if is_known {
                Ok(())
            } else {
                Err("the document has none of events, results with @message, and awslogs".to_owned())
            };
        }
        let key: String = self.json.value()?;
        self.json.expect(b':')?;
        match &*key {
            "events" => {
                self.json.expect(b'[')?;
                self.state = State::Events { is_whole: false };
            }
            "results" => {
                self.json.expect(b'[')?;
                self.state = State::Results;
            }
            "awslogs" => {
                let Data { data } = self.json.value()?;
                self.subscription(&data)?;
                self.state = State::Document { is_known: true };
            }
            _ => self.json.skip()?,
        }
        Ok(())
    }

    fn end_list(&mut self) {
        let is_whole = self.state == State::Events { is_whole: true };
        if self.state == State::Results {
            // A query sorts as it likes, by default the newest first.
            self.ready.make_contiguous().sort_by_key(|event| event.timestamp);
        }
        self.state = if is_whole { State::Between } else { State::Document { is_known: true } };
    }

    /// Reads one of a query's results.
    fn result(&mut self) -> Result<(), String> {
        let fields: Vec<ResultField> = self.json.value()?;
        let value = |name: &str| fields.iter().find(|field| field.field == name).map(|field| &*field.value);
        let message = value("@message")
            .ok_or("a result of the query has no @message; begin it with fields @timestamp, @message")?;
        if self.ready.len() == MAX_QUERY_RESULTS {
            return Err(format!("more than {MAX_QUERY_RESULTS} results in one document"));
        }
        let timestamp = value("@timestamp").and_then(prefix::query_time).map(EpochMillis::to_i64);
        self.ready.push_back(LogEvent { message: message.to_owned(), timestamp, source: None });
        Ok(())
    }

    /// Reads the documents of a subscription's event.
    fn subscription(&mut self, data: &str) -> Result<(), String> {
        let mut payload = self.decoder.decode_base64(data.as_bytes()).map_err(|error| error.to_string())?;
        for batch in payload.batches() {
            let batch = batch.map_err(|error| error.to_string())?;
            if batch.metadata.message_type == MessageType::Data {
                let source_of = |fields: &SystemFields<'_>| Arc::new(LogSource::of(&batch.metadata, fields, ""));
                let mut last = (SystemFields::default(), source_of(&SystemFields::default()));
                for event in batch.log_events() {
                    let fields = event.system_fields();
                    if fields != last.0 {
                        last = (fields.clone(), source_of(&fields));
                    }
                    let source = Some(Arc::clone(&last.1));
                    self.ready.push_back(LogEvent {
                        message: event.message.into_owned(),
                        timestamp: Some(event.timestamp),
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &LogEvent, intake: &mut Intake<'_>, record: &mut InputRecord) -> Step {
        self.number += 1;
        let text = event.message.trim_end();
        let parsed = intake.formats.read(text);
        let time = event.timestamp.and_then(|millis| u64::try_from(millis).ok()).map(EpochMillis);
        let (number, source) = (self.number, event.source.as_ref());
        intake.take(&Event { parsed: &parsed, text, number, time, source }, record)
    }
}
