//! `ascolto user`: the agents of the team, by which ids other services know them, and the API tokens
//! of programs.

mod known;

use super::failure::Failure;
use super::{Global, house, out};
use crate::config::Config;
use crate::domain::case::link_of;
use crate::domain::text::one_line;
use crate::domain::{Instant, Lang};
use crate::ids::Ids;
use crate::store::access::{self, AgentRow, TokenRow};
use crate::store::identities::{self, IdentityRow};
use crate::store::{Store, Tx};
use crate::web::{self, password};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Read;

/// Add, list and remove agents and API tokens, and say by which ids services know an agent
#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add an agent, who may log in then; without --password-stdin a password is made and printed
    Add {
        /// The name to log in with
        name: String,
        /// What the agent may decide
        #[arg(long, value_enum, default_value_t = Role::Agent)]
        role: Role,
        /// The language of the agent's screens
        #[arg(long, value_name = "CODE", default_value = "it", value_parser = language)]
        language: Lang,
        /// Read the password from stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// List agents and tokens
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove an agent and the tokens that act for that agent
    Remove {
        /// The agent, or with --token the token
        name: String,
        /// Remove the token of that name
        #[arg(long)]
        token: bool,
    },
    /// Say by which id a service vouches for an agent, who then may press the buttons of alerts there
    Known {
        /// The agent
        name: String,
        /// The service and the id there: `slack:U0123`, `telegram:4711`, `matrix:@anna:example.org`
        #[arg(value_name = "SERVICE:ID")]
        id: String,
        /// Forget it
        #[arg(long)]
        forget: bool,
    },
    /// Make an API token; it is printed this once
    Token {
        /// What it is called
        name: String,
        /// What it may do, with commas between
        #[arg(long, value_enum, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// The ingest channel that it hands mentions to
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// The agent on whose behalf it acts
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Answers
    Agent,
    /// Decides more
    Lead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Scope {
    /// Hand over mentions
    Ingest,
    /// Read everything
    Read,
    /// Act on cases and replies
    Act,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Read => "read",
            Scope::Act => "act",
        }
    }
}

fn language(code: &str) -> Result<Lang, String> {
    let served = Lang::parse(code).filter(|l| Lang::SERVED.contains(l));
    served.ok_or_else(|| {
        let all: Vec<String> = Lang::SERVED.iter().map(ToString::to_string).collect();
        format!("there are no screens in `{code}`; write one of {}", all.join(", "))
    })
}

impl UserArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        house::wait(async {
            // The team may be set up before the first start.
            let store = house::open(&config).await?;
            let done = self.what.run(&config, &store).await;
            store.close().await;
            done
        })
    }
}

impl What {
    async fn run(&self, config: &Config, store: &Store) -> Result<(), Failure> {
        match self {
            What::List { json } => list(store, *json).await,
            What::Remove { name, token } => remove(store, name, *token).await,
            What::Add { name, role, language, password_stdin } => {
                add(store, name, *role, *language, *password_stdin).await
            }
            What::Known { name, id, forget } => known::known(store, name, id, *forget).await,
            What::Token { name, scopes, channel, agent } => {
                let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
                if let Some(channel) = channel {
                    takes_mentions(config, channel)?;
                } else if scopes.contains(&Scope::Ingest) {
                    return Err(Failure::usage(
                        "a token that hands over mentions needs --channel, the ingest channel \
                         that hears them",
                    ));
                }
                let names: Vec<&str> = scopes.into_iter().map(Scope::name).collect();
                token(store, name, &names.join(" "), channel.as_deref(), agent.as_deref()).await
            }
        }
    }
}

/// A name that lists and logs can show on one line.
fn sound(name: &str) -> Result<&str, Failure> {
    if name.is_empty() || one_line(name, 60) != name {
        return Err(Failure::usage(
            "a name has 1 to 60 characters on one line, without blanks at its ends",
        ));
    }
    if link_of(name).is_some() {
        return Err(Failure::usage(
            "names that begin with link: are those of links, which prove nobody; choose another",
        ));
    }
    Ok(name)
}

fn takes_mentions(config: &Config, name: &str) -> Result<(), Failure> {
    let open = || config.channels.values().filter(|c| !c.network.meta().can.poll);
    if open().any(|c| c.name == name) {
        return Ok(());
    }
    let hint = house::instead(name, open().map(|c| &c.name));
    Err(Failure::usage(format!("{name} is no channel of the network ingest; {hint}")))
}

async fn add(
    store: &Store,
    name: &str,
    role: Role,
    language: Lang,
    from_stdin: bool,
) -> Result<(), Failure> {
    let name = sound(name)?;
    let ids = Ids::system();
    let made = (!from_stdin).then(|| URL_SAFE_NO_PAD.encode(ids.bytes::<15>()));
    let secret = match &made {
        Some(made) => made.clone(),
        None => typed()?,
    };
    let agent = AgentRow {
        name: name.to_owned(),
        password: password::hash(&secret, &ids.bytes()).map_err(Failure::usage)?,
        role: match role {
            Role::Agent => "agent",
            Role::Lead => "lead",
        }
        .to_owned(),
        language: language.to_string(),
        added_at: house::now().0,
    };
    let mut tx = store.begin().await?;
    if !access::add_agent(&mut tx, &agent).await? {
        return Err(Failure::no(format!(
            "there is an agent {name} already; remove that one first, or choose another name"
        )));
    }
    tx.commit().await?;
    match made {
        Some(made) => {
            out::say(&format!("{name} logs in with this password; it is shown this once:"));
            out::line(&made)
        }
        None => out::line(&format!("{name} may log in")),
    }
}

/// The password on stdin, without the line break that `echo` adds.
fn typed() -> Result<String, Failure> {
    let mut text = String::new();
    // No password is longer, and a file given by mistake is not read to its end.
    std::io::stdin()
        .take(4_096)
        .read_to_string(&mut text)
        .map_err(|e| Failure::outside(format!("the password cannot be read from stdin: {e}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

async fn token(
    store: &Store,
    name: &str,
    scopes: &str,
    channel: Option<&str>,
    agent: Option<&str>,
) -> Result<(), Failure> {
    let name = sound(name)?;
    let secret = URL_SAFE_NO_PAD.encode(Ids::system().bytes::<32>());
    let secret = format!("{}{secret}", web::TOKEN_PREFIX);
    let row = TokenRow {
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        channel: channel.unwrap_or_default().to_owned(),
        agent: agent.unwrap_or_default().to_owned(),
        added_at: house::now().0,
    };
    let mut tx = store.begin().await?;
    if let Some(agent) = agent {
        is_agent(&mut tx, agent).await?;
    }
    if !access::add_token(&mut tx, &row, &web::token_hash(&secret)).await? {
        return Err(Failure::no(format!(
            "there is a token {name} already; remove it with `ascolto user remove --token {name}`, \
             or choose another name"
        )));
    }
    tx.commit().await?;
    out::say(&format!("the token {name} ({scopes}); it is shown this once:"));
    out::line(&secret)
}

/// There is such an agent.
async fn is_agent(tx: &mut Tx, agent: &str) -> Result<(), Failure> {
    let agents: Vec<String> = access::agents(tx).await?.into_iter().map(|a| a.name).collect();
    if agents.iter().any(|a| a == agent) {
        return Ok(());
    }
    let hint = house::instead(agent, agents.iter());
    Err(Failure::usage(format!("there is no agent {agent}; {hint}")))
}

async fn remove(store: &Store, name: &str, token: bool) -> Result<(), Failure> {
    let now = house::now();
    let mut tx = store.begin().await?;
    let (what, removed) = if token {
        ("token", access::remove_token(&mut tx, name, now).await?)
    } else {
        ("agent", access::remove_agent(&mut tx, name, now).await?)
    };
    if !removed {
        return Err(Failure::no(format!("there is no {what} {name}; see `ascolto user list`")));
    }
    tx.commit().await?;
    out::line(&format!("the {what} {name} is removed"))
}

#[derive(Serialize)]
struct Team {
    agents: Vec<Agent>,
    tokens: Vec<Token>,
}

#[derive(Serialize)]
struct Agent {
    name: String,
    role: String,
    language: String,
    added_at: Instant,
    /// By which ids services vouch for the agent: `slack:U0123`.
    known_as: Vec<String>,
}

#[derive(Serialize)]
struct Token {
    name: String,
    scopes: String,
    channel: String,
    agent: String,
    added_at: Instant,
}

async fn list(store: &Store, json: bool) -> Result<(), Failure> {
    let mut tx = store.read().await?;
    let ids = identities::all(&mut tx).await?;
    let of = |agent: &str| {
        let mine = ids.iter().filter(|i| i.agent == agent);
        mine.map(|i: &IdentityRow| format!("{}:{}", i.service, i.external_id)).collect::<Vec<_>>()
    };
    let agents = access::agents(&mut tx).await?.into_iter().map(|a| Agent {
        known_as: of(&a.name),
        name: a.name,
        role: a.role,
        language: a.language,
        added_at: Instant(a.added_at),
    });
    let agents = agents.collect();
    let tokens = access::tokens(&mut tx).await?.into_iter().map(|t| Token {
        name: t.name,
        scopes: t.scopes,
        channel: t.channel,
        agent: t.agent,
        added_at: Instant(t.added_at),
    });
    let team = Team { agents, tokens: tokens.collect() };
    if json {
        return out::json(&team);
    }
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    let mut rows = vec![row(["agent", "role", "language", "added", "known as"])];
    for a in &team.agents {
        let ids = one_line(&a.known_as.join(", "), 200);
        rows.push(row([&a.name, &a.role, &a.language, &a.added_at.to_string(), &ids]));
    }
    rows.push(row(["token", "may", "channel", "added", "acts for"]));
    for t in &team.tokens {
        rows.push(row([&t.name, &t.scopes, &t.channel, &t.added_at.to_string(), &t.agent]));
    }
    out::text(&out::table(&rows))
}
