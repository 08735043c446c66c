//! The keys of what stands outside: channels, public channels that nobody hears, recipients, ticket
//! systems.

use super::{Field, Form, LIST, TEXT, may, must};
use crate::wire::KeyKind;

pub(super) const CHANNEL: &[Field] = &[
    must("network", TEXT, "The network.", ""),
    must("brand", TEXT, "The name of a [brand.NAME].", r#""acme""#),
    may(
        "every",
        Form::Duration,
        "How often it is read. Default: as the network suggests.",
        r#""2m""#,
    ),
    may(
        "first_look",
        Form::Past,
        "How far back it is read when it is new: a person then chooses how much of that to open. \
         \"0\" for not at all. Default 30d; a rehearsal has none.",
        r#""30d""#,
    ),
    may(
        "own_ids",
        LIST,
        "Author ids there that are yours: their posts never become cases.",
        r#"["109876"]"#,
    ),
    may(
        "disabled",
        Form::Plain(KeyKind::Flag),
        "true keeps it without reading it. Default false.",
        "false",
    ),
    may(
        "probe_every",
        Form::Duration,
        "How often its credential is tried, beside the reading. Default 6h.",
        r#""6h""#,
    ),
    may(
        "granted_by",
        TEXT,
        "Who granted the credential; alerts say so when it dies.",
        r#""Anna Rossi""#,
    ),
    may(
        "owner",
        TEXT,
        "Whose account it is: a name or address, or a [recipient.NAME], who is then told too.",
        r#""social@acme.example""#,
    ),
];

pub(super) const PUBLIC: &[Field] = &[
    must("brand", TEXT, "The name of a [brand.NAME].", r#""acme""#),
    must(
        "url",
        Form::Plain(KeyKind::Url),
        "Where people see it.",
        r#""https://www.tiktok.com/@acme""#,
    ),
    may("title", TEXT, "Its name for people. Default: the name of this section.", r#""TikTok""#),
    must(
        "stopgap",
        Form::Stopgap,
        "What stands in for a connector: mail (the network's notification mails), ingest (another \
         program hands mentions over), link (a person enters links by hand) or none.",
        r#""link""#,
    ),
    may("note", TEXT, "What people should know about it.", r#""Anna looks there each morning.""#),
];

pub(super) const RECIPIENT: &[Field] = &[
    must("notifier", TEXT, "The way it is told.", ""),
    may("language", Form::Language, "The language of its alerts. Default: the brand's.", r#""it""#),
    may(
        "at_most",
        Form::Rate,
        "So many messages in an hour, a day or another span; what comes beyond is told together in \
         one, and none is dropped. Default: no limit.",
        r#""20/h""#,
    ),
    may(
        "quiet",
        Form::Hours,
        "Quiet hours, on the clocks of its zone: alerts wait for their end and then come in one \
         digest, but for what the brand lists in `wakes`. No deadline waits. Default: none.",
        r#"["22:00-07:00"]"#,
    ),
    may(
        "agent",
        TEXT,
        "Where one person alone reads it: that person's name, as in `ascolto user add`. What its links \
         do is done in that name, and nothing any more once that agent is removed. Default: nobody's.",
        r#""anna""#,
    ),
    may(
        "zone",
        Form::Zone,
        "The zone of whoever reads it: deadlines are told, and quiet hours kept, on its clocks. \
         Default: the brand's.",
        r#""Europe/Rome""#,
    ),
];

pub(super) const HANDOVER: &[Field] = &[
    must("system", TEXT, "The ticket system.", ""),
    may(
        "language",
        Form::Language,
        "The language of what stands around the customer's words. Default: the brand's.",
        r#""it""#,
    ),
    may(
        "may_see_private",
        Form::Plain(KeyKind::Flag),
        "Whether what was said in private may stand in its tickets; else they hold the link to it \
         alone. Default false.",
        "false",
    ),
];
