//! The log: where its lines go, in which form, and the names of its fields.
//!
//! Lines go to stderr, so that results on stdout stay clean. A field has one name everywhere, with
//! the unit in it where there is one.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Names of fields.
pub mod field {
    /// What failed, as a sentence for a person.
    pub const ERROR: &str = "error";
    /// A step of the pipeline.
    pub const STEP: &str = "step";
    /// How often in a row something failed.
    pub const FAILURES: &str = "failures";
    /// How many brands are listened for.
    pub const BRANDS: &str = "brands";
    /// How many channels are read.
    pub const CHANNELS: &str = "channels";
    /// How many recipients are told.
    pub const RECIPIENTS: &str = "recipients";
    /// The signal that was received.
    pub const SIGNAL: &str = "signal";
    /// The version of the program.
    pub const VERSION: &str = "version";
    /// Where something is served.
    pub const ADDRESS: &str = "address";
}

/// The form of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The levels that may be given alone; they hold for the product, and its libraries stay at `warn`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Starts the log. `filter` is a level, or directives as in `ascolto=debug,hyper=info`.
///
/// # Errors
/// When the filter cannot be read; the text says what to write.
pub fn start(filter: &str, form: Form) -> Result<(), String> {
    let filter = read(filter)?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false);
    let started = match form {
        Form::Text => lines.try_init(),
        Form::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| "the log was started already; start it once a process".to_owned())
}

fn read(filter: &str) -> Result<EnvFilter, String> {
    let directives = match LEVELS.iter().find(|level| filter.eq_ignore_ascii_case(level)) {
        Some(&"off") => "off".to_owned(),
        Some(level) => format!("warn,ascolto={level}"),
        None => filter.to_owned(),
    };
    EnvFilter::builder().parse(directives).map_err(|_| {
        format!(
            "`--log {filter}` cannot be read; write one of {} or directives such as \
             ascolto=debug,warn",
            LEVELS.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_alone_is_for_the_product_only() {
        assert_eq!(read("Debug").unwrap().to_string(), "ascolto=debug,warn");
        assert_eq!(read("off").unwrap().to_string(), "off");
        assert_eq!(read("hyper=info").unwrap().to_string(), "hyper=info");
        assert!(read("ascolto=loud").unwrap_err().contains("error, warn, info"));
    }
}
