//! What comes from beside the configuration: secrets in files and the environment.

use super::doubles::PlazaSettings;
use super::{Folder, sound};
use ascolto::config::Config;

const BASE: &str = "\
[store]
url_file = \"url\"
[brand.acme]
zone = \"Europe/Rome\"
[channel.the-square]
network = \"plaza\"
brand = \"acme\"
instance = \"https://plaza.example\"
token_file = \"token\"
[recipient.desk]
notifier = \"pager\"
number = \"1\"
";

fn folder() -> Folder {
    Folder::of(&[("a.toml", BASE), ("url", "sqlite:b.db\r\n"), ("token", "tk_filed\n")])
}

fn settings(config: &Config) -> &PlazaSettings {
    config.channels["the-square"].settings.downcast_ref().unwrap()
}

#[test]
fn secrets_are_read_beside_the_file_that_names_them() {
    let config = sound(folder().load("a.toml", &[]));
    assert_eq!(config.store.url.expose(), "sqlite:b.db");
    assert_eq!(settings(&config).token.expose(), "tk_filed");
}

#[test]
fn a_secret_file_must_hold_a_secret() {
    let folder = folder();
    std::fs::write(folder.path("token"), "\n").unwrap();
    let wrong = folder.wrong("a.toml", &[]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].starts_with("a.toml:9: channel.the-square.token_file: the file it names is empty"),
        "{wrong:?}"
    );
    std::fs::write(folder.path("token"), "x".repeat(70_000)).unwrap();
    assert!(folder.wrong("a.toml", &[])[0].contains("too long"));
}

#[test]
fn the_environment_lies_over_the_files() {
    let env = [
        ("ASCOLTO__CHANNEL__THE_SQUARE__TOKEN", "123456"),
        ("ASCOLTO__CHANNEL__THE_SQUARE__LIMIT", "12"),
        ("ASCOLTO__CHANNEL__THE_SQUARE__TAGS", "[\"one\", \"two\"]"),
        ("ASCOLTO__CHANNEL__THE_SQUARE__BOOSTS", "true"),
        ("ASCOLTO__RECIPIENT__DESK__LANGUAGE", "de"),
        ("ASCOLTO__STORE__URL", "sqlite:/c.db"),
        ("ASCOLTO__TRIAGE__ALERT_AT", "0.75"),
        ("ASCOLTO_CONFIG", "no overlay"),
        ("HOME", "/root"),
    ];
    let config = sound(folder().load("a.toml", &env));
    let read = settings(&config);
    assert_eq!((read.token.expose(), read.limit, read.boosts), ("123456", Some(12), true));
    assert_eq!(read.tags, ["one", "two"]);
    assert_eq!(config.recipients["desk"].language.unwrap().as_str(), "de");
    assert_eq!(config.store.url.expose(), "sqlite:/c.db");
    assert_eq!(config.brands["acme"].alert_at.0, 750_000);
}

#[test]
fn a_variable_that_means_nothing_is_named() {
    let wrong = folder().wrong(
        "a.toml",
        &[
            ("ASCOLTO__CHANEL__THE_SQUARE__TOKEN", "tk_env"),
            ("ASCOLTO__CHANNEL__THE_SQARE__TOKEN", "tk_env"),
            ("ASCOLTO__CHANNEL__THE_SQUARE__LIMIT", "many"),
            ("ASCOLTO__CHANNEL__THE_SQUARE__TOKN", "tk_env"),
            ("ASCOLTO__SLA", "tk_env"),
            ("ASCOLTO__WEB__LISTEN", "\u{FFFD}"),
        ],
    );
    let starts = [
        "environment variable ASCOLTO__CHANEL__THE_SQUARE__TOKEN: there is no section `chanel`. Did you mean `CHANNEL`?",
        "environment variable ASCOLTO__CHANNEL__THE_SQARE__TOKEN: no channel is called like that. Did you mean ASCOLTO__CHANNEL__THE_SQUARE__…?",
        "environment variable ASCOLTO__CHANNEL__THE_SQUARE__LIMIT: channel.the-square.limit: wrong form: text. Write a whole number",
        "environment variable ASCOLTO__CHANNEL__THE_SQUARE__TOKN: channel.the-square.tokn: unknown key. Did you mean `token`?",
        "environment variable ASCOLTO__SLA: the variable names no key. Write ASCOLTO__SLA__NAME__KEY",
        "environment variable ASCOLTO__WEB__LISTEN: not UTF-8",
    ];
    assert_eq!(wrong.len(), starts.len(), "{wrong:#?}");
    for (told, start) in wrong.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}\n{start}");
        assert!(!told.contains("tk_env"), "{told}");
    }
}

#[test]
fn a_variable_that_may_mean_two_is_refused() {
    let twins = "[store]\nurl = \"sqlite:a.db\"\n[sla.a-b]\n[sla.a_b]\n";
    let wrong =
        Folder::of(&[("a.toml", twins)]).wrong("a.toml", &[("ASCOLTO__SLA__A_B__QUESTION", "1h")]);
    assert!(wrong[0].contains("it may mean sla.a-b or sla.a_b"), "{wrong:?}");
}

#[test]
fn a_careless_network_cannot_tell_the_token() {
    let env = [("ASCOLTO__CHANNEL__THE_SQUARE__TAGS", "[\"leak\"]")];
    let wrong = folder().wrong("a.toml", &env);
    assert_eq!(
        wrong,
        ["a.toml:5: channel.the-square: the token [secret] is odd. See https://plaza.example/docs"]
    );
}
