//! How each service is connected, step by step, out of `connect.toml` beside this file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static STEPS: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    toml::from_str(include_str!("connect.toml")).expect("the steps are read by the tests")
});

/// What to do there, in order, for the notifier of that name; none where its keys say all.
pub fn steps(name: &str) -> &'static [String] {
    STEPS.get(name).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::NOTIFIERS;
    use super::*;
    use crate::wire::Acts;

    #[test]
    fn steps_are_those_of_notifiers_and_say_who_is_who_where_that_counts() {
        for (name, steps) in STEPS.iter() {
            assert!(NOTIFIERS.iter().any(|n| n.meta().name == name), "there is no notifier {name}");
            assert!(steps.iter().all(|step| !step.trim().is_empty()), "{name}");
        }
        for meta in NOTIFIERS.iter().map(|n| n.meta()).filter(|meta| meta.acts != Acts::Links) {
            let known = format!("`ascolto user known AGENT {}:", meta.name);
            let said = steps(meta.name).iter().any(|step| step.contains(&known));
            assert!(said, "the steps of {} do not say who is who", meta.name);
        }
    }
}
