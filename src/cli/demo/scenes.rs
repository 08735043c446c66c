//! What the day of the headless demo showed: each scene in a sentence, read back from the store.

use crate::cli::out;
use crate::domain::case::EventName;
use crate::domain::delivery::Wake;
use crate::domain::obligation::{Obligation, Owing, Standing};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::{CaseId, CommitmentKind, CommitmentState, Instant, Lang};
use crate::pipeline::Deps;
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;
use crate::store::ledger::Ledger;
use crate::store::outbox::{self, AlertRow};
use crate::store::storms::{self, Figures, StormRow};
use crate::store::{StoreError, Tx, cases, events, held, live};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// More alerts than the day has.
const ALERTS: i64 = 10_000;
/// More storms than the day has.
const STORMS: i64 = 50;
/// Graphemes of what somebody wrote.
const WORDS: usize = 80;

/// One of the things that the day is to show.
pub(super) struct Scene {
    /// What it is called.
    pub(super) name: &'static str,
    /// What the store says of it; `None`: it did not happen.
    pub(super) said: Option<String>,
}

impl Scene {
    /// The line that is printed.
    pub(super) fn line(&self) -> String {
        let Scene { name, said } = self;
        format!("  {name}: {}", said.as_deref().unwrap_or("did not happen"))
    }
}

/// Reads every scene; the ledger is that of the same day.
pub(super) async fn read(
    deps: &Deps,
    tx: &mut Tx,
    ledger: &Ledger,
) -> Result<Vec<Scene>, StoreError> {
    let mut alerts = outbox::newest(tx, ALERTS).await?;
    alerts.reverse();
    let zone = deps.brands.values().next().map_or(TimeZone::UTC, |brand| brand.zone.clone());
    let day = Day { alerts, zone, now: deps.now() };
    Ok(vec![
        Scene { name: "Storm", said: day.storm(tx).await? },
        Scene { name: "Broken promise", said: day.promise(tx).await? },
        Scene { name: "Third strike", said: day.strike(tx).await? },
        Scene { name: "Take that ran out", said: day.take(tx).await? },
        Scene { name: "Quiet hours", said: day.digest(tx).await? },
        Scene { name: "Woken", said: day.wake(tx).await? },
        Scene { name: "Follow-up", said: day.follow_up(tx).await? },
        Scene { name: "Share unheard", said: share(ledger) },
    ])
}

/// What the scenes are read from.
struct Day {
    /// Every alert and non-send, the oldest first.
    alerts: Vec<AlertRow>,
    /// By whose clocks times are told.
    zone: TimeZone,
    now: Instant,
}

impl Day {
    /// The alerts for a reason that were delivered.
    fn sent(&self, reason: Reason) -> impl Iterator<Item = &AlertRow> {
        self.alerts.iter().filter(move |a| a.reason == reason.as_str() && a.state == "sent")
    }

    /// `Fri 11:00`.
    fn clock(&self, at: Instant) -> String {
        at.timestamp().to_zoned(self.zone.clone()).strftime("%a %H:%M").to_string()
    }

    /// When an alert was delivered.
    fn told(&self, alert: &AlertRow) -> String {
        self.clock(sent_at(alert))
    }

    /// The largest storm: how often it was told of, and that its members stayed owed.
    async fn storm(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let mut largest: Option<(StormRow, Figures)> = None;
        for storm in storms::newest(tx, "", None, STORMS).await? {
            let figures = storms::figures(tx, &storm.id, self.now).await?;
            if largest.as_ref().is_none_or(|(_, most)| most.members < figures.members) {
                largest = Some((storm, figures));
            }
        }
        let Some((storm, figures)) = largest else { return Ok(None) };
        let told: Vec<&AlertRow> =
            self.sent(Reason::Storm).filter(|alert| alert.live == storm.id).collect();
        let Some(first) = told.first() else { return Ok(None) };
        let silent = self.alerts.iter().filter(|a| a.reason == Reason::InStorm.as_str());
        let silent: BTreeSet<CaseId> = silent.filter_map(case_id).collect();
        let mut members = Vec::new();
        for id in silent {
            if storms::of_case(tx, id).await?.is_some_and(|of| of.id == storm.id) {
                members.push(id);
            }
        }
        let at = sent_at(first);
        let was_owed = |o: &Obligation| {
            o.owing == Owing::Complaint
                && o.heard_at <= at
                && ended(o).is_none_or(|ended| ended > at)
        };
        let files = cases::load(tx, &members).await?;
        let owed = files.iter().filter(|f| f.case.obligations.iter().any(was_owed)).count();
        Ok(Some(format!(
            "{} like complaints, told in {} at {}; {} never went out by themselves. Each was owed \
             an answer of its own: {owed} then, {} still",
            figures.members,
            out::count(told.len(), "alert"),
            self.told(first),
            members.len(),
            figures.owed
        )))
    }

    /// A date that we gave and did not keep, whom that reached, and how far the customer's next complaint
    /// came.
    async fn promise(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        for broken in self.sent(Reason::PromiseBroken) {
            let Some(file) = case_of(tx, broken).await? else { continue };
            let mut given = file.case.commitments.iter();
            let Some(promise) = given.find(|c| c.kind == CommitmentKind::Promise && c.is_late())
            else {
                continue;
            };
            let mut risen = self.sent(Reason::Escalated);
            let Some(first) =
                risen.find(|a| a.case_id == broken.case_id && a.created_at > broken.created_at)
            else {
                continue;
            };
            let with_it =
                |a: &&AlertRow| a.case_id == broken.case_id && a.created_at == broken.created_at;
            let with_it = self.sent(Reason::PromiseBroken).filter(with_it);
            let to: Vec<&str> = with_it.map(|alert| alert.recipient.as_str()).collect();
            let end = match &promise.state {
                CommitmentState::Kept { at, .. } => format!("kept late, {}", self.clock(*at)),
                _ => "not kept yet".to_owned(),
            };
            return Ok(Some(format!(
                "“{}” to @{}, due {}, told to {} as broken {}; the customer's next complaint came to \
                 level {} at {}; {end}",
                one_line(&promise.words, WORDS),
                one_line(&file.author_handle, WORDS),
                self.clock(promise.due),
                to.join(" and "),
                self.told(broken),
                first.title,
                self.told(first)
            )));
        }
        Ok(None)
    }

    /// A customer who complained three times.
    async fn strike(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let Some(alert) = self.sent(Reason::ThirdStrike).next() else { return Ok(None) };
        let Some(file) = case_of(tx, alert).await? else { return Ok(None) };
        let since = file.stakes.strikes_since.unwrap_or(file.case.opened_at);
        Ok(Some(format!(
            "complaint {} of @{} since {} reached the {} at {}",
            file.stakes.strikes,
            one_line(&file.author_handle, WORDS),
            self.clock(since),
            alert.recipient,
            self.told(alert)
        )))
    }

    /// A case that somebody took and left.
    async fn take(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        for alert in self.sent(Reason::TakeRanOut) {
            let Some(file) = case_of(tx, alert).await? else { continue };
            let log = events::of_subject(tx, &file.case.id.to_string()).await?;
            let ran_out = EventName::TakeRanOut.as_str();
            let Some(end) = log.iter().position(|entry| entry.kind == ran_out) else { continue };
            let taken = EventName::Taken.as_str();
            let Some(take) = log[..end].iter().rfind(|entry| entry.kind == taken) else { continue };
            let answers = file.case.obligations.iter().filter_map(met);
            let answer = match answers.max() {
                Some(at) => format!("answered {}", self.clock(at)),
                None => "not answered yet".to_owned(),
            };
            return Ok(Some(format!(
                "{} took @{} at {}; at {} the case was owed again and told {}; {answer}",
                take.actor,
                one_line(&file.author_handle, WORDS),
                self.clock(Instant(take.at)),
                self.clock(Instant(log[end].at)),
                self.told(alert)
            )));
        }
        Ok(None)
    }

    /// What waited for the morning.
    async fn digest(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let Some(digest) = self.sent(Reason::QuietDigest).next() else { return Ok(None) };
        let waited = held::members(tx, &digest.live).await?;
        let Some(first) = waited.first() else { return Ok(None) };
        Ok(Some(format!(
            "{} waited, the first from {} on; {} got one digest of them at {}",
            out::count(waited.len(), "alert"),
            self.clock(Instant(first.created_at)),
            digest.recipient,
            self.told(digest)
        )))
    }

    /// Who was woken, why, and that nobody called it needless.
    async fn wake(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let woke: Vec<&AlertRow> =
            self.alerts.iter().filter(|a| !a.wake.is_empty() && a.state == "sent").collect();
        for alert in &woke {
            let Ok(wake) = alert.wake.parse::<Wake>() else { continue };
            if live::in_vain(tx, &alert.id).await? {
                continue;
            }
            let author = case_of(tx, alert).await?.map(|file| file.author_handle);
            return Ok(Some(format!(
                "{} broke quiet hours: {} heard of @{} at {}, because {}; nobody said that it \
                 should not have woken them",
                out::count(woke.len(), "alert"),
                alert.recipient,
                one_line(&author.unwrap_or_default(), WORDS),
                self.told(alert),
                Catalogue::of(Lang::EN).wake(wake)
            )));
        }
        Ok(None)
    }

    /// A contact that an agent set and made.
    async fn follow_up(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        for alert in self.sent(Reason::FollowUpDue) {
            let Some(file) = case_of(tx, alert).await? else { continue };
            let set = file.case.commitments.iter().filter(|c| c.kind == CommitmentKind::FollowUp);
            for c in set {
                let CommitmentState::Kept { at, .. } = &c.state else { continue };
                return Ok(Some(format!(
                    "“{}”, set {} for {}, told {}, kept {}",
                    one_line(&c.words, WORDS),
                    self.clock(c.made_at),
                    self.clock(c.due),
                    self.told(alert),
                    self.clock(*at)
                )));
            }
        }
        Ok(None)
    }
}

/// The share of complaints with its parts, as the ledger counts them a week later.
fn share(ledger: &Ledger) -> Option<String> {
    let share = ledger.shares.first()?.complaints;
    let part = share.share()?;
    Some(format!(
        "{:.1} % ({} of {} complaints): nobody ended {}, answered late {}, by choice {}, withdrawn \
         {}; answered in time {}",
        part * 100.0,
        share.unheard,
        share.due,
        share.left(),
        share.late,
        share.by_choice,
        share.withdrawn,
        share.answered
    ))
}

fn sent_at(alert: &AlertRow) -> Instant {
    Instant(alert.sent_at.unwrap_or(alert.created_at))
}

fn case_id(alert: &AlertRow) -> Option<CaseId> {
    alert.case_id.as_ref()?.parse().ok()
}

async fn case_of(tx: &mut Tx, alert: &AlertRow) -> Result<Option<CaseFile>, StoreError> {
    let Some(id) = case_id(alert) else { return Ok(None) };
    Ok(cases::load(tx, &[id]).await?.pop())
}

/// When a debt was met by an answer.
fn met(o: &Obligation) -> Option<Instant> {
    match o.standing {
        Standing::Met { at, .. } => Some(at),
        _ => None,
    }
}

/// When a debt ended, however that was.
fn ended(o: &Obligation) -> Option<Instant> {
    match o.standing {
        Standing::Owed => None,
        Standing::Met { at, .. } | Standing::Void { at, .. } => Some(at),
    }
}
