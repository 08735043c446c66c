//! What the tests of the store put into it: mentions heard, judged, owed and answered, the way
//! the pipeline does it.

use super::house::{House, T0};
use ascolto::domain::case::{Attention, Case, CaseEvent, Effect, Resolution, apply};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::obligation::{Before, Obligation, Owing, Standing};
use ascolto::domain::time::HOUR;
use ascolto::domain::*;
use ascolto::store::cases::CaseFile;
use ascolto::store::coverage::Intake;
use ascolto::store::events::Entry;
use ascolto::store::mentions::{Judged, NewMention};
use ascolto::store::{Tx, cases, coverage, events, lanes, mentions};

/// A post of the author `who`.
pub fn mention(external_id: &str, who: &str, text: &str) -> Mention {
    let json = serde_json::json!({
        "network": "mastodon", "external_id": external_id, "kind": "post",
        "visibility": "public", "author": { "id": who, "handle": who }, "text": text,
        "created_at": T0, "url": format!("https://example.org/{external_id}"),
        "thread_id": external_id,
    });
    serde_json::from_value::<Mention>(json).unwrap().checked().unwrap()
}

/// The brand `acme` with the channel `masto`.
pub async fn furnish(house: &House) {
    let mut tx = house.begin().await;
    lanes::add_brand(&mut tx, "acme", [3; 32], T0).await.unwrap();
    lanes::add_channel(&mut tx, "masto", "acme", "mastodon", T0).await.unwrap();
    lanes::add_lane(&mut tx, "masto", "mentions", true, 60_000, T0).await.unwrap();
    tx.commit().await.unwrap();
}

/// Stores mentions; gives how many were new.
pub async fn insert(tx: &mut Tx, day: &str, new: &[(MentionId, &Mention)]) -> usize {
    let new: Vec<NewMention<'_>> = new
        .iter()
        .map(|(id, mention)| NewMention {
            id: *id,
            brand: "acme",
            channel: "masto",
            mention,
            heard_at: T0,
            heard_day: day,
            first_look: false,
            addressed: false,
        })
        .collect();
    mentions::insert(tx, &new).await.unwrap().len()
}

/// Hears a page: mentions and their counts.
pub async fn hear(
    house: &House,
    day: &str,
    page: &[Mention],
    unreadable: &[&str],
) -> Vec<MentionId> {
    let mut tx = house.begin().await;
    let new: Vec<_> = page.iter().map(|m| (MentionId(house.id()), m)).collect();
    let stored = insert(&mut tx, day, &new).await as i64;
    for why in unreadable {
        let id = EventId(house.id());
        mentions::quarantine(&mut tx, id, "masto", "mentions", day, T0, why, b"{").await.unwrap();
    }
    let again = page.len() as i64 - stored;
    let n = Intake { new: stored, again, unreadable: unreadable.len() as i64, ..Intake::default() };
    let id = EventId(house.id());
    coverage::book(&mut tx, id, "masto", "mentions", day, T0, n).await.unwrap();
    tx.commit().await.unwrap();
    new.into_iter().map(|(id, _)| id).collect()
}

/// A verdict of that kind.
pub fn verdict(kind: Kind) -> Verdict {
    Verdict {
        relevance: Relevance::About,
        kind,
        probability: PerMillion::from_share(0.9),
        severity: u8::from(kind == Kind::Complaint),
        topic: Topic::Delivery,
        language: Lang::IT,
        risk: vec![],
        why: vec![],
        look: false,
        sorted_out: None,
        model: "rules-1".to_owned(),
    }
}

fn judged(id: MentionId, to: Disposition, case: Option<CaseId>, kind: Kind) -> Judged {
    let rule = if to == Disposition::NotOwed { "kind" } else { "" };
    Judged {
        id: id.to_string(),
        disposition: to,
        moves: 1,
        case,
        verdict: verdict(kind),
        rule: rule.to_owned(),
        bands: Bands::default(),
    }
}

/// Triage says that nothing is owed for it.
pub async fn sort_out(house: &House, mention: MentionId, at: Instant) {
    let mut tx = house.begin().await;
    let judged = judged(mention, Disposition::NotOwed, None, Kind::Praise);
    mentions::save_judged(&mut tx, &[judged]).await.unwrap();
    let subject = mention.to_string();
    let moves = Some((mention, 1, Disposition::NotOwed));
    log(house, &mut tx, &subject, 1, moves, "judged", at).await;
    tx.commit().await.unwrap();
}

/// Triage says that it is not about the brand, by an exclusion.
pub async fn exclude(house: &House, mention: MentionId, phrase: &str, at: Instant) {
    let mut tx = house.begin().await;
    let mut judged = judged(mention, Disposition::NotOwed, None, Kind::Other);
    judged.rule = "not_about_us".to_owned();
    judged.verdict.relevance = Relevance::NotAbout;
    let cue = ascolto::domain::verdict::EXCLUDED.to_owned();
    judged.verdict.why = vec![Why { cue, words: phrase.to_owned() }];
    mentions::save_judged(&mut tx, &[judged]).await.unwrap();
    let moves = Some((mention, 1, Disposition::NotOwed));
    log(house, &mut tx, &mention.to_string(), 1, moves, "judged", at).await;
    tx.commit().await.unwrap();
}

/// Triage says that an answer is owed for it; it gets a case of its own.
pub async fn owe(house: &House, mention: MentionId, owing: Owing, at: Instant) -> CaseId {
    let case = CaseId(house.id());
    let mut tx = house.begin().await;
    let kind = if owing == Owing::Question { Kind::Question } else { Kind::Complaint };
    let judged = judged(mention, Disposition::Open, Some(case), kind);
    mentions::save_judged(&mut tx, &[judged]).await.unwrap();
    let debt = Obligation {
        mention,
        owing,
        severity: u8::from(owing == Owing::Complaint),
        language: Lang::IT,
        since: T0,
        heard_at: T0,
        due: T0 + 4 * HOUR,
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    };
    let file = new_case(case, &mention.to_string());
    step(house, &mut tx, file, CaseEvent::Owed(debt), at).await;
    tx.commit().await.unwrap();
    case
}

/// An empty case, not stored yet.
pub fn new_case(id: CaseId, thread: &str) -> CaseFile {
    CaseFile {
        case: Case {
            id,
            brand: "acme".to_owned(),
            channel: "masto".to_owned(),
            network: "mastodon".to_owned(),
            origin: String::new(),
            thread: thread.to_owned(),
            author: "a".to_owned(),
            opened_at: T0,
            told_at: T0,
            attention: Attention::Free,
            handed_over: None,
            resolution: Resolution::default(),
            obligations: vec![],
            escalation: Default::default(),
            commitments: vec![],
        },
        author_handle: "a".to_owned(),
        author_name: "A".to_owned(),
        events: 0,
        draft_rev: 0,
        draft_due: false,
        checked_at: Instant(0),
        reread_at: Instant(0),
        stakes: Default::default(),
        points: 0,
        muted_until: Instant(0),
        rev: 0,
    }
}

/// Something happens to a stored case.
pub async fn act(house: &House, case: CaseId, event: CaseEvent, at: Instant) {
    let mut tx = house.begin().await;
    let file = cases::load(&mut tx, &[case]).await.unwrap().pop().expect("the case is stored");
    step(house, &mut tx, file, event, at).await;
    tx.commit().await.unwrap();
}

async fn step(house: &House, tx: &mut Tx, mut file: CaseFile, event: CaseEvent, at: Instant) {
    let kind = event.name().as_str();
    let (case, effects) = apply(file.case, event, at).unwrap();
    file.case = case;
    let subject = file.case.id.to_string();
    let mut moves = Vec::new();
    for effect in effects {
        if let Effect::Becomes { mention, disposition } = effect {
            let n = match disposition {
                Disposition::Open => 1,
                _ => mentions::moves_of(tx, &[mention]).await.unwrap()[0].1 + 1,
            };
            moves.push((mention, disposition, n));
        }
    }
    for (mention, disposition, n) in &moves {
        file.events += 1;
        let moved = Some((*mention, *n, *disposition));
        log(house, tx, &subject, file.events, moved, kind, at).await;
    }
    if moves.is_empty() {
        file.events += 1;
        log(house, tx, &subject, file.events, None, kind, at).await;
    }
    mentions::save_moves(tx, &moves).await.unwrap();
    cases::save(tx, &[&file]).await.unwrap();
}

/// Appends one event.
pub async fn log(
    house: &House,
    tx: &mut Tx,
    subject: &str,
    seq: i64,
    moves: Option<(MentionId, i64, Disposition)>,
    kind: &str,
    at: Instant,
) {
    let entry = Entry {
        id: EventId(house.ids.next(at)),
        brand: "acme".to_owned(),
        subject: subject.to_owned(),
        seq,
        moves,
        kind: kind.to_owned(),
        at,
        actor: "ada".to_owned(),
        data: format!(r#"{{"n":{seq}}}"#),
    };
    events::append(tx, &[entry]).await.unwrap();
}
