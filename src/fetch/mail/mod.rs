//! The real outside: HTTP as it is, and mail servers, guarded, timed and capped.
//!
//! | file | does |
//! |---|---|
//! | `mod` | connects: address guard, TLS, time-outs; runs one operation a connection |
//! | `line` | a line with or without TLS |
//! | `imap` | reads folders, looks mails up, files copies |
//! | `token`, `said`, `found` | the pieces, words and meanings of IMAP answers |
//! | `smtp` | hands a mail over and knows how far that got |

mod found;
mod imap;
mod line;
mod said;
mod smtp;
#[cfg(test)]
mod tests;
mod token;

use super::guard::{Guard, Trust, is_public, refusal};
use super::transport::{HttpTransport, Opened, SendFault, Transport, Voice};
use super::{Settings, unsent};
use crate::wire::{
    BoxFuture, Fault, Folder, MailAct, MailOp, MailServer, Mailed, Reached, Request, Response, Tls,
};
use imap::Imap;
use line::{Line, Stream};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use smtp::Smtp;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// A mail operation is several exchanges and may bring megabytes: so many times the time-out of
/// one HTTP exchange.
const EXCHANGES: u32 = 3;

/// The real network: HTTP, and mail beside it.
pub struct Outside {
    http: HttpTransport,
    guard: Guard,
    timeout: Duration,
    mail_limit: usize,
    /// Made when the first mail server is met: it reads the system's certificates.
    tls: OnceLock<TlsConnector>,
}

impl Outside {
    /// Prepares all that needs no connection. The TLS provider must have been installed before.
    ///
    /// # Errors
    /// Text for a person: what in the settings does not do.
    pub fn new(settings: &Settings) -> Result<Outside, String> {
        let timeout = Duration::from_millis(settings.timeout_ms.max(1).unsigned_abs());
        Ok(Outside {
            http: HttpTransport::new(settings)?,
            guard: Guard::new(&settings.allow_private)?,
            timeout: timeout * EXCHANGES,
            mail_limit: settings.body_limit,
            tls: OnceLock::new(),
        })
    }

    /// A connection to a server, if its address may be spoken to.
    async fn dial(&self, server: &MailServer) -> Result<TcpStream, Fault> {
        let host = match server.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => Host::Ipv4(ip),
            Ok(IpAddr::V6(ip)) => Host::Ipv6(ip),
            Err(_) => Host::parse(&server.host).map_err(|e| unsent(format!("its name: {e}")))?,
        };
        let trust = self.guard.host(&host, Some(server.port)).map_err(unsent)?;
        let found: Vec<SocketAddr> = match &host {
            Host::Domain(name) => tokio::net::lookup_host((name.as_str(), server.port))
                .await
                .map_err(|e| unsent(format!("its name cannot be looked up: {e}")))?
                .collect(),
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, server.port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, server.port))],
        };
        let mut why = "its name has no address".to_owned();
        for at in found {
            if trust != Trust::Named && !self.guard.permits(at.ip(), Some(server.port)) {
                why = refusal(&format!("{} ({})", server.host, at.ip()));
            } else if server.tls == Tls::None && is_public(at.ip()) {
                why = "without TLS only addresses of our own house are spoken to".to_owned();
            } else {
                match TcpStream::connect(at).await {
                    Ok(tcp) => return Ok(tcp),
                    Err(e) => why = format!("cannot connect: {e}"),
                }
            }
        }
        Err(unsent(why))
    }

    async fn encrypt(&self, server: &MailServer, tcp: TcpStream) -> Result<Line, Fault> {
        let connector = match self.tls.get() {
            Some(connector) => connector,
            None => {
                let config = ClientConfig::with_platform_verifier()
                    .map_err(|e| unsent(format!("TLS cannot be set up: {e}")))?;
                self.tls.get_or_init(|| TlsConnector::from(Arc::new(config)))
            }
        };
        let name = ServerName::try_from(server.host.clone())
            .map_err(|_| unsent("its name cannot stand in a certificate"))?;
        let tls = connector.connect(name, tcp).await;
        let tls = tls.map_err(|e| unsent(format!("no TLS with it: {e}")))?;
        Ok(Line::new(Stream::Tls(Box::new(tls))))
    }

    /// A session with an IMAP server, logged in.
    async fn imap(&self, server: &MailServer) -> Result<Imap, Fault> {
        let tcp = self.dial(server).await?;
        let limit = self.mail_limit;
        let mut imap = match server.tls {
            Tls::Implicit => Imap::new(self.encrypt(server, tcp).await?, limit),
            Tls::Start | Tls::None => Imap::new(Line::new(Stream::Plain(tcp)), limit),
        };
        imap.greeted().await?;
        if server.tls == Tls::Start {
            let tcp = imap.start_tls().await?.into_plain().map_err(unsent)?;
            imap = Imap::new(self.encrypt(server, tcp).await?, limit);
        }
        imap.login(server).await?;
        Ok(imap)
    }

    /// A session with a submission server, logged in.
    async fn smtp(&self, server: &MailServer) -> Result<Smtp, Fault> {
        let tcp = self.dial(server).await?;
        // An address in brackets is a name that needs no DNS (RFC 5321, 4.1.3).
        let name = match tcp.local_addr().map(|at| at.ip()) {
            Ok(IpAddr::V4(ip)) => format!("[{ip}]"),
            Ok(IpAddr::V6(ip)) => format!("[IPv6:{ip}]"),
            Err(_) => "[127.0.0.1]".to_owned(),
        };
        let mut smtp = match server.tls {
            Tls::Implicit => Smtp::new(self.encrypt(server, tcp).await?),
            Tls::Start | Tls::None => Smtp::new(Line::new(Stream::Plain(tcp))),
        };
        smtp.greeted().await?;
        smtp.hello(&name).await?;
        if server.tls == Tls::Start {
            let tcp = smtp.start_tls().await?.into_plain().map_err(unsent)?;
            smtp = Smtp::new(self.encrypt(server, tcp).await?);
            smtp.hello(&name).await?;
        }
        smtp.login(server).await?;
        Ok(smtp)
    }

    async fn read(&self, op: &MailOp) -> Result<Mailed, Fault> {
        let mut imap = self.imap(&op.server).await?;
        let mailed = match &op.act {
            MailAct::Fetch { folder, from, limit } => imap.fetch(folder, *from, *limit).await?,
            MailAct::Search { folders, any, limit } => imap.search(folders, any, *limit).await?,
            MailAct::Send { .. } => return Err(Fault::bug("IMAP sends no mail")),
        };
        imap.logout().await;
        Ok(mailed)
    }

    /// A session in which the mail itself comes next.
    async fn ready_to_send(
        &self,
        server: &MailServer,
        from: &str,
        to: &[String],
    ) -> Result<Smtp, Fault> {
        let mut smtp = self.smtp(server).await?;
        smtp.envelope(from, to).await?;
        Ok(smtp)
    }

    async fn hand_over(
        &self,
        server: &MailServer,
        from: &str,
        to: &[String],
        message: &[u8],
    ) -> Result<(), Fault> {
        let before = self.ready_to_send(server, from, to);
        let mut smtp = self.within(before, Reached::Never).await?;
        self.within(smtp.body(message), Reached::Perhaps).await?;
        smtp.quit().await;
        Ok(())
    }

    async fn file_copy(
        &self,
        server: &MailServer,
        folder: &Folder,
        message: &[u8],
    ) -> Result<(), Fault> {
        let mut imap = self.imap(server).await?;
        imap.append(folder, message).await?;
        imap.logout().await;
        Ok(())
    }

    async fn ask(&self, op: &MailOp) -> Result<Mailed, Fault> {
        let MailAct::Send { from, to, message, copy } = &op.act else {
            return self.within(self.read(op), Reached::Perhaps).await;
        };
        self.hand_over(&op.server, from, to, message).await?;
        if let Some((server, folder)) = copy {
            let filed = self.file_copy(server, folder, message);
            if let Err(fault) = self.within(filed, Reached::Perhaps).await {
                tracing::warn!(server = ?server, why = %fault.why, "a sent mail has no copy");
            }
        }
        Ok(Mailed::Done)
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
        reached: Reached,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result,
            Err(_) => {
                let ms = self.timeout.as_millis();
                let why = format!("no whole answer within {ms} ms; it is slow or the line is bad");
                Err(Fault { reached, ..Fault::retry(why) })
            }
        }
    }
}

impl Transport for Outside {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        self.http.send(request)
    }

    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        self.http.open(request)
    }

    fn socket<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<Opened, SendFault>> {
        self.http.socket(request, key)
    }

    fn two_way<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<(Opened, Option<Voice>), SendFault>> {
        self.http.two_way(request, key)
    }

    fn mail<'a>(&'a self, op: &'a MailOp) -> BoxFuture<'a, Result<Mailed, Fault>> {
        Box::pin(async move {
            self.ask(op).await.map_err(|fault| {
                let why = format!("{:?}: {}", op.server, fault.why);
                Fault { why, ..fault }
            })
        })
    }
}
