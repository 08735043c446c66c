//! Ascolto hears what people say about a brand, knows which complaints nobody has answered, and
//! sees that a person answers each of them in time.
//!
//! The modules stand on floors; a file imports its own folder and lower floors only
//! (`tests/it/architecture.rs` checks it, ARCHITECTURE.md explains it).

pub mod clock;
pub mod config;
pub mod domain;
pub mod fetch;
pub mod ids;
pub mod store;
pub mod wire;
