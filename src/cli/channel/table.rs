//! How channels fare as a table for people, with a line below it for whatever is not as it should be.

use super::list::{Credential, Gap, LaneStanding, NotHeard, Standing};
use crate::cli::out;
use crate::domain::Instant;
use crate::domain::text::one_line;

/// How many of a lane's holes are told one by one; `ledger` tells them all.
const MOST: usize = 5;

/// The table and what is to be said below it.
pub(super) fn shown(channels: &[Standing], public: &[NotHeard<'_>]) -> String {
    let head =
        ["channel", "network", "brand", "state", "last heard", "lane", "heard up to", "gaps"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let time = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), |t| t.to_string());
    for c in channels {
        let state = if c.read { c.state.clone() } else { format!("{}, not read", c.state) };
        let mut cells =
            vec![c.name.clone(), c.network.clone(), c.brand.clone(), state, time(c.heard_at)];
        if c.lanes.is_empty() {
            rows.push(cells.clone());
        }
        for lane in &c.lanes {
            let covered = if lane.polled { time(lane.covered_to) } else { "receives only".into() };
            cells.extend([lane.lane.clone(), covered, gaps(lane)]);
            rows.push(std::mem::replace(&mut cells, vec![String::new(); 5]));
        }
    }
    for NotHeard { public, .. } in public {
        let mut cells = vec![public.name.clone(), one_line(&public.title, 100)];
        cells.extend([public.brand.clone(), "not heard".to_owned(), "-".to_owned()]);
        cells.extend([public.stands_in().to_owned(), one_line(&public.url, 300)]);
        rows.push(cells);
    }
    let mut text = out::table(&rows);
    for c in channels {
        below(c, &mut text);
    }
    text
}

/// What is said of one channel.
fn below(c: &Standing, text: &mut String) {
    if !c.fault.is_empty() {
        let since = c.fault_since.map_or_else(String::new, |at| format!(" since {at}"));
        text.push_str(&format!("{}: {}{since}\n", c.name, c.fault));
    }
    if let Some(credential) = &c.credential {
        text.push_str(&format!("{}: {}\n", c.name, told(credential)));
    }
    for (what, who) in [("belongs to", &c.owner), ("granted by", &c.granted_by)] {
        if let Some(who) = who {
            text.push_str(&format!("{}: {what} {}\n", c.name, one_line(who, 100)));
        }
    }
    for limit in &c.limits {
        text.push_str(&limit.line(&c.name));
    }
    for lane in &c.lanes {
        doubts(c, lane, text);
    }
}

/// How a credential stands, on one line.
fn told(c: &Credential) -> String {
    let at = |at: Option<Instant>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut text = match c.state.as_str() {
        "dead" => format!("the credential is refused since {}: {}", at(c.since), c.fault),
        state if c.fault.is_empty() => {
            format!("the credential is {state}, last tried {}", at(c.asked_at))
        }
        state => format!("the credential is {state}, the last try failed: {}", c.fault),
    };
    if let Some(ends) = c.ends_at {
        text.push_str(&format!("; it ends {ends}"));
    }
    text
}

/// What of a lane's time is read late, not heard or doubtful, and why.
fn doubts(c: &Standing, lane: &LaneStanding, text: &mut String) {
    let place = format!("{} {}", c.name, lane.lane);
    if let Some(pace) = lane.pace.as_ref().filter(|pace| pace.planned_ms > pace.every_ms) {
        text.push_str(&format!(
            "{place}: read every {} s instead of {} s, so that the limit {} lasts\n",
            pace.planned_ms / 1_000,
            pace.every_ms / 1_000,
            pace.limit
        ));
    }
    if let Some(since) = lane.doubtful_since {
        text.push_str(&format!(
            "{place}: silent since {since}, for longer than its own history explains; doubtful \
             since then\n"
        ));
    }
    let standing: Vec<&Gap> = lane.gaps.iter().filter(|g| g.state != "closed").collect();
    let earlier = standing.len().saturating_sub(MOST);
    for gap in &standing[earlier..] {
        let note = if gap.note.is_empty() { "" } else { ": " };
        text.push_str(&format!(
            "{place}: gap {} … {} ({}), {}{note}{}\n",
            gap.from, gap.to, gap.reason, gap.state, gap.note
        ));
    }
    if earlier > 0 {
        text.push_str(&format!("{place}: {} before that\n", out::count(earlier, "gap")));
    }
}

fn gaps(lane: &LaneStanding) -> String {
    match lane.open_gaps {
        0 => "none open".to_owned(),
        n => format!("{n} open, {} s", lane.open_gaps_ms / 1_000),
    }
}
