//! Who pressed what in Slack: messages of Socket Mode, and calls to `/hooks/recipient/NAME`.
//!
//! Both carry the same payload. Only presses of buttons and forms are read; whatever else comes is
//! acknowledged and looked at by nobody. Facts: docs.slack.dev (Socket Mode, interaction payloads,
//! verifying requests).

use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{Back, Called, Frame, HookRequest, Method, Press, Pressed, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How far the time of a signed call may be from ours.
const OLDEST: i64 = 5 * MINUTE;
/// Longer ids and tokens are none of Slack's or ours.
const LONGEST_ID: usize = 40;
const LONGEST_TOKEN: usize = 200;
/// No field takes more than 3,000 letters.
const LONGEST_SAID: usize = 12_000;
/// The names of the fields in our forms.
pub(super) const SAID: &str = "said";
pub(super) const DAY: &str = "day";

/// What is kept of a press to answer it.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Held {
    /// The channel that the alert stands in.
    pub(super) channel: String,
    /// Who pressed, as Slack wants to be told.
    pub(super) user: String,
    /// What opens a form, for three seconds.
    pub(super) trigger: String,
    /// Of Socket Mode: by what it is acknowledged. Empty where it came by a call.
    pub(super) envelope: String,
    /// The alert's language.
    pub(super) language: String,
}

impl Held {
    /// What a press holds; nothing where it is none of ours.
    pub(super) fn of(press: &Press) -> Held {
        serde_json::from_str(&press.back.0).unwrap_or_default()
    }
}

/// What goes through a form and comes back with it.
#[derive(Serialize, Deserialize)]
pub(super) struct Carried {
    /// The button's token.
    pub(super) button: String,
    /// The alert's channel.
    pub(super) channel: String,
    /// The alert's language.
    pub(super) language: String,
}

/// Whether this is the id of a channel, a private one or a conversation of two.
pub(super) fn is_channel(id: &str) -> bool {
    is_id(id) && id.starts_with(['C', 'G', 'D'])
}

fn is_id(id: &str) -> bool {
    (2..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_word(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// What a message of the socket comes to.
pub(super) fn frame(message: &[u8]) -> Frame {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "type")]
        kind: String,
        envelope_id: Option<String>,
        payload: Option<Box<RawValue>>,
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope>(message) else {
        return Frame::default();
    };
    if envelope.kind == "disconnect" {
        // Whatever its reason: a warning and a refresh come shortly before the end, and where
        // Socket Mode was switched off, opening it anew says so.
        return Frame { ends: true, ..Frame::default() };
    }
    let Some(id) = envelope.envelope_id.filter(|id| is_word(id, LONGEST_TOKEN)) else {
        return Frame::default();
    };
    let payload = envelope.payload.filter(|_| envelope.kind == "interactive");
    match payload.and_then(|payload| press(payload.get(), &id)) {
        Some(press) => Frame { press: Some(press), ..Frame::default() },
        None => {
            let ack = json!({ "envelope_id": id }).to_string();
            Frame { answer: Some(ack.into_bytes()), ..Frame::default() }
        }
    }
}

/// What a call comes to.
pub(super) fn call(req: &HookRequest<'_>, secret: Option<&Secret>, now: Instant) -> Called {
    let Some(secret) = secret else {
        return Called::Refuse("a call came; write `signing_secret` to check its signature");
    };
    if req.method != Method::Post {
        return Called::Refuse("Slack calls by POST only");
    }
    if let Err(why) = signed(req, secret, now) {
        return Called::Refuse(why);
    }
    let mut fields = url::form_urlencoded::parse(req.body);
    let Some((_, payload)) = fields.find(|(name, _)| name == "payload") else {
        return Called::Refuse("a signed call without a payload; is it the Interactivity URL?");
    };
    match press(&payload, "") {
        Some(press) => Called::Presses(vec![press]),
        // A button that opened a page tells us so, too.
        None => Called::Answer { status: 200, kind: "text/plain", body: Vec::new() },
    }
}

/// Checks Slack's signature: HMAC-SHA256 over `v0:time:body`, and how old it is.
fn signed(req: &HookRequest<'_>, secret: &Secret, now: Instant) -> Result<(), &'static str> {
    let time = req.header("x-slack-request-timestamp").ok_or("a call without its time")?;
    let seconds: i64 = time.parse().map_err(|_| "a call whose time is no number")?;
    let told = req.header("x-slack-signature").and_then(|tag| tag.strip_prefix("v0="));
    let told = told.and_then(bytes).ok_or("a call without a signature of version v0")?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mac = mac.expect("HMAC takes a key of any length");
    let mac = mac.chain_update(format!("v0:{time}:")).chain_update(req.body);
    // The comparison takes the same time wherever the first difference lies.
    mac.verify_slice(&told)
        .map_err(|_| "a call with a wrong signature; is `signing_secret` the app's?")?;
    let off = now.0.saturating_sub(seconds.saturating_mul(SECOND));
    if off.saturating_abs() > OLDEST {
        return Err("a signed call that is minutes old, or from the future");
    }
    Ok(())
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
    pairs.collect()
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    user: User,
    team: Option<Named>,
    trigger_id: Option<String>,
    channel: Option<Named>,
    actions: Option<Vec<Action>>,
    view: Option<View>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    team_id: Option<String>,
    name: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Action {
    block_id: Option<String>,
    value: Option<String>,
    action_ts: Option<String>,
}

#[derive(Deserialize)]
struct View {
    id: Option<String>,
    private_metadata: Option<String>,
    app_installed_team_id: Option<String>,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    values: BTreeMap<String, BTreeMap<String, Input>>,
}

#[derive(Deserialize)]
struct Input {
    value: Option<String>,
    selected_option: Option<Chosen>,
    selected_date: Option<String>,
}

#[derive(Deserialize)]
struct Chosen {
    value: String,
}

/// The press in a payload, if it is one.
fn press(payload: &str, envelope: &str) -> Option<Press> {
    let payload: Payload = serde_json::from_str(payload).ok()?;
    let user = payload.user.id.clone();
    if !is_id(&user) || !user.starts_with(['U', 'W']) {
        return None;
    }
    let by = by(&payload)?;
    let mut marks = vec![payload.kind.clone(), user.clone()];
    let (did, channel, language) = match payload.kind.as_str() {
        "block_actions" => {
            let action = payload.actions?.into_iter().find(|action| action.value.is_some())?;
            let button = action.value.filter(|token| is_word(token, LONGEST_TOKEN))?;
            marks.extend([button.clone(), action.action_ts.unwrap_or_default()]);
            let block = action.block_id.unwrap_or_default();
            let language = block.rsplit_once('-').map_or("", |(_, language)| language).to_owned();
            (Pressed::Button(button), payload.channel?.id, language)
        }
        "view_submission" => {
            let view = payload.view?;
            let carried: Carried = serde_json::from_str(&view.private_metadata?).ok()?;
            let button = Some(carried.button).filter(|token| is_word(token, LONGEST_TOKEN))?;
            let said = view.state.map_or(String::new(), written);
            if said.len() > LONGEST_SAID {
                return None;
            }
            marks.extend([view.id.unwrap_or_default(), button.clone(), said.clone()]);
            (Pressed::Form { button, said }, carried.channel, carried.language)
        }
        _ => return None,
    };
    if !is_channel(&channel) {
        return None;
    }
    let trigger = payload.trigger_id.filter(|id| is_word(id, LONGEST_TOKEN)).unwrap_or_default();
    marks.push(trigger.clone());
    let name = payload.user.name.or(payload.user.username).unwrap_or_default();
    let language = one_line(&language, 8);
    let held = Held { channel, user, trigger, envelope: envelope.to_owned(), language };
    Some(Press {
        key: key(&marks),
        by,
        name: one_line(&name, 60),
        did,
        back: Back(serde_json::to_string(&held).unwrap_or_default()),
    })
}

/// By which id we know who pressed: Slack's own for the people of the workspace that the app is
/// installed in, `TEAM/USER` for everybody else who shares the channel (Slack Connect, other
/// workspaces of an Enterprise), so that nobody from elsewhere is taken for one of ours.
fn by(payload: &Payload) -> Option<String> {
    let (user, theirs) = (&payload.user.id, payload.user.team_id.as_deref());
    let installed = payload.view.as_ref().and_then(|view| view.app_installed_team_id.as_deref());
    let ours = installed.or(payload.team.as_ref().map(|team| team.id.as_str()));
    match theirs {
        Some(theirs) if !is_id(theirs) => None,
        Some(theirs) if Some(theirs) != ours => Some(format!("{theirs}/{user}")),
        _ => Some(user.clone()),
    }
}

/// What was written into our form: a day, where one was chosen beside the rest.
fn written(state: State) -> String {
    let mut values = state.values;
    let mut input = |name: &str| values.remove(name)?.remove(SAID);
    let day = input(DAY).and_then(|input| input.selected_date);
    let said = || {
        let input = input(SAID)?;
        input.value.or(input.selected_option.map(|chosen| chosen.value))
    };
    day.or_else(said).unwrap_or_default()
}

/// The same for the same press and for no other. A trigger opens forms, so it is no part of what
/// is stored.
fn key(marks: &[String]) -> String {
    let mut digest = Sha256::new();
    for mark in marks {
        digest.update(mark.len().to_be_bytes());
        digest.update(mark.as_bytes());
    }
    digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
