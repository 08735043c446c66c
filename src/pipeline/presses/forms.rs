//! Forms: what an act asks for besides, opened for whoever pressed, or shown by a page of ours.

use super::meant::Meant;
use super::told;
use crate::domain::time::DAY;
use crate::fetch::Peer;
use crate::links::{Act, Button};
use crate::pipeline::{Deps, StepResult, acts};
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;
use crate::store::{cases, drafts, mentions};
use crate::wire::{Answer, Asks, Form};

/// A form or its page works this long once it was opened.
const LIFE: i64 = DAY;

/// The form of an act, in the recipient's language; no form where it could do nothing any more,
/// where another draft stands than was seen, or where a shared room would show what is private.
pub(super) async fn open(
    deps: &Deps,
    meant: &Meant<'_>,
    words: &'static Catalogue,
) -> StepResult<Answer> {
    let mut tx = deps.store.read().await?;
    let file = cases::load(&mut tx, &[meant.case]).await?.into_iter().next();
    let Some(file) = file else { return Ok(told::no_case(deps, words)) };
    let rows = mentions::of_case(&mut tx, meant.case).await?;
    let private = rows.iter().any(|row| row.visibility == "private");
    let draft = match meant.act {
        Act::Edit { .. } | Act::Publish { .. } => drafts::draft(&mut tx, meant.case).await?,
        _ => None,
    };
    drop(tx);
    let asks = acts::asks(meant.act);
    let (is_text, is_sure) = (asks == Asks::Text, asks == Asks::Sure);
    // Of what was promised a person may still write.
    let writes = (is_text || is_sure) && file.case.is_awaited();
    if file.case.owed().next().is_none() && !writes {
        return Ok(told::over(deps, &file.case, words));
    }
    if let (Act::Edit { draft_rev } | Act::Publish { draft_rev }, Some(draft)) = (meant.act, &draft)
        && draft.rev != draft_rev
    {
        return told::stale(deps, meant.case, draft, words).await;
    }
    let label = words.get(match asks {
        Asks::Until => "press.ask_until",
        Asks::Text => "press.ask_text",
        Asks::Link => "press.ask_link",
        Asks::Sure => "chat.public",
        Asks::Nothing | Asks::Reason => "press.ask_reason",
    });
    let expires = deps.now() + LIFE;
    let button = match meant.button {
        Some(token) => token.to_owned(),
        None => {
            let button = Button { act: meant.act, case: meant.case, expires };
            deps.signer.sign_button(button, &meant.recipient.name)
        }
    };
    let title = match asks {
        Asks::Sure => words.get("link.ask_publish").to_owned(),
        _ => words.get(&format!("action.{}", meant.act.name())).to_owned(),
    };
    let send = match asks {
        Asks::Sure => as_whom(deps, &file, words),
        Asks::Text => words.get("action.publish").to_owned(),
        _ => words.get("press.send").to_owned(),
    };
    let text = if is_sure { title.clone() } else { label.to_owned() };
    let form = Form {
        title,
        label: label.to_owned(),
        text: draft.map(|draft| draft.text).filter(|_| is_text).unwrap_or_default(),
        send,
        button,
        asks,
        limit: longest(deps, &file).filter(|_| is_text),
    };
    let name = &meant.recipient.name;
    let nonce = deps.ids.bytes();
    let link = deps.signer.link(&deps.links, meant.act, meant.case, name, expires, nonce);
    let form = (!(private && (is_text || is_sure))).then_some(form);
    Ok(Answer { text, done: false, form, link })
}

/// As whom and where a reply would stand; where its channel is no more, what publishing is called.
fn as_whom(deps: &Deps, file: &CaseFile, words: &Catalogue) -> String {
    match deps.channels.get(&file.case.channel) {
        Some(channel) => acts::publishing(deps, file, channel, words),
        None => words.get("action.publish").to_owned(),
    }
}

/// The longest reply where the case stands, in the network's own count: no network counts a text
/// shorter than it has graphemes, but for long addresses.
fn longest(deps: &Deps, file: &CaseFile) -> Option<usize> {
    let channel = deps.channels.get(&file.case.channel)?;
    let owned = deps.engine.glance(Peer::Network(channel.network), &channel.link);
    Some(channel.network.length(&owned.cx()).limit)
}
