//! Tests of the real transport against small servers on this machine.

use super::*;
use crate::wire::{Body, Method, Secret};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

const LIMIT: usize = 8 * 1024 * 1024;

/// A server that gives the same bytes to every request, and keeps the requests' text.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// `hold`: keeps the connection open after the bytes instead of closing it.
    async fn start(answer: Vec<u8>, hold: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut line, _)) = listener.accept().await {
                let mut text = Vec::new();
                let mut piece = [0; 4096];
                while !is_whole(&text) {
                    match line.read(&mut piece).await {
                        Ok(n) if n > 0 => text.extend_from_slice(&piece[..n]),
                        _ => break,
                    }
                }
                log.lock().unwrap().push(String::from_utf8_lossy(&text).to_lowercase());
                // A client that has read enough hangs up; that is its right.
                let _ = line.write_all(&answer).await;
                if hold {
                    held.push(line);
                } else {
                    let _ = line.shutdown().await;
                }
            }
        });
        Server { port, asked, task }
    }

    async fn text(answer: impl Into<String>) -> Server {
        Server::start(answer.into().into_bytes(), false).await
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.port)).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_whole(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|n| body.len() >= n.parse().unwrap())
}

fn transport(allow: &[&str], timeout_ms: i64) -> HttpTransport {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allow_private = allow.iter().map(|s| (*s).to_owned()).collect();
    HttpTransport::new(&Settings { timeout_ms, allow_private, ..Settings::default() }).unwrap()
}

fn local() -> HttpTransport {
    transport(&["127.0.0.1"], 20_000)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn moved(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
}

fn signed(url: Url) -> Request {
    Request::get(url)
        .header("accept", "application/json")
        .header("x-channel", "mine")
        .secret_header("authorization", Secret::new("Bearer tok-hidden"))
}

async fn fault(transport: &HttpTransport, request: &Request) -> SendFault {
    let fault = transport.send(request).await.unwrap_err();
    assert!(!fault.why.contains("hidden"), "{}", fault.why);
    assert!(!fault.why.contains('?'), "{}", fault.why);
    fault
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_built() {
    let server = Server::text(ok("ciao")).await;
    let mut request = signed(server.url("/a?x=1"));
    request.method = Method::Post;
    request.body = Body::Form(vec![("status".to_owned(), "è qui".to_owned())]);
    let res = local().send(&request).await.unwrap();
    assert_eq!((res.status, res.body.as_slice()), (200, b"ciao".as_slice()));
    assert_eq!(res.header("content-length"), Some("4"));
    let asked = &server.asked()[0];
    assert!(asked.starts_with("post /a?x=1 http/1.1"), "{asked}");
    for part in ["bearer tok-hidden", "user-agent: ascolto/", "status=%c3%a8+qui", "urlencoded"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_before_and_after_names_are_resolved() {
    let server = Server::text(ok("no")).await;
    let guarded = transport(&[], 20_000);
    let named = Url::parse(&format!("http://localhost:{}/?t=hidden", server.port)).unwrap();
    for url in [server.url("/?t=hidden"), named.clone()] {
        let fault = fault(&guarded, &signed(url)).await;
        assert_eq!(fault.reached, Reached::Never);
        assert!(fault.why.contains("allow_private"), "{}", fault.why);
    }
    assert!(server.asked().is_empty());
    let allowed = transport(&[&format!("localhost:{}", server.port)], 20_000);
    assert!(allowed.send(&Request::get(named)).await.is_ok());
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let inner = Server::text(ok("secret metadata")).await;
    let outer = Server::text(moved(302, inner.url("/meta").as_str())).await;
    let only_outer = transport(&[&format!("127.0.0.1:{}", outer.port)], 20_000);
    let fault = fault(&only_outer, &signed(outer.url("/"))).await;
    assert!(fault.why.contains("allow_private"), "{}", fault.why);
    assert_eq!(fault.reached, Reached::Perhaps, "the first server has the request");
    assert!(inner.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_server_drops_credentials() {
    let other = Server::text(ok("there")).await;
    let first = Server::text(moved(301, &format!("http://me:pw@127.0.0.1:{}/b", other.port))).await;
    let res = local().send(&signed(first.url("/a"))).await.unwrap();
    assert_eq!(res.url.unwrap(), other.url("/b"));
    let asked = &other.asked()[0];
    assert!(asked.contains("accept: application/json"), "{asked}");
    for gone in ["tok-hidden", "authorization", "x-channel", "referer"] {
        assert!(!asked.contains(gone), "{gone} in {asked}");
    }
}

#[tokio::test]
async fn a_body_does_not_go_to_another_server() {
    let other = Server::text(ok("there")).await;
    let first = Server::text(moved(307, other.url("/b").as_str())).await;
    let request = Request::post_json(first.url("/a"), &"client_secret");
    assert_eq!(local().send(&request).await.unwrap().status, 307);
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn methods_change_as_the_status_says() {
    let to = |status| moved(status, "/next");
    for (status, method) in [(301, "get"), (302, "get"), (303, "get"), (307, "post"), (308, "post")]
    {
        let server = Server::text(to(status)).await;
        let request = Request::post_json(server.url("/"), &"hello");
        let lost = fault(&local(), &request).await;
        assert!(lost.why.contains("redirects more than 5 times"), "{}", lost.why);
        let asked = server.asked();
        assert_eq!(asked.len(), 6);
        assert!(asked[1].starts_with(&format!("{method} /next")), "{status}: {}", asked[1]);
        assert_eq!(asked[1].contains("hello"), method == "post");
        assert_eq!(asked[1].contains("content-type"), method == "post");
    }
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\n{more}\r\n").into_bytes();
    let announced = head(&format!("content-length: {}\r\n", LIMIT + 1));
    let unannounced = [head("connection: close\r\n"), vec![b'a'; LIMIT + 1]].concat();
    let bomb = gzip_bomb(LIMIT + 1);
    assert!(bomb.len() < 80_000);
    let bomb = [head("content-encoding: gzip\r\nconnection: close\r\n"), bomb].concat();
    for answer in [announced, unannounced, bomb] {
        let server = Server::start(answer, false).await;
        let fault = fault(&local(), &signed(server.url("/"))).await;
        assert!(fault.why.contains("longer than 8 MiB"), "{}", fault.why);
        assert_eq!(fault.reached, Reached::Perhaps);
    }
    let most = [head("connection: close\r\n"), vec![b'a'; LIMIT]].concat();
    let server = Server::start(most, false).await;
    assert_eq!(local().send(&signed(server.url("/"))).await.unwrap().body.len(), LIMIT);
}

#[tokio::test]
async fn slow_and_truncated_bodies_may_have_been_carried_out() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let slow = Server::start(half.clone(), true).await;
    let late = fault(&transport(&["127.0.0.1"], 200), &signed(slow.url("/?t=hidden"))).await;
    assert!(late.why.contains("no whole answer within 200 ms"), "{}", late.why);
    assert_eq!(late.reached, Reached::Perhaps);

    for answer in [half, Vec::new()] {
        let cut = Server::start(answer, false).await;
        let fault = fault(&local(), &signed(cut.url("/?t=hidden"))).await;
        assert_eq!(fault.reached, Reached::Perhaps, "{}", fault.why);
    }
}

#[tokio::test]
async fn without_a_connection_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for url in [format!("http://127.0.0.1:{port}/?t=hidden"), "http://no-such.invalid/".to_owned()]
    {
        let fault = fault(&local(), &signed(Url::parse(&url).unwrap())).await;
        assert_eq!(fault.reached, Reached::Never, "{}", fault.why);
        assert!(fault.why.contains("cannot connect to"), "{}", fault.why);
    }
    let bad = Request::get(Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap())
        .secret_header("authorization", Secret::new("hidden\n"));
    assert_eq!(fault(&local(), &bad).await.reached, Reached::Never);
}

#[tokio::test]
async fn an_open_answer_comes_piece_by_piece() {
    let text = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n";
    let server = Server::start(text.into(), true).await;
    let mut opened = local().open(&signed(server.url("/"))).await.unwrap();
    assert_eq!(opened.head.header("content-type"), Some("text/event-stream"));
    assert_eq!(opened.chunks.next().await.unwrap().unwrap(), "data: 1\n\n");
}

/// `size` letters `a` as gzip: one letter, then "repeat the last byte 258 times" in the fixed
/// Huffman code of RFC 1951, 3.2.6. The checksum at the end is wrong; nobody may get that far.
fn gzip_bomb(size: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut code = |value: u32, width: u32| {
        bits.extend((0..width).rev().map(|at| value >> at & 1 == 1));
    };
    code(0x30 + u32::from(b'a'), 8);
    for _ in 0..size.div_ceil(258) {
        code(0b1100_0101, 8);
        code(0, 5);
    }
    code(0, 7);
    let deflated = bits
        .chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | u8::from(*bit) << at));
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.into_iter().chain(deflated).chain([0; 8]).collect()
}
