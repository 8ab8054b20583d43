//! What differs between Omie accounts, or is not publicly known about any.
//!
//! Plain values, changed at any time; each default is the likelier answer.

use super::trade::TradeSwitches;
use crate::sandbox::folk::{self, Told};

/// What Omie does with text longer than its tag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverLength {
    /// Refuses the call, naming the tag.
    Refuse,
    /// Keeps what fits.
    Cut,
}

/// When failed calls no longer count towards the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgiven {
    /// After a good call of the same method.
    AfterSuccess,
    /// After so many seconds.
    AfterSeconds(i64),
}

/// How a business refusal is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As a fault with HTTP 500.
    Fault,
    /// As a fault with HTTP 200.
    FaultWithin200,
    /// Of a write: as a good answer whose status is not `"0"`; of a read as a fault.
    StatusWithin200,
}

/// How a duplicate document is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// `… com o Id [5522173861] …`, code 102.
    Named,
    /// The wording of older years: `… para o código [5522173861]`, code 101.
    Older,
}

/// What differs between accounts, or is not publicly known.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact of an account")]
pub struct Switches {
    /// Tags that must be filled on include. Default `razao_social`, `nome_fantasia`.
    pub required_on_include: Vec<String>,
    /// Tags that must be filled after an alteration. Default `razao_social`.
    pub required_on_alter: Vec<String>,
    /// A second client with the same CPF/CNPJ is refused. Default true.
    pub unique_document: bool,
    /// Check digits of CPF/CNPJ are verified. Default false.
    pub document_checked: bool,
    /// An empty value in a write clears the field; else it is ignored. Default true.
    pub empty_clears: bool,
    /// `tags` in a write replace the old ones; else they are added. Default true.
    pub tags_replace: bool,
    /// An alteration that changes nothing moves `dAlt` and `hAlt`. Default true.
    pub noop_moves_stamp: bool,
    /// A write that sets an inactive seller is refused. Default true.
    pub inactive_seller_refused: bool,
    /// Texts come back in upper case. Default false.
    pub upper_case_text: bool,
    /// Names come back with `&amp;` and `&quot;`. Default true.
    pub html_names: bool,
    /// Broken limits are answered with refusals; they are counted in any case. Default true.
    pub limits_enforced: bool,
    /// Repeating a write within a minute is redundant too. Default false: only reads.
    pub redundant_writes: bool,
    /// Text that is too long. Default `Refuse`.
    pub over_length: OverLength,
    /// When failed calls are forgotten. Default after 1800 seconds.
    pub forgiven: Forgiven,
    /// How a business refusal is dressed. Default `Fault`.
    pub refused: Refused,
    /// How a duplicate document is told. Default `Named`.
    pub duplicate: Duplicate,
    /// Characters that the number of an address takes. Default 60; older papers say 10.
    pub number_max: usize,
    /// Answers write ids as text. Default false.
    pub ids_as_text: bool,
    /// Each call to the listener goes twice. Default false.
    pub hooks_twice: bool,
    /// Seconds between two tries of a call that the listener did not take. Default 60.
    pub hook_retry_s: i64,
    /// What differs about products, stock, services and orders.
    pub trade: TradeSwitches,
    /// Rows a page holds at most, whatever is asked. Default 100.
    pub page_cap: usize,
    /// How long a call takes, in milliseconds. Default 0.
    pub latency_ms: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            required_on_include: vec!["razao_social".to_owned(), "nome_fantasia".to_owned()],
            required_on_alter: vec!["razao_social".to_owned()],
            unique_document: true,
            document_checked: false,
            empty_clears: true,
            tags_replace: true,
            noop_moves_stamp: true,
            inactive_seller_refused: true,
            upper_case_text: false,
            html_names: true,
            limits_enforced: true,
            redundant_writes: false,
            over_length: OverLength::Refuse,
            forgiven: Forgiven::AfterSeconds(1_800),
            refused: Refused::Fault,
            duplicate: Duplicate::Named,
            number_max: 60,
            ids_as_text: false,
            hooks_twice: false,
            hook_retry_s: 60,
            trade: TradeSwitches::default(),
            page_cap: 100,
            latency_ms: 0,
        }
    }
}

impl Switches {
    /// Draws an account that may well be; tells what is not as usual.
    pub(super) fn draw(&mut self, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = Told::default();
        let usual = |more: &[&str]| -> Vec<String> {
            ["razao_social", "nome_fantasia"].iter().chain(more).map(|tag| (*tag).to_owned()).collect()
        };
        let mut roll = |name, switch: &mut bool, times| {
            let other = !*switch;
            folk::roll(random, &mut told, (name, switch), times, &[other]);
        };
        roll("unique_document", &mut self.unique_document, 8);
        roll("document_checked", &mut self.document_checked, 2);
        roll("empty_clears", &mut self.empty_clears, 8);
        roll("tags_replace", &mut self.tags_replace, 8);
        roll("noop_moves_stamp", &mut self.noop_moves_stamp, 4);
        roll("inactive_seller_refused", &mut self.inactive_seller_refused, 4);
        roll("upper_case_text", &mut self.upper_case_text, 8);
        roll("html_names", &mut self.html_names, 2);
        roll("redundant_writes", &mut self.redundant_writes, 4);
        roll("ids_as_text", &mut self.ids_as_text, 6);
        roll("hooks_twice", &mut self.hooks_twice, 4);
        let trade = &mut self.trade;
        roll("point_of_sale_only", &mut trade.point_of_sale_only, 2);
        roll("stock_of_all_locations", &mut trade.stock_of_all_locations, 2);
        roll("service_order_needs_account", &mut trade.service_order_needs_account, 4);
        roll("service_order_needs_service", &mut trade.service_order_needs_service, 4);
        roll("taxation_told_again", &mut trade.taxation_told_again, 4);
        roll("past_expectation_refused", &mut trade.past_expectation_refused, 4);
        let required = ("required_on_include", &mut self.required_on_include);
        let others = [usual(&["cnpj_cpf"]), usual(&["cnpj_cpf", "email"])];
        folk::roll(random, &mut told, required, 2, &others);
        let required = ("required_on_alter", &mut self.required_on_alter);
        folk::roll(random, &mut told, required, 6, &[usual(&[])]);
        folk::roll(random, &mut told, ("over_length", &mut self.over_length), 4, &[OverLength::Cut]);
        folk::roll(random, &mut told, ("forgiven", &mut self.forgiven), 3, &[Forgiven::AfterSuccess]);
        let refused = [Refused::FaultWithin200, Refused::StatusWithin200];
        folk::roll(random, &mut told, ("refused", &mut self.refused), 4, &refused);
        folk::roll(random, &mut told, ("duplicate", &mut self.duplicate), 4, &[Duplicate::Older]);
        folk::roll(random, &mut told, ("number_max", &mut self.number_max), 4, &[10]);
        folk::roll(random, &mut told, ("page_cap", &mut self.page_cap), 3, &[2, 5, 50]);
        folk::roll(random, &mut told, ("latency_ms", &mut self.latency_ms), 3, &[40, 700]);
        told.0
    }
}

/// The credentials an account accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `app_key`.
    pub app_key: String,
    /// `app_secret`.
    pub app_secret: String,
}
