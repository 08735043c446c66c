"use strict";
// Ascolto without this script works whole; with it pages stay current and the draft is counted.

const URL_LENGTH = 23;

// How long a text is where it will stand, nearly: the server's count decides.
function length(text, counting) {
  if (counting === "bytes") return new TextEncoder().encode(text).length;
  if (counting === "utf16") return text.length;
  let counted = text;
  if (counting === "mastodon" || counting === "x") {
    counted = counted.replace(/https?:\/\/\S+/gu, "-".repeat(URL_LENGTH));
  }
  if (counting === "mastodon") counted = counted.replace(/(@[\w.-]+)@[\w.-]+\w/gu, "$1");
  const graphemes = "Segmenter" in Intl
    ? Array.from(new Intl.Segmenter().segment(counted), (s) => s.segment)
    : Array.from(counted);
  if (counting !== "x") return graphemes.length;
  const heavy = (g) => /\p{Extended_Pictographic}/u.test(g) || g.codePointAt(0) > 0x10ff;
  return graphemes.reduce((sum, g) => sum + (heavy(g) ? 2 : 1), 0);
}

function count() {
  const text = document.getElementById("text");
  const out = document.getElementById("count");
  if (!text || !out) return;
  const left = Number(text.dataset.limit) - length(text.value.trim(), text.dataset.counting);
  out.className = left < 0 ? "over" : "calm";
  out.textContent = (left < 0 ? out.dataset.over : out.dataset.left).replace("#", String(Math.abs(left)));
}

// Whether somebody is in the middle of something that a refresh would take away.
function busy() {
  const main = document.getElementById("main");
  const fields = main.querySelectorAll("textarea, input:not([type=hidden]):not([type=checkbox])");
  const typed = Array.from(fields).some((f) => f.value !== f.defaultValue);
  const open = Array.from(main.querySelectorAll("details.ask[open]")).some((d) => d.contains(document.activeElement));
  return typed || open || document.activeElement instanceof HTMLSelectElement;
}

let waiting = null;
let loading = false;

// Puts the page as it stands now in the place of this one, keeping focus and open parts.
async function refresh() {
  waiting = null;
  if (loading) { later(); return; }
  if (busy() || document.hidden) { later(); return; }
  loading = true;
  try {
    const address = new URL(location.href);
    address.searchParams.delete("done");
    const answer = await fetch(address, { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (!fresh || busy()) return;
    const main = document.getElementById("main");
    const focus = document.activeElement && document.activeElement.closest("a[href]");
    const href = focus && main.contains(focus) ? focus.getAttribute("href") : null;
    main.replaceChildren(...fresh.childNodes);
    if (href) {
      const again = Array.from(main.querySelectorAll("a[href]")).find((a) => a.getAttribute("href") === href);
      if (again) again.focus({ preventScroll: true });
    }
    count();
  } catch {
    // The stream says when the connection is back.
  } finally {
    loading = false;
  }
}

function later(wait = 1500) {
  if (waiting === null) waiting = setTimeout(refresh, wait);
}

function listen() {
  const live = document.getElementById("live");
  if (!live || !("EventSource" in window)) return;
  const say = (on) => {
    live.className = on ? "live on" : "live off";
    live.textContent = on ? live.dataset.live : live.dataset.lost;
  };
  let lost = false;
  const events = new EventSource("/api/v1/events");
  events.onopen = () => { say(true); if (lost) later(0); lost = false; };
  events.onerror = () => { say(false); lost = true; };
  events.onmessage = (event) => {
    const here = document.querySelector("[data-case]");
    if (here && JSON.parse(event.data).subject !== here.dataset.case) return;
    later(here ? 300 : 1500);
  };
}

document.addEventListener("input", (event) => { if (event.target.id === "text") count(); });
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form) form.requestSubmit();
});
count();
listen();
