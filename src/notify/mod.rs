//! The notifiers: one file each, all of the same shape, listed here and nowhere else.
//!
//! A notifier gives an alert the form its receiver takes: pure, without I/O. Customer text in it
//! stays inert: no markup, no control characters, one line, so that it cannot pass for our own.

mod apprise;
mod connect;
mod discord;
mod email;
mod form;
mod matrix;
mod ntfy;
mod pagerduty;
mod sample;
mod slack;
mod teams;
mod telegram;
mod terminal;
#[cfg(test)]
mod tests;
mod webhook;

pub use connect::steps;
pub use sample::Sample;

use crate::wire::Notifier;

/// Every notifier, in the order of the configuration reference.
pub static NOTIFIERS: &[&dyn Notifier] = &[
    &terminal::Terminal,
    &slack::Slack,
    &telegram::Telegram,
    &email::Email,
    &teams::Teams,
    &ntfy::Ntfy,
    &webhook::Webhook,
    &matrix::Matrix,
    &discord::Discord,
    &pagerduty::PagerDuty,
    &apprise::Apprise,
];

/// The notifier of that name in configuration.
pub fn notifier(name: &str) -> Option<&'static dyn Notifier> {
    NOTIFIERS.iter().copied().find(|n| n.meta().name == name)
}
