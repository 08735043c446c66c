//! What is asked all day long is found by an index, however many cases there are.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::store::every_statement;

store_suite!(what_is_asked_all_day_long_reads_no_whole_table);

/// So many cases that reading all of them is dearer than an index.
const CASES: i64 = 20_000;

/// The statements, with what they are asked for: what is due, and the first page of what is open.
fn asked() -> Vec<(&'static str, Vec<String>)> {
    let now = T0.0.to_string();
    let text = |texts: &[&str]| -> Vec<String> { texts.iter().map(|t| format!("'{t}'")).collect() };
    let page = |brand: &str, more: &[&str]| {
        let filter = text(&[brand, "open", "", "", ""]);
        let answered = ["0", now.as_str()];
        let rest = answered.iter().chain(more).map(|t| (*t).to_owned());
        filter.into_iter().chain(rest).collect()
    };
    vec![
        ("cases::DUE", vec![now.clone(), "100".to_owned()]),
        ("cases::OPEN", vec!["'acme'".to_owned(), "50".to_owned()]),
        ("inbox::BY_URGENCY", page("", &["50", "0"])),
        ("inbox::BY_URGENCY", page("acme", &["50", "0"])),
        ("inbox::CASES", page("", &["0", &now, "'0'", "50"])),
        ("inbox::CASES", page("acme", &["0", &now, "'0'", "50"])),
    ]
}

/// One case in a hundred is owed; the others ended.
async fn fill(house: &House) {
    let (now, hour) = (T0.0, HOUR);
    house
        .by_hand(&format!(
            "INSERT INTO cases (id, brand, channel, network, origin, thread, author, author_handle, \
             author_name, opened_at, told_at, state, attention, owing, severity, deadline, due_at, \
             due_kind, class, urgent_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CASES}) \
             SELECT CAST(10000000 + i AS TEXT), 'acme', 'masto', 'mastodon', '', \
             CAST(i AS TEXT), 'a', '', '', {now}, {now}, \
             CASE WHEN i % 100 = 0 THEN 'waiting' ELSE 'answered' END, 'free', \
             CASE WHEN i % 100 = 0 THEN 'complaint' END, 2, \
             CASE WHEN i % 100 = 0 THEN {now} + i * {MINUTE} END, \
             CASE WHEN i % 100 = 0 THEN {now} + i * {MINUTE} END, \
             CASE WHEN i % 100 = 0 THEN 'overdue' END, \
             CASE WHEN i % 100 = 0 THEN 0 ELSE 4 END, {now} + i * {MINUTE} - {hour} FROM n"
        ))
        .await;
    house.by_hand("ANALYZE cases").await;
}

async fn what_is_asked_all_day_long_reads_no_whole_table(house: &House) {
    fill(house).await;
    let statements = every_statement();
    for (name, values) in asked() {
        let wanted = format!("::{name}");
        let found = statements.iter().find(|(known, _)| known.ends_with(&wanted));
        let (_, sql) = found.unwrap_or_else(|| panic!("{name} is no statement any more"));
        let mut text = if house.folder().is_some() { sql.sqlite } else { sql.postgres }.to_owned();
        for (n, value) in values.iter().enumerate().rev() {
            text = text.replace(&format!("${}", n + 1), value);
        }
        let plan = house.plan(&text).await;
        let whole = |line: &&String| {
            line.contains("Seq Scan on cases")
                || line.contains("SCAN") && !line.contains("INDEX")
                || line.contains("TEMP B-TREE")
                || line.contains("Sort")
        };
        let bad: Vec<&String> = plan.iter().filter(whole).collect();
        assert!(bad.is_empty(), "{name}: {}", plan.join("\n"));
    }
}
