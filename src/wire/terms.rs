//! `Terms`: what a network's terms ask of us, and how soon that is due.

/// What the network's terms ask of us.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Stored content must be refreshed within this many milliseconds.
    pub refresh_within: Option<i64>,
    /// Deleted content must be deleted within this many milliseconds.
    pub delete_within: Option<i64>,
    /// Whether its content may train a model.
    pub training_allowed: bool,
    /// Whether a reply may be sent without a person (a brand's acknowledgement).
    pub automated_replies_allowed: bool,
}

impl Terms {
    /// After how many milliseconds a stored mention is read again: half of the shorter span, so
    /// that a try may fail and what is found gone is still deleted in time. `None`: the terms ask
    /// for nothing.
    pub fn recheck_every(&self) -> Option<i64> {
        let spans = [self.refresh_within, self.delete_within];
        spans.into_iter().flatten().min().map(|ms| ms / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn the_shorter_span_decides() {
        let every = |refresh_within, delete_within| {
            Terms { refresh_within, delete_within, ..Terms::default() }.recheck_every()
        };
        assert_eq!(every(None, None), None);
        assert_eq!(every(Some(30 * DAY), None), Some(15 * DAY));
        assert_eq!(every(Some(30 * DAY), Some(2 * DAY)), Some(DAY));
    }
}
