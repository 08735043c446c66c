//! `Fate`: decides at which commit or send the process dies.

use ascolto::store::Boundary;
use std::sync::Mutex;

/// Counts the boundaries that a process passes, and kills it at one of them. Dead is dead: until
/// it is revived nothing is committed and nothing leaves.
#[derive(Default)]
pub struct Fate(Mutex<State>);

#[derive(Default)]
struct State {
    passed: u64,
    dies_at: Option<u64>,
    died: Option<&'static str>,
}

impl Fate {
    /// A new process begins, which dies at its `dies_at`th boundary, counted from 1.
    pub fn begin(&self, dies_at: Option<u64>) {
        *self.0.lock().unwrap() = State { passed: 0, dies_at, died: None };
    }

    /// Where it died, if it did.
    pub fn died(&self) -> Option<&'static str> {
        self.0.lock().unwrap().died
    }

    /// How many boundaries it has passed.
    pub fn passed(&self) -> u64 {
        self.0.lock().unwrap().passed
    }
}

impl Boundary for Fate {
    fn crashes(&self, at: &'static str) -> bool {
        let mut state = self.0.lock().unwrap();
        if state.died.is_none() {
            state.passed += 1;
            if state.dies_at == Some(state.passed) {
                state.died = Some(at);
            }
        }
        state.died.is_some()
    }
}
