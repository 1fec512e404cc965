//! What silences change.

use std::collections::BTreeMap;

use crate::{
    incident::{
        plan::{ScheduledTimer, overdue_timer},
        policy::Policy,
        silence::{MAX_SILENCES, Silence, SilenceList, Silenced},
        state::{IncidentRecord, OpenIncident, PastIncident},
    },
    time::EpochMillis,
};

/// Silences, as they concern one incident.
#[derive(Clone, Debug, Default)]
pub struct Silences<'s> {
    /// All in force.
    pub in_force: Vec<&'s Silence>,
    /// Those that cover findings of the incident in a batch.
    pub covering: Vec<&'s Silence>,
}

impl<'s> Silences<'s> {
    /// The silences in force; none of them covers anything yet.
    pub fn in_force(list: &'s SilenceList, now: EpochMillis) -> Silences<'s> {
        Silences { in_force: list.in_force(now), covering: Vec::new() }
    }

    /// The same, where those with these ids cover findings of the incident.
    #[must_use]
    pub fn covering(&self, ids: &BTreeMap<String, u64>) -> Silences<'s> {
        let covering = self.in_force.iter().filter(|silence| ids.contains_key(&silence.id)).copied().collect();
        Silences { in_force: self.in_force.clone(), covering }
    }

    fn is_in_force(&self, id: &str) -> bool {
        self.in_force.iter().any(|silence| silence.id == id)
    }

    /// Notes in an open incident which silences cover its findings, and which have ended. Returns whether anything changed.
    ///
    /// The addresses that an ended silence may have covered count as not named by an email any more: if they go on, an update
    /// reports them soon.
    pub(super) fn note(&self, open: &mut OpenIncident, now: EpochMillis) -> bool {
        let before = open.silenced.clone();
        for known in open.silenced.iter_mut().filter(|known| known.ended.is_none()) {
            if !self.is_in_force(&known.silence.id) {
                known.ended = Some(known.silence.ends_at().min(now));
                open.named.retain(|address| !known.silence.may_cover(*address));
            }
        }
        for silence in &self.covering {
            let room = open.silenced.len() < MAX_SILENCES;
            let mut known = open.silenced.iter_mut().filter(|known| known.ended.is_none());
            match known.find(|known| known.silence.id == silence.id) {
                Some(known) => known.silence.clone_from(silence),
                None if room => {
                    open.silenced.push(Silenced { silence: (*silence).clone(), since: now, ended: None });
                }
                None => {}
            }
        }
        open.silenced != before
    }

    /// Tells whether a finding that no silence covers may reopen a resolved incident. It opens another one where a silence has ended
    /// since: the resolved email said that the incident was silenced.
    pub(super) fn let_reopen(&self, past: &PastIncident) -> bool {
        past.silenced.iter().all(|id| self.is_in_force(id))
    }
}

/// Decides what changes where silences cover all findings of an incident in a batch: the record of an open one, if that is news for it,
/// and the timer message to schedule first.
pub fn on_silenced(
    record: Option<&IncidentRecord>,
    silences: &Silences<'_>,
    now: EpochMillis,
    policy: &Policy,
) -> Option<(IncidentRecord, Option<ScheduledTimer>)> {
    let mut changed = record?.clone();
    let open = changed.current.as_mut()?;
    let noted = silences.note(open, now);
    let timer = overdue_timer(open, now, policy);
    (noted || timer.is_some()).then_some((changed, timer))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::IpAddr};

    use super::*;
    use crate::{
        incident::plan::tests::{self, NOW, ago, later, open, past, policy, record},
        time::MINUTE_MILLIS,
    };

    fn silence(id: &str, source: &str, left: u64) -> Silence {
        Silence { source: Some(source.parse().unwrap()), until: later(left), ..tests::silence(id) }
    }

    fn noted(open: &mut OpenIncident, in_force: &[&Silence], covering: &[&Silence]) -> bool {
        Silences { in_force: in_force.to_vec(), covering: covering.to_vec() }.note(open, NOW)
    }

    fn addresses(list: &[&str]) -> BTreeSet<IpAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn an_incident_notes_a_silence_once_and_again_where_it_is_extended() {
        let (one, other) = (silence("a", "10.0.0.0/24", 9), silence("b", "10.0.1.0/24", 9));
        let mut incident = open();
        assert!(!noted(&mut incident, &[&one, &other], &[]), "neither covers anything of it");
        assert!(noted(&mut incident, &[&one, &other], &[&one]));
        let known = Silenced { silence: one.clone(), since: NOW, ended: None };
        assert_eq!(incident.silenced, std::slice::from_ref(&known));
        assert!(!noted(&mut incident, &[&one, &other], &[&one]));
        let longer = silence("a", "10.0.0.0/24", 90);
        assert!(noted(&mut incident, &[&longer], &[&longer]));
        assert_eq!(incident.silenced, [Silenced { silence: longer, ..known }]);
    }

    #[test]
    fn the_addresses_of_an_ended_silence_count_as_not_named() {
        let known = silence("a", "10.0.0.0/24", 0);
        let silenced = vec![Silenced { silence: known.clone(), since: ago(5), ended: None }];
        let named = addresses(&["10.0.0.1", "10.0.1.1"]);
        let mut incident = OpenIncident { silenced, named: named.clone(), ..open() };
        let stays = silence("a", "10.0.0.0/24", 1);
        assert!(!noted(&mut incident, &[&stays], &[]), "it is in force");
        assert!(noted(&mut incident, &[], &[]));
        assert_eq!((incident.silenced[0].ended, incident.named.clone()), (Some(NOW), addresses(&["10.0.1.1"])));
        assert!(!noted(&mut incident, &[], &[]), "it is noted once");
        // One without addresses may have covered all of them; one that its maker has ended ends now.
        let interface = Silence { source: None, interface: Some("eni-1".to_owned()), ..silence("b", "::/0", 999) };
        let silenced = vec![Silenced { silence: interface, since: ago(5), ended: None }];
        let mut incident = OpenIncident { silenced, named, ..open() };
        assert!(noted(&mut incident, &[], &[]));
        assert_eq!((incident.silenced[0].ended, incident.named), (Some(NOW), BTreeSet::new()));
    }

    #[test]
    fn a_silence_that_begins_again_is_noted_again() {
        let known = silence("a", "10.0.0.0/24", 9);
        let ended = Silenced { silence: known.clone(), since: ago(9), ended: Some(ago(5)) };
        let mut incident = OpenIncident { silenced: vec![ended], ..open() };
        assert!(noted(&mut incident, &[&known], &[&known]));
        assert_eq!(incident.silenced.len(), 2);
    }

    #[test]
    fn silenced_findings_change_the_record_of_an_open_incident_once() {
        let known = silence("a", "10.0.0.0/24", 9);
        let silences = Silences { in_force: vec![&known], covering: vec![&known] };
        let step = |record: Option<&IncidentRecord>| on_silenced(record, &silences, NOW, &policy());
        assert_eq!(step(None), None);
        assert_eq!(step(Some(&IncidentRecord { last: Some(past(1)), ..IncidentRecord::default() })), None);
        let (noted, timer) = step(Some(&record(open()))).unwrap();
        assert_eq!((noted.current.as_ref().map(|open| open.silenced.len()), timer), (Some(1), None));
        assert_eq!(step(Some(&noted)), None);
        // A lost timer message is replaced: nothing else may come.
        let mut lost = noted;
        lost.current.as_mut().unwrap().timer_at = ago(2 * MINUTE_MILLIS);
        assert_eq!(step(Some(&lost)).unwrap().1.map(|timer| timer.timer), Some(4));
    }
}
