//! Whether a disposition agrees with the obligation and has what must prove it.

use super::walk::Line;
use crate::domain::ledger::Disposition;
use crate::domain::obligation::Evidence;

/// Every final disposition has its evidence, every open one a due time, and the obligation stands
/// as the disposition says. The error says what is missing.
pub(super) fn agrees(line: &Line, disposition: Disposition) -> Result<(), String> {
    if let Some(case) = &line.case_id
        && line.found_case.is_none()
    {
        return Err(format!("its case {case} is not there"));
    }
    if line.debt_case.is_some() && line.debt_case != line.case_id {
        return Err(format!(
            "its obligation belongs to case {}, the mention to case {}",
            line.debt_case.as_deref().unwrap_or_default(),
            line.case_id.as_deref().unwrap_or("none")
        ));
    }
    let standing = line.standing.as_deref();
    match (disposition, standing) {
        (Disposition::Untriaged, None) if line.triage_due => Ok(()),
        (Disposition::Untriaged, None) => {
            Err("it is untriaged, and no triage is due: nobody would ever see it".to_owned())
        }
        (Disposition::Open, Some("owed")) if line.due_at.or(line.look_due).is_some() => Ok(()),
        (Disposition::Open, Some("owed")) if line.first_look == Some(true) => {
            Err("it waits in a first look, but that has no due time: nobody would ever be asked"
                .to_owned())
        }
        (Disposition::Open, Some("owed")) => {
            Err("it is open, but its case has no due time: nobody would ever be told".to_owned())
        }
        (Disposition::NotOwed, None) => {
            let says = |by: &Option<String>| by.as_deref().is_some_and(|b| !b.trim().is_empty());
            if says(&line.model) || says(&line.rule) {
                Ok(())
            } else {
                Err("nothing is owed for it, but neither model, rule nor person says so".to_owned())
            }
        }
        (Disposition::NotOwed, Some("void")) => void(line, &["not_complaint", "not_about_us"]),
        (Disposition::Answered, Some("met")) => met(line),
        (Disposition::Waived, Some("void")) => void(line, &["waived"]).and_then(|()| noted(line)),
        (Disposition::Closed, Some("void")) => void(line, &["closed"]).and_then(|()| noted(line)),
        (Disposition::Withdrawn, None | Some("void" | "met")) if line.gone_at.is_some() => Ok(()),
        (Disposition::Withdrawn, Some("void")) => void(line, &["withdrawn"]),
        (Disposition::Withdrawn, None) => {
            Err("it is withdrawn, but no deletion was heard".to_owned())
        }
        (disposition, standing) => Err(format!(
            "it is {disposition}, but its obligation is {}",
            standing.unwrap_or("not there")
        )),
    }
}

fn met(line: &Line) -> Result<(), String> {
    let evidence = line.evidence.as_deref().unwrap_or_default();
    serde_json::from_str::<Evidence>(evidence)
        .map_err(|e| format!("it is answered, but what proves it cannot be read: {e}"))?;
    ended(line)
}

fn void(line: &Line, reasons: &[&str]) -> Result<(), String> {
    let reason = line.reason.as_deref().unwrap_or_default();
    if !reasons.contains(&reason) {
        return Err(format!(
            "it is {}, but its obligation ended with the reason `{reason}`",
            line.disposition
        ));
    }
    if line.actor.as_deref().unwrap_or_default().trim().is_empty() {
        return Err(format!("it is {}, but nobody is named who decided it", line.disposition));
    }
    ended(line)
}

fn noted(line: &Line) -> Result<(), String> {
    if line.note.as_deref().unwrap_or_default().trim().is_empty() {
        return Err(format!("it is {}, but no reason is written down", line.disposition));
    }
    Ok(())
}

fn ended(line: &Line) -> Result<(), String> {
    match line.ended_at {
        Some(_) => Ok(()),
        None => Err(format!("it is {}, but nothing says since when", line.disposition)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(disposition: Disposition, standing: &str, reason: &str) -> Line {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Line {
            disposition: disposition.to_string(),
            case_id: some("k"),
            found_case: some("k"),
            debt_case: some(if standing.is_empty() { "" } else { "k" }),
            standing: some(standing),
            reason: some(reason),
            actor: some("ada"),
            note: some("a troll"),
            ended_at: Some(1),
            due_at: Some(1),
            evidence: some(r#"{"word":{"by":"ada","url":""}}"#),
            ..Line::default()
        }
    }

    #[test]
    fn each_disposition_has_one_kind_of_proof() {
        use Disposition::*;
        for (disposition, standing, reason) in [
            (Open, "owed", ""),
            (NotOwed, "void", "not_complaint"),
            (NotOwed, "void", "not_about_us"),
            (Answered, "met", ""),
            (Waived, "void", "waived"),
            (Closed, "void", "closed"),
            (Withdrawn, "void", "withdrawn"),
        ] {
            let good = line(disposition, standing, reason);
            assert_eq!(agrees(&good, disposition), Ok(()), "{disposition}");
            for other in Disposition::ALL.iter().filter(|d| **d != disposition) {
                assert!(agrees(&good, *other).is_err(), "{other} with the proof of {disposition}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        use Disposition::*;
        let why = |line: Line, d| agrees(&line, d).unwrap_err();
        let base = |d, standing, reason| line(d, standing, reason);
        let no_due = Line { due_at: None, ..base(Open, "owed", "") };
        assert!(why(no_due.clone(), Open).contains("no due time"));
        let past = Line { first_look: Some(true), ..no_due };
        assert!(why(past.clone(), Open).contains("waits in a first look"));
        assert_eq!(agrees(&Line { look_due: Some(1), ..past }, Open), Ok(()));
        let no_note = Line { note: Some(" ".into()), ..base(Waived, "void", "waived") };
        assert!(why(no_note, Waived).contains("no reason"));
        let nobody = Line { actor: None, ..base(Closed, "void", "closed") };
        assert!(why(nobody, Closed).contains("nobody is named"));
        let unproved = Line { evidence: None, ..base(Answered, "met", "") };
        assert!(why(unproved, Answered).contains("what proves it"));
        let no_case = Line { found_case: None, ..base(Open, "owed", "") };
        assert!(why(no_case, Open).contains("its case k is not there"));
        let forgotten = Line { triage_due: false, ..base(Untriaged, "", "") };
        assert!(why(forgotten, Untriaged).contains("no triage is due"));
        let unsaid = base(NotOwed, "", "");
        assert!(why(unsaid, NotOwed).contains("neither model, rule nor person"));
        let heard = Line { gone_at: Some(1), ..base(Withdrawn, "", "") };
        assert_eq!(agrees(&heard, Withdrawn), Ok(()));
    }
}
