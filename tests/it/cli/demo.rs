//! `ascolto demo --headless`: the day is played to its end, every scene is read back from the store,
//! and the ledger balances.

use super::{ascolto, said};

#[test]
fn the_day_shows_every_scene_and_the_ledger_balances() {
    let out = said(ascolto(&["demo", "--headless"]), b"").good();
    let line = |name: &str| {
        let found = out.lines().find_map(|line| line.strip_prefix(&format!("  {name}: ")));
        found.unwrap_or_else(|| panic!("no line of {name} in:\n{out}"))
    };
    for (name, told) in [
        ("Storm", "40 like complaints, told in 1 alert at Fri 19:"),
        ("Storm", "40 never went out by themselves"),
        ("Storm", "40 then, "),
        (
            "Broken promise",
            "to @sandro_q, due Fri 11:00, told to terminal and lead as broken Fri 11:",
        ),
        ("Broken promise", "the customer's next complaint came to level 2 at Fri 1"),
        ("Broken promise", "kept late, Fri 15:2"),
        ("Third strike", "complaint 3 of @ubaldo_t since Fri 08:55 reached the lead at Fri 14:35"),
        ("Take that ran out", "bruno took @ornella_b at Fri 08:34; at Fri 09:04"),
        ("Take that ran out", "answered Fri 09:1"),
        ("Quiet hours", "4 alerts waited"),
        ("Quiet hours", "terminal got one digest of them at Sat 07:00"),
        ("Woken", "1 alert broke quiet hours: oncall heard of @fulvio_d at Fri 23:00, because"),
        ("Woken", "somebody may be hurt"),
        ("Follow-up", "set Fri 09:56 for Fri 15:00, told Fri 15:00, kept Fri 15:15"),
        ("Share unheard", " complaints): nobody ended "),
    ] {
        assert!(line(name).contains(told), "{name} does not say `{told}`: {}", line(name));
    }
    let piazza = out.lines().find(|line| line.starts_with("piazza ")).unwrap();
    assert!(piazza.split_whitespace().any(|cell| cell == "62"), "{piazza}");
    assert!(out.contains("closed with 4 backfilled"), "the gap is filled: {out}");
    assert!(out.trim_end().ends_with("balanced"), "{out}");
}
