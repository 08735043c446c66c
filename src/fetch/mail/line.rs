//! One line to a mail server, with or without TLS, read and written by lines.

use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::io::{BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Longer lines are no answer of a mail server. The longest honest one is a list of numbers that
/// a search found.
const LONGEST_LINE: u64 = 4 * 1024 * 1024;

/// The bytes below.
pub(super) enum Stream {
    /// As they are.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

/// A line to a server. Errors are texts for a person and hold nothing of what was sent.
pub(super) struct Line {
    inner: BufReader<Stream>,
}

impl Line {
    /// A line over a connection.
    pub(super) fn new(stream: Stream) -> Line {
        Line { inner: BufReader::new(stream) }
    }

    /// The connection of a line that is to be encrypted from here on.
    ///
    /// # Errors
    /// When the server sent more than was asked for: somebody on the way may have put it there,
    /// and after the handshake it would pass for the server's own word (RFC 9051, 11.1).
    pub(super) fn into_plain(self) -> Result<TcpStream, String> {
        if !self.inner.buffer().is_empty() {
            return Err("it sent more than it was asked for before STARTTLS".to_owned());
        }
        match self.inner.into_inner() {
            Stream::Plain(tcp) => Ok(tcp),
            Stream::Tls(_) => Err("the line is encrypted already".to_owned()),
        }
    }

    /// The next line without its end.
    ///
    /// # Errors
    /// When the line breaks off or has no end.
    pub(super) async fn read(&mut self) -> Result<Vec<u8>, String> {
        let mut line = Vec::new();
        let mut some = (&mut self.inner).take(LONGEST_LINE);
        some.read_until(b'\n', &mut line).await.map_err(|e| e.to_string())?;
        if line.pop() != Some(b'\n') {
            return Err("it hung up, or its line has no end".to_owned());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When the line breaks off before.
    pub(super) async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; count];
        let read = self.inner.read_exact(&mut bytes).await;
        read.map_err(|_| "it hung up in the middle of a mail".to_owned())?;
        Ok(bytes)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the line breaks off.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.inner.write_all(bytes).await.map_err(|e| e.to_string())?;
        self.inner.flush().await.map_err(|e| e.to_string())
    }
}
