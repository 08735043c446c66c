//! Addresses stand below the public one; nobody but us makes an action link.

use super::*;
use crate::domain::Instant;
use proptest::prelude::*;

fn signer() -> Signer {
    Signer::new(&[7; 32])
}

fn action(act: Act) -> Action {
    Action {
        act,
        case: CaseId(0x0193_5000_0000_0000_0000_0000_0000_0001),
        recipient: "social-team".into(),
        expires: Instant(1_000),
        nonce: [3; 16],
    }
}

#[test]
fn addresses_stand_below_the_public_one() {
    let links = Links::new("https://a.example/listen/").unwrap();
    assert_eq!(links.inbox(), "https://a.example/listen/");
    assert_eq!(links.tray("acme"), "https://a.example/listen/?brand=acme&state=look");
    assert!(links.questions("a&b").ends_with("/?brand=a%26b&state=question"));
    let id = CaseId(1);
    assert_eq!(links.case(id), format!("https://a.example/listen/cases/{id}"));
    assert_eq!(links.act("a b/c"), "https://a.example/listen/act/a%20b%2Fc");
    assert_eq!(
        Links::new("http://127.0.0.1:7070").unwrap().at(path::HEALTH),
        "http://127.0.0.1:7070/healthz"
    );
}

#[test]
fn a_wrong_public_address_is_explained() {
    for wrong in
        ["ascolto.example", "ftp://a.example", "https://u:p@a.example", "https://a.example/?x=1"]
    {
        let why = Links::new(wrong).unwrap_err();
        assert!(why.contains("https://ascolto.example.com"), "{wrong}: {why}");
        assert!(!why.contains("u:p"), "a password is not repeated");
    }
}

#[test]
fn every_act_comes_back_as_it_was_signed() {
    for act in [Act::Take, Act::Waive, Act::Publish { draft_rev: 42 }, Act::Snooze, Act::Ack] {
        let token = signer().sign(&action(act));
        assert!(token.len() < 120, "short enough for a line: {}", token.len());
        assert_eq!(signer().check(&token, Instant(999)), Ok(action(act)));
    }
}

#[test]
fn what_is_about_an_alert_names_it_in_the_place_of_a_case() {
    let alert = crate::domain::AlertId(0x0193_5000_0000_0000_0000_0000_0000_0002);
    let said = Action { case: CaseId(0), ..action(Act::Woken { alert }) };
    let token = signer().sign(&said);
    assert_eq!(signer().check(&token, Instant(999)), Ok(said));
    let over = Err(LinkFault::Expired { case: CaseId(0) });
    assert_eq!(signer().check(&token, Instant(1_000)), over);
}

#[test]
fn a_link_leads_to_its_token() {
    let links = Links::new("https://a.example").unwrap();
    let said = action(Act::Waive);
    let link =
        signer().link(&links, said.act, said.case, &said.recipient, said.expires, said.nonce);
    let token = link.strip_prefix("https://a.example/act/").unwrap();
    assert_eq!(signer().check(token, Instant(0)), Ok(said));
}

#[test]
fn time_and_key_are_checked() {
    let token = signer().sign(&action(Act::Take));
    let over = LinkFault::Expired { case: action(Act::Take).case };
    assert_eq!(signer().check(&token, Instant(1_000)), Err(over));
    assert_eq!(Signer::new(&[8; 32]).check(&token, Instant(0)), Err(LinkFault::Forged));
    for wrong in ["", "AAAA", "not base64 §", &token[..20]] {
        assert_eq!(signer().check(wrong, Instant(0)), Err(LinkFault::Forged), "{wrong}");
    }
    assert_eq!(format!("{:?}", signer()), "Signer");
}

proptest! {
    #[test]
    fn any_change_of_a_byte_is_refused(at in 0usize..200, byte in 0u8..128, now in 0i64..2_000) {
        let token = signer().sign(&action(Act::Publish { draft_rev: 7 }));
        let mut changed = token.clone().into_bytes();
        let at = at % changed.len();
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(signer().check(&changed, Instant(now)), Err(LinkFault::Forged));
    }

    #[test]
    fn what_is_signed_comes_back(rev: i64, case: u128, nonce: [u8; 16], name in ".{0,40}", expires in 1i64..) {
        let said = Action {
            act: Act::Publish { draft_rev: rev },
            case: CaseId(case),
            recipient: name,
            expires: Instant(expires),
            nonce,
        };
        prop_assert_eq!(signer().check(&signer().sign(&said), Instant(0)), Ok(said));
    }

    #[test]
    fn hostile_tokens_are_refused(token in ".{0,200}") {
        prop_assert_eq!(signer().check(&token, Instant(0)), Err(LinkFault::Forged));
    }
}
