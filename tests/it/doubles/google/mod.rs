//! `Google`: the reviews of one location in the Business Profile API, and the server that hands out
//! tokens for it. Strict: what the reference does not allow is refused and fails the test.
//!
//! Facts: developers.google.com (accounts.locations.reviews: get, list, updateReply; OAuth 2.0 for
//! web server applications, refreshing an access token; Google API errors).

mod answer;

use super::Server;
use answer::Asked;
use ascolto::clock::Clock;
use ascolto::domain::Instant;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The one location.
pub const LOCATION: &str = "accounts/11/locations/22";
const CLIENT: &str = "1234.apps.googleusercontent.com";
const CLIENT_SECRET: &str = "cl1ent-s3cret";
const REFRESH: &str = "1//r3fresh";

/// The owner's reply to a review.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its words.
    pub comment: String,
    at: Instant,
    state: &'static str,
}

#[derive(Clone)]
struct Review {
    id: String,
    stars: usize,
    text: String,
    created: Instant,
    updated: Instant,
    reply: Option<Reply>,
}

struct Mind {
    clock: Clock,
    reviews: Vec<Review>,
    removed: BTreeSet<String>,
    /// The tokens that were handed out, with their ends.
    tokens: BTreeMap<String, Instant>,
    /// The pages that were handed out: the order, and behind which review.
    pages: BTreeMap<String, (String, String)>,
    /// Whether the owner still allows it.
    allowed: bool,
    /// Every good request to the API is answered with this status.
    wrong: Option<(u16, &'static str)>,
    /// The state in which a new reply begins.
    begins: &'static str,
    /// How many names were made up.
    made: u32,
    writes: usize,
    refused: Vec<String>,
}

/// The server. Dropping it fails the test if anything was refused.
pub struct Google {
    /// Its address.
    pub url: String,
    mind: Arc<Mutex<Mind>>,
    _server: Server,
}

impl Drop for Google {
    fn drop(&mut self) {
        let refused = self.refused();
        assert!(std::thread::panicking() || refused.is_empty(), "refused: {refused:#?}");
    }
}

fn lock(mind: &Mutex<Mind>) -> MutexGuard<'_, Mind> {
    mind.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Google {
    /// Starts it.
    pub async fn start() -> Google {
        let mind = Arc::new(Mutex::new(Mind {
            clock: Clock::System,
            reviews: Vec::new(),
            removed: BTreeSet::new(),
            tokens: BTreeMap::new(),
            pages: BTreeMap::new(),
            allowed: true,
            wrong: None,
            begins: "APPROVED",
            made: 0,
            writes: 0,
            refused: Vec::new(),
        }));
        let server = Server::start(Router::new().fallback(serve).with_state(mind.clone())).await;
        Google { url: server.url.clone(), mind, _server: server }
    }

    fn mind(&self) -> MutexGuard<'_, Mind> {
        lock(&self.mind)
    }

    /// The channel that hears the location by an address of the API.
    pub fn channel(&self, api: &str) -> String {
        format!(
            "network = \"google_business\"\nlocation = \"{LOCATION}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret = \"{CLIENT_SECRET}\"\nrefresh_token = \"{REFRESH}\"\napi = \"{api}\"\n\
             oauth = \"{}\"",
            self.url
        )
    }

    /// From now on it goes by this clock.
    pub fn goes_by(&self, clock: &Clock) {
        self.mind().clock = clock.clone();
    }

    /// Somebody writes a review.
    pub fn review(&self, id: &str, stars: usize, text: &str) {
        let now = self.mind().clock.now();
        self.reviewed(id, stars, text, now);
    }

    /// Somebody wrote a review, then.
    pub fn reviewed(&self, id: &str, stars: usize, text: &str, at: Instant) {
        let (id, text) = (id.to_owned(), text.to_owned());
        let review = Review { id, stars, text, created: at, updated: at, reply: None };
        self.mind().reviews.push(review);
    }

    /// The customer changes a review.
    pub fn edits(&self, id: &str, stars: usize, text: &str) {
        self.change(id, |review, now| {
            (review.stars, review.text, review.updated) = (stars, text.to_owned(), now);
        });
    }

    /// A colleague replies in Google's own app.
    pub fn replies(&self, id: &str, comment: &str) {
        let comment = comment.to_owned();
        self.change(id, |review, at| {
            review.reply = Some(Reply { comment, at, state: "APPROVED" });
        });
    }

    /// Google has looked at a reply that waited.
    pub fn approves(&self, id: &str) {
        self.change(id, |review, _| {
            review.reply.as_mut().expect("it has a reply").state = "APPROVED";
        });
    }

    fn change(&self, id: &str, how: impl FnOnce(&mut Review, Instant)) {
        let mut mind = self.mind();
        let now = mind.clock.now();
        how(mind.reviews.iter_mut().find(|review| review.id == id).expect("it stands there"), now);
    }

    /// A review is removed.
    pub fn removes(&self, id: &str) {
        let mut mind = self.mind();
        mind.reviews.retain(|review| review.id != id);
        mind.removed.insert(id.to_owned());
    }

    /// From now on replies wait until Google has looked at them.
    pub fn moderates(&self) {
        self.mind().begins = "PENDING";
    }

    /// The tokens that are out are worth nothing any more; new ones can be had.
    pub fn ends_tokens(&self) {
        self.mind().tokens.values_mut().for_each(|end| *end = Instant(0));
    }

    /// The owner takes the permission back, or grants it again.
    pub fn allows(&self, allowed: bool) {
        self.mind().allowed = allowed;
        self.ends_tokens();
    }

    /// From now on every good request to the API is answered so; `None`: as it should be.
    pub fn fails(&self, wrong: Option<(u16, &'static str)>) {
        self.mind().wrong = wrong;
    }

    /// The reply to a review.
    pub fn reply(&self, id: &str) -> Option<Reply> {
        self.mind().reviews.iter().find(|review| review.id == id)?.reply.clone()
    }

    /// How often a reply was written over the API.
    pub fn writes(&self) -> usize {
        self.mind().writes
    }

    /// How many tokens were handed out.
    pub fn tokens(&self) -> usize {
        self.mind().tokens.len()
    }

    /// What was refused so far was meant to be.
    fn forgives(&self) {
        self.mind().refused.clear();
    }

    /// What was refused so far because the reference does not allow it.
    pub fn refused(&self) -> Vec<String> {
        self.mind().refused.clone()
    }
}

async fn serve(
    State(mind): State<Arc<Mutex<Mind>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let query: BTreeMap<String, String> = pairs.iter().cloned().collect();
    let twice = pairs.len() != query.len();
    let asked = Asked { method, path: uri.path().to_owned(), query, headers, body };
    let mut mind = lock(&mind);
    let (status, body) = mind.answer(&asked);
    if twice {
        mind.refused.push(format!("{}: a parameter stands there twice", asked.path));
    }
    let status = StatusCode::from_u16(status).expect("a status that exists");
    (status, axum::Json(body)).into_response()
}
