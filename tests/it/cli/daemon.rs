//! `ascolto run`: starts, tells systemd, reloads, stays with the old when the new is wrong, stops.

use super::{House, ascolto, said};
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
        Daemon::of(house, house.command(&["run"]))
    }

    /// One whose files may grow to so many blocks of 512 bytes: to it the disk is full then.
    fn cramped(house: &House, blocks: u32) -> Daemon {
        let run = house.command(&["run"]);
        let mut shell = Command::new("sh");
        let limit = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$@\"");
        shell.args(["-c", &limit, "sh"]).arg(run.get_program()).args(run.get_args());
        Daemon::of(house, shell)
    }

    fn of(house: &House, mut command: Command) -> Daemon {
        let socket = house.path("notify");
        let systemd = UnixDatagram::bind(&socket).unwrap();
        systemd.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
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
fn a_disk_that_was_full_is_used_again_when_there_is_room() {
    let house = House::new();
    house.hear(&[]);
    house.also(
        "[channel.flood]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nflood = 1000\n\
         flood_total = 1000\nstart = \"2026-11-20T08:00:00Z\"\npage = 50\n",
    );
    let mut daemon = Daemon::cramped(&house, 1_000);
    daemon.logged("a step failed; it is tried again");
    let id = daemon.child.id().to_string();
    let room = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
    assert!(room.unwrap().success());
    let mut heard = false;
    // What was under way when the disk was full is leased for a minute.
    for _ in 0..240 {
        // While it writes, a reader may be told to try again; then there is nothing to read.
        let ledger = house.run(&["ledger", "--json"]).out;
        let ledger = serde_json::from_str::<serde_json::Value>(&ledger).unwrap_or_default();
        heard = ledger["totals"]["mentions"] == 1_000;
        if heard {
            break;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(heard, "the flood was not heard to its end within two minutes");
    daemon.signal("TERM");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    house.run(&["ledger", "--verify"]).good();
}

#[test]
fn a_channel_that_a_command_adds_is_taken_up_without_a_signal() {
    let house = House::new();
    let folder = house.path("conf");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(house.config(), folder.join("main.toml")).unwrap();
    let on = |args: &[&str]| {
        let mut command = ascolto(args);
        command.arg("--config").arg(&folder);
        command
    };
    let mut daemon = Daemon::of(&house, on(&["run"]));
    daemon.logged("inbox and API are served");
    let add = on(&["channel", "add", "ingest", "--name", "forms"]);
    let added = said(add, b"").good();
    assert!(added.ends_with("the channel forms is added for acme\n"), "{added}");
    daemon.logged("channels=2");
    daemon.logged("reloaded");
    let list = said(on(&["channel", "list"]), b"").good();
    assert!(list.contains("forms"), "{list}");
    daemon.signal("TERM");
    daemon.logged("stopping");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
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
