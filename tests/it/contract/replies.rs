//! Replies: under the limit, at grapheme borders, nothing lost, on every network.

use ascolto::domain::{Instant, MentionRef, Visibility};
use ascolto::networks::NETWORKS;
use ascolto::wire::{Ctx, Network, Next, Session};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

/// Networks that keep one reply, so that what is too long is refused and not cut.
const ONE_PIECE: &[&str] = &["google_business"];

fn of(handle: &str) -> MentionRef {
    MentionRef {
        origin: String::new(),
        external_id: "1".to_owned(),
        thread_id: "1".to_owned(),
        author_id: "2".to_owned(),
        author_handle: handle.to_owned(),
        visibility: Visibility::Public,
        url: "https://a.example/1".to_owned(),
        created_at: Instant(0),
    }
}

/// Speaks with the network as configured by its own examples; the session tells small limits.
fn with<R>(network: &dyn Network, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let text: String =
        network.meta().keys.iter().map(|key| format!("{} = {}\n", key.name, key.example)).collect();
    let settings = network.settings(&text.parse().unwrap()).unwrap();
    let session = Session { facts: "{\"max_characters\":60}".to_owned(), ..Session::default() };
    speak(&Ctx {
        settings: &*settings,
        session: Some(&session),
        now: Instant(0),
        own: &[],
        seed: 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn parts_fit_and_lose_nothing(
        text in r"(\PC{0,20}[ \n]?|https://example\.com/\w{0,40} |👩‍👩‍👧‍👦|e\u{301}){1,60}",
        handle in r"([a-z_0-9]{1,12}(@[a-z]{2,8}\.example)?)?",
    ) {
        prop_assume!(!text.trim().is_empty());
        let of = of(&handle);
        for network in NETWORKS {
            let (rule, parts) = with(*network, |cx| (network.length(cx), network.fit(&text, &of, cx)));
            if ONE_PIECE.contains(&network.meta().name) && !rule.fits(text.trim()) {
                prop_assert_eq!(parts.unwrap_err().next, Next::Refused);
                continue;
            }
            let parts = parts.unwrap();
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            let mut joined = String::new();
            for part in &parts {
                prop_assert!(rule.fits(&part.text), "{}: {:?}", network.meta().name, part);
                let prefix = format!("@{handle} ");
                joined += &bare(part.text.strip_prefix(&prefix).unwrap_or(&part.text));
            }
            prop_assert_eq!(joined, bare(&text), "{}", network.meta().name);
        }
    }
}

#[test]
fn an_empty_reply_is_refused() {
    for network in NETWORKS {
        let fault = with(*network, |cx| network.fit(" \n", &of("jo"), cx)).unwrap_err();
        assert_eq!(fault.next, Next::Refused, "{}", network.meta().name);
    }
}

#[test]
fn who_is_named_already_is_not_named_twice() {
    let network = ascolto::networks::network("mastodon").unwrap();
    let part = |text: &str| with(network, |cx| network.fit(text, &of("jo@o.example"), cx)).unwrap();
    assert_eq!(part("@jo@o.example ciao")[0].text, "@jo@o.example ciao");
    assert_eq!(part("@jo@o.examples ciao")[0].text, "@jo@o.example @jo@o.examples ciao");
    let hostile = with(network, |cx| network.fit("ciao", &of("jo @everybody"), cx)).unwrap();
    assert_eq!(hostile[0].text, "ciao", "a handle is no place for more words");
}

#[test]
fn no_family_is_torn_apart() {
    let family = "👩‍👩‍👧‍👦";
    for network in NETWORKS {
        if ONE_PIECE.contains(&network.meta().name) {
            continue;
        }
        let parts = with(*network, |cx| {
            let text = family.repeat(network.length(cx).limit + 10);
            network.fit(&text, &of("jo"), cx).unwrap()
        });
        assert!(parts.len() > 1, "{}", network.meta().name);
        for part in parts {
            let said = part.text.trim_start_matches("@jo ");
            assert!(said.graphemes(true).all(|g| g == family), "{}", network.meta().name);
        }
    }
}
