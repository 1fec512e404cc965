//! The table of incidents: of a stack, or by its own name.

use alerting::zone::Zone;
use aws_adapters::DynamoIncidents;

use super::{Identity, Session, Stack, StackArgs};
use crate::backtest::Settings;

/// The parameters of a stack that say when emails are sent, and in which zone.
const PARAMETERS: [&str; 4] = ["UpdateIntervalsMinutes", "QuietMinutes", "ResolvedEmails", "TimeZone"];

/// Which table.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct TableArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// The table of incidents, instead of a stack: without permission for CloudFormation. Settings are the defaults then
    #[arg(long, value_name = "NAME", conflicts_with = "stack")]
    table: Option<String>,
    /// The zone of all times, such as Asia/Tokyo; otherwise that of the stack's emails, or UTC with --table
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    time_zone: Option<Zone>,
}

/// A table of incidents.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) incidents: DynamoIncidents,
    /// When the stack sends emails.
    pub(crate) settings: Settings,
    /// The zone of all times.
    pub(crate) zone: Zone,
    /// Who calls, where that is known.
    pub(crate) caller: Option<Identity>,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::parse(name).ok_or_else(|| "a name of the IANA time zone database, such as Asia/Tokyo".to_owned())
}

impl TableArgs {
    /// Finds the table. Account and region are on standard error then.
    ///
    /// # Errors
    /// There is no region, or no such stack. One line.
    pub(crate) async fn open(&self) -> Result<Table, String> {
        let session = Session::new(&self.stack.aws).await?;
        let (caller, table, settings) = match &self.table {
            Some(table) => (session.announce(&format!("table {table}")).await, table.clone(), Settings::default()),
            None => {
                let caller = session.announce(&format!("stack {}", self.stack.stack)).await;
                let stack = Stack::describe(&session, &self.stack.stack).await?;
                (caller, stack.output("IncidentTableName")?.to_owned(), settings(&stack))
            }
        };
        let incidents = DynamoIncidents::new(session.shared.clone(), table);
        let zone = self.time_zone.clone().unwrap_or_else(|| settings.zone.clone());
        Ok(Table { incidents, settings, zone, caller })
    }
}

/// Returns the settings of a stack. One that this version does not know becomes a warning and the default: what a person asks for is not
/// refused for it.
fn settings(stack: &Stack) -> Settings {
    let pairs = PARAMETERS.iter().filter_map(|name| Some(format!("{name}={}", stack.parameters.get(*name)?)));
    let pairs: Vec<String> = pairs.collect();
    Settings::parse(pairs.iter().map(String::as_str)).unwrap_or_else(|error| {
        eprintln!("vpc-flow-alerts: stack {}: {error}; the defaults are used", stack.name);
        Settings::default()
    })
}
