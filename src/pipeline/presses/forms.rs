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

/// The form of an act, in the recipient's language; no form where it could do nothing any more, or
/// where a shared room would show what is private.
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
        Act::Edit { .. } => drafts::draft(&mut tx, meant.case).await?,
        _ => None,
    };
    drop(tx);
    let asks = acts::asks(meant.act);
    let is_text = asks == Asks::Text;
    // Of what was promised a person may still write.
    let writes = is_text && file.case.is_awaited();
    if file.case.owed().next().is_none() && !writes {
        return Ok(told::over(deps, &file.case, words));
    }
    if let (Act::Edit { draft_rev }, Some(draft)) = (meant.act, &draft)
        && draft.rev != draft_rev
    {
        return told::stale(deps, meant.case, draft, words).await;
    }
    let label = words.get(match asks {
        Asks::Until => "press.ask_until",
        Asks::Text => "press.ask_text",
        Asks::Link => "press.ask_link",
        Asks::Nothing | Asks::Sure | Asks::Reason => "press.ask_reason",
    });
    let expires = deps.now() + LIFE;
    let button = match meant.button {
        Some(token) => token.to_owned(),
        None => {
            let button = Button { act: meant.act, case: meant.case, expires };
            deps.signer.sign_button(button, &meant.recipient.name)
        }
    };
    let action = format!("action.{}", meant.act.name());
    let send = if is_text { "action.publish" } else { "press.send" };
    let form = Form {
        title: words.get(&action).to_owned(),
        label: label.to_owned(),
        text: draft.map(|draft| draft.text).filter(|_| is_text).unwrap_or_default(),
        send: words.get(send).to_owned(),
        button,
        asks,
        limit: longest(deps, &file).filter(|_| is_text),
    };
    let name = &meant.recipient.name;
    let nonce = deps.ids.bytes();
    let link = deps.signer.link(&deps.links, meant.act, meant.case, name, expires, nonce);
    let form = (!(private && is_text)).then_some(form);
    Ok(Answer { text: label.to_owned(), done: false, form, link })
}

/// The longest reply where the case stands, in the network's own count: no network counts a text
/// shorter than it has graphemes, but for long addresses.
fn longest(deps: &Deps, file: &CaseFile) -> Option<usize> {
    let channel = deps.channels.get(&file.case.channel)?;
    let owned = deps.engine.glance(Peer::Network(channel.network), &channel.link);
    Some(channel.network.length(&owned.cx()).limit)
}
