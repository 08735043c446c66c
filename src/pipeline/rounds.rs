//! Rounds: the statement of each day and the blind sample of each week, made once these are over.
//!
//! Which one is next is a row with a due time, so none is left out and none is made twice, whoever
//! restarts. After days without a running service all that were left open are made, one by one; of
//! more than a year only those on which something was heard or moved.

use super::{Deps, Did, StepResult};
use crate::domain::sample::{Draw, Drawn, Stratum};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{Brand, EventId, Instant, Kind, MentionId, PerMillion, Relevance};
use crate::store::events::{self, Entry};
use crate::store::ledger::statement::{self, Statement};
use crate::store::rounds::{self, Round, RoundRow};
use crate::store::samples::{self, Frame};
use crate::store::{StoreError, Tx, ledger};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// So long after its end a day is stated: what was under way at midnight is stored by then.
const SETTLE: i64 = 5 * MINUTE;
/// Over so long a time empty days are passed over: a recording is played from 1970 on.
const LONG: i64 = 366 * DAY;
/// Candidates read at a time.
const PAGE: i64 = 2_000;

/// Plans the first rounds of a brand: today's statement, this week's sample.
pub async fn plan(tx: &mut Tx, brand: &Brand, now: Instant) -> StepResult<()> {
    for what in [Round::Statement, Round::Sample] {
        rounds::plan(tx, what, &round_of(what, brand, now)).await?;
    }
    Ok(())
}

/// The round to which an instant belongs.
fn round_of(what: Round, brand: &Brand, at: Instant) -> RoundRow {
    let zone = &brand.zone;
    let day = match what {
        Round::Statement => at.day_in(zone),
        Round::Sample => at.week_in(zone),
    };
    let due_at = span(what, brand, &day).map_or(at + DAY, |(_, to)| to + SETTLE);
    RoundRow { brand: brand.name.clone(), day, due_at: due_at.0 }
}

/// When a round's day or week begins and ends.
fn span(what: Round, brand: &Brand, day: &str) -> Option<(Instant, Instant)> {
    match what {
        Round::Statement => Instant::day_of(day, &brand.zone),
        Round::Sample => Instant::week_of(day, &brand.zone),
    }
}

/// What was made of a round, to be stored.
enum Made {
    Statement(Box<Statement>),
    Sample(Vec<Drawn<MentionId>>, Vec<Frame>),
    /// The brand wants none.
    Nothing,
}

/// Makes the statement and the sample that are due the longest.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let mut rows = 0;
    for what in [Round::Statement, Round::Sample] {
        rows += usize::from(one(deps, what).await?);
    }
    Ok(Did { rows, more: rows > 0 })
}

async fn one(deps: &Deps, what: Round) -> StepResult<bool> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    let Some(round) = rounds::first_due(&mut tx, what, now).await? else { return Ok(false) };
    let brand = deps.brands.get(&round.brand);
    let known = brand.and_then(|brand| Some((brand, span(what, brand, &round.day)?)));
    let (made, next) = match known {
        Some((brand, span)) => {
            let made = match what {
                Round::Statement => state(&mut tx, brand, &round.day, span, now).await?,
                Round::Sample => draw(&mut tx, brand, &round.day, span).await?,
            };
            let mut next = span.1;
            if now - next > LONG {
                next = statement::next_busy(&mut tx, next).await?.unwrap_or(now).min(now).max(next);
            }
            (made, round_of(what, brand, next))
        }
        // Its brand left the configuration, and may come back.
        None => (Made::Nothing, RoundRow { due_at: (now + DAY).0, ..round.clone() }),
    };
    drop(tx);
    let mut tx = deps.store.begin().await?;
    // Another instance may have been faster.
    if rounds::take_due(&mut tx, what, now).await?.as_ref() != Some(&round) {
        return Ok(false);
    }
    match made {
        Made::Statement(statement) => keep(deps, &mut tx, &statement, now).await?,
        Made::Sample(drawn, frames) => {
            samples::add(&mut tx, &round.brand, &round.day, &drawn, &frames).await?;
        }
        Made::Nothing => {}
    }
    rounds::next(&mut tx, what, &next).await?;
    tx.commit().await?;
    Ok(true)
}

async fn state(
    tx: &mut Tx,
    brand: &Brand,
    day: &str,
    (from, to): (Instant, Instant),
    now: Instant,
) -> StepResult<Made> {
    let account = statement::account(tx, &brand.name, day, (from, to)).await?;
    let shares = ledger::shares(tx, now, None).await?;
    let share = shares.into_iter().find(|s| s.brand == brand.name).unwrap_or_default();
    let (brand, day) = (brand.name.clone(), day.to_owned());
    Ok(Made::Statement(Box::new(Statement { brand, day, from, to, made_at: now, account, share })))
}

/// Stores a statement, and its digest in the brand's log, which is sealed.
async fn keep(deps: &Deps, tx: &mut Tx, of: &Statement, now: Instant) -> StepResult<()> {
    let Some(digest) = statement::add(tx, of).await? else { return Ok(()) };
    let subject = statement::subject(&of.brand);
    let entry = Entry {
        id: EventId(deps.ids.next(now)),
        brand: of.brand.clone(),
        seq: events::last_seq(tx, &subject).await? + 1,
        subject,
        moves: None,
        kind: statement::EVENT.to_owned(),
        at: now,
        actor: "clock".to_owned(),
        data: statement::event_data(&of.day, &digest),
    };
    events::append(tx, &[entry]).await
}

/// Draws a week's sample out of what was stored in it and owes nothing by triage's word alone.
async fn draw(
    tx: &mut Tx,
    brand: &Brand,
    week: &str,
    span: (Instant, Instant),
) -> StepResult<Made> {
    if brand.sample == 0 || !brand.owes.contains(&Kind::Complaint) {
        return Ok(Made::Nothing);
    }
    let Some((salt, ..)) = events::seal_of(tx, &brand.name).await? else {
        return Ok(Made::Nothing);
    };
    let mut draw = Draw::new(usize::try_from(brand.sample).unwrap_or(usize::MAX));
    let mut frames: BTreeMap<(Stratum, String, String), u64> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = samples::candidates(tx, &brand.name, span, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for row in page {
            let broken = |why| StoreError::Broken { row: row.id.clone(), why };
            let id: MentionId = row.id.parse().map_err(broken)?;
            let relevance: Relevance = row.relevance.parse().map_err(broken)?;
            let probability = PerMillion(u32::try_from(row.probability).unwrap_or(0));
            let stratum = Stratum::of(row.sorted_out, relevance, probability, brand.look_at);
            draw.offer(stratum, key(&salt, week, &row.id), id);
            *frames.entry((stratum, row.network, row.language)).or_default() += 1;
        }
    }
    let frame =
        |((stratum, network, language), mentions)| Frame { stratum, network, language, mentions };
    Ok(Made::Sample(draw.drawn(), frames.into_iter().map(frame).collect()))
}

/// By which a mention is drawn: nobody who does not know the brand's salt can say which are, and the
/// same ones are whenever it is done.
fn key(salt: &[u8], week: &str, id: &str) -> u64 {
    let mut hash = Sha256::new();
    for part in [salt, week.as_bytes(), id.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}
