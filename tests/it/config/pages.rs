//! The pages of the docs: each shows a section that does, and what its network says of itself.

use ascolto::config::{self, DocsPage};
use ascolto::wire::Key;
use ascolto::{app, networks};

fn pages() -> Vec<DocsPage> {
    config::pages(&app::registry(), networks::manual)
}

fn page(path: &str) -> String {
    let found = pages().into_iter().find(|page| page.path == path);
    found.unwrap_or_else(|| panic!("there is no page {path}")).text
}

/// The keys of the network, notifier or ticket system that a page is about.
fn keys(path: &str) -> &'static [Key] {
    let registry = app::registry();
    let name = path.rsplit('/').next().unwrap().trim_end_matches(".md");
    match path.split('/').next() {
        Some("networks") => (registry.network)(name).unwrap().meta().keys,
        Some("handover") => (registry.ticket_system)(name).unwrap().meta().keys,
        _ => (registry.notifier)(name).unwrap().meta().keys,
    }
}

#[test]
fn the_section_on_every_page_does_as_it_stands() {
    let mut tried = 0;
    for page in pages().iter().filter(|page| !page.path.ends_with("README.md")) {
        let (_, rest) = page.text.split_once("```toml\n").expect("a section is shown");
        let (section, _) = rest.split_once("```").expect("and ends");
        let folder = tempfile::tempdir().unwrap();
        for line in section.lines() {
            let Some((key, file)) = line.split_once("_file = ") else { continue };
            let key = keys(&page.path).iter().find(|k| k.name == key).expect("a known key");
            let example: toml::Table = format!("it = {}", key.example).parse().unwrap();
            std::fs::write(
                folder.path().join(file.trim_matches('"')),
                example["it"].as_str().unwrap(),
            )
            .unwrap();
        }
        let file = folder.path().join("a.toml");
        let whole =
            format!("[store]\nurl = \"sqlite:a.db\"\n[brand.acme]\nzone = \"UTC\"\n{section}");
        std::fs::write(&file, whole).unwrap();
        if let Err(problems) = config::load(&file, std::iter::empty(), &app::registry()) {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}: {}", page.path, all.join("\n"));
        }
        tried += 1;
    }
    assert!(tried >= 15, "only {tried} pages");
}

#[test]
fn a_page_tells_keys_limits_terms_and_what_is_not_heard() {
    let text = page("networks/mastodon.md");
    for part in [
        "# Mastodon",
        "<https://docs.joinmastodon.org/client/intro/>",
        "| `token` | a secret; or `token_file` with the path of a file | must be given |",
        "| `hashtags` | a list of texts, as in [\"one\", \"two\"] | none |",
        "| read:notifications | Mentions and answers are heard. | The channel does not work. |",
        "| `api` | 300 | 5 minutes | credential | 60 |",
        "500 characters, of which every link counts 23",
        "| `tag:acme` |",
        "## What is not heard",
        "may not train a model",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(page("networks/facebook.md").contains("[meta.md](../meta.md)"));
    let reddit = page("networks/reddit.md");
    assert!(reddit.contains("exactly `http://127.0.0.1:7071/callback`"), "{reddit}");
    assert!(reddit.contains("`PUBLIC_URL/connect/callback`"), "{reddit}");
    assert!(!text.contains("PUBLIC_URL"), "its app is registered on the spot");
    assert!(page("networks/x.md").contains("deleted here within 1 day"));
    assert!(page("notifiers/webhook.md").contains("drops a second alert with the same key | yes"));
    let slack = page("notifiers/slack.md");
    assert!(slack.contains("\"channel\": \"C0123456789\""), "its sample is not shown: {slack}");
    assert!(slack.contains("`ascolto user known AGENT slack:U…`"), "{slack}");
    assert!(page("notifiers/email.md").contains("](../mail.png)"));
    let ways = page("notifiers/README.md");
    let telegram = "| [Telegram](telegram.md) | yes | acts | yes, but what must be written";
    assert!(ways.contains(telegram), "{ways}");
    let jira = page("handover/jira.md");
    assert!(jira.contains("`PUBLIC_URL/hooks/handover/jira`"), "{jira}");
    assert!(jira.contains("How a ticket stands is read back | yes"), "{jira}");
}

#[test]
fn the_matrix_has_every_network_and_a_table_has_no_ragged_row() {
    let matrix = page("networks/README.md");
    let row = matrix.lines().find(|line| line.contains("(feed.md)")).expect("feeds are there");
    assert_eq!(row.matches("| no ").count(), 5, "{row}");
    for network in networks::NETWORKS {
        let meta = network.meta();
        assert!(matrix.contains(&format!("[{}]({}.md)", meta.title, meta.name)), "{}", meta.name);
    }
    for page in pages() {
        let mut columns = None;
        for line in page.text.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            assert_eq!(bars, *columns.get_or_insert(bars), "{}: {line}", page.path);
        }
    }
}

#[test]
fn the_meta_kit_explains_every_grant_and_writes_a_text_for_each_permission() {
    for file in ["meta.md", "meta.it.md"] {
        let path = format!("{}/docs/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        for network in ["facebook", "instagram"] {
            for grant in &networks::manual(network).unwrap().grants {
                let name = grant.name.split(' ').next().unwrap();
                let row = format!("`{name}`");
                let in_table = |line: &str| line.starts_with('|') && line.contains(&row);
                assert!(text.lines().any(in_table), "{file} has no row of {name}");
                // A task is given on the Page; no review asks for it.
                let asked = name.chars().any(char::is_lowercase);
                assert!(!asked || text.contains(&format!("**{name}.**")), "{file}: {name}");
            }
        }
    }
}
