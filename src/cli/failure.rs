//! `Failure`: why a command did not do what was asked, as a sentence and an exit code.

use crate::app::BuildError;
use crate::observe::field;
use crate::pipeline::acts::ActError;
use crate::store::StoreError;
use std::io::{self, Write};
use std::process::ExitCode;

/// What ended a command. The codes are a contract (DESIGN.md, section 6).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    code: u8,
    /// Empty where everything is said already.
    why: String,
}

impl Failure {
    /// What was asked about is not so.
    pub(super) fn no(why: impl Into<String>) -> Failure {
        Failure { code: 1, why: why.into() }
    }

    /// The command line or the configuration is wrong.
    pub(super) fn usage(why: impl Into<String>) -> Failure {
        Failure { code: 2, why: why.into() }
    }

    /// Something outside failed: database, network, disk.
    pub(super) fn outside(why: impl Into<String>) -> Failure {
        Failure { code: 3, why: why.into() }
    }

    /// A person ended it.
    pub(super) fn interrupted() -> Failure {
        Failure { code: 130, why: String::new() }
    }

    /// The output could not be written. A reader that has had enough, as `head` does, is no fault.
    pub(super) fn output(error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure { code: 0, why: String::new() },
            _ => Failure::outside(format!(
                "the output cannot be written: {error}. Check where stdout leads and that the \
                 disk is not full"
            )),
        }
    }

    /// What happened, where the program goes on and a person is to know.
    pub(super) fn why(&self) -> &str {
        &self.why
    }

    /// Logs it where the program goes on all the same; `meaning` says what that means.
    pub(super) fn log(&self, meaning: &str) {
        tracing::error!({ field::ERROR } = %self.why, "{meaning}");
    }

    /// Says it on stderr and gives the exit code.
    pub(super) fn tell(self) -> ExitCode {
        if !self.why.is_empty() {
            // With stderr closed there is nobody left to tell.
            drop(writeln!(io::stderr(), "ascolto: {}", self.why));
        }
        ExitCode::from(self.code)
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Failure {
        Failure::outside(e.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(e: BuildError) -> Failure {
        match e {
            BuildError::Store(e) => e.into(),
            BuildError::Setting(why) => Failure::usage(why),
        }
    }
}

impl From<ActError> for Failure {
    fn from(e: ActError) -> Failure {
        match e {
            ActError::Store(e) => e.into(),
            ActError::Invalid(why) => Failure::usage(why),
            ActError::Unknown(_) | ActError::NotAllowed(_) | ActError::Stale(_) => {
                Failure::no(e.to_string())
            }
        }
    }
}
