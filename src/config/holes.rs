//! `Config::holes`: the hours ahead in which an escalation would reach nobody, or nobody be on call.

use super::problem::problem;
use super::{Config, EscalationConfig, Problem};
use crate::domain::rota::{Stretch, joined, shared};
use crate::domain::time::DAY;
use crate::domain::{Brand, Instant, delivery};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// So far ahead holes are looked for: twelve months.
const AHEAD: i64 = 366 * DAY;

impl Config {
    /// The hours within twelve months from `now` in which a level of an escalation would reach
    /// nobody, its fallback and last resort included, and those in which all of a brand's
    /// recipients would be woken because its rota has nobody on call. `check` refuses them; the
    /// service starts all the same: a hole in the future must keep nobody from being told now.
    pub fn holes(&self, now: Instant) -> Vec<Problem> {
        let mut found = Vec::new();
        for EscalationConfig { policy, place } in self.escalations.values() {
            for (number, level) in (1..).zip(&policy.levels) {
                let holes = policy.holes(level, &self.rotas, now, now + AHEAD);
                let rotas: Vec<&str> = level.to.iter().map(String::as_str).collect();
                let rotas = rotas.join(", ");
                let zone = level.to.iter().find_map(|name| self.rotas.get(name));
                let zone = zone.map_or(TimeZone::UTC, |rota| rota.zone.clone());
                let Some(when) = told(&holes, &zone) else { continue };
                let key = format!("escalation.{}.levels", policy.name);
                let what = format!("level {number} ({rotas}) is nobody {when}");
                let remedy = "Fill the rota there, name somebody beside it, or write a fallback or a \
                              last_resort that is always there.";
                found.push(problem(place, key, what, remedy.to_owned()));
            }
        }
        found.extend(self.brands.values().filter_map(|brand| self.off_call(brand, now)));
        found
    }

    /// The hours in which a brand's rota has nobody on call while somebody sleeps whom it would
    /// spare. By day nobody is woken, so a rota of the nights alone is whole.
    fn off_call(&self, brand: &Brand, now: Instant) -> Option<Problem> {
        let name = brand.on_call.as_deref().filter(|_| !brand.wakes.is_empty())?;
        let (rota, place) = (self.rotas.get(name)?, self.on_call.get(&brand.name)?);
        let until = now + AHEAD;
        let levels = brand.escalation.iter().flat_map(|e| e.everybody(&self.rotas));
        let others = brand.recipients.iter().chain([&brand.lead]).map(String::as_str);
        let names: BTreeSet<&str> = levels.chain(others).collect();
        let asleep = names.into_iter().filter_map(|name| self.recipients.get(name)).flat_map(|r| {
            let zone = r.zone.as_ref().unwrap_or(&brand.zone);
            delivery::nights(&r.quiet, zone, now, until)
        });
        let holes = shared(&rota.holes(now, until), &joined(asleep.collect()));
        let what = format!("{name} is nobody {}", told(&holes, &rota.zone)?);
        let remedy = "Fill the rota there: while it has nobody on call, all who sleep are woken.";
        let key = format!("brand.{}.on_call", brand.name);
        Some(problem(place, key, what, remedy.to_owned()))
    }
}

/// The first of some holes by the clocks of a zone, and how many there are; `None` without any.
fn told(holes: &[Stretch], zone: &TimeZone) -> Option<String> {
    let first = span(*holes.first()?, zone);
    Some(match holes.len() - 1 {
        0 => first,
        more => format!("{first}, and {more} times more in the twelve months ahead"),
    })
}

/// `from 2026-12-24 09:00 to 2026-12-27 09:00`, by the clocks of a zone.
fn span((from, to): Stretch, zone: &TimeZone) -> String {
    let [from, to] = [from, to]
        .map(|at| at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    format!("from {from} to {to}")
}
