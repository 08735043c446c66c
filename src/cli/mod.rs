//! The command line: one file a subcommand, results on stdout, talk on stderr.
//!
//! Exit codes: 0 good; 1 what was asked about is not so; 2 the command line or the configuration
//! is wrong; 3 something outside failed (database, network, disk); 130 interrupted.

mod alert;
mod ask;
mod backfill;
mod backup;
mod brand;
mod case;
mod channel;
mod channel_add;
mod check;
mod classify;
mod demo;
mod docs;
mod eval;
mod failure;
mod hold;
mod house;
mod labelled;
mod learned;
mod ledger;
mod lines;
mod mention;
mod out;
mod person;
mod recipient;
mod replay;
mod report;
mod run;
mod scratch;
mod statement;
mod train;
mod tune;
mod user;
mod waits;
mod when;

use crate::observe;
use clap::{Args, Parser, Subcommand, ValueEnum};
use failure::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hears what people say about a brand in public and sees that every complaint is answered.
#[derive(Debug, Parser)]
#[command(name = "ascolto", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes, before its name or after.
#[derive(Debug, Args)]
struct Global {
    /// The configuration: a TOML file, or a folder of them
    #[arg(long, global = true, value_name = "PATH", default_value = "config/ascolto.toml")]
    config: PathBuf,
    /// How much is logged to stderr: off, error, warn, info, debug, trace, or directives such as
    /// `ascolto=debug,hyper=info` [default: info for run, else warn]
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
    /// The form of the log's lines
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a rehearsed bad day: no keys, nothing leaves this machine
    Demo(demo::Demo),
    /// Listen, triage, alert and answer until stopped
    Run,
    /// Say everything that is wrong with the configuration, with file, line and what to write
    Check(check::Check),
    /// Judge texts from stdin, one a line; answers one JSON line each
    Classify(classify::Classify),
    /// Measure the classifier on labelled lines: precision, recall, F1, macro-F1 with intervals
    Eval(eval::Eval),
    /// Train the model of the classifier on labelled lines, the same bytes from the same lines
    Train(train::Train),
    /// Show what other thresholds would have alerted and missed, on the labels that people gave
    Tune(tune::Tune),
    /// Push recorded mentions through the whole pipeline and say how fast it was
    Replay(replay::Replay),
    /// Account for everything that was heard; exit 1 if it does not balance
    Ledger(ledger::LedgerArgs),
    /// Tell the share unheard of a span of time, with its parts
    Report(report::ReportArgs),
    /// Read a span of a channel's past again
    Backfill(backfill::Backfill),
    /// List brands, try on past mentions what is about one, or say what was learned for it
    Brand(brand::BrandArgs),
    /// List, show and act on cases
    Case(case::CaseArgs),
    /// List alerts: what was sent, what waits, what was not sent, and why
    Alert(alert::AlertArgs),
    /// List what was sorted out, and say that one is owed an answer after all
    Mention(mention::MentionArgs),
    /// Add a channel, list all and how they fare, have one read at once, or have its owner connect
    /// it again
    Channel(channel::ChannelArgs),
    /// List recipients and how they fare, or send one a sample
    Recipient(recipient::RecipientArgs),
    /// Show a person, put authors together or take them apart, mute and unmute
    Person(person::PersonArgs),
    /// Add, list and remove agents, and make API tokens
    User(user::UserArgs),
    /// Stop all publishing of a brand at once
    Hold(hold::Hold),
    /// Let a held brand publish again
    Resume(hold::Resume),
    /// Write a consistent copy of the store while it is in use
    Backup(backup::Backup),
    /// Write the pages about networks and notifiers, or say which are stale
    Docs(docs::Docs),
}

impl Cli {
    /// Reads the command line of this process and does what it says.
    pub fn run() -> ExitCode {
        let cli = match Cli::try_parse() {
            Ok(cli) => cli,
            Err(said) => {
                // Help and version come this way too; if they cannot be shown, nothing can.
                drop(said.print());
                return ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
            }
        };
        match cli.start_log().and_then(|()| cli.command.run(&cli.global)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.tell(),
        }
    }

    fn start_log(&self) -> Result<(), Failure> {
        let usual = if matches!(self.command, Command::Run) { "info" } else { "warn" };
        let form = match self.global.log_format {
            LogFormat::Text => observe::Form::Text,
            LogFormat::Json => observe::Form::Json,
        };
        observe::start(self.global.log.as_deref().unwrap_or(usual), form).map_err(Failure::usage)
    }
}

impl Command {
    fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Command::Demo(args) => args.run(),
            Command::Run => run::run(global),
            Command::Check(args) => args.run(global),
            Command::Classify(args) => args.run(),
            Command::Eval(args) => args.run(),
            Command::Train(args) => args.run(),
            Command::Tune(args) => args.run(global),
            Command::Replay(args) => args.run(global),
            Command::Ledger(args) => args.run(global),
            Command::Report(args) => args.run(global),
            Command::Backfill(args) => args.run(global),
            Command::Brand(args) => args.run(global),
            Command::Case(args) => args.run(global),
            Command::Alert(args) => args.run(global),
            Command::Mention(args) => args.run(global),
            Command::Channel(args) => args.run(global),
            Command::Recipient(args) => args.run(global),
            Command::Person(args) => args.run(global),
            Command::User(args) => args.run(global),
            Command::Hold(args) => args.run(global),
            Command::Resume(args) => args.run(global),
            Command::Backup(args) => args.run(global),
            Command::Docs(args) => args.run(),
        }
    }
}

/// The agent in whose name a command acts where none is given: who is logged in.
fn agent(given: Option<&str>) -> String {
    let name = given.map(str::to_owned).or_else(|| std::env::var("USER").ok()).unwrap_or_default();
    match name.trim() {
        "" => "cli".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_global_may_stand_before_and_after() {
        for line in ["ascolto --config a.toml check", "ascolto check --config a.toml"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.global.config, PathBuf::from("a.toml"), "{line}");
        }
        let cli = Cli::try_parse_from(["ascolto", "run"]).unwrap();
        assert_eq!(cli.global.config, PathBuf::from("config/ascolto.toml"));
    }
}
