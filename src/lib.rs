//! Ascolto hears what people say about a brand, knows which complaints nobody has answered, and
//! sees that a person answers each of them in time.
//!
//! The modules stand on floors; a file imports its own folder and lower floors only
//! (`tests/it/architecture.rs` checks it, ARCHITECTURE.md explains it).

pub mod app;
pub mod classify;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod draft;
pub mod fetch;
pub mod handover;
pub mod ids;
pub mod links;
pub mod lookup;
pub mod networks;
pub mod notify;
pub mod observe;
pub mod pipeline;
pub mod speech;
pub mod store;
pub mod web;
pub mod wire;
