//! Whom what happens to a batch's cases is told, or the record why nobody is told.

use super::Work;
use crate::domain::reason::Reason;
use crate::domain::{AlertId, CaseId, Instant};
use crate::store::outbox::NewAlert;

impl Work<'_> {
    /// Alerts those of the level that the case has come to (without levels, every recipient of the
    /// brand), or records why nobody is alerted.
    pub fn ring(&mut self, id: CaseId, reason: Reason, begins: Option<(Instant, Instant, bool)>) {
        let Some(brand) = self.files.get(&id).map(|f| f.case.brand.clone()) else { return };
        let Some(brand) = self.deps.brands.get(&brand) else {
            return self.alert(id, "", Reason::NoRecipient, None);
        };
        if let Some((since, heard, _)) = begins
            && let Some(silence) = brand.silence(since, heard)
        {
            self.sum_up(id, since);
            return self.alert(id, "", silence, None);
        }
        let told = self.told(id, brand, reason);
        if told.is_empty() {
            return self.alert(id, "", Reason::NoRecipient, None);
        }
        for recipient in &told {
            self.alert(id, recipient, reason, Some(self.now));
        }
    }

    /// A complaint that was too old for an alert of its own goes into its channel's digest.
    fn sum_up(&mut self, id: CaseId, since: Instant) {
        let Some(file) = self.files.get(&id) else { return };
        let of = (file.case.channel.clone(), file.case.brand.clone());
        let (count, oldest) = self.late.entry(of).or_insert((0, since));
        *count += 1;
        *oldest = since.min(*oldest);
    }

    /// Tells a recipient of a case, or records with an empty one why nobody is told.
    pub(super) fn alert(
        &mut self,
        id: CaseId,
        recipient: &str,
        reason: Reason,
        due_at: Option<Instant>,
    ) {
        let title = self.title(id, reason);
        let Some(file) = self.files.get(&id) else { return };
        self.alerts.push(NewAlert {
            id: AlertId(self.deps.ids.next(self.now)),
            key: format!("{id}.{}.{reason}.{recipient}", file.events),
            brand: file.case.brand.clone(),
            case: Some(id),
            channel: String::new(),
            recipient: recipient.to_owned(),
            reason,
            title,
            body: String::new(),
            due_at,
            live: id.to_string(),
        });
    }
}
