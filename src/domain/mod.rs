//! The words of the product as types, and every rule that needs no clock, network or database.
//!
//! Nothing here imports the rest of the crate; time and ids come in as arguments.

pub mod brand;
pub mod case;
pub mod circuit;
pub mod commitment;
pub mod coverage;
pub mod customer;
pub mod deadline;
pub mod delivery;
pub mod escalation;
pub mod first_look;
pub mod hours;
pub mod id;
pub mod label;
pub mod ledger;
pub mod length;
pub mod mention;
pub mod obligation;
pub mod person;
pub mod plan;
pub mod priority;
pub mod promise;
pub mod public;
pub mod reason;
pub mod rota;
pub mod sample;
pub mod silence;
pub mod storm;
pub mod text;
pub mod time;
pub mod verdict;

pub use brand::{Brand, Campaign, FollowUpRule, Pledge};
pub use commitment::{Commitment, CommitmentKind, CommitmentState};
pub use id::{
    AlertId, CaseId, EventId, GapId, HandoverId, LinkId, MentionId, MuteId, PersonId, ReplyId,
    StormId,
};
pub use mention::{Attachment, Author, Bands, Mark, Mention, MentionKind, MentionRef, Visibility};
pub use time::Instant;
pub use verdict::{Kind, Lang, PerMillion, Relevance, Risk, Topic, Verdict, Why};
