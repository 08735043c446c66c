//! The case page: read one case, and everything that is known of it.

use super::render::{Page, network_title};
use super::session::LoggedIn;
use super::story::{self, Told};
use super::view;
use super::{alike, customer, dates, level, limit, tickets};
use crate::domain::case::{Attention, Case, HandedOver};
use crate::domain::commitment::offers_follow_up;
use crate::domain::length::LengthRule;
use crate::domain::obligation::Owing;
use crate::domain::{CaseId, Instant};
use crate::pipeline::exclusion::{self, Proposed};
use crate::pipeline::likeness::{self, Alike};
use crate::pipeline::{Channel, Deps, standing};
use crate::store::cases::CaseFile;
use crate::store::drafts::DraftRow;
use crate::store::handovers::{self, HandoverRow};
use crate::store::inbox::{MentionLine, VersionRow};
use crate::store::lanes::BrandRow;
use crate::store::replies::{PartRow, ReplyRow};
use crate::store::storms::StormRow;
use crate::store::{StoreError, cases, drafts, events, inbox, lanes, outbox, replies, storms};
use crate::web::front::Shared;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};
use serde::Deserialize;

/// What stands at the top of the page after an act.
#[derive(Default)]
pub struct Notice {
    /// What happened, for the reader.
    pub text: String,
    /// It did not work.
    pub bad: bool,
    /// What the agent typed and must not lose.
    pub typed: Option<String>,
    /// An exclusion that the act suggests.
    pub proposed: Option<Proposed>,
}

/// What happened before this look.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    done: String,
}

/// Shows a case.
pub async fn show(
    State(front): State<Shared>,
    agent: LoggedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let page = Page::in_language(agent.language);
    let text = match asked.done.as_str() {
        "publish" => page.words.get("screen.publishing"),
        "" => "",
        _ => page.words.get("screen.saved"),
    };
    let proposed = match (asked.done.as_str(), id.parse()) {
        ("not_about_us", Ok(case)) => match exclusion::propose(&front.web.deps, case).await {
            Ok(proposed) => proposed,
            Err(e) => return page.fails(&e),
        },
        _ => None,
    };
    let notice = Notice { text: text.to_owned(), proposed, ..Notice::default() };
    render(&front, &agent, &page, &id, StatusCode::OK, notice).await
}

/// Renders a case with a notice.
pub async fn render(
    front: &Shared,
    agent: &LoggedIn,
    page: &Page,
    id: &str,
    status: StatusCode,
    notice: Notice,
) -> Response {
    let Ok(id) = id.parse::<CaseId>() else {
        return page.says(StatusCode::NOT_FOUND, "screen.not_found");
    };
    match read(front, agent, id).await {
        Ok(None) => page.says(StatusCode::NOT_FOUND, "screen.not_found"),
        Ok(Some(rows)) => {
            let deps = &front.web.deps;
            let said = answered(&rows).map(|m| &m.row);
            let (rule, prefix) = limit::of(deps, channel(deps, &rows), said).await;
            let values = values(front, agent, page, &rows, rule, prefix, notice);
            page.show(status, "case", values)
        }
        Err(e) => page.fails(&e),
    }
}

/// All rows of a case.
pub(super) struct Rows {
    pub file: CaseFile,
    pub mentions: Vec<MentionLine>,
    pub versions: Vec<VersionRow>,
    pub replies: Vec<(ReplyRow, Vec<PartRow>)>,
    pub alerts: Vec<outbox::AlertRow>,
    pub log: Vec<events::EventRow>,
    draft: Option<DraftRow>,
    brand: Option<BrandRow>,
    alike: Alike,
    customer: customer::Read,
    storm: Option<StormRow>,
    tickets: Vec<HandoverRow>,
}

async fn read(front: &Shared, agent: &LoggedIn, id: CaseId) -> Result<Option<Rows>, StoreError> {
    let mut tx = front.web.deps.store.read().await?;
    let Some(file) = cases::load(&mut tx, &[id]).await?.pop() else { return Ok(None) };
    let mentions = inbox::of_case(&mut tx, id).await?;
    let said: Vec<_> = mentions.iter().map(|m| &m.row).collect();
    let alike = likeness::of_case(&mut tx, &file.case, &said, front.now()).await?;
    let customer = customer::read(&front.web.deps, &mut tx, &file, agent).await?;
    let mut answers = Vec::new();
    for reply in replies::of_case(&mut tx, id).await? {
        let parts = replies::parts(&mut tx, &reply.id).await?;
        answers.push((reply, parts));
    }
    Ok(Some(Rows {
        mentions,
        alike,
        customer,
        versions: inbox::versions(&mut tx, id).await?,
        replies: answers,
        alerts: outbox::of_case(&mut tx, id).await?,
        log: events::of_subject(&mut tx, &id.to_string()).await?,
        draft: drafts::draft(&mut tx, id).await?,
        brand: lanes::brand(&mut tx, &file.case.brand).await?,
        storm: storms::of_case(&mut tx, id).await?,
        tickets: handovers::of_case(&mut tx, id).await?,
        file,
    }))
}

/// The mention that a reply would answer: the newest that is owed, as `acts::publish` chooses.
fn answered(rows: &Rows) -> Option<&MentionLine> {
    let case = &rows.file.case;
    let owed = case.owed().max_by_key(|o| o.since).or(case.obligations.last())?;
    let id = owed.mention.to_string();
    rows.mentions.iter().find(|m| m.row.id == id)
}

fn channel<'d>(deps: &'d Deps, rows: &Rows) -> Option<&'d Channel> {
    let of = answered(rows).map_or(&rows.file.case.channel, |m| &m.row.channel);
    deps.channels.get(of)
}

fn values(
    front: &Shared,
    agent: &LoggedIn,
    page: &Page,
    rows: &Rows,
    rule: LengthRule,
    prefix: usize,
    notice: Notice,
) -> Value {
    let (deps, words, now) = (&front.web.deps, page.words, front.now());
    let case = &rows.file.case;
    let zone = view::zone(deps, &case.brand);
    let (author, handle) = view::author(&rows.file.author_name, &rows.file.author_handle);
    let answered = answered(rows);
    let typed = notice.typed.clone();
    // Where nothing is owed but what we promised, the draft is that of an answer that stands.
    let owes = case.owed().next().is_some();
    let draft = rows.draft.as_ref().filter(|_| owes);
    let stored = draft.map(|d| d.text.clone()).unwrap_or_default();
    let text = typed.unwrap_or(stored);
    let network = network_title(deps, &case.channel, &case.network);
    let can_reply = channel(deps, rows).is_some_and(|c| c.network.meta().can.reply);
    let held = rows.brand.as_ref().is_some_and(|b| b.held);
    let (mine, attention) = attention(case, agent, page, &zone);
    let (levels, acks) = level::shown(deps, rows, words, &zone);
    let Told { entries, history, doubtful } = story::tell(rows, agent, &network, words, &zone);
    let left = limit::left(rule, prefix, &text);
    context! {
        here => "case",
        agent => agent.name,
        csrf => agent.csrf,
        id => case.id.to_string(),
        brand => view::brand_title(deps, &case.brand),
        network,
        channel => case.channel,
        author => if author.is_empty() { case.author.clone() } else { author },
        handle,
        state => case.state().as_str(),
        open => owes,
        answerable => owes || case.is_awaited(),
        may_be => may_be(case),
        reopens => case.owed().next().is_none() && case.state().as_str() != "withdrawn",
        taken => case.taken_from(&agent.name).is_some(),
        mine,
        attention,
        moved => matches!(case.attention, Attention::Moved { .. }),
        handed => case.handed_over.as_ref().map(|h| handed(h, page)),
        tickets => tickets::shown(&rows.tickets, words, &zone),
        systems => deps.brands.get(&case.brand).map(|b| b.handovers.clone()),
        owing => case.owing().map(|o| words.owing(o)),
        owing_class => case.owing().map(|o| o.as_str()),
        severity => case.severity(),
        severity_word => words.severity(case.severity()),
        deadline => case.deadline().map(|d: Instant| view::deadline(d.0, now, &zone, words)),
        topic => answered.map(|m| view::topic(&m.row, words)),
        risks => answered.map_or_else(Vec::new, |m| view::risks(&m.row, words)),
        why => answered.map_or_else(Vec::new, |m| view::reasons(&m.row, words)),
        probability => answered.and_then(|m| m.row.probability).map(|p| p / 10_000),
        language => answered.map(|m| m.row.language().to_string()),
        original => answered.map(|m| view::link(&m.row.url)),
        private => answered.is_some_and(|m| m.row.visibility == "private"),
        dates => dates::shown(case, words, &zone),
        follow_up_offered => offers_follow_up(case, newest(rows), now),
        alike => alike::shown(&rows.alike, words, &zone),
        levels,
        acks,
        urgency => customer::urgency(&rows.file, standing::weights(deps, &case.brand), words, &zone),
        muted => rows.file.muted_until > now,
        customer => customer::shown(&rows.customer, words, &zone, now),
        storm => rows.storm.as_ref().map(|storm| storm.id.clone()),
        entries,
        history,
        doubtful,
        draft => text,
        draft_rev => rows.file.draft_rev,
        seen => rows.file.events,
        draft_due => rows.file.draft_due,
        made_by => draft.map(|d| d.made_by.clone()),
        can_reply,
        held,
        under_way => rows.replies.iter().any(|(r, _)| r.ended_at.is_none()),
        left,
        limit => rule.limit.saturating_sub(prefix),
        counting => limit::counting(rule.counting),
        notice => notice.text,
        notice_bad => notice.bad,
        exclusion => notice.proposed.as_ref().map(|p| exclusion_text(p, page)),
        exclusion_line => notice.proposed.map(|p| p.line),
    }
}

/// Where a case was handed over to, for the reader.
fn handed(to: &HandedOver, page: &Page) -> String {
    let text = page.words.fill("screen.handed_to", &[("name", &to.to)]);
    if to.reference.is_empty() { text } else { format!("{text} ({})", to.reference) }
}

/// What a person may say that it is.
fn may_be(case: &Case) -> Vec<&'static str> {
    let kinds = [Owing::Complaint, Owing::Question].into_iter();
    kinds.filter(|kind| case.callable(*kind).next().is_some()).map(|kind| kind.as_str()).collect()
}

/// When the customer last wrote.
fn newest(rows: &Rows) -> Instant {
    Instant(rows.mentions.iter().map(|m| m.row.created_at).max().unwrap_or(0))
}

/// What an exclusion would have done, for the reader.
fn exclusion_text(proposed: &Proposed, page: &Page) -> String {
    let Proposed { brand, phrase, effect, .. } = proposed;
    let [count, of, answered] =
        [effect.sorted_out, effect.of, effect.answered].map(|n| n.to_string());
    page.words.fill(
        "screen.exclusion_proposed",
        &[
            ("phrase", phrase),
            ("count", &count),
            ("of", &of),
            ("answered", &answered),
            ("brand", brand),
        ],
    )
}

fn attention(
    case: &Case,
    agent: &LoggedIn,
    page: &Page,
    zone: &jiff::tz::TimeZone,
) -> (bool, String) {
    let words = page.words;
    let until = |at: &Instant| view::when(at.0, zone, words).text;
    match &case.attention {
        Attention::Free => (false, String::new()),
        Attention::Taken { by, .. } if *by == agent.name => {
            (true, words.get("screen.taken_by_you").to_owned())
        }
        Attention::Taken { by, .. } => (false, words.fill("screen.taken_by", &[("name", by)])),
        Attention::Snoozed { until: at, .. } => {
            (false, words.fill("screen.snoozed_until", &[("time", &until(at))]))
        }
        Attention::Moved { until: at, .. } => {
            (false, words.fill("screen.moved_until", &[("time", &until(at))]))
        }
    }
}
