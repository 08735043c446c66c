//! The store: every row of the product, in SQLite or PostgreSQL, by one SQL text.
//!
//! A function takes a transaction and does one thing; what belongs together is committed together
//! by the caller. The store owns no clock: `now` is an argument everywhere.

pub mod access;
pub mod around;
pub mod buckets;
mod bulk;
mod case_row;
pub mod cases;
pub mod circuits;
mod commitments;
pub mod contacts;
pub mod corrections;
pub mod costs;
pub mod coverage;
pub mod credentials;
pub mod customers;
mod db;
pub mod deletions;
pub mod digests;
pub mod drafts;
pub mod ears;
mod error;
pub mod events;
pub mod handovers;
pub mod held;
pub mod hints;
pub mod hits;
pub mod identities;
pub mod inbox;
pub mod judged;
pub mod labels;
pub mod lanes;
pub mod ledger;
pub mod likeness;
pub mod live;
pub mod looks;
mod mention_row;
pub mod mentions;
pub mod mutes;
mod obligations;
pub mod outbox;
pub mod own;
pub mod persons;
pub mod presses;
pub mod rechecks;
pub mod recipients;
pub mod reloads;
pub mod replies;
pub mod rereads;
pub mod rhythm;
pub mod rounds;
pub mod samples;
pub mod storms;
pub mod strikes;
pub mod tides;
pub mod traces;
pub mod trays;
pub mod tuning;
pub mod unowed;
mod value;
mod waiting;

pub use db::{Boundary, Store, Tx};
pub use error::StoreError;
pub use value::Sql;

/// Every fixed statement by its name, so that a test can prepare each on both databases.
pub fn every_statement() -> Vec<(&'static str, Sql)> {
    let lists: &[&[(&str, Sql)]] = &[
        access::STATEMENTS,
        buckets::STATEMENTS,
        cases::STATEMENTS,
        circuits::STATEMENTS,
        contacts::STATEMENTS,
        corrections::STATEMENTS,
        costs::STATEMENTS,
        coverage::STATEMENTS,
        credentials::STATEMENTS,
        customers::STATEMENTS,
        deletions::STATEMENTS,
        digests::STATEMENTS,
        drafts::STATEMENTS,
        ears::STATEMENTS,
        events::STATEMENTS,
        handovers::STATEMENTS,
        held::STATEMENTS,
        hints::STATEMENTS,
        hits::STATEMENTS,
        identities::STATEMENTS,
        inbox::STATEMENTS,
        labels::STATEMENTS,
        lanes::STATEMENTS,
        likeness::STATEMENTS,
        live::STATEMENTS,
        looks::STATEMENTS,
        mentions::STATEMENTS,
        mutes::STATEMENTS,
        outbox::STATEMENTS,
        own::STATEMENTS,
        persons::STATEMENTS,
        presses::STATEMENTS,
        rechecks::STATEMENTS,
        recipients::STATEMENTS,
        reloads::STATEMENTS,
        replies::STATEMENTS,
        rereads::STATEMENTS,
        rhythm::STATEMENTS,
        rounds::STATEMENTS,
        samples::STATEMENTS,
        storms::STATEMENTS,
        tides::STATEMENTS,
        traces::STATEMENTS,
        trays::STATEMENTS,
        tuning::STATEMENTS,
        unowed::STATEMENTS,
        waiting::STATEMENTS,
    ];
    [lists.concat(), ledger::STATEMENTS.concat()].concat()
}
