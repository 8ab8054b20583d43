//! What differs between Auvo accounts, or is not publicly known about any.
//!
//! Plain values, changed at any time; each default is what was observed or, failing that, documented.

use crate::sandbox::Delivery;
use crate::sandbox::folk::{self, Told};

/// How a price is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceForm {
    /// `"1.012,50"`.
    Comma,
    /// `"$1,012.50"`.
    Dollar,
    /// `"1012.50"`.
    Dot,
    /// `1012.5`, a JSON number.
    Number,
}

/// What becomes of a price that a POST sends as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostedNumber {
    /// Ten times the price is stored.
    TimesTen,
    /// The number is written out and its point taken for a separator of thousands: 12.5 becomes 125,
    /// 12.55 becomes 1255, 12 stays.
    PointLost,
    /// The price is stored.
    Right,
}

/// What becomes of a page size above the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverCap {
    /// The page holds as many rows as the cap says.
    Clamp,
    /// 400.
    Refuse,
    /// The page is as large as asked.
    Allow,
}

/// In which order a list comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// By id.
    Id,
    /// In an order that is stable and follows nothing a client can see.
    Scattered,
}

/// How the answer to a login looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginForm {
    /// `authenticated`, and moments of Brasília without a zone.
    Naive,
    /// No `authenticated`, and moments in UTC with a `Z`.
    Zoned,
}

/// What differs between accounts, or is not publicly known.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact of an account")]
pub struct Switches {
    /// Status of a login with unknown keys. Default 404; some clients expect 401.
    pub unknown_keys_status: u16,
    /// How the answer to a login looks. Default `Naive`.
    pub login_form: LoginForm,
    /// Requests a minute. Default 400.
    pub requests_per_minute: usize,
    /// Status of a request above the rate. Default 403; 429 is announced.
    pub rate_status: u16,
    /// Broken limits are answered with refusals; they are counted in any case. Default true.
    pub limits_enforced: bool,
    /// How long a call takes, in milliseconds. Default 0.
    pub latency_ms: u64,
    /// Status of a gateway in trouble. Default 502; 503 is seen as well.
    pub gateway_status: u16,
    /// Resources that answer 500 to everything, by name. Default none.
    pub broken_resources: Vec<String>,

    /// A list without rows, or a page past the last, is 404; else 200 without rows. Default true.
    pub empty_is_404: bool,
    /// Rows a page holds at most. Default 100.
    pub page_cap: usize,
    /// A page size above the cap. Default `Clamp`.
    pub over_cap: OverCap,
    /// Resources without a cap, by name. Default `users`, `products`, `services`, `taskTypes`.
    pub uncapped: Vec<String>,
    /// In which order a list comes. Default `Id`.
    pub sort: SortKey,
    /// Date filters look at days only; else at seconds. Default false.
    pub dates_by_day: bool,
    /// An end given as a day without a time takes in that whole day. Default false.
    pub bare_end_takes_day: bool,
    /// What lies on the very end of a window is in it. Default true.
    pub end_inclusive: bool,
    /// `paramFilter` may be left out; else only tasks and quotations do without. Default true.
    pub filter_optional: bool,

    /// `PATCH` knows `replace` alone; else `add` and `remove` too. Default true.
    pub patch_replaces_only: bool,
    /// What a PATCH takes with 200 and does not store: a resource, or `resource.member`. Default
    /// `taskTypes.description`, `users`.
    pub patch_ignored: Vec<String>,
    /// A write that changes nothing moves the date of the last update. Default true.
    pub idle_write_moves_date: bool,

    /// `replaceData` when a PUT of a customer does not say it. Default true.
    pub replace_data: bool,
    /// `externalId` names one customer, product or task at most; else several. Default false.
    pub unique_external_id: bool,
    /// Check digits of CPF and CNPJ are verified. Default false.
    pub document_checked: bool,
    /// Documents and phones are kept as digits; else as sent. Default true.
    pub digits_only: bool,
    /// Customers are shown with `customerId` and `name`; else `id` and `description`. Default false.
    pub customer_portal_names: bool,
    /// The answer to a POST or PATCH of a customer says `name` for its `description`. Default true.
    pub customer_answer_says_name: bool,
    /// Customers are shown with `legalName`. Default true.
    pub legal_name_shown: bool,
    /// The answer to a POST of a group hides its id in `clientGroupSearchReturn`. Default true.
    pub group_answer_nested: bool,

    /// How prices and costs of products are shown. Default `Comma`.
    pub product_price: PriceForm,
    /// How prices of services are shown. Default `Dot`.
    pub service_price: PriceForm,
    /// A price of a product that a POST sends as a number. Default `TimesTen`.
    pub posted_number: PostedNumber,
    /// `code` of a product is shown as a text. Default false.
    pub product_code_text: bool,
    /// Products are shown with `id` beside `code`. Default true.
    pub product_id_shown: bool,

    /// A PUT of a task finds it by `externalId` too; else by id alone. Default true.
    pub task_put_by_external_id: bool,
    /// A task that somebody checked in at takes no other date. Default false.
    pub checked_in_keeps_date: bool,
    /// Taking lines away from a task answers 200 and the task; else 204. Default false.
    pub line_delete_shows_task: bool,

    /// Listeners are reached over HTTPS alone. Default true.
    pub hooks_over_https: bool,
    /// How calls to listeners go. Default `Once`.
    pub hook_delivery: Delivery,
    /// Listeners hear the newer body, which names the record and does not hold it. Default false.
    pub hooks_in_portal_form: bool,

    /// The rows of a list of quotations lack their lines. Default false.
    pub quotation_rows_thin: bool,
    /// Quotations are shown with `taskID`, `amout`, `UnitaryValue`, `CurrentStage`. Default false.
    pub quotation_old_names: bool,
    /// Quotations are shown with moments; else with days. Default false.
    pub quotation_moments: bool,
    /// Quotations can be listed by last update; else that filter is not read. Default true.
    pub quotation_update_filter: bool,
}

impl Default for Switches {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            unknown_keys_status: 404,
            login_form: LoginForm::Naive,
            requests_per_minute: 400,
            rate_status: 403,
            limits_enforced: true,
            latency_ms: 0,
            gateway_status: 502,
            broken_resources: Vec::new(),
            empty_is_404: true,
            page_cap: 100,
            over_cap: OverCap::Clamp,
            uncapped: names(&["users", "products", "services", "taskTypes"]),
            sort: SortKey::Id,
            dates_by_day: false,
            bare_end_takes_day: false,
            end_inclusive: true,
            filter_optional: true,
            patch_replaces_only: true,
            patch_ignored: names(&["taskTypes.description", "users"]),
            idle_write_moves_date: true,
            replace_data: true,
            unique_external_id: false,
            document_checked: false,
            digits_only: true,
            customer_portal_names: false,
            customer_answer_says_name: true,
            legal_name_shown: true,
            group_answer_nested: true,
            product_price: PriceForm::Comma,
            service_price: PriceForm::Dot,
            posted_number: PostedNumber::TimesTen,
            product_code_text: false,
            product_id_shown: true,
            task_put_by_external_id: true,
            checked_in_keeps_date: false,
            line_delete_shows_task: false,
            hooks_over_https: true,
            hook_delivery: Delivery::Once,
            hooks_in_portal_form: false,
            quotation_rows_thin: false,
            quotation_old_names: false,
            quotation_moments: false,
            quotation_update_filter: true,
        }
    }
}

impl Switches {
    /// Draws an account that may well be; tells what is not as usual.
    pub(super) fn draw(&mut self, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = Told::default();
        self.draw_flags(random, &mut told);
        let told_by = &mut told;
        folk::roll(random, told_by, ("unknown_keys_status", &mut self.unknown_keys_status), 3, &[401]);
        folk::roll(random, told_by, ("login_form", &mut self.login_form), 3, &[LoginForm::Zoned]);
        folk::roll(random, told_by, ("rate_status", &mut self.rate_status), 3, &[429]);
        folk::roll(random, told_by, ("gateway_status", &mut self.gateway_status), 3, &[503]);
        folk::roll(random, told_by, ("latency_ms", &mut self.latency_ms), 3, &[40, 700]);
        folk::roll(random, told_by, ("over_cap", &mut self.over_cap), 3, &[OverCap::Refuse, OverCap::Allow]);
        if self.over_cap == OverCap::Clamp {
            // A client asks for a hundred rows; a smaller cap that refuses would let nobody in.
            folk::roll(random, told_by, ("page_cap", &mut self.page_cap), 3, &[2, 5, 50]);
        }
        folk::roll(random, told_by, ("uncapped", &mut self.uncapped), 2, &[Vec::new()]);
        folk::roll(random, told_by, ("sort", &mut self.sort), 3, &[SortKey::Scattered]);
        let forms = [PriceForm::Dollar, PriceForm::Dot, PriceForm::Number];
        folk::roll(random, told_by, ("product_price", &mut self.product_price), 2, &forms);
        let forms = [PriceForm::Comma, PriceForm::Dollar, PriceForm::Number];
        folk::roll(random, told_by, ("service_price", &mut self.service_price), 2, &forms);
        let posted = [PostedNumber::PointLost, PostedNumber::Right];
        folk::roll(random, told_by, ("posted_number", &mut self.posted_number), 2, &posted);
        let delivery = [Delivery::Twice, Delivery::Backwards, Delivery::Never];
        folk::roll(random, told_by, ("hook_delivery", &mut self.hook_delivery), 3, &delivery);
        told.0
    }

    fn draw_flags(&mut self, random: &mut fastrand::Rng, told: &mut Told) {
        let mut roll = |name, switch: &mut bool, times| {
            let other = !*switch;
            folk::roll(random, told, (name, switch), times, &[other]);
        };
        roll("empty_is_404", &mut self.empty_is_404, 2);
        roll("dates_by_day", &mut self.dates_by_day, 4);
        roll("bare_end_takes_day", &mut self.bare_end_takes_day, 2);
        roll("end_inclusive", &mut self.end_inclusive, 3);
        roll("filter_optional", &mut self.filter_optional, 3);
        roll("patch_replaces_only", &mut self.patch_replaces_only, 3);
        roll("idle_write_moves_date", &mut self.idle_write_moves_date, 3);
        roll("unique_external_id", &mut self.unique_external_id, 3);
        roll("document_checked", &mut self.document_checked, 2);
        roll("digits_only", &mut self.digits_only, 3);
        roll("customer_portal_names", &mut self.customer_portal_names, 3);
        roll("customer_answer_says_name", &mut self.customer_answer_says_name, 3);
        roll("legal_name_shown", &mut self.legal_name_shown, 3);
        roll("group_answer_nested", &mut self.group_answer_nested, 3);
        roll("product_code_text", &mut self.product_code_text, 3);
        roll("product_id_shown", &mut self.product_id_shown, 3);
        roll("task_put_by_external_id", &mut self.task_put_by_external_id, 3);
        roll("checked_in_keeps_date", &mut self.checked_in_keeps_date, 3);
        roll("line_delete_shows_task", &mut self.line_delete_shows_task, 3);
        roll("hooks_in_portal_form", &mut self.hooks_in_portal_form, 3);
        roll("quotation_rows_thin", &mut self.quotation_rows_thin, 3);
        roll("quotation_old_names", &mut self.quotation_old_names, 3);
        roll("quotation_moments", &mut self.quotation_moments, 3);
        roll("quotation_update_filter", &mut self.quotation_update_filter, 3);
    }
}

/// The keys an account accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `apiKey`.
    pub api_key: String,
    /// `apiToken`.
    pub api_token: String,
}
