//! A case in a Discord channel: one message that changes, and a short one after it for what rings.

use crate::doubles::discord::Discord;
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::pipeline::acts::Act;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna! @everyone [Apri](https://evil.example)"}"#;
const AGAIN: &str = r#"{"at":10,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;

#[tokio::test]
async fn a_case_is_one_message_that_changes_as_it_moves() {
    let discord = Discord::start().await;
    let script = format!("{COMPLAINT}\n{AGAIN}");
    let more = format!("[recipient.hall]\nnotifier = \"discord\"\nurl = \"{}\"\n", discord.url);
    let plan = Plan { script: &script, recipients: &["hall"], more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    discord.script.then(Trouble::Refuse(429, Some(20)));
    t.pass(5).await;
    let standing = discord.standing();
    assert_eq!(standing.len(), 1, "{standing:?}");
    let embed = &standing[0]["embeds"][0];
    assert!(embed["title"].as_str().unwrap().starts_with("Nuovo reclamo"), "{embed}");
    let said = embed["description"].as_str().unwrap();
    assert!(said.contains("\\[Apri\\]\\(https\\:"), "{said}");
    let row = standing[0]["components"][0]["components"].as_array().unwrap();
    assert!(row.iter().any(|button| button["url"].as_str().unwrap().contains("/act/")));

    t.pass(8).await;
    let standing = discord.standing();
    assert_eq!(standing.len(), 2, "it changed, and a word says so");
    let title = |n: usize| standing[n]["embeds"][0]["title"].as_str().unwrap_or_default();
    assert!(title(0).starts_with("Reclama di nuovo"), "{standing:?}");
    assert!(standing[1]["content"].as_str().unwrap().starts_with("Reclama di nuovo"));

    t.act("p1", "ada", Act::Take).await.unwrap();
    t.pass(1).await;
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    let standing = discord.standing();
    let over = standing[0].to_string();
    assert_eq!(standing.len(), 2, "nothing more rang");
    assert!(over.contains("Risposto, dice ada") && !over.contains("/act/"), "{over}");
    t.close().await;
}
