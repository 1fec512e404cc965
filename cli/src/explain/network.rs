//! The network as a directory with the output of the AWS CLI.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use alerting::{
    detection::Finding,
    enrichment::{
        MissingData, MissingReason, Network, NetworkPart,
        response::{CliOutput, Noun, TagKeys},
    },
};

/// Maximum size of a file: some 100,000 interfaces.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads the files of a directory. Those that are missing are missing data of the network.
///
/// # Errors
/// The directory has none of the files, or one of them cannot be read.
pub(super) fn read(directory: &Path, keys: &TagKeys) -> Result<Network, String> {
    let mut output = CliOutput::default();
    let mut files = 0;
    for noun in Noun::ALL {
        let path = directory.join(format!("{}.json", noun.word()));
        let json = match read_file(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let read = output.read(noun, &json, keys);
        let command = || format!("expected the output of aws ec2 describe-{} --output json", noun.word());
        read.map_err(|error| format!("{}: {error}; {}", path.display(), command()))?;
        files += 1;
    }
    let lists: Vec<String> =
        output.named_prefix_lists().into_iter().filter(|id| is_prefix_list_id(id)).map(str::to_owned).collect();
    for id in lists {
        let path = directory.join(format!("{id}.json"));
        let json = match read_file(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        output.read_prefix_list(&id, &json).map_err(|error| {
            let command = format!("aws ec2 get-managed-prefix-list-entries --prefix-list-id {id} --output json");
            format!("{}: {error}; expected the output of {command}", path.display())
        })?;
    }
    if files == 0 {
        let names = Noun::ALL.map(|noun| format!("{}.json", noun.word()));
        return Err(format!("--network {}: there is none of {}", directory.display(), names.join(", ")));
    }
    Ok(output.into_network(keys))
}

/// Tells whether a text is the id of a prefix list, and so fit for the name of a file.
fn is_prefix_list_id(text: &str) -> bool {
    text.strip_prefix("pl-")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut json = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut json)?;
    if json.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!(
            "more than {} MiB; describe one VPC, with --filters",
            MAX_FILE_BYTES >> 20
        )));
    }
    Ok(json)
}

/// Adds what the network does not have of the places of a finding.
pub(super) fn add_missing(network: &mut Network, finding: &Finding) {
    let Some(interface_id) = finding.flow.interface_id.as_deref() else { return };
    let interface = network.interfaces.get(interface_id);
    let subnet_id =
        finding.metadata.subnet_id.as_deref().or_else(|| interface.and_then(|known| known.subnet_id.as_deref()));
    let has_groups = interface.is_some_and(|known| known.group_ids.iter().all(|id| network.groups.contains_key(&**id)));
    let has_acl = subnet_id.is_some_and(|id| network.acl_of(id).is_some());
    let parts = [
        (NetworkPart::Interfaces, interface.is_some()),
        (NetworkPart::Groups, has_groups),
        (NetworkPart::Acls, has_acl),
    ];
    for (part, has) in parts {
        if !has && network.why_missing(part).is_none() {
            network.missing.push(MissingData { part, reason: MissingReason::NotGiven });
        }
    }
}
