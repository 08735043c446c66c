//! Taste as a failing test: the floors, the size of files, the tree, what is forbidden where.

mod floors;
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

/// No file is longer, tests included.
const MOST_LINES: usize = 400;

/// What may stand at the top of the tree.
const TOP: &[&str] = &[
    // Ours.
    "benches",
    "config",
    "deploy",
    "docs",
    "migrations",
    "src",
    "tests",
    // What tools and people look for there.
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.it.md",
    "README.md",
    "clippy.toml",
    "rustfmt.toml",
];

/// What only one part of `src/` may name, and what to use elsewhere.
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("reqwest::", &["fetch"], "describe a wire::Request; fetch/ sends it"),
    ("sqlx::", &["store"], "call a function of store/"),
    ("SystemTime::now", &["clock"], "take an Instant as an argument"),
    ("Instant::now", &["clock"], "take an Instant as an argument, or use clock::Stopwatch"),
    ("Timestamp::now", &["clock"], "take an Instant as an argument"),
    ("Zoned::now", &["clock"], "take an Instant as an argument"),
    ("rand::", &["ids"], "use ids::Ids"),
    ("OsRng", &["ids"], "use ids::Ids"),
];

/// Parts that compute and do nothing else, and what would break that.
const PURE: &[&str] = &["domain", "classify", "draft", "networks", "notify", "handover", "lookup"];
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "tokio::",
    "std::fs",
    "std::process",
    "TcpStream",
    "tracing::",
    "clock::",
];

/// What is left out of the code, finished or not.
const BANNED: &[&str] =
    &["todo!", "unimplemented!", "dbg!", "#[allow(", "#![allow(", "#[ignore", "unsafe {"];

struct File {
    /// From the top of the tree, with `/`.
    path: String,
    text: String,
    /// Without comments and the insides of literals.
    code: String,
}

impl File {
    /// The folder or file directly under `src/` that it belongs to; `None` for the crate's root.
    fn part(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let first = inside.split('/').next()?;
        (!matches!(first, "lib.rs" | "main.rs")).then(|| first.trim_end_matches(".rs"))
    }

    /// How many names its module path has: `src/a/b.rs` and `src/a/b/mod.rs` have two.
    fn depth(&self) -> usize {
        let names = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") { names - 1 } else { names }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Rust file of ours.
fn files() -> Vec<File> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["src", "tests", "benches"].iter().map(|f| root().join(f)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project can be read") {
            let path = entry.expect("its entries can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = read(&path);
                let name = path.strip_prefix(root()).expect("it was found below the root");
                let path = name.to_string_lossy().replace('\\', "/");
                found.push(File { path, code: source::code(&text), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn none(mut faults: Vec<String>) {
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}

#[test]
fn a_file_imports_its_own_folder_and_lower_floors_only() {
    let mut faults = Vec::new();
    for file in files() {
        let Some(name) = file.part() else { continue };
        let Some(part) = floors::find(name) else {
            faults.push(format!("{}: {name} stands on no floor; see floors.rs", file.path));
            continue;
        };
        // Inside `mod tests { … }` paths by `super` need one step more to leave the file.
        let live = source::imports(&source::without_tests(&file.code), file.depth());
        let all = source::imports(&file.code, file.depth() + 1);
        for import in live.iter().chain(&all) {
            match floors::find(import) {
                Some(other) if part.may_import(other) => {}
                Some(other) => faults.push(format!(
                    "{}: {name} (floor {}) may not import {import} (floor {})",
                    file.path, part.floor, other.floor
                )),
                None => faults.push(format!("{}: crate::{import} stands on no floor", file.path)),
            }
        }
    }
    none(faults);
}

#[test]
fn every_file_says_its_purpose_first_and_is_short() {
    let mut faults = Vec::new();
    for file in files() {
        let purpose = file.text.lines().next().and_then(|l| l.strip_prefix("//! "));
        if purpose.is_none_or(|p| p.trim().is_empty()) {
            faults.push(format!("{}: begin it with `//!` and what it is for", file.path));
        }
        let lines = file.text.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{}: {lines} lines; {MOST_LINES} is the most", file.path));
        }
    }
    none(faults);
}

#[test]
fn the_figures_of_file_sizes_are_shown() {
    let mut lines: Vec<usize> = files().iter().map(|f| f.text.lines().count()).collect();
    lines.sort_unstable();
    let at = |share: usize| lines[(lines.len() - 1) * share / 100];
    println!("{} Rust files, {} lines", lines.len(), lines.iter().sum::<usize>());
    println!("median {}, nine in ten up to {}, longest {}", at(50), at(90), at(100));
    assert!(!lines.is_empty());
}

#[test]
fn what_one_place_owns_no_other_uses() {
    let mut faults = Vec::new();
    for file in files() {
        let Some(part) = file.part() else { continue };
        for (word, owners, instead) in RESERVED {
            if !owners.contains(&part) && names(&file.code, word) {
                faults.push(format!("{}: {word} belongs to {owners:?}; {instead}", file.path));
            }
        }
        if PURE.contains(&part) && !file.path.ends_with("/tests.rs") {
            let live = source::without_tests(&file.code);
            let words = IMPURE.iter().filter(|w| names(&live, w));
            faults.extend(words.map(|w| format!("{}: {part} is pure; no {w}", file.path)));
        }
    }
    none(faults);
}

/// Whether `word` stands in the code as a word of its own, not as the end of a longer name.
fn names(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !word.starts_with(part_of_name) || !code[..at].ends_with(part_of_name))
}

#[test]
fn nothing_is_left_unfinished_or_silenced() {
    let mut faults = Vec::new();
    for file in files() {
        let words = BANNED.iter().filter(|w| names(&file.code, w));
        faults.extend(words.map(|w| format!("{}: no {w}", file.path)));
    }
    none(faults);
}

#[test]
fn the_tree_holds_what_it_should() {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git is there and lists the tree");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let paths = String::from_utf8(listed.stdout).expect("our paths are plain text");
    let mut faults = Vec::new();
    for path in paths.lines().filter(|p| root().join(p).exists()) {
        let top = path.split('/').next().unwrap_or(path);
        if !TOP.contains(&top) {
            faults.push(format!("{path}: {top} does not belong at the top of the tree"));
        }
        if let Some(name) = path.strip_prefix("migrations/") {
            let numbered = name.split_once('_').is_some_and(|(number, what)| {
                number.len() >= 4
                    && number.bytes().all(|b| b.is_ascii_digit())
                    && what.ends_with(".sql")
            });
            if !numbered {
                faults.push(format!("{path}: a migration is named like 0002_what_it_adds.sql"));
            }
        }
    }
    none(faults);
}

#[test]
fn architecture_md_shows_the_floors() {
    let shown = read(&root().join("ARCHITECTURE.md"));
    let table = floors::table();
    assert!(shown.contains(&table), "ARCHITECTURE.md is stale; put this table in:\n\n{table}");
}

#[test]
fn there_is_one_tls_stack_one_client_and_one_runtime() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo is there: it runs this test");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).expect("package names are plain text");
    let mut packages: Vec<(&str, &str)> =
        text.lines().filter_map(|l| l.trim_end_matches(" (*)").split_once(' ')).collect();
    packages.sort_unstable();
    packages.dedup();
    let mut faults = Vec::new();
    for (name, version) in &packages {
        // openssl-probe only knows where certificates lie.
        let foreign = ["openssl", "openssl-sys", "native-tls", "async-std", "async-io"];
        if foreign.contains(name) || name.starts_with("aws-lc") {
            faults.push(format!("{name} {version} came in; `cargo tree -i {name}` says by whom"));
        }
    }
    for once in ["reqwest", "rustls", "ring", "tokio"] {
        let versions = packages.iter().filter(|(name, _)| *name == once).count();
        if versions != 1 {
            faults.push(format!("{once} is there {versions} times, not once"));
        }
    }
    println!("{} packages in the product", packages.len());
    none(faults);
}
