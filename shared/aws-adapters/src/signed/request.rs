//! Requests in the protocols of AWS.

use aws_smithy_runtime_api::{box_error::BoxError, client::orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Every character except the unreserved ones (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Request {
    /// A request of the query protocol: an action of an API's version, with its parameters.
    /// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
    pub fn query<'p>(action: &str, version: &str, parameters: impl IntoIterator<Item = (String, &'p str)>) -> Request {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.push('&');
            body.push_str(&name);
            body.push('=');
            body.extend(encoded(value));
        }
        let form = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
        Request { method: "POST", path: "/".to_owned(), headers: vec![("content-type", form)], body }
    }

    /// A request of a JSON protocol: its version (`1.0` or `1.1`), the target (`AmazonSQS.SendMessage`), and the input.
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    pub fn json(version: &str, target: &str, input: &Value) -> Request {
        let headers =
            vec![("content-type", format!("application/x-amz-json-{version}")), ("x-amz-target", target.to_owned())];
        Request { method: "POST", path: "/".to_owned(), headers, body: input.to_string() }
    }

    /// A request of the REST protocol that reads: the segments of its path, and its parameters.
    /// <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>
    pub fn get(segments: &[&str], parameters: &[(&str, &str)]) -> Request {
        let parameters: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let question_mark = if parameters.is_empty() { "" } else { "?" };
        let path = format!("{}{question_mark}{}", path(segments), parameters.join("&"));
        Request { method: "GET", path, headers: Vec::new(), body: String::new() }
    }

    /// A request of the REST protocol with a body of JSON.
    pub fn post(segments: &[&str], body: String) -> Request {
        let headers = vec![("content-type", "application/json".to_owned())];
        Request { method: "POST", path: path(segments), headers, body }
    }

    pub(super) fn into_http(self) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(SdkBody::from(self.body));
        request.set_method(self.method)?;
        request.set_uri(self.path)?;
        for (name, value) in self.headers {
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    /// The body.
    #[cfg(test)]
    pub(crate) fn body(&self) -> &str {
        &self.body
    }
}

fn path(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", encoded(segment))).collect()
}

fn encoded(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_is_a_form() {
        let request = Request::query("DescribeStacks", "2010-05-15", [("StackName".to_owned(), "a b/チ&c=d")]);
        assert_eq!(request.body, "Action=DescribeStacks&Version=2010-05-15&StackName=a%20b%2F%E3%83%81%26c%3Dd");
        assert_eq!((request.method, &*request.path), ("POST", "/"));
    }

    #[test]
    fn a_rest_request_has_its_input_in_the_path() {
        let request = Request::get(&["2015-03-31", "functions", "a:b/c"], &[("Qualifier", "x y"), ("Marker", "1")]);
        assert_eq!(request.path, "/2015-03-31/functions/a%3Ab%2Fc?Qualifier=x%20y&Marker=1");
        assert_eq!(Request::get(&["a"], &[]).path, "/a");
    }

    #[test]
    fn a_json_request_names_its_target() {
        let request = Request::json("1.0", "AmazonSQS.SendMessage", &json!({ "MessageBody": "x" }));
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.SendMessage")];
        assert_eq!(request.headers, headers.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(request.body, r#"{"MessageBody":"x"}"#);
    }
}
