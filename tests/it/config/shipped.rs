//! The example configuration and the pages of the docs are generated from what really exists.

use ascolto::{app, config, networks};
use std::path::Path;

/// Set `ASCOLTO_BLESS=1` to write it anew.
#[test]
fn the_example_in_the_repository_is_the_generated_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/ascolto.example.toml");
    let generated = config::example(&app::registry());
    if std::env::var_os("ASCOLTO_BLESS").is_some() {
        std::fs::write(file, &generated).unwrap();
    }
    let stored = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        stored == generated,
        "config/ascolto.example.toml is stale; run the test with ASCOLTO_BLESS=1"
    );
}

#[test]
fn the_example_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ascolto.toml");
    std::fs::write(&file, config::example(&app::registry())).unwrap();
    let loaded = config::load(&file, std::iter::empty(), &app::registry());
    if let Err(problems) = loaded {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}

/// Set `ASCOLTO_BLESS=1` to write them anew.
#[test]
fn the_pages_in_the_repository_are_the_generated_ones() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pages = config::pages(&app::registry(), networks::manual);
    let mut stale = Vec::new();
    for page in &pages {
        let file = docs.join(&page.path);
        if std::env::var_os("ASCOLTO_BLESS").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &page.text).unwrap();
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != page.text {
            stale.push(page.path.clone());
        }
    }
    for folder in ["networks", "notifiers", "handover"] {
        for entry in std::fs::read_dir(docs.join(folder)).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if !pages.iter().any(|page| page.path == path) {
                stale.push(format!("{path}, which nothing generates"));
            }
        }
    }
    assert!(stale.is_empty(), "run the test with ASCOLTO_BLESS=1; stale in docs/: {stale:#?}");
}
