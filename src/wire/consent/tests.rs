//! Tests of errands and their conversations: the standards' own examples, strangers, refusals.

use super::*;
use crate::domain::Instant;
use crate::wire::ask::{Got, Step};
use crate::wire::fault::Next;
use crate::wire::http::{Body, Request, Response};
use crate::wire::network::Ctx;
use crate::wire::settings::{Key, KeyKind};
use crate::wire::{Ask, Via};

const BACK: &str = "http://127.0.0.1:7071/callback";

static HIRED: Consent = Consent {
    page: Address { key: None, base: "https://net.example", path: "/i/allow" },
    token: Address { key: Some("api"), base: "https://api.example", path: "/2/token" },
    app: App::Registered { id: "client_id", secret: "client_secret" },
    shows: Shows::Basic,
    pkce: true,
    scopes: &["posts.read", "offline.access"],
    more: &[("prompt", "consent")],
    takes: Takes::Refresh,
    key: "refresh_token",
    before: "Enter exactly {address} there.",
};

static CASUAL: Consent = Consent {
    page: Address { key: Some("server"), base: "", path: "/oauth/authorize" },
    token: Address { key: Some("server"), base: "", path: "/oauth/token" },
    app: App::OnTheSpot(Address { key: Some("server"), base: "", path: "/api/v1/apps" }),
    shows: Shows::Form,
    pkce: false,
    scopes: &["read:accounts", "write:statuses"],
    more: &[],
    takes: Takes::Access,
    key: "token",
    before: "",
};

fn given(text: &str) -> Given {
    let key = |name, kind| Key { name, kind, required: false, doc: "", example: "" };
    let keys = [key("client_secret", KeyKind::Secret), key("api", KeyKind::Url)];
    Given::new(text.parse().unwrap(), &keys)
}

/// The verifier of RFC 7636, appendix B.
fn proofs() -> Proofs {
    Proofs {
        state: "st4te".to_owned(),
        verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    }
}

fn errand(consent: &'static Consent, text: &str, client: Option<Client>) -> Errand {
    let given = given(text);
    let client = client.or_else(|| consent.client(&given).unwrap()).unwrap();
    Errand::new(consent, &given, client, BACK, proofs()).unwrap()
}

fn hired(text: &str) -> Errand {
    errand(&HIRED, text, None)
}

const WHOLE: &str = "client_id = \"cl1ent\"\nclient_secret = \"s3cret\"";

fn cx() -> Ctx<'static> {
    Ctx { settings: &(), session: None, now: Instant(0), own: &[], seed: 0 }
}

fn asked<T>(talk: &mut dyn Talk<T>) -> Request {
    let Step::Ask(asks) = talk.start(&cx()) else { panic!("it asks") };
    let [Ask { via: Via::Http(request), auth: false, .. }] = &asks[..] else {
        panic!("one open question: {asks:?}")
    };
    request.clone()
}

/// The form of a request, as one line.
fn form(request: &Request) -> String {
    let Body::Form(fields) = &request.body else { panic!("no form") };
    let lines: Vec<String> = fields.iter().map(|(n, v)| format!("{n}={v}")).collect();
    lines.join(" ")
}

fn answered<T>(talk: &mut dyn Talk<T>, body: &str) -> Result<T, String> {
    let res = Response { status: 200, body: body.into(), ..Response::default() };
    match talk.read(0, Got::Http(res), &cx()) {
        Ok(Step::Done(done)) => Ok(done),
        Ok(_) => panic!("it goes on"),
        Err(fault) => Err(fault.why),
    }
}

#[test]
fn the_page_is_asked_as_the_standards_say() {
    assert_eq!(
        hired(WHOLE).page().as_str(),
        "https://net.example/i/allow?response_type=code&client_id=cl1ent\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A7071%2Fcallback&scope=posts.read%20offline.access\
         &state=st4te&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
         &code_challenge_method=S256&prompt=consent"
    );
    let client = Some(Client { id: "a".to_owned(), secret: None });
    let page = errand(&CASUAL, "server = \"http://plaza.example:3000\"", client).page();
    assert!(page.as_str().starts_with("http://plaza.example:3000/oauth/authorize?"), "{page}");
    assert!(!page.as_str().contains("challenge"), "{page}");
}

#[test]
fn random_proofs_have_the_standards_length_and_differ() {
    let (a, b) = (Proofs::new([1; 16], [2; 32]), Proofs::new([3; 16], [4; 32]));
    for proofs in [&a, &b] {
        assert_eq!((proofs.verifier.expose().len(), proofs.state.len()), (43, 22));
    }
    assert!(a.state != b.state && a.verifier.expose() != b.verifier.expose());
}

#[test]
fn a_code_is_believed_with_our_state_alone() {
    let errand = hired(WHOLE);
    let code = |query: &str| errand.code(query).map(|code| code.expose().to_owned());
    assert_eq!(code("state=st4te&code=a%2Fb"), Ok("a/b".to_owned()));
    for stranger in
        ["", "code=c", "code=c&state=", "code=c&state=st4t", "state=st4te&state=st4te&code=c"]
    {
        assert_eq!(code(stranger), Err(NoCode::Foreign), "{stranger}");
    }
    assert_eq!(code("state=other&error=access_denied"), Err(NoCode::Foreign));
    assert_eq!(code("state=st4te&error=access_denied"), Err(NoCode::Denied));
    let refused = code("state=st4te&error=invalid_scope&error_description=a%1b%5B31mb+c");
    assert_eq!(refused, Err(NoCode::Refused("invalid_scope: a[31mb c".to_owned())));
    assert!(matches!(code("state=st4te&code="), Err(NoCode::Refused(_))));
    assert!(matches!(code("state=st4te&code=a&code=b"), Err(NoCode::Refused(_))));
}

#[test]
fn a_copied_address_is_read_with_all_that_clings_to_it() {
    let errand = hired(WHOLE);
    for pasted in [
        " http://127.0.0.1:7071/callback?state=st4te&code=c0de#_ ",
        "127.0.0.1:7071/callback?code=c0de&scope=x&state=st4te",
        "code=c0de&state=st4te",
    ] {
        assert_eq!(errand.pasted(pasted).unwrap().expose(), "c0de", "{pasted}");
    }
    assert!(errand.pasted("c0de").is_err_and(|why| why == NoCode::Foreign));
}

#[test]
fn an_app_shows_who_it_is_as_its_network_wants() {
    let code = Secret::new("c0de");
    let start = format!("grant_type=authorization_code code=c0de redirect_uri={BACK}");
    let verified = format!("{start} code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

    let request = asked(&mut *hired(WHOLE).exchange(&code));
    assert_eq!(request.url.as_str(), "https://api.example/2/token");
    assert_eq!(form(&request), verified);
    let [(name, basic)] = &request.secret_headers[..] else { panic!("one secret header") };
    assert_eq!((*name, basic.expose()), ("authorization", "Basic Y2wxZW50OnMzY3JldA=="));

    let public = hired("client_id = \"cl1ent\"\napi = \"http://127.0.0.1:9/x\"");
    let request = asked(&mut *public.exchange(&code));
    assert_eq!(request.url.as_str(), "http://127.0.0.1:9/2/token");
    assert_eq!(form(&request), format!("{verified} client_id=cl1ent"));
    assert!(request.secret_headers.is_empty());

    let client = Some(Client { id: "a".to_owned(), secret: Some(Secret::new("b")) });
    let casual = errand(&CASUAL, "server = \"https://plaza.example\"", client);
    let request = asked(&mut *casual.exchange(&code));
    assert_eq!(form(&request), format!("{start} client_id=a client_secret=b"));
    assert_eq!(format!("{request:?}"), "POST https://plaza.example/oauth/token");
}

#[test]
fn the_token_that_lasts_is_kept_and_an_empty_one_never() {
    let exchanged = |errand: &Errand, body: &str| {
        let mut talk = errand.exchange(&Secret::new("c0de"));
        answered(&mut *talk, body).map(|token| token.expose().to_owned())
    };
    let hired = hired(WHOLE);
    let both = r#"{"access_token":"acc","refresh_token":"ref","expires_in":7200}"#;
    assert_eq!(exchanged(&hired, both), Ok("ref".to_owned()));
    for without in [r#"{"access_token":"acc"}"#, r#"{"access_token":"acc","refresh_token":""}"#] {
        assert!(exchanged(&hired, without).unwrap_err().contains("no refresh token"), "{without}");
    }
    let client = Some(Client { id: "a".to_owned(), secret: None });
    let casual = errand(&CASUAL, "server = \"https://plaza.example\"", client);
    assert_eq!(exchanged(&casual, both), Ok("acc".to_owned()));
    assert!(exchanged(&casual, "{}").unwrap_err().contains("no access token"));
    // Reddit refuses with a 200.
    let refused = exchanged(&hired, r#"{"error":"invalid_grant"}"#).unwrap_err();
    assert!(refused.starts_with("the code is refused: invalid_grant (HTTP 200)"), "{refused}");
    let odd = exchanged(&hired, r#"{"refresh_token":["ref"]}"#).unwrap_err();
    assert!(odd.contains("another shape") && !odd.contains("ref\""), "{odd}");
}

#[test]
fn an_app_is_registered_on_the_spot_or_named_by_the_settings() {
    let given = given("server = \"https://plaza.example\"");
    assert!(CASUAL.client(&given).unwrap().is_none() && !CASUAL.is_registered());
    let mut talk = CASUAL.register(&given, BACK).unwrap().expect("it registers");
    let request = asked(&mut *talk);
    assert_eq!(request.url.as_str(), "https://plaza.example/api/v1/apps");
    assert_eq!(
        form(&request),
        format!("client_name=Ascolto redirect_uris={BACK} scopes=read:accounts write:statuses")
    );
    let app = answered(&mut *talk, r#"{"client_id":"a","client_secret":"b"}"#).unwrap();
    assert_eq!((app.id.as_str(), app.secret.unwrap().expose()), ("a", "b"));
    assert!(answered(&mut *talk, r#"{"client_id":"a","client_secret":""}"#).is_err());

    assert!(HIRED.register(&given, BACK).unwrap().is_none());
    let why = HIRED.client(&given).unwrap_err();
    assert!(why.starts_with("client_id is missing"), "{why}");
    assert!(HIRED.needs("client_id") && HIRED.needs("client_secret") && !HIRED.needs("api"));
    assert_eq!(HIRED.before(BACK), format!("Enter exactly {BACK} there."));
}

#[test]
fn an_address_that_is_none_names_its_key() {
    for wrong in ["api = \"nowhere\"", "api = \"ftp://api.example\""] {
        let why = HIRED.token.by(&given(wrong)).unwrap_err();
        assert!(why.starts_with("api is no http or https address"), "{why}");
    }
    assert!(CASUAL.page.by(&given("")).unwrap_err().starts_with("server "));
}

#[test]
fn a_refusal_says_what_to_do() {
    let fault = |status, body: &str| {
        consent_fault(&Response { status, body: body.into(), ..Response::default() })
    };
    let why = |status, body: &str| {
        let fault = fault(status, body).expect("a fault");
        assert_eq!(fault.next, Next::Refused);
        fault.why
    };
    let grant = why(400, r#"{"error":"invalid_grant","error_description":"Code\nexpired"}"#);
    assert!(grant.starts_with("the code is refused: invalid_grant: Code expired (HTTP 400)"));
    assert!(why(401, r#"{"message":"Unauthorized","error":401}"#).contains("id and its secret"));
    assert!(why(401, r#"{"error":"invalid_grant"}"#).contains("open the page again"));
    assert!(why(422, r#"{"error":"Validation failed"}"#).contains("refuses it: Validation failed"));
    assert!(why(400, "<html>").starts_with("the server refuses it (HTTP 400)"));
    for elsewhere in [200, 404, 408, 429, 500, 503] {
        assert!(fault(elsewhere, "{}").is_none(), "{elsewhere}");
    }
}
