//! `Problem`: what went wrong with a request, told as RFC 9457 problem JSON.

use crate::pipeline::acts::ActError;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// What went wrong, and what to do instead.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    retry_after: Option<i64>,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of this status; `detail` tells a person what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, detail: detail.into(), retry_after: None, more: Map::new() }
    }

    /// The request does not do as it is.
    pub fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing.
    pub fn missing(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, detail)
    }

    /// When to try again, in seconds, at least one.
    pub fn retry(mut self, seconds: i64) -> Problem {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// One more member of the JSON.
    pub fn with(mut self, name: &str, value: Value) -> Problem {
        self.more.insert(name.to_owned(), value);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or_default()));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        body.extend(self.more);
        let mut response = (self.status, Value::Object(body).to_string()).into_response();
        let headers = response.headers_mut();
        let form = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, form);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Problem {
        match e {
            StoreError::Conflict => Problem::new(StatusCode::CONFLICT, e.to_string()),
            StoreError::Full => Problem::new(StatusCode::INSUFFICIENT_STORAGE, e.to_string()),
            e if e.is_passing() => {
                tracing::warn!(error = %e, "the store did not answer a request");
                let detail = "the database is busy; send the same request again";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry(5)
            }
            e => {
                tracing::error!(error = %e, "a request failed");
                let detail = "the store failed; the log says how. Nothing accepted is lost";
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
        }
    }
}

impl From<ActError> for Problem {
    fn from(e: ActError) -> Problem {
        let detail = e.to_string();
        match e {
            ActError::Unknown(_) => Problem::missing(detail),
            ActError::NotAllowed(_) => Problem::new(StatusCode::CONFLICT, detail),
            ActError::Invalid(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail),
            ActError::Stale(draft) => Problem::new(StatusCode::CONFLICT, detail).with(
                "draft",
                json!({
                    "rev": draft.rev,
                    "text": draft.text,
                    "language": draft.language,
                    "made_by": draft.made_by,
                }),
            ),
            ActError::Store(e) => e.into(),
        }
    }
}
