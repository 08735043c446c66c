//! The ledger as text for a terminal.

use super::missed::Missed;
use super::types::{BrandShare, GapAccount, LaneAccount, Ledger, SortedOut, Sums};
use crate::domain::ledger::{Disposition, Share};
use crate::domain::text::one_line;
use std::fmt::Write;

impl Ledger {
    /// Everything as aligned text. It ends with `balanced` or with each row that is broken.
    pub fn table(&self) -> String {
        let mut out = String::new();
        if let Some(then) = self.as_of {
            let _ = writeln!(
                out,
                "As of {then}, folded from the log. Evidence, coverage and shares are only known \
                 of now.\n"
            );
        }
        self.write_rows(&mut out);
        if self.as_of.is_none() {
            self.write_lanes(&mut out);
            self.write_not_heard(&mut out);
            self.write_shares(&mut out);
            self.write_sorted_out(&mut out);
        }
        self.write_verdict(&mut out);
        out
    }

    fn write_rows(&self, out: &mut String) {
        let intake = ["new", "again", "edited", "gone", "own", "repost", "unreadable"];
        let mut head: Vec<String> = ["channel", "day"].map(str::to_owned).to_vec();
        head.extend(intake.map(str::to_owned));
        head.push("|".to_owned());
        head.extend(Disposition::ALL.iter().map(|d| d.to_string()));
        let mut grid = vec![head];
        for row in &self.rows {
            grid.push(line(&row.channel, &row.day, &row.sums));
        }
        grid.push(line("all", "", &self.totals));
        write_grid(out, &grid, 2);
    }

    fn write_lanes(&self, out: &mut String) {
        out.push_str("\nLanes: what of their time was heard\n");
        let mut grid = Vec::new();
        for lane in &self.lanes {
            grid.push(vec![lane.channel.clone(), lane.lane.clone(), heard(lane)]);
        }
        write_grid(out, &grid, 3);
        for lane in self.lanes.iter().filter(|l| !l.gaps.is_empty()) {
            for gap in &lane.gaps {
                let _ = writeln!(out, "  {} {}: {}", lane.channel, lane.lane, told(gap));
            }
        }
    }

    fn write_not_heard(&self, out: &mut String) {
        if self.not_heard.is_empty() {
            return;
        }
        out.push_str("\nNot heard: public channels without a connector\n");
        let mut grid = Vec::new();
        for public in &self.not_heard {
            let mut cells = vec![public.name.clone(), public.brand.clone(), tame(&public.title)];
            cells.extend([public.stands_in().to_owned(), tame(&public.url), tame(&public.note)]);
            grid.push(cells);
        }
        write_grid(out, &grid, 6);
    }

    fn write_shares(&self, out: &mut String) {
        out.push_str("\nShare unheard: without a human answer within 7 days\n");
        out.push_str(&shares(&self.shares));
    }

    fn write_sorted_out(&self, out: &mut String) {
        if self.sorted_out.is_empty() {
            return;
        }
        out.push_str("\nSorted out by triage\n");
        let line = |s: &SortedOut| {
            let by = match s.exclusion.as_str() {
                "" => s.rule.clone(),
                phrase => format!("{} by the exclusion {}", s.rule, tame(phrase)),
            };
            vec![s.brand.clone(), by, s.mentions.to_string()]
        };
        let grid: Vec<_> = self.sorted_out.iter().map(line).collect();
        write_grid(out, &grid, 2);
    }

    fn write_verdict(&self, out: &mut String) {
        out.push('\n');
        for seal in &self.seals {
            let verified = if seal.verified { ", computed again" } else { "" };
            let _ = writeln!(out, "Log of {}: {} events sealed{verified}", seal.brand, seal.sealed);
        }
        if self.balanced() {
            out.push_str("balanced\n");
            return;
        }
        for broken in &self.broken {
            let _ = writeln!(out, "BROKEN {}: {}", tame(&broken.what), tame(&broken.why));
        }
        if self.unlisted > 0 {
            let _ = writeln!(out, "BROKEN and {} more", self.unlisted);
        }
    }
}

fn line(channel: &str, day: &str, sums: &Sums) -> Vec<String> {
    let i = &sums.intake;
    let mut cells = vec![channel.to_owned(), day.to_owned()];
    let counts = [i.new, i.again, i.edited, i.gone, i.own, i.repost, i.unreadable];
    cells.extend(counts.map(|n| n.to_string()));
    cells.push("|".to_owned());
    let count = |d| sums.dispositions.get(d).copied().unwrap_or(0).to_string();
    cells.extend(Disposition::ALL.iter().map(count));
    cells
}

fn heard(lane: &LaneAccount) -> String {
    if !lane.polled {
        let doubt = lane.doubtful_since.map_or_else(String::new, |since| {
            format!("; doubtful since {since}: its history explains no such silence")
        });
        return format!("receives only, has no coverage{doubt}");
    }
    let Some(to) = lane.to else { return "no poll has finished yet".to_owned() };
    if to <= lane.from {
        return "nothing is due yet: what the first poll read has not settled".to_owned();
    }
    let mut text = format!(
        "{} of {} heard ({} … {to})",
        duration(lane.covered_ms),
        duration(to - lane.from),
        lane.from
    );
    let holes = [(lane.open_ms, "to be backfilled"), (lane.unrecoverable_ms, "unrecoverable")];
    for (ms, what) in holes.into_iter().filter(|(ms, _)| *ms > 0) {
        let _ = write!(text, ", {} {what}", duration(ms));
    }
    if let Some(since) = lane.doubtful_since {
        let _ = write!(text, ", doubtful since {since}: its history explains no such silence");
    }
    text
}

fn told(gap: &GapAccount) -> String {
    let mut text = format!("gap {} … {} ({}), {}", gap.from, gap.to, tame(&gap.reason), gap.state);
    if gap.state == "closed" || gap.backfilled > 0 {
        let _ = write!(text, " with {} backfilled", gap.backfilled);
    }
    if !gap.note.is_empty() {
        let _ = write!(text, ": {}", tame(&gap.note));
    }
    text
}

/// The shares with all their parts, as the ledger and the report print them.
pub fn shares(brands: &[BrandShare]) -> String {
    let mut out = String::new();
    let mut grid = Vec::new();
    for brand in brands {
        for (kind, share) in [("complaints", &brand.complaints), ("questions", &brand.questions)] {
            let mut cells = vec![brand.brand.clone(), kind.to_owned(), percent(share)];
            cells.push(beside(share));
            grid.push(cells);
        }
    }
    write_grid(&mut out, &grid, 4);
    for brand in brands {
        let BrandShare { not_complaint, not_about_us, unhearable_ms, .. } = brand;
        let _ = writeln!(
            out,
            "  {}: judged by a person not a complaint {not_complaint}, not about us \
             {not_about_us}; unhearable {}",
            brand.brand,
            duration(*unhearable_ms)
        );
        if let Some(missed) = &brand.missed {
            let _ = writeln!(out, "  {}: {}", brand.brand, looked_for(missed));
        }
    }
    out
}

fn percent(share: &Share) -> String {
    match share.share() {
        Some(part) => format!("{:.1} % ({} of {})", part * 100.0, share.unheard, share.due),
        None => "none is 7 days old".to_owned(),
    }
}

fn beside(s: &Share) -> String {
    format!(
        "answered in time {}, late {}, by choice {}, withdrawn {}, muted {}; younger: still in \
         time {}, answered early {}, ended early {}; baseline {}",
        s.answered,
        s.late,
        s.by_choice,
        s.withdrawn,
        s.muted,
        s.in_time,
        s.answered_early,
        s.ended_early,
        s.baseline
    )
}

/// What the blind samples say.
fn looked_for(missed: &Missed) -> String {
    let Missed { weeks, waiting, estimate, by_network, by_language } = missed;
    let Some(whole) = estimate else {
        return format!("complaints missed: nobody has looked at the sample, {waiting} wait");
    };
    let mut text = format!(
        "complaints missed: about {} ({} to {}) of {} that owed nothing, by {} looked at in \
         {weeks} weeks, of which {} complain; {waiting} wait",
        whole.missed, whole.low, whole.high, whole.mentions, whole.labelled, whole.found
    );
    for part in by_network.iter().chain(by_language) {
        let name = if part.name.is_empty() { "no language" } else { part.name.as_str() };
        let _ = match &part.estimate {
            Some(e) => write!(
                text,
                "; {}: {} ({} to {}) of {}",
                tame(name),
                e.missed,
                e.low,
                e.high,
                e.mentions
            ),
            None => write!(text, "; {}: not enough looked at: {} more", tame(name), part.more),
        };
    }
    text
}

/// In the two largest units that are not zero.
fn duration(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let first = units.iter().position(|(size, _)| ms >= *size).unwrap_or(units.len() - 1);
    let (size, name) = units[first];
    let mut text = format!("{} {name}", ms / size);
    if let Some((small, name)) = units.get(first + 1).filter(|(small, _)| ms % size >= *small) {
        let _ = write!(text, " {} {name}", ms % size / small);
    }
    text
}

/// Texts from the rows may hold what strangers wrote.
fn tame(text: &str) -> String {
    one_line(text, 300)
}

/// Columns side by side; the first `left` of them begin at the left, the others are figures.
fn write_grid(out: &mut String, grid: &[Vec<String>], left: usize) {
    let columns = grid.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        grid.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in grid {
        let mut text = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = if column < left {
                write!(text, "{gap}{cell:<width$}")
            } else {
                write!(text, "{gap}{cell:>width$}")
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_name_two_units() {
        for (ms, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (61_000, "1 min 1 s"),
            (3_600_000, "1 h"),
            (90_061_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn what_was_missed_is_told_with_its_interval_or_with_what_is_needed() {
        use crate::domain::sample::Estimate;
        use crate::store::ledger::Part;
        let whole = Estimate { mentions: 900, labelled: 50, found: 2, missed: 9, low: 3, high: 40 };
        let part = |name: &str, estimate, more| Part { name: name.to_owned(), estimate, more };
        let told = looked_for(&Missed {
            weeks: 1,
            waiting: 4,
            estimate: Some(whole),
            by_network: vec![part("x", Some(whole), 0)],
            by_language: vec![part("", None, 80)],
        });
        for words in ["about 9 (3 to 40) of 900", "x: 9 (3 to 40)", "not enough looked at: 80 more"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
        let none = looked_for(&Missed { waiting: 50, ..Missed::default() });
        assert!(none.contains("nobody has looked at the sample, 50 wait"), "{none}");
    }

    #[test]
    fn figures_stand_below_each_other() {
        let cells = |row: [&str; 2]| row.map(str::to_owned).to_vec();
        let mut out = String::new();
        write_grid(&mut out, &[cells(["channel", "new"]), cells(["è", "7"])], 1);
        assert_eq!(out, "channel  new\nè          7\n");
    }
}
