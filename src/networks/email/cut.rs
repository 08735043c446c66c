//! What a writer wrote anew: a mail without the mails that it quotes and without its signature.
//!
//! Cutting too much would lose a complaint, so a cut is made only at what mail programs write, and
//! where nothing would be left, nothing is cut.

/// The words by which mail programs begin a quote, one a line; `…` stands for anything.
const INTRODUCTIONS: &str = include_str!("introductions.txt");
/// Such a line may be broken by the program, over so many lines at most.
const BROKEN_OVER: usize = 3;
/// A signature behind `-- ` is no longer than this, else it is no signature.
const SIGNATURE: usize = 15;

/// The text without quotes and signature.
pub(super) fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |at: &usize| begins_quote(&lines, *at);
    let end = (0..lines.len()).find(begins).map(|at| {
        // A line of the writer's own may look like the beginning of a broken introduction.
        (at..lines.len().min(at + BROKEN_OVER)).rfind(begins).unwrap_or(at)
    });
    let mut kept: Vec<&str> = lines[..end.unwrap_or(lines.len())].to_vec();
    if let Some(mark) = kept.iter().rposition(|line| matches!(*line, "-- " | "--"))
        && kept.len() - mark <= SIGNATURE
    {
        kept.truncate(mark);
    }
    // A quote between own words goes, the words behind it stay.
    kept.retain(|line| !line.trim_start().starts_with('>'));
    let cut = kept.join("\n").trim().to_owned();
    if cut.is_empty() { text.trim().to_owned() } else { cut }
}

/// Whether all from this line on is quoted.
fn begins_quote(lines: &[&str], at: usize) -> bool {
    let mut joined = String::new();
    for (count, more) in lines[at..].iter().take(BROKEN_OVER).enumerate() {
        if more.trim().is_empty() {
            return false;
        }
        joined = format!("{joined} {}", more.trim()).trim().to_lowercase();
        if introduces(&joined) {
            // "Maria wrote:" in the middle of a story is no quote: a rule stands around it, or one
            // follows, or an address says who wrote.
            let rest = &lines[at + count + 1..];
            let next = rest.iter().map(|line| line.trim()).find(|line| !line.is_empty());
            return joined.starts_with(['-', '_'])
                || next.is_none_or(|next| next.starts_with('>'))
                || joined.contains('@');
        }
    }
    heads_of_a_mail(&lines[at..])
}

/// Whether a block of headers begins here, as some programs set above what they quote.
fn heads_of_a_mail(lines: &[&str]) -> bool {
    let says = |line: &&str, word: &str| line.trim_start().to_lowercase().starts_with(word);
    let plain = |pattern: &&str| !pattern.starts_with('#');
    let mut pairs = INTRODUCTIONS.lines().filter(plain).filter_map(|p| p.split_once(" | "));
    lines.first().is_some_and(|first| {
        pairs.any(|(from, subject)| {
            says(first, from) && lines[1..].iter().take(5).any(|line| says(line, subject))
        })
    })
}

fn introduces(line: &str) -> bool {
    let plain = |pattern: &&str| !pattern.is_empty() && !pattern.starts_with('#');
    INTRODUCTIONS.lines().filter(plain).any(|pattern| match pattern.split_once('…') {
        Some((head, tail)) => {
            line.len() <= 300
                && line.len() >= head.len() + tail.len()
                && line.starts_with(head)
                && line.ends_with(tail)
        }
        None => line.trim_matches(['-', ' ', '_']) == pattern && line.starts_with(['-', '_']),
    })
}

#[cfg(test)]
mod tests {
    use super::own_words;

    #[test]
    fn quotes_below_and_between_go_and_own_words_stay() {
        let text = "Ancora niente!\n\nIl giorno ven 20 nov 2026 alle ore 10:00 Acme\n\
                    <care@acme.example> ha scritto:\n> Gentile cliente\n> grazie";
        assert_eq!(own_words(text), "Ancora niente!");
        assert_eq!(own_words("> when?\nnever\n> why?\nbroken"), "never\nbroken");
        let outlook = "Nobody answers.\n\n-----Original Message-----\nFrom: Acme\nHello";
        assert_eq!(own_words(outlook), "Nobody answers.");
        let gmail = "It is broken.\n\nOn Fri, 20 Nov 2026 at 10:00, Acme <care@acme.example> \
                     wrote:\n\nDear Jo";
        assert_eq!(own_words(gmail), "It is broken.");
        let block =
            "Rotto.\nDa: Acme <care@acme.example>\nInviato: venerdì\nA: Jo\nOggetto: R: x\n\nCaro";
        assert_eq!(own_words(block), "Rotto.");
        let near = "Il pacco\nnon arriva\nIl giorno 20, Acme <c@a.example> ha scritto:\n> ciao";
        assert_eq!(own_words(near), "Il pacco\nnon arriva");
    }

    #[test]
    fn signatures_go_and_dashes_in_a_text_stay() {
        assert_eq!(own_words("Rotto di nuovo\n-- \nMario Rossi\nvia Roma 1"), "Rotto di nuovo");
        assert_eq!(own_words("a -- b\nc"), "a -- b\nc");
    }

    #[test]
    fn nothing_is_cut_where_nothing_would_be_left() {
        let all = "> it is broken\n> and nobody answers";
        assert_eq!(own_words(all), all);
        let story = "On Monday the shop wrote:\nwe do not care.\nSo I want my money.";
        assert_eq!(own_words(story), story);
        assert_eq!(own_words("  "), "");
    }
}
