//! Which of several alerts of one case goes, and which of the others it makes needless.

use super::*;

fn row(id: &str, reason: Reason) -> AlertRow {
    AlertRow {
        id: id.to_owned(),
        key: id.to_owned(),
        brand: "acme".to_owned(),
        case_id: None,
        channel: String::new(),
        recipient: "room".to_owned(),
        reason: reason.to_string(),
        state: "due".to_owned(),
        title: String::new(),
        body: String::new(),
        created_at: 0,
        due_at: Some(0),
        attempts: 0,
        sent_at: None,
        fault: String::new(),
        live: "case".to_owned(),
        held: String::new(),
        told_in: String::new(),
        wake: String::new(),
        night: None,
        fence: 0,
    }
}

/// The ids of what goes, and of what it says all of.
fn chosen(rows: &[(&str, Reason)]) -> (Vec<String>, Vec<String>) {
    let (go, old) = newest(rows.iter().map(|(id, reason)| row(id, *reason)).collect());
    (go.into_iter().map(|row| row.id).collect(), old)
}

#[test]
fn the_newest_of_a_case_says_it_all_but_what_brings_up_to_date_follows() {
    let (go, old) = chosen(&[
        ("1", Reason::ReplyUnknown),
        ("2", Reason::NewComplaint),
        ("3", Reason::Overdue),
        ("4", Reason::CaseMoved),
    ]);
    assert_eq!((go, old), (vec!["1".to_owned()], vec!["2".to_owned(), "3".to_owned()]));
}

#[test]
fn a_date_that_turns_out_needless_takes_no_complaint_with_it() {
    let both = [("1", Reason::NewComplaint), ("2", Reason::PromiseNear)];
    assert_eq!(chosen(&both), (vec!["2".to_owned()], vec![]));
    let both = [("1", Reason::FollowUpDue), ("2", Reason::Again)];
    assert_eq!(chosen(&both), (vec!["2".to_owned()], vec![]));
    let dates = [("1", Reason::PromiseNear), ("2", Reason::PromiseBroken)];
    assert_eq!(chosen(&dates), (vec!["2".to_owned()], vec!["1".to_owned()]));
}

#[test]
fn what_wakes_waits_for_no_room() {
    let fire = row("1", Reason::NewComplaint);
    let fire = AlertRow { case_id: Some(CaseId(7).to_string()), ..fire };
    let grave = HashMap::from([(CaseId(7), vec![Risk::Safety])]);
    assert!(is_grave(&fire, &grave) && !is_grave(&fire, &HashMap::new()));
    let update = AlertRow { reason: Reason::CaseMoved.to_string(), ..fire };
    assert!(!is_grave(&update, &grave) && !is_grave(&row("2", Reason::Storm), &grave));
}
