//! The words of the product as types, and every rule that needs no clock, network or database.
//!
//! Nothing here imports the rest of the crate; time and ids come in as arguments.

pub mod id;
pub mod mention;
pub mod text;
pub mod time;
pub mod verdict;

pub use id::{AlertId, CaseId, EventId, GapId, MentionId, ReplyId};
pub use mention::{Attachment, Author, Mention, MentionKind, MentionRef, Visibility};
pub use time::Instant;
pub use verdict::{Kind, Lang, PerMillion, Relevance, Risk, Topic, Verdict, Why};
