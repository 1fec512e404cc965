//! What all actions take.

use crate::aws::TableArgs;

/// What all actions take.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) table: TableArgs,
    /// Print the silences as JSON, one object a line
    #[arg(long)]
    pub(super) json: bool,
}
