//! Every shipped case, and the runner itself.

use std::path::Path;

use depara::cases::{self, Tested};
use depara::config::files::{self, Files};
use depara::diagnostic::Diagnostics;
use depara::workspace::Workspace;

fn shipped() -> Files {
    let mut complaints = Diagnostics::default();
    let files = files::workspace(Path::new(env!("CARGO_MANIFEST_DIR")), &mut complaints);
    assert!(complaints.is_clean(), "{complaints}");
    files
}

fn run(files: &Files, filter: Option<&str>) -> Tested {
    let workspace = Workspace::compile(files, &|_| None, Diagnostics::default());
    cases::run(&workspace.unwrap_or_else(|complaints| panic!("{complaints}")), filter)
}

fn told(tested: &Tested) -> String {
    let mut text = tested.complaints.to_string();
    for outcome in &tested.outcomes {
        for failure in &outcome.failures {
            let (place, what) = (&failure.place, &failure.what);
            text += &format!(
                "{place}: {}: {what}\n  expected {}\n  found {}\n",
                outcome.title, failure.expected, failure.found
            );
        }
    }
    text
}

#[test]
fn every_shipped_case_passes() {
    let tested = run(&shipped(), None);
    assert!(tested.is_clean(), "\n{}", told(&tested));
    assert!(tested.outcomes.len() >= 80, "{} cases", tested.outcomes.len());
}

#[test]
fn of_a_value_that_stands_there_no_rule_is_asked_whether_it_waits() {
    let mut files = shipped();
    let rules = files.get_mut("scripts/addresses.rhai").unwrap();
    let head = "fn named_city(code, client) {\n";
    assert!(rules.contains(head));
    *rules = rules.replace(head, &format!("{head}    throw \"asked\";\n"));
    // The street moves, and the city is empty on both sides.
    let tested = run(&files, Some("rule-01-typed-beside-the-delivery-address"));
    assert_eq!((tested.outcomes.len(), told(&tested)), (1, String::new()));
    let tested = run(&files, Some("rule-01-delivery-city-without-a-name"));
    assert!(told(&tested).contains("asked"), "{}", told(&tested));
}

/// The rule of a group is given the members that nobody changed as they are shown, not as they were shared.
#[test]
fn a_member_of_a_group_that_nobody_changed_is_not_written_in_other_words() {
    let mut files = shipped();
    let rules = files.get_mut("scripts/phones.rhai").unwrap();
    for name in ["read_omie_phones", "write_omie_phones"] {
        assert!(rules.contains(&format!("fn {name}(")));
        *rules = rules.replace(&format!("{name}("), &format!("shipped_{name}("));
    }
    *rules += "
fn read_omie_phones(client) { #{ telefone1: client.telefone1_numero, telefone2: client.telefone2_numero } }
fn write_omie_phones(phones, client) { #{ telefone1_numero: phones.telefone1, telefone2_numero: phones.telefone2 } }
";
    let case = "\
case: one of two phones changes
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: A, telefone1_numero: (11) 3222-1000, telefone2_numero: (11) 98888-7777 }
ploomes: { Id: 10, Key: \"7\", Name: A, Phones: [{ PhoneNumber: 1132221001 }, { PhoneNumber: 11988887777 }] }
base: { ploomes: { Phones: [{ PhoneNumber: 1132221000 }, { PhoneNumber: 11988887777 }] } }
expect: { update: { omie: { telefone1_numero: \"1132221001\" } } }
";
    files.insert("tests/cases/omie-ploomes/clientes/one.yaml".to_owned(), case.to_owned());
    let tested = run(&files, Some("clientes/one"));
    assert_eq!((tested.outcomes.len(), told(&tested)), (1, String::new()));

    let rules = files.get_mut("scripts/phones.rhai").unwrap();
    *rules = rules.replace("telefone2_numero: phones", "telefone3_numero: phones");
    let told = told(&run(&files, Some("clientes/one")));
    assert!(told.contains("the rule of telefones gives `telefone3_numero`, which is not under its `of:`"), "{told}");
}

#[test]
fn a_word_of_a_table_is_found_as_the_canon_of_its_line_compares() {
    let case = "\
case: a word in other letters
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora, pessoa_fisica: s }
expect: { create: { ploomes: { TypeId: 2 } } }
";
    let tested = |canon: &str| {
        let mut files = shipped();
        let mapping = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
        let plain = "label: Tipo de pessoa,";
        assert!(mapping.contains(plain));
        *mapping = mapping.replace(plain, &format!("{plain}{canon}"));
        files.insert("tests/cases/omie-ploomes/clientes/word.yaml".to_owned(), case.to_owned());
        told(&run(&files, Some("clientes/word")))
    };
    assert_eq!(tested(" canon: text,"), "");
    assert!(tested("").contains("Tipo de pessoa has no known value on the other side"), "{}", tested(""));
}

/// What a rule gives and no record can hold is told; nothing is emptied for it.
#[test]
fn what_no_record_can_hold_waits_and_empties_nothing() {
    let case = "\
case: a rule gives something else
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora, email: novo@ex.com, homepage: nan }
ploomes: { Id: 10, Key: \"7\", Name: Aurora, Email: velho@ex.com, Website: \"1\" }
base: { omie: { email: velho@ex.com, homepage: \"1\" } }
expect: { update: { ploomes: { Email: novo@ex.com, Website: nan } } }
";
    let tested = |rule: &str, shape: &str| {
        let mut files = shipped();
        let mut change = |file: &str, from: &str, to: &str| {
            let text = files.get_mut(file).unwrap();
            assert!(text.contains(from), "{from}");
            *text = text.replace(from, to);
        };
        change(
            "mappings/omie-ploomes/clientes.yaml",
            "Email, canon: email",
            "Email, canon: email, rule: { ploomes: odd }",
        );
        change("mappings/systems/ploomes.yaml", "Website: text", &format!("Website: {shape}"));
        *files.get_mut("scripts/omie-ploomes/clientes.rhai").unwrap() +=
            &format!("fn read_odd(shown) {{ shown }}\nfn write_odd(mail, old) {{ {rule} }}\n");
        files.insert("tests/cases/omie-ploomes/clientes/odd.yaml".to_owned(), case.to_owned());
        told(&run(&files, Some("clientes/odd")))
    };
    assert_eq!(tested("mail", "text"), "");
    for (rule, shape, why) in [
        ("0.0 / 0.0", "text", "`NaN` is given, which no record can hold"),
        ("|x| x", "text", "which no record can hold"),
        ("[mail]", "text", "Email is a list or a map, which cannot stand there"),
        ("mail", "number", "`nan` is no number"),
        ("mail", "list", "is a single value, which cannot stand there"),
    ] {
        let told = tested(rule, shape);
        assert!(told.contains(why), "{rule}: {told}");
    }
}

#[test]
fn a_rule_that_is_asked_who_wins_and_does_not_say_holds_the_record() {
    let case = "\
case: a rule decides
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora, email: omie@ex.com }
ploomes: { Id: 10, Key: \"7\", Name: Aurora, Email: ploomes@ex.com }
base: { omie: { email: velho@ex.com }, ploomes: { Email: velho@ex.com } }
expect: { conflict: { Email: omie }, update: { ploomes: { Email: omie@ex.com } } }
";
    let plain = "email <=> Email: { label: Email, canon: email";
    let script = "scripts/omie-ploomes/clientes.rhai";
    let tested = |body: &str| {
        let mut files = shipped();
        let mapping = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
        assert!(mapping.contains(plain));
        *mapping = mapping.replace(plain, &format!("{plain}, on_conflict: {{ rule: who }}"));
        let line = files[script].lines().count() + 1;
        *files.get_mut(script).unwrap() += &format!("fn who(left, right) {{ {body} }}\n");
        files.insert("tests/cases/omie-ploomes/clientes/asked.yaml".to_owned(), case.to_owned());
        (told(&run(&files, Some("clientes/asked"))), format!("{script}:{line}"))
    };
    assert_eq!(tested("\"left\"").0, "");
    for (body, why) in [
        ("\"omie\"", "`on_conflict` wants \"left\", \"right\" or ()"),
        ("throw \"erro\"", "erro"),
        ("while true {}", "too many operations"),
        ("who(left, right)", "stack overflow"),
    ] {
        let (told, place) = tested(body);
        assert!(told.contains(why) && told.contains(&place), "{body}: {told}");
    }
}

#[test]
fn the_twin_of_a_record_that_cannot_be_read_waits_and_is_not_born_again() {
    let case = "\
case: a rule fails on the contact
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora, cnpj_cpf: 11.222.333/0001-81, pessoa_fisica: N }
ploomes: { Id: 10, Name: Aurora, Register: \"11222333000181\", TypeId: 1 }
expect: { unreadable: { omie: sem telefones, ploomes: sem telefones } }
";
    let head = "fn read_contact_phones(contact) {\n";
    let mut files = shipped();
    let script = files.get_mut("scripts/phones.rhai").unwrap();
    assert!(script.contains(head));
    *script = script.replace(head, &format!("{head}    if contact.Phones == () {{ throw \"sem telefones\"; }}\n"));
    files.insert("tests/cases/omie-ploomes/clientes/broken.yaml".to_owned(), case.to_owned());
    assert_eq!(told(&run(&files, Some("clientes/broken"))), "");
}

#[test]
fn what_is_neither_a_reason_nor_nothing_holds_the_record_as_a_rule_that_failed() {
    let head = "fn skip_inactive_seller(contact) {\n";
    for answer in ["false", "1", "[]"] {
        let mut files = shipped();
        let script = files.get_mut("scripts/omie-ploomes/clientes.rhai").unwrap();
        assert!(script.contains(head));
        *script = script.replace(head, &format!("{head}    if contact.Name != () {{ return {answer}; }}\n"));
        let told = told(&run(&files, Some("rule-05-empty-legal-name-is-sent-as-the-name")));
        assert!(told.contains(&format!("gave {answer}, which is no reason")), "{answer}: {told}");
    }
}

#[test]
fn what_a_case_says_wrongly_is_complained_about() {
    let plain = "\
case: nothing moves
mapping: omie-ploomes/clientes
omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora }
ploomes: { Id: 10, Key: \"7\", Name: Aurora }
base: {}
expect: { nothing: true }
";
    let said = |from: &str, to: &str| {
        assert!(plain.contains(from));
        let mut files = shipped();
        files.insert("tests/cases/omie-ploomes/clientes/said.yaml".to_owned(), plain.replace(from, to));
        told(&run(&files, Some("clientes/said")))
    };
    assert_eq!(said("base", "base"), "");
    for (from, to, complaint) in [
        (
            "codigo_cliente_omie: 7",
            "codigo_cliente_omie: 7, home_page: www",
            "`omie.clientes` has no field `home_page`",
        ),
        ("base: {}", "base: { ploomes: { Web: www } }", "`ploomes.contacts` has no field `Web`"),
        ("base: {}", "base: {}\ntoday: 02/03/2026", "`02/03/2026` is no day"),
        (
            "base: {}",
            "base: {}\nlookups: { ploomes.users: [{ Id: 1, Mail: a@ex.example }] }",
            "`ploomes.users` has no field `Mail`",
        ),
        (
            "omie: { codigo_cliente_omie: 7, nome_fantasia: Aurora }\nploomes: { Id: 10, Key: \"7\", Name: Aurora }\n\
             base: {}\n",
            "",
            "this case has no record",
        ),
        ("base: {}", "base: {}\ntoday: 2026-02-30", "`2026-02-30` is no day"),
    ] {
        let told = said(from, to);
        assert!(told.contains(complaint), "{to}: {told}");
    }
    let told = said("nothing: true", "waits: { Emial: espera }");
    assert!(
        told.contains("did you mean `Email`?") && !told.contains("expects nothing"),
        "one mistake, told twice: {told}"
    );
    for absent in ["ambiguous: 0", "linked: false", "quarantined: false"] {
        assert_eq!(said("nothing: true", absent), "", "{absent}");
    }
}
