//! What differs between Auvo accounts, or is not publicly known about any.
//!
//! Plain values, changed at any time; each default is what was observed or, failing that, documented.

use crate::sandbox::Delivery;

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

/// The keys an account accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `apiKey`.
    pub api_key: String,
    /// `apiToken`.
    pub api_token: String,
}
