//! The page about the life of a case: the picture is drawn from the table by which moves are checked.

use crate::domain::case::mermaid;

/// The page.
pub(super) fn page() -> String {
    format!("{HEAD}\n```mermaid\n{}```\n{TAIL}", mermaid())
}

const HEAD: &str = "\
# The life of a case

A *case* is what a brand owes to one author in one thread. It holds a debt for each message that is \
owed an answer; its state follows from these debts and from who attends to it. Moves that are not \
drawn here are refused.
";

const TAIL: &str = "
A case in the states waiting, taken, snoozed or moved is open: it owes an answer and has a time at \
which the clock acts on it. The others are ends; only what was promised or planned has a time there.

* **Deadlines** run from the customer's message: the first answer by `first_response`, an answer that \
follows one of yours by `next_response`, both in business hours and never later than \
`answer_at_latest`. While you wait for the customer nothing runs. Thanks start nothing.
* **Resolution** counts the business time in which a complaint was yours to answer, over all of its \
messages. When a case takes longer than `resolution`, that is told once. A person who closes the case \
ends that clock.
* **Taken** is a lease: it runs out unless it is renewed, and it stops no deadline. What was \
taken by a link that proves nobody, anybody who is known takes over. **Snoozed** comes back by itself, \
after thirty days at most.
* **Moved** means that the customer was asked into private. It is answered when the same author \
writes privately on the same network and is answered there, or when a person says that the contact \
happened; after 24 hours without either it is owed again.
* **Handed over** is a flag. The case stays in its state, and its clock runs.
* An **edit** before the answer can only raise what is owed: what is worse now is told, and comes back \
though the case was put off. After the answer the text is looked at \
again: a complaint is owed and told anew, anything else that owes something is looked at. What was \
once heard as a complaint counts as one, unless a person says that it is none. A **deletion** ends \
what is owed for that message.
* What is only to be **looked at** is called a complaint or a question by a person, and is told, due and \
counted as that from then on.
* A new message below a case that ended opens it again. An act ends what its agent had seen; what \
came since stays owed.
* **Questions** have deadlines of their own and ring nobody.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::State;

    #[test]
    fn every_state_stands_in_the_picture() {
        let page = page();
        let picture = page.split("```").nth(1).unwrap();
        for state in State::ALL {
            assert!(picture.contains(state.as_str()), "{state} is missing");
        }
    }
}
