//! The complex types of products, stock and services.

use super::schema::Kind::{Decimal, Flag, Int, Many, One, Text};
use super::schema::{Complex, LONG, ask};

/// A product.
pub(super) const PRODUCT: Complex = Complex {
    name: "produto_servico_cadastro",
    tags: &[
        ask("codigo_produto", Int),
        ask("codigo_produto_integracao", Text(60)),
        ask("codigo", Text(60)),
        ask("descricao", Text(120)),
        ask("unidade", Text(6)),
        ask("ncm", Text(13)),
        ask("valor_unitario", Decimal),
        ask("ean", Text(14)),
        ask("codigo_familia", Int),
        ask("descricao_familia", Text(50)),
        ask("codInt_familia", Text(20)),
        ask("tipoItem", Text(2)),
        ask("marca", Text(60)),
        ask("modelo", Text(60)),
        ask("peso_liq", Decimal),
        ask("peso_bruto", Decimal),
        ask("altura", Decimal),
        ask("largura", Decimal),
        ask("profundidade", Decimal),
        ask("dias_garantia", Int),
        ask("dias_crossdocking", Int),
        ask("lead_time", Int),
        ask("descr_detalhada", Text(LONG)),
        ask("obs_internas", Text(LONG)),
        ask("inativo", Flag),
        ask("bloqueado", Flag),
        ask("bloquear_exclusao", Flag),
        ask("importado_api", Flag),
        ask("quantidade_estoque", Decimal),
        ask("estoque_minimo", Decimal),
        ask("recomendacoes_fiscais", One(&TAX_ADVICE)),
    ],
};

const TAX_ADVICE: Complex = Complex {
    name: "recomendacoes_fiscais",
    tags: &[
        ask("origem_mercadoria", Text(1)),
        ask("id_preco_tabelado", Int),
        ask("id_cest", Text(9)),
        ask("cupom_fiscal", Flag),
        ask("market_place", Flag),
        ask("indicador_escala", Text(1)),
        ask("cnpj_fabricante", Text(20)),
    ],
};

/// The keys of a product.
pub(super) const PRODUCT_KEY: Complex = Complex {
    name: "produto_servico_cadastro_chave",
    tags: &[ask("codigo_produto", Int), ask("codigo_produto_integracao", Text(60)), ask("codigo", Text(60))],
};

/// What `ListarProdutos` takes.
pub(super) const PRODUCT_LIST: Complex = Complex {
    name: "produto_servico_list_request",
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
        ask("filtrar_apenas_omiepdv", Flag),
        ask("filtrar_apenas_tipo", Text(2)),
        ask("filtrar_apenas_descricao", Text(200)),
        ask("produtosPorCodigo", Many(&PRODUCT_KEY)),
        ask("exibir_caracteristicas", Flag),
        ask("exibir_tabelas_preco", Flag),
        ask("exibir_obs", Flag),
        ask("exibir_kit", Flag),
        ask("inativo", Flag),
        ask("ncm", Text(13)),
        ask("ean", Text(14)),
    ],
};

const STOCK_PRODUCT: Complex = Complex {
    name: "lista_produtos",
    tags: &[ask("nCodProd", Int), ask("cCodInt", Text(60)), ask("cCodigo", Text(60))],
};

/// What `ListarPosEstoque` takes.
pub(super) const STOCK_LIST: Complex = Complex {
    name: "ListarEstPosRequest",
    tags: &[
        ask("nPagina", Int),
        ask("nRegPorPagina", Int),
        ask("dDataPosicao", Text(10)),
        ask("cExibeTodos", Flag),
        ask("cExibeApenasPDV", Flag),
        ask("codigo_local_estoque", Int),
        ask("lista_local_estoque", Text(LONG)),
        ask("cTipoItem", Text(2)),
        ask("lista_produtos", Many(&STOCK_PRODUCT)),
    ],
};

/// What `PosicaoEstoque` takes.
pub(super) const STOCK_POSITION: Complex = Complex {
    name: "PosicaoEstoqueRequest",
    tags: &[
        ask("id_prod", Int),
        ask("cod_int", Text(20)),
        ask("data", Text(10)),
        ask("codigo_local_estoque", Int),
        ask("apenas_saldo", Flag),
    ],
};

/// What `ListarCadastroServico` takes.
pub(super) const SERVICE_LIST: Complex = Complex {
    name: "srvListarRequest",
    tags: &[
        ask("nPagina", Int),
        ask("nRegPorPagina", Int),
        ask("cOrdenarPor", Text(100)),
        ask("cOrdemDecrescente", Flag),
        ask("dInclusaoInicial", Text(10)),
        ask("hInclusaoInicial", Text(8)),
        ask("dInclusaoFinal", Text(10)),
        ask("hInclusaoFinal", Text(8)),
        ask("dAlteracaoInicial", Text(10)),
        ask("hAlteracaoInicial", Text(8)),
        ask("dAlteracaoFinal", Text(10)),
        ask("hAlteracaoFinal", Text(8)),
        ask("cDescricao", Text(100)),
        ask("cCodigo", Text(20)),
        ask("inativo", Flag),
        ask("cExibirProdutos", Flag),
    ],
};

/// The keys of a service.
pub(super) const SERVICE_KEY: Complex =
    Complex { name: "srvConsultarRequest", tags: &[ask("cCodIntServ", Text(60)), ask("nCodServ", Int)] };

/// A service as a person writes it.
pub(super) const SERVICE: Complex = Complex {
    name: "srvIncluirRequest",
    tags: &[
        ask("cCodIntServ", Text(60)),
        ask("inativo", Flag),
        ask("cabecalho", One(&SERVICE_HEAD)),
        ask("descricao", One(&SERVICE_TEXT)),
        ask("impostos", One(&SERVICE_TAXES)),
    ],
};

const SERVICE_HEAD: Complex = Complex {
    name: "cabecalho",
    tags: &[
        ask("cDescricao", Text(100)),
        ask("cCodigo", Text(20)),
        ask("cIdTrib", Text(2)),
        ask("cCodServMun", Text(20)),
        ask("cCodLC116", Text(10)),
        ask("nIdNBS", Text(9)),
        ask("nPrecoUnit", Decimal),
        ask("cCodCateg", Text(20)),
    ],
};

const SERVICE_TEXT: Complex = Complex { name: "descricao", tags: &[ask("cDescrCompleta", Text(LONG))] };

const SERVICE_TAXES: Complex = Complex {
    name: "impostos",
    tags: &[
        ask("nAliqISS", Decimal),
        ask("cRetISS", Flag),
        ask("nAliqPIS", Decimal),
        ask("cRetPIS", Flag),
        ask("nAliqCOFINS", Decimal),
        ask("cRetCOFINS", Flag),
    ],
};
