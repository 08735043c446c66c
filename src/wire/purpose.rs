//! `Purpose`: what a conversation is for, and so what it must leave of each limit behind it.
//!
//! | purpose | leaves |
//! |---|---|
//! | replies and what they need, alerts, log-ins | nothing |
//! | polls | the reserve |
//! | the look before an alert | the reserve, and polling a quarter of the rest |
//! | re-reads in their turn, the past | the reserve, and polling a half of the rest |
//!
//! The share of polling is that of the time which a window still has: half of a fresh window, and
//! nothing at its end. So in a storm of complaints polls keep their pace, an alert goes out not
//! re-checked rather than late, and re-reads go on with whatever polls leave over.

use super::ask::BucketRule;
use crate::domain::plan::{KEPT_FROM_LOOKS, KEPT_FROM_REREADS};

/// What a conversation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Posting a reply, looking for it, and the reading without which none is posted.
    Reply,
    /// Telling people.
    Alert,
    /// Logging in, or trying a credential while a person waits.
    LogIn,
    /// Reading a lane.
    Poll,
    /// Reading a thread before an alert, which goes out without that too.
    Look,
    /// Reading again what was heard: threads in their turn, and the past.
    Reread,
}

impl Purpose {
    /// How many of a bucket it leaves whatever the time.
    pub fn reserve(self, rule: BucketRule) -> i64 {
        match self {
            Purpose::Reply | Purpose::Alert | Purpose::LogIn => 0,
            Purpose::Poll | Purpose::Look | Purpose::Reread => i64::from(rule.reserve),
        }
    }

    /// Beyond the reserve it leaves polling one part in so many; `None`: it leaves it nothing.
    pub fn polling_keeps(self) -> Option<i64> {
        match self {
            Purpose::Reply | Purpose::Alert | Purpose::LogIn | Purpose::Poll => None,
            Purpose::Look => Some(KEPT_FROM_LOOKS),
            Purpose::Reread => Some(KEPT_FROM_REREADS),
        }
    }

    /// The same once it has begun. A re-read that stopped half-way would have spent for nothing,
    /// and would do so again the next time, so it may go on as far as a look.
    pub fn begun(self) -> Purpose {
        match self {
            Purpose::Reread => Purpose::Look,
            other => other,
        }
    }
}
