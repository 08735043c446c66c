//! Where a browser is sent back to from a consent page: one address on this machine, for as long as
//! somebody waits there (RFC 8252, 7.3).

use super::super::ask::Asker;
use super::super::failure::Failure;
use super::super::out;
use crate::links;
use crate::wire::{Errand, NoCode, Secret};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use minijinja::HtmlEscape;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a person may take: to log in there, look for a second factor, and read what is asked.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long the browser gets to read the page that it is shown at last.
const GRACE: Duration = Duration::from_secs(2);

/// A port that is kept, and the address that browsers come to.
pub(super) struct Callback {
    listener: TcpListener,
    address: String,
}

/// What those who come are judged by, and who hears of it.
struct Waiting {
    errand: Arc<Errand>,
    tell: mpsc::Sender<Result<Secret, NoCode>>,
}

impl Callback {
    /// Keeps a port of this machine, so that the address can be told before anybody waits there.
    pub(super) fn keep(port: u16) -> Result<Callback, Failure> {
        let taken = |e| {
            Failure::outside(format!(
                "127.0.0.1:{port} cannot be listened on: {e}. Choose another port with \
                 --callback-port, and enter its address with the network where that is asked for"
            ))
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(taken)?;
        listener.set_nonblocking(true).map_err(taken)?;
        let port = listener.local_addr().map_err(taken)?.port();
        Ok(Callback { listener, address: links::loopback(port) })
    }

    /// The address, as it is entered with the network.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for a browser to bring the code, or for a person to paste where it ended. What brings
    /// another errand's state is told so and passed over: anybody may send a browser here.
    pub(super) async fn code(
        &self,
        errand: &Arc<Errand>,
        ask: &mut Asker,
    ) -> Result<Secret, Failure> {
        let broken = |e| Failure::outside(format!("{} cannot be served: {e}", self.address));
        let listener = self.listener.try_clone().map_err(broken)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(broken)?;
        let (tell, mut told) = mpsc::channel(1);
        let waiting = Arc::new(Waiting { errand: Arc::clone(errand), tell });
        let router = Router::new().route(links::path::LOOPBACK, get(came)).with_state(waiting);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).with_graceful_shutdown(stopped).await
        });
        let brings = async {
            let mut may_paste = true;
            loop {
                tokio::select! {
                    Some(brought) = told.recv() => return brought.map_err(|e| refused(&e)),
                    line = ask.line(), if may_paste => match line? {
                        None => may_paste = false,
                        Some(line) if line.is_empty() => {}
                        Some(line) => match errand.pasted(&line) {
                            Err(why @ NoCode::Foreign) => out::say(&why.to_string()),
                            brought => return brought.map_err(|e| refused(&e)),
                        },
                    },
                    else => return Err(Failure::outside("nobody can bring an answer any more")),
                }
            }
        };
        let came = tokio::time::timeout(PATIENCE, brings).await;
        stop.cancel();
        // A browser that keeps its line open keeps nobody here.
        drop(tokio::time::timeout(GRACE, serving).await);
        came.unwrap_or_else(|_| {
            let minutes = PATIENCE.as_secs() / 60;
            Err(Failure::outside(format!("no answer came within {minutes} minutes")))
        })
    }
}

fn refused(why: &NoCode) -> Failure {
    Failure::no(why.to_string())
}

/// A browser came.
async fn came(State(waiting): State<Arc<Waiting>>, uri: Uri) -> Response {
    let brought = waiting.errand.code(uri.query().unwrap_or_default());
    let (status, text) = match &brought {
        Ok(_) => {
            let text =
                "The answer came. Go back to the terminal: there you see whether it is good.";
            (StatusCode::OK, text.to_owned())
        }
        Err(why @ NoCode::Foreign) => (StatusCode::BAD_REQUEST, why.to_string()),
        Err(why) => (StatusCode::OK, format!("{why}. The terminal goes on from here.")),
    };
    if !matches!(brought, Err(NoCode::Foreign)) {
        // The first one counts; a page that is loaded again brings the same.
        drop(waiting.tell.try_send(brought));
    }
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Ascolto</title>\n<p>{}</p>\n",
        HtmlEscape(&text)
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address of this page holds the code.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, Html(page)).into_response()
}
