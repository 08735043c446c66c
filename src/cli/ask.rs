//! Asks a person on a terminal, one question after the other; without a terminal each line of stdin
//! is an answer.
//!
//! A secret is typed unseen by way of `stty`. A person who interrupts there leaves the terminal to
//! the shell, which makes it show again what is typed. The lines are read on a thread of their own,
//! so that something else can be waited for beside them.

use super::failure::Failure;
use super::lines::{Line, Lines};
use super::out;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};
use tokio::sync::mpsc;

/// Where the answers come from.
pub(super) struct Asker {
    /// Ends where stdin ends.
    lines: mpsc::Receiver<io::Result<Line>>,
    terminal: bool,
}

impl Asker {
    /// Asks on stdin.
    pub(super) fn stdin() -> Asker {
        let (send, lines) = mpsc::channel(1);
        std::thread::spawn(move || pass_on(&send));
        Asker { terminal: io::stdin().is_terminal(), lines }
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
            let line = self.lines.blocking_recv();
            if unseen.is_some() {
                // The line break that ended the answer was not shown either.
                out::say("");
            }
            line
        } else {
            self.lines.blocking_recv()
        };
        read(line, what)?.ok_or_else(|| {
            Failure::usage(format!("the answers end before {what}; give each on a line of its own"))
        })
    }

    /// Whether a person says yes, who is asked again until the answer is one. An empty one is yes.
    pub(super) fn says_yes(&mut self, question: &str) -> Result<bool, Failure> {
        loop {
            match self.answer(question, false)?.to_lowercase().as_str() {
                "" | "yes" | "y" => return Ok(true),
                "no" | "n" => return Ok(false),
                _ => out::say("write yes or no"),
            }
        }
    }

    /// The next line as it comes, without a question; `None` once stdin has ended. It can be waited
    /// for beside something else: a wait that is given up takes no line with it.
    pub(super) async fn line(&mut self) -> Result<Option<String>, Failure> {
        read(self.lines.recv().await, "what is pasted")
    }
}

/// What came for `what`, without the white space around it.
fn read(line: Option<io::Result<Line>>, what: &str) -> Result<Option<String>, Failure> {
    match line {
        Some(Ok(Line::Text(text))) => Ok(Some(text.trim().to_owned())),
        Some(Ok(Line::TooLong)) => Err(Failure::usage(format!("{what}: nothing is so long"))),
        Some(Err(e)) => Err(Failure::outside(format!("stdin cannot be read: {e}"))),
        None => Ok(None),
    }
}

/// Reads stdin until its end, its fault, or the end of whoever asks.
fn pass_on(to: &mpsc::Sender<io::Result<Line>>) {
    let mut lines = Lines::new(io::stdin().lock());
    while let Some(line) = lines.next().transpose() {
        let is_fault = line.is_err();
        if to.blocking_send(line).is_err() || is_fault {
            return;
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
