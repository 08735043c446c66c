//! Entering by hand what somebody wrote where no connector hears.

use crate::cli::failure::Failure;
use crate::cli::when::When;
use crate::cli::{Global, house, out};
use crate::domain::{Author, Mention, MentionKind, Visibility};
use crate::pipeline::{Channel, Deps, handed};
use clap::Args;
use url::Url;

/// Enter by hand what somebody wrote where no connector hears
///
/// It goes the way of everything that is heard: it is stored once, judged, alerted and owed an
/// answer. The running service judges it within a second; without one it is judged at the next
/// start.
#[derive(Debug, Args)]
pub(super) struct Open {
    /// Where it stands
    #[arg(long, value_parser = web_address)]
    url: Url,
    /// What was written; without words a person must look
    #[arg(long)]
    text: String,
    /// Who wrote it
    #[arg(long, value_name = "NAME", default_value = "unknown")]
    author: String,
    /// When it was written: a time, a day, or a span ago as 3h [default: now]
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    at: Option<When>,
    /// The name of the [public.NAME] where it stands [default: the address's host]
    #[arg(long, value_name = "NAME")]
    public: Option<String>,
    /// The ingest channel that it is booked under [default: the only one]
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
}

fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| format!("`{text}` is no address that begins with https:// or http://"))
}

impl Open {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let mention = self.mention()?;
        house::wait(house::over_house(&config, async |deps| {
            let channel = self.channel(deps)?;
            let Some(brand) = deps.brands.get(&channel.brand) else {
                let why = format!("the brand of {} is not configured", channel.name);
                return Err(Failure::usage(why));
            };
            let network = self.network(deps)?;
            let mention = Mention { network, ..mention };
            let mut tx = deps.store.begin().await?;
            let mentions = vec![mention];
            let now = deps.now();
            // Nothing is judged here, so nothing is kept for it.
            let (count, _) = handed::store(deps, &mut tx, brand, channel, mentions, now).await?;
            tx.commit().await?;
            let what = match (count.new, count.edited, count.own) {
                (1.., ..) => "stored; it is being judged",
                (_, 1.., _) => "was known; the new text is being judged",
                (.., 1..) => "is by the brand itself; nothing is owed for it",
                _ => "was known already, with the same text",
            };
            out::line(&format!("{}: {what}", self.url))
        }))
    }

    fn mention(&self) -> Result<Mention, Failure> {
        let now = house::now();
        let address = self.url.to_string();
        let written = self.at.map_or(now, |at| at.ago(now));
        if written > now {
            return Err(Failure::usage(format!("{written} is not in the past")));
        }
        let author = self.author.trim();
        let mention = Mention {
            network: self.url.host_str().unwrap_or_default().to_owned(),
            origin: String::new(),
            external_id: address.clone(),
            kind: MentionKind::Post,
            visibility: Visibility::Public,
            author: Author { id: author.to_owned(), name: author.to_owned(), ..Author::default() },
            text: self.text.clone(),
            language: None,
            rating: None,
            created_at: written,
            edited_at: None,
            thread_id: address.clone(),
            url: address,
            parent_id: None,
            attachments: Vec::new(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked().map_err(Failure::usage)
    }

    /// The name under which it is told where the mention stands.
    fn network(&self, deps: &Deps) -> Result<String, Failure> {
        let Some(name) = &self.public else {
            return Ok(self.url.host_str().unwrap_or_default().to_owned());
        };
        let known: Vec<&String> =
            deps.brands.values().flat_map(|b| &b.public).map(|p| &p.name).collect();
        if known.contains(&name) {
            return Ok(name.clone());
        }
        let hint = house::instead(name, known.into_iter());
        Err(Failure::usage(format!("there is no [public.{name}]; {hint}")))
    }

    fn channel<'d>(&self, deps: &'d Deps) -> Result<&'d Channel, Failure> {
        let receives = |c: &&Channel| !c.network.meta().can.poll;
        let named = |c: &&Channel| self.channel.as_ref().is_none_or(|name| *name == c.name);
        let mut fit = deps.channels.values().filter(receives).filter(named);
        match (fit.next(), fit.next(), &self.channel) {
            (Some(one), None, _) => Ok(one),
            (Some(_), Some(_), _) => {
                Err(Failure::usage("there are several ingest channels; name one with --channel"))
            }
            (None, _, None) => Err(Failure::usage(
                "there is no ingest channel; write a [channel.NAME] with network = \"ingest\"",
            )),
            (None, _, Some(name)) => {
                let all = deps.channels.values().filter(receives).map(|c| &c.name);
                let hint = house::instead(name, all);
                Err(Failure::usage(format!("{name} is no ingest channel; {hint}")))
            }
        }
    }
}
