//! The web over its router, without a socket: API, action links, log-in and pages.

mod api;
mod house;
mod links;
mod receive;
mod wall;
