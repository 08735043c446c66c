//! The keys of escalations and rotas.

use super::{Field, Form, LIST, TEXT, may, must};

pub(super) const ESCALATION: &[Field] = &[
    must(
        "levels",
        Form::Levels,
        "The levels in their order. at: a share of the wait for the deadline in business time, \"0%\" \
         for at once; or overdue, or overdue+2h. to: names of [recipient.NAME] and [rota.NAME]. May \
         have repeat, as in \"30m\": they are told again until somebody acknowledges or takes it; and \
         severity_from, 1 to 3: it is for complaints of that severity and above. An acknowledgement \
         stops the level, not the clock.",
        r#"[{ at = "0%", to = ["duty"] }, { at = "80%", to = ["duty"], repeat = "30m" }]"#,
    ),
    may(
        "fallback",
        TEXT,
        "Who is told where a level has nobody or one of it cannot be reached: a recipient or a rota.",
        r#""desk""#,
    ),
    may(
        "last_resort",
        TEXT,
        "The recipient who is told where the fallback is not there or cannot be reached either.",
        r#""desk""#,
    ),
];

pub(super) const ROTA: &[Field] = &[
    must(
        "people",
        LIST,
        "Names of [recipient.NAME] in the order of their turns.",
        r#"["anna", "bruno"]"#,
    ),
    must("zone", Form::Zone, "By whose clocks turns and hours go.", r#""Europe/Rome""#),
    must(
        "start",
        Form::Day,
        "The day from which turns are counted: the first of the people takes over then, or on the \
         first day after it that `change` names.",
        "2026-01-05",
    ),
    may("every", Form::Turn, "How long a turn lasts, in days or weeks. Default 1w.", r#""1w""#),
    may(
        "change",
        Form::ChangeOver,
        "When turns change: a time, for whole weeks with the day before it. Default 09:00, on the \
         day of the week on which it started.",
        r#""monday 09:00""#,
    ),
    may(
        "hours",
        Form::Hours,
        "The hours of every day that it covers. 18:00-08:00 ends on the next day. Default: all.",
        r#"["18:00-08:00", "08:00-18:00"]"#,
    ),
    may(
        "overrides",
        Form::Stints,
        "Who is on duty in place of whose turn it is, from when to when, in its zone; a day alone as \
         to counts to its end. Of two at once the later in the list holds.",
        r#"[{ who = "anna", from = "2026-12-24 18:00", to = "2026-12-26" }]"#,
    ),
    may(
        "absences",
        Form::Stints,
        "Who is away, from when to when; the next in turn stands in.",
        r#"[{ who = "bruno", from = 2026-08-03, to = 2026-08-16 }]"#,
    ),
];
