//! One kind of request: its templates, its pages, its answer, and how it is read from the file.

use super::lower::{Whole, method, pairs, path, paths, positive, to_usize};
use super::resource::Around;
use crate::config::located::{Entries, Located};
use crate::config::template::{Names, Template};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::Path;

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The kind, by which calls are paced and counted.
    pub name: String,
    /// Whether it looks or changes.
    pub on: On,
    /// Its method.
    pub method: Method,
    /// Its path below the base URL.
    pub path: Template,
    /// Its query parameters.
    pub query: Vec<(String, Template)>,
    /// Its body, before the frame is put around it.
    pub body: Option<Template>,
    /// What is added when only changed records are wanted.
    pub window: Option<Window>,
    /// How a long answer is cut into pages.
    pub paging: Paging,
    /// Most ids or values in one request.
    pub many: usize,
    /// Rows of the list hold less than the records: each record is fetched.
    pub thin: bool,
    /// Where the answer of a read holds its rows.
    pub records: Option<Path>,
    /// Where the answer of a write holds the id.
    pub answer_id: Option<Path>,
    /// Where the answer of a write holds the whole record.
    pub answer_record: Option<Path>,
    /// What a creation must not carry: it is sent in an update right after it.
    pub without: Vec<Path>,
}

impl Call {
    /// One that asks for a single page and whose answer is taken as it is.
    pub(super) fn plain(
        name: String,
        on: On,
        (method, path): (Method, Template),
        query: Vec<(String, Template)>,
        body: Option<Template>,
    ) -> Self {
        Self {
            name,
            on,
            method,
            path,
            query,
            body,
            window: None,
            paging: Paging::None,
            many: 1,
            thin: false,
            records: None,
            answer_id: None,
            answer_record: None,
            without: Vec::new(),
        }
    }
}

/// What is added to a request when only changed records are wanted.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Query parameters.
    pub query: Vec<(String, Template)>,
    /// Members of the body.
    pub body: Option<Template>,
}

/// How a long answer is cut into pages.
#[derive(Clone, Debug)]
pub enum Paging {
    /// It is not.
    None,
    /// By number.
    Pages {
        /// The number of the first page.
        first: u64,
        /// Rows of a page.
        size: u64,
        /// Where the answer says how many pages there are, if it does.
        pages: Option<Path>,
        /// Where the answer says how many rows there are.
        rows: Option<Path>,
    },
    /// By the number of rows to pass over.
    Skip {
        /// Rows of a page.
        size: u64,
        /// Where the answer says how many rows there are.
        rows: Option<Path>,
    },
    /// By moving the start of the window to the last moment seen, so that a row that is touched
    /// while we read pushes no other row out of sight. Needs rows in the order of their change.
    Moments {
        /// Rows of a page.
        size: u64,
        /// Where the answer says how many rows there still are.
        rows: Option<Path>,
    },
}

impl Paging {
    /// Rows of a page.
    pub const fn size(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Pages { size, .. } | Self::Skip { size, .. } | Self::Moments { size, .. } => Some(*size),
        }
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
}

impl Method {
    /// As it stands in a request.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// The two things a call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// It looks.
    Read,
    /// It changes.
    Write,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    List,
    Fetch,
    Find,
    Create,
    Update,
}

/// Every name an expression of a call may use.
pub(super) const NAMES: &[&str] =
    &["secret", "name", "page", "size", "skip", "since", "now", "ids", "values", "id", "body"];
/// What the list of a resource may use.
pub(super) const LIST: &[&str] = &["secret", "name", "page", "size", "skip", "now"];
/// The same in a probe that was told something before.
pub(super) const PROBED: &[&str] = &["secret", "name", "page", "size", "skip", "now", "known"];
const WINDOW: &[&str] = &["secret", "name", "page", "size", "skip", "now", "since"];
const FETCH: &[&str] = &["secret", "name", "page", "size", "skip", "now", "ids"];
const FIND: &[&str] = &["secret", "name", "page", "size", "skip", "now", "values"];
const CREATE: &[&str] = &["secret", "name", "body"];
const UPDATE: &[&str] = &["secret", "name", "body", "id"];

impl Role {
    const fn names(self, whole: &Whole<'_>) -> &'static [&'static str] {
        match self {
            Self::List => whole.list,
            Self::Fetch => FETCH,
            Self::Find => FIND,
            Self::Create => CREATE,
            Self::Update => UPDATE,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Fetch => "fetch",
            Self::Find => "find",
            Self::Create => "create",
            Self::Update => "update",
        }
    }

    const fn on(self) -> On {
        match self {
            Self::List | Self::Fetch | Self::Find => On::Read,
            Self::Create | Self::Update => On::Write,
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::List | Self::Fetch | Self::Find => Method::Get,
            Self::Create => Method::Post,
            Self::Update => Method::Patch,
        }
    }
}

/// Lowers one call.
pub(super) fn call(
    written: &Located,
    role: Role,
    around: &Around<'_>,
    whole: &Whole<'_>,
    complaints: &mut Diagnostics,
) -> Option<Call> {
    let mut entries = written.entries(complaints)?;
    let names = whole.names(role.names(whole));
    let name = entries.take("call").and_then(|at| at.text(complaints));
    let method = entries.take("method").and_then(|at| method(at, complaints)).or(whole.method);
    let path_here = entries.take("path").and_then(|at| Template::lower(at, whole.host, names, complaints));
    let query = entries.take("query").map(|at| pairs(at, whole.host, names, complaints)).unwrap_or_default();
    let written_body = entries.take("body");
    let mut body = written_body.and_then(|at| Template::lower(at, whole.host, names, complaints));
    let template = path_here.or_else(|| around.path.clone());
    if template.is_none() {
        complaints.push(Diagnostic::new(Code::MissingKey, &written.place, "`path` is missing"));
    }
    let name = name.unwrap_or_else(|| format!("{} {}", role.word(), around.name));
    let asked = (method.unwrap_or_else(|| role.method()), template?);
    let mut found = Call::plain(name, role.on(), asked, query, None);
    match role {
        Role::List | Role::Fetch | Role::Find => read(&mut found, role, &mut entries, (around, whole), complaints),
        Role::Create | Role::Update => {
            body = body.or_else(|| Template::name("body", whole.host));
            answer(&mut found, &mut entries, complaints);
            if role == Role::Create
                && let Some(at) = entries.take("without")
            {
                found.without = paths(at, complaints);
            }
        }
    }
    if role == Role::Create && found.answer_id.is_none() && found.answer_record.is_none() {
        complaints.push(
            Diagnostic::new(
                Code::MissingKey,
                &written.place,
                "the answer of `create` says not where the new id stands",
            )
            .hint("write `answer: { id: path }`, or `answer: { record: path }`"),
        );
    }
    found.body = body;
    entries.finish(complaints);
    Some(found)
}

fn read(
    found: &mut Call,
    role: Role,
    entries: &mut Entries<'_>,
    (around, whole): (&Around<'_>, &Whole<'_>),
    complaints: &mut Diagnostics,
) {
    found.records = entries.take("records").and_then(|at| path(at, complaints)).or_else(|| around.records.clone());
    let paged = entries.take("paging");
    found.paging = paged.and_then(|at| paging(at, complaints)).unwrap_or(Paging::None);
    if role == Role::List {
        found.thin = entries.take("thin").and_then(|at| at.boolean(complaints)).unwrap_or(false);
        found.window = entries.take("window").and_then(|at| window(at, whole, whole.names(WINDOW), complaints));
    } else if let Some(many) = entries.take("many").and_then(|at| positive(at, complaints)) {
        found.many = to_usize(many);
    }
    if let (Paging::Moments { .. }, None, Some(at)) = (&found.paging, &found.window, paged) {
        complaints.push(
            Diagnostic::new(Code::MissingKey, &at.place, "`moments` moves a window, and this call has no `window`")
                .hint("write a `window:` that filters by `since`, or page by `skip`"),
        );
    }
}

fn answer(found: &mut Call, entries: &mut Entries<'_>, complaints: &mut Diagnostics) {
    let Some(mut answer) = entries.take("answer").and_then(|at| at.entries(complaints)) else { return };
    found.answer_id = answer.take("id").and_then(|at| path(at, complaints));
    found.answer_record = answer.take("record").and_then(|at| path(at, complaints));
    answer.finish(complaints);
}

fn window(at: &Located, whole: &Whole<'_>, names: Names<'_>, complaints: &mut Diagnostics) -> Option<Window> {
    let mut entries = at.entries(complaints)?;
    let query = entries.take("query").map(|at| pairs(at, whole.host, names, complaints)).unwrap_or_default();
    let body = entries.take("body").and_then(|at| Template::lower(at, whole.host, names, complaints));
    entries.finish(complaints);
    Some(Window { query, body })
}

fn paging(at: &Located, complaints: &mut Diagnostics) -> Option<Paging> {
    let mut kinds = at.entries(complaints)?;
    let pages = kinds.take("pages").and_then(|at| by_pages(at, complaints));
    let skip = kinds.take("skip").and_then(|at| by_rows(at, complaints));
    let moments = kinds.take("moments").and_then(|at| by_rows(at, complaints));
    kinds.finish(complaints);
    let skip = skip.map(|(size, rows)| Paging::Skip { size, rows });
    let moments = moments.map(|(size, rows)| Paging::Moments { size, rows });
    let mut found: Vec<Paging> = [pages, skip, moments].into_iter().flatten().collect();
    if found.len() > 1 {
        complaints.push(
            Diagnostic::new(Code::BadValue, &at.place, "a listing is paged in one way")
                .hint("keep one of `pages`, `skip` and `moments`"),
        );
    }
    found.pop()
}

fn by_pages(at: &Located, complaints: &mut Diagnostics) -> Option<Paging> {
    let mut entries = at.entries(complaints)?;
    let first = entries.take("first").and_then(|at| at.count(complaints)).unwrap_or(1);
    let size = entries.need("size", complaints).and_then(|at| positive(at, complaints));
    let pages = entries.take("pages").and_then(|at| path(at, complaints));
    let rows = entries.take("rows").and_then(|at| path(at, complaints));
    entries.finish(complaints);
    Some(Paging::Pages { first, size: size?, pages, rows })
}

fn by_rows(at: &Located, complaints: &mut Diagnostics) -> Option<(u64, Option<Path>)> {
    let mut entries = at.entries(complaints)?;
    let size = entries.need("size", complaints).and_then(|at| positive(at, complaints));
    let rows = entries.take("rows").and_then(|at| path(at, complaints));
    entries.finish(complaints);
    Some((size?, rows))
}
