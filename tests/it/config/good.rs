//! A configuration that names every key, and one that names next to none.

use super::doubles::{CounterSettings, PagerSettings, PlazaSettings};
use super::{Folder, sound};
use ascolto::domain::delivery::{Rate, Wake};
use ascolto::domain::escalation::At;
use ascolto::domain::public::Stopgap;
use ascolto::domain::time::{DAY, HOUR, MINUTE, SECOND};
use ascolto::domain::{Kind, Lang, PerMillion, Risk, Topic};

const EVERYTHING: &str = r##"
[store]
url = "postgres://ascolto:pw_1234@db/ascolto"

[web]
listen = "0.0.0.0:80"
public_url = "https://ascolto.example/inbox/"
session_hours = 4

[fetch]
timeout = "5s"
allow_private = ["10.0.0.0/8", "intranet:8080"]
user_agent_contact = "social@acme.example"

[triage]
alert_at = 0.5
look_at = 0.25
encoder = false

[priority]
severity_2 = 1
severity_3 = 2
second_strike = 3
third_strike = 4
strikes_within = "180d"
safety = 5
legal = 6
press = 7
vulnerable = 8
privacy = 9
churn = 10
ignored = 11
repeat = 12
sarcasm = 13
reach = 14
window = 15
customer_low = 16
customer_normal = 17
customer_high = 18
customer_vip = 19

[lookup]
url = "https://crm.acme.example/ascolto"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
timeout = "1s"
keep = "2h"
in_alerts = false

[brand.acme]
title = "Acme"
terms = ["acme", "acme spa"]
ambiguous = ["Acme"]
handles = ["@acme", "acme_help"]
context = ["parcel"]
exclusions = ["granite"]
domains = ["www.Acme.example", "acme.shop.example"]
campaigns = [
    { name = "fall", terms = ["#acmefall", "acme days"], from = "2026-10-25", to = 2026-10-25, storm_at = 100, alert_at = 0.75 },
]
language = "en-GB"
zone = "Europe/Rome"
owes = ["complaint"]
alert_max_age = "3d"
sla = "gold"
calendar = "shop"
recipients = ["desk"]
escalation = "ladder"
wakes = ["legal", "safety"]
on_call = "desk"
lead = "desk"
signature = "Anna"
look_at = 0.125
storm_at = 30
look_digest = ["16:30", "08:15", "16:30"]
learn = false
sample = 0
follow_up = [{ topic = "refund", after = "7d" }]
handovers = ["window"]

[[brand.acme.pledge]]
title = "delivered in 48 hours"
topic = "delivery"
phrases = ["48 hours", "two days"]

[[brand.acme.pledge]]
title = "Money back"

[sla.gold]
first_response = ["8h", "4h", "30m"]
question = "10h"
next_response = "2h"
resolution = "5d"
rules = [
  { network = "plaza", severity = 3, language = "fr", first_response = "10m" },
  { kind = "complaint", resolution = "3d", answer_at_latest = "1d" },
]
answer_at_latest = "2d"

[calendar.shop]
zone = "Europe/London"
monday = ["09:00-13:00", "14:00-18:00"]
tuesday = ["09:00-18:00"]
wednesday = ["09:00-18:00"]
thursday = ["09:00-18:00"]
friday = ["09:00-18:00"]
saturday = ["22:00-06:00"]
sunday = []
holidays = ["2026-12-25", 2026-12-26]
country = "uk-sct"
closures = [{ name = "stocktaking", from = 2026-02-02, to = "2026-02-04" }]
files = ["bank.ics"]

[escalation.ladder]
levels = [
    { at = "0%", to = ["desk"] },
    { at = "50%", to = ["duty", "desk"], repeat = "30m", severity_from = 2 },
    { at = "100%", to = ["duty"] },
    { at = "overdue+2h", to = ["duty"] },
]
fallback = "duty"
last_resort = "desk"

[rota.duty]
people = ["desk", "desk"]
zone = "Europe/Rome"
start = 2026-11-01
every = "2w"
change = "monday 08:30"
hours = ["08:00-20:00"]
overrides = [{ who = "desk", from = "2026-12-24 18:00", to = 2026-12-26 }]
absences = [{ who = "desk", from = 2026-08-03, to = "2026-08-16" }]

[channel.square]
network = "plaza"
brand = "acme"
every = "2m"
first_look = "0"
own_ids = ["1", "2"]
disabled = true
probe_every = "1h"
granted_by = "Anna"
owner = "desk"
instance = "https://plaza.example"
token = "tk_1"
limit = 0x28
tags = ["parcels"]
boosts = true

[public.videos]
brand = "acme"
title = "TikTok"
url = "https://videos.example/@acme"
stopgap = "link"
note = "Anna looks there."

[public.maps]
brand = "acme"
url = "https://maps.example/acme"
stopgap = "none"

[recipient.desk]
notifier = "pager"
language = "fr"
number = "0815"
at_most = "5/15m"
quiet = ["22:00-07:00", "13:00-14:00"]
agent = "anna"
zone = "Europe/Lisbon"

[handover.window]
system = "counter"
language = "de"
may_see_private = true
window = "C"
"##;

#[test]
fn every_key_arrives() {
    let bank = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260504\nSUMMARY:Bank\nEND:VEVENT\nEND:VCALENDAR\n";
    let folder = Folder::of(&[("a.toml", EVERYTHING), ("bank.ics", bank)]);
    let config = sound(folder.load("a.toml", &[]));
    assert!(config.store.url.expose().starts_with("postgres://"));
    assert_eq!(config.web.listen.to_string(), "0.0.0.0:80");
    assert_eq!(config.web.public_url, "https://ascolto.example/inbox");
    assert_eq!(config.web.session_hours, 4);
    assert_eq!(config.fetch.timeout_ms, 5 * SECOND);
    assert_eq!(config.fetch.allow_private, ["10.0.0.0/8", "intranet:8080"]);
    assert_eq!(config.fetch.user_agent_contact.as_deref(), Some("social@acme.example"));

    let brand = &config.brands["acme"];
    assert_eq!((brand.name.as_str(), brand.title.as_str()), ("acme", "Acme"));
    assert_eq!(brand.terms, ["acme", "acme spa"]);
    assert_eq!(brand.handles, ["acme", "acme_help"]);
    assert_eq!(
        (&brand.context[..], &brand.exclusions[..]),
        (&["parcel".into()][..], &["granite".into()][..])
    );
    assert_eq!(brand.ambiguous.as_deref(), Some(&["Acme".to_owned()][..]));
    assert_eq!(brand.domains, ["acme.example", "acme.shop.example"]);
    let [fall] = &brand.campaigns[..] else { panic!("{:?}", brand.campaigns) };
    assert_eq!((fall.name.as_str(), fall.terms.len()), ("fall", 2));
    assert_eq!(fall.from.to_string(), "2026-10-24T22:00:00.000Z", "in the brand's own zone");
    assert_eq!(fall.to - fall.from, 25 * HOUR, "the last day counts, an hour given back too");
    assert_eq!((brand.storm_at, fall.storm_at), (30, Some(100)));
    assert_eq!((fall.alert_at, fall.look_at), (Some(PerMillion(750_000)), None));
    assert_eq!((brand.language, brand.owes.as_slice()), (Lang::EN, &[Kind::Complaint][..]));
    assert_eq!(brand.alert_max_age, 3 * DAY);
    assert_eq!((brand.alert_at, brand.look_at), (PerMillion(500_000), PerMillion(125_000)));
    let digests: Vec<_> = brand.look_digest.iter().map(ToString::to_string).collect();
    assert_eq!(digests, ["08:15:00", "16:30:00"], "each once, the earliest first");
    assert_eq!(brand.recipients, ["desk"]);
    let ladder = brand.escalation.as_ref().expect("it has one");
    let times = [At::Share(0), At::Share(50), At::Overdue(0), At::Overdue(2 * HOUR)];
    assert_eq!(ladder.levels.iter().map(|l| l.at).collect::<Vec<_>>(), times);
    let second = &ladder.levels[1];
    assert_eq!(
        (&second.to[..], second.repeat),
        (&["duty", "desk"].map(String::from)[..], Some(30 * MINUTE))
    );
    assert_eq!((second.severity_from, ladder.levels[2].severity_from), (2, 1));
    let ways = (ladder.fallback.as_deref(), ladder.last_resort.as_deref());
    assert_eq!((ladder.name.as_str(), ways), ("ladder", (Some("duty"), Some("desk"))));
    let duty = &config.rotas["duty"];
    assert_eq!((duty.people.len(), duty.every, duty.hours.len()), (2, 14, 1));
    assert_eq!(duty.first.to_string(), "2026-11-02", "the first Monday from its start on");
    assert_eq!((duty.change.hour(), duty.change.minute()), (8, 30));
    let stands_in = &duty.overrides[0];
    assert_eq!(stands_in.from.to_string(), "2026-12-24T17:00:00.000Z", "by its own clocks");
    assert_eq!(stands_in.to.to_string(), "2026-12-26T23:00:00.000Z", "the last day counts");
    assert_eq!(duty.absences[0].to - duty.absences[0].from, 14 * DAY);
    assert_eq!(
        (&brand.wakes[..], brand.on_call.as_deref()),
        (&[Wake::Legal, Wake::Safety][..], Some("desk"))
    );
    assert_eq!((brand.signature.as_str(), brand.lead.as_str()), ("Anna", "desk"));
    let weights = &brand.priority;
    assert_eq!((weights.severity, weights.strikes_within), ([0, 1, 2], 180 * DAY));
    assert_eq!((weights.second_strike, weights.third_strike), (3, 4));
    assert_eq!((weights.reach, weights.window), (14, 15));
    assert_eq!(weights.customer.values().copied().collect::<Vec<_>>(), [16, 17, 18, 19]);
    let lookup = config.lookup.as_ref().unwrap();
    assert_eq!((lookup.timeout_ms, lookup.keep_ms, lookup.in_alerts), (1_000, 2 * HOUR, false));
    let risks = ["safety", "legal", "press", "vulnerable", "privacy", "churn", "ignored", "repeat"];
    for (name, points) in risks.iter().zip(5..) {
        assert_eq!(weights.risk[&name.parse::<Risk>().unwrap()], points, "{name}");
    }
    assert!(!brand.learn && brand.sample == 0 && !config.encoder);
    let pledges: Vec<_> =
        brand.pledges.iter().map(|p| (p.title.as_str(), p.topic, p.phrases.len())).collect();
    let quick = ("delivered in 48 hours", Some(Topic::Delivery), 2);
    assert_eq!(pledges, [quick, ("Money back", None, 1)]);
    assert_eq!(brand.pledges[1].phrases, ["Money back"], "the title is its own phrase");
    let rules: Vec<_> = brand.follow_up.iter().map(|r| (r.topic, r.after)).collect();
    assert_eq!(rules, [(Topic::Refund, 7 * DAY)]);
    assert_eq!(brand.sla.first_response, [8 * HOUR, 4 * HOUR, 30 * MINUTE]);
    assert_eq!((brand.sla.question, brand.sla.answer_at_latest), (10 * HOUR, 2 * DAY));
    let next = Some([2 * HOUR; 3]);
    assert_eq!((brand.sla.next_response, brand.sla.resolution), (next, Some(5 * DAY)));
    let [place, complaint] = &brand.sla.rules[..] else { panic!("{:?}", brand.sla.rules) };
    assert_eq!(place.to_string(), "network = \"plaza\", severity = 3, language = \"fr\"");
    assert_eq!(place.first_response, Some(10 * MINUTE));
    assert_eq!((complaint.resolution, complaint.answer_at_latest), (Some(3 * DAY), Some(DAY)));
    assert_eq!(brand.calendar.zone.iana_name(), Some("Europe/London"));
    assert_eq!(brand.calendar.week.each_ref().map(Vec::len), [2, 1, 1, 1, 1, 1, 0]);
    assert_eq!(brand.calendar.holidays.len(), 2);
    let regions: Vec<_> = brand.calendar.regions.iter().map(|r| r.code()).collect();
    assert_eq!(regions, ["uk-sct"]);
    let closed: Vec<_> = brand.calendar.closures.values().map(String::as_str).collect();
    assert_eq!(closed, ["stocktaking", "stocktaking", "stocktaking", "Bank"]);
    assert_eq!(brand.zone.iana_name(), Some("Europe/Rome"), "days are counted in its own zone");

    let public: Vec<_> = brand
        .public
        .iter()
        .map(|p| (p.name.as_str(), p.title.as_str(), p.stopgap, p.note.as_str()))
        .collect();
    let videos = ("videos", "TikTok", Stopgap::Link, "Anna looks there.");
    assert_eq!(public, [("maps", "maps", Stopgap::None, ""), videos]);
    assert_eq!(brand.public[1].url, "https://videos.example/@acme");

    let channel = &config.channels["square"];
    assert_eq!((channel.name.as_str(), channel.brand.as_str()), ("square", "acme"));
    assert_eq!(channel.network.meta().name, "plaza");
    assert_eq!((channel.every_ms, channel.disabled), (Some(2 * MINUTE), true));
    assert_eq!(channel.first_look_ms, Some(0));
    assert_eq!(channel.own, ["1", "2"]);
    assert_eq!(channel.probe_every_ms, Some(HOUR));
    let (granted_by, owner) = (channel.granted_by.as_deref(), channel.owner.as_deref());
    assert_eq!((granted_by, owner), (Some("Anna"), Some("desk")));
    assert!(channel.given.gives("token") && !channel.given.gives("instance"));
    let settings: &PlazaSettings = channel.settings.downcast_ref().unwrap();
    assert_eq!(
        (settings.instance.as_str(), settings.token.expose()),
        ("https://plaza.example", "tk_1")
    );
    assert_eq!((settings.limit, settings.boosts), (Some(40), true));
    assert_eq!(settings.tags, ["parcels"]);

    let recipient = &config.recipients["desk"];
    assert_eq!((recipient.name.as_str(), recipient.language), ("desk", Lang::parse("fr")));
    assert_eq!(recipient.notifier.meta().name, "pager");
    assert_eq!(recipient.at_most, Some(Rate { most: 5, window_ms: 15 * MINUTE }));
    assert_eq!(recipient.quiet.len(), 2);
    assert_eq!(recipient.agent.as_deref(), Some("anna"));
    assert_eq!(recipient.zone.as_ref().and_then(|z| z.iana_name()), Some("Europe/Lisbon"));
    assert_eq!(recipient.settings.downcast_ref::<PagerSettings>().unwrap().number, "0815");

    assert_eq!(brand.handovers, ["window"]);
    let handover = &config.handovers["window"];
    assert_eq!((handover.name.as_str(), handover.language), ("window", Some(Lang::DE)));
    assert_eq!((handover.system.meta().name, handover.may_see_private), ("counter", true));
    assert_eq!(handover.settings.downcast_ref::<CounterSettings>().unwrap().window, "C");

    let warned: Vec<_> = config.warnings.iter().map(|w| w.what.as_str()).collect();
    assert_eq!(warned, ["no channel listens for it"], "a disabled channel does not listen");
}

#[test]
fn little_is_enough_and_says_what_it_lacks() {
    let text = "[store]\nurl = \"sqlite:a.db\"\n[brand.acme]\nzone = \"Europe/Rome\"\n[sla.x]\nfirst_response = \"1h\"\n[web]\nlisten = \"[::]:7070\"\n";
    let folder = Folder::of(&[("a.toml", text)]);
    let config = sound(folder.load("a.toml", &[]));
    let brand = &config.brands["acme"];
    assert_eq!((brand.terms.as_slice(), brand.title.as_str()), (&["acme".to_owned()][..], "acme"));
    assert_eq!((brand.alert_at, brand.look_at), (PerMillion(600_000), PerMillion(350_000)));
    assert_eq!(brand.look_digest.len(), 2, "twice a day");
    assert_eq!((brand.wakes.as_slice(), &brand.on_call), (&Wake::USUAL[..], &None));
    assert_eq!(brand.sample, 50, "a week");
    assert_eq!(brand.calendar.week[5].len(), 0);
    assert_eq!(brand.calendar.zone.iana_name(), Some("Europe/Rome"));
    let warned: Vec<_> = config.warnings.iter().map(|w| (w.line, w.key.as_str())).collect();
    assert_eq!(warned, [(3, "brand.acme"), (3, "brand.acme"), (8, "web.listen")]);
}

#[test]
fn a_folder_is_one_configuration() {
    let folder = Folder::of(&[
        (
            "1.toml",
            "[store]\nurl = \"sqlite:a.db\"\n[channel.square]\nnetwork = \"plaza\"\nbrand = \"acme\"\ninstance = \"https://plaza.example\"\ntoken = \"tk_1\"\n",
        ),
        ("2.toml", "[brand.acme]\nzone = \"Europe/Rome\"\n"),
        ("notes.txt", "not [ toml"),
    ]);
    let config = sound(folder.load("", &[]));
    assert_eq!((config.brands.len(), config.channels.len()), (1, 1));
}

#[test]
fn a_name_in_two_files_names_both_places() {
    let folder = Folder::of(&[
        ("1.toml", "[store]\nurl = \"sqlite:a.db\"\n[brand.acme]\nzone = \"Europe/Rome\"\n"),
        ("2.toml", "\n[brand.acme]\nzone = \"Europe/Rome\"\n[store]\nurl = \"sqlite:b.db\"\n"),
    ]);
    let wrong = folder.wrong("", &[]);
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
    assert!(
        wrong[0].starts_with("2.toml:2: brand.acme: defined twice, first at 1.toml:3."),
        "{wrong:#?}"
    );
    assert!(
        wrong[1].starts_with("2.toml:4: store: defined twice, first at 1.toml:1."),
        "{wrong:#?}"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::of(&[]);
    std::fs::write(folder.path("latin.toml"), b"[brand.caff\xe8]\n").unwrap();
    let absent = folder.wrong("absent.toml", &[]);
    assert_eq!(absent.len(), 1);
    assert!(absent[0].starts_with("absent.toml: there is no such file"), "{absent:?}");
    assert!(absent[0].contains("Copy config/ascolto.example.toml"), "{absent:?}");
    assert!(folder.wrong("latin.toml", &[])[0].contains("not UTF-8"));
    std::fs::remove_file(folder.path("latin.toml")).unwrap();
    assert!(folder.wrong("", &[])[0].contains("no file that ends in .toml"));
}
