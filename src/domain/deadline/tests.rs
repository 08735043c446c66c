//! Deadlines by policy: severity, cap, what follows an answer, and the rules that differ.

use super::*;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn debt(owing: Owing, severity: u8, since: Instant) -> Owed<'static> {
    let (network, language) = ("x", Lang::IT);
    Owed { network, language, owing, severity, since, heard_at: since, next: false }
}

#[test]
fn severity_shortens_and_the_cap_holds() {
    let office = Calendar::office(TimeZone::get("Europe/Rome").unwrap());
    let sla = SlaPolicy { answer_at_latest: 20 * HOUR, ..SlaPolicy::default() };
    let friday = Instant::parse("2026-11-20T17:00:00+01:00").unwrap();
    let due = |owing, severity| sla.due(&office, &debt(owing, severity, friday));
    assert_eq!(due(Owing::Complaint, 3), friday + HOUR);
    assert_eq!(due(Owing::Complaint, 1), friday + 20 * HOUR, "Monday is too late");
    assert!(due(Owing::Question, 0) >= due(Owing::Complaint, 1));
}

#[test]
fn a_date_in_the_future_counts_from_hearing() {
    let always = Calendar::always(TimeZone::UTC);
    let heard = Instant(1_000_000);
    let early = Owed { heard_at: heard, ..debt(Owing::Complaint, 3, heard + 90 * HOUR) };
    assert_eq!(SlaPolicy::default().due(&always, &early), heard + HOUR);
}

#[test]
fn what_follows_an_answer_has_a_duration_of_its_own_where_one_is_named() {
    let mut sla = SlaPolicy::default();
    let next = |owing, severity| Owed { next: true, ..debt(owing, severity, Instant(0)) };
    assert_eq!(sla.response(&next(Owing::Complaint, 2)), 4 * HOUR, "as the first");
    sla.next_response = Some([3 * HOUR, 2 * HOUR, HOUR]);
    assert_eq!(sla.response(&next(Owing::Complaint, 2)), 2 * HOUR);
    assert_eq!(sla.response(&debt(Owing::Complaint, 2, Instant(0))), 4 * HOUR);
    assert_eq!(sla.response(&next(Owing::Question, 0)), 16 * HOUR, "questions have their own");
}

#[test]
fn the_most_specific_rule_wins_term_by_term() {
    let rule = SlaRule::default;
    let sla = SlaPolicy {
        rules: vec![
            SlaRule { network: Some("x".into()), first_response: Some(30), ..rule() },
            SlaRule {
                network: Some("x".into()),
                severity: Some(3),
                first_response: Some(10),
                ..rule()
            },
            SlaRule { kind: Some(Owing::Question), first_response: Some(70), ..rule() },
            SlaRule { language: Some(Lang::DE), answer_at_latest: Some(5), ..rule() },
            SlaRule { severity: Some(3), resolution: Some(900), ..rule() },
        ],
        ..SlaPolicy::default()
    };
    let always = Calendar::always(TimeZone::UTC);
    let at = |owed: &Owed<'_>| sla.due(&always, owed).0;
    let severe = debt(Owing::Complaint, 3, Instant(0));
    assert_eq!(at(&severe), 10);
    assert_eq!(at(&debt(Owing::Complaint, 1, Instant(0))), 30);
    assert_eq!(at(&Owed { network: "mail", ..debt(Owing::Question, 2, Instant(0)) }), 70);
    assert_eq!(at(&Owed { language: Lang::DE, ..severe }), 5, "the cap of another rule holds too");
    assert_eq!(at(&Owed { next: true, ..severe }), 10, "none is named for what follows");
    assert_eq!(
        (sla.resolution(&severe), sla.resolution(&debt(Owing::Look, 3, Instant(0)))),
        (Some(900), None)
    );
}

#[test]
fn ties_and_rules_that_never_count_are_found() {
    let on = |network: &str, severity| SlaRule {
        network: (!network.is_empty()).then(|| network.to_owned()),
        severity,
        first_response: Some(HOUR),
        ..SlaRule::default()
    };
    let doubts =
        |rules: Vec<SlaRule>| SlaPolicy { rules, ..SlaPolicy::default() }.doubts(&["x", "mail"]);
    assert!(doubts(vec![on("x", None), on("mail", None), on("x", Some(3))]).is_empty());
    let tie = Doubt::Tie { one: 0, other: 1, term: Term::FirstResponse };
    assert_eq!(doubts(vec![on("x", None), on("", Some(3))]), [tie]);
    let settled = vec![on("x", None), on("", Some(3)), on("x", Some(3))];
    assert!(doubts(settled).is_empty(), "the third rule says who wins");
    assert_eq!(doubts(vec![on("x", None), on("x", None)]), [tie]);
    let question = SlaRule { kind: Some(Owing::Question), ..on("", Some(2)) };
    assert_eq!(doubts(vec![question]), [Doubt::Never { rule: 0 }], "questions have no severity");
    let measured = SlaRule { resolution: Some(HOUR), ..SlaRule::default() };
    let shadowed = vec![on("x", None), on("mail", None), measured];
    assert!(doubts(shadowed).is_empty(), "it says what they do not");
    let never = vec![on("x", None), on("mail", None), on("", None)];
    assert_eq!(doubts(never), [Doubt::Never { rule: 2 }], "each network has a rule of its own");
    let asked = SlaRule { resolution: Some(HOUR), kind: Some(Owing::Look), ..SlaRule::default() };
    assert_eq!(doubts(vec![asked]), [Doubt::Never { rule: 0 }], "looks are not resolved");
}

fn any_rule() -> impl Strategy<Value = SlaRule> {
    let network = proptest::option::of(prop_oneof![Just("x".to_owned()), Just("mail".to_owned())]);
    let language = proptest::option::of(prop_oneof![Just(Lang::IT), Just(Lang::DE)]);
    let kind = proptest::option::of((0usize..3).prop_map(|k| Owing::ALL[k]));
    let severity = proptest::option::of(0u8..4);
    let duration = || proptest::option::of(1i64..100);
    (network, language, kind, severity, duration(), duration()).prop_map(
        |(network, language, kind, severity, first_response, next_response)| SlaRule {
            network,
            language,
            kind,
            severity,
            first_response,
            next_response,
            ..SlaRule::default()
        },
    )
}

proptest! {
    /// Whatever the rules: without a tie their order says nothing, and no answer is due before the
    /// customer wrote or after the cap.
    #[test]
    fn the_order_of_the_rules_says_nothing(
        rules in proptest::collection::vec(any_rule(), 0..6),
        severity in 0u8..4, kind in 0usize..3, next: bool, start in 0i64..100_000_000,
    ) {
        let sla = SlaPolicy { rules, ..SlaPolicy::default() };
        let owed = Owed { next, ..debt(Owing::ALL[kind], severity, Instant(start)) };
        let office = Calendar::office(TimeZone::UTC);
        let due = sla.due(&office, &owed);
        prop_assert!(due >= owed.since && due <= owed.since + sla.answer_at_latest);
        let tie = |d: &Doubt| matches!(d, Doubt::Tie { .. });
        if !sla.doubts(&["x", "mail"]).iter().any(tie) {
            let mut turned = sla.clone();
            turned.rules.reverse();
            prop_assert_eq!(turned.due(&office, &owed), due);
        }
    }
}
