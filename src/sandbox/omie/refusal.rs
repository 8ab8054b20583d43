//! The refusals of Omie, in its own words.
//!
//! Wordings marked as unknown in public material are ours, built like their neighbours, so that a
//! client that knows only the documented ones treats them as plain business refusals.

/// A refused call: status, code and text of the fault envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status: 500 for nearly everything.
    pub(super) status: u16,
    /// `faultcode`.
    pub(super) code: String,
    /// `faultstring`.
    pub(super) text: String,
}

impl Refusal {
    /// A business fault with a numbered code.
    pub(super) fn client(code: u32, text: &str) -> Self {
        let code = format!("SOAP-ENV:Client-{code}");
        Self { status: 500, code, text: format!("ERROR: {text}") }
    }

    /// A fault with exactly this text.
    pub(super) fn verbatim(text: &str) -> Self {
        Self { status: 500, code: "SOAP-ENV:Client-1000".to_owned(), text: text.to_owned() }
    }

    pub(super) fn caller(text: &str) -> Self {
        Self { status: 500, code: "SOAP-ENV:Client".to_owned(), text: text.to_owned() }
    }

    pub(super) fn unauthorised() -> Self {
        let text = "A chave de acesso está inválida ou o aplicativo está suspenso.";
        Self { status: 403, code: "SOAP-ENV:Server".to_owned(), text: text.to_owned() }
    }

    pub(super) fn broken() -> Self {
        let text = "SOAP-ERROR: Broken response from Application Server (4)";
        Self { status: 500, code: "SOAP-ENV:Server".to_owned(), text: text.to_owned() }
    }

    pub(super) fn blocked(seconds: i64) -> Self {
        let text = format!("ERROR: API bloqueada por consumo indevido. Tente novamente em {seconds} segundos.");
        Self { status: 425, code: "MISUSE_API_PROCESS".to_owned(), text }
    }

    /// The one refusal whose body is no JSON.
    pub(super) fn too_many() -> Self {
        Self { status: 429, code: String::new(), text: "Too many requests".to_owned() }
    }

    pub(super) fn redundant(seconds: i64) -> Self {
        let wait = format!("Aguarde {seconds} segundos para tentar novamente (REDUNDANT).");
        Self::client(6, &format!("Consumo redundante detectado. {wait}"))
    }

    pub(super) fn serialised() -> Self {
        let text = "Já existe uma requisição desse método sendo executada e você pode tentar \
                    novamente em alguns instantes. (1)";
        Self::client(1880, text)
    }

    pub(super) fn no_param() -> Self {
        Self::client(71, "Nenhum parâmetro foi recebido em WS_PARAMS!")
    }

    pub(super) fn unknown_tag(tag: &str, complex: &str) -> Self {
        let tag = tag.to_uppercase();
        let text = format!("Tag [{tag}] não faz parte da estrutura do tipo complexo [{complex}]!");
        Self::client(5001, &text)
    }

    pub(super) fn bad_value(tag: &str) -> Self {
        Self::client(1000, &format!("O valor informado na tag [{tag}] é inválido!"))
    }

    pub(super) fn bad_flag(tag: &str, value: &str) -> Self {
        let text = format!("O valor [{value}] da tag [{tag}] é inválido! Valores válidos: [S], [N]");
        Self::client(105, &text)
    }

    pub(super) fn bad_date(tag: &str) -> Self {
        Self::client(104, &format!("O ano informado na tag [{tag}] deve ser maior que 1900!"))
    }

    pub(super) fn too_long(tag: &str, longest: usize) -> Self {
        let text = format!("O conteúdo da tag [{tag}] excede o limite de {longest} caracteres!");
        Self::client(1000, &text)
    }

    pub(super) fn required(tag: &str) -> Self {
        Self::client(1000, &format!("O preenchimento da tag [{tag}] é obrigatório!"))
    }

    pub(super) fn not_on_include(tag: &str) -> Self {
        Self::client(1000, &format!("A tag [{tag}] não deve ser enviada na inclusão!"))
    }

    pub(super) fn key_required() -> Self {
        let tags = "[codigo_cliente_omie] ou [codigo_cliente_integracao]";
        Self::client(1000, &format!("O preenchimento das tags {tags} é obrigatório!"))
    }

    pub(super) fn no_rows(page: usize) -> Self {
        Self::client(5113, &format!("Não existem registros para a página [{page}]!"))
    }

    pub(super) fn no_client(code: i64) -> Self {
        Self::client(105, &format!("Cliente não cadastrado para o Código [{code}] !"))
    }

    pub(super) fn no_integration(code: &str) -> Self {
        let text = format!("Cliente não cadastrado para o Código de Integração [{code}] !");
        Self::client(103, &text)
    }

    pub(super) fn other_client(integration: &str, code: i64) -> Self {
        let text = format!("O Código de Integração [{integration}] não pertence ao Código [{code}] !");
        Self::client(102, &text)
    }

    pub(super) fn duplicate_integration(integration: &str, code: i64) -> Self {
        let text = format!("Cliente já cadastrado para o Código de Integração [{integration}] ! Id [{code}] (add)");
        Self::client(102, &text)
    }

    pub(super) fn duplicate_document(masked: &str, code: i64, integration: &str) -> Self {
        let text = format!(
            "Cliente já cadastrado para o CPF/CNPJ [{masked}] com o Id [{code}] e código de \
             integração [{integration}] ! (add)"
        );
        Self::client(102, &text)
    }

    /// A duplicate document in the wording of older years, which had no `ERROR: ` in front.
    pub(super) fn older_duplicate(code: i64) -> Self {
        let text = format!("Cliente já cadastrado para o código [{code}]");
        Self { status: 500, code: "SOAP-ENV:Client-101".to_owned(), text }
    }

    pub(super) fn no_seller() -> Self {
        Self::client(1070, "O vendedor não foi encontrado! - tag: [codigo_vendedor]")
    }

    pub(super) fn inactive_seller() -> Self {
        Self::client(115, "O vendedor está inativo! - tag: [codigo_vendedor]")
    }

    pub(super) fn no_city(city: &str, tag: &str) -> Self {
        Self::client(1070, &format!("A cidade [{city}] não foi encontrada! - tag: [{tag}]"))
    }

    pub(super) fn no_country(code: &str) -> Self {
        Self::client(1070, &format!("O país [{code}] não foi encontrado! - tag: [codigo_pais]"))
    }

    pub(super) fn bad_document(document: &str) -> Self {
        Self::client(1000, &format!("O CNPJ/CPF [{document}] está inválido! - tag: [cnpj_cpf]"))
    }
}
