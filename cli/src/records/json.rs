//! JSON, one value after the other: a document is never kept whole.

use std::io::{self, BufRead};

use serde::de::{DeserializeOwned, IgnoredAny};

/// A reader of the parts of JSON documents.
pub(super) struct Json(Box<dyn BufRead + Send>);

impl Json {
    pub(super) fn new(reader: Box<dyn BufRead + Send>) -> Json {
        Json(reader)
    }

    /// Returns the next byte that is not white space, without taking it; `None` at the end.
    ///
    /// # Errors
    /// A read that failed.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, String> {
        loop {
            let buffer = self.0.fill_buf().map_err(|error| error.to_string())?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let spaces = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = buffer.get(spaces).copied();
            self.0.consume(spaces);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Takes the next byte that is not white space.
    ///
    /// # Errors
    /// A read that failed, or the end of the input.
    pub(super) fn take(&mut self) -> Result<u8, String> {
        let next = self.peek()?.ok_or_else(|| "EOF while parsing JSON".to_owned())?;
        self.0.consume(1);
        Ok(next)
    }

    /// Takes a byte that must be this one.
    ///
    /// # Errors
    /// Another byte.
    pub(super) fn expect(&mut self, expected: u8) -> Result<(), String> {
        match self.take()? {
            next if next == expected => Ok(()),
            next => Err(format!("{:?} where JSON has {:?}", char::from(next), char::from(expected))),
        }
    }

    /// Reads an object, an array or a string.
    ///
    /// # Errors
    /// A value of another type, or no JSON.
    pub(super) fn value<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let buffer = self.0.fill_buf().map_err(|error| error.to_string())?;
        let mut values = serde_json::Deserializer::from_slice(buffer).into_iter();
        match values.next() {
            Some(Ok(value)) => {
                let used = values.byte_offset();
                self.0.consume(used);
                return Ok(value);
            }
            // A part of it is not in the buffer: then byte by byte, which is slow.
            Some(Err(error)) if !error.is_eof() => return Err(text(error)),
            _ => {}
        }
        T::deserialize(&mut serde_json::Deserializer::from_reader(&mut self.0)).map_err(text)
    }

    /// Passes over any value.
    ///
    /// # Errors
    /// No JSON.
    pub(super) fn skip(&mut self) -> Result<(), String> {
        if !matches!(self.peek()?, Some(b'-' | b'0'..=b'9')) {
            return self.value::<IgnoredAny>().map(drop);
        }
        // serde_json takes the byte after a number too.
        while matches!(self.peek()?, Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.0.consume(1);
        }
        Ok(())
    }
}

/// An error without its position: that is one within the value, and says nothing.
fn text(error: serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Io => io::Error::from(error).to_string(),
        _ => error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &'static str) -> Json {
        Json::new(Box::new(text.as_bytes()))
    }

    #[test]
    fn a_value_takes_no_byte_too_many() {
        for value in ["{\"a\": [1, {}]}", "[[], 2]", "\"x\\\"y\"", "null", "true", "-1.5e+3", "0", "12 "] {
            for next in [",", "]", " }"] {
                // However much of it is in the buffer.
                for capacity in 1..30 {
                    let text = io::Cursor::new(format!(" {value}{next}"));
                    let mut json = Json::new(Box::new(io::BufReader::with_capacity(capacity, text)));
                    json.skip().unwrap();
                    assert_eq!(json.take(), Ok(next.trim().as_bytes()[0]), "{value}{next}");
                    assert_eq!(json.peek(), Ok(None));
                }
            }
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_without_a_position() {
        assert_eq!(json("{\"a\": ").skip(), Err("EOF while parsing a value".to_owned()));
        assert_eq!(json("x").value::<String>(), Err("expected value".to_owned()));
        assert_eq!(json("x").expect(b':'), Err("'x' where JSON has ':'".to_owned()));
        assert_eq!(json(" ").take(), Err("EOF while parsing JSON".to_owned()));
    }
}
