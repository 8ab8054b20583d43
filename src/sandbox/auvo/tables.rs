//! The resources, member by member.

use super::schema::{By, Filter, Kind, Member, Schema, Table, Verb};
use Kind::{
    DigitTexts, Digits, Flag, Inner, Keywords, Many, MaybeText, Moment, Money, Number, One, Text, Texts, Whole, Wholes,
};
use Verb::{Create, Delete, List, Patch, Read, Upsert};

const fn member(name: &'static str, kind: Kind) -> Member {
    Member { name, also: "", kind, patched: true }
}

/// A member that a PATCH does not reach.
const fn unpatched(name: &'static str, kind: Kind) -> Member {
    Member { name, also: "", kind, patched: false }
}

const fn called(name: &'static str, also: &'static str, kind: Kind) -> Member {
    Member { name, also, kind, patched: true }
}

const fn filter(key: &'static str, by: By) -> Filter {
    Filter { key, member: key, by }
}

const fn of(key: &'static str, member: &'static str, by: By) -> Filter {
    Filter { key, member, by }
}

const NAMED: &[Filter] = &[filter("id", By::Whole), filter("description", By::Part)];

/// A text whose length nobody has written down.
const ANY: Kind = Text(4_000);

pub(super) const CUSTOMER: Schema = Schema {
    name: "customers",
    id: "id",
    key: "externalId",
    changed: "dateLastUpdate",
    verbs: &[List, Read, Create, Upsert, Patch, Delete],
    required: &["description"],
    members: &[
        member("externalId", Text(255)),
        called("description", "name", Text(500)),
        member("legalName", Text(100)),
        member("cpfCnpj", Digits),
        member("phoneNumber", DigitTexts),
        member("email", Texts),
        member("manager", ANY),
        member("managerJobPosition", ANY),
        member("note", Text(5_000)),
        member("address", ANY),
        member("adressComplement", Text(1_000)),
        member("latitude", Number),
        member("longitude", Number),
        member("maximumVisitTime", Whole),
        member("unitMaximumTime", Whole),
        member("groupsId", Many(Table::Group)),
        member("managerTeamsId", Many(Table::Team)),
        member("managersId", Many(Table::User)),
        member("segmentId", One(Table::Segment)),
        member("active", Flag(true)),
        unpatched("contacts", Inner),
    ],
    filters: &[
        filter("id", By::Whole),
        filter("description", By::Part),
        filter("externalId", By::OneOf),
        filter("segmentId", By::Whole),
        of("groupId", "groupsId", By::Holds),
        filter("active", By::Flag),
        filter("creationDate", By::Since),
        filter("dateLastUpdate", By::Since),
        filter("legalName", By::Part),
        filter("cpfCnpj", By::Exact),
    ],
    selects: true,
    param: "ParamCustomerFilter",
};

pub(super) const GROUP: Schema = Schema {
    name: "customerGroups",
    id: "id",
    key: "externalId",
    changed: "",
    verbs: &[List, Create, Delete],
    required: &["description"],
    members: &[member("description", Text(255)), unpatched("clientsId", Inner)],
    filters: NAMED,
    selects: false,
    param: "ParamCustomerGroupFilter",
};

pub(super) const USER: Schema = Schema {
    name: "users",
    id: "userID",
    key: "externalId",
    changed: "",
    verbs: &[List, Read, Create, Patch],
    required: &["name", "smartPhoneNumber", "culture", "jobPosition", "login", "email"],
    members: &[
        member("externalId", ANY),
        member("name", ANY),
        member("smartPhoneNumber", ANY),
        member("login", ANY),
        member("email", ANY),
        member("culture", ANY),
        member("jobPosition", ANY),
        member("hourValue", Number),
        member("unavailableForTasks", Flag(false)),
    ],
    filters: &[
        of("userId", "userID", By::Whole),
        filter("name", By::Part),
        filter("smartPhoneNumber", By::Exact),
        of("userType", "_type", By::Whole),
        filter("externalId", By::OneOf),
    ],
    selects: true,
    param: "ParamUserFilter",
};

pub(super) const TEAM: Schema = Schema {
    name: "teams",
    id: "id",
    key: "externalId",
    changed: "",
    verbs: &[List, Create],
    required: &["description"],
    members: &[
        member("description", Text(255)),
        called("_participants", "participants", Many(Table::User)),
        called("_managers", "managers", Many(Table::User)),
    ],
    filters: NAMED,
    selects: false,
    param: "ParamTeamFilter",
};

pub(super) const SEGMENT: Schema = Schema {
    name: "segments",
    id: "id",
    key: "externalId",
    changed: "",
    verbs: &[List, Read, Create, Patch, Delete],
    required: &["description"],
    members: &[member("description", Text(255))],
    filters: NAMED,
    selects: false,
    param: "ParamSegmentFilter",
};

pub(super) const KEYWORD: Schema = Schema { name: "keywords", param: "ParamKeywordFilter", ..SEGMENT };

pub(super) const TASK_TYPE: Schema = Schema {
    name: "taskTypes",
    id: "id",
    key: "externalId",
    changed: "",
    verbs: &[List, Read, Create, Patch],
    required: &["description"],
    members: &[
        member("description", Text(255)),
        called("standartTime", "standardTime", Text(16)),
        member("toleranceTime", Text(16)),
        called("standartQuestionnaireId", "standardQuestionnaireId", Whole),
        member("active", Flag(true)),
        member("sendSatisfactionSurvey", Flag(false)),
        member("sendDigitalOs", Flag(false)),
    ],
    filters: NAMED,
    selects: false,
    param: "ParamTaskTypeFilter",
};

pub(super) const CATEGORY: Schema = Schema {
    name: "productCategories",
    id: "id",
    key: "externalId",
    changed: "",
    verbs: &[List, Read, Create, Upsert, Patch, Delete],
    required: &["description"],
    members: &[member("externalId", Text(255)), member("description", Text(255))],
    filters: &[filter("id", By::Whole), filter("description", By::Part), filter("externalId", By::Exact)],
    selects: false,
    param: "ParamProductCategoryFilter",
};

pub(super) const PRODUCT: Schema = Schema {
    name: "products",
    id: "code",
    key: "externalId",
    changed: "",
    verbs: &[List, Read, Create, Upsert, Patch, Delete],
    required: &["name"],
    members: &[
        member("externalId", Text(255)),
        member("name", Text(255)),
        member("description", Text(1_000)),
        member("categoryId", One(Table::Category)),
        member("associatedEquipmentId", Whole),
        member("unitaryValue", Money),
        member("unitaryCost", Money),
        member("minimumStock", Number),
        member("totalStock", Number),
        member("active", Flag(true)),
        unpatched("productSpecifications", Inner),
    ],
    filters: &[
        of("id", "code", By::Whole),
        filter("externalId", By::Exact),
        filter("name", By::Part),
        filter("description", By::Part),
        filter("categoryId", By::Whole),
        filter("associatedEquipmentId", By::Whole),
        filter("active", By::Flag),
        filter("lowerThanMinimumStock", By::LowStock),
    ],
    selects: false,
    param: "ParamProductFilter",
};

pub(super) const SERVICE: Schema = Schema {
    name: "services",
    id: "id",
    key: "externalCode",
    changed: "",
    verbs: &[List, Read, Create, Upsert, Patch, Delete],
    required: &["title"],
    members: &[
        member("title", ANY),
        member("description", ANY),
        member("price", Number),
        member("active", Flag(true)),
        member("fiscalServiceId", MaybeText),
        member("externalCode", ANY),
    ],
    filters: &[
        filter("id", By::Exact),
        filter("title", By::Part),
        filter("description", By::Part),
        filter("active", By::Flag),
        filter("fiscalServiceId", By::Exact),
        filter("externalCode", By::Exact),
    ],
    selects: false,
    param: "ParamServiceFilter",
};

pub(super) const TASK: Schema = Schema {
    name: "tasks",
    id: "taskID",
    key: "externalId",
    changed: "dateLastUpdate",
    verbs: &[List, Read, Create, Upsert, Patch, Delete],
    required: &["idUserFrom", "orientation", "priority"],
    members: &[
        member("externalId", Text(255)),
        member("idUserFrom", One(Table::User)),
        member("idUserTo", One(Table::User)),
        member("customerId", One(Table::Customer)),
        member("taskType", One(Table::TaskType)),
        member("taskDate", Moment),
        member("latitude", Number),
        member("longitude", Number),
        member("address", ANY),
        member("orientation", Text(5_000)),
        member("priority", Whole),
        member("checkinType", Whole),
        member("keyWords", Keywords),
        member("sendSatisfactionSurvey", Flag(false)),
        member("sendDigitalOs", Flag(false)),
        member("financialCategory", ANY),
        unpatched("equipmentsId", Wholes),
        unpatched("taskProducts", Inner),
        unpatched("taskServices", Inner),
        unpatched("taskDiscount", Inner),
    ],
    filters: &[
        filter("taskID", By::Whole),
        filter("externalId", By::OneOf),
        filter("idUserTo", By::Whole),
        of("startDate", "taskDate", By::Since),
        of("endDate", "taskDate", By::Until),
        filter("dateLastUpdate", By::Since),
        filter("customerId", By::Whole),
        of("customerGroupId", "customerId", By::CustomerGroup),
        of("teamId", "idUserTo", By::Team),
        of("type", "taskType", By::Whole),
        of("typeList", "taskType", By::Wholes),
        of("status", "taskStatus", By::Progress),
        filter("orientation", By::Part),
        of("tags", "keyWords", By::Tags),
        filter("priority", By::Whole),
    ],
    selects: true,
    param: "ParamTaskFilter",
};

pub(super) const QUOTATION: Schema = Schema {
    name: "quotations",
    id: "publicId",
    key: "externalId",
    changed: "lastUpdateDate",
    verbs: &[List, Read],
    required: &["requesterUserId"],
    members: &[
        member("customerId", One(Table::Customer)),
        member("leadName", MaybeText),
        member("externalCode", ANY),
        member("internalNote", MaybeText),
        member("taskIds", Many(Table::Task)),
        member("requesterUserId", One(Table::User)),
        member("requestDate", Moment),
        member("expireDate", Moment),
        member("observations", ANY),
        member("descount", Number),
        member("products", Inner),
        member("services", Inner),
        member("currentStage", Inner),
    ],
    filters: &[
        filter("publicId", By::Whole),
        of("usersId", "requesterUserId", By::Wholes),
        of("customersId", "customerId", By::Wholes),
        of("productsId", "products", By::Products),
        of("requestStartDate", "requestDate", By::Since),
        of("requestEndDate", "requestDate", By::Until),
        of("currentStage", "_stage", By::Stage),
        of("lastUpdateStartDate", "lastUpdateDate", By::Since),
        of("lastUpdateEndDate", "lastUpdateDate", By::Until),
    ],
    selects: false,
    param: "ParamQuotationFilter",
};

pub(super) const WEB_HOOK: Schema = Schema {
    name: "webHooks",
    id: "id",
    key: "",
    changed: "",
    verbs: &[List, Read, Create, Delete],
    required: &[],
    members: &[called("urlResponse", "targetUrl", Text(250)), member("active", Flag(true))],
    filters: &[filter("id", By::Whole), filter("active", By::Flag)],
    selects: false,
    param: "ParamWebHookFilter",
};
