//! The script of a rehearsal: JSON lines of what its authors do, read into the world they make.

use super::world::{Entry, Event, Outage, OutageKind, Post, World};
use crate::domain::coverage::{self, TimeSpan};
use crate::domain::time::MINUTE;
use crate::domain::{Attachment, Author, Instant, Lang, MentionKind, Visibility};
use serde::Deserialize;
use std::collections::HashMap;

/// A rehearsed bad day of an energy supplier: ten hours, about sixty mentions.
const BAD_DAY: &str = include_str!("bad-day.jsonl");
/// A group of neighbours on that day and in the night after it: a day and about fifty mentions.
const NEIGHBOURS: &str = include_str!("neighbours.jsonl");

/// Ten years: a longer `at` is a slip of the pen.
const LONGEST: f64 = 10.0 * 365.0 * 24.0 * 60.0;

/// One line of a script. `at` is in minutes after the start.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    /// A customer writes.
    Post(Box<PostLine>),
    /// We write something of our own; the lane shows it as ours.
    Own { at: f64, id: String, text: String },
    /// A colleague answers in the network's own app; only a re-read of the thread shows it.
    Answer { at: f64, id: String, parent: String, text: String },
    /// An author changes a post.
    Edit { at: f64, id: String, text: String },
    /// An author takes a post away.
    Delete { at: f64, id: String },
    /// Somebody passes a post on.
    Repost { at: f64, of: String, reach: u64 },
    /// An entry that cannot be read.
    Broken { at: f64, id: String },
    /// The post with this id shows in the lane only so many minutes after it was written.
    Late { id: String, minutes: f64 },
    /// The lane cannot be read.
    Outage { at: f64, minutes: f64, kind: OutageKind },
    /// The lane forgets what it showed in this window as soon as the window is over.
    Lose { at: f64, minutes: f64 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostLine {
    at: f64,
    id: String,
    author: String,
    handle: Option<String>,
    name: Option<String>,
    followers: Option<u64>,
    #[serde(default)]
    text: String,
    lang: Option<Lang>,
    parent: Option<String>,
    visibility: Option<Visibility>,
    kind: Option<MentionKind>,
    rating: Option<u8>,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

/// Reads a script: a built-in name, or JSON lines (empty ones and those that begin with `#` are
/// passed over). `brand` is our own handle.
///
/// # Errors
/// Names the line and says what to write.
pub(super) fn read(text: &str, start: Instant, brand: &str) -> Result<World, String> {
    let lines = match text.trim() {
        "bad-day" => BAD_DAY,
        "neighbours" => NEIGHBOURS,
        inline if inline.contains('{') => inline,
        other => {
            return Err(format!(
                "`{other}` is no built-in script; write \"bad-day\" or \"neighbours\", or the script \
                 itself as JSON lines"
            ));
        }
    };
    let mut stage = Stage { start, brand, world: World::default(), ids: HashMap::new(), late: 0 };
    let mut rest = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        let (number, line) = (number + 1, line.trim());
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = serde_json::from_str(line).map_err(|e| {
            format!(
                "line {number} of the script: {e}; write one JSON object a line, as in \
                 {{\"at\":5,\"do\":\"post\",\"id\":\"p1\",\"author\":\"ana\",\"text\":\"…\"}}"
            )
        })?;
        let left =
            stage.posts(line).map_err(|why| format!("line {number} of the script: {why}"))?;
        rest.extend(left.map(|line| (number, line)));
    }
    // What is done to posts comes second, so that the order of the lines does not matter; late
    // indexing first of all, because edits and deletions cannot show before their post.
    rest.sort_by_key(|(_, line)| !matches!(line, Line::Late { .. }));
    for (number, line) in rest {
        stage.rest(line).map_err(|why| format!("line {number} of the script: {why}"))?;
    }
    Ok(stage.finish())
}

/// The world while its script is being read.
struct Stage<'a> {
    start: Instant,
    brand: &'a str,
    world: World,
    ids: HashMap<String, usize>,
    late: i64,
}

impl Stage<'_> {
    fn time(&self, at: f64) -> Result<Instant, String> {
        Ok(self.start + length(at)?)
    }

    /// Puts posts on the stage and hands back every other line.
    fn posts(&mut self, line: Line) -> Result<Option<Line>, String> {
        match line {
            Line::Post(line) => {
                let at = self.time(line.at)?;
                let handle = line.handle.unwrap_or_else(|| line.author.clone());
                let author = Author {
                    name: line.name.unwrap_or_else(|| handle.clone()),
                    id: line.author,
                    handle,
                    followers: line.followers,
                };
                let visibility = line.visibility.unwrap_or(Visibility::Public);
                let kind = line.kind.unwrap_or(match (visibility, &line.parent) {
                    (Visibility::Private, _) => MentionKind::Direct,
                    (_, Some(_)) => MentionKind::Comment,
                    (_, None) => MentionKind::Post,
                });
                let post = Post { visibility, kind, ..Post::new(line.id, author, at, line.text) };
                self.add(Post {
                    language: line.lang,
                    rating: line.rating,
                    attachments: line.attachments,
                    ..post.below(line.parent)
                })?;
            }
            Line::Own { at, id, text } => self.ours(at, id, text, None)?,
            Line::Answer { at, id, parent, text } => self.ours(at, id, text, Some(parent))?,
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    /// Does to posts what the other lines say.
    fn rest(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Edit { at, id, text } => {
                let (index, at) = self.after(&id, at)?;
                self.world.posts[index].versions.push((at, text));
                self.world.posts[index].versions.sort_by_key(|(at, _)| *at);
                self.world.entries.push(Entry::new(at, Event::Edit(index)));
            }
            Line::Delete { at, id } => {
                let (index, at) = self.after(&id, at)?;
                self.world.posts[index].deleted = Some(at);
                self.world.entries.push(Entry::new(at, Event::Delete(index)));
            }
            Line::Repost { at, of, reach } => {
                let (index, at) = self.after(&of, at)?;
                self.world.posts[index].reposts.push((at, reach));
                self.world.entries.push(Entry::new(at, Event::Repost(index, reach)));
            }
            Line::Broken { at, id } => {
                let at = self.time(at)?;
                self.world.entries.push(Entry::new(at, Event::Broken(id)));
            }
            Line::Late { id, minutes } => {
                let (index, late) = (self.known(&id)?, length(minutes)?);
                self.late = self.late.max(late);
                let post = &mut self.world.posts[index];
                post.visible = post.created + late;
            }
            Line::Outage { at, minutes, kind } => {
                let span = self.span(at, minutes)?;
                self.world.outages.push(Outage { span, kind });
            }
            Line::Lose { at, minutes } => {
                let span = self.span(at, minutes)?;
                coverage::add(&mut self.world.lost, span);
            }
            Line::Post(_) | Line::Own { .. } | Line::Answer { .. } => {}
        }
        Ok(())
    }

    fn ours(
        &mut self,
        at: f64,
        id: String,
        text: String,
        parent: Option<String>,
    ) -> Result<(), String> {
        let author = Author {
            id: super::OWN.to_owned(),
            handle: self.brand.to_owned(),
            name: self.brand.to_owned(),
            followers: None,
        };
        let post = Post::new(id, author, self.time(at)?, text).below(parent);
        self.add(Post { ours: true, ..post })
    }

    fn add(&mut self, post: Post) -> Result<(), String> {
        if post.id.is_empty() || post.author.id.is_empty() {
            return Err("`id` or `author` is empty; write one".to_owned());
        }
        if self.ids.contains_key(&post.id) {
            return Err(format!("the id `{}` is there twice; write another", post.id));
        }
        self.ids.insert(post.id.clone(), self.world.posts.len());
        self.world.posts.push(post);
        Ok(())
    }

    fn known(&self, id: &str) -> Result<usize, String> {
        let known = self.ids.get(id).copied();
        known.ok_or_else(|| format!("no line posts `{id}`; write the id of a post of this script"))
    }

    /// A post and an instant at which something is done to it.
    fn after(&self, id: &str, at: f64) -> Result<(usize, Instant), String> {
        let (index, at) = (self.known(id)?, self.time(at)?);
        let post = &self.world.posts[index];
        if at < post.created {
            return Err(format!("this comes before `{id}` is posted; write a later `at`"));
        }
        Ok((index, at.max(post.visible)))
    }

    fn span(&self, at: f64, minutes: f64) -> Result<TimeSpan, String> {
        let from = self.time(at)?;
        TimeSpan::new(from, from + length(minutes)?)
            .ok_or_else(|| "`minutes` is 0; write how long it lasts".to_owned())
    }

    fn finish(self) -> World {
        let mut world = self.world;
        for (index, post) in world.posts.iter().enumerate() {
            // A native answer is not in what the lane shows: that is why threads are re-read.
            if !(post.ours && post.parent.is_some()) {
                let event = if post.ours { Event::Own(index) } else { Event::Post(index) };
                let entry = Entry::new(post.visible, event);
                world.entries.push(Entry { created: post.created, ..entry });
            }
        }
        world.settle = self.late;
        world.ids = self.ids;
        // A post comes before what is done to it in the same millisecond.
        world
            .entries
            .sort_by_key(|e| (e.visible, !matches!(e.event, Event::Post(_) | Event::Own(_))));
        world
    }
}

/// Minutes in milliseconds.
fn length(minutes: f64) -> Result<i64, String> {
    if !(0.0..=LONGEST).contains(&minutes) {
        return Err(format!("{minutes} minutes is no length; write 0 to {LONGEST} minutes"));
    }
    Ok((minutes * MINUTE as f64).round() as i64)
}
