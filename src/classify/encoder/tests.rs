//! Tests of the encoder on a made-up file: its reader, its pieces, its windows and its bounds.

use super::pieces::{BEGIN, END, UNKNOWN};
use super::*;
use serde::Deserialize;
use std::sync::LazyLock;

/// The file that is shipped.
static SHIPPED: &[u8] = include_bytes!("../data/encoder.bin");
/// What whoever made that file found for some texts with another program.
const GOLDEN: &str = include_str!("../data/encoder-golden.jsonl");
/// Of so many features one stands there.
const GOLDEN_STEP: usize = 37;

/// Pieces of the made-up file in the order of their bytes, with their scores.
const PIECES: [(&str, f32); 12] = [
    ("a", -4.0),
    ("ab", -3.0),
    ("abc", -9.0),
    ("b", -4.0),
    ("bc", -3.0),
    ("c", -4.0),
    ("è", -5.0),
    ("\u{2581}", -2.0),
    ("\u{2581}a", -2.5),
    ("\u{2581}ab", -5.0),
    ("\u{2581}ciao", -1.0),
    ("\u{2581}è", -5.0),
];
const RANK: usize = 32;
/// Inputs and outputs of the layers, in their order.
const LAYERS: [(usize, usize); 15] = [
    (RANK, 512),
    (RANK, 768),
    (512, 256),
    (512, 256),
    (768, 256),
    (768, 256),
    (1280, 256),
    (1280, 256),
    (1280, 512),
    (512, 320),
    (512, 320),
    (320, 320),
    (320, 512),
    (320, 512),
    (512, 512),
];

/// Makes up numbers that look like chance, the same each time.
struct Chance(u32);

impl Chance {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.to_be_bytes()[0]
    }

    fn numbers(&mut self, count: usize, about: f32, spread: f32) -> Vec<u8> {
        let each = (0..count).map(|_| about + spread * (f32::from(self.byte()) / 128.0 - 1.0));
        each.flat_map(f32::to_le_bytes).collect()
    }
}

fn number(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap().to_le_bytes()
}

/// A whole file of these pieces.
fn made_up(pieces: &[(&str, f32)]) -> Vec<u8> {
    let mut chance = Chance(1);
    let mut file = b"ascolto encoder 1\n".to_vec();
    file.extend(number(pieces.len()));
    file.extend(number(RANK));
    file.extend((-10.0_f32).to_le_bytes());
    for (piece, _) in pieces {
        file.push(u8::try_from(piece.len()).unwrap());
        file.extend(piece.as_bytes());
    }
    file.extend(pieces.iter().flat_map(|(_, score)| score.to_le_bytes()));
    file.extend((0..(pieces.len() + 3) * RANK).map(|_| chance.byte()));
    for (inputs, outputs) in LAYERS {
        file.extend(number(inputs));
        file.extend(number(outputs));
        file.extend((0..inputs * outputs).map(|_| chance.byte()));
        let worth = 1.0 / (128.0 * inputs as f32);
        file.extend(chance.numbers(outputs, worth, worth / 2.0));
        file.extend(chance.numbers(outputs, 0.0, 0.1));
    }
    for width in [768, 1280] {
        file.extend(number(width));
        file.extend(chance.numbers(width, 1.0, 0.5));
        file.extend(chance.numbers(width, 0.0, 0.5));
    }
    file.extend(1e-6_f32.to_le_bytes());
    file
}

static FILE: LazyLock<&[u8]> = LazyLock::new(|| made_up(&PIECES).leak());

fn encoder() -> Encoder {
    Encoder::read(*FILE).unwrap()
}

fn refused(file: &[u8]) -> String {
    Encoder::read(file.to_vec().leak()).err().expect("it is refused")
}

/// The pieces that a text is cut into; `?` for what is none.
fn cut(text: &str) -> Vec<&'static str> {
    let rows = encoder().pieces.rows(text, TOKENS);
    assert_eq!((rows.first(), rows.last()), (Some(&BEGIN), Some(&END)));
    let name = |row: &u32| match *row {
        UNKNOWN => "?",
        row => PIECES[row as usize - 3].0,
    };
    rows[1..rows.len() - 1].iter().map(name).collect()
}

#[test]
fn a_broken_file_is_refused() {
    let file = *FILE;
    assert!(refused(b"").contains("no encoder's file"));
    // Every place in the head and the pieces, and some in the large tables.
    for length in (18..400).chain((400..file.len()).step_by(60_013)).chain([file.len() - 1]) {
        let error = Encoder::read(&file[..length]).err();
        assert!(error.is_some_and(|error| error.contains("cut off")), "{length}");
    }
    assert!(refused(&[file, &[0]].concat()).contains("1 bytes too many"));
    let changed = |at: usize, bytes: [u8; 4]| {
        let mut file = file.to_vec();
        file[at..at + 4].copy_from_slice(&bytes);
        refused(&file)
    };
    for count in [0, 200_001, u32::MAX] {
        assert!(changed(18, count.to_le_bytes()).contains(&format!("{count} pieces")));
    }
    for rank in [0, 8, 24, 528, u32::MAX] {
        assert!(changed(22, rank.to_le_bytes()).contains(&format!("{rank} codes")));
    }
    assert!(changed(18, 200_000_u32.to_le_bytes()).contains("cut off"));
    let scores = 30 + PIECES.iter().map(|(piece, _)| piece.len() + 1).sum::<usize>();
    assert!(changed(scores, f32::NAN.to_le_bytes()).contains("no score"));
    let layers = scores + PIECES.len() * 4 + (PIECES.len() + 3) * RANK;
    assert!(changed(layers, number(64)).contains("64 inputs of a layer, not 32"));
    assert!(changed(layers + 4, number(513)).contains("513 outputs of a layer, not 512"));
    let worth = layers + 8 + RANK * 512;
    assert!(changed(worth, f32::INFINITY.to_le_bytes()).contains("no number"));
    let norm = file.len() - 4 - 1280 * 8 - 4;
    assert!(changed(norm, number(1281)).contains("1281 numbers of a norm, not 1280"));
    for least in [0.0_f32, -1.0] {
        assert!(changed(file.len() - 4, least.to_le_bytes()).contains("above zero"));
    }
}

#[test]
fn pieces_out_of_order_twice_empty_or_torn_are_refused() {
    for (pieces, why) in [
        (vec![("b", -1.0), ("a", -1.0)], "piece 1 of the encoder's file is not behind"),
        (vec![("a", -1.0), ("a", -1.0)], "piece 1 of the encoder's file is not behind"),
        (vec![("", -1.0)], "piece 0 of the encoder's file is empty"),
    ] {
        assert!(refused(&made_up(&pieces)).contains(why), "{pieces:?}");
    }
    let mut torn = made_up(&[("è", -1.0)]);
    torn[31] = b'a';
    assert!(refused(&torn).contains("is no text"));
}

#[test]
fn the_likeliest_pieces_are_taken() {
    assert_eq!(cut("ciao"), ["\u{2581}ciao"]);
    assert_eq!(cut(" ciao\u{a0}\t\u{0}ciao\r\n"), ["\u{2581}ciao", "\u{2581}ciao"]);
    // -2.5 with -3 is more than -5 with -4 or -2 with -3 and -4.
    assert_eq!(cut("abc"), ["\u{2581}a", "bc"]);
    // Composed (NFKC), narrow and without what is invisible.
    assert_eq!(cut("e\u{300}"), ["\u{2581}è"]);
    assert_eq!(cut("c\u{200b}i\u{ad}ａo"), ["\u{2581}ciao"]);
    // An unknown character is one piece, whatever pieces begin like it.
    assert_eq!(cut("axé"), ["\u{2581}a", "?", "?"]);
    assert_eq!(cut("😡"), ["\u{2581}", "?"]);
    for nothing in ["", " \n", "\u{200b}\u{feff}"] {
        assert_eq!(cut(nothing), ["?"], "{nothing:?}");
    }
}

#[test]
fn of_ways_as_good_as_each_other_the_piece_that_begins_first_wins() {
    // "▁a" and "bc", "▁ab" and "c": the last piece of the first begins first.
    let tie =
        [("bc", -3.0), ("c", -2.0), ("\u{2581}a", -2.0), ("\u{2581}ab", -3.0), ("\u{2581}d", -1.0)];
    let encoder = Encoder::read(made_up(&tie).leak()).unwrap();
    assert_eq!(encoder.pieces.rows("abc", TOKENS), [BEGIN, 5, 3, END]);
    // A character without a piece ends there too, and a piece that reaches it as cheaply stays.
    let tie = [("x", -1.0), ("\u{2581}", -1.0), ("\u{2581}d", -11.0)];
    let encoder = Encoder::read(made_up(&tie).leak()).unwrap();
    assert_eq!(encoder.pieces.rows("d", TOKENS), [BEGIN, 5, END]);
    // A character that is a piece is not unknown, even where that would be likelier.
    let rare = [("x", -50.0), ("\u{2581}", -1.0)];
    let encoder = Encoder::read(made_up(&rare).leak()).unwrap();
    assert_eq!(encoder.pieces.rows("x", TOKENS), [BEGIN, 4, 3, END]);
}

#[test]
fn a_long_text_is_cut_at_a_character_and_its_pieces_at_two_hundred() {
    let encoder = encoder();
    let long = "ciao ".repeat(400);
    let rows = encoder.pieces.rows(&long, TOKENS);
    assert_eq!((rows.len(), rows[0], rows[199]), (TOKENS, BEGIN, END));
    assert_eq!(encoder.pieces.rows(&"ciao ".repeat(198), TOKENS), rows);
    assert_eq!(encoder.pieces.rows(&"ciao ".repeat(197), TOKENS).len(), 199);
    // Of 2,000 bytes all count, of 2,001 the last does not, nor does half a character.
    let spaced = |spaces: usize, end: &str| cut(&format!("ciao{}{end}", " ".repeat(spaces)));
    assert_eq!(spaced(1_993, "abc"), ["\u{2581}ciao", "\u{2581}a", "bc"]);
    assert_eq!(spaced(1_994, "abc"), ["\u{2581}ciao", "\u{2581}ab"]);
    assert_eq!(spaced(1_994, "è"), ["\u{2581}ciao", "\u{2581}è"]);
    assert_eq!(spaced(1_995, "è"), ["\u{2581}ciao"]);
    // A megabyte is no more than its beginning, also where a character stands across the border
    // and where one character becomes eighteen.
    for part in ["ciao ", "è", "xx😡", "\u{fdfa}", "\u{301}"] {
        let all = part.repeat(1_000_000 / part.len());
        let begin = &all[..all.floor_char_boundary(2_000)];
        assert_eq!(encoder.pieces.rows(&all, TOKENS), encoder.pieces.rows(begin, TOKENS));
        assert!(encoder.features(&all).iter().all(|x| x.is_finite()), "{part}");
    }
}

#[test]
fn a_text_has_its_features_each_time() {
    let encoder = encoder();
    for text in ["", "a", "ciao", "abc ciao è 😡 abc"] {
        let features = encoder.features(text);
        assert_eq!(features.len(), FEATURES);
        assert!(features.iter().all(|x| x.is_finite()), "{text}");
        assert!(features == self::encoder().features(text), "{text}");
        let (mean, most) = (&features[..1280], &features[1280..2560]);
        assert!(mean.iter().zip(most).all(|(mean, most)| *mean <= most + 1e-4), "{text}");
    }
    assert!(encoder.features("ciao abc") != encoder.features("abc ciao"), "order is not seen");
}

/// The file's numbers, read once more and reckoned in 64 bits one by one.
struct Slow {
    layers: Vec<(Vec<f64>, Vec<f64>)>,
    norms: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Slow {
    fn read() -> Slow {
        let mut rest = &FILE[30 + PIECES.iter().map(|(piece, _)| piece.len() + 1).sum::<usize>()..];
        rest = &rest[PIECES.len() * 4 + (PIECES.len() + 3) * RANK..];
        let mut take = |bytes: usize| {
            let (first, behind) = rest.split_at(bytes);
            rest = behind;
            first
        };
        let wide = |bytes: &[u8]| -> Vec<f64> {
            bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
        };
        let layers = LAYERS.iter().map(|(inputs, outputs)| {
            let bytes = &take(8 + inputs * outputs)[8..];
            let (scales, begins) = (wide(take(outputs * 4)), wide(take(outputs * 4)));
            let weights = bytes.chunks(*inputs).zip(scales).flat_map(|(row, scale)| {
                row.iter().map(move |byte| f64::from(byte.cast_signed()) * scale)
            });
            (weights.collect(), begins)
        });
        let layers = layers.collect();
        let norms =
            [768, 1280].map(|width| (wide(&take(4 + width * 4)[4..]), wide(take(width * 4))));
        Slow { layers, norms: norms.to_vec() }
    }

    fn layer(&self, number: usize, inputs: &[f64], times: f64) -> Vec<f64> {
        let (weights, begins) = &self.layers[number];
        let sums = weights.chunks(inputs.len()).zip(begins);
        sums.map(|(row, begin)| {
            row.iter().zip(inputs).fold(times * begin, |sum, (weight, x)| sum + weight * x)
        })
        .collect()
    }

    fn norm(&self, number: usize, row: &mut [f64]) {
        let width = row.len() as f64;
        let mean = row.iter().sum::<f64>() / width;
        let spread = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width;
        let (spreads, means) = &self.norms[number];
        for (at, x) in row.iter_mut().enumerate() {
            *x = (*x - mean) / (spread + 1e-6).sqrt() * spreads[at] + means[at];
        }
    }

    /// A look through a window that has so many pieces before the one that is meant.
    fn look(&self, number: usize, rows: &[Vec<f64>], wide: usize, before: usize) -> Vec<Vec<f64>> {
        let row = |at: usize| rows.get(at.wrapping_sub(before)).cloned().unwrap_or(vec![0.0; 256]);
        let window = |at: usize| (at..at + wide).flat_map(row).collect::<Vec<f64>>();
        let each = rows.iter().enumerate().map(|(at, own)| {
            let found = self.layer(number, &window(at), 1.0);
            found.iter().zip(own).map(|(x, own)| x.max(0.0) + own).collect()
        });
        each.collect()
    }

    fn features(&self, text: &str) -> Vec<f64> {
        let encoder = encoder();
        let rows = encoder.pieces.rows(text, TOKENS);
        let codes = rows.iter().map(|row| {
            let codes = &encoder.codes[*row as usize * RANK..][..RANK];
            codes.iter().map(|code| f64::from(code.cast_signed())).collect::<Vec<_>>()
        });
        let codes: Vec<_> = codes.collect();
        let mut all: Vec<_> = codes.iter().map(|codes| self.layer(0, codes, 1.0)).collect();
        let projected = codes.iter().map(|codes| {
            let mut row = self.layer(1, codes, 1.0);
            self.norm(0, &mut row);
            row
        });
        let projected: Vec<_> = projected.collect();
        for (window, (wide, before)) in [(2, 0), (3, 1), (5, 2)].into_iter().enumerate() {
            let block = |row: &Vec<f64>| row[window * 256..][..256].to_vec();
            let blocks: Vec<_> = projected.iter().map(block).collect();
            let once = self.look(2 + 2 * window, &blocks, wide, before);
            let twice = self.look(3 + 2 * window, &once, wide, before);
            all.iter_mut().zip(twice).for_each(|(all, found)| all.extend(found));
        }
        all.iter_mut().for_each(|row| self.norm(1, row));
        let count = rows.len() as f64;
        let column = |at: usize| all.iter().map(move |row| row[at]);
        let mean: Vec<f64> = (0..1280).map(|at| column(at).sum::<f64>() / count).collect();
        let most = (0..1280).map(|at| column(at).fold(f64::MIN, f64::max)).collect();
        let scaled: Vec<f64> = mean.iter().map(|x| x * count.sqrt()).collect();
        let whole = self.layer(8, &scaled, count.sqrt());
        let positive = |row: Vec<f64>| row.into_iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
        let sum =
            |a: Vec<f64>, b: Vec<f64>| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
        let first = positive(self.layer(9, &whole, 1.0));
        let second = positive(sum(self.layer(10, &whole, 1.0), self.layer(11, &first, 1.0)));
        let wide = positive(self.layer(12, &second, 1.0));
        let last = sum(self.layer(13, &second, 1.0), self.layer(14, &wide, 1.0));
        [mean, most, whole, first, second, wide, last].concat()
    }
}

#[test]
fn the_features_are_those_that_a_slow_way_finds() {
    let slow = Slow::read();
    let long = "abc ciao è ".repeat(30);
    // A text of nothing has three rows; one of two words ends in the midst of every window.
    for text in ["", "ciao abc", "abcabc è xyz ciao", &long] {
        let (found, wanted) = (encoder().features(text), slow.features(text));
        assert_eq!(found.len(), wanted.len());
        for (at, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            // What whole numbers round away in ten layers.
            assert!((f64::from(*found) - wanted).abs() < 4e-3, "{text} {at}: {found} {wanted}");
        }
    }
}

/// A line of [`GOLDEN`].
#[derive(Deserialize)]
struct Golden {
    text: String,
    /// The rows of its pieces, with those of beginning and end.
    pieces: Vec<u32>,
    /// Of the features the first and each [`GOLDEN_STEP`]th behind it.
    features: Vec<f32>,
}

#[test]
fn the_shipped_file_gives_what_another_program_found_with_it() {
    let encoder = Encoder::read(SHIPPED).unwrap();
    let mut lines = 0;
    for line in GOLDEN.lines() {
        let golden: Golden = serde_json::from_str(line).unwrap();
        let text = golden.text.as_str();
        assert_eq!(encoder.pieces.rows(text, TOKENS), golden.pieces, "{text}");
        let features = encoder.features(text);
        let found: Vec<f32> = features.into_iter().step_by(GOLDEN_STEP).collect();
        assert_eq!(found.len(), golden.features.len(), "{text}");
        for (at, (found, wanted)) in found.iter().zip(&golden.features).enumerate() {
            let at = at * GOLDEN_STEP;
            let far = (found - wanted).abs() / (1.0 + wanted.abs());
            assert!(far < 1e-3, "{text}: feature {at}: {found} {wanted}");
        }
        lines += 1;
    }
    assert!(lines > 0, "the file holds no line");
}
