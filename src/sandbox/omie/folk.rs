//! People at work in Omie: clients, products and their stock, services, and the orders that others
//! made.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Omie;
use super::book::{block, items, whole};
use super::schema::object;
use super::{folk_clients, folk_trade};
use crate::sandbox::folk::{Edit, Field, People, at, text_of};

/// Lists, and what they show.
const LISTS: [(&str, &str); 6] = [
    ("ListarClientes", "clientes"),
    ("ListarProdutos", "produtos"),
    ("ListarPosEstoque", "produtos"),
    ("ListarCadastroServico", "servicos"),
    ("ListarOS", "ordens_servico"),
    ("ListarPedidos", "pedidos"),
];

/// What a list shows.
pub(super) fn listed(method: &str) -> Option<&'static str> {
    LISTS.iter().find(|(list, _)| *list == method).map(|(_, resource)| *resource)
}

impl People for Omie {
    fn resources(&self) -> &'static [&'static str] {
        &["clientes", "produtos", "servicos", "ordens_servico", "pedidos"]
    }

    fn settle_in(&mut self, now: Timestamp, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = self.switches.draw(random);
        told.extend(folk_clients::hire(self, now, random));
        for _ in 0..random.u8(..3) {
            self.add_stock_location();
        }
        told
    }

    fn fills(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "clientes" => &["codigo_pais", "estado", "pessoa_fisica", "inativo"],
            _ => &[],
        }
    }

    fn keeps(&self, resource: &str) -> &'static [&'static str] {
        match resource {
            "clientes" => &["info", "cidade_ibge", "pessoa_fisica", "recomendacoes.gerar_boletos"],
            "ordens_servico" => &["InfoCadastro", "Cabecalho.nValorTotal"],
            "pedidos" => &["infoCadastro", "cabecalho.quantidade_itens", "total_pedido"],
            _ => &["info"],
        }
    }

    fn shuts_out(&self, resource: &str) -> bool {
        let barren = LISTS.iter().find(|(_, listed)| *listed == resource);
        barren.is_some_and(|(method, _)| self.ids(resource).is_empty() && self.limits.is_barren(method))
    }

    fn ids(&self, resource: &str) -> Vec<String> {
        let trade = &self.trade;
        let book = match resource {
            "clientes" => return self.clients.rows().iter().map(|row| row.code.to_string()).collect(),
            "produtos" => &trade.products,
            "servicos" => &trade.services,
            "ordens_servico" => &trade.service_orders,
            "pedidos" => &trade.sales_orders,
            _ => return Vec::new(),
        };
        book.rows().map(|row| row.id.to_string()).collect()
    }

    fn shown(&self, resource: &str, id: &str) -> Option<Value> {
        let id = id.parse().ok()?;
        match resource {
            "clientes" => self.client(id),
            "produtos" => self.product(id),
            "servicos" => self.service(id),
            "ordens_servico" => self.service_order(id),
            "pedidos" => self.sales_order(id),
            _ => None,
        }
    }

    fn invent(
        &mut self,
        now: Timestamp,
        resource: &str,
        identity: u64,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        let id = match resource {
            "clientes" => {
                let client = folk_clients::invented(self, identity, random);
                self.person_adds(now, &client)?
            }
            "produtos" => {
                let product = folk_trade::product(identity, random);
                // A code is taken once.
                let Some(id) = unless_taken(self.person_adds_product(now, &product))? else { return Ok(None) };
                if !random.bool() {
                    self.count_stock(now, id, random);
                }
                id
            }
            "servicos" => self.person_adds_service(now, &folk_trade::service(identity, random))?,
            // Orders are made of what happens elsewhere.
            _ => return Ok(None),
        };
        Ok(Some(id.to_string()))
    }

    fn tinker(
        &mut self,
        now: Timestamp,
        resource: &str,
        id: &str,
        random: &mut fastrand::Rng,
    ) -> Result<String, String> {
        // Chance of its own: what is drawn after it stays as it was.
        let is_application = fastrand::Rng::with_seed(random.get_seed() ^ 0x00AB_B500).u8(..8) == 0;
        self.lend_hands(is_application);
        let told = self.tinker_with(now, (resource, id), random);
        self.lend_hands(false);
        told.map(|told| if is_application { format!("{told} (another application)") } else { told })
    }

    fn put_back(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, &str),
        before: &Value,
        random: &mut fastrand::Rng,
    ) -> Result<Option<String>, String> {
        let number = id.parse().ok().ok_or_else(|| format!("`{id}` is no id of Omie"))?;
        let shown = self.shown(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        let mut edit = Edit::new();
        let paths = fields(resource).iter().map(|field| (field.path, field.blank));
        if !edit.put_back(paths, (before, &shown), random) {
            return Ok(None);
        }
        if self.switches.html_names {
            edit.patch = typed_again(std::mem::take(&mut edit.patch));
        }
        self.write(now, resource, number, &edit)?;
        Ok(Some(edit.told()))
    }

    fn remove(&mut self, now: Timestamp, resource: &str, id: &str) -> bool {
        let Ok(id) = id.parse::<i64>() else { return false };
        match resource {
            "clientes" => !self.ordered("nCodCli", "codigo_cliente", id) && self.person_deletes(now, id),
            "produtos" if self.trade.stock.moved(id) => false,
            "produtos" => self.trade.products.remove(id),
            "servicos" => !self.ordered("nCodServico", "", id) && self.trade.services.remove(id),
            "ordens_servico" => self.trade.service_orders.remove_open(id),
            "pedidos" => self.trade.sales_orders.remove_open(id),
            _ => false,
        }
    }
}

impl Omie {
    /// A record as it is kept: nothing masked, nothing dressed.
    fn kept(&self, resource: &str, id: i64) -> Option<Value> {
        let fields = match resource {
            "clientes" => &self.clients.get(id)?.fields,
            "produtos" => &self.trade.products.get(id)?.fields,
            "servicos" => &self.trade.services.get(id)?.fields,
            _ => return None,
        };
        Some(object(fields.clone()))
    }

    fn write(&mut self, now: Timestamp, resource: &str, id: i64, edit: &Edit) -> Result<(), String> {
        match resource {
            "clientes" => self.person_edits(now, id, &edit.patch),
            "produtos" => unless_taken(self.person_edits_product(now, id, &edit.patch)).map(drop),
            "servicos" => self.person_edits_service(now, id, &edit.patch),
            _ => Err(format!("nobody edits {resource} like that")),
        }
    }

    /// Whether an order names this client or service.
    fn ordered(&self, in_services: &str, in_sales: &str, id: i64) -> bool {
        let services = self.trade.service_orders.rows().any(|row| {
            let lines = items(block(&row.fields, "ServicosPrestados")).iter();
            lines.chain([block(&row.fields, "Cabecalho")]).any(|part| whole(part, in_services) == id)
        });
        let mut sales = self.trade.sales_orders.rows();
        services || sales.any(|row| whole(block(&row.fields, "cabecalho"), in_sales) == id)
    }
}

fn fields(resource: &str) -> &'static [Field] {
    match resource {
        "clientes" => folk_clients::FIELDS,
        "produtos" => folk_trade::PRODUCT,
        "servicos" => folk_trade::SERVICE,
        _ => &[],
    }
}

/// Nothing where a code is taken already: the rule of the account, and no mistake.
fn unless_taken<T>(result: Result<T, String>) -> Result<Option<T>, String> {
    match result {
        Err(text) if text.contains("já cadastrado") => Ok(None),
        other => other.map(Some),
    }
}

/// Names as people type them, from the HTML they are shown in.
fn typed_again(shown: Value) -> Value {
    match shown {
        Value::String(text) => json!(text.replace("&quot;", "\"").replace("&amp;", "&")),
        Value::Object(inner) => inner.into_iter().map(|(name, value)| (name, typed_again(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => shown,
    }
}

/// The text at a path of a record.
pub(super) fn word_at<'a>(record: &'a Value, path: &str) -> &'a str {
    text_of(at(record, path))
}

impl Omie {
    fn tinker_with(
        &mut self,
        now: Timestamp,
        (resource, id): (&str, &str),
        random: &mut fastrand::Rng,
    ) -> Result<String, String> {
        let id = id.parse().ok().ok_or_else(|| format!("`{id}` is no id of Omie"))?;
        match resource {
            "ordens_servico" | "pedidos" => return Ok(self.tinker_with_order(now, (resource, id), random)),
            "produtos" if random.u8(..4) == 0 => return Ok(self.count_stock(now, id, random)),
            "clientes" if random.u8(..40) == 0 => {
                if let Some(told) = folk_clients::reassign(self, now, random) {
                    return Ok(told);
                }
            }
            _ => {}
        }
        let kept = self.kept(resource, id).ok_or_else(|| format!("{resource} has no {id}"))?;
        let mut edit = Edit::new();
        for _ in 0..random.u8(1..=2) {
            if resource == "clientes" {
                folk_clients::edit(self, &kept, &mut edit, random);
            } else if let Some(field) = random.choice(fields(resource)) {
                edit.change(field, &kept, random);
            }
        }
        self.write(now, resource, id, &edit)?;
        Ok(edit.told())
    }
}
