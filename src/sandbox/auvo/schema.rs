//! What resources there are, what a client may write into each, and by what their lists filter.
//!
//! Members bear the names that reading shows; other spellings that writing takes stand beside them.
//! Names are taken in any case, unknown ones are passed over.

use serde_json::{Value, json};

use super::moment;
use super::price;
use super::refusal::Refusal;
use super::row::{Row, digits};
use super::tables;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Customer,
    Group,
    User,
    Team,
    Segment,
    Keyword,
    TaskType,
    Category,
    Product,
    Service,
    Task,
    DeletedTask,
    Quotation,
    WebHook,
}

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text of so many characters.
    Text(usize),
    /// A text that may be null.
    MaybeText,
    /// A document, a phone: digits.
    Digits,
    /// A list of texts.
    Texts,
    /// A list of phones.
    DigitTexts,
    Whole,
    /// A list of whole numbers.
    Wholes,
    /// A number; a text of one is taken too.
    Number,
    /// A price, which may be a text of Brazil.
    Money,
    /// A flag, and what it is when nobody says it.
    Flag(bool),
    Moment,
    /// The id of another record, zero for none.
    One(Table),
    /// The ids of other records.
    Many(Table),
    /// Ids of keywords, as texts.
    Keywords,
    /// What only the table itself can read.
    Inner,
}

/// One member a client may write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Its name in reading.
    pub(super) name: &'static str,
    /// Another name that writing takes.
    pub(super) also: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether a PATCH reaches it.
    pub(super) patched: bool,
}

/// A verb a resource has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    Read,
    Create,
    Upsert,
    Patch,
    Delete,
}

/// How a filter looks at a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The number is this one.
    Whole,
    /// The number is one of a list, or of a text with commas.
    Wholes,
    /// The text contains this, case apart.
    Part,
    /// The text is this one, case apart.
    Exact,
    /// The text is one of those between commas.
    OneOf,
    /// The flag is this one.
    Flag,
    /// The list of numbers has this one.
    Holds,
    /// Not before this moment.
    Since,
    /// Not after this moment.
    Until,
    /// The task's customer is in this group.
    CustomerGroup,
    /// The task's user is in this team.
    Team,
    /// How far the task is, in the filter's own code.
    Progress,
    /// One of the task's keywords is among those between commas.
    Tags,
    /// There is less of the product than there should be.
    LowStock,
    /// One of the quotation's products is among these codes.
    Products,
    /// The name of the quotation's stage is among those between commas.
    Stage,
}

/// One filter of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    /// Its name in `paramFilter`.
    pub(super) key: &'static str,
    /// The member it looks at.
    pub(super) member: &'static str,
    /// How it looks at it.
    pub(super) by: By,
}

/// A resource.
#[derive(Debug)]
pub(super) struct Schema {
    /// Its name in paths.
    pub(super) name: &'static str,
    /// The member that holds its id.
    pub(super) id: &'static str,
    /// The client's own key by which a PUT finds a record.
    pub(super) key: &'static str,
    /// The member that says when it last changed; empty where it has none.
    pub(super) changed: &'static str,
    /// The verbs it has.
    pub(super) verbs: &'static [Verb],
    /// Members that a new record must fill.
    pub(super) required: &'static [&'static str],
    /// Members a client may write.
    pub(super) members: &'static [Member],
    /// Filters of its list.
    pub(super) filters: &'static [Filter],
    /// Whether `selectfields` is read.
    pub(super) selects: bool,
    /// The name of the parameter in the complaint about a missing filter.
    pub(super) param: &'static str,
}

/// The resource of a table.
pub(super) fn schema(table: Table) -> &'static Schema {
    match table {
        Table::Customer => &tables::CUSTOMER,
        Table::Group => &tables::GROUP,
        Table::User => &tables::USER,
        Table::Team => &tables::TEAM,
        Table::Segment => &tables::SEGMENT,
        Table::Keyword => &tables::KEYWORD,
        Table::TaskType => &tables::TASK_TYPE,
        Table::Category => &tables::CATEGORY,
        Table::Product => &tables::PRODUCT,
        Table::Service => &tables::SERVICE,
        Table::Task | Table::DeletedTask => &tables::TASK,
        Table::Quotation => &tables::QUOTATION,
        Table::WebHook => &tables::WEB_HOOK,
    }
}

/// Every table that has a path of its own.
pub(super) const TABLES: [Table; 13] = [
    Table::Customer,
    Table::Group,
    Table::User,
    Table::Team,
    Table::Segment,
    Table::Keyword,
    Table::TaskType,
    Table::Category,
    Table::Product,
    Table::Service,
    Table::Task,
    Table::Quotation,
    Table::WebHook,
];

impl Schema {
    /// The member of a name, in any case.
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        let called = |own: &str| !own.is_empty() && own.eq_ignore_ascii_case(name);
        self.members.iter().find(|member| called(member.name) || called(member.also))
    }

    /// Whether it has a verb.
    pub(super) fn has(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }

    /// The members of a body that it knows, under their names in reading; null stays null.
    pub(super) fn read(&self, body: &Row, digits_only: bool) -> Result<Row, Refusal> {
        let mut fields = Row::default();
        for (name, value) in body {
            if let Some(member) = self.member(name) {
                fields.insert(member.name.to_owned(), member.cell(value, digits_only)?);
            }
        }
        Ok(fields)
    }

    /// A record of which nobody has said anything.
    pub(super) fn newborn(&self) -> Row {
        let plain = self.members.iter().filter(|member| member.kind != Kind::Inner);
        plain.map(|member| (member.name.to_owned(), member.kind.empty())).collect()
    }
}

impl Member {
    /// Reads a value into what the member holds.
    pub(super) fn cell(&self, value: &Value, digits_only: bool) -> Result<Value, Refusal> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let plain = |text: &str| if digits_only { digits(text) } else { text.to_owned() };
        let cell = match self.kind {
            Kind::Text(most) => return self.bounded(value, most),
            Kind::MaybeText => value.as_str().map(Value::from),
            Kind::Digits => value.as_str().map(|text| json!(plain(text))),
            Kind::Texts | Kind::Keywords => each(value, |item| item.as_str().map(Value::from)),
            Kind::DigitTexts => each(value, |item| item.as_str().map(|text| json!(plain(text)))),
            Kind::Whole | Kind::One(_) => value.as_i64().map(Value::from),
            Kind::Wholes | Kind::Many(_) => each(value, |item| item.as_i64().map(Value::from)),
            Kind::Number => {
                let read = || value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
                value.as_f64().or_else(read).filter(|number| number.is_finite()).map(Value::from)
            }
            Kind::Money => price::read(value).map(Value::from),
            Kind::Flag(_) => value.as_bool().map(Value::from),
            Kind::Moment => value.as_str().and_then(moment::read).map(Value::from),
            Kind::Inner => Some(value.clone()),
        };
        cell.ok_or_else(|| Refusal::value(self.name, value))
    }

    fn bounded(&self, value: &Value, most: usize) -> Result<Value, Refusal> {
        let text = value.as_str().ok_or_else(|| Refusal::value(self.name, value))?;
        if text.chars().count() > most {
            let text = format!("The field {} must be a string with a maximum length of {most}.", self.name);
            return Err(Refusal::Member { name: self.name.to_owned(), text });
        }
        Ok(json!(text))
    }
}

impl Kind {
    /// What kind of record the member names.
    pub(super) fn refers_to(self) -> Option<Table> {
        match self {
            Self::One(table) | Self::Many(table) => Some(table),
            Self::Keywords => Some(Table::Keyword),
            Self::Text(_)
            | Self::MaybeText
            | Self::Digits
            | Self::Texts
            | Self::DigitTexts
            | Self::Whole
            | Self::Wholes
            | Self::Number
            | Self::Money
            | Self::Flag(_)
            | Self::Moment
            | Self::Inner => None,
        }
    }

    /// What stands in a member that nobody filled.
    pub(super) fn empty(self) -> Value {
        match self {
            Self::Text(_) | Self::Digits | Self::Moment => json!(""),
            Self::MaybeText => Value::Null,
            Self::Texts | Self::DigitTexts | Self::Wholes | Self::Many(_) | Self::Keywords | Self::Inner => json!([]),
            Self::Whole | Self::One(_) => json!(0),
            Self::Number | Self::Money => json!(0.0),
            Self::Flag(unsaid) => json!(unsaid),
        }
    }
}

fn each(value: &Value, read: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    value.as_array()?.iter().map(read).collect::<Option<Vec<_>>>().map(Value::Array)
}
