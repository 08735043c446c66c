//! The bench `whole_way`; see below.
fn main() {}
