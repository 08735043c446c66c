//! Acts on one case, in an agent's name.

use crate::cli::failure::Failure;
use crate::cli::when::When;
use crate::cli::{Global, house, out};
use crate::domain::obligation::Owing;
use crate::domain::{CaseId, Instant};
use crate::pipeline::Deps;
use crate::pipeline::acts::{self, Act};
use crate::pipeline::exclusion::{self, Proposed};
use crate::pipeline::promises::DateAct;
use crate::store::cases;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// An act that changes a case by one event.
#[derive(Debug, Subcommand)]
pub(super) enum Plain {
    /// Take it, or renew the take
    Take {
        /// The case
        id: CaseId,
    },
    /// Say that you have seen it: its level is told no more, the next one still comes
    Ack {
        /// The case
        id: CaseId,
    },
    /// Give it back
    Release {
        /// The case
        id: CaseId,
    },
    /// Put it off
    Snooze {
        /// The case
        id: CaseId,
        /// Until when: a time, a day, or a span from now as 8h
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        until: When,
    },
    /// Say that no answer is needed
    Waive {
        /// The case
        id: CaseId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Close it
    Close {
        /// The case
        id: CaseId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Correct what triage made of it
    Verdict {
        /// The case
        id: CaseId,
        /// What it is, or is not
        is: Correction,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Say that it was answered elsewhere
    Answered {
        /// The case
        id: CaseId,
        /// Where the answer stands
        #[arg(long, value_name = "URL", default_value = "")]
        url: String,
    },
    /// Say that the customer was asked into private, or that the private contact happened
    Moved {
        /// The case
        id: CaseId,
        /// The contact happened: that answers the case
        #[arg(long)]
        happened: bool,
        /// Where it stands
        #[arg(long, value_name = "URL", default_value = "")]
        url: String,
    },
    /// Hand it over to a ticket system or a department; it stays owed
    HandOver {
        /// The case
        id: CaseId,
        /// To whom; a ticket system makes a ticket, unless a reference says that there is one
        #[arg(long, value_name = "NAME", required_unless_present_any = ["back", "system"])]
        to: Option<String>,
        /// To this ticket system of the configuration
        #[arg(long, value_name = "NAME", conflicts_with_all = ["to", "reference"])]
        system: Option<String>,
        /// What is said to the people there
        #[arg(long, value_name = "TEXT", default_value = "", requires = "system")]
        note: String,
        /// What it is called there
        #[arg(long, value_name = "TEXT", default_value = "")]
        reference: String,
        /// Take it back
        #[arg(long, conflicts_with_all = ["to", "system"])]
        back: bool,
    },
    /// Open it again
    Reopen {
        /// The case
        id: CaseId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Leave a word for the colleagues
    Note {
        /// The case
        id: CaseId,
        /// The word
        text: String,
    },
    /// Plan to get in touch again
    FollowUp {
        /// The case
        id: CaseId,
        /// When: a time, a day, or a span from now as 3d
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        at: When,
        /// What is to be done
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Say that a promise or follow-up was kept
    Kept {
        /// The case
        id: CaseId,
        /// Its number, as `case show` tells it
        number: u32,
        /// Where that stands
        #[arg(long, value_name = "URL", default_value = "")]
        url: String,
    },
    /// Give a promise or follow-up another date
    Correct {
        /// The case
        id: CaseId,
        /// Its number, as `case show` tells it
        number: u32,
        /// The new date: a time, a day, or a span from now as 3d
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        due: When,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take out a promise that was none, or a follow-up that is not needed
    Drop {
        /// The case
        id: CaseId,
        /// Its number, as `case show` tells it
        number: u32,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// What a case is, or is not.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Correction {
    /// A complaint
    Complaint,
    /// A question
    Question,
    /// No complaint
    NotComplaint,
    /// Not about the brand
    NotAboutUs,
}

impl Plain {
    pub(super) fn run(&self, global: &Global, agent: &str) -> Result<(), Failure> {
        let (id, act) = self.read(house::now())?;
        let config = house::load(global)?;
        let refused = matches!(act, Act::NotAboutUs(_));
        house::wait(house::over_house(&config, async |deps| {
            acts::act(deps, id, agent, act).await?;
            let files = cases::load(&mut deps.store.read().await?, &[id]).await?;
            let state = files.first().map(|f| f.case.state().to_string()).unwrap_or_default();
            out::line(&format!("case {id} is {state}"))?;
            if refused && let Some(proposed) = exclusion::propose(deps, id).await? {
                out::say(&told(&proposed));
            }
            Ok(())
        }))
    }

    /// The case and the act.
    fn read(&self, now: Instant) -> Result<(CaseId, Act), Failure> {
        let said = |text: &str| match text.trim() {
            "" => Err(Failure::usage("this needs a few words for the colleagues; none were given")),
            text => Ok(text.to_owned()),
        };
        Ok(match self {
            Plain::Take { id } => (*id, Act::Take),
            Plain::Release { id } => (*id, Act::Release),
            Plain::Ack { id } => (*id, Act::Acknowledge),
            Plain::Moved { id, happened: false, .. } => (*id, Act::Moved),
            Plain::Moved { id, url, .. } => (*id, Act::Contacted(url.trim().to_owned())),
            Plain::HandOver { id, system: Some(system), note, .. } => {
                (*id, Act::File { system: said(system)?, note: note.trim().to_owned() })
            }
            Plain::HandOver { id, to: Some(to), reference, .. } => {
                (*id, Act::HandOver { to: said(to)?, reference: reference.trim().to_owned() })
            }
            Plain::HandOver { id, .. } => (*id, Act::TakeBack),
            Plain::Waive { id, reason } => (*id, Act::Waive(said(reason)?)),
            Plain::Close { id, reason } => (*id, Act::Close(said(reason)?)),
            Plain::Reopen { id, reason } => (*id, Act::Reopen(said(reason)?)),
            Plain::Note { id, text } => (*id, Act::Note(said(text)?)),
            Plain::Answered { id, url } => (*id, Act::Answered(url.trim().to_owned())),
            Plain::Verdict { id, is, reason } => {
                let why = reason.trim().to_owned();
                let act = match is {
                    Correction::Complaint => Act::Called(Owing::Complaint, why),
                    Correction::Question => Act::Called(Owing::Question, why),
                    Correction::NotComplaint => Act::NotComplaint(why),
                    Correction::NotAboutUs => Act::NotAboutUs(why),
                };
                (*id, act)
            }
            Plain::FollowUp { id, at, note } => {
                let (at, note) = (later(*at, now)?, note.trim().to_owned());
                (*id, Act::Date(DateAct::FollowUp { at, note }))
            }
            Plain::Kept { id, number, url } => {
                let (number, url) = (*number, url.trim().to_owned());
                (*id, Act::Date(DateAct::Kept { number, url }))
            }
            Plain::Correct { id, number, due, reason } => {
                let (number, due, note) = (*number, later(*due, now)?, said(reason)?);
                (*id, Act::Date(DateAct::Correct { number, due, note }))
            }
            Plain::Drop { id, number, reason } => {
                let (number, note) = (*number, said(reason)?);
                (*id, Act::Date(DateAct::Drop { number, note }))
            }
            Plain::Snooze { id, until } => (*id, Act::Snooze(later(*until, now)?)),
        })
    }
}

/// A time ahead.
fn later(at: When, now: Instant) -> Result<Instant, Failure> {
    let at = at.ahead(now);
    if at <= now {
        return Err(Failure::usage(format!("{at} is not in the future")));
    }
    Ok(at)
}

/// What a person may add to the configuration after "not about us".
fn told(proposed: &Proposed) -> String {
    let Proposed { brand, phrase, effect, line } = proposed;
    let (out, of, answered) = (effect.sorted_out, effect.of, effect.answered);
    format!(
        "The exclusion \"{phrase}\" would have sorted out {out} of the last {of} mentions, {answered} \
         of them answered as about us. Nothing changes by itself; to add it, write below \
         [brand.{brand}]:\n{line}"
    )
}

/// Publish a reply in the customer's thread
#[derive(Debug, Args)]
pub(super) struct Publish {
    /// The case
    id: CaseId,
    /// The revision of the draft that you have read; with another one nothing is published
    #[arg(long, value_name = "N")]
    rev: i64,
    /// The text to publish [default: the draft as it stands]
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    text: Option<String>,
    /// The file that holds the text to publish
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Publish {
    pub(super) fn run(&self, global: &Global, agent: &str) -> Result<(), Failure> {
        let given = match (&self.text, &self.file) {
            (Some(text), _) => Some(text.clone()),
            (None, Some(file)) => Some(std::fs::read_to_string(file).map_err(|e| {
                Failure::outside(format!("{} cannot be read: {e}", file.display()))
            })?),
            (None, None) => None,
        };
        let config = house::load(global)?;
        house::wait(house::over_house(&config, async |deps| {
            let text = match given {
                Some(text) => text,
                None => self.draft(deps).await?,
            };
            let reply = acts::publish(deps, self.id, agent, self.rev, &text).await?;
            out::line(&format!("reply {reply} is approved; the running service posts it"))
        }))
    }

    /// The draft as it stands. That it is the revision asked for is checked when it is published.
    async fn draft(&self, deps: &Deps) -> Result<String, Failure> {
        let id = self.id;
        let mut tx = deps.store.read().await?;
        if cases::load(&mut tx, &[id]).await?.is_empty() {
            return Err(Failure::no(format!("there is no case {id}; check the id")));
        }
        let draft = cases::draft(&mut tx, id).await?;
        draft.map(|d| d.text).ok_or_else(|| {
            Failure::no(format!("case {id} has no draft; write the reply with --text"))
        })
    }
}
