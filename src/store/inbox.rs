//! What screens and the API list: cases by urgency, cases and mentions by id, events, figures.

use super::db::Tx;
use super::error::StoreError;
use super::mention_row::mention_columns;
use super::mentions::MentionRow;
use super::value::{Sql, args, statements};
use crate::domain::commitment::offered_between;
use crate::domain::{CaseId, EventId, Instant, MentionId};

/// What a list of cases or mentions is cut down to; an empty text asks nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The brand.
    pub brand: String,
    /// A case's state or a mention's disposition; of cases `open` stands for all that is owed,
    /// `look` for what of it is only to look at, `question` for its questions, `promised` for those
    /// whose customers wait for something that we promised or planned, `broken` for those to whom we
    /// broke a promise, `follow_up` for those where one is offered.
    pub state: String,
    /// The channel.
    pub channel: String,
    /// The language it is written in.
    pub language: String,
    /// The agent who took it.
    pub taken_by: String,
    /// Of mentions, the rule that sorted it out; `any` stands for all of them.
    pub sorted_as: String,
    /// The time at which it is asked: by it `follow_up` goes.
    pub now: Instant,
}

/// A case as lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CaseLine {
    /// Its id.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// The channel.
    pub channel: String,
    /// The network.
    pub network: String,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
    /// When it began.
    pub opened_at: i64,
    /// Its state.
    pub state: String,
    /// Who attends to it.
    pub attention_by: String,
    /// Until when.
    pub attention_until: i64,
    /// Where it was handed over to; empty if it was not.
    pub handed_to: String,
    /// The most urgent debt that stands.
    pub owing: Option<String>,
    /// The highest severity that stands.
    pub severity: i64,
    /// The earliest deadline that stands.
    pub deadline: Option<i64>,
    /// The newest draft.
    pub draft_rev: i64,
    /// All that is owed there waits in a first look.
    pub first_look: bool,
    /// Its priority: so many hours sooner in line.
    pub points: i64,
    /// Its part of the line.
    pub class: i64,
    /// Its place there.
    pub urgent_at: i64,
    /// Nobody is told of it until then; 0 where its author was never muted.
    pub muted_until: i64,
}

impl CaseLine {
    /// Where a list goes on that ended with it.
    pub fn place(&self) -> Place {
        Place { class: self.class, urgent_at: self.urgent_at, id: self.id.clone() }
    }
}

/// A place in the line of cases, behind which a list goes on. Whoever turns pages while cases move
/// up may miss one that passes; it stands on the pages before.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Place {
    class: i64,
    urgent_at: i64,
    id: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.urgent_at, self.id)
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Place, String> {
        let mut parts = text.splitn(3, '.');
        let mut number = || parts.next().and_then(|n| n.parse().ok());
        let (class, urgent_at) = (number(), number());
        let id = parts.next().and_then(|id| id.parse::<CaseId>().ok());
        match (class, urgent_at, id) {
            (Some(class), Some(urgent_at), Some(id)) => {
                Ok(Place { class, urgent_at, id: id.to_string() })
            }
            _ => Err(format!("`{text}` is no place in a list; send what `next` said before")),
        }
    }
}

/// A stored mention with all that the API tells of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MentionLine {
    /// The row that the pipeline works with.
    #[sqlx(flatten)]
    pub row: MentionRow,
    /// How many follow the author.
    pub followers: Option<i64>,
    /// How many people it reached.
    pub reach: i64,
    /// The verdict's relevance.
    pub relevance: Option<String>,
    /// What judged it.
    pub model: Option<String>,
    /// The rule by which nothing is owed.
    pub rule: Option<String>,
    /// When its content was deleted, as its network asks.
    pub blanked_at: Option<i64>,
    /// How a rule sorted it out.
    pub sorted_as: Option<String>,
}

/// An earlier text of a mention.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct VersionRow {
    /// The mention.
    pub mention_id: String,
    /// Which text it was, from 1.
    pub version: i64,
    /// The text.
    pub text: String,
    /// When the next one took its place.
    pub stored_at: i64,
}

/// A draft with its time.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DraftLine {
    /// Its revision.
    pub rev: i64,
    /// The text.
    pub text: String,
    /// Its language.
    pub language: String,
    /// The template or agent that made it.
    pub made_by: String,
    /// When.
    pub at: i64,
}

/// How many open cases there are, for the head of the inbox; what waits in a first look is none.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
pub struct Counts {
    /// All that is owed.
    pub open: i64,
    /// Of these, complaints.
    pub complaints: i64,
    /// Of these, those whose deadline has passed.
    pub overdue: i64,
    /// Of all, those whose author is muted.
    pub muted: i64,
}

/// A figure by its two labels.
pub type Figure = (String, String, i64);

macro_rules! case_columns {
    () => {
        "k.id, k.brand, k.channel, k.network, k.author_handle, k.author_name, k.opened_at, \
         k.state, k.attention_by, k.attention_until, k.handed_to, k.owing, k.severity, k.deadline, \
         k.draft_rev, k.owing IS NOT NULL AND k.deadline IS NULL AS first_look, k.points, k.class, \
         k.urgent_at, k.muted_until"
    };
}
/// What the row of a mention leaves out and its page shows.
macro_rules! more_columns {
    () => {
        ", m.followers, m.reach, m.relevance, m.model, m.rule, m.blanked_at, m.sorted_as"
    };
}
// $1 brand, $2 state, $3 channel, $4 language, $5 taken by, $6 and $7 between which an answer that
// brought no word back offers a follow-up: `commitment::offers_follow_up` of rows.
macro_rules! case_filter {
    () => {
        "($1 = '' OR k.brand = $1) \
         AND ($2 = '' OR k.state = $2 OR ($2 = 'open' AND k.owing IS NOT NULL) \
              OR ($2 IN ('look', 'question') AND k.owing = $2) \
              OR ($2 IN ('promised', 'broken') AND EXISTS (SELECT 1 FROM commitments p \
                  WHERE p.case_id = k.id AND (p.state = 'broken' \
                  OR (p.state = 'open' AND $2 = 'promised')))) \
              OR ($2 = 'follow_up' AND k.state = 'answered' AND EXISTS (SELECT 1 FROM obligations a \
                  WHERE a.case_id = k.id AND a.standing = 'met' AND a.ended_at > $6 AND a.ended_at <= $7 \
                  AND NOT EXISTS (SELECT 1 FROM obligations o WHERE o.case_id = k.id \
                      AND o.standing = 'met' AND o.ended_at > a.ended_at) \
                  AND NOT EXISTS (SELECT 1 FROM commitments p WHERE p.case_id = k.id \
                      AND (p.state IN ('open', 'broken') OR p.made_at >= a.ended_at)) \
                  AND NOT EXISTS (SELECT 1 FROM mentions m WHERE m.case_id = k.id \
                      AND m.created_at > a.ended_at)))) \
         AND ($3 = '' OR k.channel = $3) \
         AND ($4 = '' OR EXISTS (SELECT 1 FROM mentions m WHERE m.case_id = k.id \
              AND COALESCE(m.judged_language, m.language) = $4)) \
         AND ($5 = '' OR (k.attention = 'taken' AND k.attention_by = $5))"
    };
}

statements! {
    BY_URGENCY = Sql::same(concat!("SELECT ", case_columns!(), " FROM cases k WHERE ", case_filter!(),
        " ORDER BY k.class, k.urgent_at, k.id LIMIT $8 OFFSET $9"));
    COUNTS = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) AS open, \
        CAST(COALESCE(SUM(CASE WHEN k.owing = 'complaint' THEN 1 ELSE 0 END), 0) AS BIGINT) AS complaints, \
        CAST(COALESCE(SUM(CASE WHEN k.deadline <= $8 THEN 1 ELSE 0 END), 0) AS BIGINT) AS overdue, \
        CAST(COALESCE(SUM(CASE WHEN k.muted_until > $8 THEN 1 ELSE 0 END), 0) AS BIGINT) AS muted \
        FROM cases k WHERE k.owing IS NOT NULL AND k.deadline IS NOT NULL AND ", case_filter!()));
    CASES = Sql::same(concat!("SELECT ", case_columns!(), " FROM cases k WHERE ", case_filter!(),
        " AND (k.class, k.urgent_at, k.id) > ($8, $9, $10) \
         ORDER BY k.class, k.urgent_at, k.id LIMIT $11"));
    OF_STORM = Sql::same(concat!("SELECT ", case_columns!(), " FROM cases k WHERE k.storm = $1 \
        ORDER BY CASE WHEN k.owing IS NULL THEN 1 ELSE 0 END, CASE WHEN k.deadline <= $2 THEN 0 ELSE 1 END, \
        k.severity DESC, k.deadline, k.id LIMIT $3 OFFSET $4"));
    MENTIONS = Sql::same(concat!("SELECT ", mention_columns!(),
        more_columns!(), " FROM mentions m \
        WHERE ($1 = '' OR m.brand = $1) AND ($2 = '' OR m.disposition = $2) \
        AND ($3 = '' OR m.channel = $3) \
        AND ($4 = '' OR COALESCE(m.judged_language, m.language) = $4) \
        AND ($7 = '' OR m.sorted_as = $7 OR ($7 = 'any' AND m.sorted_as IS NOT NULL)) \
        AND m.id > $5 ORDER BY m.id LIMIT $6"));
    OF_CASE = Sql::same(concat!("SELECT ", mention_columns!(),
        more_columns!(), " FROM mentions m WHERE m.case_id = $1 ORDER BY m.created_at, m.id"));
    VERSIONS = Sql::same("SELECT v.mention_id, v.version, v.text, v.stored_at FROM versions v JOIN mentions m ON m.id = v.mention_id WHERE m.case_id = $1 ORDER BY v.mention_id, v.version");
    DRAFTS = Sql::same("SELECT rev, text, language, made_by, at FROM drafts WHERE case_id = $1 ORDER BY rev");
    EVENTS = Sql::same("SELECT id, brand, subject, seq, mention_id, kind, becomes, at, actor, data FROM events WHERE id > $1 ORDER BY id LIMIT $2");
    LAST_EVENT = Sql::same("SELECT MAX(id) FROM events");
    LANGUAGES = Sql::same("SELECT DISTINCT COALESCE(m.judged_language, m.language) FROM cases k JOIN mentions m ON m.case_id = k.id WHERE k.owing IS NOT NULL AND COALESCE(m.judged_language, m.language) IS NOT NULL ORDER BY 1");
    OPEN_BY_STATE = Sql::same("SELECT owing, state, CAST(COUNT(*) AS BIGINT) FROM cases WHERE owing IS NOT NULL GROUP BY owing, state ORDER BY owing, state");
    CHANNELS_BY_STATE = Sql::same("SELECT network, state, CAST(COUNT(*) AS BIGINT) FROM channels GROUP BY network, state ORDER BY network, state");
    OPEN_GAPS = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM gaps WHERE state = 'open'");
    ALIVE = Sql::same("SELECT CAST(1 AS BIGINT)");
}

/// Cases by urgency: complaints first, then questions, then looks, each by its place in line. What
/// waits in a first look stands behind all that has a deadline.
pub async fn by_urgency(
    tx: &mut Tx,
    f: &Filter,
    limit: i64,
    skip: i64,
) -> Result<Vec<CaseLine>, StoreError> {
    let (after, until) = offered_between(f.now);
    let args =
        args![&f.brand, &f.state, &f.channel, &f.language, &f.taken_by, after, until, limit, skip];
    tx.all(BY_URGENCY, args).await
}

/// How much is open under a filter, first looks aside.
pub async fn counts(tx: &mut Tx, f: &Filter, now: Instant) -> Result<Counts, StoreError> {
    let (after, until) = offered_between(f.now);
    let args = args![&f.brand, &f.state, &f.channel, &f.language, &f.taken_by, after, until, now];
    Ok(tx.first(COUNTS, args).await?.unwrap_or_default())
}

/// The same from a place in that order on, without counting what stands before it.
pub async fn cases(
    tx: &mut Tx,
    f: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CaseLine>, StoreError> {
    // No class stands before the first.
    let Place { class, urgent_at, id } =
        after.unwrap_or(Place { class: -1, urgent_at: 0, id: String::new() });
    let (answered_after, until) = offered_between(f.now);
    let args = args![
        &f.brand,
        &f.state,
        &f.channel,
        &f.language,
        &f.taken_by,
        answered_after,
        until,
        class,
        urgent_at,
        id,
        limit
    ];
    tx.all(CASES, args).await
}

/// The members of a storm: what is owed first, of that what is overdue, what is severe, what is due
/// first.
pub async fn of_storm(
    tx: &mut Tx,
    storm: &str,
    now: Instant,
    limit: i64,
    skip: i64,
) -> Result<Vec<CaseLine>, StoreError> {
    tx.all(OF_STORM, args![storm, now, limit, skip]).await
}

/// Mentions in the order in which they were stored, behind one of them.
pub async fn mentions(
    tx: &mut Tx,
    f: &Filter,
    after: Option<MentionId>,
    limit: i64,
) -> Result<Vec<MentionLine>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let sorted = &f.sorted_as;
    tx.all(MENTIONS, args![&f.brand, &f.state, &f.channel, &f.language, after, limit, sorted]).await
}

/// The mentions of a case with all that is told of them, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<MentionLine>, StoreError> {
    tx.all(OF_CASE, args![case]).await
}

/// The earlier texts of a case's mentions.
pub async fn versions(tx: &mut Tx, case: CaseId) -> Result<Vec<VersionRow>, StoreError> {
    tx.all(VERSIONS, args![case]).await
}

/// Every draft of a case, oldest first.
pub async fn drafts(tx: &mut Tx, case: CaseId) -> Result<Vec<DraftLine>, StoreError> {
    tx.all(DRAFTS, args![case]).await
}

/// Entries of the log with an id above this one.
pub async fn events(
    tx: &mut Tx,
    after: EventId,
    limit: i64,
) -> Result<Vec<super::events::EventRow>, StoreError> {
    tx.all(EVENTS, args![after, limit]).await
}

/// The newest entry of the log.
pub async fn last_event(tx: &mut Tx) -> Result<Option<EventId>, StoreError> {
    let row: Option<(Option<String>,)> = tx.first(LAST_EVENT, args![]).await?;
    let id = row.and_then(|(id,)| id);
    id.map(|id| id.parse().map_err(|e| StoreError::broken(&id, e))).transpose()
}

/// The languages in which open cases are written.
pub async fn languages(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.all(LANGUAGES, args![]).await?;
    Ok(rows.into_iter().map(|(language,)| language).collect())
}

/// Open cases by what is owed and by state.
pub async fn open_by_state(tx: &mut Tx) -> Result<Vec<Figure>, StoreError> {
    tx.all(OPEN_BY_STATE, args![]).await
}

/// Channels by network and state.
pub async fn channels_by_state(tx: &mut Tx) -> Result<Vec<Figure>, StoreError> {
    tx.all(CHANNELS_BY_STATE, args![]).await
}

/// How many gaps are open.
pub async fn open_gaps(tx: &mut Tx) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(OPEN_GAPS, args![]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Whether the database answers.
pub async fn alive(tx: &mut Tx) -> Result<(), StoreError> {
    tx.first::<(i64,)>(ALIVE, args![]).await?;
    Ok(())
}
