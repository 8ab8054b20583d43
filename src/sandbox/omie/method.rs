//! The methods of the API: where each lives, what it takes, what it does.

use super::record::Stamp;
use super::refusal::Refusal;
use super::schema::{self, Complex, Fields};
use super::{Omie, list, reference, tag, write};
use crate::sandbox::CallKind;

/// What a method gets: the moment, the checked object, and how a listing is disturbed.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) stamp: Stamp,
    pub(super) fields: Fields,
    pub(super) disturbed: Disturbed,
}

/// How an injected fault bends a listing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Disturbed {
    /// Shown is what was at this moment.
    pub(super) stale_ms: Option<i64>,
    /// Rows that later pages miss; negative, repeat.
    pub(super) shift: i64,
    /// Nothing is shown.
    pub(super) empty: bool,
}

/// The JSON text of a good answer, or why there is none.
pub(super) type Reply = Result<String, Refusal>;

/// One method of one service.
pub(super) struct Method {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: CallKind,
    pub(super) takes: &'static Complex,
    /// Whether an empty object is refused.
    pub(super) mandatory: bool,
    pub(super) run: fn(&mut Omie, &Ask) -> Reply,
}

const fn method(
    name: &'static str,
    kind: CallKind,
    takes: &'static Complex,
    run: fn(&mut Omie, &Ask) -> Reply,
) -> Method {
    let mandatory = !matches!(kind, CallKind::List);
    Method { service: "geral/clientes", name, kind, takes, mandatory, run }
}

/// The methods the sandbox knows.
pub(super) const METHODS: &[Method] = &[
    method("ListarClientes", CallKind::List, &schema::CLIENT_LIST, list::list_clients),
    method("ConsultarCliente", CallKind::Read, &schema::CLIENT_KEY, list::show_client),
    method("IncluirCliente", CallKind::Write, &schema::CLIENT, write::include),
    method("AlterarCliente", CallKind::Write, &schema::CLIENT, write::alter),
    method("UpsertCliente", CallKind::Write, &schema::CLIENT, write::upsert),
    method("UpsertClienteCpfCnpj", CallKind::Write, &schema::CLIENT, write::upsert_by_document),
    method("ExcluirCliente", CallKind::Write, &schema::CLIENT_KEY, write::exclude),
    method("AssociarCodIntCliente", CallKind::Write, &schema::CLIENT_KEY, write::associate),
    Method {
        service: "geral/vendedores",
        ..method("ListarVendedores", CallKind::List, &schema::SELLER_LIST, reference::list_sellers)
    },
    Method {
        service: "geral/cidades",
        ..method("PesquisarCidades", CallKind::List, &schema::CITY_LIST, reference::list_cities)
    },
    Method {
        service: "geral/paises",
        ..method("ListarPaises", CallKind::List, &schema::COUNTRY_LIST, reference::list_countries)
    },
    Method {
        service: "geral/categorias",
        ..method("ListarCategorias", CallKind::List, &schema::CATEGORY_LIST, reference::list_categories)
    },
    Method {
        service: "geral/contacorrente",
        ..method("ListarContasCorrentes", CallKind::List, &schema::ACCOUNT_LIST, reference::list_accounts)
    },
    Method {
        service: "geral/clientetag",
        ..method("IncluirTags", CallKind::Write, &schema::CLIENT_TAGS, tag::include)
    },
    Method {
        service: "geral/clientetag",
        ..method("ExcluirTags", CallKind::Write, &schema::CLIENT_TAGS, tag::exclude)
    },
    Method { service: "geral/clientetag", ..method("ListarTags", CallKind::Read, &schema::CLIENT_TAGS, tag::list) },
];
