//! The notifiers: one file each, all of the same shape, listed here and nowhere else.
//!
//! A notifier gives an alert the form its receiver takes: pure, without I/O. Customer text in it
//! stays inert: no markup, no control characters, one line, so that it cannot pass for our own.

mod apprise;
mod form;
mod matrix;
mod ntfy;
mod terminal;
#[cfg(test)]
mod tests;
mod webhook;

use crate::wire::Notifier;

/// Every notifier, in the order of the configuration reference.
pub static NOTIFIERS: &[&dyn Notifier] =
    &[&terminal::Terminal, &webhook::Webhook, &ntfy::Ntfy, &matrix::Matrix, &apprise::Apprise];

/// The notifier of that name in configuration.
pub fn notifier(name: &str) -> Option<&'static dyn Notifier> {
    NOTIFIERS.iter().copied().find(|n| n.meta().name == name)
}
