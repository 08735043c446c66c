//! Stories on a fake clock: what a customer, a colleague and the team live through.

mod answers;
mod budget;
mod context;
mod credentials;
mod first_look;
mod hearing;
mod learning;
mod likeness;
mod promises;
mod publishing;
mod silence;
mod storm;
mod terms;
mod timers;
mod told;
mod tray;
mod waking;
