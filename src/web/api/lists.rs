//! What a list of the API is asked for, and how it is answered: page by page, in one order.

use axum::Json;
use serde_json::{Value, json};

/// Most rows of one answer.
const MOST: i64 = 500;
/// Rows of one answer where nothing is asked.
const USUAL: i64 = 100;

/// The query of a list of `$id`s, as the type `Asked`; `$state` is its word for how they stand.
/// It stands once for all lists as a macro, since serde's `flatten` would let unknown names pass.
macro_rules! asked {
    ($state:ident, $id:ty) => {
        /// What may be asked.
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Asked {
            #[serde(default)]
            $state: String,
            #[serde(default)]
            brand: String,
            #[serde(default)]
            channel: String,
            #[serde(default)]
            language: String,
            after: Option<$id>,
            limit: Option<i64>,
        }

        impl Asked {
            /// Which rows, behind which one, and how many.
            fn read(self) -> ($crate::store::inbox::Filter, Option<$id>, i64) {
                let filter = $crate::store::inbox::Filter {
                    brand: self.brand,
                    state: self.$state,
                    channel: self.channel,
                    language: self.language,
                    ..$crate::store::inbox::Filter::default()
                };
                (filter, self.after, $crate::web::api::lists::rows(self.limit))
            }
        }
    };
}
pub(super) use asked;

/// How many rows an answer holds.
pub(super) fn rows(asked: Option<i64>) -> i64 {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}

/// A page under its name; `next` is the `after` of the following one, if there may be more.
pub(super) fn page(name: &str, lines: &[Value], limit: i64) -> Json<Value> {
    let next = lines.last().map(|line| line["id"].clone());
    page_to(name, lines, limit, next)
}

/// The same where the rows are in another order than that of their ids.
pub(super) fn page_to(name: &str, lines: &[Value], limit: i64, next: Option<Value>) -> Json<Value> {
    let full = i64::try_from(lines.len()).is_ok_and(|n| n == limit);
    Json(json!({ name: lines, "next": next.filter(|_| full) }))
}
