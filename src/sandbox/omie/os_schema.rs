//! The complex types of service orders.

use super::schema::Kind::{Decimal, Flag, Int, Many, One, Text};
use super::schema::{Complex, LONG, ask};

/// A service order.
pub(super) const ORDER: Complex = Complex {
    name: "osCadastro",
    tags: &[
        ask("Cabecalho", One(&HEAD)),
        ask("InformacoesAdicionais", One(&MORE)),
        ask("Email", One(&MAIL)),
        ask("Departamentos", Many(&DEPARTMENT)),
        ask("ServicosPrestados", Many(&SERVICE)),
        ask("Parcelas", Many(&INSTALMENT)),
        ask("Observacoes", One(&NOTES)),
        ask("InfoCadastro", One(&INFO)),
        ask("despesasReembolsaveis", One(&EXPENSES)),
        ask("produtosUtilizados", One(&PRODUCTS)),
    ],
};

const HEAD: Complex = Complex {
    name: "Cabecalho",
    tags: &[
        ask("cCodIntOS", Text(60)),
        ask("nCodOS", Int),
        ask("cNumOS", Text(15)),
        ask("cCodIntCli", Text(60)),
        ask("nCodCli", Int),
        ask("dDtPrevisao", Text(10)),
        ask("cEtapa", Text(2)),
        ask("nCodVend", Int),
        ask("nQtdeParc", Int),
        ask("cCodParc", Text(3)),
        ask("cDescParc", Text(LONG)),
        ask("nCodCtr", Int),
        ask("nValorTotal", Decimal),
        ask("nValorTotalImpRet", Decimal),
    ],
};

const MORE: Complex = Complex {
    name: "InformacoesAdicionais",
    tags: &[
        ask("cCodCateg", Text(20)),
        ask("nCodCC", Int),
        ask("cNumPedido", Text(30)),
        ask("cNumContrato", Text(20)),
        ask("cContato", Text(100)),
        ask("cDadosAdicNF", Text(LONG)),
        ask("cCodObra", Text(15)),
        ask("cCodART", Text(20)),
        ask("nCodProj", Int),
        ask("cCidPrestServ", Text(40)),
        ask("dDataRps", Text(10)),
        ask("cNumRecibo", Text(10)),
        ask("cUsoConsumo", Flag),
        ask("nIdDestinatario", Int),
    ],
};

const MAIL: Complex = Complex {
    name: "Email",
    tags: &[
        ask("cEnvRecibo", Flag),
        ask("cEnvLink", Flag),
        ask("cEnvBoleto", Flag),
        ask("cEnvPix", Flag),
        ask("cEnvViaUnica", Flag),
        ask("cEnviarPara", Text(LONG)),
    ],
};

const DEPARTMENT: Complex = Complex {
    name: "Departamentos",
    tags: &[ask("cCodDepto", Text(40)), ask("nPerc", Decimal), ask("nValor", Decimal), ask("nValorFixo", Flag)],
};

const SERVICE: Complex = Complex {
    name: "ServicosPrestados",
    tags: &[
        ask("nCodServico", Int),
        ask("cCodIntServico", Text(60)),
        ask("cTribServ", Text(2)),
        ask("cCodServMun", Text(20)),
        ask("cCodServLC116", Text(20)),
        ask("nQtde", Decimal),
        ask("nValUnit", Decimal),
        ask("cDescServ", Text(LONG)),
        ask("cDadosAdicItem", Text(LONG)),
        ask("cRetemISS", Flag),
        ask("cTpDesconto", Text(1)),
        ask("nValorDesconto", Decimal),
        ask("nAliqDesconto", Decimal),
        ask("nValorAcrescimos", Decimal),
        ask("nValorOutrasRetencoes", Decimal),
        ask("cNbs", Text(9)),
        ask("cCodCategItem", Text(20)),
        ask("cNaoGerarFinanceiro", Flag),
        ask("cReembolso", Flag),
        ask("nSeqItem", Int),
        ask("nIdItem", Int),
        ask("cAcaoItem", Text(1)),
        ask("cCodigo", Text(20)),
    ],
};

const INSTALMENT: Complex = Complex {
    name: "Parcelas",
    tags: &[
        ask("nParcela", Int),
        ask("dDtVenc", Text(10)),
        ask("nValor", Decimal),
        ask("nPercentual", Decimal),
        ask("nDias", Int),
        ask("tipo_documento", Text(5)),
        ask("meio_pagamento", Text(2)),
        ask("nsu", Text(100)),
        ask("nao_gerar_boleto", Flag),
    ],
};

const NOTES: Complex = Complex { name: "Observacoes", tags: &[ask("cObsOS", Text(LONG))] };

const INFO: Complex = Complex {
    name: "InfoCadastro",
    tags: &[
        ask("cCancelada", Flag),
        ask("cFaturada", Flag),
        ask("cAmbiente", Text(1)),
        ask("dDtInc", Text(10)),
        ask("cHrInc", Text(8)),
        ask("uInc", Text(10)),
        ask("dDtAlt", Text(10)),
        ask("cHrAlt", Text(8)),
        ask("uAlt", Text(10)),
        ask("cOrigem", Text(3)),
    ],
};

const EXPENSES: Complex = Complex {
    name: "despesasReembolsaveis",
    tags: &[ask("cCodCategReemb", Text(20)), ask("despesaReembolsavel", Many(&EXPENSE))],
};

const EXPENSE: Complex = Complex {
    name: "despesaReembolsavel",
    tags: &[
        ask("nCodReemb", Int),
        ask("cAcaoReemb", Text(1)),
        ask("cDescReemb", Text(200)),
        ask("nValorReemb", Decimal),
        ask("dDataReemb", Text(10)),
    ],
};

const PRODUCTS: Complex = Complex {
    name: "produtosUtilizados",
    tags: &[
        ask("cAcaoProdUtilizados", Text(3)),
        ask("cCodCategRem", Text(20)),
        ask("produtoUtilizado", Many(&PRODUCT)),
    ],
};

const PRODUCT: Complex = Complex {
    name: "produtoUtilizado",
    tags: &[
        ask("nCodProdutoPU", Int),
        ask("nQtdePU", Decimal),
        ask("codigo_local_estoque", Int),
        ask("nIdItemPU", Int),
        ask("cAcaoItemPU", Text(1)),
    ],
};

/// The keys of a service order.
pub(super) const KEY: Complex = Complex {
    name: "osChave",
    tags: &[ask("nCodOS", Int), ask("cCodIntOS", Text(60)), ask("cNumOS", Text(15)), ask("cIncluirTarefas", Flag)],
};

/// What `StatusOS` takes.
pub(super) const STATUS: Complex = Complex {
    name: "osStatusRequest",
    tags: &[
        ask("nCodOS", Int),
        ask("cCodIntOS", Text(60)),
        ask("lPdfDemo", Text(5)),
        ask("lPdfDest", Text(5)),
        ask("lRps", Text(5)),
        ask("lPdfRecibo", Text(5)),
        ask("lMsg", Text(5)),
    ],
};

/// What `TrocarEtapaOS` takes.
pub(super) const STAGE: Complex = Complex {
    name: "osTrocarEtapaRequest",
    tags: &[ask("nCodOS", Int), ask("cCodIntOS", Text(60)), ask("cNumOS", Text(15)), ask("cEtapa", Text(2))],
};

const BY_CODE: Complex =
    Complex { name: "filtrar_por_codigo", tags: &[ask("nCodOS", Int), ask("cCodIntOS", Text(60))] };

/// What `ListarOS` takes; it knows no hours.
pub(super) const LIST: Complex = Complex {
    name: "osListarRequest",
    tags: &[
        ask("pagina", Int),
        ask("registros_por_pagina", Int),
        ask("apenas_importado_api", Flag),
        ask("ordenar_por", Text(100)),
        ask("ordem_decrescente", Flag),
        ask("ordem_descrescente", Flag),
        ask("filtrar_por_data_de", Text(10)),
        ask("filtrar_por_data_ate", Text(10)),
        ask("filtrar_apenas_inclusao", Flag),
        ask("filtrar_apenas_alteracao", Flag),
        ask("filtrar_por_codigo", Many(&BY_CODE)),
        ask("filtrar_por_status", Text(1)),
        ask("filtrar_por_etapa", Text(2)),
        ask("filtrar_por_cliente", Int),
        ask("cExibirDespesas", Flag),
        ask("cExibirProdutos", Flag),
    ],
};
