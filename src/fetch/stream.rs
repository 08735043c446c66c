//! Streams (server-sent events, WebSockets): a frame only wakes lanes, it never carries a mention.
//! A WebSocket that brings presses is answered on ([`TwoWay`]).
//!
//! Of server-sent events a frame is the lines of one event as the server wrote them (`event: …`,
//! `data: …`), without comments, joined by line feeds (WHATWG HTML, 9.2.6); of a WebSocket it is
//! one message.

use super::conversation::judge;
use super::redact::Redactor;
use super::transport::{Opened, SendFault, Voice};
use super::{Engine, Link, Peer, unsent};
use crate::domain::Instant;
use crate::wire::{Fault, Network, Next, Reached, Response, StreamOp, Streamed};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::collections::VecDeque;
use std::time::Duration;

/// The most of an event that is kept: its kind stands in its first line. A longer message is left
/// out, since half of one can be read by nobody.
const MAX_FRAME: usize = 64 * 1024;

/// The same of a message that brings a press, with the whole alert around it.
const MAX_PRESS: usize = 1024 * 1024;
/// Whoever does not take a message for so long is gone.
const LONGEST_SAYING: Duration = Duration::from_secs(10);

/// A stream this quiet is taken for dead. Servers send a comment or a ping every 15 to 30 s.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

/// An open stream.
pub struct Frames {
    chunks: BoxStream<'static, Result<Bytes, SendFault>>,
    /// Of server-sent events, whose pieces are cut anywhere.
    split: Option<Split>,
    ready: VecDeque<Vec<u8>>,
    redactor: Redactor,
    lag_ms: i64,
    /// A longer message is left out.
    longest: usize,
}

impl Frames {
    /// How long after a frame the network's own answers show what it told of, in milliseconds.
    pub fn lag_ms(&self) -> i64 {
        self.lag_ms
    }

    /// The next frame. May be dropped while waiting without losing one.
    ///
    /// # Errors
    /// `Retry` when the stream ended, broke off or fell silent: open it anew.
    pub async fn next(&mut self) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            let ended = |why: &str| Fault { reached: Reached::Perhaps, ..unsent(why) };
            match tokio::time::timeout(LONGEST_SILENCE, self.chunks.next()).await {
                Err(_) => return Err(ended("the stream fell silent; it is opened anew")),
                Ok(None) => return Err(ended("the server ended the stream; it is opened anew")),
                Ok(Some(Err(fault))) => return Err(ended(&self.redactor.why(&fault.why))),
                Ok(Some(Ok(chunk))) => match &mut self.split {
                    Some(split) => split.push(&chunk, &mut self.ready),
                    None if (1..=self.longest).contains(&chunk.len()) => return Ok(chunk.to_vec()),
                    None => {}
                },
            }
        }
    }
}

/// An open WebSocket on which we answer.
pub struct TwoWay {
    frames: Frames,
    voice: Voice,
}

impl TwoWay {
    /// The next message. May be dropped while waiting without losing one.
    ///
    /// # Errors
    /// As [`Frames::next`].
    pub async fn next(&mut self) -> Result<Vec<u8>, Fault> {
        self.frames.next().await
    }

    /// Says something, as one message of text.
    ///
    /// # Errors
    /// `Retry` when the connection broke off: open it anew. What is no text is a bug.
    pub async fn say(&mut self, text: &[u8]) -> Result<(), Fault> {
        let text = String::from_utf8(text.to_vec());
        let text = text.map_err(|_| Fault::bug("what is said on a WebSocket must be text"))?;
        let ended = |why: &str| Fault { reached: Reached::Perhaps, ..unsent(why) };
        match tokio::time::timeout(LONGEST_SAYING, self.voice.say(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(ended(&self.frames.redactor.why(&fault.why))),
            Err(_) => Err(ended("the server takes nothing any more; the line is opened anew")),
        }
    }
}

impl Engine {
    /// Opens a WebSocket to hear and to answer on.
    ///
    /// # Errors
    /// The fault of the connection or of the answer.
    pub async fn two_way(&self, op: StreamOp) -> Result<TwoWay, Fault> {
        let StreamOp { request, streamed: Streamed::WebSocket, lag_ms, .. } = op else {
            return Err(Fault::bug("presses come by a WebSocket, and this is none"));
        };
        let redactor = Redactor::of(&request);
        let opened = self.transport.two_way(&request, self.ids.bytes()).await;
        let (Opened { head, chunks }, voice) = opened.map_err(|fault| Fault {
            next: Next::Retry { after: None },
            why: redactor.why(&fault.why),
            reached: fault.reached,
        })?;
        let Some(voice) = voice.filter(|_| head.status == 101) else {
            let fault = no_socket(&head, self.clock.now());
            return Err(Fault { why: redactor.why(&fault.why), ..fault });
        };
        let (ready, longest) = (VecDeque::new(), MAX_PRESS);
        let frames = Frames { chunks, split: None, ready, redactor, lag_ms, longest };
        Ok(TwoWay { frames, voice })
    }

    /// Opens the stream that wakes a channel's lanes; renews a refused session once. `None`
    /// where there is no stream.
    ///
    /// # Errors
    /// The fault of the log-in, of the connection or of the answer.
    pub async fn frames(
        &self,
        network: &dyn Network,
        link: &Link,
    ) -> Result<Option<Frames>, Fault> {
        let peer = Peer::Network(network);
        let mut cx = self.ctx(peer, link).await?;
        let mut may_renew = true;
        loop {
            let Some(op) = network.stream(&cx.cx()) else { return Ok(None) };
            let request = if op.auth { network.sign(op.request, &cx.cx()) } else { op.request };
            let redactor = Redactor::of(&request);
            let opened = match op.streamed {
                Streamed::Events => self.transport.open(&request).await,
                Streamed::WebSocket => self.transport.socket(&request, self.ids.bytes()).await,
            };
            let Opened { head, chunks } = opened.map_err(|fault| Fault {
                next: Next::Retry { after: None },
                why: redactor.why(&fault.why),
                reached: fault.reached,
            })?;
            let fault = match op.streamed {
                Streamed::WebSocket if head.status == 101 => None,
                Streamed::WebSocket => Some(no_socket(&head, cx.now)),
                Streamed::Events => judge(peer, &request, &head, &cx),
            };
            let Some(fault) = fault else {
                let split = (op.streamed == Streamed::Events).then(Split::default);
                let (ready, lag_ms) = (VecDeque::new(), op.lag_ms);
                let longest = MAX_FRAME;
                return Ok(Some(Frames { chunks, split, ready, redactor, lag_ms, longest }));
            };
            if fault.next == Next::Auth && op.auth && may_renew {
                may_renew = false;
                if let Some(fresh) = self.renew(peer, link, cx.session.as_deref()).await? {
                    cx = self.ctx_with(peer, link, Some(fresh), cx.seed);
                    continue;
                }
            }
            return Err(Fault { why: redactor.why(&fault.why), ..fault });
        }
    }
}

/// What an answer means by which no WebSocket was opened. Its server need not be the network's own,
/// so the network has no say in it.
fn no_socket(head: &Response, now: Instant) -> Fault {
    Fault::of_status(head, now).unwrap_or_else(|| {
        let status = head.status;
        Fault::refused(format!("the server answers {status} instead of opening a WebSocket"))
    })
}

/// Cuts bytes into frames, wherever the network cut them into pieces.
#[derive(Default)]
struct Split {
    frame: Vec<u8>,
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed now belongs to it.
    after_return: bool,
}

impl Split {
    fn push(&mut self, bytes: &[u8], ready: &mut VecDeque<Vec<u8>>) {
        for &byte in bytes {
            let belongs = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                _ if belongs => {}
                b'\n' | b'\r' => self.end_line(ready),
                _ if self.line.len() < MAX_FRAME => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self, ready: &mut VecDeque<Vec<u8>>) {
        if self.line.is_empty() {
            if !self.frame.is_empty() {
                ready.push_back(std::mem::take(&mut self.frame));
            }
            return;
        }
        let room = MAX_FRAME - self.frame.len();
        if self.line[0] != b':' && room > 1 {
            if !self.frame.is_empty() {
                self.frame.push(b'\n');
            }
            let room = MAX_FRAME - self.frame.len();
            self.frame.extend_from_slice(&self.line[..self.line.len().min(room)]);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestNet, answer, bench};
    use super::*;

    #[tokio::test]
    async fn the_messages_of_a_socket_are_frames_and_its_server_learns_no_secret() {
        let b = bench(true, vec![answer(101, "{\"a\":\n\n1}")]);
        let mut frames = b.engine.frames(&TestNet::Socket, &b.link).await.unwrap().unwrap();
        assert_eq!(frames.lag_ms(), 7);
        assert_eq!(frames.next().await.unwrap(), b"{\"a\":\n\n1}");
        assert!(frames.next().await.unwrap_err().why.contains("ended"));
        assert_eq!(b.transport.log(), ["GET /socket -"]);
    }

    #[tokio::test]
    async fn a_socket_that_is_refused_costs_no_session() {
        for (status, next) in [(401, Next::Auth), (200, Next::Refused), (304, Next::Refused)] {
            let b = bench(true, vec![answer(status, "")]);
            let fault = b.engine.frames(&TestNet::Socket, &b.link).await.err().unwrap();
            assert_eq!(fault.next, next, "{status}: {}", fault.why);
            assert_eq!(b.transport.log(), ["GET /socket -"], "nobody logs in anew for it");
        }
    }

    #[tokio::test]
    async fn signs_of_life_and_messages_beyond_measure_are_no_frames() {
        let (empty, long) = (Bytes::new(), Bytes::from(vec![b'x'; MAX_FRAME + 1]));
        let whole = long.slice(1..);
        let pieces = [empty, long, whole.clone()].map(Ok::<Bytes, SendFault>);
        let mut frames = Frames {
            chunks: futures_util::stream::iter(pieces).boxed(),
            split: None,
            ready: VecDeque::new(),
            redactor: Redactor::default(),
            lag_ms: 0,
            longest: MAX_FRAME,
        };
        assert_eq!(frames.next().await.unwrap(), whole);
        assert!(frames.next().await.is_err());
    }

    fn frames(pieces: &[&[u8]]) -> Vec<String> {
        let (mut split, mut ready) = (Split::default(), VecDeque::new());
        pieces.iter().for_each(|piece| split.push(piece, &mut ready));
        ready.into_iter().map(|f| String::from_utf8(f).unwrap()).collect()
    }

    #[test]
    fn frames_end_at_empty_lines_however_they_are_cut() {
        let text = b":thump\n\nevent: update\r\ndata: {\"a\":1}\r\n\r\n:x\ndata: 2\r\rdata: half";
        let whole = frames(&[text]);
        assert_eq!(whole, ["event: update\ndata: {\"a\":1}", "data: 2"]);
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(frames(&bytes), whole);
    }

    #[test]
    fn an_endless_frame_is_cut_and_the_next_one_is_whole() {
        let long = vec![b'x'; 3 * MAX_FRAME];
        let got = frames(&[b"event: update\ndata: ", &long, b"\n", &long, b"\n\ndata: next\n\n"]);
        assert_eq!(got[0].len(), MAX_FRAME);
        assert!(got[0].starts_with("event: update\ndata: xxx"));
        assert_eq!(got[1], "data: next");
    }
}
