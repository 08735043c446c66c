//! What is answered to a request, and what of it nobody may send.

use super::{CLIENT, CLIENT_SECRET, LOCATION, Mind, REFRESH, Reply, Review};
use ascolto::domain::time::SECOND;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long a token lives, in seconds.
const LIVES: i64 = 3_599;
/// The most reviews of a page, and the most bytes of a reply.
const PAGE: usize = 50;
const LONGEST: usize = 4_096;
const STARS: [&str; 5] = ["ONE", "TWO", "THREE", "FOUR", "FIVE"];

/// An answer: status and JSON.
type Said = (u16, Value);

/// A request.
pub(super) struct Asked {
    pub method: Method,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

fn said(code: u16, status: &str, message: &str) -> Said {
    (code, json!({ "error": { "code": code, "message": message, "status": status } }))
}

/// Why a request comes to nothing.
enum No {
    /// It may be sent, and this is answered.
    Said(Said),
    /// Nobody may send it.
    Forbidden(Said),
}

fn forbidden(why: &str) -> No {
    No::Forbidden(said(400, "INVALID_ARGUMENT", why))
}

impl Mind {
    /// What is answered.
    pub(super) fn answer(&mut self, asked: &Asked) -> Said {
        let outcome = match asked.path.strip_prefix("/v4/") {
            _ if asked.path == "/token" => self.token(asked),
            Some(path) => self.api(asked, path),
            None => Err(forbidden("no such path")),
        };
        match outcome {
            Ok(body) => (200, body),
            Err(No::Said(said)) => said,
            Err(No::Forbidden(said)) => {
                let line = format!("{} {} {:?}", asked.method, asked.path, asked.query);
                self.refused.push(format!("{line}: {}", said.1));
                said
            }
        }
    }

    fn token(&mut self, asked: &Asked) -> Result<Value, No> {
        let form = "application/x-www-form-urlencoded";
        if asked.method != Method::POST || !asked.query.is_empty() || !asked.carries(form) {
            return Err(forbidden("a token is asked for by POST of a form"));
        }
        if asked.headers.contains_key(header::AUTHORIZATION) {
            return Err(forbidden("the client shows its secret in the form alone"));
        }
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let shown: BTreeSet<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let due = BTreeSet::from([
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("client_secret", CLIENT_SECRET),
            ("refresh_token", REFRESH),
        ]);
        if shown != due || pairs.len() != due.len() {
            return Err(forbidden("the form of a refresh is another"));
        }
        if !self.allowed {
            let why = "Token has been expired or revoked.";
            let body = json!({ "error": "invalid_grant", "error_description": why });
            return Err(No::Said((400, body)));
        }
        self.made += 1;
        let token = format!("ya29.{}", self.made);
        self.tokens.insert(token.clone(), self.clock.now() + LIVES * SECOND);
        Ok(json!({
            "access_token": token, "expires_in": LIVES, "token_type": "Bearer",
            "scope": "https://www.googleapis.com/auth/business.manage",
        }))
    }

    fn api(&mut self, asked: &Asked, path: &str) -> Result<Value, No> {
        let shown: Vec<_> = asked.headers.get_all(header::AUTHORIZATION).iter().collect();
        let token = match shown[..] {
            [one] => one.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")),
            _ => None,
        };
        let Some(end) = token.and_then(|token| self.tokens.get(token)).copied() else {
            let why = "the token was never handed out, or stands elsewhere";
            return Err(No::Forbidden(said(401, "UNAUTHENTICATED", why)));
        };
        if end <= self.clock.now() {
            let why = "Request had invalid authentication credentials.";
            return Err(No::Said(said(401, "UNAUTHENTICATED", why)));
        }
        let path = path.strip_prefix(LOCATION).and_then(|rest| rest.strip_prefix("/reviews"));
        let parts: Vec<&str> = path.unwrap_or("?").split('/').collect();
        let wrong = self.wrong.map(|(code, status)| No::Said(said(code, status, "as asked")));
        match (asked.method.as_str(), &parts[..]) {
            ("GET", [""]) => {
                let (order, size) = asked.list()?;
                wrong.map_or_else(|| self.list(asked, order, size), Err)
            }
            ("GET", ["", id]) => {
                asked.is_bare()?;
                let review = self.find(id)?.clone();
                wrong.map_or_else(|| Ok(shown_as(&review)), Err)
            }
            ("PUT", ["", id, "reply"]) => {
                let comment = asked.reply()?;
                self.find(id)?;
                wrong.map_or_else(|| self.write(id, comment), Err)
            }
            _ => Err(forbidden("no such method, or none of this location")),
        }
    }

    fn find(&mut self, id: &str) -> Result<&mut Review, No> {
        match self.reviews.iter_mut().find(|review| review.id == id) {
            Some(review) => Ok(review),
            None if self.removed.contains(id) => {
                let why = "Requested entity was not found.";
                Err(No::Said(said(404, "NOT_FOUND", why)))
            }
            None => Err(forbidden("nobody was told of such a review")),
        }
    }

    fn list(&mut self, asked: &Asked, order: &str, size: usize) -> Result<Value, No> {
        let mut all: Vec<&Review> = self.reviews.iter().collect();
        match order {
            "rating" => all.sort_by_key(|review| review.stars),
            "rating desc" => all.sort_by_key(|review| std::cmp::Reverse(review.stars)),
            _ => all.sort_by_key(|review| std::cmp::Reverse(review.updated)),
        }
        let from = match asked.query.get("pageToken") {
            None => 0,
            Some(token) => match self.pages.get(token) {
                Some((other, last)) if other == order => {
                    let at = all.iter().position(|review| review.id == *last);
                    at.map_or(all.len(), |at| at + 1)
                }
                _ => return Err(forbidden("a page token that was handed out for no such list")),
            },
        };
        let end = all.len().min(from + size);
        let stars: usize = all.iter().map(|review| review.stars).sum();
        let mut answer = json!({ "totalReviewCount": all.len() });
        if from < end {
            let page: Vec<Value> = all[from..end].iter().map(|review| shown_as(review)).collect();
            answer["reviews"] = json!(page);
            answer["averageRating"] = json!(stars as f64 / all.len() as f64);
        }
        if end < all.len() {
            self.made += 1;
            let token = format!("page-{}", self.made);
            let last = all[end - 1].id.clone();
            self.pages.insert(token.clone(), (order.to_owned(), last));
            answer["nextPageToken"] = json!(token);
        }
        Ok(answer)
    }

    fn write(&mut self, id: &str, comment: String) -> Result<Value, No> {
        self.writes += 1;
        let (at, state) = (self.clock.now(), self.begins);
        let reply = Reply { comment, at, state };
        let review = self.find(id)?;
        review.reply = Some(reply.clone());
        Ok(reply.shown())
    }
}

impl Reply {
    fn shown(&self) -> Value {
        json!({ "comment": self.comment, "updateTime": self.at, "reviewReplyState": self.state })
    }
}

fn shown_as(review: &Review) -> Value {
    let mut shown = json!({
        "name": format!("{LOCATION}/reviews/{}", review.id), "reviewId": review.id,
        "reviewer": { "displayName": "Jo Rossi", "isAnonymous": false },
        "starRating": STARS[review.stars - 1],
        "createTime": review.created, "updateTime": review.updated,
    });
    // Stars alone are a review too.
    if !review.text.is_empty() {
        shown["comment"] = json!(review.text);
    }
    if let Some(reply) = &review.reply {
        shown["reviewReply"] = reply.shown();
    }
    shown
}

impl Asked {
    fn carries(&self, media: &str) -> bool {
        self.headers.get(header::CONTENT_TYPE).is_some_and(|told| told == media)
    }

    /// Checks that a question has no body and no parameters.
    fn is_bare(&self) -> Result<(), No> {
        let bare = self.query.is_empty() && self.body.is_empty();
        if bare { Ok(()) } else { Err(forbidden("it takes neither parameters nor a body")) }
    }

    /// The order and the size of a page.
    fn list(&self) -> Result<(&str, usize), No> {
        if !self.body.is_empty() {
            return Err(forbidden("the request body must be empty"));
        }
        let known = ["pageSize", "pageToken", "orderBy"];
        if let Some(name) = self.query.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(forbidden(&format!("unknown name {name}")));
        }
        let order = self.query.get("orderBy").map_or("updateTime desc", String::as_str);
        if !["rating", "rating desc", "updateTime desc"].contains(&order) {
            return Err(forbidden(&format!("invalid orderBy {order}")));
        }
        let size = self.query.get("pageSize").map_or(Ok(PAGE), |size| size.parse());
        match size {
            Ok(size @ 1..=PAGE) => Ok((order, size)),
            _ => Err(forbidden("pageSize is a number from 1 to 50")),
        }
    }

    /// The words of a reply.
    fn reply(&self) -> Result<String, No> {
        if !self.query.is_empty() || !self.carries("application/json") {
            return Err(forbidden("a reply is JSON, without parameters"));
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let fields = body.as_object().map(|fields| fields.len());
        match body["comment"].as_str() {
            Some(text) if fields == Some(1) && (1..=LONGEST).contains(&text.len()) => {
                Ok(text.to_owned())
            }
            _ => Err(forbidden("a reply is its comment, of 4096 bytes at most")),
        }
    }
}

#[tokio::test]
async fn a_request_that_the_reference_does_not_allow_is_refused_and_noted() {
    let google = super::Google::start().await;
    let client = super::super::client();
    let form = |secret: &str| {
        let client = format!("client_id={CLIENT}&client_secret={secret}");
        format!("grant_type=refresh_token&{client}&refresh_token={REFRESH}")
    };
    let ask = async |method: Method, path: &str, token: &str, media: &str, body: String| {
        let mut request = client.request(method, format!("{}{path}", google.url)).body(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !media.is_empty() {
            request = request.header("content-type", media);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, super::super::read_json(Ok(answer)).await.unwrap())
    };
    let (form_type, json_type) = ("application/x-www-form-urlencoded", "application/json");
    google.review("a", 1, "Rude staff");
    let reviews = format!("/v4/{LOCATION}/reviews");
    let reply = format!("{reviews}/a/reply");
    let (status, granted) = ask(Method::POST, "/token", "", form_type, form(CLIENT_SECRET)).await;
    assert_eq!(status, 200);
    let token = granted["access_token"].as_str().unwrap();
    let long = json!({ "comment": "x".repeat(LONGEST + 1) }).to_string();
    let text = |text: &str| text.to_owned();
    for (method, path, token, media, body) in [
        (Method::POST, text("/token"), "", form_type, form("wrong")),
        (Method::POST, text("/token"), "", json_type, form(CLIENT_SECRET)),
        (Method::GET, text("/token"), "", "", text("")),
        (Method::GET, reviews.clone(), "", "", text("")),
        (Method::GET, reviews.clone(), "ya29.0", "", text("")),
        (Method::GET, reviews.replace("v4", "v1"), token, "", text("")),
        (Method::GET, reviews.replace("22", "23"), token, "", text("")),
        (Method::GET, format!("{reviews}?pageSize=51"), token, "", text("")),
        (Method::GET, format!("{reviews}?orderBy=createTime"), token, "", text("")),
        (Method::GET, format!("{reviews}?pageToken=page-9"), token, "", text("")),
        (Method::GET, format!("{reviews}?filter=a"), token, "", text("")),
        (Method::GET, format!("{reviews}/b"), token, "", text("")),
        (Method::GET, format!("{reviews}/a?pageSize=1"), token, "", text("")),
        (Method::POST, reply.clone(), token, json_type, text("{\"comment\":\"a\"}")),
        (Method::PUT, reply.clone(), token, form_type, text("comment=a")),
        (Method::PUT, reply.clone(), token, json_type, text("{\"comment\":\"\"}")),
        (Method::PUT, reply.clone(), token, json_type, text("{\"comment\":\"a\",\"b\":1}")),
        (Method::PUT, reply.clone(), token, json_type, long),
    ] {
        let (before, line) = (google.refused().len(), format!("{method} {path} {body:.40}"));
        let (status, said) = ask(method, path.as_str(), token, media, body).await;
        assert_eq!(i64::from(status), said["error"]["code"].as_i64().unwrap(), "{line}");
        assert_eq!((status / 100, google.refused().len()), (4, before + 1), "{line}");
    }
    assert_eq!((google.writes(), google.reply("a").is_none()), (0, true));
    let before = google.refused().len();
    let good = json!({ "comment": "x".repeat(LONGEST) }).to_string();
    assert_eq!(ask(Method::PUT, reply.as_str(), token, json_type, good).await.0, 200);
    google.ends_tokens();
    assert_eq!(ask(Method::GET, reviews.as_str(), token, "", text("")).await.0, 401);
    assert_eq!(google.refused().len(), before, "a token may end");
    google.forgives();
}
