//! What nobody outside could settle about the real system, as switches.
//!
//! Each default is the likeliest behaviour; each other position is one that a client must survive.

use crate::sandbox::folk::{self, Told};
use crate::sandbox::hook::Delivery;

/// What happens when a write names another `TypeId` than the contact has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypeChange {
    /// The type stays, the rest is written.
    Ignore,
    /// The whole write is refused with 400.
    #[default]
    Refuse,
    /// The type changes.
    Allow,
}

/// The doubtful points.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent doubt about the real system")]
pub struct Switches {
    /// Status of a POST that made a record: 200 or 201.
    pub post_status: u16,
    /// Status of a PATCH: 200 with the record, or 204 with nothing.
    pub patch_status: u16,
    /// Records of one page of contacts or cities at most; a larger `$top` is cut in silence.
    pub page_max: usize,
    /// Records of a page of contacts or cities when `$top` is missing.
    pub page_default: usize,
    /// A page that is not the last names the next one.
    pub next_link: bool,
    /// Text comparisons in `$filter` mind upper and lower case.
    pub case_sensitive: bool,
    /// Text comparisons in `$filter` do not mind accents.
    pub accents_ignored: bool,
    /// An unknown field in a query answers 403 instead of 400.
    pub unknown_field_forbidden: bool,
    /// An unknown member of a body is refused with 400 instead of ignored.
    pub unknown_member_refused: bool,
    /// A `ZipCode` sent as text is read as a number instead of refused.
    pub zip_code_coerced: bool,
    /// Documents with wrong check digits are refused.
    pub documents_checked: bool,
    /// `OtherProperties` in a PATCH replace the list instead of merging by `FieldKey`.
    pub other_properties_replaced: bool,
    /// What happens to a changed `TypeId`.
    pub type_change: TypeChange,
    /// A PATCH that changes nothing still moves `LastUpdateDate`.
    pub idle_patch_touches: bool,
    /// An interaction record moves `LastUpdateDate` of its contact (never `UpdaterId`).
    pub record_touches_contact: bool,
    /// A city brings its state and its country along.
    pub places_derived: bool,
    /// `GET /Contacts(1)` answers the record instead of a 404 page.
    pub get_by_key: bool,
    /// A filter with `any` is refused with 403.
    pub any_forbidden: bool,
    /// Two tags with one name are refused with 400.
    pub tag_names_unique: bool,
    /// Columns of contacts (wire names) that must be unique.
    pub unique: Vec<String>,
    /// Columns of contacts (wire names) that must be filled; `Name` and `TypeId` always must.
    pub required: Vec<String>,
    /// Requests an account may send in sixty seconds.
    pub requests_per_minute: usize,
    /// Requests over the limit are refused; when false they are only counted.
    pub limits_enforced: bool,
    /// What happens to calls to listeners on their way.
    pub delivery: Delivery,
    /// A listener that fails so often in a row is switched off.
    pub hook_failures_max: u32,
    /// A 429 says how long to wait.
    pub retry_after: bool,
    /// A 429 carries an HTML page.
    pub throttle_html: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            post_status: 200,
            patch_status: 200,
            page_max: 300,
            page_default: 300,
            next_link: false,
            case_sensitive: false,
            accents_ignored: false,
            unknown_field_forbidden: false,
            unknown_member_refused: false,
            zip_code_coerced: false,
            documents_checked: false,
            other_properties_replaced: false,
            type_change: TypeChange::default(),
            idle_patch_touches: true,
            record_touches_contact: true,
            places_derived: true,
            get_by_key: false,
            any_forbidden: false,
            tag_names_unique: false,
            unique: Vec::new(),
            required: Vec::new(),
            requests_per_minute: 120,
            limits_enforced: true,
            delivery: Delivery::Once,
            hook_failures_max: 5,
            retry_after: true,
            throttle_html: false,
        }
    }
}

impl Switches {
    /// Draws an account that may well be; tells what is not as usual.
    pub(super) fn draw(&mut self, random: &mut fastrand::Rng) -> Vec<String> {
        let mut told = Told::default();
        let names = |columns: &[&str]| -> Vec<String> { columns.iter().map(|name| (*name).to_owned()).collect() };
        let mut roll = |name, switch: &mut bool, times| {
            let other = !*switch;
            folk::roll(random, &mut told, (name, switch), times, &[other]);
        };
        roll("case_sensitive", &mut self.case_sensitive, 4);
        roll("unknown_field_forbidden", &mut self.unknown_field_forbidden, 4);
        roll("unknown_member_refused", &mut self.unknown_member_refused, 4);
        roll("zip_code_coerced", &mut self.zip_code_coerced, 4);
        roll("documents_checked", &mut self.documents_checked, 2);
        roll("other_properties_replaced", &mut self.other_properties_replaced, 4);
        roll("idle_patch_touches", &mut self.idle_patch_touches, 4);
        roll("record_touches_contact", &mut self.record_touches_contact, 2);
        roll("places_derived", &mut self.places_derived, 2);
        roll("get_by_key", &mut self.get_by_key, 4);
        roll("any_forbidden", &mut self.any_forbidden, 4);
        roll("tag_names_unique", &mut self.tag_names_unique, 2);
        roll("retry_after", &mut self.retry_after, 3);
        roll("throttle_html", &mut self.throttle_html, 3);
        folk::roll(random, &mut told, ("post_status", &mut self.post_status), 3, &[201]);
        folk::roll(random, &mut told, ("patch_status", &mut self.patch_status), 3, &[204]);
        let changes = [TypeChange::Ignore, TypeChange::Allow];
        folk::roll(random, &mut told, ("type_change", &mut self.type_change), 3, &changes);
        folk::roll(random, &mut told, ("unique", &mut self.unique), 5, &[names(&["Register"])]);
        let required = [names(&["Register"]), names(&["Email"])];
        folk::roll(random, &mut told, ("required", &mut self.required), 6, &required);
        folk::roll(random, &mut told, ("page_max", &mut self.page_max), 3, &[2, 5, 100]);
        self.page_default = self.page_default.min(self.page_max);
        let delivery = [Delivery::Twice, Delivery::Backwards, Delivery::Never];
        folk::roll(random, &mut told, ("delivery", &mut self.delivery), 3, &delivery);
        told.0
    }
}
