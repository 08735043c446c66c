//! Tests of what the rules sort out: absences are, whoever got nothing but one is heard.

use crate::classify::{About, Around, Classifier, Input};
use crate::domain::verdict::Lang;
use std::sync::OnceLock;

/// With the sentence encoder and without.
fn judges() -> &'static [Classifier; 2] {
    static JUDGES: OnceLock<[Classifier; 2]> = OnceLock::new();
    JUDGES.get_or_init(|| [Classifier::shipped().unwrap(), Classifier::lean().unwrap()])
}

fn input(text: &str, language: Lang) -> Input<'_> {
    let (language, about) = (Some(language), &About::US);
    Input { text, language, rating: None, attachments: 0, around: Around::default(), about }
}

const ABSENT: [(Lang, &str); 15] = [
    (Lang::IT, "Risposta automatica: sono in ferie fino al 20 agosto."),
    (Lang::IT, "Buongiorno, sono in ferie fino al 20 agosto e leggerò la posta al mio rientro."),
    (Lang::IT, "Messaggio generato automaticamente, si prega di non rispondere a questa mail."),
    (
        Lang::EN,
        "Automatic reply: I am out of the office until Monday with limited access to my mail.",
    ),
    (Lang::EN, "Hello, I am on annual leave until 20 August and will answer when I am back."),
    (Lang::EN, "This mailbox is not monitored. Please do not reply to this message."),
    (Lang::EN, "Delivery Status Notification (Failure): the message could not be delivered."),
    (Lang::ES, "Respuesta automática: estoy fuera de la oficina hasta el lunes."),
    (Lang::ES, "Hola, estoy de vacaciones hasta el 20 de agosto. Responderé a mi vuelta."),
    (Lang::FR, "Réponse automatique : je suis absent du bureau jusqu'au 20 août."),
    (Lang::FR, "Bonjour, je suis en congés jusqu'au 20 août et je vous répondrai à mon retour."),
    (Lang::DE, "Abwesenheitsnotiz: Ich bin bis zum 20. August nicht im Büro."),
    (Lang::DE, "Guten Tag, ich bin bis zum 20. August nicht im Büro und lese Ihre Mail danach."),
    (Lang::PT, "Resposta automática: estou ausente até 20 de agosto."),
    (Lang::PT, "Olá, estou de férias até 20 de agosto e respondo quando voltar."),
];

#[test]
fn absences_are_sorted_out_in_every_language() {
    for judge in judges() {
        for (language, text) in ABSENT {
            let verdict = judge.judge(&input(text, language));
            assert_eq!(verdict.sorted_out.as_deref(), Some("automatic"), "{text}: {verdict:?}");
            assert!(!verdict.is_complaint() && !verdict.look, "{text}");
        }
    }
}

#[test]
fn who_got_nothing_but_an_automatic_answer_is_heard() {
    let texts = [
        (
            Lang::PT,
            "Abri um chamado na segunda e até agora só a mensagem automática. Estamos sem \
                    emitir nota.",
        ),
        (
            Lang::EN,
            "@acme my kid's being sent threats in voice chat, reported 9 players, auto \
                    reply \"no violation found\" each time",
        ),
        (
            Lang::IT,
            "Codice famiglia eliminato, adesso ogni casa deve pagare a parte. La mia \
                    famiglia è mia figlia fuori sede, vediamo se vi basta perderne due insieme.",
        ),
        (
            Lang::DE,
            "Schulranzen fürs Patenkind, Einschulung war im August. Auf Mails kommt ne \
                    Abwesenheitsnotiz vom Mai",
        ),
        (
            Lang::FR,
            "Mon compte est bloqué depuis une semaine et le support renvoie toujours le \
                    même message automatique",
        ),
        // These begin with it: there the model must be very sure.
        (Lang::EN, "@acme auto reply \"no violation found\" each time I report them"),
        (Lang::IT, "Mia figlia fuori sede non riceve il pacco e nessuno sa dove sia"),
        (Lang::IT, "disiscrivermi è impossibile, mi mandate tre mail al giorno"),
        (Lang::DE, "Nur eine Abwesenheitsnotiz. Seit Mai."),
        (Lang::ES, "Respuesta automática otra vez, y el paquete sin llegar"),
    ];
    for judge in judges() {
        for (language, text) in texts {
            let verdict = judge.judge(&input(text, language));
            assert!(verdict.is_complaint(), "{text}: {verdict:?}");
            assert_eq!(verdict.sorted_out, None, "{text}");
        }
    }
}

#[test]
fn the_networks_word_for_it_is_enough_wherever_the_phrase_stands() {
    let text = "Thank you very much for your kind letter, which I have read. I am on annual leave \
                until 20 August.";
    for judge in judges() {
        let unmarked = input(text, Lang::EN);
        let marked = Around { automatic: true, ..unmarked.around };
        let marked = judge.judge(&Input { around: marked, ..unmarked });
        assert_eq!(marked.sorted_out.as_deref(), Some("automatic"), "{marked:?}");
        assert_ne!(judge.judge(&unmarked).sorted_out.as_deref(), Some("automatic"));
    }
}
