//! Writes the commented example from the same tables by which a configuration is checked.

use super::Registry;
use super::form::Field;
use super::tables::{SHAPES, Shape};

const HEAD: &str = "\
# The configuration of Ascolto. It may also be cut into several *.toml files of one folder.
# A line that begins with # and no space is a setting with an example value: take the # away.
# `ascolto check` says what is wrong, with line and remedy. Durations: \"30s\", \"15m\", \"8h\", \"3d\".
# Each secret KEY can be given as KEY_file = \"PATH\", from the folder of this file, and each key by
# an environment variable, as in ASCOLTO__STORE__URL or ASCOLTO__CHANNEL__NAME__TOKEN.
";

/// The example configuration: our sections, then a channel for each network, a recipient for each
/// notifier and a hand-over for each ticket system. What must be there stands as it is, all else behind a `#`.
pub fn example(registry: &Registry) -> String {
    let mut out = HEAD.to_owned();
    for shape in SHAPES {
        out.push_str(&format!("\n{}", wrap(shape.doc)));
        match shape.kind {
            "channel" => {
                for network in (registry.networks)().into_iter().filter_map(registry.network) {
                    let meta = network.meta();
                    let own: Vec<_> = meta.keys.iter().map(Field::of).collect();
                    let given = [("network", quoted(meta.name))];
                    let about = (meta.title, meta.about, meta.docs);
                    outside(&mut out, shape, meta.name, about, &own, &given);
                }
            }
            "recipient" => {
                for notifier in (registry.notifiers)().into_iter().filter_map(registry.notifier) {
                    let meta = notifier.meta();
                    let own: Vec<_> = meta.keys.iter().map(Field::of).collect();
                    let given = [("notifier", quoted(meta.name))];
                    let about = (meta.title, meta.about, meta.docs);
                    outside(&mut out, shape, meta.name, about, &own, &given);
                }
            }
            "handover" => {
                let all = (registry.ticket_systems)().into_iter();
                for system in all.filter_map(registry.ticket_system) {
                    let meta = system.meta();
                    let own: Vec<_> = meta.keys.iter().map(Field::of).collect();
                    let given = [("system", quoted(meta.name))];
                    let about = (meta.title, meta.about, meta.docs);
                    outside(&mut out, shape, meta.name, about, &own, &given);
                }
            }
            _ => {
                let names: Vec<_> = (registry.notifiers)().into_iter().map(quoted).collect();
                let (all, one) = (format!("[{}]", names.join(", ")), names.first().cloned());
                let one = one.unwrap_or_default();
                let systems: Vec<_> =
                    (registry.ticket_systems)().into_iter().take(1).map(quoted).collect();
                let on_call = names.last().cloned().unwrap_or_default();
                let stint =
                    |from: &str, to: &str| format!("[{{ who = {one}, from = {from}, to = {to} }}]");
                let given = [
                    ("recipients", all.clone()),
                    ("lead", one.clone()),
                    ("on_call", on_call),
                    ("handovers", format!("[{}]", systems.join(", "))),
                    ("people", all),
                    ("overrides", stint("\"2026-12-24 18:00\"", "\"2026-12-26\"")),
                    ("absences", stint("2026-08-03", "2026-08-16")),
                    ("fallback", one.clone()),
                    ("last_resort", one.clone()),
                ];
                // Nobody asks the system of the example who a customer is.
                let off = (shape.named && shape.kind != "brand") || shape.kind == "lookup";
                out.push_str(&header(shape, shape.example, off));
                fields(&mut out, shape.fields, &given, off);
            }
        }
    }
    out
}

/// A channel, recipient or hand-over: behind `#` as a whole, because nobody has all of them.
fn outside(
    out: &mut String,
    shape: &Shape,
    name: &str,
    (title, about, docs): (&str, &str, &str),
    own: &[Field],
    given: &[(&str, String)],
) {
    let docs = if docs.is_empty() { String::new() } else { format!(" See {docs}") };
    out.push_str(&format!("\n{}", wrap(&format!("{title}: {about}{docs}"))));
    out.push_str(&header(shape, name, true));
    let all: Vec<_> = shape.fields.iter().chain(own).copied().collect();
    fields(out, &all, given, true);
}

fn header(shape: &Shape, name: &str, off: bool) -> String {
    let off = if off { "#" } else { "" };
    match shape.named {
        true => format!("{off}[{}.{name}]\n", shape.kind),
        false => format!("{off}[{}]\n", shape.kind),
    }
}

fn fields(out: &mut String, fields: &[Field], given: &[(&str, String)], off: bool) {
    let mut said = "";
    for field in fields {
        let example = given
            .iter()
            .find(|(name, _)| *name == field.name)
            .map_or(field.example, |(_, example)| example.as_str());
        let must = if field.required { "Required. " } else { "" };
        // The days of the week are explained once.
        if field.doc != said {
            out.push_str(&wrap(&format!("{must}{}", field.doc)));
        }
        said = field.doc;
        let off = if off || !field.required { "#" } else { "" };
        out.push_str(&format!("{off}{} = {example}\n", field.name));
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// A comment of lines no longer than 100 characters.
fn wrap(text: &str) -> String {
    let mut out = String::new();
    let mut line = "#".to_owned();
    for word in text.split_whitespace() {
        if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > 100 {
            out.push_str(&line);
            out.push('\n');
            line = "#".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    out + &line + "\n"
}
