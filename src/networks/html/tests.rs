//! What the converter makes of tidy, untidy and hostile HTML.

use super::*;
use proptest::prelude::*;

fn text(html: &str) -> String {
    to_text(html, Invisible::Drop)
}

#[test]
fn a_mastodon_post_reads_as_its_author_wrote_it() {
    let html = "<p><span class=\"h-card\"><a href=\"https://b.example/@acme\" class=\"u-url mention\">@<span>acme</span></a></span> perch&eacute; &amp; quando?<br />Terza <b>settimana</b></p><p>Basta &#8230;</p>";
    assert_eq!(text(html), "@acme perché & quando?\nTerza settimana\n\nBasta …");
}

#[test]
fn hidden_parts_of_addresses_go_or_stay() {
    let html = "see <a href='x'><span class=\"invisible\">https://</span><span class=\"ellipsis\">shop.example/or</span><span class=\"invisible\">der/7</span></a>!";
    assert_eq!(text(html), "see shop.example/or!");
    assert_eq!(to_text(html, Invisible::Keep), "see https://shop.example/order/7!");
}

#[test]
fn an_unclosed_hiding_span_hides_nothing() {
    assert_eq!(text("<span class=invisible>no parcel"), "no parcel");
}

#[test]
fn untidy_html_keeps_its_words() {
    assert_eq!(
        text("1 < 2 && 3 > 2 &copy &bogus; &#xD800;"),
        "1 < 2 && 3 > 2 &copy &bogus; \u{FFFD}"
    );
    assert_eq!(text("a<!-- <b> --><script>if (a<b) x()</script>b<style>p{}</style>"), "ab");
    assert_eq!(text("<a title=\"1 > 0\">link</a> <unclosed"), "link <unclosed");
    assert_eq!(text("<ul><li>one<li>two</ul><table><tr><td>a<td>b</table>"), "- one\n- two\na b");
    assert_eq!(text("<p>\n\n</p><p></p><br><br><br>x\u{A0} y<br><br><br><br>z"), "x y\n\nz");
    assert_eq!(text("<pre>a\nb</pre>"), "a\nb");
}

#[test]
fn attributes_are_found_in_every_quoting() {
    assert_eq!(
        attribute(" rel=alternate HREF='/a?b=1&amp;c' x", "href").as_deref(),
        Some("/a?b=1&c")
    );
    assert_eq!(attribute(" = = \"", "href"), None);
    assert_eq!(attribute(" href", "href").as_deref(), Some(""));
}

#[test]
fn hostile_lengths_take_no_time() {
    for piece in [
        "<",
        "<a \"",
        "<!--",
        "&",
        "<span class=invisible>",
        "<p>",
        "<script>",
        "<script></script",
        "&#",
    ] {
        let html = piece.repeat(2_000_000 / piece.len());
        assert!(text(&html).len() <= TEXT_LIMIT + 64, "{piece}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(html in "(<[a-z/!\"' =]{0,9}>?|&#?[a-zA-Z0-9]{0,5};?|-->|\\PC{0,3}|\n){0,40}") {
        to_text(&html, Invisible::Drop);
        to_text(&html, Invisible::Keep);
        attribute(&html, "a");
        each_tag(&html, |_, _| {});
    }

    #[test]
    fn plain_words_come_through(text in "[a-zé ]{0,40}") {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(to_text(&text, Invisible::Drop), words);
    }
}
