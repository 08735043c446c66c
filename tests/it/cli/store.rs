//! Commands over the store: the ledger, channels, holds, backups, backfills.

use super::{COMPLAINT, House, text};

#[test]
fn without_a_store_nothing_is_said_about_it() {
    let house = House::new();
    for command in [&["ledger"][..], &["channel", "list"], &["backup", "b.db"], &["case", "list"]] {
        let err = house.run(command).failed(3);
        assert!(err.contains("there is no store at"), "{command:?}: {err}");
    }
    assert!(!house.path("ascolto.db").exists());
    house.configure(&format!("sqlite:{}", house.path("no/folder/a.db").display()));
    let err = house.run(&["check", "--online"]).failed(3);
    assert!(err.contains("the store cannot be opened"), "{err}");
}

#[test]
fn the_ledger_balances_until_somebody_meddles() {
    let house = House::new();
    house.hear(&[COMPLAINT, "Come posso cambiare indirizzo?", "ok"]);
    let table = house.run(&["ledger", "--verify"]).good();
    assert!(table.contains("api") && table.trim_end().ends_with("balanced"), "{table}");
    let json = house.run(&["ledger", "--json", "--channel", "api"]).good();
    let ledger: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&ledger["balanced"], &ledger["totals"]["mentions"]), (&true.into(), &3.into()));
    let then = house.run(&["ledger", "--as-of", "1h", "--day", "2020-01-01"]).good();
    assert!(then.contains("As of"), "{then}");
    for wrong in [&["--day", "today"][..], &["--as-of", "soon"], &["--channel", "apo"]] {
        let mut line = vec!["ledger"];
        line.extend_from_slice(wrong);
        house.run(&line).failed(2);
    }
    let db = rusqlite::Connection::open(house.path("ascolto.db")).unwrap();
    let gone = db.execute("DELETE FROM mentions WHERE external_id = '2'", []).unwrap();
    assert_eq!(gone, 1);
    drop(db);
    let said = house.run(&["ledger"]);
    assert!(said.out.contains("BROKEN"), "{}", said.out);
    assert!(said.failed(1).contains("does not balance"));
}

#[test]
fn channels_say_how_they_fare() {
    let house = House::new();
    house.hear(&["ok"]);
    let table = house.run(&["channel", "list"]).good();
    assert!(table.contains("api") && table.contains("receives only"), "{table}");
    let json = house.run(&["channel", "list", "--json"]).good();
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&list[0]["network"], &list[0]["read"]), (&"ingest".into(), &true.into()));
    assert_eq!(list[0]["lanes"][0]["open_gaps"], 0);
    let err = house.run(&["channel", "poll", "api"]).failed(1);
    assert!(err.contains("only receives"), "{err}");
    let err = house.run(&["channel", "poll", "app"]).failed(2);
    assert!(err.contains("did you mean api?"), "{err}");
}

#[test]
fn a_link_to_connect_a_channel_again_is_printed() {
    let house = House::new();
    house.also(
        "[channel.masto]\nnetwork = \"mastodon\"\nbrand = \"acme\"\n\
         server = \"https://social.example\"\ntoken = \"tk-5ecret\"\nowner = \"Anna\"\n",
    );
    house.hear(&["ok"]);
    let link = house.run(&["channel", "reconnect", "masto"]).good();
    assert!(link.starts_with("http://127.0.0.1:0/connect/"), "{link}");
    assert_eq!(link.lines().count(), 1, "{link}");
    assert_ne!(link, house.run(&["channel", "reconnect", "masto"]).good(), "each is its own");
    let err = house.run(&["channel", "reconnect", "api"]).failed(1);
    assert!(err.contains("no credential"), "{err}");
    let err = house.run(&["channel", "reconnect", "mastro"]).failed(2);
    assert!(err.contains("did you mean masto?"), "{err}");
    let table = house.run(&["channel", "list"]).good();
    assert!(table.contains("masto: belongs to Anna"), "{table}");
    assert!(table.contains("masto: the credential is"), "{table}");
    assert!(!table.contains("tk-5ecret"), "{table}");
}

#[test]
fn public_channels_without_a_connector_stand_everywhere_as_not_heard() {
    let house = House::new();
    house.also(
        "[public.videos]\nbrand = \"acme\"\ntitle = \"TikTok\"\n\
         url = \"https://videos.example/@acme\"\nstopgap = \"link\"\n",
    );
    house.hear(&["ok"]);
    for command in [&["channel", "list"][..], &["ledger"]] {
        let table = house.run(command).good();
        let line = table.lines().find(|line| line.starts_with("videos")).unwrap_or_default();
        assert!(line.contains("TikTok") && line.contains("links are entered by hand"), "{table}");
    }
    let json = |command: &[&str]| -> serde_json::Value {
        serde_json::from_str(&house.run(command).good()).unwrap()
    };
    let list = json(&["channel", "list", "--json"]);
    assert_eq!((&list[1]["state"], &list[1]["name"]), (&"not_heard".into(), &"videos".into()));
    let ledger = json(&["ledger", "--json"]);
    assert_eq!(ledger["not_heard"][0]["stopgap"], "link");
    let one = json(&["ledger", "--json", "--channel", "api"]);
    assert_eq!(one["not_heard"], serde_json::json!([]));
}

#[test]
fn what_no_connector_hears_is_entered_by_hand() {
    let house = House::new();
    house.also(
        "[public.videos]\nbrand = \"acme\"\nurl = \"https://videos.example/@acme\"\n\
         stopgap = \"link\"\n",
    );
    house.hear(&[]);
    let open = |more: &[&str]| {
        let mut line = vec!["case", "open", "--url", "https://videos.example/7"];
        line.extend_from_slice(more);
        house.run(&line)
    };
    let said = open(&["--text", COMPLAINT, "--author", "jo", "--public", "videos"]).good();
    assert!(said.contains("https://videos.example/7: stored"), "{said}");
    let again = open(&["--text", COMPLAINT, "--author", "jo", "--public", "videos"]).good();
    assert!(again.contains("known already"), "{again}");
    house.hear(&[]);
    let list = house.run(&["case", "list", "--json"]).good();
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert_eq!((list.len(), &list[0]["network"]), (1, &"videos".into()), "{list:?}");
    assert!(house.run(&["ledger"]).good().trim_end().ends_with("balanced"));
    let err = open(&["--text", "x", "--public", "video"]).failed(2);
    assert!(err.contains("did you mean videos?"), "{err}");
    let err = open(&["--text", "x", "--channel", "apo"]).failed(2);
    assert!(err.contains("did you mean api?"), "{err}");
    let err = open(&["--text", "x", "--at", "2999-01-01"]).failed(2);
    assert!(err.contains("not in the past"), "{err}");
    house.run(&["case", "open", "--url", "www.example", "--text", "x"]).failed(2);
}

#[test]
fn a_network_without_a_past_cannot_be_backfilled() {
    let house = House::new();
    house.hear(&["ok"]);
    let err = house.run(&["backfill", "--channel", "api", "--since", "3d"]).failed(1);
    assert!(err.contains("shows no past"), "{err}");
    house.run(&["backfill", "--channel", "nothing", "--since", "3d"]).failed(2);
    let err = house.run(&["backfill", "--channel", "api", "--since", "2999-01-01"]).failed(2);
    assert!(err.contains("not in the past"), "{err}");
}

#[test]
fn a_brand_is_held_and_resumed() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    house.run(&["hold", "acme", "--reason", "storm", "--as", "lea"]).good();
    let db = rusqlite::Connection::open(house.path("ascolto.db")).unwrap();
    let held = || -> (bool, String, String) {
        let sql = "SELECT held, held_by, held_why FROM brands WHERE name = 'acme'";
        db.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap()
    };
    assert_eq!(held(), (true, "lea".to_owned(), "storm".to_owned()));
    house.run(&["resume", "acme"]).good();
    assert!(!held().0);
    let err = house.run(&["hold", "acne", "--reason", "storm"]).failed(2);
    assert!(err.contains("did you mean acme?"), "{err}");
    house.run(&["hold", "acme", "--reason", ""]).failed(2);
}

#[test]
fn a_backup_is_whole_private_and_never_written_over() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    let copy = house.path("copy.db");
    house.run(&["backup", text(&copy)]).good();
    let err = house.run(&["backup", text(&copy)]).failed(3);
    assert!(err.contains("is there already"), "{err}");
    let err = house.run(&["backup", text(&house.path("no/copy.db"))]).failed(3);
    assert!(err.contains("make it first"), "{err}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    house.configure(&format!("sqlite:{}", copy.display()));
    let table = house.run(&["ledger"]).good();
    assert!(table.contains("2") && table.trim_end().ends_with("balanced"), "{table}");
    house.case();
}
