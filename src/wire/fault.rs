//! `Fault`: what went wrong outside, and what to do next.

use super::http::Response;
use crate::domain::Instant;
use crate::domain::time::SECOND;

/// What to do next about a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again, after this many milliseconds if the other side said so.
    Retry {
        /// The other side's own figure.
        after: Option<i64>,
    },
    /// A limit is used up; nothing of that bucket before `until`.
    Throttled {
        /// The bucket, `None` if the answer does not tell which.
        bucket: Option<super::Bucket>,
        /// When the limit opens again.
        until: Instant,
    },
    /// The credential is refused. The engine refreshes it once; then the channel is deaf.
    Auth,
    /// The other side understood and said no; the same request will never do.
    Refused,
    /// What was asked about is not there any more.
    Gone,
    /// The cursor or token is too old for the other side; begin anew and record the hole.
    Expired,
    /// An answer that we cannot read, or a request that we built wrongly: for a developer.
    Bug,
}

/// How far a request got. Only this decides whether a post may be sent again (invariant 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Provably no byte of it left.
    Never,
    /// It may have been carried out.
    Perhaps,
    /// It was answered.
    Answered,
}

/// Something that went wrong outside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Fault {
    /// What to do.
    pub next: Next,
    /// What happened and what a person can do about it. Holds no secret.
    pub why: String,
    /// How far the request got.
    pub reached: Reached,
}

impl Fault {
    /// A fault read from an answer.
    pub fn new(next: Next, why: impl Into<String>) -> Fault {
        Fault { next, why: why.into(), reached: Reached::Answered }
    }

    /// A transient fault without a figure of its own.
    pub fn retry(why: impl Into<String>) -> Fault {
        Fault::new(Next::Retry { after: None }, why)
    }

    /// Something for a developer: an answer that cannot be read.
    pub fn bug(why: impl Into<String>) -> Fault {
        Fault::new(Next::Bug, why)
    }

    /// The other side said no.
    pub fn refused(why: impl Into<String>) -> Fault {
        Fault::new(Next::Refused, why)
    }

    /// Whether an unposted reply may be sent again by itself: the request never left, or the
    /// answer was a definite transient refusal (429, or 503 with Retry-After).
    pub fn may_resend(&self) -> bool {
        match self.reached {
            Reached::Never => true,
            Reached::Perhaps => false,
            Reached::Answered => {
                matches!(self.next, Next::Throttled { .. } | Next::Retry { after: Some(_) })
            }
        }
    }

    /// Whether it is settled that the request was not carried out and never will be.
    pub fn is_final(&self) -> bool {
        self.reached == Reached::Answered
            && matches!(self.next, Next::Auth | Next::Refused | Next::Gone | Next::Expired)
    }

    /// The fault that a status code means by RFC 9110, unless the network knows better.
    /// `None` for 2xx and 304.
    pub fn of_status(res: &Response, now: Instant) -> Option<Fault> {
        let after = retry_after(res, now);
        let (next, what) = match res.status {
            200..300 | 304 => return None,
            401 => (Next::Auth, "the credential is refused; renew it"),
            403 => (Next::Refused, "permission is missing; check the credential's scopes"),
            404 => (Next::Gone, "it is not there"),
            410 => (Next::Gone, "it is gone for good"),
            408 | 425 => (Next::Retry { after }, "the server gave up waiting"),
            429 => {
                // Without a figure a minute is polite: the common windows are one to 15 minutes.
                let until = now + after.unwrap_or(60 * SECOND);
                (Next::Throttled { bucket: None, until }, "the limit is used up")
            }
            300..400 => (Next::Refused, "it answers with a redirect; write the final address"),
            400..500 => (Next::Refused, "the request is refused"),
            _ => (Next::Retry { after }, "the server failed"),
        };
        Some(Fault::new(next, format!("{what} (HTTP {})", res.status)))
    }
}

/// `Retry-After` in milliseconds: seconds, or an HTTP date (RFC 9110, 10.2.3). A day at most:
/// a wrong header must not silence a channel for years.
pub(super) fn retry_after(res: &Response, now: Instant) -> Option<i64> {
    let value = res.header("retry-after")?.trim();
    let ms = match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => (seconds * 1000.0).ceil() as i64,
        _ => {
            let date = httpdate::parse_http_date(value).ok()?;
            let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_millis()).ok()?.saturating_sub(now.0).max(0)
        }
    };
    Some(ms.min(crate::domain::time::DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, retry: Option<&str>) -> Response {
        let headers = retry.map(|v| vec![("retry-after".to_owned(), v.to_owned())]);
        Response { status, headers: headers.unwrap_or_default(), ..Response::default() }
    }

    #[test]
    fn only_definite_transient_refusals_resend() {
        let now = Instant(1_000_000_000_000);
        let resend =
            |status, retry| Fault::of_status(&response(status, retry), now).unwrap().may_resend();
        assert!(resend(429, None));
        assert!(resend(503, Some("5")));
        assert!(!resend(503, None), "carried out or not? nobody knows");
        assert!(!resend(500, None));
        assert!(!resend(422, None));
        assert!(Fault::of_status(&response(204, None), now).is_none());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_capped() {
        let now = Instant(784_111_777_000);
        let after = |v| retry_after(&response(429, Some(v)), now);
        assert_eq!(after("14"), Some(14_000));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10_000));
        assert_eq!(after("999999999"), Some(crate::domain::time::DAY));
        assert_eq!(after("soon"), None);
    }
}
