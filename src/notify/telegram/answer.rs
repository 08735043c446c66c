//! What the Bot API answers: that it was done, or why not and what to do about it.

use super::{ALL, CHAT};
use crate::domain::Instant;
use crate::domain::text::{one_line, without_lone_surrogates};
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::wire::{Delivered, Fault, Got, Next, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// How soon is asked again while another program asks by the same token.
const OTHER_READER: i64 = MINUTE;

/// Reads JSON of the server; what is no UTF-8 in names becomes U+FFFD.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let text = String::from_utf8_lossy(body);
    let repaired = || without_lone_surrogates(&text).and_then(|t| serde_json::from_str(&t).ok());
    serde_json::from_str(&text).ok().or_else(repaired)
}

/// Reads where the message stands that was sent.
pub(super) fn sent(got: Got) -> Result<Delivered, Fault> {
    #[derive(Deserialize)]
    struct Sent {
        result: Stands,
    }
    #[derive(Deserialize)]
    struct Stands {
        message_id: i64,
        chat: Chat,
    }
    #[derive(Deserialize)]
    struct Chat {
        id: i64,
    }
    let Sent { result } = read(&got.http()?.body).ok_or_else(foreign)?;
    Ok(Delivered { remote: format!("{}/{}", result.chat.id, result.message_id) })
}

/// Whatever else answers 200 (a proxy, a log-in page of a hotel) has told nobody.
pub(super) fn foreign() -> Fault {
    Fault::refused("the answer is not Telegram's; write the address of a Bot API server")
}

/// Whether an answer says that it was done, or done before.
pub(super) fn is_done(res: &Response) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Done {
        ok: bool,
    }
    let done = !res.is_success() || read::<Done>(&res.body).is_some_and(|done| done.ok);
    if done { Ok(()) } else { Err(foreign()) }
}

/// Whether a refusal is none to worry about.
pub(super) fn passes(res: &Response) -> bool {
    // What was to be written stands there; or the press is so old that nobody waits any more.
    let fine = ["message is not modified", "query is too old", "query id is invalid"];
    res.status == 400 && fine.iter().any(|words| Problem::of(res).says(words))
}

/// What an answer means that is none of success.
pub(super) fn fault(res: &Response, token: &str, now: Instant) -> Option<Fault> {
    if res.is_success() {
        return None;
    }
    let problem = Problem::of(res);
    let said = one_line(&problem.description.replace(token, "[secret]"), 200);
    let fault = |next, why: &str| Some(Fault::new(next, format!("{why} (HTTP {})", res.status)));
    match res.status {
        401 | 404 => {
            fault(Next::Auth, "Telegram does not know the token; copy it from BotFather again")
        }
        403 => fault(
            Next::Auth,
            &format!(
                "the bot may not write there: {said}; let it into the chat again, or write \
                 another `chat`"
            ),
        ),
        409 if problem.says("webhook") => fault(
            Next::Refused,
            "the bot has a webhook, and Telegram hands presses out one way only; call \
             deleteWebhook, or make a bot for these alerts alone",
        ),
        409 => fault(
            Next::Retry { after: Some(OTHER_READER) },
            "another program reads by the same token; stop it, or make a bot for these alerts \
             alone",
        ),
        429 => {
            // A day at most: a wrong figure must not silence a recipient for years.
            let wait = problem.retry_after?.clamp(0, DAY / SECOND) * SECOND;
            let method = res.url.as_ref().map_or("", Url::path);
            let writes = ["/sendMessage", "/editMessageText"];
            let of_chat = writes.iter().any(|name| method.ends_with(name));
            let bucket = Some(if of_chat { CHAT } else { ALL });
            fault(Next::Throttled { bucket, until: now + wait }, "the limit is used up")
        }
        400 => {
            let (next, why) = problem.refusal(&said);
            fault(next, &why)
        }
        _ => None,
    }
}

/// Telegram's own words about what went wrong, and what it says beside them.
#[derive(Default)]
struct Problem {
    description: String,
    retry_after: Option<i64>,
    moved_to: Option<i64>,
}

impl Problem {
    /// Reads the problem of an answer; nothing known if it carries none.
    fn of(res: &Response) -> Problem {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            description: String,
            parameters: Option<Parameters>,
        }
        #[derive(Deserialize)]
        struct Parameters {
            retry_after: Option<i64>,
            migrate_to_chat_id: Option<i64>,
        }
        let Some(answer) = read::<Answer>(&res.body) else { return Problem::default() };
        let told = answer.parameters;
        Problem {
            description: answer.description,
            retry_after: told.as_ref().and_then(|told| told.retry_after),
            moved_to: told.and_then(|told| told.migrate_to_chat_id),
        }
    }

    fn says(&self, words: &str) -> bool {
        self.description.to_lowercase().contains(words)
    }

    /// What a refusal means, and what to do about it; `said` is its text as it may be shown.
    fn refusal(&self, said: &str) -> (Next, String) {
        let any = |all: &[&str]| all.iter().any(|words| self.says(words));
        if let Some(chat) = self.moved_to {
            let why = format!("the group became a supergroup; write `chat = {chat}` instead");
            return (Next::Gone, why);
        }
        if any(&["chat not found"]) {
            let why = "Telegram shows the bot no such chat; write its number with the sign, and let \
                       the bot in, or let the person write to it first";
            return (Next::Gone, why.to_owned());
        }
        if any(&["to edit not found", "can't be edited", "message_id_invalid"]) {
            return (Next::Gone, "the message was deleted".to_owned());
        }
        if any(&["thread not found", "topic_closed", "topic_deleted"]) {
            let why = format!("the topic is closed or not there: {said}; write another `topic`");
            return (Next::Gone, why);
        }
        if any(&["not enough rights", "have no rights", "administrator rights"]) {
            let why = format!("the bot may not write there: {said}; give it that right");
            return (Next::Auth, why);
        }
        (Next::Refused, format!("Telegram refuses it: {said}"))
    }
}
