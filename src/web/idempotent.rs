//! `once`: a POST with an `Idempotency-Key` happens once; its repetition gets the same answer.

use super::auth::Caller;
use super::front::Shared;
use super::problem::Problem;
use crate::store::access::{self, Answered};
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest key.
const KEY_LIMIT: usize = 255;

/// Reads the body, at most `limit` bytes, and lets `act` answer it, unless it was answered before
/// under the same key. Only what succeeded is kept: what was refused changed nothing.
///
/// # Errors
/// 413 for a body over the limit, 422 for another body under the same key, 409 while the first
/// request is still being answered, and whatever `act` refuses.
pub async fn once(
    front: &Shared,
    caller: &Caller,
    request: Request,
    limit: usize,
    act: impl AsyncFnOnce(Bytes) -> Result<(StatusCode, Value), Problem>,
) -> Result<Response, Problem> {
    front.sweep().await;
    let path = request.uri().path().to_owned();
    let key = request.headers().get("idempotency-key").cloned();
    let body = body(request, limit).await?;
    let Some(key) = key else {
        let (status, value) = act(body).await?;
        return Ok(json(status, value.to_string()));
    };
    let key = key.to_str().ok().map(str::trim).filter(|k| (1..=KEY_LIMIT).contains(&k.len()));
    let key = key.ok_or_else(|| {
        Problem::bad("`Idempotency-Key` does not do; send 1 to 255 visible characters")
    })?;
    let digest: String = Sha256::digest(&body).iter().map(|b| format!("{b:02x}")).collect();
    let Some(_running) = front.enter(format!("{}\n{path}\n{key}", caller.id)) else {
        let detail = "the first request with this Idempotency-Key is still being answered";
        return Err(Problem::new(StatusCode::CONFLICT, detail).retry(1));
    };
    let store = &front.web.deps.store;
    let mut tx = store.read().await?;
    let before = access::answer(&mut tx, &caller.id, &path, key, front.now()).await?;
    drop(tx);
    if let Some(before) = before {
        if before.digest != digest {
            let detail = "this Idempotency-Key was sent with another body before; take a new key";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        let status = u16::try_from(before.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let mut response = json(status.unwrap_or(StatusCode::OK), before.body);
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        return Ok(response);
    }
    let (status, value) = act(body).await?;
    let answered = Answered { digest, status: i64::from(status.as_u16()), body: value.to_string() };
    let mut tx = store.begin().await?;
    access::keep_answer(&mut tx, &caller.id, &path, key, &answered, front.now()).await?;
    tx.commit().await?;
    Ok(json(status, answered.body))
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// 413 for a body over the limit, 400 for one that broke off.
pub async fn body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let too_big = || {
        let detail = format!(
            "the body is over {} MiB; send it in several requests",
            limit.div_ceil(1 << 20)
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let told = request.headers().get(header::CONTENT_LENGTH);
    let told = told.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|n| n > limit as u64) {
        return Err(too_big());
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|e| {
        // The body's own type of error is not ours to name; its text is fixed.
        let source = std::error::Error::source(&e).map(ToString::to_string).unwrap_or_default();
        if source.contains("length limit") || e.to_string().contains("length limit") {
            too_big()
        } else {
            Problem::bad("the body broke off; send the request again")
        }
    })
}

fn json(status: StatusCode, body: String) -> Response {
    let form = [(header::CONTENT_TYPE, "application/json")];
    (status, form, body).into_response()
}
