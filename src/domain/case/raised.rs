//! Debts that weigh more than was thought: by what the customer made of the text, or by the word of a
//! person who looked.

use super::life::rings;
use super::{Attention, Case, Effect, NotAllowed, State};
use crate::domain::id::MentionId;
use crate::domain::obligation::{Obligation, Owing, Standing};
use crate::domain::reason::Reason;
use crate::domain::time::Instant;

impl Case {
    /// The debts of which a person may say that they are this: what is owed as something less urgent;
    /// where all is answered, what the latest answer met.
    pub fn callable(&self, owing: Owing) -> impl Iterator<Item = &Obligation> {
        let answered = self.state() == State::Answered;
        let latest = self.obligations.iter().filter_map(met_at).max().filter(|_| answered);
        let is_meant = move |o: &Obligation| o.is_owed() || latest.is_some() && met_at(o) == latest;
        self.obligations.iter().filter(move |o| o.owing > owing && is_meant(o))
    }
}

fn met_at(o: &Obligation) -> Option<Instant> {
    match &o.standing {
        Standing::Met { at, .. } => Some(*at),
        _ => None,
    }
}

/// The customer's text may weigh more than before. What it makes worse is told, and like a new word
/// ends a snooze and a wait for private contact, not a take: whoever put the case off had not read it.
pub(super) fn raise(
    case: &mut Case,
    mention: MentionId,
    (owing, severity, grave): (Owing, u8, bool),
    due: Instant,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    let Some(o) = case.obligations.iter_mut().find(|o| o.mention == mention && o.is_owed()) else {
        return Err(NotAllowed("that mention is not owed an answer here".to_owned()));
    };
    let was = (o.owing, o.severity);
    o.raise(owing, severity, due);
    if o.first_look {
        return Ok(());
    }
    let worse = grave || o.owing < was.0 || o.severity > was.1;
    let rings_now = worse && o.owing == Owing::Complaint;
    effects.extend(rings_now.then_some(Effect::Alert(Reason::Again)));
    effects.push(Effect::Draft);
    if worse && !matches!(case.attention, Attention::Taken { .. }) {
        case.attention = Attention::Free;
        // What was acknowledged was less than this.
        case.escalation.acked = None;
    }
    Ok(())
}

/// A person says what debts are. Whoever put the case off, or took it, still has it: nothing new was
/// written.
pub(super) fn called(
    case: &mut Case,
    owing: Owing,
    debts: &[(MentionId, Instant)],
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    let complained = rings(case);
    let meant: Vec<MentionId> = case.callable(owing).map(|o| o.mention).collect();
    let (mut any, mut owed) = (false, false);
    for o in case.obligations.iter_mut().filter(|o| meant.contains(&o.mention)) {
        let Some((_, due)) = debts.iter().find(|(mention, _)| *mention == o.mention) else {
            continue;
        };
        any = true;
        owed |= o.is_owed();
        // A deadline that passed, or waits for the choice about a first look, was another one's.
        let stood = o.due;
        let due = match (o.is_owed(), o.first_look || o.overdue_told) {
            (true, true) => *due,
            (true, false) => stood.min(*due),
            (false, _) => stood,
        };
        let severity = if owing == Owing::Complaint { o.severity.max(1) } else { o.severity };
        o.raise(owing, severity, due);
        o.due = due;
        // Whoever says what it is has opened it.
        o.first_look = false;
        o.overdue_told &= !o.is_owed();
    }
    if !any {
        return Err(NotAllowed(format!(
            "nothing here can be called a {owing}: it counts as one already, as something more \
             urgent, or a person ended it; reload the case to see how it stands"
        )));
    }
    if owed {
        effects.push(Effect::Draft);
        let reason = if complained { Reason::Again } else { Reason::NewComplaint };
        effects.extend((owing == Owing::Complaint).then_some(Effect::Alert(reason)));
    }
    Ok(())
}
