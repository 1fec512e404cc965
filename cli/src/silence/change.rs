//! The stored silences: read, changed and written back, unless somebody else was first.

use alerting::{
    incident::{
        Silence, SilenceList, short_id,
        silence::MAX_SILENCES,
        state::{ItemId, StoredItem, Versioned, Write},
    },
    ports::{Commit, IncidentStore},
    time::EpochMillis,
};

/// Maximum attempts of a change, while others write at the same time.
const MAX_ATTEMPTS: u32 = 5;

/// Reads the silences that have not ended.
///
/// # Errors
/// They cannot be read. One line.
pub(super) async fn read(store: &impl IncidentStore, now: EpochMillis) -> Result<Vec<Silence>, String> {
    Ok(stored(store, now).await?.1)
}

/// Changes the silences that have not ended, and drops the others. Returns what is stored then.
///
/// # Errors
/// The change is not possible, or others write at the same time. One line.
pub(super) async fn change(
    store: &impl IncidentStore,
    now: EpochMillis,
    how: impl Fn(Vec<Silence>) -> Result<Vec<Silence>, String>,
) -> Result<Vec<Silence>, String> {
    for _ in 0..MAX_ATTEMPTS {
        let (expected, silences) = stored(store, now).await?;
        let changed = how(silences)?;
        let doc = StoredItem::from(SilenceList(changed.clone()));
        let commit = store.commit(&[Write { id: ItemId::Silences, expected, doc, expires_at: None }]).await;
        let commit =
            commit.map_err(|error| format!("{error}; whether it was written: vpc-flow-alerts silence list"))?;
        if commit == Commit::Written {
            return Ok(changed);
        }
    }
    Err(format!("others changed the silences at the same time, {MAX_ATTEMPTS} times: try again"))
}

/// Returns the version that is stored, and the silences that have not ended.
async fn stored(store: &impl IncidentStore, now: EpochMillis) -> Result<(Option<u64>, Vec<Silence>), String> {
    let found = store.get(&[ItemId::Silences]).await.map_err(|error| error.to_string())?.into_iter().next().flatten();
    let Some(Versioned { version, doc }) = found else { return Ok((None, Vec::new())) };
    let list = SilenceList::try_from(doc);
    let SilenceList(mut silences) =
        list.map_err(|_| "the stored silences cannot be read, and are left as they are: a later version wrote them; use that version")?;
    silences.retain(|silence| silence.ends_at() > now);
    Ok((Some(version), silences))
}

/// Adds a silence, with an id that none of them has.
pub(super) fn add(mut stored: Vec<Silence>, silence: &Silence) -> Result<Vec<Silence>, String> {
    if stored.len() >= MAX_SILENCES {
        return Err(format!("there are {MAX_SILENCES} silences, the maximum: end one first"));
    }
    let mut ids = (0_u64..).map(|number| short_id(&format!("{} {number}", silence.from.0)));
    let id = ids.find(|id| stored.iter().all(|known| known.id != *id)).unwrap_or_default();
    stored.push(Silence { id, ..silence.clone() });
    Ok(stored)
}

/// Ends a silence.
pub(super) fn end(mut stored: Vec<Silence>, id: &str) -> Result<Vec<Silence>, String> {
    let before = stored.len();
    stored.retain(|silence| silence.id != id);
    if stored.len() == before {
        return Err(format!("there is no silence {id}: vpc-flow-alerts silence list shows those that there are"));
    }
    Ok(stored)
}
