//! The one integration test binary: what is tested from outside, one file a subject.

mod architecture;
mod config;
mod doubles;
mod store;
