//! A made-up Jetstream: a WebSocket server that sends what the test says, and logs who asks and
//! what is said to it.

use super::Log;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What a server mixes into the key (RFC 6455, 1.3).
const MIXED_IN: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The server.
pub struct Jetstream {
    /// Its address, `ws://127.0.0.1:PORT`.
    pub url: String,
    /// The head of every request.
    pub log: Log<String>,
    /// Every message of text that was said to it.
    pub heard: Log<String>,
    said: mpsc::UnboundedSender<String>,
    task: JoinHandle<()>,
}

impl Jetstream {
    /// Serves on a free port, one listener at a time.
    pub async fn start() -> Jetstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
        let (said, mut messages) = mpsc::unbounded_channel();
        let log = Log::default();
        let heard = Log::default();
        let (heads, words) = (log.clone(), heard.clone());
        let task = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                serve(line, &heads, &words, &mut messages).await;
            }
        });
        Jetstream { url, log, heard, said, task }
    }

    /// Sends a message to whoever listens, or to the next who does.
    pub fn say(&self, message: &Value) {
        self.say_text(message.to_string());
    }

    /// Sends a text that need not be JSON.
    pub fn say_text(&self, text: impl Into<String>) {
        self.said.send(text.into()).expect("the server outlives what is said: self holds it");
    }
}

impl Drop for Jetstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut line: TcpStream,
    heads: &Log<String>,
    words: &Log<String>,
    messages: &mut mpsc::UnboundedReceiver<String>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = line.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).expect("a head is plain text");
    heads.add(head.clone());
    let Some(key) = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")) else {
        drop(line.write_all(b"HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n").await);
        return;
    };
    let accept = STANDARD.encode(Sha1::digest(format!("{key}{MIXED_IN}").as_bytes()));
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    if line.write_all(answer.as_bytes()).await.is_err() {
        return;
    }
    let mut socket = WebSocketStream::from_raw_socket(line, Role::Server, None).await;
    loop {
        tokio::select! {
            said = messages.recv() => {
                let Some(text) = said else { return };
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            heard = socket.next() => {
                let Some(Ok(message)) = heard else { return };
                if let Message::Text(text) = message {
                    words.add(text.to_string());
                }
            }
        }
    }
}
