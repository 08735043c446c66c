//! The ticket systems: one file each, all of the same shape, listed here and nowhere else.
//!
//! A ticket system gives a case the form that it takes: pure, without I/O. What a customer wrote
//! stays inert in it: no markup, no placeholder, no mention, no line that could pass for ours. And
//! nothing that is made there is sent to the customer.

mod chatwoot;
mod email;
mod form;
mod freshdesk;
mod jira;
mod signed;
#[cfg(test)]
mod tests;
mod webhook;
mod zammad;
mod zendesk;

use crate::wire::TicketSystem;

/// Every ticket system, in the order of the configuration reference.
pub static SYSTEMS: &[&dyn TicketSystem] = &[
    &zammad::Zammad,
    &zendesk::Zendesk,
    &email::Email,
    &webhook::Webhook,
    &freshdesk::Freshdesk,
    &jira::Jira,
    &chatwoot::Chatwoot,
];

/// The ticket system of that name in configuration.
pub fn system(name: &str) -> Option<&'static dyn TicketSystem> {
    SYSTEMS.iter().copied().find(|s| s.meta().name == name)
}
