//! The share unheard of each brand, counted while the mentions are walked.

use super::types::BrandShare;
use super::walk::Line;
use crate::domain::Instant;
use crate::domain::ledger::Counted;
use crate::domain::obligation::{Owing, VoidReason};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lanes;
use std::collections::BTreeMap;

/// By brand.
pub(super) type Shares = BTreeMap<String, BrandShare>;

/// Every brand that is known, with nothing counted.
pub(super) async fn of_brands(tx: &mut Tx) -> Result<Shares, StoreError> {
    let brands = lanes::brands(tx).await?;
    let empty = |brand: String| BrandShare { brand, ..BrandShare::default() };
    Ok(brands.into_iter().map(|b| (b.name.clone(), empty(b.name))).collect())
}

/// Counts one mention, if an answer is or was owed for it.
pub(super) fn count(line: &Line, now: Instant, shares: &mut Shares) -> Result<(), String> {
    let (Some(owing), Some(standing)) = (&line.owing, &line.standing) else { return Ok(()) };
    let Some(share) = shares.get_mut(&line.brand) else {
        return Err(format!("its brand {} is not known", line.brand));
    };
    let counted = match owing.parse()? {
        Owing::Complaint => &mut share.complaints,
        Owing::Question => &mut share.questions,
        // Nobody knows yet what it is; a person's look makes it one of the two or ends it.
        Owing::Look => return Ok(()),
    };
    let void: Option<VoidReason> = match standing.as_str() {
        "void" => Some(line.reason.as_deref().unwrap_or_default().parse()?),
        _ => None,
    };
    match void {
        Some(VoidReason::NotComplaint) => share.not_complaint += 1,
        Some(VoidReason::NotAboutUs) => share.not_about_us += 1,
        void => {
            let by_person = matches!(void, Some(VoidReason::Waived | VoidReason::Closed));
            counted.count(
                Counted {
                    created_at: Instant(line.created_at),
                    answered_at: line.ended_at.filter(|_| standing == "met").map(Instant),
                    waived: by_person,
                    // Whoever acts on one has opened it; a choice about the whole does not.
                    baseline: line.first_look == Some(true),
                },
                now,
            );
        }
    }
    Ok(())
}
