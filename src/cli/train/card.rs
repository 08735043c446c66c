//! The model card: what the model is, of what it was made, how well it does, and where it fails.

use super::super::{eval, out};
use super::corpus::Corpus;
use super::{NAME, Parts};

/// What stands there whatever the figures are.
const FIXED: &str = include_str!("card.md");

/// The card with the figures of a cross-validation.
pub(super) fn page(corpus: &Corpus, parts: &Parts<'_>) -> String {
    let mut page = FIXED.replace("{name}", NAME);
    page.push_str("\n## Figures\n\nFive-fold cross-validation: no line is judged by a model that has seen it or a neighbour of it\n(blocks of 25 lines). Percent, with the interval of 95 of 100 drawings; ECE is a share. The\nthreshold is a probability of 0.5, the rules beside the model as in use.\n");
    for (what, figures) in parts.all() {
        page.push_str(&format!("\n### {}{}\n\n", what[..1].to_uppercase(), &what[1..]));
        page.push_str(&block(&eval::by_language(figures)));
        let told = [
            ("macro-F1 of the five kinds", figures.kind_macro_f1),
            ("topic of complaints that were found", figures.topic_accuracy),
            ("their severity the same", figures.severity_exact),
            ("their severity within one step", figures.severity_within_one),
            ("language found where none is named", figures.language_accuracy),
        ];
        for (what, share) in told {
            if let Some(share) = share {
                page.push_str(&format!("- {what}: {}\n", eval::percent(share)));
            }
        }
    }
    page.push_str("\n### Risks, on complaints that were found\n\n");
    page.push_str(&block(&eval::risks(&parts.whole)));
    page.push_str("\n## Inputs\n\n");
    let rows = corpus.inputs.iter().map(|input| {
        vec![input.name.clone(), input.lines.to_string(), input.digest[..16].to_owned()]
    });
    let head = ["file", "lines", "SHA-256 begins"].map(str::to_owned).to_vec();
    page.push_str(&block(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    page
}

/// A table as it stands on a terminal.
fn block(rows: &[Vec<String>]) -> String {
    format!("```text\n{}```\n\n", out::table(rows))
}
