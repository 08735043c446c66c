//! Where the Graph API stands: behind a port of loopback, or behind the engine's transport.

use super::super::Server;
use super::node::Kind;
use super::{ACCOUNT, ACCOUNT_NAME, Asked, Graph, PAGE, PAGE_NAME};
use ascolto::domain::Instant;
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::wire::{Body, BoxFuture, Request, Response};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// The API on a port of its own. Dropping it fails the test if anything was refused.
pub struct Served {
    /// Its address.
    pub url: String,
    graph: Arc<Graph>,
    _server: Server,
}

impl Served {
    /// Starts it.
    pub async fn start() -> Served {
        let graph = Arc::new(Graph::new());
        let server = Server::start(Router::new().fallback(serve).with_state(graph.clone())).await;
        Served { url: server.url.clone(), graph, _server: server }
    }
}

impl Deref for Served {
    type Target = Graph;

    fn deref(&self) -> &Graph {
        &self.graph
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.graph.must_have_refused_nothing();
    }
}

impl Graph {
    /// The API with the Page and the account, on which nothing stands yet.
    pub fn new() -> Graph {
        let graph = Graph(Mutex::default());
        let mut state = graph.lock();
        state.put(Kind::Page, PAGE, "", PAGE_NAME, "", Instant(0));
        state.put(Kind::Account, ACCOUNT, "", ACCOUNT_NAME, "", Instant(0));
        drop(state);
        graph
    }
}

fn pairs(query: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query).into_owned().collect()
}

async fn serve(
    State(graph): State<Arc<Graph>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let answer = graph.answer(&Asked {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: pairs(uri.query().unwrap_or_default().as_bytes()),
        headers: headers.iter().map(header).collect(),
        body: body.to_vec(),
    });
    let status = StatusCode::from_u16(answer.status).expect("a status that exists");
    let mut response = (status, axum::Json(answer.body)).into_response();
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().expect("JSON fits into a header"));
    }
    response
}

impl Transport for Graph {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async {
            if self.lock().down {
                return Err(SendFault::never("nobody can be reached"));
            }
            let host = request.url.origin().ascii_serialization();
            if host != "https://graph.facebook.com" {
                self.lock().refused.push(format!("{host} is not the API's host"));
            }
            let answer = self.answer(&as_asked(request));
            let headers = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
            Ok(Response {
                status: answer.status,
                headers: headers.collect(),
                body: answer.body.to_string().into_bytes(),
                url: Some(request.url.clone()),
            })
        })
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("the API streams nothing")) })
    }
}

/// A request of the engine as it would come by a line.
fn as_asked(request: &Request) -> Asked {
    let shown = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let secret = request.secret_headers.iter().map(|(name, value)| (*name, value.expose()));
    let mut headers: Vec<(String, String)> =
        shown.chain(secret).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (media, body) = match &request.body {
        Body::None => (None, Vec::new()),
        Body::Json(json) => (Some("application/json"), json.clone()),
        Body::Form(form) => {
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            let text = text.extend_pairs(form).finish();
            (Some("application/x-www-form-urlencoded"), text.into_bytes())
        }
        Body::Bytes(media, bytes) => (Some(*media), bytes.clone()),
    };
    headers.extend(media.map(|media| ("content-type".to_owned(), media.to_owned())));
    Asked {
        method: request.method.as_str().to_owned(),
        path: request.url.path().to_owned(),
        query: pairs(request.url.query().unwrap_or_default().as_bytes()),
        headers,
        body,
    }
}
