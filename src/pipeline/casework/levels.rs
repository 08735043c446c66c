//! The levels of a batch's cases: brought up to date with every event, and who hears at which.

use super::Work;
use crate::domain::case::Effect;
use crate::domain::escalation::{self, EscalationPolicy};
use crate::domain::hours::Calendar;
use crate::domain::reason::Reason;
use crate::domain::{Brand, CaseId, Instant};

impl Work<'_> {
    /// Brings the escalation of a case up to date with what just happened to it, and takes out the
    /// word about a passed deadline where a level has brought it already.
    pub(super) fn climb(
        &mut self,
        id: CaseId,
        effects: &mut Vec<Effect>,
        begins: Option<(Instant, Instant, bool)>,
    ) {
        let deps = self.deps;
        let Some(file) = self.files.get_mut(&id) else { return };
        let case = &mut file.case;
        let brand = deps.brands.get(&case.brand);
        let policy = brand.and_then(policy);
        if policy.is_some_and(|(policy, _)| policy.told_overdue(case, self.now)) {
            effects.retain(|e| *e != Effect::Alert(Reason::Overdue));
        }
        let silent = begins
            .zip(brand)
            .is_some_and(|((since, heard, _), brand)| brand.silence(since, heard).is_some());
        let told = !silent && effects.iter().any(|e| matches!(e, Effect::Alert(_)));
        case.escalation = escalation::plan(policy, case, told, self.now);
    }

    /// The level that the clock brings a case to, if one is due by the configuration of now.
    /// What is due no more, because the configuration changed, is only written down.
    pub fn rises(&mut self, id: CaseId) -> Option<u8> {
        self.climb(id, &mut Vec::new(), None);
        self.touched.insert(id);
        let case = &self.files.get(&id)?.case;
        let (policy, calendar) = self.deps.brands.get(&case.brand).and_then(policy)?;
        escalation::rises(policy, calendar, case, self.now)
    }

    /// Who hears of what happens to a case: those of its level, or of the one that the clock brought
    /// a complaint of it to; of a broken promise also those of the level that hears of passed deadlines;
    /// all recipients of a brand that has no levels.
    pub(super) fn told(&self, id: CaseId, brand: &Brand, reason: Reason) -> Vec<String> {
        let Some(policy) = &brand.escalation else { return brand.recipients.clone() };
        let case = self.files.get(&id).map(|f| &f.case);
        let level = case.map_or(0, |case| match reason {
            Reason::Escalated => case.escalation.rang,
            _ => case.escalation.level,
        });
        // It climbs no levels: its case was answered, as a rule, and owes nothing.
        let late = case.filter(|_| reason == Reason::PromiseBroken).map(|case| {
            policy.late(case.obligations.iter().map(|o| o.severity).max().unwrap_or(0))
        });
        let known = |who: &str| self.deps.recipients.contains_key(who);
        let mut told: Vec<String> = Vec::new();
        for level in std::iter::once(level).chain(late) {
            for who in policy.told(level, &self.deps.rotas, known, self.now) {
                if !told.contains(&who) {
                    told.push(who);
                }
            }
        }
        // `check` refuses a policy with such an hour; the alarm goes to whoever is left.
        if told.is_empty() { brand.recipients.clone() } else { told }
    }

    /// What an alert about a case says beside its reason: the level that the clock brought.
    pub(super) fn title(&self, id: CaseId, reason: Reason) -> String {
        match self.files.get(&id) {
            Some(file) if reason == Reason::Escalated => file.case.escalation.rang.to_string(),
            _ => String::new(),
        }
    }
}

fn policy(brand: &Brand) -> Option<(&EscalationPolicy, &Calendar)> {
    Some((brand.escalation.as_ref()?, &brand.calendar))
}
