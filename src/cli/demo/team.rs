//! The rehearsed team of the headless demo: two agents who answer of themselves as a small team would,
//! and what the script has its people do.

use crate::cli::failure::Failure;
use crate::domain::case::Attention;
use crate::domain::obligation::Owing;
use crate::domain::time::MINUTE;
use crate::domain::{CaseId, Commitment, CommitmentKind, Instant, MentionId};
use crate::pipeline::Deps;
use crate::pipeline::acts::{self, Act, ActError};
use crate::pipeline::promises::DateAct;
use crate::store::cases::{self, CaseFile};
use crate::store::mentions;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long a case waits before somebody looks at it.
const AFTER: i64 = 25 * MINUTE;
/// Who answers.
const AGENT: &str = "ada";

/// What the script has the team do, in the order of time.
const SCRIPT: &str = include_str!("team.jsonl");
/// Where the posts stand that it names: brand, network, origin.
const PLACE: [&str; 3] = ["acme", "rehearsal", "vicini"];

/// One line of the script.
#[derive(Debug, Deserialize)]
struct Line {
    /// When, in minutes after the day's start.
    at: i64,
    /// The post that began the case.
    of: String,
    /// Who.
    by: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum What {
    /// Takes the case, and does no more.
    Take,
    /// Takes it and answers.
    Answer { text: String },
    /// Wants to get in touch again at that minute.
    FollowUp { until: i64, text: String },
    /// Did so.
    Kept,
}

/// What the team has in hand.
pub(super) struct Team {
    start: Instant,
    script: VecDeque<Line>,
    /// The threads that the script is about.
    scripted: BTreeSet<String>,
    seen: BTreeSet<CaseId>,
    /// How many cases of a channel were looked at.
    looked_at: BTreeMap<String, usize>,
}

impl Team {
    /// The team of a day that begins at `start`.
    pub(super) fn new(start: Instant) -> Result<Team, Failure> {
        let mut script = VecDeque::new();
        for (number, line) in SCRIPT.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line: Line = serde_json::from_str(line).map_err(|e| {
                Failure::usage(format!("line {} of the team's script: {e}", number + 1))
            })?;
            script.push_back(line);
        }
        let scripted = script.iter().map(|line| line.of.clone()).collect();
        let (seen, looked_at) = (BTreeSet::new(), BTreeMap::new());
        Ok(Team { start, script, scripted, seen, looked_at })
    }

    /// Whether somebody works now.
    pub(super) fn is_there(deps: &Deps) -> bool {
        deps.brands.values().any(|brand| brand.calendar.is_open(deps.now()))
    }

    /// Does what the script says, and in working hours what a team does of itself.
    pub(super) async fn work(&mut self, deps: &Deps) -> Result<(), Failure> {
        let now = deps.now();
        while self.script.front().is_some_and(|line| self.start + line.at * MINUTE <= now) {
            let Some(line) = self.script.pop_front() else { break };
            self.follow(deps, &line).await?;
        }
        if Team::is_there(deps) { self.answer(deps, now).await } else { Ok(()) }
    }

    async fn follow(&self, deps: &Deps, line: &Line) -> Result<(), Failure> {
        let file = case_of(deps, &line.of).await?;
        let (id, by) = (file.case.id, line.by.as_str());
        let date = match &line.what {
            What::Take => return Ok(acts::act(deps, id, by, Act::Take).await?),
            What::Answer { text } => {
                acts::act(deps, id, by, Act::Take).await?;
                acts::publish(deps, id, by, file.draft_rev, text).await?;
                return Ok(());
            }
            What::FollowUp { until, text } => {
                DateAct::FollowUp { at: self.start + *until * MINUTE, note: text.clone() }
            }
            What::Kept => {
                let set = |c: &&Commitment| c.kind == CommitmentKind::FollowUp && c.is_open();
                let number = file.case.commitments.iter().find(set).map_or(0, |c| c.number);
                DateAct::Kept { number, url: String::new() }
            }
        };
        Ok(acts::act(deps, id, by, Act::Date(date)).await?)
    }

    /// Answers what has waited long enough: complaints and questions with the draft, as written;
    /// of what only needs a look, the person decides that no answer is needed. Every seventh case
    /// of a channel is left alone, so that the day ends with something owed.
    async fn answer(&mut self, deps: &Deps, now: Instant) -> Result<(), Failure> {
        let mut tx = deps.store.read().await?;
        let open = cases::open(&mut tx, "", 200).await?;
        drop(tx);
        for file in open {
            let id = file.case.id;
            if file.case.attention != Attention::Free || self.scripted.contains(&file.case.thread) {
                continue;
            }
            let owed_since = file.case.owed().map(|o| o.heard_at).max();
            if owed_since.is_none_or(|at| now - at < AFTER) || !self.seen.insert(id) {
                continue;
            }
            let looked_at = self.looked_at.entry(file.case.channel.clone()).or_default();
            *looked_at += 1;
            if looked_at.is_multiple_of(7) {
                continue;
            }
            let mut tx = deps.store.read().await?;
            let draft = cases::draft(&mut tx, id).await?;
            drop(tx);
            let done = match (file.case.owing(), draft) {
                (Some(Owing::Complaint | Owing::Question), Some(draft))
                    if !draft.text.is_empty() =>
                {
                    acts::act(deps, id, AGENT, Act::Take).await?;
                    acts::publish(deps, id, AGENT, draft.rev, &draft.text).await.map(drop)
                }
                _ => {
                    acts::act(
                        deps,
                        id,
                        AGENT,
                        Act::Waive("looked at: nothing to answer".to_owned()),
                    )
                    .await
                }
            };
            match done {
                // A colleague was faster, or the customer took it back: the case says so.
                Ok(()) | Err(ActError::NotAllowed(_) | ActError::Stale(_)) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

/// The case of a post that the script names.
async fn case_of(deps: &Deps, post: &str) -> Result<CaseFile, Failure> {
    let missing = || Failure::no(format!("the team's script is about {post}, which has no case"));
    let [brand, network, origin] = PLACE;
    let mut tx = deps.store.read().await?;
    let known = mentions::known(&mut tx, brand, network, &[(origin, post)]).await?;
    let id: MentionId = known.first().and_then(|k| k.id.parse().ok()).ok_or_else(missing)?;
    let row = mentions::by_id(&mut tx, id).await?.ok_or_else(missing)?;
    let case: CaseId = row.case_id.and_then(|id| id.parse().ok()).ok_or_else(missing)?;
    cases::load(&mut tx, &[case]).await?.pop().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_read_and_goes_on_in_time() {
        let team = Team::new(Instant(0)).unwrap();
        let times: Vec<i64> = team.script.iter().map(|line| line.at).collect();
        assert!(times.len() >= 7 && times.is_sorted(), "{times:?}");
        assert!(team.script.iter().any(|line| matches!(line.what, What::FollowUp { .. })));
    }
}
