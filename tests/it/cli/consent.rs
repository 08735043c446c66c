//! `ascolto channel add --consent`: the network's own page hands the token out, and only to us.

use super::Said;
use super::channel_add::Folder;
use crate::doubles::client;
use crate::doubles::gate::Gate;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};

/// Nobody waits longer for a line that should come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that goes on while the test plays the browser.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Talk {
    async fn begin(folder: &Folder, args: &[&str], answers: &str) -> Talk {
        let mut command = Command::from(super::ascolto(args));
        command.arg("--config").arg(folder.path("")).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answers.as_bytes()).await.unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Talk { child, stdin: Some(stdin), lines, said: String::new() }
    }

    /// The next line on stderr that holds this.
    async fn line(&mut self, with: &str) -> String {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
            let line = match next.expect("a line in time").unwrap() {
                Some(line) => line,
                None => panic!("no line with {with} came:\n{}", self.said),
            };
            self.said.push_str(&format!("{line}\n"));
            if line.contains(with) {
                return line;
            }
        }
    }

    /// The address that the person opens.
    async fn page(&mut self) -> String {
        self.line("response_type=code").await
    }

    async fn paste(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn end(mut self) -> Said {
        self.stdin = None;
        while let Some(line) = self.lines.next_line().await.unwrap() {
            self.said.push_str(&format!("{line}\n"));
        }
        let mut out = String::new();
        let stdout = self.child.stdout.as_mut().expect("stdout is piped");
        stdout.read_to_string(&mut out).await.unwrap();
        let status = self.child.wait().await.unwrap();
        Said { code: status.code(), out, err: self.said }
    }
}

/// A browser follows a redirect: status and page.
async fn browse(address: &str) -> (u16, String) {
    let answer = client().get(address).send().await.unwrap();
    let status = answer.status().as_u16();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    (status, String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap())
}

fn code_of(address: &str) -> &str {
    let (_, code) = address.split_once("code=").expect("a code");
    code.trim_end_matches("#_")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_brings_the_code_and_a_stranger_nothing() {
    let gate = Gate::start().await;
    let folder = Folder::new();
    let args = ["channel", "add", "mastodon", "--consent", "--callback-port", "0"];
    let mut talk = Talk::begin(&folder, &args, &format!("{}\n", gate.url)).await;
    // No more answers come: it waits for the browser alone.
    talk.stdin = None;
    let page = talk.page().await;
    assert!(page.starts_with(&format!("{}/oauth/authorize?", gate.url)), "{page}");
    assert!(page.contains("scope=read%3Aaccounts%20read%3Anotifications%20"), "{page}");
    let back = gate.allow(&page);
    let (place, _) = back.split_once('?').unwrap();

    for stranger in ["", "?code=evil", "?code=evil&state=AAAAAAAAAAAAAAAAAAAAAA"] {
        let (status, told) = browse(&format!("{place}{stranger}")).await;
        assert_eq!(status, 400, "{stranger}");
        assert!(told.contains("no answer to what was asked") && !told.contains("evil"), "{told}");
    }
    let (status, told) = browse(&back).await;
    assert!(status == 200 && told.contains("Go back to the terminal"), "{told}");

    let said = talk.end().await;
    assert!(
        said.out.contains("channel mastodon: the credential is good, own id 42"),
        "{}",
        said.err
    );
    let token = folder.read("mastodon.token");
    let token = token.trim_end();
    assert!(token.starts_with("acc3ss") && gate.handed_out(token), "{token}");
    assert!(folder.read("mastodon.toml").ends_with("token_file = \"mastodon.token\"\n"));
    for secret in [token, code_of(&back), "s3cret", "evil"] {
        assert!(!said.err.contains(secret) && !said.out.contains(secret), "{secret}: {}", said.err);
    }
    said.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_browser_here_the_address_is_pasted() {
    let gate = Gate::start().await;
    gate.knows("cl1ent", "cl1ent-s3cret", "", false);
    let folder = Folder::new();
    let args = ["channel", "add", "google_business", "--consent", "--callback-port", "0", "--all"];
    // location, client_id, client_secret, page, api, oauth; never refresh_token.
    let answers = format!("accounts/1/locations/2\ncl1ent\ncl1ent-s3cret\n\n\n{}\n", gate.url);
    let mut talk = Talk::begin(&folder, &args, &answers).await;
    let page = talk.page().await;
    assert!(page.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"), "{page}");
    assert!(page.ends_with("&access_type=offline&prompt=consent"), "{page}");
    let back = gate.allow(&page);
    talk.paste("").await;
    talk.paste(&back.replace("state=", "state=x")).await;
    talk.line("no answer to what was asked").await;
    talk.paste(&back).await;
    let said = talk.end().await;
    assert!(said.out.contains("the credential is good, own id locations/2"), "{}", said.err);
    let token = folder.read("google_business.refresh_token");
    assert!(token.starts_with("r3fresh") && gate.handed_out(token.trim_end()), "{token}");
    assert_eq!(folder.read("google_business.client_secret"), "cl1ent-s3cret\n");
    for secret in ["cl1ent-s3cret", token.trim_end()] {
        assert!(!said.err.contains(secret) && !said.out.contains(secret), "{secret}");
    }
    said.good();
}

/// A Reddit channel whose app takes browsers back at one port alone.
async fn reddit(gate: &Gate, folder: &Folder) -> (Talk, String) {
    // Free a moment ago; another process could take it in between, and the test would say so.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    gate.knows("cl1ent", "s3cret", &format!("http://127.0.0.1:{port}/callback"), true);
    let port = port.to_string();
    let mut args = vec!["channel", "add", "reddit", "--consent", "--all", "--offline"];
    args.extend(["--callback-port", &port]);
    // username, client_id, client_secret, home, subreddits, search, api, site.
    let answers = format!("acme\ncl1ent\ns3cret\n\n\n\n\n{}\n", gate.url);
    let mut talk = Talk::begin(folder, &args, &answers).await;
    talk.line(&format!("exactly http://127.0.0.1:{port}/callback")).await;
    let page = talk.page().await;
    (talk, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_with_one_address_gets_it_to_the_letter() {
    let gate = Gate::start().await;
    let folder = Folder::new();
    let (talk, page) = reddit(&gate, &folder).await;
    assert!(page.contains("&duration=permanent") && !page.contains("code_challenge"), "{page}");
    browse(&gate.allow(&page)).await;
    talk.end().await.good();
    assert!(gate.handed_out(folder.read("reddit.refresh_token").trim_end()));
    assert!(folder.run(&["check"], "").good().contains("2 channels"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_denied_or_refused_says_what_to_do_and_nothing_is_written() {
    let gate = Gate::start().await;
    let folder = Folder::new();
    let (talk, page) = reddit(&gate, &folder).await;
    let (_, told) = browse(&gate.deny(&page)).await;
    assert!(told.contains("denied there"), "{told}");
    let err = talk.end().await.failed(1);
    assert!(err.contains("denied there; open the page again and allow what it asks for"), "{err}");

    let (talk, page) = reddit(&gate, &folder).await;
    let back = gate.allow(&page);
    gate.forget();
    browse(&back).await;
    let err = talk.end().await.failed(1);
    assert!(err.contains("Reddit: the code is refused: invalid_grant"), "{err}");
    assert!(err.contains("names exactly that address, and open the page again"), "{err}");
    assert!(!err.contains(code_of(&back)), "{err}");
    assert_eq!(folder.files(), ["main.toml"]);
}

#[test]
fn a_network_without_a_page_and_a_port_that_is_taken_are_told() {
    let folder = Folder::new();
    let err = folder.run(&["channel", "add", "telegram", "--consent"], "").failed(2);
    assert!(err.contains("Telegram has no consent page; leave --consent out"), "{err}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args = ["channel", "add", "mastodon", "--consent", "--callback-port", &port];
    let err = folder.run(&args, "").failed(3);
    assert!(err.contains("Choose another port with --callback-port"), "{err}");
    // What does not do is told before the page is opened.
    let args = ["channel", "add", "x", "--consent", "--callback-port", "0"];
    let err = folder.run(&args, "acme\ntk_app\n\n\n").failed(2);
    assert!(err.contains("client_id is missing") && !err.contains("tk_app"), "{err}");
    assert!(!err.contains("response_type"), "{err}");
    assert_eq!(folder.files(), ["main.toml"]);
}
