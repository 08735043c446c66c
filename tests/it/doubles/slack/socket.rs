//! The other end of Socket Mode: sends envelopes to whoever connected, and hears what is answered.

use super::super::Log;
use super::Books;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use url::Url;

/// What a server mixes into the key (RFC 6455, 1.3).
const MIXED_IN: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The server of the sockets.
pub(super) struct Socket {
    /// Its address, `ws://127.0.0.1:PORT`.
    pub(super) url: String,
    said: mpsc::UnboundedSender<Value>,
    task: JoinHandle<()>,
}

impl Socket {
    /// Serves on a free port, one listener at a time, who shows a ticket that was given out.
    pub(super) async fn start(acks: Log<Value>, books: Arc<Mutex<Books>>) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
        let (said, mut messages) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                serve(line, &acks, &books, &mut messages).await;
            }
        });
        Socket { url, said, task }
    }

    /// Sends a message to whoever listens, or to the next who does.
    pub(super) fn say(&self, message: Value) {
        self.said.send(message).expect("the server outlives what is said: self holds it");
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    line: TcpStream,
    acks: &Log<Value>,
    books: &Mutex<Books>,
    messages: &mut mpsc::UnboundedReceiver<Value>,
) {
    let Some(mut socket) = shaken(line, books).await else { return };
    let hello = json!({ "type": "hello", "num_connections": 1,
                        "connection_info": { "app_id": "A1" } });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            said = messages.recv() => {
                let Some(message) = said else { return };
                let ends = message["type"] == "disconnect";
                if socket.send(Message::text(message.to_string())).await.is_err() || ends {
                    return;
                }
            }
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    acks.add(serde_json::from_str(text.as_str()).unwrap_or_default());
                }
                Some(Ok(_)) => {}
                _ => return,
            }
        }
    }
}

/// Shakes hands with whoever shows a ticket that was not used yet. `None` for all others.
async fn shaken(mut line: TcpStream, books: &Mutex<Books>) -> Option<WebSocketStream<TcpStream>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(line.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head is plain text");
    let ticket = head.split(' ').nth(1)?.strip_prefix("/link/?ticket=")?;
    if !books.lock().unwrap_or_else(PoisonError::into_inner).tickets.remove(ticket) {
        return None;
    }
    let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: "))?;
    let accept = STANDARD.encode(Sha1::digest(format!("{key}{MIXED_IN}").as_bytes()));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    line.write_all(answer.as_bytes()).await.ok()?;
    Some(WebSocketStream::from_raw_socket(line, Role::Server, None).await)
}

/// Connects as an app does, to the address that it was told.
pub async fn connect(url: &str) -> WebSocketStream<TcpStream> {
    let url = Url::parse(url).expect("Slack names an address");
    let host = format!("127.0.0.1:{}", url.port().expect("a double has a port of its own"));
    let mut line = TcpStream::connect(&host).await.expect("the double listens");
    let query = url.query().unwrap_or_default();
    let ask = format!(
        "GET {}?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        url.path()
    );
    line.write_all(ask.as_bytes()).await.expect("it hears the question");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(line.read_u8().await.expect("it answers"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    WebSocketStream::from_raw_socket(line, Role::Client, None).await
}
