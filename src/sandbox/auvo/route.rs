//! Finds out what a path is about; letters in any case, the last slash at will.

use super::schema::{TABLES, Table, schema};

/// What a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The login.
    Login,
    /// All records of a kind.
    All(Table),
    /// The record of an id, in small letters.
    One(Table, String),
    /// The tasks that were deleted.
    Deleted,
    /// The customers of a group.
    Clients(String),
    /// The lines of a task.
    Lines(String, LineKind),
}

/// What the lines of a task are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Products.
    Products,
    /// Services.
    Services,
}

impl Route {
    /// Reads a path, with or without the version before it.
    pub(super) fn read(path: &str) -> Option<Self> {
        let path = path.to_lowercase();
        let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
        parts.next_if_eq(&"v2");
        let first = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        if first == "login" {
            return rest.is_empty().then_some(Self::Login);
        }
        let table = TABLES.into_iter().find(|table| schema(*table).name.eq_ignore_ascii_case(first))?;
        match (table, rest.as_slice()) {
            (table, []) => Some(Self::All(table)),
            (Table::Task, ["getdeletedtasks"]) => Some(Self::Deleted),
            (table, [id]) => Some(Self::One(table, (*id).to_owned())),
            (Table::Group, [id, "clients"]) => Some(Self::Clients((*id).to_owned())),
            (Table::Task, [id, "products"]) => Some(Self::Lines((*id).to_owned(), LineKind::Products)),
            (Table::Task, [id, "services"]) => Some(Self::Lines((*id).to_owned(), LineKind::Services)),
            _ => None,
        }
    }

    /// Under which name its calls are counted.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::All(table) | Self::One(table, _) => schema(*table).name,
            Self::Deleted => "tasks/GetDeletedTasks",
            Self::Clients(_) => "customerGroups/clients",
            Self::Lines(_, LineKind::Products) => "tasks/products",
            Self::Lines(_, LineKind::Services) => "tasks/services",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_in_any_case_and_with_or_without_its_slash() {
        assert_eq!(Route::read("/v2/Customers/"), Some(Route::All(Table::Customer)));
        assert_eq!(Route::read("/customers"), Some(Route::All(Table::Customer)));
        assert_eq!(Route::read("/v2/taskTypes/12"), Some(Route::One(Table::TaskType, "12".to_owned())));
        assert_eq!(Route::read("/v2/services/AB-c/"), Some(Route::One(Table::Service, "ab-c".to_owned())));
        assert_eq!(Route::read("/v2/tasks/GetDeletedTasks"), Some(Route::Deleted));
        assert_eq!(Route::read("/v2/tasks/9/products"), Some(Route::Lines("9".to_owned(), LineKind::Products)));
        assert_eq!(Route::read("/v2/customerGroups/6/clients/"), Some(Route::Clients("6".to_owned())));
        assert_eq!(Route::read("/v2/budgets"), None);
        assert_eq!(Route::read("/v2/customers/1/clients"), None);
    }
}
