//! The pages in a real browser: the live demo, from its one-time link to inbox, case and coverage;
//! and what alerts by mail look like.
//!
//! `screens.mjs` drives headless Chromium; it fails on script errors, on refused resources and on
//! pages wider than the screen. `mails.mjs` does the same with the golden mails, which may ask for
//! nothing. The pictures lie in the folder that the output names.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The running demo; ends with the test, however that ends.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn needed(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set; run the tests by ./tests/run"))
}

/// The folder where pictures go.
fn pictures() -> PathBuf {
    let folder = std::env::temp_dir().join("ascolto-screens");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn mails_stand_on_wide_and_narrow_screens_and_ask_for_nothing() {
    let (modules, chromium) = (needed("ASCOLTO_TEST_PLAYWRIGHT"), needed("ASCOLTO_TEST_CHROMIUM"));
    let folder = pictures();
    let status = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mails.mjs"))
        .args([modules, chromium])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/contract/notify"))
        .arg(&folder)
        .status()
        .expect("node runs");
    assert!(status.success(), "a mail does not stand; pictures in {}", folder.display());
    for width in [800, 390] {
        let picture = folder.join(format!("email-sample-{width}.png"));
        assert!(std::fs::metadata(&picture).unwrap().len() > 10_000, "{}", picture.display());
    }
}

#[test]
fn inbox_case_and_coverage_stand_on_wide_and_narrow_screens() {
    let (modules, chromium) = (needed("ASCOLTO_TEST_PLAYWRIGHT"), needed("ASCOLTO_TEST_CHROMIUM"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    drop(listener);
    let child = Command::new(env!("CARGO_BIN_EXE_ascolto"))
        .args(["demo", "--listen", &listen, "--speed", "1800"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut demo = Demo(child);
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let once = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|l| {
            l.find("http://")
                .filter(|_| l.contains("/login/once/"))
                .map(|at| l[at..].trim().to_owned())
        })
        .expect("the demo prints its one-time link");
    // The demo goes on printing alerts; a full pipe would stop it.
    let drain = std::thread::spawn(move || lines.map_while(Result::ok).count());
    let folder = pictures();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/screens.mjs");
    let status = Command::new("node")
        .args([script, &modules, &chromium, &once])
        .arg(&folder)
        .status()
        .expect("node runs");
    assert!(status.success(), "the pages do not stand; pictures in {}", folder.display());
    for name in ["inbox", "case", "coverage", "sorted-out", "sample", "report"] {
        for width in [1280, 390] {
            let picture = folder.join(format!("{name}-{width}.png"));
            assert!(std::fs::metadata(&picture).unwrap().len() > 10_000, "{}", picture.display());
        }
    }
    drop(demo);
    assert!(drain.join().unwrap() > 0, "alerts stream in the terminal");
}
