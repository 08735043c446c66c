//! WebSockets (RFC 6455): the handshake in our own HTTP, and the messages behind it.
//!
//! The handshake is a request like any other, so the address guard, TLS, time-outs and redirects
//! are those of all requests. Behind it pings are answered; what else is sent a [`Voice`] says.

use super::SendFault;
use crate::wire::{Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Sink, SinkExt, StreamExt};
use sha1::{Digest, Sha1};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

/// The status of an answer after which the connection is ours.
pub(super) const SWITCHING: u16 = 101;

/// What a server mixes into the key, to show that it understood (RFC 6455, 1.3).
const MIXED_IN: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The longest message; a longer one ends the stream.
const MAX_MESSAGE: usize = 1024 * 1024;

/// How much is read at once.
const READ_AT_ONCE: usize = 16 * 1024;
/// How much waits to be written where only pongs are, of 125 bytes at most.
const MAX_UNWRITTEN: usize = 4 * 1024;
/// The same where answers are; a longer one is refused.
const MAX_WORDS: usize = 1024 * 1024;

/// One opening handshake.
pub(super) struct Handshake {
    key: String,
}

impl Handshake {
    /// With a key of these random bytes.
    pub(super) fn new(key: [u8; 16]) -> Handshake {
        Handshake { key: STANDARD.encode(key) }
    }

    /// The request that asks for the connection (RFC 6455, 4.1).
    pub(super) fn request(&self, request: &Request) -> Request {
        request
            .clone()
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", self.key.clone())
    }

    /// Whether this answer of status 101 gives it (RFC 6455, 4.1).
    ///
    /// # Errors
    /// What is wrong with the answer: it is no WebSocket's, or it wants what we did not offer.
    pub(super) fn check(&self, head: &Response) -> Result<(), SendFault> {
        // A list may stand in several lines of one name (RFC 9110, 5.3).
        let values = |name: &'static str| {
            head.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
        };
        let says = |name: &'static str, word: &str| {
            let mut parts = values(name).flat_map(|value| value.split(','));
            parts.any(|part| part.trim().eq_ignore_ascii_case(word))
        };
        let wrong = |what: &str| {
            Err(SendFault::perhaps(format!(
                "the server opens no WebSocket: {what}; check the address, and whether a proxy \
                 in between passes WebSockets on"
            )))
        };
        if !says("upgrade", "websocket") || !says("connection", "upgrade") {
            return wrong("it switches to something else");
        }
        let accept = STANDARD.encode(Sha1::digest(format!("{}{MIXED_IN}", self.key).as_bytes()));
        if head.header("sec-websocket-accept").map(str::trim) != Some(accept.as_str()) {
            return wrong("it did not understand the key");
        }
        for name in ["sec-websocket-extensions", "sec-websocket-protocol"] {
            if values(name).any(|value| !value.trim().is_empty()) {
                return wrong("it wants an extension or protocol that was not offered");
            }
        }
        Ok(())
    }
}

/// The messages of an open connection. Pings and the like come as empty pieces: the line lives.
/// The end of the stream is the end of the connection; a close is answered before.
pub(super) async fn messages(
    line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> BoxStream<'static, Result<Bytes, SendFault>> {
    open(line, MAX_UNWRITTEN).await.map(piece).boxed()
}

/// The same, and what says something there.
pub(super) async fn both_ways(
    line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> (BoxStream<'static, Result<Bytes, SendFault>>, Voice) {
    let (said, heard) = open(line, MAX_WORDS).await.split();
    (heard.map(piece).boxed(), Voice(Box::pin(said)))
}

/// Says something on an open connection.
pub struct Voice(Pin<Box<dyn Sink<Message, Error = tungstenite::Error> + Send>>);

impl Voice {
    /// Sends one message of text.
    ///
    /// # Errors
    /// When the connection broke off, or the text is longer than a message may be.
    pub async fn say(&mut self, text: String) -> Result<(), SendFault> {
        self.0.send(Message::text(text)).await.map_err(|error| broken_off(&error))
    }
}

async fn open<L: AsyncRead + AsyncWrite + Unpin>(line: L, unwritten: usize) -> WebSocketStream<L> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_AT_ONCE)
        .write_buffer_size(0)
        .max_write_buffer_size(unwritten)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    WebSocketStream::from_raw_socket(line, Role::Client, Some(config)).await
}

/// A message as a piece.
fn piece(said: Result<Message, tungstenite::Error>) -> Result<Bytes, SendFault> {
    match said {
        Ok(message) if message.is_text() || message.is_binary() => Ok(message.into_data()),
        Ok(_) => Ok(Bytes::new()),
        Err(error) => Err(broken_off(&error)),
    }
}

fn broken_off(error: &tungstenite::Error) -> SendFault {
    SendFault::perhaps(format!("the WebSocket broke off: {error}"))
}

#[cfg(test)]
mod tests;
