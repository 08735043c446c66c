//! `ascolto run`: starts, tells systemd, reloads, stays with the old when the new is wrong, stops.

use super::House;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// The daemon, its log and what it tells systemd.
struct Daemon {
    child: Child,
    log: BufReader<ChildStderr>,
    systemd: UnixDatagram,
}

impl Daemon {
    fn start(house: &House) -> Daemon {
        let socket = house.path("notify");
        let systemd = UnixDatagram::bind(&socket).unwrap();
        systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut command = house.command(&["run"]);
        command.env("NOTIFY_SOCKET", &socket).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Daemon { child, log, systemd }
    }

    /// Reads the log up to a line with this text.
    fn logged(&mut self, text: &str) {
        let mut all = String::new();
        loop {
            let before = all.len();
            let read = self.log.read_line(&mut all).unwrap();
            assert!(read > 0, "the log ended before {text:?}:\n{all}");
            if all[before..].contains(text) {
                return;
            }
        }
    }

    /// The next thing it told systemd.
    fn told(&self) -> String {
        let mut bytes = [0; 256];
        let length = self.systemd.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Only a failed test leaves it running.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn it_starts_reloads_keeps_the_old_and_stops() {
    let house = House::new();
    let mut daemon = Daemon::start(&house);
    daemon.logged("inbox and API are served");
    assert_eq!(daemon.told(), "READY=1\n");

    let good = std::fs::read_to_string(house.config()).unwrap();
    std::fs::write(house.config(), "[store]\nurl = \"sqlite:\"\n").unwrap();
    daemon.signal("HUP");
    daemon.logged("store.url");
    daemon.logged("the one before stays in force");
    assert!(daemon.told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(daemon.told(), "READY=1\n");

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = taken.local_addr().unwrap().to_string();
    std::fs::write(house.config(), good.replace("127.0.0.1:0", &there)).unwrap();
    daemon.signal("HUP");
    daemon.logged("the one before is taken up again");
    daemon.logged("inbox and API are served");
    assert!(daemon.told().starts_with("RELOADING=1"));
    assert_eq!(daemon.told(), "READY=1\n");

    std::fs::write(house.config(), good + "[brand.other]\nzone = \"UTC\"\n").unwrap();
    daemon.signal("HUP");
    daemon.logged("brands=2");
    daemon.logged("reloaded");
    assert!(daemon.told().starts_with("RELOADING=1"));
    assert_eq!(daemon.told(), "READY=1\n");

    daemon.signal("TERM");
    daemon.logged("stopping");
    assert_eq!(daemon.told(), "STOPPING=1\n");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    house.run(&["ledger"]).good();
}

#[test]
fn an_interrupt_stops_it_cleanly_and_is_told_apart() {
    let house = House::new();
    let mut daemon = Daemon::start(&house);
    daemon.logged("inbox and API are served");
    daemon.signal("INT");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_store_that_cannot_be_opened_ends_it_with_3() {
    let house = House::new();
    house.configure(&format!("sqlite:{}", house.path("no/folder/a.db").display()));
    let err = house.run(&["run"]).failed(3);
    assert!(err.contains("the store cannot be opened") && err.contains("[store] url"), "{err}");
}
