//! Whose a take is: a person's, or that of whoever holds a link, which proves nobody and yields.

use super::{Attention, Case};
use crate::domain::time::Instant;

/// How a name begins under which a link acts that proves no person.
const LINK: &str = "link:";

/// The name under which a link acts that proves no person.
pub fn by_link(recipient: &str) -> String {
    format!("{LINK}{recipient}")
}

/// The recipient by whose link somebody acted; `None` where the name says who it was.
pub fn link_of(by: &str) -> Option<&str> {
    by.strip_prefix(LINK)
}

/// Whether what `owner` has taken is kept from `by`. What was taken by a link is not kept from
/// anybody who is known: nobody could be asked for it, and whoever took it may be the same person.
fn is_of_another(owner: &str, by: &str) -> bool {
    owner != by && (link_of(owner).is_none() || link_of(by).is_some())
}

impl Case {
    /// Who else has taken it and until when, where that keeps it from `by`.
    pub fn taken_from(&self, by: &str) -> Option<(&str, Instant)> {
        match &self.attention {
            Attention::Taken { by: owner, until } if is_of_another(owner, by) => {
                Some((owner.as_str(), *until))
            }
            _ => None,
        }
    }

    /// Whether it was taken by a link, which proves no person.
    pub fn is_taken_by_link(&self) -> bool {
        matches!(&self.attention, Attention::Taken { by, .. } if link_of(by).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::opened;
    use super::super::{CaseEvent, State, VoidReason, apply};
    use super::*;
    use crate::domain::time::HOUR;

    #[test]
    fn a_link_yields_to_a_person_and_to_no_other_link() {
        for (owner, by, kept) in [
            ("ada", "ada", false),
            ("ada", "bob", true),
            ("ada", "link:hall", true),
            ("link:hall", "ada", false),
            ("link:hall", "link:hall", false),
            ("link:hall", "link:room", true),
        ] {
            assert_eq!(is_of_another(owner, by), kept, "{by} where {owner} took it");
        }
        assert_eq!((link_of(&by_link("hall")), link_of("ada")), (Some("hall"), None));
    }

    #[test]
    fn what_a_link_took_a_person_takes_over_ends_or_gives_back() {
        let now = Instant(1);
        let take = |by: &str| CaseEvent::Taken { by: by.into(), until: Instant(HOUR) };
        let waive = |by: &str| CaseEvent::Voided {
            reason: VoidReason::Waived,
            by: by.into(),
            note: "n".into(),
            spares: Vec::new(),
        };
        let (case, _) = apply(opened(), take("link:hall"), now).unwrap();
        assert!(case.is_taken_by_link());
        for refused in [take("link:room"), waive("link:room")] {
            let why = apply(case.clone(), refused, now).unwrap_err();
            assert!(why.0.starts_with("link:hall has taken this case until"), "{why}");
        }
        let (ended, _) = apply(case.clone(), waive("ada"), now).unwrap();
        assert_eq!(ended.state(), State::Waived);
        let back = CaseEvent::Released { by: "ada".into() };
        let (free, _) = apply(case.clone(), back, now).unwrap();
        assert_eq!(free.attention, Attention::Free);
        let (hers, _) = apply(case, take("ada"), now).unwrap();
        assert_eq!(hers.taken_from("link:hall"), Some(("ada", Instant(HOUR))));
        assert!(apply(hers, take("link:hall"), now).is_err(), "a person yields to no link");
    }
}
