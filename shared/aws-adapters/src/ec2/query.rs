//! Queries to EC2 as values: actions, filters, and the form that is sent.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>

use alerting::enrichment::{MissingData, MissingReason, NetworkPart};

use crate::signed::Request;

/// Version of the EC2 API.
const API_VERSION: &str = "2016-11-15";
/// Maximum items in one response: the most that all but one of the actions allow. EC2 refuses some unpaged requests in large accounts.
const MAX_RESULTS: &str = "1000";
/// Maximum values of one filter
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>).
pub(super) const MAX_FILTER_VALUES: usize = 200;

/// Maximum entries of a prefix list in one response, the most that EC2 allows
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html>, `MaxResults`).
const MAX_PREFIX_LIST_RESULTS: &str = "100";

/// The five actions in use. The function has permission for no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Interfaces,
    Tags,
    Groups,
    Acls,
    PrefixLists,
}

impl Action {
    /// Returns EC2's name of the action.
    pub(super) fn name(self) -> &'static str {
        match self {
            Action::Interfaces => "DescribeNetworkInterfaces",
            Action::Tags => "DescribeTags",
            Action::Groups => "DescribeSecurityGroups",
            Action::Acls => "DescribeNetworkAcls",
            Action::PrefixLists => "GetManagedPrefixListEntries",
        }
    }

    /// Returns the part of the network that the action describes.
    pub(super) fn part(self) -> NetworkPart {
        match self {
            Action::Interfaces => NetworkPart::Interfaces,
            Action::Tags => NetworkPart::Tags,
            Action::Groups => NetworkPart::Groups,
            Action::Acls => NetworkPart::Acls,
            Action::PrefixLists => NetworkPart::PrefixLists,
        }
    }
}

/// An action, and filters that all have to match. Ids are passed in filters, because an unknown id in a parameter fails the call; the
/// entries of prefix lists have no such filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) action: Action,
    /// The prefix list whose entries are requested.
    pub(super) prefix_list_id: Option<String>,
    pub(super) filters: Vec<Filter>,
}

/// A filter: its name, and values of which one has to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
}

impl Query {
    /// Returns a query with one filter, or `None` without values.
    pub(super) fn by(action: Action, name: &'static str, values: Vec<String>) -> Option<Query> {
        (!values.is_empty()).then(|| Query { action, prefix_list_id: None, filters: vec![Filter { name, values }] })
    }

    /// Returns a query for the entries of a prefix list.
    pub(super) fn prefix_list(id: &str) -> Query {
        Query { action: Action::PrefixLists, prefix_list_id: Some(id.to_owned()), filters: Vec::new() }
    }

    /// Returns the values of the first filter, which every query but that of a prefix list has.
    pub(super) fn values(&self) -> &[String] {
        self.filters.first().map_or(&[], |filter| &filter.values)
    }

    /// Returns a note that data of this query is missing, wholly or in part.
    pub(super) fn missing(&self, reason: MissingReason) -> MissingData {
        MissingData { part: self.action.part(), reason }
    }

    /// Returns the request.
    pub(super) fn request(&self, next_token: Option<&str>) -> Request {
        let max_results = if self.prefix_list_id.is_some() { MAX_PREFIX_LIST_RESULTS } else { MAX_RESULTS };
        let mut parameters = vec![("MaxResults".to_owned(), max_results)];
        parameters.extend(self.prefix_list_id.as_deref().map(|id| ("PrefixListId".to_owned(), id)));
        for (filter, n) in self.filters.iter().zip(1..) {
            parameters.push((format!("Filter.{n}.Name"), filter.name));
            let values = filter.values.iter().zip(1..);
            parameters.extend(values.map(|(value, m)| (format!("Filter.{n}.Value.{m}"), &**value)));
        }
        parameters.extend(next_token.map(|token| ("NextToken".to_owned(), token)));
        Request::query(self.action.name(), API_VERSION, parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_sent_as_a_form() {
        let query = Query {
            action: Action::Tags,
            prefix_list_id: None,
            filters: vec![
                Filter { name: "resource-id", values: vec!["i-1".to_owned(), "subnet-2".to_owned()] },
                Filter { name: "key", values: vec!["Name".to_owned(), "cost center/チーム&x=1".to_owned()] },
            ],
        };
        assert_eq!(
            query.request(Some("a+b=")).body(),
            "Action=DescribeTags&Version=2016-11-15&MaxResults=1000\
             &Filter.1.Name=resource-id&Filter.1.Value.1=i-1&Filter.1.Value.2=subnet-2\
             &Filter.2.Name=key&Filter.2.Value.1=Name\
             &Filter.2.Value.2=cost%20center%2F%E3%83%81%E3%83%BC%E3%83%A0%26x%3D1\
             &NextToken=a%2Bb%3D"
        );
    }

    #[test]
    fn the_entries_of_a_prefix_list_are_requested_by_its_id() {
        assert_eq!(
            Query::prefix_list("pl-1").request(Some("next")).body(),
            "Action=GetManagedPrefixListEntries&Version=2016-11-15&MaxResults=100&PrefixListId=pl-1&NextToken=next"
        );
    }

    #[test]
    fn without_values_there_is_no_query() {
        assert_eq!(Query::by(Action::Groups, "group-id", Vec::new()), None);
    }
}
