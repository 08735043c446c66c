//! The integration tests: one binary, one module a floor or subject.

mod config;
