//! Every code a complaint can have: a file of `tests/broken` that earns it, and what people see.
//!
//! A broken file says in its first line which file of `tests/broken/_workspace` it stands for. Its own
//! name begins with its code; further mistakes of one code have a word of their own behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use depara::cases::laws::laws;
use depara::cli::render::diagnostic::drawn;
use depara::config::files::{self, Files};
use depara::diagnostic::{Code, Diagnostics, Weight};
use depara::pages;
use depara::workspace::Workspace;

fn broken() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// The broken files and their codes, and the snapshots beside them.
fn files_of_codes() -> Vec<(PathBuf, Code)> {
    let paths = fs::read_dir(broken()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<_> = paths
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let code = Code::named(name.split('.').next().unwrap());
            let code = code.unwrap_or_else(|| panic!("{} belongs to no code", path.display()));
            (path, code)
        })
        .collect();
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What the small workspace complains of with some of its files in another form, one after the other.
fn complaints_with(changes: &[Vec<u8>]) -> Diagnostics {
    let folder = tempfile::tempdir().unwrap();
    copy(&broken().join("_workspace"), folder.path());
    for bytes in changes {
        let first = String::from_utf8_lossy(bytes).lines().next().unwrap().to_owned();
        let path = first.trim_start_matches(['#', '/']).trim();
        assert!(path.contains('.'), "`{first}` names no file of the workspace");
        fs::write(folder.path().join(path), bytes).unwrap();
    }
    let mut found = Diagnostics::default();
    let read = files::disk(folder.path(), &mut found);
    let env = |name: &str| ["ERP_KEY", "CRM_TOKEN"].contains(&name).then(|| "s3cret".to_owned());
    Workspace::compile(&read, &env, found).map_or_else(|found| found, |workspace| workspace.warnings)
}

/// The same, with what the laws find where the code is one of theirs.
fn complaints_for(code: Code, changes: &[Vec<u8>]) -> Diagnostics {
    let mut all = complaints_with(changes);
    if ![Code::LawBroken, Code::LawUnsaid, Code::NeverAtRest].contains(&code) || !all.is_clean() {
        return all;
    }
    let mut files = files::disk(&broken().join("_workspace"), &mut Diagnostics::default());
    for bytes in changes {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let name = text.lines().next().unwrap().trim_start_matches('#').trim().to_owned();
        files.insert(name, text);
    }
    let env = |_: &str| Some("s3cret".to_owned());
    let workspace = Workspace::compile(&files, &env, Diagnostics::default()).ok().unwrap();
    let (_, found) = laws(&workspace, None, &BTreeMap::new());
    all.sources.extend(found.sources);
    all.list.extend(found.list);
    all
}

fn text_of(all: &Diagnostics) -> String {
    all.list.iter().map(|one| drawn(one, all, false)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_workspace_itself_is_clean() {
    let all = complaints_with(&[]);
    assert!(all.is_clean(), "{all}");
}

#[test]
fn every_code_has_a_file_that_earns_it_and_a_snapshot() {
    let mut earned = BTreeSet::new();
    for (file, code) in files_of_codes() {
        let (stem, ending) = (file.file_stem().unwrap().to_str().unwrap(), file.extension().unwrap());
        if ending == "snap" {
            let has_input = ["yaml", "rhai"].iter().any(|ending| file.with_extension(ending).is_file());
            assert!(has_input, "{} is the snapshot of nothing", file.display());
            continue;
        }
        earned.insert(code);
        let all = complaints_for(code, &[fs::read(&file).unwrap()]);
        assert!(!all.is_clean(), "{} earns nothing", file.display());
        // One mistake is one complaint: nothing that follows from it is told.
        assert!(all.list.iter().all(|one| one.code == code), "{} earns more than `{code}`:\n{all}", file.display());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(broken());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_input_file(&file);
        settings.bind(|| insta::assert_snapshot!(stem, text_of(&all)));
    }
    let silent: Vec<Code> = Code::ALL.into_iter().filter(|code| !earned.contains(code)).collect();
    assert_eq!(silent, [], "no file of tests/broken earns these");
}

#[test]
fn no_complaint_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    copy(&broken().join("_workspace"), folder.path());
    for text in [
        "accounts:\n  - account: acme\n    systems: { erp: { kee: hunter2hunter2 } }\n    mappings: {}\n",
        "accounts:\n  - account: acme\n    systems:\n      erp:\n        key hunter2hunter2\n      crm: 1\n",
        "accounts:\n  - account: acme\n    systems:\n      erp: { key: \"hunter2hunter2 }\n",
    ] {
        fs::write(folder.path().join("depara.yaml"), text).unwrap();
        let mut found = Diagnostics::default();
        let read = files::disk(folder.path(), &mut found);
        let all = Workspace::compile(&read, &|_| None, found).err().unwrap();
        assert!(!text_of(&all).contains("hunter"), "{}", text_of(&all));
    }
}

/// The examples of a page: what stands between its fences, without the spaces in front.
fn examples(page: &str) -> Vec<Vec<u8>> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks.map(|block| format!("{}\n", block.split_once('\n').unwrap().1).into_bytes()).collect()
}

#[test]
fn every_code_has_its_pages_and_their_examples_are_true() {
    for code in Code::ALL {
        for (language, page) in [("en", pages::english(code)), ("pt", pages::portuguese(code))] {
            let name = format!("src/pages/{language}/{code}.md");
            assert!(page.starts_with(&format!("# {code}: ")), "{name} does not begin with its code");
            let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(headings.len(), 1, "{name} has other headings than the repair: {headings:?}");
            let warns = page.contains("\n\nThis is a warning. ") || page.contains("\n\nÉ um aviso. ");
            assert_eq!(warns, code.weight() == Weight::Warning, "{name} and the weight of its code disagree");
            let examples = examples(page);
            // A page is UTF-8, and so can show no file that is none.
            if code == Code::Unreadable {
                assert!(examples.is_empty(), "{name} shows what nobody can");
                continue;
            }
            let [broken, repaired] = &examples[..] else { panic!("{name} shows no example and its repair") };
            let all = complaints_for(code, std::slice::from_ref(broken));
            assert!(all.list.iter().any(|one| one.code == code), "the example of {name} earns:\n{all}");
            // A file under a wrong name is repaired by another file.
            let kept = if code == Code::UnusedFile { vec![] } else { vec![broken.clone()] };
            let all = complaints_for(code, &[kept, vec![repaired.clone()]].concat());
            assert!(all.is_sound(), "the repair of {name} earns:\n{all}");
            assert!(!all.list.iter().any(|one| one.code == code), "the repair of {name} still earns:\n{all}");
        }
        assert_eq!(
            examples(pages::english(code)),
            examples(pages::portuguese(code)),
            "the pages of {code} show different examples"
        );
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    for language in ["en", "pt"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages").join(language);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let code = path.file_stem().and_then(|stem| Code::named(stem.to_str()?));
            assert!(code.is_some(), "{} belongs to no code", path.display());
        }
    }
}

/// One mistake in the shipped files, as an edit of one of them.
struct Slip {
    file: &'static str,
    written: &'static str,
    instead: &'static str,
    earns: Code,
    /// In how many other places it shows.
    also: usize,
}

const fn slip(file: &'static str, (written, instead): (&'static str, &'static str), earns: Code, also: usize) -> Slip {
    Slip { file, written, instead, earns, also }
}

/// Mistakes that many lines, mappings or cases come across.
fn slips() -> Vec<Slip> {
    let (contacts, tasks) = ("mappings/omie-ploomes/clientes.yaml", "mappings/omie-auvo/tarefas-os.yaml");
    let (erp, crm) = ("mappings/systems/omie.yaml", "mappings/systems/ploomes.yaml");
    let lines = "scripts/omie-auvo/linhas.rhai";
    vec![
        slip(lines, ("fn linked_client(", "fn known_client("), Code::UnknownRule, 4),
        slip(lines, ("fn read_services(", "fn read_works("), Code::UnknownRule, 2),
        slip(lines, ("fn linked_client(client, order)", "fn linked_client(client)"), Code::RuleArity, 4),
        slip(tasks, (", omie-auvo/ordens]", "]"), Code::UnknownRule, 2),
        slip(contacts, ("label: Vendedor padrão ⇔ Responsável", "label: Vendedor"), Code::UnknownField, 2),
        slip(contacts, ("\nfields:\n", "\n"), Code::MissingKey, 14),
        slip(contacts, ("fields:\n      telefone1", "\n  fields:\n      telefone1"), Code::BadArrow, 0),
        slip(contacts, ("link: omie.clientes <=>", "link: omie.clientes =>"), Code::UnreachableOption, 19),
        slip(
            contacts,
            ("  nome_fantasia <=> Name: { label: Nome, hold: { ploomes: named } }\n", ""),
            Code::RequiredUnfed,
            1,
        ),
        slip(tasks, ("link: omie.ordens_servico <=", "link: omie.ordens_servico =>"), Code::UnreachableOption, 9),
        slip(tasks, ("dDtPrevisao <= taskDate", "dDtPrevisao => taskDate"), Code::UnreachableOption, 0),
        slip(tasks, ("birth:\n  omie:\n", "birth:\n"), Code::UnknownSystem, 3),
        slip(tasks, ("\nrules:\n", "\n"), Code::UnknownKey, 1),
        slip(tasks, ("{check_in}", "{chek_in}"), Code::UnknownParameter, 0),
        slip("mappings/omie-auvo/clientes.yaml", ("\nmapping: ", "\nmapping: x"), Code::UnknownMapping, 4),
        slip(erp, ("\nsystem: omie", "\nsystem: omi"), Code::UnknownSystem, 7),
        slip(erp, ("\n  vendedores:", "\n  vendedor:"), Code::UnknownLookup, 1),
        slip(erp, ("\nrequest:\n", "\n"), Code::UnknownKey, 1),
        slip(erp, ("secrets: [app_key, app_secret]\n", ""), Code::UnknownField, 1),
        slip(erp, ("cadastrad[oa] para o'", "cadastrad[oa para o'"), Code::BadValue, 0),
        slip(erp, ("'{date(since, \"%d/%m/%Y\")}'", "'{dat(since, \"%d/%m/%Y\")}'"), Code::RhaiUnknownFunction, 0),
        slip(crm, ("\n  phone_types:", "\n  phone_kinds:"), Code::UnknownResource, 1),
    ]
}

#[test]
fn a_word_of_an_account_that_no_rule_fills_is_told_where_it_stands() {
    let mut all = files::carried();
    let account = "accounts:\n  - account: acme\n    systems:\n      omie: { app_key: k, app_secret: s }\n      auvo: \
                   { api_key: k, api_token: t }\n    mappings:\n      omie-auvo/clientes: {}\n      omie-auvo/produtos: \
                   {}\n      omie-auvo/servicos: {}\n      omie-auvo/tarefas-os:\n        categoria: \"1.01\"\n        \
                   conta_corrente: 5\n        observacao: \"{codgo} { relatorio }\"\n";
    all.insert("depara.yaml".to_owned(), account.to_owned());
    let found = Workspace::compile(&all, &|_| None, Diagnostics::default()).err().unwrap();
    let told: Vec<_> = found.list.iter().map(|one| (one.code, one.hint.as_deref(), one.place.clone())).collect();
    let [(Code::UnknownParameter, Some("did you mean `codigo`?"), Some(place))] = &told[..] else { panic!("{found}") };
    assert_eq!((&*place.file, place.line), ("depara.yaml", 13));
}

#[test]
fn one_mistake_is_one_complaint_however_often_it_is_met() {
    let shipped = files::carried();
    for Slip { file, written, instead, earns, also } in slips() {
        let mut files = shipped.clone();
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(written), "{file} has no `{written}`");
        *text = text.replacen(written, instead, 1);
        let all = complaints_of(&files);
        let told: Vec<_> = all.list.iter().map(|one| (one.code, one.also.len())).collect();
        assert_eq!(told, [(earns, also)], "`{instead}` in {file}:\n{}", text_of(&all));
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let mut files = files::carried();
    for (at, Slip { file, written, instead, .. }) in slips().into_iter().enumerate() {
        if [0, 10].contains(&at) {
            let text = files.get_mut(file).unwrap();
            *text = text.replacen(written, instead, 1);
        }
    }
    let text = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
    *text =
        text.replace("canon: phone_br", "canon: phone").replace("{ label: Website, canon", "{ label: Website, cannon");
    let all = complaints_of(&files);
    let told: Vec<_> = all.list.iter().map(|one| (one.code, one.also.len())).collect();
    let expected =
        [(Code::UnknownRule, 4), (Code::UnreachableOption, 0), (Code::UnknownKey, 0), (Code::UnknownCanon, 2)];
    assert_eq!(told, expected, "{}", text_of(&all));
}

#[test]
fn a_mistake_in_one_line_hides_none_in_another() {
    for torn in [("label: Website, canon", "label: Website, cannon"), ("every: 10m", "every: 10")] {
        for (written, instead, code) in [
            ("cities by IBGECode in", "cities by IBGECod in", Code::UnknownPath),
            ("- cnpj_cpf <=> Register", "- contato <=> Register", Code::UnmatchedKey),
            ("if_empty: { omie: nome_fantasia }", "if_empty: { omie: contato }", Code::UnknownField),
            (
                "cnae <=> CNAECode: { label: Código CNAE, canon: digits }",
                "cnae => Note: { table: { A: B } }",
                Code::TableOpen,
            ),
            ("  nome_fantasia <=> Name: { label: Nome, hold: { ploomes: named } }\n", "", Code::RequiredUnfed),
        ] {
            let mut files = files::carried();
            let text = files.get_mut("mappings/omie-ploomes/clientes.yaml").unwrap();
            for (written, instead) in [torn, (written, instead)] {
                assert!(text.contains(written), "nobody wrote `{written}`");
                *text = text.replacen(written, instead, 1);
            }
            let all = complaints_of(&files);
            assert!(all.list.iter().any(|one| one.code == code), "`{}` hides `{instead}`:\n{}", torn.1, text_of(&all));
        }
    }
}

/// What `depara check` says of files, those about the cases among them.
fn complaints_of(files: &Files) -> Diagnostics {
    let env = |_: &str| Some("s3cret".to_owned());
    match Workspace::compile(files, &env, Diagnostics::default()) {
        Ok(workspace) => {
            let mut all = workspace.warnings.clone();
            depara::cases::read(&workspace, &mut all);
            all.sort();
            all
        }
        Err(all) => all,
    }
}

#[test]
fn mappings_of_one_pair_are_told_apart_by_what_they_keep() {
    let both = fs::read(broken().join("same-pair.yaml")).unwrap();
    let written = |name: &str, from: &str, to: &str| {
        let file = format!("mappings/erp-crm/{name}.yaml");
        let text = fs::read_to_string(broken().join("_workspace").join(&file)).unwrap();
        assert!(text.contains(from), "{file} does not hold `{from}`");
        format!("# {file}\n{}", text.replace(from, to)).into_bytes()
    };
    let clients = written("clients", "rules: { ", "rules: { keep: { erp: may_be_born }, ");
    let [at_erp, at_crm] = ["erp", "crm"].map(|side| {
        let rules = format!("scripts: [names]\nparameters: {{ least: {{ title: Fewest, kind: integer, default: 2 }} }}\nrules: {{ keep: {{ {side}: may_be_born }} }}\nmatch:");
        written("suppliers", "match:", &rules)
    });
    let turned = written("suppliers", "erp.clients => crm.contacts", "crm.contacts <= erp.clients");
    let turned = String::from_utf8(turned).unwrap();
    let turned = turned.replace("document <=> Document", "Document <=> document");
    let turned = turned.replace("name => Name", "Name <= name").replace("document => Document", "Document <= document");
    for (changes, told) in [
        (vec![&clients, &at_erp], false),
        (vec![&clients, &at_crm], true),
        (vec![&clients], true),
        (vec![&at_erp], true),
        (vec![&turned.into_bytes()], true),
    ] {
        let changes: Vec<Vec<u8>> = changes.into_iter().chain([&both]).cloned().collect();
        let all = complaints_with(&changes);
        // The rule asks for the name of a client, and a contact has none of that name.
        let others = all.list.iter().filter(|one| one.code != Code::RuleBlind);
        let codes: Vec<Code> = others.map(|one| one.code).collect();
        assert_eq!(codes, if told { vec![Code::SamePair] } else { vec![] }, "{all}");
    }
}
