//! `ascolto channel add`: asks for what a channel needs, writes it down, and tries its credential.
//!
//! Nothing is written before the whole configuration was checked with the new channel in it, and
//! nothing is overwritten. Secrets never stand in the section: each gets a file of its own. What a
//! network hands out itself is asked for last, once all the rest does.
//!
//! | file | does |
//! |---|---|
//! | `mod` | the command: names, places, files |
//! | `draft` | the channel as far as it was asked for, and its section |
//! | `consent` | leads through the network's consent page |
//! | `callback` | waits on this machine for the browser that comes back from there |

mod callback;
mod consent;
mod draft;

use super::ask::Asker;
use super::failure::Failure;
use super::{Global, check, house, out};
use crate::app;
use crate::config::Config;
use crate::links;
use crate::networks;
use crate::store::{Store, reloads};
use crate::wire::{Key, KeyKind, Meta};
use clap::Args;
use consent::Door;
use draft::Draft;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// How a running service is told by hand.
const RELOAD: &str = "have a running service take it up with `systemctl reload ascolto`, or send \
                      SIGHUP to `ascolto run`";

/// Ask for what a new channel needs, write it down, and try its credential
///
/// Where the configuration is a folder, NAME.toml is written into it, a running service takes it
/// up, and the network is asked whether the credential is good. Where it is one file, the section
/// is printed, to be put there. Each secret goes into a file of its own, NAME.KEY, beside the
/// configuration. Without a terminal each line of stdin is an answer, in the order in which the
/// network's page in docs/networks/ lists its keys.
///
/// Where the network has a consent page (Mastodon, X, Google Business, Reddit), it hands the token
/// out itself: you open its address in a browser, and what it answers comes back to this machine.
/// Where the browser runs elsewhere, paste the address at which it ended.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The network
    network: String,
    /// What the channel is called [default: the network's name]
    #[arg(long)]
    name: Option<String>,
    /// The brand it listens for; where only one is configured, that one
    #[arg(long)]
    brand: Option<String>,
    /// Ask for the keys too that may be left out; an empty answer leaves one out
    #[arg(long)]
    all: bool,
    /// Have the network's consent page hand the token out, in a browser; on a terminal you are
    /// asked
    #[arg(long)]
    consent: bool,
    /// The port of 127.0.0.1 to which that page sends the browser; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = links::LOOPBACK_PORT)]
    callback_port: u16,
    /// Do not ask the network whether the credential is good
    #[arg(long)]
    offline: bool,
}

impl Add {
    pub(super) fn run(&self, global: &Global, config: &Config) -> Result<(), Failure> {
        let registry = app::registry();
        let Some(network) = (registry.network)(&self.network) else {
            let names: Vec<String> = (registry.networks)().into_iter().map(str::to_owned).collect();
            let hint = house::instead(&self.network, names.iter());
            return Err(Failure::usage(format!("there is no network {}; {hint}", self.network)));
        };
        let meta = network.meta();
        let name = self.free_name(meta, config)?;
        let place = Place::of(&global.config, &name, meta)?;
        introduce(meta);
        let mut ask = Asker::stdin();
        let door = Door::wanted(network, self.consent, self.callback_port, &mut ask)?;
        let brand = self.whose(config, &mut ask)?;
        let mut draft = Draft::new(name, brand, meta);
        for key in meta.keys.iter().filter(|key| self.asks_for(key, door.as_ref())) {
            draft.ask(key, &mut ask)?;
        }
        if let Some(door) = &door {
            draft.put(door.consent.key, Door::later());
        }
        let mut config = draft.checked(global, &place, &mut ask)?;
        if let Some(door) = &door {
            let secret = door.lead(&config, &draft.name, &mut ask)?;
            draft.put(door.consent.key, secret);
            config = draft.checked(global, &place, &mut ask)?;
        }
        for file in draft.write(&place)? {
            out::say(&format!("{} is written", file.display()));
        }
        if !place.is_folder {
            out::text(&draft.section(false))?;
            out::say(&format!(
                "put this section into {}, try it with `ascolto check --online`, and {RELOAD}",
                global.config.display()
            ));
            return Ok(());
        }
        let tried = match self.offline {
            true => Ok(()),
            false => house::wait(check::online(&config, Some(&draft.name))),
        };
        // Also where the credential is refused: the service then tells whose it is.
        let told = house::wait(take_up(&config));
        out::line(&format!("the channel {} is added for {}", draft.name, draft.brand))?;
        tried.and(told)
    }

    /// Whether a person types this key: not what a consent page hands out, but what that page needs.
    fn asks_for(&self, key: &Key, door: Option<&Door>) -> bool {
        let consent = door.map(|door| door.consent);
        if consent.is_some_and(|consent| consent.key == key.name) {
            return false;
        }
        key.required || self.all || consent.is_some_and(|consent| consent.needs(key.name))
    }

    /// What the channel will be called.
    fn free_name(&self, meta: &Meta, config: &Config) -> Result<String, Failure> {
        let name = self.name.as_deref().unwrap_or(meta.name);
        let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(Failure::usage(
                "a channel's name has small letters a to z, digits, - and _ only",
            ));
        }
        if config.channels.contains_key(name) {
            return Err(Failure::no(format!(
                "there is a channel {name} already; call this one differently with --name"
            )));
        }
        Ok(name.to_owned())
    }

    /// The brand that it listens for.
    fn whose(&self, config: &Config, ask: &mut Asker) -> Result<String, Failure> {
        let names: Vec<&String> = config.brands.keys().collect();
        let brand = match (&self.brand, names.as_slice()) {
            (Some(given), _) => given.clone(),
            (None, []) => {
                return Err(Failure::usage("no brand is configured; write a [brand.NAME] first"));
            }
            (None, [only]) => (*only).clone(),
            (None, several) => {
                let several: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
                out::say(&format!("\nThe brand it listens for: {}", several.join(", ")));
                ask.answer("brand", false)?
            }
        };
        if !config.brands.contains_key(&brand) {
            let hint = house::instead(&brand, config.brands.keys());
            return Err(Failure::usage(format!("there is no brand {brand}; {hint}")));
        }
        Ok(brand)
    }
}

/// Says what the network is, and what to grant there.
fn introduce(meta: &Meta) {
    out::say(&format!("{}: {}", meta.title, meta.about));
    if !meta.docs.is_empty() {
        out::say(&format!("Its documentation: {}", meta.docs));
    }
    let Some(manual) = networks::manual(meta.name) else { return };
    if !manual.grants.is_empty() {
        out::say("\nGrant there:");
    }
    for grant in &manual.grants {
        let without = match grant.without.as_str() {
            "" => String::new(),
            without => format!(" Without it: {without}"),
        };
        out::say(&format!("  {}: {}{without}", grant.name, grant.why));
    }
    if !manual.more.is_empty() {
        out::say(&format!("Step by step: docs/{}", manual.more));
    }
}

/// Has a running service read its configuration again.
async fn take_up(config: &Config) -> Result<(), Failure> {
    let store = house::open(config).await?;
    let asked = wish(&store).await;
    store.close().await;
    asked?;
    out::say("a running service takes it up within seconds");
    Ok(())
}

async fn wish(store: &Store) -> Result<(), Failure> {
    let mut tx = store.begin().await?;
    reloads::ask(&mut tx, house::now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Where the channel will stand.
struct Place {
    /// The configuration is a folder, so that the channel gets a file of its own.
    is_folder: bool,
    folder: PathBuf,
    /// The channel's file, or what stands for it while the whole is checked.
    file: PathBuf,
}

impl Place {
    /// The place, where nothing is yet.
    fn of(config: &Path, name: &str, meta: &Meta) -> Result<Place, Failure> {
        let is_folder = config.is_dir();
        let folder = if is_folder { Some(config) } else { config.parent() };
        let folder = folder.unwrap_or(Path::new("")).to_path_buf();
        let place = Place { is_folder, file: folder.join(format!("{name}.toml")), folder };
        let secrets = meta.keys.iter().filter(|key| key.kind == KeyKind::Secret);
        let mut files: Vec<PathBuf> = secrets.map(|key| place.secret(name, key)).collect();
        if is_folder {
            files.push(place.file.clone());
        }
        match files.iter().find(|file| file.exists()) {
            None => Ok(place),
            Some(file) => Err(Failure::no(format!(
                "{} is there already, and nothing is overwritten; take it away, or call the \
                 channel differently with --name",
                file.display()
            ))),
        }
    }

    /// The file of a secret.
    fn secret(&self, name: &str, key: &Key) -> PathBuf {
        self.folder.join(secret_file(name, key))
    }
}

fn secret_file(name: &str, key: &Key) -> String {
    format!("{name}.{}", key.name)
}

/// Writes a file that was not there, for its owner's eyes. Where the folder is a group's, as
/// /etc/ascolto is the service's, that group may read the file too: else the service could not.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let shared = written.and_then(|()| {
        let group = fs::metadata(folder)?.gid();
        if new.metadata()?.gid() != group && chown(file, None, Some(group)).is_ok() {
            fs::set_permissions(file, Permissions::from_mode(0o640))?;
        }
        Ok(())
    });
    if shared.is_err() {
        // A file that is not whole must not be taken for one.
        drop(fs::remove_file(file));
    }
    shared
}
