//! The networks: one file or folder each, pure, against the shapes of `wire/`.

pub mod rehearsal;
