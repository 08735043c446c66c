//! Rows of the ledger: the intake book and the quarantine against the mentions that stand there.

use super::types::{Findings, Row, Sums};
use crate::domain::Instant;
use crate::domain::ledger::Disposition;
use crate::store::coverage::Intake;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::value::{Sql, args, statements};
use std::collections::BTreeMap;

statements! {
    BOOK = Sql::same("SELECT channel, day, CAST(SUM(new) AS BIGINT) AS new, CAST(SUM(again) AS BIGINT) AS again, CAST(SUM(edited) AS BIGINT) AS edited, CAST(SUM(gone) AS BIGINT) AS gone, CAST(SUM(own) AS BIGINT) AS own, CAST(SUM(repost) AS BIGINT) AS repost, CAST(SUM(unreadable) AS BIGINT) AS unreadable FROM intake WHERE at <= $1 GROUP BY channel, day");
    QUARANTINED = Sql::same("SELECT channel, day, CAST(COUNT(*) AS BIGINT) FROM quarantine WHERE at <= $1 GROUP BY channel, day");
}

#[derive(sqlx::FromRow)]
struct BookRow {
    channel: String,
    day: String,
    #[sqlx(flatten)]
    intake: Intake,
}

#[derive(Default)]
struct Page {
    sums: Sums,
    quarantined: i64,
}

/// The rows while they are counted, by channel and day.
pub(super) struct Book(BTreeMap<String, BTreeMap<String, Page>>);

impl Book {
    /// What the intake book and the quarantine hold up to an instant.
    pub(super) async fn read(tx: &mut Tx, as_of: Option<Instant>) -> Result<Book, StoreError> {
        let up_to = as_of.unwrap_or(Instant(i64::MAX));
        let mut book = Book(BTreeMap::new());
        for row in tx.all::<BookRow>(BOOK, args![up_to]).await? {
            book.page(&row.channel, &row.day).sums.intake = row.intake;
        }
        for (channel, day, n) in tx.all::<(String, String, i64)>(QUARANTINED, args![up_to]).await? {
            book.page(&channel, &day).quarantined = n;
        }
        Ok(book)
    }

    /// Counts one mention that stands there.
    pub(super) fn count(&mut self, channel: &str, day: &str, disposition: Disposition) {
        let sums = &mut self.page(channel, day).sums;
        sums.mentions += 1;
        *sums.dispositions.entry(disposition).or_default() += 1;
    }

    /// Names every channel and day of which book, mentions and quarantine disagree.
    pub(super) fn compare(&self, broken: &mut Findings) {
        for (channel, days) in &self.0 {
            for (day, page) in days {
                let what = format!("channel {channel}, day {day}");
                let Sums { intake, mentions, .. } = &page.sums;
                if u64::try_from(intake.new) != Ok(*mentions) {
                    let new = intake.new;
                    broken.add(
                        &what,
                        format!(
                            "the intake book says {new} new, but {mentions} mentions stand there"
                        ),
                    );
                }
                if intake.unreadable != page.quarantined {
                    broken.add(
                        &what,
                        format!(
                            "the intake book says {} unreadable, but {} lie in quarantine",
                            intake.unreadable, page.quarantined
                        ),
                    );
                }
            }
        }
    }

    /// The rows, by channel and day.
    pub(super) fn rows(self) -> Vec<Row> {
        let of_channel = |(channel, days): (String, BTreeMap<String, Page>)| {
            days.into_iter().map(move |(day, page)| Row {
                channel: channel.clone(),
                day,
                sums: page.sums,
            })
        };
        self.0.into_iter().flat_map(of_channel).collect()
    }

    // Called for every mention: no string is made for a row that is there.
    fn page(&mut self, channel: &str, day: &str) -> &mut Page {
        if !self.0.get(channel).is_some_and(|days| days.contains_key(day)) {
            self.0.entry(channel.to_owned()).or_default().entry(day.to_owned()).or_default();
        }
        self.0
            .get_mut(channel)
            .and_then(|days| days.get_mut(day))
            .expect("it was there or was put there a line above")
    }
}
