//! `[priority]`: its keys, and the weights that they make.

use super::check::check;
use super::form::{Field, Form};
use super::problem::Problems;
use super::section::Sections;
use super::tables::{Shape, may};
use crate::domain::Risk;
use crate::domain::customer::CustomerValue;
use crate::domain::priority::Weights;

/// The section.
pub(super) const SHAPE: Shape = Shape {
    kind: "priority",
    named: false,
    doc: "By what open cases stand in line, in hours sooner than they are due. Complaints stand \
          before all else, whatever the rest weighs.",
    example: "",
    fields: FIELDS,
};

/// Its keys. Each weight is a number of hours by which a case stands sooner in line.
const FIELDS: &[Field] = &[
    may(
        "severity_2",
        Form::Points,
        "Hours by which a complaint of severity 2 stands before one of severity 1. Default 4.",
        "4",
    ),
    may("severity_3", Form::Points, "The same for severity 3. Default 12.", "12"),
    may(
        "second_strike",
        Form::Points,
        "For somebody's second complaint. Default 72, so that it passes every first one: no answer \
         is due later than that (answer_at_latest).",
        "72",
    ),
    may("third_strike", Form::Points, "For the third and each later one. Default 144.", "144"),
    may(
        "strikes_within",
        Form::Duration,
        "How long a complaint counts as a strike. Default 365d.",
        r#""365d""#,
    ),
    may(
        "safety",
        Form::Points,
        "For each of the following that the verdict flags: somebody can be hurt. Default 144.",
        "144",
    ),
    may("legal", Form::Points, "A lawyer, a court or an authority. Default 24.", "24"),
    may("press", Form::Points, "Journalists, or a call for a boycott. Default 24.", "24"),
    may("vulnerable", Form::Points, "A child, an old, ill or disabled person. Default 24.", "24"),
    may("privacy", Form::Points, "Personal data. Default 12.", "12"),
    may("churn", Form::Points, "Somebody wants to leave. Default 8.", "8"),
    may("ignored", Form::Points, "Nobody answered so far. Default 8.", "8"),
    may("repeat", Form::Points, "Not the first time, as the text says. Default 4.", "4"),
    may("sarcasm", Form::Points, "Mock praise. Default 0.", "0"),
    may(
        "reach",
        Form::Points,
        "For 1,000 followers or people reached, and once more for each ten times as many. Default 4.",
        "4",
    ),
    may(
        "window",
        Form::Points,
        "How many hours before its network takes no reply any more an answer must stand there. \
         Default 4.",
        "4",
    ),
    may(
        "customer_low",
        Form::Points,
        "For a customer of this value, as your own system says; see [lookup]. Default 0.",
        "0",
    ),
    may("customer_normal", Form::Points, "The same for value normal. Default 0.", "0"),
    may("customer_high", Form::Points, "The same for value high. Default 12.", "12"),
    may("customer_vip", Form::Points, "The same for value vip. Default 24.", "24"),
];

/// Reads the weights; what is not written is as the defaults say.
pub(super) fn read(sections: &Sections, problems: &mut Problems) -> Weights {
    let mut weights = Weights::default();
    let Some(section) = sections.of("priority").next() else { return weights };
    let keys = check(section, section.shape.fields, false, problems);
    let set = |key: &str, weight: &mut i64| {
        if let Some(given) = keys.get(key) {
            *weight = given;
        }
    };
    set("severity_2", &mut weights.severity[1]);
    set("severity_3", &mut weights.severity[2]);
    set("second_strike", &mut weights.second_strike);
    set("third_strike", &mut weights.third_strike);
    set("strikes_within", &mut weights.strikes_within);
    set("reach", &mut weights.reach);
    set("window", &mut weights.window);
    for risk in Risk::ALL {
        set(risk.as_str(), weights.risk.entry(*risk).or_default());
    }
    for value in CustomerValue::ALL {
        set(&format!("customer_{value}"), weights.customer.entry(*value).or_default());
    }
    if weights.second_strike > weights.third_strike {
        problems.add(
            &keys.place("second_strike"),
            keys.key("second_strike"),
            format!(
                "a second strike weighs {} and a third {}",
                weights.second_strike, weights.third_strike
            ),
            "Write a third_strike that weighs at least as much: it is the graver one.",
        );
    }
    weights
}
