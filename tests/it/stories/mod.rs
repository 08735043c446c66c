//! Stories on a fake clock: what a customer, a colleague and the team live through.

mod budget;
mod business_hours;
mod context;
mod credentials;
mod escalation;
mod first_look;
mod hearing;
mod learning;
mod likeness;
mod live;
mod moved;
mod nights;
mod publishing;
mod silence;
mod storm;
mod terms;
mod timers;
mod told;
mod trap_07_native_replies;
mod trap_08_closed_threads;
mod trap_17_deletions;
mod trap_18_edits;
mod trap_21_sla_clock;
mod trap_22_taken_and_forgotten;
mod tray;
mod waking;
