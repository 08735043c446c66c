//! Turns sums into probabilities: a line through the log odds of texts that were held out (Platt
//! 1999, with the targets and the Newton steps of Lin, Lin and Weng 2007).

use crate::classify::model::Platt;

/// Fewer of either sort tell too little to draw a line.
const FEW: usize = 30;
/// Newton's steps; ten are enough where there is an answer at all.
const STEPS: usize = 50;

/// The line through these sums; `None` where too few complain or too few do not.
pub(crate) fn fit(told: &[(f32, bool)]) -> Option<Platt> {
    let yes = told.iter().filter(|(_, complaint)| *complaint).count();
    let no = told.len() - yes;
    if yes < FEW || no < FEW {
        return None;
    }
    let (yes, no) = (yes as f64, no as f64);
    let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
    let (mut slope, mut begin) = (1.0, 0.0);
    for _ in 0..STEPS {
        // The slope and the bend of the cost, with a trace of a ridge so that both can be solved.
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (sum, complaint) in told {
            let sum = f64::from(*sum);
            let share = 1.0 / (1.0 + libm::exp(-(slope * sum + begin)));
            let wrong = share - if *complaint { high } else { low };
            let bend = share * (1.0 - share);
            ga += wrong * sum;
            gb += wrong;
            haa += bend * sum * sum;
            hab += bend * sum;
            hbb += bend;
        }
        let det = haa * hbb - hab * hab;
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        // No step so long that it could overshoot into nowhere.
        slope -= da.clamp(-1.0, 1.0);
        begin -= db.clamp(-1.0, 1.0);
        if da.abs() + db.abs() < 1e-10 {
            break;
        }
    }
    Some(Platt { slope: slope as f32, begin: begin as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_gives_the_shares_that_were_told() {
        // At a sum of -1 one in four complains, at 1 three in four.
        let told: Vec<(f32, bool)> = (0..800)
            .map(|n| if n % 2 == 0 { (-1.0, n % 8 == 0) } else { (1.0, n % 8 != 1) })
            .collect();
        let platt = fit(&told).unwrap();
        assert!((platt.share(1.0) - 0.75).abs() < 0.01, "{platt:?}");
        assert!((platt.share(-1.0) - 0.25).abs() < 0.01, "{platt:?}");
        assert_eq!(fit(&told[..40]), None);
    }
}
