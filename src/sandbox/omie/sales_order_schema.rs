//! The complex types of sales orders.

use super::schema::Kind::{Decimal, Flag, Int, Many, One, Text};
use super::schema::{Complex, LONG, ask};

/// A sales order.
pub(super) const ORDER: Complex = Complex {
    name: "pedido_venda_produto",
    tags: &[
        ask("cabecalho", One(&HEAD)),
        ask("det", Many(&ITEM)),
        ask("frete", One(&FREIGHT)),
        ask("informacoes_adicionais", One(&MORE)),
        ask("lista_parcelas", One(&INSTALMENTS)),
        ask("observacoes", One(&NOTES)),
        ask("departamentos", Many(&DEPARTMENT)),
        ask("total_pedido", One(&TOTAL)),
        ask("infoCadastro", One(&INFO)),
    ],
};

const HEAD: Complex = Complex {
    name: "cabecalho",
    tags: &[
        ask("codigo_pedido", Int),
        ask("codigo_pedido_integracao", Text(60)),
        ask("numero_pedido", Text(15)),
        ask("sequencial", Text(4)),
        ask("codigo_cliente", Int),
        ask("codigo_cliente_integracao", Text(60)),
        ask("data_previsao", Text(10)),
        ask("etapa", Text(2)),
        ask("codigo_parcela", Text(3)),
        ask("qtde_parcelas", Int),
        ask("quantidade_itens", Int),
        ask("origem_pedido", Text(3)),
        ask("codigo_cenario_impostos", Int),
        ask("tipo_desconto_pedido", Text(1)),
        ask("perc_desconto_pedido", Decimal),
        ask("valor_desconto_pedido", Decimal),
        ask("bloqueado", Flag),
        ask("importado_api", Flag),
        ask("encerrado", Flag),
        ask("nao_gerar_boleto", Flag),
        ask("codigo_empresa", Int),
    ],
};

const ITEM: Complex = Complex {
    name: "det",
    tags: &[
        ask("ide", One(&ITEM_KEY)),
        ask("produto", One(&PRODUCT)),
        ask("observacao", One(&ITEM_NOTE)),
        ask("inf_adic", One(&ITEM_MORE)),
    ],
};

const ITEM_KEY: Complex = Complex {
    name: "ide",
    tags: &[
        ask("codigo_item_integracao", Text(30)),
        ask("codigo_item", Int),
        ask("simples_nacional", Flag),
        ask("acao_item", Text(1)),
        ask("id_ordem_producao", Int),
    ],
};

const PRODUCT: Complex = Complex {
    name: "produto",
    tags: &[
        ask("codigo_produto", Int),
        ask("codigo_produto_integracao", Text(60)),
        ask("codigo", Text(60)),
        ask("descricao", Text(120)),
        ask("unidade", Text(6)),
        ask("ncm", Text(13)),
        ask("cfop", Text(10)),
        ask("ean", Text(14)),
        ask("quantidade", Decimal),
        ask("valor_unitario", Decimal),
        ask("tipo_desconto", Text(1)),
        ask("valor_desconto", Decimal),
        ask("percentual_desconto", Decimal),
        ask("valor_mercadoria", Decimal),
        ask("valor_total", Decimal),
        ask("codigo_tabela_preco", Int),
        ask("reservado", Flag),
    ],
};

const ITEM_NOTE: Complex = Complex { name: "observacao", tags: &[ask("obs_item", Text(LONG))] };

const ITEM_MORE: Complex = Complex {
    name: "inf_adic",
    tags: &[
        ask("codigo_local_estoque", Int),
        ask("codigo_categoria_item", Text(20)),
        ask("dados_adicionais_item", Text(LONG)),
        ask("numero_pedido_compra", Text(15)),
        ask("item_pedido_compra", Int),
        ask("nao_movimentar_estoque", Flag),
        ask("nao_gerar_financeiro", Flag),
        ask("nao_somar_total", Flag),
    ],
};

const FREIGHT: Complex = Complex {
    name: "frete",
    tags: &[
        ask("modalidade", Text(1)),
        ask("codigo_transportadora", Int),
        ask("quantidade_volumes", Int),
        ask("especie_volumes", Text(60)),
        ask("peso_liquido", Decimal),
        ask("peso_bruto", Decimal),
        ask("valor_frete", Decimal),
        ask("valor_seguro", Decimal),
        ask("outras_despesas", Decimal),
        ask("placa", Text(7)),
        ask("previsao_entrega", Text(10)),
        ask("codigo_rastreio", Text(500)),
    ],
};

const MORE: Complex = Complex {
    name: "informacoes_adicionais",
    tags: &[
        ask("codigo_categoria", Text(20)),
        ask("codigo_conta_corrente", Int),
        ask("consumidor_final", Flag),
        ask("utilizar_emails", Text(LONG)),
        ask("enviar_email", Flag),
        ask("enviar_pix", Flag),
        ask("codVend", Int),
        ask("codProj", Int),
        ask("contato", Text(100)),
        ask("numero_pedido_cliente", Text(30)),
        ask("numero_contrato", Text(20)),
        ask("dados_adicionais_nf", Text(LONG)),
        ask("meio_pagamento", Text(2)),
        ask("tipo_documento", Text(5)),
    ],
};

const INSTALMENTS: Complex = Complex { name: "lista_parcelas", tags: &[ask("parcela", Many(&INSTALMENT))] };

const INSTALMENT: Complex = Complex {
    name: "parcela",
    tags: &[
        ask("numero_parcela", Int),
        ask("valor", Decimal),
        ask("percentual", Decimal),
        ask("data_vencimento", Text(10)),
        ask("quantidade_dias", Int),
        ask("tipo_documento", Text(5)),
        ask("meio_pagamento", Text(2)),
    ],
};

const NOTES: Complex = Complex { name: "observacoes", tags: &[ask("obs_venda", Text(LONG))] };

const DEPARTMENT: Complex = Complex {
    name: "departamentos",
    tags: &[ask("cCodDepto", Text(40)), ask("nPerc", Decimal), ask("nValor", Decimal), ask("nValorFixo", Flag)],
};

const TOTAL: Complex = Complex {
    name: "total_pedido",
    tags: &[ask("valor_mercadorias", Decimal), ask("valor_descontos", Decimal), ask("valor_total_pedido", Decimal)],
};

const INFO: Complex = Complex {
    name: "infoCadastro",
    tags: &[
        ask("dInc", Text(10)),
        ask("hInc", Text(8)),
        ask("uInc", Text(10)),
        ask("dAlt", Text(10)),
        ask("hAlt", Text(8)),
        ask("uAlt", Text(10)),
        ask("cancelado", Flag),
        ask("faturado", Flag),
        ask("autorizado", Flag),
        ask("denegado", Flag),
        ask("devolvido", Flag),
        ask("devolvido_parcial", Flag),
        ask("cImpAPI", Flag),
    ],
};

/// The keys of a sales order.
pub(super) const KEY: Complex = Complex {
    name: "pvpConsultarRequest",
    tags: &[ask("codigo_pedido", Int), ask("codigo_pedido_integracao", Text(60)), ask("numero_pedido", Text(15))],
};

/// What `TrocarEtapaPedido` takes.
pub(super) const STAGE: Complex = Complex {
    name: "pvpTrocarEtapaRequest",
    tags: &[
        ask("codigo_pedido", Int),
        ask("codigo_pedido_integracao", Text(60)),
        ask("numero_pedido", Text(15)),
        ask("etapa", Text(2)),
    ],
};

/// What `ListarPedidos` takes; the order of rows is spelt in one way only.
pub(super) const LIST: Complex = Complex {
    name: "pvpListarRequest",
    tags: &[
        ask("pagina", Int),
        ask("registros_por_pagina", Int),
        ask("apenas_importado_api", Flag),
        ask("ordenar_por", Text(100)),
        ask("ordem_descrescente", Flag),
        ask("filtrar_por_data_de", Text(10)),
        ask("filtrar_por_data_ate", Text(10)),
        ask("filtrar_por_hora_de", Text(8)),
        ask("filtrar_por_hora_ate", Text(8)),
        ask("filtrar_apenas_inclusao", Flag),
        ask("filtrar_apenas_alteracao", Flag),
        ask("filtrar_por_cliente", Int),
        ask("filtrar_por_vendedor", Int),
        ask("etapa", Text(2)),
        ask("numero_pedido_de", Int),
        ask("numero_pedido_ate", Int),
        ask("apenas_resumo", Flag),
        ask("status_pedido", Text(20)),
    ],
};
