//! Carries requests out: shows nodes with what stands inside them, turns pages, writes comments.

use super::fields::Field;
use super::judge::{Args, Plan};
use super::node::{Edge, Inside, Kind, Node, USUAL};
use super::{ACCOUNT_NAME, Answer, Asked, Graph, PAGE, PAGE_NAME, State, Wrong};
use ascolto::domain::Instant;
use serde_json::{Map, Value, json};

/// A place in a list.
#[derive(Clone)]
pub(super) struct Place {
    /// Which list.
    pub list: String,
    /// Behind which entry.
    last: String,
    /// The empty page before the next entries was shown.
    rested: bool,
}

/// A time as the API writes it: to the second, with an offset without its colon.
fn time(at: Instant) -> Value {
    let text = at.to_string();
    json!(format!("{}+0000", text.split('.').next().unwrap_or_default()))
}

impl Edge {
    /// Which list it is, whatever page of it.
    pub(super) fn list(&self, id: &str, args: &Args) -> String {
        let own = args.iter().filter(|(name, _)| !matches!(name.as_str(), "after" | "limit"));
        let own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        format!("{id}/{}?{}", self.name, own.join("&"))
    }
}

impl Graph {
    /// What is answered to a request.
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.lock();
        state.asked.push(asked.clone());
        let planned = state.judge(asked);
        let trouble = state.wrong.clone();
        let said = match (planned, trouble) {
            (Err(wrong), _) | (Ok(_), Some(wrong)) => Err(wrong),
            (Ok(plan), None) => state.carry_out(plan),
        };
        let minutes = said.as_ref().err().map_or(0, |wrong| wrong.minutes);
        let headers = usage(minutes);
        match said {
            Ok(body) => Answer { status: 200, headers, body },
            Err(wrong) => {
                if wrong.forbidden {
                    let (method, path) = (&asked.method, &asked.path);
                    let line = format!("{method} {path} {:?}: {}", asked.query, wrong.message);
                    state.refused.push(line);
                }
                let body = json!({ "error": {
                    "message": wrong.message, "type": "OAuthException", "code": wrong.code,
                    "error_subcode": wrong.subcode, "fbtrace_id": "EJplcsCHuLu",
                } });
                Answer { status: 400, headers, body }
            }
        }
    }
}

/// The headers that tell how much of the limits is used.
fn usage(minutes: u32) -> Vec<(&'static str, String)> {
    let count = if minutes > 0 { 100 } else { 3 };
    let app = json!({ "call_count": count, "total_time": 1, "total_cputime": 1 });
    let mut business = app.clone();
    business["type"] = json!("pages");
    business["estimated_time_to_regain_access"] = json!(minutes);
    let business = json!({ (PAGE): [business] });
    vec![("x-app-usage", app.to_string()), ("x-business-use-case-usage", business.to_string())]
}

impl State {
    fn carry_out(&mut self, plan: Plan) -> Result<Value, Wrong> {
        match plan {
            Plan::Node { id, fields } => Ok(self.shown(&id, &fields)),
            Plan::List { id, edge, fields, args } => self.list(&id, edge, &fields, &args),
            Plan::Write { id, text } => {
                let ours = match self.find(&id).map(|node| node.kind.owner()) {
                    Some(Kind::Page) => PAGE_NAME,
                    _ => ACCOUNT_NAME,
                };
                let same = |node: &&Node| node.by.0 == ours.0 && node.text == text;
                let below = self.find(&id).map(|node| node.parent.as_deref().unwrap_or(&id));
                if self.nodes.iter().filter(same).any(|node| node.parent.as_deref() == below) {
                    return Err(Wrong::new(506, None, "Duplicate status message"));
                }
                let now = self.now();
                Ok(json!({ "id": self.write(&id, ours, &text, now) }))
            }
        }
    }

    /// A node as it was asked for; its id comes always, what it has not does not.
    fn shown(&mut self, id: &str, fields: &[Field]) -> Value {
        let Some(node) = self.find(id).cloned() else { return Value::Null };
        let mut all = Map::new();
        all.insert("id".to_owned(), json!(node.id));
        for field in fields {
            if let Some(value) = self.inside(&node, field) {
                all.insert(field.name.clone(), value);
            }
        }
        Value::Object(all)
    }

    fn inside(&mut self, node: &Node, field: &Field) -> Option<Value> {
        let below = field.below.as_deref().unwrap_or_default();
        if let Some(edge) = node.kind.edge(&field.name) {
            let args: Args = field.args.iter().cloned().collect();
            let list = self.list(&node.id, edge, below, &args).ok()?;
            // A list of nothing that tells nothing is left out.
            let tells = list["data"].as_array().is_some_and(|data| !data.is_empty());
            return (tells || list.get("summary").is_some()).then_some(list);
        }
        match (node.kind.inside(&field.name), node.kind) {
            (Some(Inside::Told(..)), _) => field.args.first().map(|(_, id)| self.shown(id, below)),
            (Some(Inside::Node(_)), Kind::Comment) => {
                node.parent.as_deref().map(|id| self.shown(id, below))
            }
            (Some(Inside::Node(_)), _) => Some(self.shown(node.root(), below)),
            (Some(Inside::Names(_)), _) if !below.is_empty() => {
                let mut whole = self.value(node, &field.name)?;
                let wanted = |name: &String| below.iter().any(|field| field.name == *name);
                whole.as_object_mut()?.retain(|name, _| wanted(name));
                Some(whole)
            }
            _ => self.value(node, &field.name),
        }
    }

    fn value(&self, node: &Node, name: &str) -> Option<Value> {
        let written = Some(node.text.as_str()).filter(|text| !text.is_empty());
        match (node.kind, name) {
            (Kind::Page | Kind::Account, "name") => Some(json!(node.by.1)),
            (Kind::Account | Kind::Media | Kind::Remark, "username") => Some(json!(node.by.1)),
            (Kind::Post | Kind::Comment, "created_time") => Some(time(node.at)),
            (Kind::Post, "updated_time") => Some(time(node.changed)),
            (Kind::Post | Kind::Comment, "message") => written.map(|text| json!(text)),
            // Who did not let the app see it is not shown.
            (Kind::Post | Kind::Comment, "from") => {
                (!node.by.0.is_empty()).then(|| json!({ "id": node.by.0, "name": node.by.1 }))
            }
            (Kind::Post | Kind::Comment, "permalink_url") => {
                Some(json!(format!("https://www.facebook.com/{}", node.id)))
            }
            (Kind::Comment, "is_private" | "is_hidden") | (Kind::Remark, "hidden") => {
                Some(json!(false))
            }
            (Kind::Media | Kind::Remark, "timestamp") => Some(time(node.at)),
            (Kind::Media, "caption") => written.map(|text| json!(text)),
            (Kind::Media, "media_type") => Some(json!("IMAGE")),
            (Kind::Media, "permalink") => {
                Some(json!(format!("https://www.instagram.com/p/{}/", node.id)))
            }
            (Kind::Media, "comments_count") => {
                let below = |other: &&Node| other.root() == node.id;
                Some(json!(self.nodes.iter().filter(below).count()))
            }
            (Kind::Remark, "text") => written.map(|text| json!(text)),
            (Kind::Remark, "from") => Some(json!({ "id": node.by.0, "username": node.by.1 })),
            (Kind::Remark, "parent_id") => node.parent.as_ref().map(|id| json!(id)),
            _ => None,
        }
    }

    /// The ids of a list, in its order.
    fn entries(&self, id: &str, edge: &Edge, args: &Args) -> Vec<String> {
        let on = format!("{id}/{}", edge.name);
        let stream = args.get("filter").is_some_and(|filter| filter == "stream");
        let is_here = |node: &&Node| match edge.of {
            Kind::Comment | Kind::Remark => node.parent.as_deref() == Some(id),
            Kind::Post => node.on == on && (stream || node.parent.is_none()),
            _ => node.on == on && node.parent.is_none(),
        };
        let mut all: Vec<&Node> = self.nodes.iter().filter(is_here).collect();
        all.sort_by_key(|node| node.at);
        let newest_first = match edge.of {
            Kind::Post | Kind::Comment => {
                args.get("order").is_some_and(|order| order == "reverse_chronological")
            }
            Kind::Remark => false,
            _ => true,
        };
        if newest_first {
            all.reverse();
        }
        all.into_iter().map(|node| node.id.clone()).collect()
    }

    fn list(
        &mut self,
        id: &str,
        edge: &'static Edge,
        fields: &[Field],
        args: &Args,
    ) -> Result<Value, Wrong> {
        let list = edge.list(id, args);
        let all = self.entries(id, edge, args);
        let place = args.get("after").and_then(|after| self.places.get(after)).cloned();
        let from = match &place {
            None => 0,
            Some(place) => {
                let at = all.iter().position(|id| *id == place.last);
                at.ok_or_else(|| Wrong::new(100, None, "(#100) The cursor's entry is gone"))? + 1
            }
        };
        let limit = args.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(USUAL);
        let blank = self.short.is_some() && place.is_some_and(|place| !place.rested);
        let size = if blank { 0 } else { self.short.map_or(limit, |short| short.min(limit)) };
        let end = all.len().min(from + size);
        let data: Vec<Value> = all[from..end].iter().map(|id| self.shown(id, fields)).collect();
        let mut answer = json!({ "data": data });
        if args.contains_key("summary") {
            answer["summary"] = json!({ "order": "ranked", "total_count": all.len() });
        }
        if let Some(last) = end.checked_sub(1).filter(|_| limit > 0).map(|at| all[at].clone()) {
            self.made += 1;
            let after = format!("QVFI{:06}ZD", self.made);
            self.places.insert(after.clone(), Place { list, last, rested: blank });
            answer["paging"] = json!({ "cursors": { "after": after } });
            if end < all.len() {
                // It holds the token too.
                let query = format!("access_token=tk&limit={limit}&after={after}");
                let next = format!("https://graph.facebook.com/v26.0/{id}/{}?{query}", edge.name);
                answer["paging"]["next"] = json!(next);
            }
        }
        Ok(answer)
    }
}
