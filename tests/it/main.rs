//! The one integration test binary: what is tested from outside, one file a subject.

mod airline;
mod architecture;
mod chance;
mod cli;
mod config;
mod contract;
mod doubles;
mod kill;
mod mail;
mod mastodon;
mod relevance;
mod screens;
mod simulation;
mod store;
mod stories;
mod thousand_channels;
mod town;
mod walks;
mod web;
