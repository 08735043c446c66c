//! Asks a person on a terminal, one question after the other; without a terminal each line of stdin
//! is an answer.
//!
//! A secret is typed unseen by way of `stty`. A person who interrupts there leaves the terminal to
//! the shell, which makes it show again what is typed.

use super::failure::Failure;
use super::lines::{Line, Lines};
use super::out;
use std::io::{self, IsTerminal, StdinLock};
use std::process::{Command, Stdio};

/// Where the answers come from.
pub(super) struct Asker {
    lines: Lines<StdinLock<'static>>,
    terminal: bool,
}

impl Asker {
    /// Asks on stdin.
    pub(super) fn stdin() -> Asker {
        let stdin = io::stdin();
        Asker { terminal: stdin.is_terminal(), lines: Lines::new(stdin.lock()) }
    }

    /// Whether a person is there, who can be asked again.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// One answer, without the white space around it. On a terminal `hidden` keeps it from being
    /// seen.
    pub(super) fn answer(&mut self, what: &str, hidden: bool) -> Result<String, Failure> {
        let line = if self.terminal {
            out::prompt(&format!("{what}:"));
            let unseen = hidden.then(Unseen::begin);
            let line = self.lines.next();
            if unseen.is_some() {
                // The line break that ended the answer was not shown either.
                out::say("");
            }
            line
        } else {
            self.lines.next()
        };
        match line {
            Ok(Some(Line::Text(text))) => Ok(text.trim().to_owned()),
            Ok(Some(Line::TooLong)) => Err(Failure::usage(format!("{what}: nothing is so long"))),
            Ok(None) => Err(Failure::usage(format!(
                "the answers end before {what}; give each on a line of its own"
            ))),
            Err(e) => Err(Failure::outside(format!("stdin cannot be read: {e}"))),
        }
    }
}

/// As long as it lives, the terminal does not show what is typed.
struct Unseen;

impl Unseen {
    fn begin() -> Unseen {
        if !stty("-echo") {
            out::say("(stty is missing here: what you type will be seen)");
        }
        Unseen
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        stty("echo");
    }
}

/// Sets the terminal on stdin; says whether that worked.
fn stty(mode: &str) -> bool {
    let mut command = Command::new("stty");
    command.arg(mode).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
