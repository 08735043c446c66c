//! Learning: once a day what people said of a brand's mentions becomes a correction of the model,
//! which is used only if it proves better on labels that it had not seen.

use super::{Deps, Did, StepResult};
use crate::classify::{About, Around, Classifier, Correction, Input, Lesson, Outcome};
use crate::domain::time::DAY;
use crate::domain::{Brand, Instant, Lang};
use crate::store::corrections::{CorrectionRow, LessonRow};
use crate::store::labels::TaughtRow;
use crate::store::{StoreError, Tx, corrections, labels};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How often a brand's labels are learned from.
pub const EVERY: i64 = DAY;
/// Only if so many came since the last time: fewer change nothing that could be measured.
pub const LEAST_NEW: i64 = 20;
/// Of so many labels, the newest: what people meant years ago need not hold any more.
const MOST: i64 = 5_000;
/// How many texts are read at once.
const PAGE: i64 = 500;

/// The corrections in use.
#[derive(Default)]
pub struct Corrections(RwLock<Held>);

#[derive(Default)]
struct Held {
    /// Brands and versions as the store had them.
    versions: Vec<(String, i64)>,
    all: Arc<BTreeMap<String, Arc<Correction>>>,
}

impl Corrections {
    /// Those in use now, by brand.
    pub fn now(&self) -> Arc<BTreeMap<String, Arc<Correction>>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).all)
    }

    fn are(&self, versions: &[(String, i64)]) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).versions == versions
    }

    fn put(&self, held: Held) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

/// Goes on with corrections that were made since this process looked last: before its start, or by
/// another instance.
pub async fn catch_up(deps: &Deps, tx: &mut Tx) -> StepResult<()> {
    let versions = corrections::in_use(tx).await?;
    if deps.corrections.are(&versions) {
        return Ok(());
    }
    let before = deps.corrections.now();
    let mut all = BTreeMap::new();
    for (brand, version) in &versions {
        if let Some(same) = before.get(brand).filter(|held| held.version() == *version) {
            all.insert(brand.clone(), Arc::clone(same));
            continue;
        }
        let Some(row) = corrections::one(tx, brand, *version).await? else { continue };
        match Correction::read(*version, &row.blob) {
            Ok(correction) => drop(all.insert(brand.clone(), Arc::new(correction))),
            Err(why) => tracing::warn!(
                brand = %brand,
                error = %why,
                "what was learned for a brand cannot be read; it is judged without it until it is \
                 learned again"
            ),
        }
    }
    deps.corrections.put(Held { versions, all: Arc::new(all) });
    Ok(())
}

/// Learns for the brand that is due the longest.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    catch_up(deps, &mut tx).await?;
    if !corrections::any_due(&mut tx, now).await? {
        return Ok(Did::default());
    }
    drop(tx);
    let mut tx = deps.store.begin().await?;
    let Some(lesson) = corrections::take_due(&mut tx, &deps.instance, now).await? else {
        return Ok(Did::default());
    };
    tx.commit().await?;
    learn(deps, &lesson, now).await?;
    Ok(Did { rows: 1, more: true })
}

async fn learn(deps: &Deps, lesson: &LessonRow, now: Instant) -> StepResult<()> {
    let brand = deps.brands.get(&lesson.brand).filter(|brand| brand.learn);
    let (Some(brand), Some(model)) = (brand, deps.classifier.model_name()) else {
        return put_off(deps, lesson, now).await;
    };
    let mut tx = deps.store.read().await?;
    let last = corrections::last(&mut tx, &brand.name).await?;
    let since = last.as_ref().map_or(Instant(0), |last| Instant(last.made_at));
    let news = labels::since(&mut tx, &brand.name, since).await?;
    drop(tx);
    // What corrects another model than the one that judges now is not used: it is learned anew.
    let stale = last.as_ref().is_some_and(|last| last.model != model);
    if news < LEAST_NEW && !stale {
        return put_off(deps, lesson, now).await;
    }
    let taught = gather(deps, brand).await?;
    let (name, alert_at) = (model.to_owned(), brand.alert_at);
    let outcome = heavy(move || taught.learn(&name, alert_at)).await?;
    let version = last.map_or(0, |last| last.version) + 1;
    let row = row(&brand.name, version, &outcome, now);
    let mut tx = deps.store.begin().await?;
    if !corrections::done(&mut tx, lesson, now + EVERY).await? {
        return Ok(());
    }
    corrections::add(&mut tx, &row).await?;
    tx.commit().await?;
    catch_up(deps, &mut deps.store.read().await?).await?;
    deps.bell.notify_waiters();
    Ok(())
}

async fn put_off(deps: &Deps, lesson: &LessonRow, now: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    corrections::done(&mut tx, lesson, now + EVERY).await?;
    tx.commit().await
}

/// Reads the newest labels of a brand and weighs their texts, a page at a time: of the texts
/// themselves only one page is held.
async fn gather(deps: &Deps, brand: &Brand) -> StepResult<Lesson> {
    let mut lesson = Lesson::default();
    let mut below = (Instant(i64::MAX), String::new());
    let mut left = MOST;
    while left > 0 {
        let mut tx = deps.store.read().await?;
        let from = (below.0, below.1.as_str());
        let rows = labels::page(&mut tx, &brand.name, from, PAGE.min(left)).await?;
        drop(tx);
        let Some(last) = rows.last() else { break };
        below = (Instant(last.at), last.mention_id.clone());
        left -= count(rows.len());
        let weights: StepResult<Vec<f64>> =
            rows.iter().map(|row| Ok(row.source()?.weight())).collect();
        let (weights, judge) = (weights?, Arc::clone(&deps.classifier));
        lesson = heavy(move || {
            for (row, weight) in rows.iter().zip(weights) {
                hear(&mut lesson, &judge, row, weight);
            }
            lesson
        })
        .await?;
    }
    Ok(lesson)
}

fn hear(lesson: &mut Lesson, judge: &Classifier, row: &TaughtRow, weight: f64) {
    let input = Input {
        text: &row.text,
        language: row.language.as_deref().and_then(Lang::parse),
        rating: row.rating.and_then(|stars| u8::try_from(stars).ok()),
        attachments: 0,
        around: Around::default(),
        about: &About::US,
    };
    lesson.hear(judge, &row.mention_id, &input, row.complaint, weight);
}

/// Does heavy work beside the threads that everything else runs on.
async fn heavy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> StepResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| StoreError::Broken { row: "a brand's labels".to_owned(), why: e.to_string() })
}

/// What is stored of a lesson.
fn row(brand: &str, version: i64, outcome: &Outcome, now: Instant) -> CorrectionRow {
    let figures = &outcome.figures;
    CorrectionRow {
        brand: brand.to_owned(),
        version,
        model: outcome.correction.model().to_owned(),
        made_at: now.0,
        labels: count(figures.labels),
        complaints: count(figures.complaints),
        loss_without: figures.without.loss,
        loss_with: figures.with.loss,
        f1_without: i64::from(figures.without.macro_f1.0),
        f1_with: i64::from(figures.with.macro_f1.0),
        recall_without: i64::from(figures.without.recall.0),
        recall_with: i64::from(figures.with.recall.0),
        in_use: outcome.refused.is_none(),
        reason: outcome.refused.map(|why| why.to_string()).unwrap_or_default(),
        blob: outcome.correction.bytes(),
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
