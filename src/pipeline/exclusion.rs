//! What a person's "not about us" suggests: an exclusion, with what it would have done to the
//! mentions heard last. Nothing is changed; the person adds it to the configuration.

use super::triage::is_to_us;
use super::{Deps, StepResult};
use crate::classify::{self, Effect, Past};
use crate::domain::ledger::Disposition;
use crate::domain::obligation::{Standing, VoidReason};
use crate::domain::{Brand, CaseId, Instant, Relevance};
use crate::store::hits::{self, HitRow};
use crate::store::mentions;

/// How many past mentions an exclusion is tried on.
pub const TRIED_ON: i64 = 100;

/// An exclusion that a person may add.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// The brand.
    pub brand: String,
    /// The words.
    pub phrase: String,
    /// What they would have done.
    pub effect: Effect,
    /// The line of the configuration, below `[brand.NAME]`.
    pub line: String,
}

/// The exclusion that a case suggests which a person called not about us; `None` where nobody did,
/// or where no phrase would have sorted out its mention and none that was answered.
pub async fn propose(deps: &Deps, case: CaseId) -> StepResult<Option<Proposed>> {
    let mut tx = deps.store.read().await?;
    let files = crate::store::cases::load(&mut tx, &[case]).await?;
    let Some(case) = files.first().map(|file| &file.case) else { return Ok(None) };
    let Some(brand) = deps.brands.get(&case.brand) else { return Ok(None) };
    let refused = case
        .obligations
        .iter()
        .rev()
        .find(|o| matches!(&o.standing, Standing::Void { reason: VoidReason::NotAboutUs, .. }));
    let Some(refused) = refused else { return Ok(None) };
    let Some(row) = mentions::by_id(&mut tx, refused.mention).await? else { return Ok(None) };
    let rows = hits::last(&mut tx, &brand.name, TRIED_ON).await?;
    drop(tx);
    let mention = Past {
        text: &row.text,
        language: row.language(),
        at: Instant(row.created_at),
        addressed: is_to_us(row.addressed, &row.visibility, &row.kind),
        relevance: Relevance::NotAbout,
        answered: false,
    };
    let past: Vec<Past<'_>> = rows.iter().map(past).collect();
    // The scopes were built from the same brand when the house was; it cannot fail now.
    let Ok(Some(found)) = classify::propose(brand, &mention, &past) else { return Ok(None) };
    let line = line(brand, &found.phrase);
    let (phrase, effect) = (found.phrase, found.effect);
    Ok(Some(Proposed { brand: brand.name.clone(), phrase, effect, line }))
}

/// A stored mention as the classifier looks at it: people's word comes before the verdict's.
pub fn past(row: &HitRow) -> Past<'_> {
    let judged = row.relevance.as_deref().and_then(|r| r.parse().ok());
    Past {
        text: &row.text,
        language: row.language(),
        at: Instant(row.created_at),
        addressed: is_to_us(row.addressed, &row.visibility, &row.kind),
        relevance: match judged {
            _ if row.is_not_about_us() => Relevance::NotAbout,
            Some(judged) => judged,
            None => Relevance::Perhaps,
        },
        answered: row.disposition == Disposition::Answered.as_str(),
    }
}

/// The line with which the brand's section gets one exclusion more.
pub fn line(brand: &Brand, phrase: &str) -> String {
    let all = brand.exclusions.iter().map(String::as_str).chain([phrase]);
    let all: Vec<toml::Value> = all.map(toml::Value::from).collect();
    format!("exclusions = {}", toml::Value::Array(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_one_that_the_configuration_takes() {
        let mut brand = Brand::new("vento", jiff::tz::TimeZone::UTC);
        brand.exclusions = vec!["via col \"vento\"".to_owned()];
        let line = line(&brand, "a\\b");
        let read: toml::Table = toml::from_str(&line).unwrap();
        let list = read["exclusions"].as_array().unwrap();
        assert_eq!(list[0].as_str(), Some("via col \"vento\""));
        assert_eq!(list[1].as_str(), Some("a\\b"));
    }
}
