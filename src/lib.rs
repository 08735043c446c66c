//! Ascolto hears what people say about a brand, knows which complaints nobody has answered, and
//! sees that a person answers each of them in time.
//!
//! The modules stand on floors; a file imports its own folder and lower floors only
//! (`tests/it/architecture.rs` checks it, ARCHITECTURE.md explains it).

pub mod clock;
pub mod domain;
pub mod ids;
pub mod networks;
pub mod wire;
