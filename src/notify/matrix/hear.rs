//! Reactions in a room, by the server's sync.

use super::MARKS;
use crate::wire::{Ask, Back, Ctx, Fault, Fetched, Got, Press, Pressed, Step, Talk};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Reactions in this room and nothing else.
pub(super) fn filter(room: &str, timeline: bool) -> String {
    let none = json!({ "types": [] });
    // The first time only the place is wanted from which to go on.
    let limit = if timeline { 100 } else { 1 };
    json!({
        "presence": none,
        "account_data": none,
        "room": {
            "rooms": [room],
            "state": none,
            "ephemeral": none,
            "account_data": none,
            "timeline": { "types": ["m.reaction"], "limit": limit },
        },
    })
    .to_string()
}

/// Reads what came since the last time.
pub(super) struct Syncs {
    ask: Ask,
    room: String,
    /// Nothing was read before: only from now on.
    fresh: bool,
}

impl Syncs {
    /// Reads the presses of a room; `fresh`: only the place from which to go on.
    pub(super) fn new(ask: Ask, room: String, fresh: bool) -> Syncs {
        Syncs { ask, room, fresh }
    }
}

impl Talk<Fetched> for Syncs {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Fetched> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Fetched>, Fault> {
        let res = got.http()?;
        let synced: Synced = serde_json::from_slice(&res.body)
            .map_err(|_| Fault::refused("the answer is no Matrix server's sync"))?;
        let events = match synced.rooms.join.get(&self.room) {
            Some(room) if !self.fresh => room.timeline.events.as_slice(),
            _ => &[],
        };
        let presses = events.iter().filter_map(press).collect();
        Ok(Step::Done(Fetched { presses, cursor: synced.next_batch }))
    }
}

#[derive(Deserialize)]
struct Synced {
    next_batch: String,
    #[serde(default)]
    rooms: Rooms,
}

#[derive(Default, Deserialize)]
struct Rooms {
    #[serde(default)]
    join: BTreeMap<String, Room>,
}

#[derive(Deserialize)]
struct Room {
    #[serde(default)]
    timeline: Timeline,
}

#[derive(Default, Deserialize)]
struct Timeline {
    /// Each is read by itself: one that is odd hides no other.
    #[serde(default)]
    events: Vec<Value>,
}

/// The press that an event is, if it is a reaction that does something.
fn press(event: &Value) -> Option<Press> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let relates = &event["content"]["m.relates_to"];
    if event["type"] != "m.reaction" || relates["rel_type"] != "m.annotation" {
        return None;
    }
    // Keyboards add a sign that asks for the coloured form (U+FE0F).
    let key = relates["key"].as_str()?.trim_end_matches('\u{fe0f}');
    let (_, act) = MARKS.iter().find(|(mark, _)| *mark == key)?;
    let by = text(&event["sender"])?;
    Some(Press {
        key: text(&event["event_id"])?,
        name: by.clone(),
        by,
        did: Pressed::Mark { remote: text(&relates["event_id"])?, act },
        back: Back::default(),
    })
}
