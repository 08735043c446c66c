//! The web over its router, without a socket: API, action links, hooks, log-in and pages.

mod api;
mod browser;
mod connect;
mod first_look;
mod handover;
mod hooks;
mod house;
mod link_pages;
mod links;
mod login;
mod pages;
mod persons;
mod presses;
mod receive;
mod storms;
mod vouched;
mod wall;
