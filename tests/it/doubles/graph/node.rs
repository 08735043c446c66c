//! What the Graph API's reference lists: the fields and edges of each kind of node, and which values
//! the parameters of an edge may have.
//!
//! Facts: developers.facebook.com (Page, Page Post, Comment, object comments, Page feed; Instagram
//! Platform: IG User, IG Media, IG Comment, mentioned_comment, mentioned_media), and Meta's own
//! description of its API (facebook-business-sdk-codegen).

use ascolto::domain::Instant;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Facebook Page.
    Page,
    /// A post on a Page.
    Post,
    /// A comment below a post or a comment.
    Comment,
    /// An Instagram professional account.
    Account,
    /// What an account shared.
    Media,
    /// A comment below media.
    Remark,
}

/// What stands inside a field and may be asked for by name.
pub enum Inside {
    /// An object with these names.
    Names(&'static [&'static str]),
    /// Another node.
    Node(Kind),
    /// A node of somebody else, by its id in this argument, of which only these fields are shown.
    Told(Kind, &'static str, &'static [&'static str]),
}

const FROM: Inside = Inside::Names(&["id", "name"]);

impl Kind {
    /// How the API calls it in its errors.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Page => "Page",
            Kind::Post => "PagePost",
            Kind::Comment => "Comment",
            Kind::Account => "IGUser",
            Kind::Media => "IGMedia",
            Kind::Remark => "IGComment",
        }
    }

    /// Whose token shows it.
    pub fn owner(self) -> Kind {
        match self {
            Kind::Page | Kind::Post | Kind::Comment => Kind::Page,
            Kind::Account | Kind::Media | Kind::Remark => Kind::Account,
        }
    }

    /// Its fields.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Kind::Page => &["about", "category", "fan_count", "id", "link", "name", "username"],
            Kind::Post => &[
                "admin_creator",
                "application",
                "can_reply_privately",
                "created_time",
                "from",
                "full_picture",
                "id",
                "is_hidden",
                "is_published",
                "message",
                "message_tags",
                "parent_id",
                "permalink_url",
                "shares",
                "status_type",
                "story",
                "updated_time",
            ],
            Kind::Comment => &[
                "admin_creator",
                "attachment",
                "can_comment",
                "can_reply_privately",
                "comment_count",
                "created_time",
                "from",
                "id",
                "is_hidden",
                "is_private",
                "like_count",
                "message",
                "message_tags",
                "object",
                "parent",
                "permalink_url",
                "user_likes",
            ],
            Kind::Account => &[
                "biography",
                "followers_count",
                "follows_count",
                "id",
                "ig_id",
                "media_count",
                "mentioned_comment",
                "mentioned_media",
                "name",
                "profile_picture_url",
                "username",
                "website",
            ],
            Kind::Media => &[
                "caption",
                "comments_count",
                "id",
                "ig_id",
                "is_comment_enabled",
                "like_count",
                "media_product_type",
                "media_type",
                "media_url",
                "owner",
                "permalink",
                "shortcode",
                "thumbnail_url",
                "timestamp",
                "username",
            ],
            Kind::Remark => &[
                "from",
                "hidden",
                "id",
                "like_count",
                "media",
                "parent_id",
                "text",
                "timestamp",
                "user",
                "username",
            ],
        }
    }

    /// What stands inside a field, if it is more than a value.
    pub fn inside(self, field: &str) -> Option<Inside> {
        match (self, field) {
            (Kind::Post | Kind::Comment, "from") => Some(FROM),
            (Kind::Comment, "parent") => Some(Inside::Node(Kind::Comment)),
            (Kind::Remark, "from") => Some(Inside::Names(&["id", "username"])),
            (Kind::Remark, "media") => Some(Inside::Node(Kind::Media)),
            (Kind::Account, "mentioned_comment") => {
                let shows = &["id", "like_count", "media", "text", "timestamp", "username"];
                Some(Inside::Told(Kind::Remark, "comment_id", shows))
            }
            (Kind::Account, "mentioned_media") => {
                let shows = &[
                    "caption",
                    "comments_count",
                    "id",
                    "like_count",
                    "media_type",
                    "media_url",
                    "owner",
                    "permalink",
                    "timestamp",
                    "username",
                ];
                Some(Inside::Told(Kind::Media, "media_id", shows))
            }
            _ => None,
        }
    }

    /// The edge of that name.
    pub fn edge(self, name: &str) -> Option<&'static Edge> {
        EDGES.iter().find(|edge| edge.of == self && edge.name == name)
    }
}

/// Which values a parameter may have.
pub enum Values {
    /// One of these.
    One(&'static [&'static str]),
    /// Seconds since 1970.
    Time,
}

impl Values {
    fn allow(&self, value: &str) -> bool {
        match self {
            Values::One(all) => all.contains(&value),
            Values::Time => !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()),
        }
    }
}

/// A list below a node.
pub struct Edge {
    /// Below what.
    pub of: Kind,
    /// Its name.
    pub name: &'static str,
    /// What it lists.
    pub gives: Kind,
    /// What may be written there, at most so many characters; 0 if nothing.
    pub longest: usize,
    /// The most entries of a page.
    pub most: usize,
    /// The parameters of its own.
    params: &'static [(&'static str, Values)],
}

/// How many entries a page has that asks for no number.
pub const USUAL: usize = 25;

const OF_POSTS: &[(&str, Values)] = &[
    ("include_hidden", Values::One(&["true", "false"])),
    ("since", Values::Time),
    ("until", Values::Time),
];
const OF_COMMENTS: &[(&str, Values)] = &[
    ("filter", Values::One(&["stream", "toplevel"])),
    ("order", Values::One(&["chronological", "reverse_chronological"])),
    ("since", Values::Time),
    ("summary", Values::One(&["true", "total_count"])),
];
const OF_MEDIA: &[(&str, Values)] = &[("since", Values::Time), ("until", Values::Time)];

const fn edge(
    of: Kind,
    name: &'static str,
    gives: Kind,
    params: &'static [(&'static str, Values)],
) -> Edge {
    let (longest, most) = match gives {
        Kind::Comment => (8_000, 100),
        Kind::Remark => (300, 50),
        _ => (0, 100),
    };
    Edge { of, name, gives, longest, most, params }
}

static EDGES: &[Edge] = &[
    edge(Kind::Page, "feed", Kind::Post, OF_POSTS),
    edge(Kind::Page, "tagged", Kind::Post, &[]),
    edge(Kind::Post, "comments", Kind::Comment, OF_COMMENTS),
    edge(Kind::Comment, "comments", Kind::Comment, OF_COMMENTS),
    edge(Kind::Account, "media", Kind::Media, OF_MEDIA),
    edge(Kind::Account, "tags", Kind::Media, &[]),
    edge(Kind::Media, "comments", Kind::Remark, &[]),
    edge(Kind::Remark, "replies", Kind::Remark, &[]),
];

impl Edge {
    /// Whether the list may be asked for so; the page's place is another matter.
    ///
    /// # Errors
    /// What the API says to a parameter or value of another kind.
    pub fn judge(&self, name: &str, value: &str, least: usize) -> Result<(), String> {
        let fits = if name == "limit" {
            value.parse().is_ok_and(|limit: usize| (least..=self.most).contains(&limit))
        } else {
            self.params.iter().any(|(known, values)| *known == name && values.allow(value))
        };
        if fits { Ok(()) } else { Err(format!("(#100) {} takes no {name}={value}", self.name)) }
    }
}

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The list that shows it, as `777/feed`.
    pub on: String,
    /// The comment that it answers.
    pub parent: Option<String>,
    /// Who wrote it: id and name.
    pub by: (String, String),
    /// Its words.
    pub text: String,
    /// Since when it stands.
    pub at: Instant,
    /// When something last happened there.
    pub changed: Instant,
    /// Whether it may be asked for by its id; what names the account may not.
    pub open: bool,
}

impl Node {
    /// The id of what it stands on.
    pub fn root(&self) -> &str {
        self.on.split('/').next().unwrap_or_default()
    }
}
