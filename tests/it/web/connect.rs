//! Connect links: one channel, one day, one use; what is put is tried before it is kept.

use crate::doubles::club::{House, MASTO, T0, Weather, lease, lease_of_app};
use ascolto::domain::CaseId;
use ascolto::domain::time::{DAY, MINUTE};
use ascolto::links::{Act, Action, Connect};
use ascolto::store::access::{self, AgentRow, TokenRow};
use ascolto::store::credentials::{self, Override};
use ascolto::store::events;
use ascolto::web::{Web, password, router, token_hash};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;

const BASE: &str = "https://ascolto.example";

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// Asks the web in front of a house.
async fn ask(t: &House, request: Request<Body>) -> Reply {
    let web = Web { deps: t.deps.clone(), session_hours: 12, secure_cookies: true, once: None };
    answer(router(web), request).await
}

async fn answer(router: axum::Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    Reply { status: parts.status, headers: parts.headers, text }
}

fn form(path: &str, fields: &str) -> Request<Body> {
    let kind = "application/x-www-form-urlencoded";
    let request = Request::post(path).header(header::CONTENT_TYPE, kind);
    request.body(Body::from(fields.to_owned())).unwrap()
}

async fn look(t: &House, path: &str) -> Reply {
    ask(t, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn put(t: &House, path: &str, fields: &str) -> Reply {
    ask(t, form(path, fields)).await
}

/// The path of a link for a channel, made now.
fn link(t: &House, channel: &str, nonce: u8) -> String {
    let connect = Connect::new(channel, "anna", t.deps.now(), [nonce; 16]);
    format!("/connect/{}", t.deps.signer.sign_connect(&connect))
}

/// The paths of the links in alerts.
fn links(told: &[String]) -> Vec<String> {
    let path = |alert: &String| {
        let (_, rest) = alert.split_once(&format!("{BASE}/connect/")).expect("a link");
        format!("/connect/{}", rest.split_whitespace().next().unwrap())
    };
    told.iter().map(path).collect()
}

async fn overrides(t: &House, channel: &str) -> Vec<Override> {
    let mut tx = t.deps.store.read().await.unwrap();
    credentials::overrides(&mut tx, channel).await.unwrap()
}

#[tokio::test]
async fn a_new_token_is_tried_first_and_holds_until_the_file_changes() {
    let mut t = House::new(MASTO).await;
    t.pass(2, MINUTE).await;
    t.club.revoke("tk-old");
    t.pass(1, MINUTE).await;
    let paths = links(&t.told());
    let (path, other) = (paths[0].as_str(), paths[1].as_str());
    let page = look(&t, path).await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in ["masto", "name=\"token\"", "Bruno of IT", "access token is refused"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("tk-old"), "{}", page.text);

    for empty in ["", "token=", "token=+", "other=tk-new"] {
        let said = put(&t, path, empty).await;
        assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{empty}");
        assert!(said.text.contains("never kept"), "{}", said.text);
    }
    let refused = put(&t, path, "token=tk-bad").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("the old credential stays"), "{}", refused.text);
    assert!(!refused.text.contains("tk-bad"), "{}", refused.text);
    let somebody = put(&t, path, "token=tk-other").await;
    assert_eq!(somebody.status, StatusCode::CONFLICT);
    assert!(somebody.text.contains("globex"), "{}", somebody.text);
    for weather in [Weather::Down, Weather::Failing, Weather::Limited] {
        t.club.weather(weather);
        let unknown = put(&t, path, "token=tk-new").await;
        assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE, "{weather:?}");
        assert!(unknown.text.contains("nothing was changed"), "{}", unknown.text);
        t.clock.advance(2 * MINUTE);
    }
    t.club.weather(Weather::Fair);
    assert!(overrides(&t, "masto").await.is_empty());
    assert!(t.credential("masto").await.is_dead());

    let done = put(&t, path, "token=tk-new").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(!t.credential("masto").await.is_dead());
    assert_eq!(t.state("masto").await, "hearing");
    for used in [path, other] {
        assert_eq!(look(&t, used).await.status, StatusCode::GONE);
        assert_eq!(put(&t, used, "token=tk-new").await.status, StatusCode::GONE);
    }
    t.pass(1, MINUTE).await;
    let told = t.told();
    assert!(told.len() == 2 && told.iter().all(|a| a.contains("hears again")), "{told:?}");
    assert!(t.club.asked("/api/v1/notifications", "tk-new") > 0, "it is woken");
    let mut tx = t.deps.store.read().await.unwrap();
    let log = events::of_subject(&mut tx, "channel:masto").await.unwrap();
    drop(tx);
    assert_eq!((log.len(), log[0].kind.as_str()), (1, "connected"));
    assert!(log[0].actor.starts_with("link:") && log[0].data.contains("token"), "{log:?}");
    assert!(!log[0].data.contains("tk-new"), "{log:?}");

    let heard = t.club.asked("/api/v1/notifications", "tk-new");
    t.restart(MASTO).await;
    t.pass(2, MINUTE).await;
    assert!(t.club.asked("/api/v1/notifications", "tk-new") > heard, "it outlives a restart");
    t.club.grant("tk-file");
    t.restart(&MASTO.replace("tk-old", "tk-file")).await;
    t.pass(2, MINUTE).await;
    assert!(t.club.asked("/api/v1/notifications", "tk-file") > 0, "the file was changed");
    assert!(overrides(&t, "masto").await.is_empty());
    assert!(t.told().is_empty());
}

#[tokio::test]
async fn a_link_is_for_its_channel_its_day_and_its_purpose() {
    let t = House::new(&format!("{MASTO}{}", lease(T0 + 90 * DAY))).await;
    t.pass(1, MINUTE).await;
    let path = link(&t, "masto", 1);
    let mut forged = path.clone().into_bytes();
    forged[20] ^= 1;
    let forged = String::from_utf8(forged).unwrap();
    assert_eq!(look(&t, &forged).await.status, StatusCode::NOT_FOUND);
    let act = t.deps.signer.sign(&Action {
        act: Act::Take,
        case: CaseId(1),
        recipient: "anna".to_owned(),
        expires: t.deps.now() + DAY,
        nonce: [9; 16],
    });
    assert_eq!(look(&t, &format!("/connect/{act}")).await.status, StatusCode::NOT_FOUND);
    let connect = path.replace("/connect/", "/act/");
    assert_eq!(look(&t, &connect).await.status, StatusCode::NOT_FOUND);

    assert_eq!(put(&t, &path, "token=tk-new").await.status, StatusCode::OK);
    assert!(overrides(&t, "lease").await.is_empty(), "the other channel has a `token` too");
    assert_eq!(overrides(&t, "masto").await.len(), 1);

    t.clock.advance(1);
    let late = link(&t, "lease", 2);
    t.clock.advance(DAY - 1);
    assert_eq!(look(&t, &late).await.status, StatusCode::OK);
    t.clock.advance(1);
    for said in [look(&t, &late).await, put(&t, &late, "token=tk-new").await] {
        assert_eq!(said.status, StatusCode::GONE);
        assert!(said.text.contains("ascolto channel reconnect lease"), "{}", said.text);
    }
    let gone = link(&t, "nowhere", 3);
    assert_eq!(look(&t, &gone).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_network_without_a_log_in_is_tried_by_its_probe() {
    let t = House::new(&lease(T0 + 90 * DAY)).await;
    t.pass(1, MINUTE).await;
    let path = link(&t, "lease", 1);
    let refused = put(&t, &path, "token=tk-bad").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert_eq!(put(&t, &path, "token=tk-new").await.status, StatusCode::OK);
    assert_eq!(t.club.asked("/me", "tk-new"), 1);
    let credential = t.credential("lease").await;
    assert_eq!(
        (credential.state.as_str(), credential.connected_by.as_str()),
        ("good", "link:anna")
    );
    assert_eq!(credential.ends_at, Some((T0 + 90 * DAY).0));
    t.pass(1, 2 * 60 * MINUTE).await;
    assert_eq!(t.club.asked("/me", "tk-new"), 2, "the next probe goes by it");
    assert!(t.told().is_empty(), "a planned change wakes nobody");
}

/// The consent page's address on the page of a link, if there is one.
fn consent(page: &Reply) -> Option<String> {
    let (_, rest) = page.text.split_once("class=\"button\" href=\"")?;
    let address = rest.split('"').next()?;
    Some(address.replace("&amp;", "&").replace("&#x2f;", "/"))
}

fn state_of(address: &str) -> &str {
    address.split("state=").nth(1).unwrap().split('&').next().unwrap()
}

#[tokio::test]
async fn a_consent_page_hands_the_credential_out_for_its_link_alone() {
    let t = House::new(&format!("{MASTO}{}", lease_of_app(T0 + 90 * DAY))).await;
    t.pass(1, MINUTE).await;
    let masto = look(&t, &link(&t, "masto", 9)).await;
    assert!(consent(&masto).is_none(), "its app would be registered anew each time");
    let path = link(&t, "lease", 1);
    let page = consent(&look(&t, &path).await).expect("the way there");
    let state = state_of(&page).to_owned();
    assert_ne!(state, state_of(&consent(&look(&t, &path).await).unwrap()), "never the same twice");
    assert!(!page.contains(path.strip_prefix("/connect/").unwrap()), "the link goes nowhere");
    let back = async |query: &str| look(&t, &format!("/connect/callback?{query}")).await;

    let denied = back(&format!("error=access_denied&state={state}")).await;
    assert_eq!(denied.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        denied.text.contains("denied at Lease") && consent(&denied).is_some(),
        "{}",
        denied.text
    );
    let other =
        back(&format!("error=server_error&error_description=%3Cb%3Elate&state={state}")).await;
    assert!(other.text.contains("server_error: &lt;b&gt;late"), "{}", other.text);
    let refused = back(&format!("code=guess&state={state}")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("the code is refused"), "{}", refused.text);
    let token = path.strip_prefix("/connect/").unwrap();
    let as_link = format!("code=c&state={token}");
    for stranger in ["", "code=c", as_link.as_str(), "code=c&state=AAAA"] {
        assert_eq!(back(stranger).await.status, StatusCode::NOT_FOUND, "{stranger}");
    }
    // The code of one state is worth nothing with another one.
    let elsewhere = consent(&look(&t, &path).await).unwrap();
    let stolen = t.club.allow(&elsewhere).replace(state_of(&elsewhere), &state);
    assert_eq!(back(&stolen).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(overrides(&t, "lease").await.is_empty());

    let good = t.club.allow(&page);
    let done = back(&good).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("lease is connected") && !done.text.contains("tk-new"));
    let kept = overrides(&t, "lease").await;
    assert_eq!((kept.len(), kept[0].key.as_str(), kept[0].secret.expose()), (1, "token", "tk-new"));
    assert_eq!(t.club.asked("/me", "tk-new"), 1, "it was tried first");
    for used in [back(&good).await, back(&t.club.allow(&page)).await, look(&t, &path).await] {
        assert_eq!(used.status, StatusCode::GONE);
    }
}

#[tokio::test]
async fn a_consent_page_is_offered_for_a_day_and_in_the_name_of_an_app() {
    let t = House::new(&lease(T0 + 90 * DAY)).await;
    t.pass(1, MINUTE).await;
    assert!(consent(&look(&t, &link(&t, "lease", 1)).await).is_none(), "no app is named");

    let t = House::new(&lease_of_app(T0 + 90 * DAY)).await;
    t.pass(1, MINUTE).await;
    let page = consent(&look(&t, &link(&t, "lease", 1)).await).expect("the way there");
    let query = t.club.allow(&page);
    t.clock.advance(DAY);
    let late = look(&t, &format!("/connect/callback?{query}")).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.text.contains("ascolto channel reconnect lease"), "{}", late.text);
    assert!(overrides(&t, "lease").await.is_empty());
}

#[tokio::test]
async fn guesses_are_slowed_down_and_the_link_stays_good() {
    let t = House::new(MASTO).await;
    t.pass(1, MINUTE).await;
    let path = link(&t, "masto", 1);
    let web = Web { deps: t.deps.clone(), session_hours: 12, secure_cookies: true, once: None };
    let web = router(web);
    for n in 0..5 {
        let refused = answer(web.clone(), form(&path, "token=tk-bad")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "guess {n}");
    }
    let slowed = answer(web.clone(), form(&path, "token=tk-new")).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.headers[header::RETRY_AFTER], "60");
    t.clock.advance(MINUTE);
    assert_eq!(answer(web, form(&path, "token=tk-new")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_coverage_page_and_the_api_say_whose_it_is_and_that_it_died() {
    let t = House::new(MASTO).await;
    t.pass(2, MINUTE).await;
    t.club.revoke("tk-old");
    t.pass(1, MINUTE).await;
    let agent = AgentRow {
        name: "ada".to_owned(),
        password: password::hash("correct horse battery", &[7; 16]).unwrap(),
        role: "agent".to_owned(),
        language: "en".to_owned(),
        added_at: T0.0,
    };
    let token = TokenRow {
        name: "read".to_owned(),
        scopes: "read".to_owned(),
        channel: String::new(),
        agent: String::new(),
        added_at: T0.0,
    };
    let mut tx = t.deps.store.begin().await.unwrap();
    access::add_agent(&mut tx, &agent).await.unwrap();
    access::add_token(&mut tx, &token, &token_hash("asc_read")).await.unwrap();
    tx.commit().await.unwrap();

    let request = Request::get("/api/v1/channels").header(header::AUTHORIZATION, "Bearer asc_read");
    let told = ask(&t, request.body(Body::empty()).unwrap()).await;
    let told: serde_json::Value = serde_json::from_str(&told.text).unwrap();
    let masto = &told["channels"][0];
    assert_eq!((&masto["owner"], &masto["granted_by"]), (&"anna".into(), &"Bruno of IT".into()));
    assert_eq!(masto["credential"]["state"], "dead");

    let cookie = |reply: &Reply| {
        let set = reply.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    };
    let page = look(&t, "/login").await;
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let fields = format!("csrf={csrf}&name=ada&password=correct+horse+battery&to=/coverage");
    let mut sent = form("/login", &fields);
    sent.headers_mut().insert(header::COOKIE, cookie(&page).parse().unwrap());
    let entered = ask(&t, sent).await;
    assert!(entered.status.is_redirection(), "{}", entered.text);
    let request = Request::get("/coverage").header(header::COOKIE, cookie(&entered));
    let page = ask(&t, request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK);
    for shown in ["Belongs to anna", "Granted by Bruno of IT", "The credential is refused"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
}
