//! The store on both databases: every test here runs on SQLite and on PostgreSQL.

mod around;
mod buckets;
mod bulk;
mod cases;
mod circuits;
mod commitments;
mod coverage;
mod credentials;
mod customers;
mod desk;
mod handovers;
mod hints;
mod house;
mod identities;
mod labels;
mod lanes;
mod ledger;
mod likeness;
mod live;
mod log;
mod looks;
mod mentions;
mod outbox;
mod persons;
mod plans;
mod rechecks;
mod replies;
mod rereads;
mod rhythm;
mod samples;
mod statements;
mod storms;
mod trays;
mod tuning;

/// Stamps each test, an `async fn(&House)` of the file, on a fresh database of either kind.
macro_rules! store_suite {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test]
            async fn $test() {
                let house = $crate::store::house::House::sqlite().await;
                super::$test(&house).await;
                house.leave().await;
            }
        )+}
        mod postgres {$(
            #[tokio::test]
            async fn $test() {
                let house = $crate::store::house::House::postgres().await;
                super::$test(&house).await;
                house.leave().await;
            }
        )+}
    };
}
use store_suite;
