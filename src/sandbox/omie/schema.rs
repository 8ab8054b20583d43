//! The complex types of Omie that the sandbox speaks: their tags, kinds and lengths.
//!
//! Every object of a request is read against one of these; a tag that is not in it is refused, as
//! Omie does, never ignored. Numbers sent as text and text sent as numbers are taken. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::{OverLength, Switches};

/// What a request says, by the tag's own spelling.
pub(super) type Fields = BTreeMap<&'static str, Value>;

/// A structure of the API.
#[derive(Debug)]
pub(super) struct Complex {
    /// The name its faults print.
    pub(super) name: &'static str,
    /// What it may hold.
    pub(super) tags: &'static [Tag],
}

/// One tag of a structure.
#[derive(Debug)]
pub(super) struct Tag {
    /// Its spelling in answers; requests may use another case.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// When a record shows it.
    pub(super) shown: Shown,
}

/// What a tag holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// `S`, `N` or nothing.
    Flag,
    /// A whole number.
    Int,
    /// A number.
    Decimal,
    /// An object.
    One(&'static Complex),
    /// A list of objects.
    Many(&'static Complex),
}

/// When a record shows a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Empty or not.
    Always,
    /// Only with a value.
    WhenSet,
    /// With a value, when notes were asked for.
    WithNotes,
    /// With a value, when characteristics were asked for.
    WithTraits,
    /// Never: the tag exists in requests only.
    Never,
}

use Kind::{Decimal, Flag, Int, Many, One, Text};
use Shown::{Always, Never, WhenSet, WithNotes, WithTraits};

/// Text without a limit.
pub(super) const LONG: usize = usize::MAX;

const fn tag(name: &'static str, kind: Kind, shown: Shown) -> Tag {
    Tag { name, kind, shown }
}

/// A tag of requests.
pub(super) const fn ask(name: &'static str, kind: Kind) -> Tag {
    Tag { name, kind, shown: Never }
}

/// Reads an object against its type.
///
/// # Errors
///
/// The first tag that is unknown, of the wrong kind or too long.
pub(super) fn read(
    complex: &'static Complex,
    object: &Map<String, Value>,
    switches: &Switches,
) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
    for (name, value) in object {
        let found = complex.tags.iter().find(|tag| tag.name.eq_ignore_ascii_case(name));
        let tag = found.ok_or_else(|| Refusal::unknown_tag(name, complex.name))?;
        fields.insert(tag.name, coerce(tag, value, switches)?);
    }
    Ok(fields)
}

/// Puts fields into a JSON object.
pub(super) fn object(fields: Fields) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The text of a field, empty when absent.
pub(super) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number of a field, 0 when absent.
pub(super) fn int(fields: &Fields, name: &str) -> i64 {
    fields.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// Tells whether a value stands for "none".
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

fn coerce(tag: &Tag, value: &Value, switches: &Switches) -> Result<Value, Refusal> {
    match tag.kind {
        Text(longest) => {
            let longest = match tag.name {
                "endereco_numero" | "entNumero" => switches.number_max,
                _ => longest,
            };
            let text = scalar(tag, value)?;
            if text.chars().count() <= longest {
                return Ok(Value::String(text));
            }
            match switches.over_length {
                OverLength::Refuse => Err(Refusal::too_long(tag.name, longest)),
                OverLength::Cut => Ok(Value::String(text.chars().take(longest).collect())),
            }
        }
        Flag => {
            let text = scalar(tag, value)?;
            match text.as_str() {
                "S" | "N" | "" => Ok(Value::String(text)),
                other => Err(Refusal::bad_flag(tag.name, other)),
            }
        }
        Int => {
            let text = scalar(tag, value)?;
            let number = if text.trim().is_empty() { Some(0) } else { text.trim().parse::<i64>().ok() };
            number.map(Value::from).ok_or_else(|| Refusal::bad_value(tag.name))
        }
        Decimal => {
            let text = scalar(tag, value)?;
            let number = if text.trim().is_empty() { Some(0.0) } else { text.trim().parse::<f64>().ok() };
            number.map(Value::from).ok_or_else(|| Refusal::bad_value(tag.name))
        }
        One(complex) => one(tag, value, complex, switches),
        Many(complex) => many(tag, value, complex, switches),
    }
}

fn scalar(tag: &Tag, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(Refusal::bad_value(tag.name)),
    }
}

fn one(tag: &Tag, value: &Value, complex: &'static Complex, switches: &Switches) -> Result<Value, Refusal> {
    match value {
        Value::Object(inner) => read(complex, inner, switches).map(object),
        // An empty object and an empty list are one thing to the server's language.
        Value::Array(list) if list.is_empty() => Ok(Value::Object(Map::new())),
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(Refusal::bad_value(tag.name)),
    }
}

fn many(tag: &Tag, value: &Value, complex: &'static Complex, switches: &Switches) -> Result<Value, Refusal> {
    let list = match value {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return Err(Refusal::bad_value(tag.name));
        }
    };
    let rows = list.iter().map(|row| match row {
        Value::Object(inner) => read(complex, inner, switches).map(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Refusal::bad_value(tag.name))
        }
    });
    rows.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// A customer, supplier or carrier.
pub(super) const CLIENT: Complex = Complex {
    name: "clientes_cadastro",
    tags: &[
        tag("bairro", Text(60), Always),
        tag("bloqueado", Flag, Never),
        tag("bloquear_exclusao", Flag, WhenSet),
        tag("bloquear_faturamento", Flag, Always),
        tag("caracteristicas", Many(&TRAIT), WithTraits),
        tag("cep", Text(10), Always),
        tag("cidade", Text(40), Always),
        tag("cidade_ibge", Text(7), Always),
        tag("cnae", Text(7), WhenSet),
        tag("cnpj_cpf", Text(20), Always),
        tag("codigo_cliente_integracao", Text(60), Always),
        tag("codigo_cliente_omie", Int, Always),
        tag("codigo_pais", Text(4), Always),
        tag("complemento", Text(60), Always),
        tag("contato", Text(100), WhenSet),
        tag("contribuinte", Flag, WhenSet),
        tag("dadosBancarios", One(&BANK), Always),
        tag("documento_exterior", Text(20), WhenSet),
        tag("email", Text(500), Always),
        tag("endereco", Text(60), Always),
        tag("enderecoEntrega", One(&DELIVERY), Always),
        tag("endereco_numero", Text(60), Always),
        tag("enviar_anexos", Flag, WhenSet),
        tag("estado", Text(2), Always),
        tag("exterior", Flag, Always),
        tag("fax_ddd", Text(5), WhenSet),
        tag("fax_numero", Text(15), WhenSet),
        tag("homepage", Text(100), WhenSet),
        tag("importado_api", Flag, Never),
        tag("inativo", Flag, Always),
        tag("info", One(&INFO), Always),
        tag("inscricao_estadual", Text(20), Always),
        tag("inscricao_municipal", Text(20), Always),
        tag("inscricao_suframa", Text(20), WhenSet),
        tag("logradouro", Text(6), Never),
        tag("nif", Text(100), WhenSet),
        tag("nome_fantasia", Text(100), Always),
        tag("obs_detalhadas", Text(LONG), WithNotes),
        tag("observacao", Text(LONG), WithNotes),
        tag("optante_simples_nacional", Flag, WhenSet),
        tag("pesquisar_cep", Flag, Never),
        tag("pessoa_fisica", Flag, Always),
        tag("produtor_rural", Flag, WhenSet),
        tag("razao_social", Text(60), Always),
        tag("recomendacao_atraso", Text(2), WhenSet),
        tag("recomendacoes", One(&ADVICE), Always),
        tag("separar_endereco", Flag, Never),
        tag("tags", Many(&LABEL), Always),
        tag("telefone1_ddd", Text(5), WhenSet),
        tag("telefone1_numero", Text(15), WhenSet),
        tag("telefone2_ddd", Text(5), WhenSet),
        tag("telefone2_numero", Text(15), WhenSet),
        tag("tipo_atividade", Text(1), WhenSet),
        tag("valor_limite_credito", Decimal, WhenSet),
    ],
};

const ADVICE: Complex = Complex {
    name: "recomendacoes",
    tags: &[
        ask("numero_parcelas", Text(3)),
        ask("codigo_vendedor", Int),
        ask("email_fatura", Text(200)),
        ask("gerar_boletos", Flag),
        ask("codigo_transportadora", Int),
        ask("tipo_assinante", Text(1)),
    ],
};

const DELIVERY: Complex = Complex {
    name: "enderecoEntrega",
    tags: &[
        ask("entRazaoSocial", Text(60)),
        ask("entCnpjCpf", Text(20)),
        ask("entEndereco", Text(60)),
        ask("entNumero", Text(60)),
        ask("entComplemento", Text(60)),
        ask("entBairro", Text(60)),
        ask("entCEP", Text(9)),
        ask("entEstado", Text(2)),
        ask("entCidade", Text(40)),
        ask("entTelefone", Text(15)),
        ask("entIE", Text(14)),
        ask("entSepararEndereco", Flag),
    ],
};

/// Bank account; shown whole even when empty.
pub(super) const BANK: Complex = Complex {
    name: "dadosBancarios",
    tags: &[
        ask("codigo_banco", Text(3)),
        ask("agencia", Text(10)),
        ask("conta_corrente", Text(25)),
        ask("doc_titular", Text(20)),
        ask("nome_titular", Text(60)),
        ask("transf_padrao", Flag),
        ask("cChavePix", Text(60)),
    ],
};

const TRAIT: Complex = Complex { name: "caracteristicas", tags: &[ask("campo", Text(30)), ask("conteudo", Text(60))] };

const LABEL: Complex = Complex { name: "tags", tags: &[ask("tag", Text(60))] };

const INFO: Complex = Complex {
    name: "info",
    tags: &[
        ask("dInc", Text(10)),
        ask("hInc", Text(8)),
        ask("uInc", Text(10)),
        ask("dAlt", Text(10)),
        ask("hAlt", Text(8)),
        ask("uAlt", Text(10)),
        ask("cImpAPI", Flag),
    ],
};

/// The two keys of a client.
pub(super) const CLIENT_KEY: Complex = Complex {
    name: "clientes_cadastro_chave",
    tags: &[ask("codigo_cliente_omie", Int), ask("codigo_cliente_integracao", Text(60))],
};

const CLIENT_BY_CODE: Complex = Complex {
    name: "clientesPorCodigo",
    tags: &[ask("codigo_cliente_omie", Int), ask("codigo_cliente_integracao", Text(60))],
};

const CLIENT_FILTER: Complex = Complex {
    name: "clientesFiltro",
    tags: &[
        ask("codigo_cliente_omie", Int),
        ask("codigo_cliente_integracao", Text(60)),
        ask("razao_social", Text(60)),
        ask("nome_fantasia", Text(100)),
        ask("cnpj_cpf", Text(20)),
        ask("inativo", Flag),
        ask("tags", Many(&LABEL)),
        // Known to Omie and without effect.
        ask("estado", Text(2)),
        ask("cidade", Text(40)),
        ask("email", Text(500)),
        ask("bairro", Text(60)),
        ask("cep", Text(10)),
        ask("endereco", Text(60)),
        ask("inscricao_estadual", Text(20)),
        ask("inscricao_municipal", Text(20)),
        ask("inscricao_suframa", Text(20)),
        ask("pessoa_fisica", Flag),
        ask("optante_simples_nacional", Flag),
        ask("contato", Text(100)),
        ask("homepage", Text(100)),
    ],
};

/// What `ListarClientes` takes.
pub(super) const CLIENT_LIST: Complex = Complex {
    name: "clientes_list_request",
    tags: &[
        ask("pagina", Int),
        ask("registros_por_pagina", Int),
        ask("apenas_importado_api", Flag),
        ask("ordenar_por", Text(100)),
        ask("ordem_decrescente", Flag),
        ask("ordem_descrescente", Flag),
        ask("filtrar_por_data_de", Text(10)),
        ask("filtrar_por_data_ate", Text(10)),
        ask("filtrar_por_hora_de", Text(8)),
        ask("filtrar_por_hora_ate", Text(8)),
        ask("filtrar_apenas_inclusao", Flag),
        ask("filtrar_apenas_alteracao", Flag),
        ask("clientesFiltro", One(&CLIENT_FILTER)),
        ask("clientesPorCodigo", Many(&CLIENT_BY_CODE)),
        ask("exibir_caracteristicas", Flag),
        ask("exibir_obs", Flag),
    ],
};

/// What `ListarVendedores` takes.
pub(super) const SELLER_LIST: Complex = Complex {
    name: "vendListarRequest",
    tags: &[
        ask("pagina", Int),
        ask("registros_por_pagina", Int),
        ask("apenas_importado_api", Flag),
        ask("ordenar_por", Text(100)),
        ask("ordem_decrescente", Flag),
        ask("filtrar_por_data_de", Text(10)),
        ask("filtrar_por_data_ate", Text(10)),
        ask("filtrar_por_hora_de", Text(8)),
        ask("filtrar_por_hora_ate", Text(8)),
        ask("filtrar_apenas_inclusao", Flag),
        ask("filtrar_apenas_alteracao", Flag),
        ask("filtrar_por_email", Text(100)),
        ask("filtrar_por_nome", Text(70)),
    ],
};

/// What `PesquisarCidades` takes.
pub(super) const CITY_LIST: Complex = Complex {
    name: "cidListarRequest",
    tags: &[
        ask("pagina", Int),
        ask("registros_por_pagina", Int),
        ask("filtrar_cidade_contendo", Text(40)),
        ask("filtrar_por_uf", Text(2)),
        ask("filtrar_por_cidade", Text(40)),
    ],
};

/// What `ListarPaises` takes.
pub(super) const COUNTRY_LIST: Complex = Complex {
    name: "paisListarRequest",
    tags: &[
        ask("filtrar_por_codigo", Text(4)),
        ask("filtrar_por_descricao", Text(30)),
        ask("filtrar_por_codigo_iso", Text(2)),
    ],
};

/// What `ListarCategorias` takes.
pub(super) const CATEGORY_LIST: Complex = Complex {
    name: "categoria_list_request",
    tags: &[ask("pagina", Int), ask("registros_por_pagina", Int), ask("apenas_importado_api", Flag)],
};

/// What `ListarContasCorrentes` takes.
pub(super) const ACCOUNT_LIST: Complex = Complex {
    name: "fin_conta_corrente_listar_request",
    tags: &[ask("pagina", Int), ask("registros_por_pagina", Int), ask("apenas_importado_api", Flag)],
};

/// What the methods of `geral/clientetag` take.
pub(super) const CLIENT_TAGS: Complex = Complex {
    name: "ctIncluirRequest",
    tags: &[ask("nCodCliente", Int), ask("cCodIntCliente", Text(60)), ask("tags", Many(&LABEL))],
};
