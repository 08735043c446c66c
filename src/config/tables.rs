//! The tables of our own sections: which there are, which keys they take, what each does.

mod duty;
mod outside;

use super::calendars::CALENDAR;
use super::form::{Field, Form};
use super::sla;
use crate::wire::KeyKind;
use duty::{ESCALATION, ROTA};
use outside::{CHANNEL, HANDOVER, PUBLIC, RECIPIENT};

/// A kind of section.
#[derive(Debug)]
pub(super) struct Shape {
    /// `brand`.
    pub kind: &'static str,
    /// Written as `[kind.NAME]`, any number of them.
    pub named: bool,
    /// What it is, for the example.
    pub doc: &'static str,
    /// The name in the example; networks, notifiers and ticket systems are named after themselves.
    pub example: &'static str,
    /// Its keys; for channels, recipients and hand-overs those that all of them share.
    pub fields: &'static [Field],
}

impl Shape {
    /// For messages: how it is written.
    pub(super) fn how(&self) -> String {
        let name = if self.named { ".NAME" } else { "" };
        format!("Write [{}{name}] and its keys below.", self.kind)
    }
}

const TEXT: Form = Form::Plain(KeyKind::Text);
const LIST: Form = Form::Plain(KeyKind::List);

/// A key that must be given.
pub(super) const fn must(
    name: &'static str,
    form: Form,
    doc: &'static str,
    example: &'static str,
) -> Field {
    Field { name, form, required: true, doc, example }
}

/// A key that may be given.
pub(super) const fn may(
    name: &'static str,
    form: Form,
    doc: &'static str,
    example: &'static str,
) -> Field {
    Field { name, form, required: false, doc, example }
}

/// Every kind of section, in the order of the example.
pub(super) const SHAPES: &[Shape] = &[
    Shape {
        kind: "store",
        named: false,
        doc: "Where everything is stored.",
        example: "",
        fields: STORE,
    },
    Shape { kind: "web", named: false, doc: "Inbox and API.", example: "", fields: WEB },
    Shape {
        kind: "fetch",
        named: false,
        doc: "How the outside is spoken to.",
        example: "",
        fields: FETCH,
    },
    Shape {
        kind: "triage",
        named: false,
        doc: "When a mention counts; a brand may differ.",
        example: "",
        fields: TRIAGE,
    },
    super::priority::SHAPE,
    super::lookup::SHAPE,
    Shape {
        kind: "brand",
        named: true,
        doc: "Whom we listen for.",
        example: "acme",
        fields: BRAND,
    },
    Shape {
        kind: "sla",
        named: true,
        doc: "What a brand promises itself.",
        example: "gold",
        fields: sla::FIELDS,
    },
    Shape {
        kind: "calendar",
        named: true,
        doc: "When a brand works. Without one: Monday to Friday, 9 to 18.",
        example: "shop",
        fields: CALENDAR,
    },
    Shape {
        kind: "escalation",
        named: true,
        doc: "Who hears of a complaint when, by its deadline. The first level comes at once and is \
              for every complaint.",
        example: "desk",
        fields: ESCALATION,
    },
    Shape {
        kind: "rota",
        named: true,
        doc: "People on duty in turns; its name stands wherever that of a recipient may.",
        example: "duty",
        fields: ROTA,
    },
    Shape {
        kind: "channel",
        named: true,
        doc: "A login or source on a network.",
        example: "",
        fields: CHANNEL,
    },
    Shape {
        kind: "public",
        named: true,
        doc: "A public channel of a brand that no connector hears. It is shown as not heard, with \
              what stands in for it.",
        example: "tiktok",
        fields: PUBLIC,
    },
    Shape {
        kind: "recipient",
        named: true,
        doc: "Somebody who is told.",
        example: "",
        fields: RECIPIENT,
    },
    Shape {
        kind: "handover",
        named: true,
        doc: "A ticket system to which cases are handed over. A ticket that is closed there is no \
              public answer: the case stays owed here.",
        example: "",
        fields: HANDOVER,
    },
];

const STORE: &[Field] = &[must(
    "url",
    Form::Database,
    "The database: a SQLite file (relative to where Ascolto is started), or postgres://USER:PASSWORD@HOST/NAME.",
    r#""sqlite:ascolto.db""#,
)];

const WEB: &[Field] = &[
    may("listen", Form::Listen, "Where it listens. Default 127.0.0.1:7070.", r#""127.0.0.1:7070""#),
    may(
        "public_url",
        Form::Plain(KeyKind::Url),
        "What links in alerts begin with. Default http:// and the address above.",
        r#""https://ascolto.example.com""#,
    ),
    may("session_hours", Form::Count, "How long a log-in lasts, in hours. Default 12.", "12"),
];

const FETCH: &[Field] = &[
    may("timeout", Form::Duration, "How long an answer may take. Default 30s.", r#""30s""#),
    may(
        "allow_private",
        Form::Hosts,
        "Private hosts, addresses and networks that may be asked all the same. Default none.",
        r#"["10.0.0.0/8", "intranet.example.com"]"#,
    ),
    may(
        "user_agent_contact",
        TEXT,
        "How the operators of networks reach you: an address of mail or web, sent in User-Agent.",
        r#""social@acme.example""#,
    ),
];

const TRIAGE: &[Field] = &[
    may(
        "alert_at",
        Form::Share,
        "From this probability on a complaint is alerted. Default 0.6.",
        "0.6",
    ),
    may("look_at", Form::Share, "From this probability on a person looks. Default 0.35.", "0.35"),
    may(
        "encoder",
        Form::Plain(KeyKind::Flag),
        "Whether doubtful texts are read by the sentence encoder too: fewer are misjudged, for a \
         millisecond each and some 20 MB of memory. Default true.",
        "true",
    ),
];

const BRAND: &[Field] = &[
    must(
        "zone",
        Form::Zone,
        "Its time zone, by which days and business hours are counted.",
        r#""Europe/Rome""#,
    ),
    may(
        "title",
        TEXT,
        "Its name for people and in replies. Default: the name of this section.",
        r#""Acme""#,
    ),
    may(
        "terms",
        Form::Phrases,
        "The names by which people call it. Default: the title.",
        r#"["acme", "acme spa"]"#,
    ),
    may(
        "ambiguous",
        Form::Phrases,
        "Those of the terms that mean other things too: they need a context word, or a customer's words, near by. Default: all where context is given, else first names and everyday words.",
        r#"["acme"]"#,
    ),
    may("handles", LIST, "Its handles on networks, with or without @.", r#"["acme", "acme_help"]"#),
    may(
        "domains",
        Form::Domains,
        "Its own domains: who links to them, or writes an address there, means the brand.",
        r#"["acme.example"]"#,
    ),
    may(
        "context",
        Form::Phrases,
        "Words of which one must stand beside an ambiguous name; parcel* takes every ending.",
        r#"["parcel*", "delivery"]"#,
    ),
    may(
        "exclusions",
        Form::Phrases,
        "Words that mean somebody else of the same name. One that holds a name takes that name only, any other takes the whole mention. The ledger counts them; `ascolto brand test` tries them.",
        r#"["acme of granite"]"#,
    ),
    may(
        "campaigns",
        Form::Campaigns,
        "Words and hashtags that mean the brand from a first to a last day, in its zone.",
        r##"[{ name = "autumn", terms = ["#acmefall"], from = 2026-09-01, to = 2026-10-31 }]"##,
    ),
    may(
        "storm_at",
        Form::Count,
        "Complaints of at least so many people within an hour are told in one alert, if they say \
         the same, or if they are far more than this brand's own history explains. A campaign may \
         have a storm_at, alert_at and look_at of its own. Default 20.",
        "20",
    ),
    may(
        "language",
        Form::Language,
        "The language of its agents, for alerts and screens. Default it.",
        r#""it""#,
    ),
    may(
        "owes",
        Form::Owed,
        "Which kinds are owed an answer. Default: both.",
        r#"["complaint", "question"]"#,
    ),
    may(
        "alert_max_age",
        Form::Duration,
        "A mention older than this when first heard is owed, but no longer alerted. Default 2d.",
        r#""2d""#,
    ),
    may(
        "sla",
        TEXT,
        "The name of an [sla.NAME]. Default: 8, 4 and 1 business hours by severity.",
        r#""gold""#,
    ),
    may(
        "calendar",
        Form::Names,
        "The name of a [calendar.NAME], or of several in a list: what is worked after any of them \
         counts, and once. Default: Monday to Friday, 9 to 18.",
        r#""shop""#,
    ),
    may(
        "recipients",
        LIST,
        "Names of [recipient.NAME], in order: the next is told when one cannot be reached.",
        r#"["desk"]"#,
    ),
    may(
        "escalation",
        TEXT,
        "The name of an [escalation.NAME]: who hears of complaints when. Default: its recipients, at \
         once, when it is overdue and daily.",
        r#""desk""#,
    ),
    may(
        "wakes",
        Form::Wakes,
        "What breaks the quiet hours of its recipients: safety, storm, deaf (a channel hears \
         nothing), legal, third_strike, broken_promise; [] for nothing. Default safety, storm, deaf.",
        r#"["safety", "storm", "deaf"]"#,
    ),
    may(
        "on_call",
        TEXT,
        "The name of a [recipient.NAME] who alone is woken by that, or of a [rota.NAME] that says who, \
         and has somebody in all quiet hours of the others. Default: all of its recipients.",
        r#""ntfy""#,
    ),
    may(
        "lead",
        TEXT,
        "The name of the [recipient.NAME] who is told of somebody's third complaint. Default: none.",
        r#""desk""#,
    ),
    may(
        "handovers",
        LIST,
        "Names of [handover.NAME] to which its cases may be handed over; the first is meant where \
         none is named. Default: none.",
        r#"["zammad"]"#,
    ),
    may("signature", TEXT, "How replies are signed. Default: not at all.", r#""Anna for Acme""#),
    may("alert_at", Form::Share, "For this brand alone; see [triage].", "0.6"),
    may("look_at", Form::Share, "For this brand alone; see [triage].", "0.35"),
    may(
        "look_digest",
        Form::Times,
        "When one message tells what waits to be looked at and which questions are overdue, neither of \
         which is alerted one by one: times of day in its zone, [] for never. Default 09:00 and 15:00.",
        r#"["09:00", "15:00"]"#,
    ),
    may(
        "learn",
        Form::Plain(KeyKind::Flag),
        "Whether judging learns from what its people make of mentions. What was learned is used only \
         once it proved better on labels that it had not seen; `ascolto brand learned` shows it. \
         Default true.",
        "true",
    ),
    may(
        "pledge",
        Form::Pledges,
        "What it advertises: a complaint with one of the phrases (default: the title), about the \
         topic if one is named, is shown with it. Also as sections [[brand.NAME.pledge]].",
        r#"[{ title = "consegna in 48 ore", topic = "delivery", phrases = ["48 ore"] }]"#,
    ),
    may(
        "follow_up",
        Form::FollowUps,
        "Topics for which a follow-up is set by itself, so long after an answer. Default: none.",
        r#"[{ topic = "refund", after = "7d" }]"#,
    ),
    may(
        "sample",
        Form::Sample,
        "How many mentions that owe nothing are shown to people in a week all the same, without \
         what they were judged to be, so that the complaints that were missed can be estimated; 0 \
         for none. Default 50.",
        "50",
    ),
];
