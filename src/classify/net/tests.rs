//! Tests of the network's file and of its sums.

use super::*;
use crate::classify::chance::Chance;

/// A network of 7 features and 3 units.
fn small() -> Net {
    let mut chance = Chance(7);
    let mut normal = |count: usize| -> Vec<f32> { (0..count).map(|_| chance.normal()).collect() };
    let mut net = Net {
        means: normal(7),
        per_sd: vec![0.5, 1.0, 2.0, 0.0, 1.0, 1.0, 1.0],
        weights: normal(21).iter().map(|x| (x * 40.0) as i8).collect(),
        scales: vec![0.01 * STEP, 0.02 * STEP, 0.03 * STEP],
        begins: vec![0.5, 0.1, 0.2],
        out: normal(3 * HEADS).as_chunks().0.to_vec(),
        ends: [0.25; HEADS],
    };
    net.weights[4] = -128;
    net
}

#[test]
fn the_heads_stand_in_their_order() {
    assert_eq!((COMPLAINT, KINDS, SEVERITY), (0, 1..6, 6..8));
    assert_eq!((TOPICS, RISKS, HEADS), (8..19, 19..28, 28));
}

#[test]
fn a_file_is_written_as_it_was_read_and_a_broken_one_is_refused() {
    let file = small().bytes();
    assert!(Net::read(&file).unwrap().bytes() == file);
    let refused = |file: &[u8]| Net::read(file).err().unwrap_or_default();
    assert!(refused(b"ascolto stage-a 1\n").contains("no network file"));
    for length in 0..file.len() {
        assert!(!refused(&file[..length]).is_empty(), "{length}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(refused(&longer).contains("1 bytes too many"));
    let with = |at: usize, number: u32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        refused(&file)
    };
    let sizes = file.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert!(with(sizes, 0).contains("empty") && with(sizes + 4, 0).contains("empty"));
    assert!(with(sizes, u32::MAX).contains("cut off"));
    assert!(with(sizes + 4, u32::MAX).contains("cut off"));
    assert!(with(sizes + 8, 27).contains("27 heads and this program knows 28"));
    assert!(with(sizes + 12, f32::NAN.to_bits()).contains("no number"));
}

#[test]
fn a_network_whose_sums_could_leave_their_bits_is_refused() {
    let wide = |weights: usize| Net {
        means: vec![0.0; weights],
        per_sd: vec![1.0; weights],
        weights: vec![127; weights],
        scales: vec![1.0],
        begins: vec![0.0],
        out: vec![[1.0; HEADS]],
        ends: [0.0; HEADS],
    };
    let most = ROOM as usize / 127;
    let net = Net::read(&wide(most).bytes()).unwrap();
    let far = vec![f32::MAX; most];
    assert_eq!(net.heads(&far)[0], (most as i32 * 127 * 8191) as f32);
    let error = Net::read(&wide(most + 1).bytes()).err().unwrap();
    assert!(error.contains("leave 32 bits"), "{error}");
}

#[test]
fn heads_are_what_the_layers_say() {
    let net = small();
    let features: [f32; 7] = [0.3, -2.0, 1.0, 55.0, 0.0, 9e9, -0.7];
    let said = net.heads(&features);
    for (head, said) in said.iter().enumerate() {
        let mut sum = 0.25;
        for unit in 0..3 {
            let mut fires = f64::from(net.begins[unit]);
            for (at, feature) in features.iter().enumerate() {
                let far =
                    (f64::from(*feature) - f64::from(net.means[at])) * f64::from(net.per_sd[at]);
                let worth = f64::from(net.scales[unit]) / f64::from(STEP);
                fires += far.clamp(-6.0, 6.0) * f64::from(net.weights[unit * 7 + at]) * worth;
            }
            sum += fires.max(0.0) * f64::from(net.out[unit][head]);
        }
        assert!((f64::from(*said) - sum).abs() < 2e-3, "{head}: {said} {sum}");
    }
    // What is no number says nothing, and the silent feature does not count at all.
    let mut odd = features;
    odd[3] = f32::INFINITY;
    assert!(net.heads(&odd).iter().all(|head| head.is_finite()));
    odd[3] = -7.0;
    assert_eq!(net.heads(&odd), said);
}
