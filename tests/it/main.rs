//! The one integration test binary: what is tested from outside, one file a subject.

mod airline;
mod architecture;
mod bluesky;
mod chance;
mod cli;
mod config;
mod contract;
mod cues;
mod doubles;
mod kill;
mod mail;
mod mastodon;
mod relevance;
mod scene;
mod screens;
mod simulation;
mod store;
mod stories;
mod telegram;
mod thousand;
mod thousand_channels;
mod town;
mod walks;
mod web;
mod x_requests;
