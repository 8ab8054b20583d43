//! What the imitated account is made of: tables, their columns in the order of the API, and
//! where their navigation properties lead.
//!
//! Plain data. Who may write a column is said here and nowhere else.

use self::Kind::{Decimal, Flag, Integer, Moment, Text};
use super::row::List;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// The account itself.
    Account,
    /// A customer, company or person.
    Contact,
    /// Company or person.
    ContactType,
    /// A country.
    Country,
    /// A city.
    City,
    /// A custom or native field.
    Field,
    /// The kind of value of a field.
    FieldType,
    /// An interaction record.
    InteractionRecord,
    /// A segment.
    LineOfBusiness,
    /// Where a contact came from.
    Origin,
    /// The value of a custom field.
    OtherProperty,
    /// A phone of a contact.
    Phone,
    /// Kind of phone.
    PhoneType,
    /// Customer, supplier and so on.
    Relationship,
    /// A state.
    State,
    /// Status of a contact.
    Status,
    /// A tag (Marcador).
    Tag,
    /// A tag on a contact.
    ContactTag,
    /// A user.
    User,
    /// Somebody who wants to hear of changes.
    Webhook,
    /// What a webhook can hear of.
    WebhookAction,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number.
    Integer,
    /// A number with decimals.
    Decimal,
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// An instant.
    Moment,
}

/// Who may write a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Set by the server.
    Server,
    /// Free for the client.
    Client,
    /// Free for the client, as the id of an existing record.
    Names(Table),
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name on the wire.
    pub(super) name: &'static str,
    /// Its type.
    pub(super) kind: Kind,
    /// Who may write it.
    pub(super) access: Access,
}

/// Where a navigation property leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The record whose id is in this column.
    One(Table, &'static str),
    /// The rows this row owns.
    Owned(Table, List),
    /// The people of a company.
    People,
    /// The interaction records of a contact.
    Records,
    /// Something not modelled, always null.
    NoOne,
    /// Something not modelled, always empty.
    NoneOf,
}

/// One navigation property.
#[derive(Debug)]
pub(super) struct Nav {
    /// Its name on the wire.
    pub(super) name: &'static str,
    /// Where it leads.
    pub(super) link: Link,
}

impl Nav {
    /// The table it leads to, when modelled.
    pub(super) fn leads_to(&self) -> Option<Table> {
        match self.link {
            Link::One(table, _) | Link::Owned(table, _) => Some(table),
            Link::People => Some(Table::Contact),
            Link::Records => Some(Table::InteractionRecord),
            Link::NoOne | Link::NoneOf => None,
        }
    }
}

/// The shape of a table.
#[derive(Debug)]
pub(super) struct Schema {
    /// Its type name in messages.
    pub(super) name: &'static str,
    /// Its columns.
    pub(super) columns: &'static [Column],
    /// Its navigation properties.
    pub(super) navs: &'static [Nav],
}

impl Schema {
    /// A column by name.
    pub(super) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A navigation property by name.
    pub(super) fn nav(&self, name: &str) -> Option<&'static Nav> {
        self.navs.iter().find(|nav| nav.name == name)
    }
}

const fn server(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, access: Access::Server }
}

const fn client(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, access: Access::Client }
}

const fn names(name: &'static str, table: Table) -> Column {
    Column { name, kind: Kind::Integer, access: Access::Names(table) }
}

const fn one(name: &'static str, table: Table, by: &'static str) -> Nav {
    Nav { name, link: Link::One(table, by) }
}

const fn nav(name: &'static str, link: Link) -> Nav {
    Nav { name, link }
}

/// The shape of a table.
pub(super) fn schema(table: Table) -> &'static Schema {
    match table {
        Table::Account => &ACCOUNT,
        Table::Contact => &CONTACT,
        Table::ContactType => &CONTACT_TYPE,
        Table::Country => &COUNTRY,
        Table::City => &CITY,
        Table::Field => &FIELD,
        Table::FieldType => &FIELD_TYPE,
        Table::InteractionRecord => &INTERACTION_RECORD,
        Table::LineOfBusiness => &LINE_OF_BUSINESS,
        Table::Origin => &ORIGIN,
        Table::OtherProperty => &OTHER_PROPERTY,
        Table::Phone => &PHONE,
        Table::PhoneType => &PHONE_TYPE,
        Table::Relationship => &RELATIONSHIP,
        Table::State => &STATE,
        Table::Status => &STATUS,
        Table::Tag => &TAG,
        Table::ContactTag => &CONTACT_TAG,
        Table::User => &USER,
        Table::Webhook => &WEBHOOK,
        Table::WebhookAction => &WEBHOOK_ACTION,
    }
}

static ID_NAME: [Column; 2] = [server("Id", Integer), client("Name", Text)];

static ACCOUNT: Schema = Schema { name: "Account", columns: &ID_NAME, navs: &[] };
static CONTACT_TYPE: Schema = Schema { name: "ContactType", columns: &ID_NAME, navs: &[] };
static LINE_OF_BUSINESS: Schema = Schema { name: "LineOfBusiness", columns: &ID_NAME, navs: &[] };
static ORIGIN: Schema = Schema { name: "ContactOrigin", columns: &ID_NAME, navs: &[] };
static PHONE_TYPE: Schema = Schema { name: "PhoneType", columns: &ID_NAME, navs: &[] };
static WEBHOOK_ACTION: Schema = Schema { name: "WebhookAction", columns: &ID_NAME, navs: &[] };
static RELATIONSHIP: Schema = Schema { name: "ContactRelationship", columns: &ID_NAME, navs: &[] };

static FIELD_TYPE: Schema = Schema {
    name: "FieldType",
    columns: &[server("Id", Integer), server("Name", Text), server("NativeType", Text)],
    navs: &[],
};

static STATUS: Schema = Schema {
    name: "ContactStatus",
    columns: &[
        server("Id", Integer),
        server("Name", Text),
        server("Label", Text),
        server("Icon", Text),
        server("Color", Text),
        server("Prospect", Flag),
        server("Discarded", Flag),
        server("ImageName", Text),
    ],
    navs: &[],
};

static COUNTRY: Schema = Schema {
    name: "Country",
    columns: &[
        server("Id", Integer),
        server("Name", Text),
        server("Short1", Text),
        server("Short2", Text),
        server("PhoneMask", Text),
    ],
    navs: &[],
};

static STATE: Schema = Schema {
    name: "State",
    columns: &[server("Id", Integer), server("Name", Text), server("Short", Text), server("CountryId", Integer)],
    navs: &[one("Country", Table::Country, "CountryId")],
};

static CITY: Schema = Schema {
    name: "City",
    columns: &[
        server("Id", Integer),
        server("Name", Text),
        server("CountryId", Integer),
        server("StateId", Integer),
        server("IBGECode", Integer),
        server("Latitude", Text),
        server("Longitude", Text),
        server("LastUpdateDate", Moment),
        server("Editable", Flag),
    ],
    navs: &[one("State", Table::State, "StateId"), one("Country", Table::Country, "CountryId")],
};

static TAG: Schema = Schema {
    name: "Tag",
    columns: &[server("Id", Integer), client("Name", Text), client("Color", Text), client("EntityId", Integer)],
    navs: &[],
};

static CONTACT_TAG: Schema = Schema {
    name: "ContactTag",
    columns: &[
        server("Id", Integer),
        names("TagId", Table::Tag),
        server("ContactId", Integer),
        server("DealId", Integer),
        server("TaskId", Integer),
        server("InteractionRecordId", Integer),
        server("EmailId", Integer),
        server("LeadId", Integer),
        server("NoteId", Integer),
    ],
    navs: &[one("Tag", Table::Tag, "TagId"), one("Contact", Table::Contact, "ContactId")],
};

static PHONE: Schema = Schema {
    name: "ContactPhone",
    columns: &[
        server("Id", Integer),
        server("ContactId", Integer),
        client("PhoneNumber", Text),
        server("SearchPhoneNumber", Integer),
        names("TypeId", Table::PhoneType),
        names("CountryId", Table::Country),
    ],
    navs: &[
        one("Type", Table::PhoneType, "TypeId"),
        one("Country", Table::Country, "CountryId"),
        one("Contact", Table::Contact, "ContactId"),
    ],
};

static OTHER_PROPERTY: Schema = Schema {
    name: "OtherProperty",
    columns: &[
        server("Id", Integer),
        server("FieldId", Integer),
        client("FieldKey", Text),
        server("ContactId", Integer),
        server("DealId", Integer),
        client("StringValue", Text),
        client("BigStringValue", Text),
        client("IntegerValue", Integer),
        client("DecimalValue", Decimal),
        client("DateTimeValue", Moment),
        client("BoolValue", Flag),
        server("ObjectValueId", Integer),
        server("ObjectValueName", Text),
        server("UserValueId", Integer),
        server("UserValueName", Text),
        server("UserValueAvatarUrl", Text),
        server("ProductValueId", Integer),
        server("ProductValueName", Text),
        server("AttachmentValueId", Integer),
        server("AttachmentValueName", Text),
        server("ContactValueId", Integer),
        server("ContactValueName", Text),
        server("ContactValueTypeId", Integer),
        server("ContactValueRegister", Text),
        server("CurrencyValueId", Integer),
        server("AttachmentItemValueId", Integer),
        server("AttachmentItemValueName", Text),
    ],
    navs: &[one("Field", Table::Field, "FieldId")],
};

static FIELD: Schema = Schema {
    name: "Field",
    columns: &[
        server("Id", Integer),
        server("Key", Text),
        server("Name", Text),
        server("Label", Text),
        server("EntityId", Integer),
        server("SecondaryEntityId", Integer),
        server("TypeId", Integer),
        server("OptionsTableId", Integer),
        server("Multiple", Flag),
        server("Required", Flag),
        server("Unique", Flag),
        server("Dynamic", Flag),
        server("Hidden", Flag),
        server("Disabled", Flag),
        server("PropertyName", Text),
        server("UpdatePropertyName", Text),
        server("ApiUrl", Text),
        server("SendExternalKey", Flag),
    ],
    navs: &[one("Type", Table::FieldType, "TypeId")],
};

static INTERACTION_RECORD: Schema = Schema {
    name: "InteractionRecord",
    columns: &[
        server("Id", Integer),
        names("ContactId", Table::Contact),
        client("DealId", Integer),
        client("Date", Moment),
        client("Length", Integer),
        client("TypeId", Integer),
        client("Title", Text),
        client("Content", Text),
        client("Latitude", Decimal),
        client("Longitude", Decimal),
        server("VerifiedCheckIn", Flag),
        server("OriginalTaskId", Integer),
        server("TotalVoiceCallId", Integer),
        server("EmailRecipients", Text),
        server("EmailSubject", Text),
        server("CreatorId", Integer),
        server("UpdaterId", Integer),
        server("LastUpdateDate", Moment),
        server("CreateDate", Moment),
        server("Editable", Flag),
    ],
    navs: &[
        one("Contact", Table::Contact, "ContactId"),
        one("Creator", Table::User, "CreatorId"),
        nav("Deal", Link::NoOne),
        nav("Type", Link::NoOne),
        nav("Tags", Link::NoneOf),
        nav("Attachments", Link::NoneOf),
        nav("Comments", Link::NoneOf),
        nav("NotifiedUsers", Link::NoneOf),
    ],
};

static USER: Schema = Schema {
    name: "User",
    columns: &[
        server("Id", Integer),
        server("Name", Text),
        server("Email", Text),
        server("Phone", Text),
        server("AvatarUrl", Text),
        server("RoleId", Integer),
        server("ProfileId", Integer),
        server("Facebook", Text),
        server("LinkedIn", Text),
        server("Birthday", Moment),
        server("NextAnniversary", Moment),
        server("PreviousAnniversary", Moment),
        server("Integration", Flag),
        server("NativeIntegration", Flag),
        server("GoogleAuthenticatorConfigured", Flag),
        server("UserKey", Text),
        server("LastLogin", Moment),
        server("Frequency", Integer),
        server("AccountOwner", Flag),
        server("ActiveSmtp", Flag),
        server("LastSeen", Moment),
        server("LastSeenRoute", Text),
        server("LastSeenPlatform", Text),
        server("Editable", Flag),
        server("Suspended", Flag),
        server("CreatorId", Integer),
        server("UpdaterId", Integer),
        server("CreateDate", Moment),
        server("UpdateDate", Moment),
        server("LastUpdateDate", Moment),
        server("ResetPassword", Flag),
        server("Language", Text),
        server("LanguageId", Integer),
        server("NoLogin", Flag),
    ],
    navs: &[],
};

static WEBHOOK: Schema = Schema {
    name: "Webhook",
    columns: &[
        server("Id", Integer),
        client("EntityId", Integer),
        client("SecondaryEntityId", Integer),
        names("ActionId", Table::WebhookAction),
        client("Name", Text),
        client("CallbackUrl", Text),
        client("ValidationKey", Text),
        server("CreatorId", Integer),
        server("CreateDate", Moment),
        client("Active", Flag),
        server("UserWebhook", Flag),
    ],
    navs: &[],
};

static CONTACT: Schema = Schema {
    name: "Contact",
    columns: &[
        server("Id", Integer),
        names("TypeId", Table::ContactType),
        client("Name", Text),
        client("LegalName", Text),
        client("Register", Text),
        client("CNPJ", Text),
        client("CPF", Text),
        client("IdentityDocument", Text),
        names("StatusId", Table::Status),
        names("CompanyId", Table::Contact),
        names("RelationshipId", Table::Relationship),
        names("LineOfBusinessId", Table::LineOfBusiness),
        names("OriginId", Table::Origin),
        client("NumberOfEmployeesId", Integer),
        client("ClassId", Integer),
        names("OwnerId", Table::User),
        client("RoleId", Integer),
        client("DepartmentId", Integer),
        client("CurrencyId", Integer),
        client("Email", Text),
        client("Website", Text),
        client("Note", Text),
        client("StreetAddress", Text),
        client("StreetAddressNumber", Text),
        client("StreetAddressLine2", Text),
        client("Neighborhood", Text),
        client("ZipCode", Integer),
        client("ForeignZipCode", Text),
        client("ForeignZipCodeWithoutMask", Text),
        client("ForeignZipCodeCountryId", Integer),
        names("CityId", Table::City),
        names("StateId", Table::State),
        names("CountryId", Table::Country),
        client("CNAECode", Text),
        client("CNAEName", Text),
        client("CNAESecondary", Text),
        client("Birthday", Moment),
        server("NextAnniversary", Moment),
        server("PreviousAnniversary", Moment),
        client("Skype", Text),
        client("Facebook", Text),
        client("AvatarUrl", Text),
        client("EmailMarketing", Flag),
        client("HasConsent", Flag),
        client("Latitude", Decimal),
        client("Longitude", Decimal),
        client("Key", Text),
        server("LeadId", Integer),
        server("ImportId", Integer),
        server("CreateImportationId", Integer),
        server("UpdateImportationId", Integer),
        server("ImportationIdCreate", Integer),
        server("ImportationIdUpdate", Integer),
        server("PublicFormIdCreate", Integer),
        server("PublicFormIdUpdate", Integer),
        server("FirstTaskId", Integer),
        server("FirstTaskDate", Moment),
        server("TasksOrdination", Integer),
        server("HasScheduledTasks", Flag),
        server("LastInteractionRecordId", Integer),
        server("LastDealId", Integer),
        server("LastOrderId", Integer),
        server("LastQuoteId", Integer),
        server("LastDocumentId", Integer),
        server("LastCompanyId", Integer),
        server("Editable", Flag),
        server("Deletable", Flag),
        server("CreatorId", Integer),
        server("UpdaterId", Integer),
        server("CreateDate", Moment),
        server("LastUpdateDate", Moment),
    ],
    navs: &[
        one("Type", Table::ContactType, "TypeId"),
        nav("Class", Link::NoOne),
        one("City", Table::City, "CityId"),
        one("State", Table::State, "StateId"),
        one("Country", Table::Country, "CountryId"),
        one("Company", Table::Contact, "CompanyId"),
        one("Owner", Table::User, "OwnerId"),
        one("Creator", Table::User, "CreatorId"),
        one("Updater", Table::User, "UpdaterId"),
        one("Status", Table::Status, "StatusId"),
        one("Relationship", Table::Relationship, "RelationshipId"),
        one("LineOfBusiness", Table::LineOfBusiness, "LineOfBusinessId"),
        one("Origin", Table::Origin, "OriginId"),
        nav("NumberOfEmployees", Link::NoOne),
        nav("Role", Link::NoOne),
        nav("Department", Link::NoOne),
        nav("Currency", Link::NoOne),
        nav("Phones", Link::Owned(Table::Phone, List::Phones)),
        nav("Tags", Link::Owned(Table::ContactTag, List::Tags)),
        nav("OtherProperties", Link::Owned(Table::OtherProperty, List::OtherProperties)),
        nav("Contacts", Link::People),
        nav("CollaboratingUsers", Link::NoneOf),
        nav("Attachments", Link::NoneOf),
        nav("InteractionRecords", Link::Records),
    ],
};
