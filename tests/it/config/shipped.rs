//! The example configuration is generated from the settings that really exist.

use ascolto::{app, config};

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
