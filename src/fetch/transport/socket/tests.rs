//! Tests of WebSockets against a server on this machine: handshake, messages, caps, closes.

use super::super::{HttpTransport, Opened, Settings, Transport};
use super::*;
use crate::wire::Reached;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

type Socket = WebSocketStream<TcpStream>;

/// A server that gives one request the answer that `answer` makes of its key, and then speaks.
/// Its task ends with the request's head.
async fn server<W>(
    answer: fn(&str) -> String,
    speak: impl FnOnce(Socket) -> W + Send + 'static,
) -> (Request, JoinHandle<String>)
where
    W: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut line, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(line.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
        line.write_all(answer(key).as_bytes()).await.unwrap();
        speak(WebSocketStream::from_raw_socket(line, Role::Server, None).await).await;
        head
    });
    let url = Url::parse(&format!("http://127.0.0.1:{port}/subscribe?x=1")).unwrap();
    (Request::get(url), task)
}

/// What a server of WebSockets answers.
fn switching(key: &str) -> String {
    let accept = STANDARD.encode(Sha1::digest(format!("{key}{MIXED_IN}").as_bytes()));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    )
}

async fn silence(_: Socket) {}

fn transport(allow: &[&str]) -> HttpTransport {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allow_private = allow.iter().map(|s| (*s).to_owned()).collect();
    HttpTransport::new(&Settings { allow_private, ..Settings::default() }).unwrap()
}

async fn opened(request: &Request) -> Result<Opened, SendFault> {
    transport(&["127.0.0.1"]).socket(request, *b"the sample nonce").await
}

/// A fault, whose type has no `Debug` of what was opened instead.
async fn fault(request: &Request) -> SendFault {
    opened(request).await.err().expect("it is refused")
}

#[test]
fn an_answer_is_checked_as_the_rfc_says() {
    // The key and its answer are the example of RFC 6455, 1.3.
    let shake = Handshake::new(*b"the sample nonce");
    assert_eq!(shake.key, "dGhlIHNhbXBsZSBub25jZQ==");
    let good = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ];
    let check = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        shake.check(&Response { status: SWITCHING, headers, ..Response::default() })
    };
    assert!(check(&good).is_ok());
    let apart = [good[0], ("connection", "keep-alive"), ("connection", "upgrade"), good[2]];
    assert!(check(&apart).is_ok(), "a list in two lines");
    for left_out in 0..good.len() {
        let rest: Vec<_> = (0..good.len()).filter(|n| *n != left_out).map(|n| good[n]).collect();
        assert!(check(&rest).is_err(), "without {}", good[left_out].0);
    }
    let other = [good[0], good[1], ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")];
    assert!(check(&other).unwrap_err().why.contains("understand the key"));
    let more = [good[0], good[1], good[2], ("sec-websocket-extensions", "permessage-deflate")];
    assert!(check(&more).unwrap_err().why.contains("not offered"));
}

#[tokio::test]
async fn messages_come_whole_and_pings_are_answered() {
    let (request, task) = server(switching, |mut socket: Socket| async move {
        socket.send(Message::text("one")).await.unwrap();
        socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
        let pong = socket.next().await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong(Bytes::from_static(b"there?")));
        socket.send(Message::binary(vec![7; 20_000])).await.unwrap();
        socket.close(None).await.unwrap();
        // The close is answered, else this would be an error.
        while let Some(last) = socket.next().await {
            last.unwrap();
        }
    })
    .await;
    let mut opened = opened(&request).await.unwrap();
    assert_eq!(opened.head.status, SWITCHING);
    let mut heard = Vec::new();
    while let Some(piece) = opened.chunks.next().await {
        heard.push(piece.unwrap());
    }
    // Of the ping and of the close nothing but a sign of life is seen.
    assert_eq!(heard.iter().map(Bytes::len).collect::<Vec<_>>(), [3, 0, 20_000, 0]);
    assert_eq!(heard[0], "one");
    let head = task.await.unwrap().to_lowercase();
    assert!(head.starts_with("get /subscribe?x=1 http/1.1\r\n"), "{head}");
    for part in ["connection: upgrade\r\n", "upgrade: websocket\r\n", "-version: 13\r\n"] {
        assert!(head.contains(part), "{part} in {head}");
    }
}

#[tokio::test]
async fn a_message_without_end_ends_the_stream() {
    let (request, task) = server(switching, |mut socket: Socket| async move {
        socket.send(Message::text("x".repeat(MAX_MESSAGE))).await.unwrap();
        // Whoever has read enough hangs up; that is its right.
        let _ = socket.send(Message::text("x".repeat(MAX_MESSAGE + 1))).await;
    })
    .await;
    let mut opened = opened(&request).await.unwrap();
    assert_eq!(opened.chunks.next().await.unwrap().unwrap().len(), MAX_MESSAGE);
    let why = opened.chunks.next().await.unwrap().unwrap_err().why;
    assert!(why.contains("broke off"), "{why}");
    drop(opened);
    task.await.unwrap();
}

#[tokio::test]
async fn what_is_no_web_socket_is_not_taken_for_one() {
    let (request, _task) =
        server(|_| "HTTP/1.1 426 No\r\ncontent-length: 0\r\n\r\n".into(), silence).await;
    let mut opened = opened(&request).await.unwrap();
    assert_eq!(opened.head.status, 426);
    assert!(opened.chunks.next().await.is_none());

    let (request, _task) = server(|_| switching("another key"), silence).await;
    let wrong = fault(&request).await;
    assert!(wrong.why.contains("understand the key"), "{}", wrong.why);
    assert_eq!(wrong.reached, Reached::Perhaps);
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent() {
    let (request, task) = server(switching, silence).await;
    let refused = transport(&[]).socket(&request, [0; 16]).await.err().unwrap();
    assert!(refused.why.contains("allow_private"), "{}", refused.why);
    assert_eq!(refused.reached, Reached::Never);
    assert!(!task.is_finished());
    task.abort();
}

#[tokio::test]
async fn what_is_said_arrives_whole_beside_what_is_heard() {
    let long = "x".repeat(100_000);
    let expected = long.clone();
    let (request, task) = server(switching, |mut socket: Socket| async move {
        socket.send(Message::text("hello")).await.unwrap();
        for text in ["one", expected.as_str()] {
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
        }
        socket.close(None).await.unwrap();
        while let Some(last) = socket.next().await {
            last.unwrap();
        }
    })
    .await;
    let there = transport(&["127.0.0.1"]);
    let (mut opened, voice) = there.two_way(&request, *b"the sample nonce").await.unwrap();
    let mut voice = voice.expect("the socket is open");
    assert_eq!(opened.chunks.next().await.unwrap().unwrap(), "hello");
    voice.say("one".to_owned()).await.unwrap();
    voice.say(long).await.unwrap();
    while let Some(piece) = opened.chunks.next().await {
        assert!(piece.unwrap().is_empty(), "only the close");
    }
    assert!(voice.say("late".to_owned()).await.is_err());
    task.await.unwrap();
}

#[tokio::test]
async fn without_a_socket_there_is_no_voice() {
    let (request, _task) =
        server(|_| "HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n".into(), silence).await;
    let there = transport(&["127.0.0.1"]);
    let (opened, voice) = there.two_way(&request, [0; 16]).await.unwrap();
    assert_eq!((opened.head.status, voice.is_none()), (403, true));
}
