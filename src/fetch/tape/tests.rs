//! Tests of tapes: nothing secret goes on them, and what is on them plays.

use super::super::testing::*;
use super::*;
use crate::wire::{Method, Secret};

fn log_in() -> Request {
    let mut request = Request::new(Method::Post, url("/oauth?state=1&code=grant-1"));
    let form = [("client_secret", "cs-hidden"), ("scope", "read write")];
    request.body = Body::Form(form.map(|(n, v)| (n.to_owned(), v.to_owned())).into());
    request.header("accept", "application/json")
}

fn signed(path: &str) -> Request {
    get(path).secret_header("authorization", Secret::new("Bearer at-hidden"))
}

async fn record(
    path: &std::path::Path,
    exchanges: Vec<(Request, Result<Response, SendFault>)>,
) -> Vec<Result<Response, SendFault>> {
    let doubles = Arc::new(Doubles::default());
    let recorder = Recorder::new(doubles.clone(), path.to_owned());
    let mut results = Vec::new();
    for (request, answer) in exchanges {
        doubles.answers.lock().unwrap().push_back(answer);
        results.push(recorder.send(&request).await);
    }
    results
}

#[tokio::test]
async fn a_tape_holds_no_secret_and_plays_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("walk.tape");
    let body = r#"{"access_token":"at-hidden","created":1,"name":"Zoë"}"#;
    let mut handed = answer(200, body).unwrap();
    handed.headers.push(("set-cookie".to_owned(), "sid=cookie-hidden".to_owned()));
    let echo = r#"{ "note": "you sent at-hidden", "next_token": "p2" }"#;
    let results = record(
        &path,
        vec![
            (log_in(), Ok(handed)),
            (signed("/list?limit=2"), answer(200, echo)),
            (signed("/list?limit=2"), answer(429, "")),
        ],
    )
    .await;
    assert!(results.iter().all(Result::is_ok));

    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 3);
    for secret in ["cs-hidden", "at-hidden", "cookie-hidden", "grant-1"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let replay = Replay::parse(&text).unwrap();
    let played = replay.send(&log_in()).await.unwrap();
    assert!(String::from_utf8(played.body).unwrap().contains("Zoë"));
    let first = replay.send(&signed("/list?limit=2")).await.unwrap();
    let told = String::from_utf8(first.body).unwrap();
    assert_eq!(told, echo.replace("at-hidden", "[secret]"), "kept byte for byte but for secrets");
    assert_eq!(replay.send(&signed("/list?limit=2")).await.unwrap().status, 429);
    assert_eq!(replay.left(), 0);
    let none = replay.send(&signed("/list?limit=2")).await.unwrap_err();
    assert!(none.why.contains("no answer") && none.reached == crate::wire::Reached::Never);
}

#[tokio::test]
async fn what_still_holds_a_secret_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("binary.tape");
    let body = [b"\xFF\xFE".as_slice(), b"at-hidden"].concat();
    let binary = Response { status: 200, body, ..Response::default() };
    let results = record(&path, vec![(signed("/picture"), Ok(binary))]).await;
    let fault = results[0].as_ref().unwrap_err();
    assert!(fault.why.contains("still holds a secret") && !fault.why.contains("at-hidden"));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_secret_address_leaves_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hook.tape");
    let mut request = get("/hooks/T0/abcdef?sig=s-hidden");
    request.secret_url = true;
    record(&path, vec![(request.clone(), answer(200, "ok"))]).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#""url":"https://net.example/[secret]""#), "{text}");
    let replay = Replay::parse(&text).unwrap();
    assert_eq!(replay.send(&request).await.unwrap().body, b"ok");
}

#[test]
fn a_broken_tape_names_its_line() {
    let why = Replay::parse("\n{\"method\":1}\n").err().unwrap();
    assert!(why.starts_with("line 2 of the tape"), "{why}");
}
