//! Checks a whole request: version, token, proof, node, edge, parameters, fields, body.

use super::fields::{self, Field};
use super::node::{Edge, Inside, Kind, Node};
use super::{ACCOUNT_TOKEN, Asked, PAGE_TOKEN, State, Wrong, hex, tag};
use std::collections::{BTreeMap, BTreeSet};

/// The version that is current.
const ROOT: &str = "/v26.0/";
/// The most of some things that a comment on Instagram may have.
const HASHTAGS: usize = 4;
const LINKS: usize = 1;

/// What a list is asked by.
pub(super) type Args = BTreeMap<String, String>;

/// A request that may be carried out.
pub(super) enum Plan {
    /// Shows a node.
    Node { id: String, fields: Vec<Field> },
    /// Shows a page of a list.
    List { id: String, edge: &'static Edge, fields: Vec<Field>, args: Args },
    /// Writes below a node.
    Write { id: String, text: String },
}

/// The pairs by name, each once.
fn once(pairs: &[(String, String)]) -> Result<Args, Wrong> {
    let mut args = Args::new();
    for (name, value) in pairs {
        if args.insert(name.clone(), value.clone()).is_some() {
            return Err(Wrong::forbidden(100, format!("(#100) {name} stands there twice")));
        }
    }
    Ok(args)
}

/// Whose token it is, and that the app's secret is known. Takes the proof out of `args`.
fn who(asked: &Asked, args: &mut Args) -> Result<Kind, Wrong> {
    let [bearer] = asked.header("authorization")[..] else {
        let why = "An active access token must be used to query information";
        return Err(Wrong::forbidden(2500, why));
    };
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let owner = match token {
        PAGE_TOKEN => Kind::Page,
        ACCOUNT_TOKEN => Kind::Account,
        _ => return Err(Wrong::forbidden(190, "Invalid OAuth access token")),
    };
    match args.remove("appsecret_proof") {
        Some(proof) if proof == hex(&tag(token.as_bytes())) => Ok(owner),
        Some(_) => {
            Err(Wrong::forbidden(100, "Invalid appsecret_proof provided in the API argument"))
        }
        None => Err(Wrong::forbidden(
            100,
            "API calls from the server require an appsecret_proof argument",
        )),
    }
}

impl State {
    /// What a request comes to.
    pub(super) fn judge(&self, asked: &Asked) -> Result<Plan, Wrong> {
        let mut args = once(&asked.query)?;
        let owner = who(asked, &mut args)?;
        let unknown = || Wrong::forbidden(2500, format!("Unknown path components: {}", asked.path));
        let path: Vec<&str> =
            asked.path.strip_prefix(ROOT).ok_or_else(unknown)?.split('/').collect();
        let (id, edge) = match path[..] {
            [id] => (id, None),
            [id, edge] => (id, Some(edge)),
            _ => return Err(unknown()),
        };
        let node = self.node(id)?;
        if node.kind.owner() != owner {
            return Err(Wrong::forbidden(10, "(#10) The token is for another Page or account"));
        }
        let edge = match edge {
            Some(name) => Some(node.kind.edge(name).ok_or_else(unknown)?),
            None => None,
        };
        match (asked.method.as_str(), edge) {
            ("GET", edge) => self.reads(asked, node, edge, args),
            ("POST", Some(edge)) => self.writes(asked, node, edge, &args),
            (method, _) => {
                Err(Wrong::forbidden(100, format!("(#100) Unsupported {method} request")))
            }
        }
    }

    /// The node, if it stands there.
    fn node(&self, id: &str) -> Result<&Node, Wrong> {
        match self.find(id).filter(|node| node.open) {
            Some(node) => Ok(node),
            None if self.removed.contains(id) => Err(Wrong::gone(id)),
            None => {
                let why = format!("(#803) Nobody was told of an id {id}");
                Err(Wrong::forbidden(803, why))
            }
        }
    }

    fn reads(
        &self,
        asked: &Asked,
        node: &Node,
        edge: Option<&'static Edge>,
        mut args: Args,
    ) -> Result<Plan, Wrong> {
        if !asked.body.is_empty() || !asked.header("content-type").is_empty() {
            return Err(Wrong::forbidden(100, "(#100) A question has no body"));
        }
        let text = args.remove("fields").unwrap_or_default();
        let fields = fields::parse(&text)
            .ok_or_else(|| Wrong::forbidden(2500, format!("Syntax error in fields: {text}")))?;
        let kind = edge.map_or(node.kind, |edge| edge.gives);
        fields::check(kind, &fields).map_err(|why| Wrong::forbidden(100, why))?;
        let id = node.id.clone();
        let Some(edge) = edge else {
            if let Some((name, _)) = args.first_key_value() {
                return Err(Wrong::forbidden(100, format!("(#100) A node takes no {name}")));
            }
            self.shows_what_was_told(kind, &fields)?;
            return Ok(Plan::Node { id, fields });
        };
        for (name, value) in args.iter().filter(|(name, _)| *name != "after") {
            edge.judge(name, value, 1).map_err(|why| Wrong::forbidden(100, why))?;
        }
        if let Some(after) = args.get("after") {
            let place = self.places.get(after);
            if place.is_none_or(|place| place.list != edge.list(&id, &args)) {
                let why = "(#100) A cursor that was handed out for no such list";
                return Err(Wrong::forbidden(100, why));
            }
        }
        Ok(Plan::List { id, edge, fields, args })
    }

    /// Whether that stands there of which a webhook told.
    fn shows_what_was_told(&self, kind: Kind, fields: &[Field]) -> Result<(), Wrong> {
        for field in fields {
            if let (Some(Inside::Told(kind, ..)), [(_, id)]) =
                (kind.inside(&field.name), &field.args[..])
                && !self.find(id).is_some_and(|node| node.kind == kind)
            {
                return Err(Wrong::gone(id));
            }
        }
        Ok(())
    }

    fn writes(&self, asked: &Asked, node: &Node, edge: &Edge, args: &Args) -> Result<Plan, Wrong> {
        let forbidden = |why: &str| Err(Wrong::forbidden(100, format!("(#100) {why}")));
        if edge.longest == 0 {
            return forbidden("Nothing is written there");
        }
        if let Some((name, _)) = args.first_key_value() {
            return forbidden(&format!("A new comment takes no {name} beside its form"));
        }
        if asked.header("content-type") != ["application/x-www-form-urlencoded"] {
            return forbidden("The body must be a form");
        }
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let form = once(&form)?;
        let names: BTreeSet<&str> = form.keys().map(String::as_str).collect();
        if names != BTreeSet::from(["message"]) {
            return forbidden(&format!("A comment is its message, not {names:?}"));
        }
        let text = form["message"].clone();
        if text.trim().is_empty() || text.chars().count() > edge.longest {
            return forbidden("The message is empty or too long");
        }
        if node.kind.owner() == Kind::Account && !is_allowed_there(&text) {
            return forbidden("Too many hashtags or links, or all in capitals");
        }
        Ok(Plan::Write { id: node.id.clone(), text })
    }
}

/// Instagram's rules for the words of a comment.
fn is_allowed_there(text: &str) -> bool {
    let links = text.matches("http://").count() + text.matches("https://").count();
    let shouts = text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase);
    text.matches('#').count() <= HASHTAGS && links <= LINKS && !shouts
}

#[test]
fn a_request_that_the_reference_does_not_allow_is_refused_and_noted() {
    let graph = super::Graph::new();
    graph.posts("777_1", ("777", "Acme"), "Novità", ascolto::domain::Instant(0));
    graph.shares("17", ascolto::domain::Instant(0));
    let ask = |token: &str, line: &str, form: Option<&str>| {
        let (method, address) = line.split_once(' ').unwrap();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut query: Vec<_> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if query.iter().all(|(name, _)| name != "appsecret_proof") {
            query.push(pair("appsecret_proof", &hex(&tag(token.as_bytes()))));
        }
        let mut headers = vec![pair("authorization", &format!("Bearer {token}"))];
        headers.extend(form.map(|_| pair("content-type", "application/x-www-form-urlencoded")));
        let (method, path) = (method.to_owned(), path.to_owned());
        let body = form.unwrap_or_default().as_bytes().to_vec();
        graph.answer(&Asked { method, path, query, headers, body }).status
    };
    let long = format!("message={}", "x".repeat(8_001));
    for (token, bad, form) in [
        (PAGE_TOKEN, "GET /v25.0/777?fields=id", None),
        (PAGE_TOKEN, "GET /777?fields=id", None),
        (PAGE_TOKEN, "GET /v26.0/777/ratings?fields=id", None),
        (PAGE_TOKEN, "GET /v26.0/777_9?fields=id", None),
        (PAGE_TOKEN, "GET /v26.0/777?fields=id&access_token=tk-1", None),
        (PAGE_TOKEN, "GET /v26.0/777?fields=id&appsecret_proof=00", None),
        (PAGE_TOKEN, "GET /v26.0/777?fields=id,text", None),
        (PAGE_TOKEN, "GET /v26.0/777", None),
        (PAGE_TOKEN, "GET /v26.0/777/feed?fields=id&limit=101", None),
        (PAGE_TOKEN, "GET /v26.0/777/feed?fields=id&limit=0", None),
        (PAGE_TOKEN, "GET /v26.0/777/feed?fields=id&since=2026-11-20", None),
        (PAGE_TOKEN, "GET /v26.0/777/feed?fields=id&after=QVFI000009ZD", None),
        (PAGE_TOKEN, "GET /v26.0/777/feed?fields=id&order=chronological", None),
        (PAGE_TOKEN, "GET /v26.0/777_1/comments?fields=id&order=ranked", None),
        (PAGE_TOKEN, "GET /v26.0/777?fields=id", Some("message=a")),
        (PAGE_TOKEN, "PUT /v26.0/777_1/comments", Some("message=a")),
        (PAGE_TOKEN, "POST /v26.0/777_1", Some("message=a")),
        (PAGE_TOKEN, "POST /v26.0/777/feed", Some("message=a")),
        (PAGE_TOKEN, "POST /v26.0/777_1/comments", None),
        (PAGE_TOKEN, "POST /v26.0/777_1/comments", Some("message=")),
        (PAGE_TOKEN, "POST /v26.0/777_1/comments", Some("message=a&text=b")),
        (PAGE_TOKEN, "POST /v26.0/777_1/comments?fields=id", Some("message=a")),
        (PAGE_TOKEN, "POST /v26.0/777_1/comments", Some(long.as_str())),
        (PAGE_TOKEN, "POST /v26.0/17/comments", Some("message=a")),
        (ACCOUNT_TOKEN, "POST /v26.0/17/replies", Some("message=a")),
        (ACCOUNT_TOKEN, "POST /v26.0/17/comments", Some("message=CIAO")),
        (ACCOUNT_TOKEN, "POST /v26.0/17/comments", Some("message=%23a%23b%23c%23d%23e")),
        (ACCOUNT_TOKEN, "GET /v26.0/17/comments?fields=id&limit=51", None),
        ("tk-3", "GET /v26.0/777?fields=id", None),
    ] {
        let before = graph.refused().len();
        assert_eq!((ask(token, bad, form), graph.refused().len()), (400, before + 1), "{bad}");
    }
    assert!(graph.answers("777_1").is_empty());
    let before = graph.refused().len();
    assert_eq!(ask(PAGE_TOKEN, "GET /v26.0/777/feed?fields=id,from{name}&limit=100", None), 200);
    assert_eq!(ask(PAGE_TOKEN, "POST /v26.0/777_1/comments", Some("message=Ciao+a+tutti")), 200);
    graph.deletes("777_1");
    assert_eq!(ask(PAGE_TOKEN, "GET /v26.0/777_1?fields=id", None), 400, "it is gone");
    assert_eq!(graph.refused().len(), before, "and that may be asked");
}
