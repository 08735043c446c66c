//! Tests of the model's file and of its sums.

use super::*;
use crate::classify::SHIPPED;
use crate::classify::normal::normalise;

fn shipped() -> StageA {
    StageA::read(SHIPPED).unwrap()
}

#[test]
fn a_file_is_written_as_it_was_read_and_a_broken_one_is_refused() {
    assert!(shipped().bytes() == SHIPPED, "the shipped file is not written as it was read");
    let refused = |file: &[u8]| StageA::read(file).err().unwrap_or_default();
    assert!(refused(b"").contains("no model file"));
    assert!(refused(b"ascolto stage-a 1\nname without end").contains("no end"));
    for length in (0..SHIPPED.len()).step_by(9_973) {
        assert!(!refused(&SHIPPED[..length]).is_empty(), "{length}");
    }
    let mut longer = SHIPPED.to_vec();
    longer.push(0);
    assert!(refused(&longer).contains("too many"));
    // The number of cues is believed to no end.
    let mut boast = SHIPPED.to_vec();
    let at = SHIPPED.iter().skip(18).position(|b| *b == b'\n').unwrap() + 19;
    boast[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refused(&boast).contains("cut off"));
}

#[test]
fn what_the_words_add_is_what_the_sum_holds() {
    let model = shipped();
    let folded = normalise("Terza settimana e il pacco non è arrivato!! Pacco perso?", false);
    let grams = Grams::of(&folded, &[]);
    let cues = vec![0.0; model.cues()];
    let mut words = f64::from(model.banks[0].begins[0]);
    model.banks[0].each_word(0, &grams, |_, sum| words += f64::from(sum));
    // The pair of the last word with the end belongs to no word, nor do turns.
    let sum = f64::from(model.complaint(&grams, &cues));
    assert!((sum - words).abs() < 0.6, "{sum} {words}");
}

#[test]
fn a_word_a_thousand_times_weighs_no_more_than_its_neighbours_make_it() {
    let model = shipped();
    let cues = vec![0.0; model.cues()];
    for text in
        ["schifo ".repeat(2_000), "a".repeat(16_000), "😡".repeat(4_000), "? !".repeat(5_000)]
    {
        let grams = Grams::of(&normalise(&text, false), &[]);
        let sum = model.complaint(&grams, &cues);
        assert!(sum.is_finite(), "{sum}");
        assert!((0.0..=1.0).contains(&model.platt(Lang::IT).share(sum)));
    }
}
