//! What a thread shows, and what became of a reply there.

use crate::domain::{Instant, Lang, Mention};

/// One post of a thread, as the network shows it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadEntry {
    /// The network's id.
    pub external_id: String,
    /// What it answers.
    pub parent_id: Option<String>,
    /// Who wrote it.
    pub author_id: String,
    /// The author's handle.
    pub author_handle: String,
    /// What was written.
    pub text: String,
    /// Its language, where the network tells.
    pub language: Option<Lang>,
    /// When.
    pub created_at: Instant,
    /// When it was last changed.
    pub edited_at: Option<Instant>,
    /// Where a person sees it.
    pub url: String,
}

/// A thread as the network shows it now.
#[derive(Clone, Debug, Default)]
pub struct ThreadView {
    /// Its posts, as far as the network shows them.
    pub entries: Vec<ThreadEntry>,
    /// The mention that was asked about is not there any more.
    pub gone: bool,
    /// The mention that was asked about as it stands now, if the network gives it whole.
    pub mention: Option<Box<Mention>>,
}

/// One piece of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The text as it will stand there.
    pub text: String,
}

/// What a post came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It stands there.
    Done {
        /// The network's id.
        external_id: String,
        /// Where a person sees it.
        url: String,
    },
    /// It was accepted and will show later.
    Queued,
}

/// What a look for our own post found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It stands there: our author, the same parent, the same text, a time in range.
    There {
        /// The network's id.
        external_id: String,
        /// Where a person sees it.
        url: String,
        /// When it was posted.
        at: Instant,
    },
    /// It does not show. Alone this never allows another post.
    Absent {
        /// Whether the network showed all there is.
        complete: bool,
    },
    /// It waits there for moderation.
    Pending,
}
