//! Tests of the model's file and of its sums.

use super::*;
use crate::classify::normal::normalise;
use crate::classify::tests::input;
use crate::classify::{Classifier, SHIPPED};

fn shipped() -> StageA {
    StageA::read_first(SHIPPED).unwrap().0
}

#[test]
fn a_file_is_written_as_it_was_read_and_a_broken_one_is_refused() {
    let whole = Cascade::read(SHIPPED).unwrap();
    assert!(whole.bytes() == SHIPPED, "the shipped file is not written as it was read");
    assert!(SHIPPED.starts_with(&whole.without_b().bytes()[..20]), "Stage A comes first");
    let refused = |file: &[u8]| Cascade::read(file).err().unwrap_or_default();
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
    model.banks[0].each_word(0, &grams, |_| true, |_, sum| words += f64::from(sum));
    // The pair of the last word with the end belongs to no word, nor do turns.
    let sum = f64::from(model.complaint(&grams, &cues));
    assert!((sum - words).abs() < 0.6, "{sum} {words}");
}

/// The sums are made in another width than the weights; here they are made one by one.
#[test]
fn every_head_sums_up_its_own_weights() {
    let mut model = shipped();
    // The greatest weights at the edges of every table, where reading a row is hardest.
    for bank in &mut model.banks {
        for table in bank.tables.iter_mut().filter(|table| !table.is_empty()) {
            let row = bank.shape.heads.min(table.len());
            let last = table.len() - row;
            table[..row].fill(-128);
            table[last..].fill(127);
        }
    }
    let mut grams = Grams::of(&normalise("Il pacco non è arrivato, di nuovo!!", false), &[]);
    for block in &mut grams.blocks {
        block.extend([0, u32::MAX, u32::MAX / 2].into_iter().cycle().take(1_000));
        block.extend([0; 300]);
    }
    let cues = vec![0.0; model.cues()];
    let by_hand = |bank: usize, head: usize| {
        let bank = &model.banks[bank];
        let mut sum = bank.begins[head];
        for (block, hashes) in grams.blocks.iter().enumerate() {
            let bits = bank.shape.bits[block];
            if bits > 0 {
                let place = |hash: &u32| (hash >> (32 - bits)) as usize * bank.shape.heads + head;
                let weights = hashes.iter().map(|hash| i32::from(bank.tables[block][place(hash)]));
                let whole: i32 = weights.sum();
                sum += whole as f32 * bank.scales[block][head] / (hashes.len() as f32).sqrt();
            }
        }
        sum
    };
    let complaint: [f32; 1] = model.banks[0].sums(&grams, &cues);
    let mild: [f32; MILD] = model.banks[1].sums(&grams, &cues);
    let details: [f32; DETAILS] = model.banks[2].sums(&grams, &cues);
    assert_eq!(complaint.to_vec(), (0..1).map(|head| by_hand(0, head)).collect::<Vec<_>>());
    assert_eq!(mild.to_vec(), (0..MILD).map(|head| by_hand(1, head)).collect::<Vec<_>>());
    assert_eq!(details.to_vec(), (0..DETAILS).map(|head| by_hand(2, head)).collect::<Vec<_>>());
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

#[test]
fn the_sentence_is_read_where_words_leave_a_doubt_and_nowhere_else() {
    let [whole, lean] =
        [Classifier::shipped, Classifier::lean].map(|make: fn() -> _| make().unwrap());
    let judged = |judge: &Classifier, text: &str| judge.judge(&input(text));
    let plain = ["Bonjour à tous", "Pacco mai arrivato, nessuno risponde, vergogna! Rimborso!"];
    for text in plain {
        let (with, without) = (judged(&whole, text), judged(&lean, text));
        assert_eq!(with.probability, without.probability, "{text}");
        assert_eq!(without.model, format!("{}-a", with.model));
    }
    let doubtful = ["Das Paket ist kaputt angekommen", "Arrivato oggi, mah"];
    for text in doubtful {
        assert_ne!(judged(&whole, text).probability, judged(&lean, text).probability, "{text}");
    }
}

#[test]
fn the_lead_is_that_over_the_second() {
    assert_eq!(cascade::lead(&[1.0, 4.0, 2.5]), 1.5);
    assert_eq!(cascade::lead(&[3.0, 3.0]), 0.0);
}
