//! The table of moves: which event may meet which state, and where it may lead.

use super::{EventName, State};
use EventName as E;
use State::*;

const OWED: &[State] = &[Waiting, Taken, Snoozed, Moved];
const CALLABLE: &[State] = &[Waiting, Taken, Snoozed, Moved, Answered];
const REOPENABLE: &[State] = &[Answered, Waived, Closed, NotOwed];
const ALL: &[State] =
    &[Waiting, Taken, Snoozed, Moved, Answered, Waived, Closed, Withdrawn, NotOwed];

/// Event, the states it may meet, the states it may lead to.
///
/// Partial ends (one of several debts answered, withdrawn or ended by a person) stay in the state they
/// were in.
pub const EDGES: &[(EventName, &[State], &[State])] = &[
    (E::Owed, ALL, &[Waiting, Taken]),
    (E::Raised, OWED, OWED),
    (E::Called, CALLABLE, CALLABLE),
    (E::Withdrawn, ALL, ALL),
    (E::Answered, OWED, ALL),
    (E::Taken, OWED, &[Taken]),
    (E::Released, &[Taken], &[Waiting]),
    (E::TakeRanOut, &[Taken], &[Waiting]),
    (E::Snoozed, &[Waiting, Taken, Snoozed], &[Snoozed]),
    (E::SnoozeOver, &[Snoozed], &[Waiting]),
    (E::Moved, &[Waiting, Taken, Snoozed], &[Moved]),
    (E::MoveLapsed, &[Moved], &[Waiting]),
    (E::Voided, OWED, ALL),
    (E::Reopened, REOPENABLE, &[Waiting]),
    (E::Opened, ALL, ALL),
    (E::BeforeUs, OWED, ALL),
    (E::HandedOver, OWED, OWED),
    (E::TakenBack, ALL, ALL),
    (E::TicketFiled, ALL, ALL),
    (E::TicketClosed, ALL, ALL),
    (E::TicketOpened, ALL, ALL),
    (E::Overdue, &[Waiting, Taken], &[Waiting, Taken]),
    (E::NotResolved, &[Waiting, Taken], &[Waiting, Taken]),
    (E::StillOwed, &[Waiting], &[Waiting]),
    (E::Escalated, &[Waiting, Taken], &[Waiting, Taken]),
    (E::Acknowledged, OWED, OWED),
    // Dates that we gave or set run beside the debts and move no state.
    (E::Promised, ALL, ALL),
    (E::FollowUpSet, ALL, ALL),
    (E::Kept, ALL, ALL),
    (E::Corrected, ALL, ALL),
    (E::Dropped, ALL, ALL),
    (E::PromiseNear, ALL, ALL),
    (E::PromiseBroken, ALL, ALL),
    (E::FollowUpDue, ALL, ALL),
];

/// Whether the event may meet a case in that state.
pub(super) fn allowed(state: State, event: EventName) -> bool {
    EDGES.iter().any(|(e, from, _)| *e == event && from.contains(&state))
}

/// Whether the event may lead from the one state to the other.
pub(super) fn lands(from: State, event: EventName, to: State) -> bool {
    EDGES.iter().any(|(e, f, t)| *e == event && f.contains(&from) && t.contains(&to))
}

/// What these change stands beside the state.
const FLAGS: &[EventName] =
    &[E::Called, E::HandedOver, E::Overdue, E::NotResolved, E::Escalated, E::Acknowledged];

/// The picture for the docs, in Mermaid: only moves between states, self-loops left out.
pub fn mermaid() -> String {
    let mut out = String::from("stateDiagram-v2\n    [*] --> waiting: owed\n");
    for (event, from, to) in EDGES {
        // These may end anywhere by what they leave owed; their usual way is drawn.
        let to: &[State] = match event {
            E::Answered => &[Answered],
            E::Withdrawn => &[Withdrawn],
            E::Voided => &[Waived, Closed, NotOwed],
            E::Owed | E::Raised => &[Waiting],
            E::Opened
            | E::TakenBack
            | E::TicketFiled
            | E::TicketClosed
            | E::TicketOpened
            | E::Promised
            | E::FollowUpSet
            | E::Kept
            | E::Corrected
            | E::Dropped
            | E::PromiseNear
            | E::PromiseBroken
            | E::FollowUpDue => &[],
            E::BeforeUs => &[Waived],
            _ => to,
        };
        let from: &[State] = match event {
            E::Withdrawn => OWED,
            E::Raised => &[Snoozed, Moved],
            _ => from,
        };
        for (f, t) in from.iter().flat_map(|f| to.iter().map(move |t| (f, t))) {
            let keeps = FLAGS.contains(event) || (*event == E::Owed && *f == Taken);
            if f != t && !keeps {
                out.push_str(&format!("    {f} --> {t}: {event}\n"));
            }
        }
    }
    out
}
