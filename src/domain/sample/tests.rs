//! Tests of the sample: what is drawn, and by simulated weeks how often its interval holds the
//! true number.

use super::*;

/// Numbers by chance, the same for the same seed (SplitMix64 of Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn hits(&mut self, share: f64) -> bool {
        ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }
}

/// A week's mentions by stratum: how many there are, and which part of them complains.
type Week = [(u64, f64); 4];

/// Draws a sample of `size` out of a week and labels it; gives what is known, and the truth.
fn labelled(chance: &mut Chance, week: &Week, size: usize) -> (Vec<Cell>, u64) {
    let mut draw = Draw::new(size);
    let mut truth = 0;
    for (stratum, (mentions, share)) in Stratum::ALL.iter().zip(week) {
        for _ in 0..*mentions {
            let complains = chance.hits(*share);
            truth += u64::from(complains);
            draw.offer(*stratum, chance.next(), complains);
        }
    }
    let drawn = draw.drawn();
    let cell = |stratum: Stratum| {
        let of = || drawn.iter().filter(|d| d.stratum == stratum);
        let mentions = week[stratum.index()].0;
        let missed = of().filter(|d| d.of).count() as u64;
        Cell { stratum, mentions, labelled: of().count() as u64, missed }
    };
    (Stratum::ALL.iter().map(|s| cell(*s)).collect(), truth)
}

#[test]
fn most_are_drawn_near_the_threshold_and_each_with_its_chance() {
    assert_eq!(allot(50, [500, 500, 500, 500]), [30, 5, 5, 10]);
    assert_eq!(allot(50, [10, 500, 0, 500]), [10, 13, 0, 27], "what one lacks goes to the others");
    assert_eq!(allot(4, [500, 1, 1, 1]), [1, 1, 1, 1], "each gives one");
    assert_eq!(allot(50, [3, 0, 2, 4]), [3, 0, 2, 4], "no more than there are");
    assert_eq!(allot(0, [9; 4]), [0; 4]);
    let mut draw = Draw::new(10);
    for n in 0..100_u64 {
        draw.offer(if n < 20 { Stratum::Near } else { Stratum::Rest }, n, n);
    }
    let drawn = draw.drawn();
    let near: Vec<u64> =
        drawn.iter().filter(|d| d.stratum == Stratum::Near).map(|d| d.of).collect();
    assert_eq!((drawn.len(), near), (10, (0..8).collect()), "the lowest keys");
    assert!(drawn[..8].iter().all(|d| d.probability == PerMillion(400_000)));
    assert!(drawn[8..].iter().all(|d| d.probability == PerMillion(25_000)));
}

#[test]
fn strata_part_all_that_owes_nothing() {
    let look = PerMillion(350_000);
    let of = |sorted, relevance, p| Stratum::of(sorted, relevance, PerMillion(p), look);
    assert_eq!(of(false, Relevance::About, 175_000), Stratum::Near);
    assert_eq!(of(false, Relevance::About, 174_999), Stratum::Rest);
    assert_eq!(of(false, Relevance::NotAbout, 900_000), Stratum::NotAbout);
    assert_eq!(of(false, Relevance::NotAbout, 10_000), Stratum::Rest);
    assert_eq!(of(true, Relevance::NotAbout, 10_000), Stratum::SortedOut);
}

#[test]
fn labels_are_weighted_back() {
    let cell = |stratum, mentions, labelled, missed| Cell { stratum, mentions, labelled, missed };
    assert_eq!(estimate(&[cell(Stratum::Rest, 100, 0, 0)]), None, "nobody looked");
    // 3 of 30 of 300, and 1 of 10 of 1,000: 30 + 100 complaints of 1,300.
    let told = estimate(&[cell(Stratum::Near, 300, 30, 3), cell(Stratum::Rest, 1_000, 10, 1)]);
    let told = told.unwrap();
    assert_eq!((told.mentions, told.labelled, told.found, told.missed), (1_300, 40, 4, 130));
    assert!(told.low < 130 && told.high > 130 && !told.is_telling(), "{told:?}");
    // All were looked at: nothing is inferred.
    let all = estimate(&[cell(Stratum::Near, 30, 30, 3), cell(Stratum::Rest, 5, 5, 0)]).unwrap();
    assert_eq!((all.low, all.missed, all.high), (3, 3, 3));
    // Nothing was found: what may be there all the same is told.
    let none = estimate(&[cell(Stratum::Rest, 1_000, 50, 0)]).unwrap();
    assert_eq!((none.low, none.missed), (0, 0));
    assert!((60..110).contains(&none.high), "{none:?}");
    // A stratum that nobody looked at can hold anything.
    let blind = estimate(&[cell(Stratum::Rest, 900, 100, 0), cell(Stratum::Near, 100, 0, 0)]);
    assert!(blind.unwrap().high >= 100, "{blind:?}");
}

#[test]
fn the_interval_holds_the_truth_in_at_least_93_of_100_weeks() {
    let weeks: [(&str, Week, usize); 4] = [
        ("a week of a middling brand", [(150, 0.08), (100, 0.05), (250, 0.01), (1_500, 0.002)], 50),
        ("hardly any is missed", [(150, 0.02), (100, 0.01), (250, 0.0), (1_500, 0.0005)], 50),
        ("many are missed", [(600, 0.15), (300, 0.2), (900, 0.02), (4_000, 0.01)], 50),
        ("few mentions", [(40, 0.1), (20, 0.05), (60, 0.02), (400, 0.005)], 20),
    ];
    for (n, (name, week, size)) in weeks.iter().enumerate() {
        let mut chance = Chance(n as u64 + 1);
        let (mut held, mut sum, mut truths) = (0, 0, 0);
        for _ in 0..2_000 {
            let (cells, truth) = labelled(&mut chance, week, *size);
            let told = estimate(&cells).unwrap();
            held += i32::from((told.low..=told.high).contains(&truth));
            sum += told.missed;
            truths += truth;
        }
        assert!(held >= 1_860, "{name}: {held} of 2,000");
        let off = sum as f64 / truths as f64;
        assert!((0.85..1.2).contains(&off), "{name}: {off} of the truth on average");
    }
}

#[test]
fn weeks_are_pooled_and_what_is_still_needed_is_said() {
    let week: Week = [(150, 0.08), (100, 0.05), (250, 0.01), (1_500, 0.002)];
    let mut chance = Chance(11);
    let (mut held, mut narrower) = (0, 0);
    for _ in 0..200 {
        let (mut cells, mut truth) = (Vec::new(), 0);
        for _ in 0..8 {
            let (week, missed) = labelled(&mut chance, &week, 50);
            cells.extend(week);
            truth += missed;
        }
        let told = estimate(&cells).unwrap();
        held += i32::from((told.low..=told.high).contains(&truth));
        let one = estimate(&cells[..4]).unwrap();
        narrower += i32::from(told.half_width() < one.half_width());
        let more = more_needed(&cells);
        assert_eq!(more == 0, told.is_telling());
        assert!(more_needed(&cells[..4]) > 100, "one week is not enough");
        let grown = estimate(&with_more(&cells, more)).unwrap();
        assert!(grown.is_telling(), "{more} more are enough: {grown:?}");
    }
    assert!(held >= 186 && narrower == 200, "{held} {narrower}");
}
