//! Records made up from what is known of their places: what cases hold there, what the shape admits,
//! and what people and systems are known to write. The same ones each time.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use serde_json::{Map, Value, json};

use super::stage::Stage;
use crate::config::system::{Kind, Shape};
use crate::mapping::Mapping;
use crate::mapping::canon::Canon;
use crate::mapping::field::{At, Field, is_empty};
use crate::path::Path;
use crate::record::{Rows, Side};
use crate::reference::scalar_text;
use crate::workspace::Workspace;

/// Most values taken from cases for one place.
const SEEN_MAX: usize = 40;
/// Letters of a long text where nobody says how many fit.
const LONG: usize = 300;

/// A place of a record, and what may stand there.
struct Place<'a> {
    path: &'a Path,
    pool: Vec<Value>,
}

/// Records of a side: every value of every place stands in one of them, beside others.
pub(super) fn bodies(
    workspace: &Workspace,
    mapping: &Mapping,
    side: Side,
    (seen, rows): (&[Value], &Rows),
) -> Vec<Value> {
    let places = places(workspace, mapping, side, (seen, rows));
    let longest = places.iter().map(|place| place.pool.len()).max().unwrap_or(0);
    let mut random = fastrand::Rng::with_seed(7);
    let mut made = Vec::new();
    for number in 0..longest {
        // Half of them are a record of a case with other values; the others hold these values alone.
        let base = seen.get(number / 2 % seen.len().max(1)).filter(|_| number % 2 == 0);
        let mut body = base.cloned().unwrap_or_else(|| Value::Object(Map::new()));
        for (at, place) in places.iter().enumerate().filter(|(_, place)| !place.pool.is_empty()) {
            // Once every value of a place had its turn, it is left empty now and then.
            if number >= place.pool.len() && random.u8(..4) == 0 {
                drop(place.path.take(&mut body));
            } else if let Some(value) = place.pool.get((number + at) % place.pool.len()) {
                place.path.set(&mut body, value.clone());
            }
        }
        mapping.sides.get(side).id.set(&mut body, json!(number + 1));
        made.push(body);
    }
    made
}

fn places<'a>(
    workspace: &Workspace,
    mapping: &'a Mapping,
    side: Side,
    (seen, rows): (&[Value], &Rows),
) -> Vec<Place<'a>> {
    let end = mapping.sides.get(side);
    let system = workspace.project.systems.get(&end.system);
    let shapes = system.and_then(|system| system.resources.get(&end.resource)).map(|resource| &resource.shape);
    let shape_of = |path: &Path| shapes.and_then(|shapes| shapes.get(path.text()));
    let mut found: BTreeMap<&str, Place<'a>> = BTreeMap::new();
    for field in &mapping.fields {
        let own = field.ends.get(side);
        let At::Path(path) = &own.at else { continue };
        if own.is_id {
            continue;
        }
        let mut pool = held(seen, path);
        pool.extend(days(&pool));
        pool.extend(made_up(field, side, shape_of(path), rows));
        found.entry(path.text()).or_insert(Place { path, pool });
    }
    for (path, _) in mapping.views.iter().filter(|view| view.side == side).flat_map(|view| &view.of) {
        let mut pool = held(seen, path);
        pool.extend(days(&pool));
        pool.extend(of_shape(shape_of(path), Canon::Plain));
        pool.extend(lists(&pool));
        found.entry(path.text()).or_insert(Place { path, pool });
    }
    let mut places: Vec<Place<'a>> = found.into_values().collect();
    places.iter_mut().for_each(|place| sift(&mut place.pool));
    places
}

/// What every record of a side holds at least, with a value that one of these has there.
pub(super) fn required(workspace: &Workspace, mapping: &Mapping, side: Side, stages: &[Stage]) -> Vec<(Path, Value)> {
    let end = mapping.sides.get(side);
    let system = workspace.project.systems.get(&end.system);
    let shapes = system.and_then(|system| system.resources.get(&end.resource)).map(|resource| &resource.shape);
    let value = |path: &Path| {
        let mut seen = stages.iter().flat_map(|stage| stage.records.get(side)).filter_map(|body| path.get(body));
        let made = || of_shape(shapes.and_then(|shapes| shapes.get(path.text())), Canon::Plain).into_iter().next();
        seen.find(|value| !is_empty(value)).or_else(made)
    };
    end.required.iter().filter_map(|(path, _)| Some((path.clone(), value(path)?))).collect()
}

/// What cases hold at a place.
fn held(seen: &[Value], path: &Path) -> Vec<Value> {
    let mut pool: Vec<Value> = Vec::new();
    for value in seen.iter().filter_map(|body| path.get(body)) {
        if !value.is_null() && !pool.contains(&value) && pool.len() < SEEN_MAX {
            pool.push(value);
        }
    }
    pool
}

/// Where a place holds a day: others at the edges of months and years, written as it is.
fn days(pool: &[Value]) -> Vec<Value> {
    let mut texts = pool.iter().filter_map(Value::as_str);
    let is_day = |text: &str, form: &str| text.get(..10).is_some_and(|day| Date::strptime(form, day).is_ok());
    let forms = ["%Y-%m-%d", "%d/%m/%Y"];
    let like = texts.find_map(|text| Some((text, forms.into_iter().find(|form| is_day(text, form))?)));
    let Some((text, form)) = like else { return Vec::new() };
    let edges = [date(2024, 2, 29), date(2026, 12, 31), date(2027, 1, 1)];
    let rest = text.get(10..).unwrap_or_default();
    edges.into_iter().map(|day| Value::from(format!("{}{rest}", day.strftime(form)))).collect()
}

/// Each value once.
fn sift(pool: &mut Vec<Value>) {
    let mut kept: Vec<Value> = Vec::new();
    for value in std::mem::take(pool) {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    *pool = kept;
}

/// What may stand at the place of a line.
fn made_up(field: &Field, side: Side, shape: Option<&Shape>, rows: &Rows) -> Vec<Value> {
    let end = field.ends.get(side);
    if let Some(lookup) = &end.lookup {
        let known = rows.get(&lookup.reference).into_iter().flatten().filter_map(|row| row.get(&lookup.id).cloned());
        let ids = known.take(SEEN_MAX);
        let member = |id: Value| match &end.member {
            Some(member) => json!([{ member: id }]),
            None => id,
        };
        return ids.chain([json!(987_654_321)]).map(member).collect();
    }
    if field.set {
        let names = ["VIP", "vip ", "Ação", "a,b"].map(|name| match &end.member {
            Some(member) => json!({ member: name }),
            None => json!(name),
        });
        let [one, two, three, four] = names;
        return vec![json!([one]), json!([one, two]), json!([three, one]), json!([four, three])];
    }
    let mut made: Vec<Value> = end.table.iter().map(|(here, _)| of_kind(shape, here)).collect();
    made.extend(of_shape(shape, field.canon));
    made.extend(too_long(shape, field.ends.get(side.other()).slot.max));
    made
}

/// A text of one letter more than the other side takes, where this one holds it.
fn too_long(shape: Option<&Shape>, fits: Option<usize>) -> Option<Value> {
    let length = fits? + 1;
    let holds = shape.is_none_or(|shape| {
        shape.kind == Kind::Text && shape.values.is_empty() && shape.max.is_none_or(|max| length <= max)
    });
    holds.then(|| Value::from("x".repeat(length)))
}

/// Values that a shape admits.
fn of_shape(shape: Option<&Shape>, canon: Canon) -> Vec<Value> {
    let values = shape.map(|shape| shape.values.as_slice()).unwrap_or_default();
    if !values.is_empty() {
        return values.iter().map(|text| of_kind(shape, text)).collect();
    }
    match shape.map_or(Kind::Text, |shape| shape.kind) {
        Kind::Text => texts(canon, shape.and_then(|shape| shape.max)),
        Kind::Integer if canon == Canon::Cep => vec![json!(1_310_100), json!(80_420_090)],
        Kind::Integer => vec![json!(1), json!(42), json!(-7)],
        Kind::Number => vec![json!(10), json!(10.5), json!(0.01), json!(1_234_567.89), json!(12.345)],
        Kind::Bool => vec![json!(true), json!(false)],
        Kind::List | Kind::Map | Kind::Any => Vec::new(),
    }
}

/// A text in the kind of its place.
fn of_kind(shape: Option<&Shape>, text: &str) -> Value {
    match shape.map(|shape| shape.kind) {
        Some(Kind::Bool) => json!(text == "true"),
        Some(Kind::Integer | Kind::Number) => text.parse::<i64>().map_or_else(|_| json!(text), Value::from),
        Some(Kind::Text | Kind::List | Kind::Map | Kind::Any) | None => json!(text),
    }
}

/// Texts as people and systems write them, those that fit.
fn texts(canon: Canon, max: Option<usize>) -> Vec<Value> {
    let any =
        ["A", "a", "7", "007", " Ana ", "Ana  Maria", "JOSÉ", "José & \"Cia\" <b>", "a, b; c - d", "linha\noutra", "✓"];
    let known: &[&str] = match canon {
        Canon::Plain | Canon::Text => &any,
        Canon::Digits => &["7", "007", "1091-1/02", "3550308"],
        Canon::DocumentBr => &["11222333000181", "11.222.333/0001-81", "529.982.247-25", "12.ABC.345/01DE-35", "7"],
        Canon::Email => &["ana@ex.com", "Ana@Ex.com", " ana@ex.com ", "a@ex.com, b@ex.com", "sem arroba"],
        Canon::PhoneBr => &[
            "(11) 3000-1000",
            "11980001000",
            "+55 (11) 3000-1000",
            "011 3000-1000",
            "3000-1000",
            "0800 123 4567",
            "+1 (415) 555-0100",
            "3000-1000 r. 22",
        ],
        Canon::Cep => &["01310-100", "01310100", "80420090", "123"],
        Canon::Money => &["10", "10.5", "0.01", "1234567.89"],
        Canon::City => &["SAO PAULO (SP)", "São Paulo", "Recife"],
        Canon::Url => &["ex.com", "https://Ex.com/", "http://ex.com/a?b=c"],
    };
    let long = "x".repeat(max.unwrap_or(LONG));
    let fits = |text: &&str| max.is_none_or(|max| text.chars().count() <= max);
    known.iter().copied().chain([long.as_str()]).filter(fits).map(Value::from).collect()
}

/// Lists of the rows that lists hold: each alone, backwards, twice.
fn lists(pool: &[Value]) -> Vec<Value> {
    let rows: Vec<&Value> = pool.iter().filter_map(Value::as_array).flatten().collect();
    let mut made: Vec<Value> = rows.iter().take(SEEN_MAX / 2).map(|row| json!([row])).collect();
    let whole = pool.iter().filter_map(Value::as_array).filter(|list| !list.is_empty());
    for list in whole.take(SEEN_MAX / 4) {
        made.push(list.iter().rev().cloned().collect());
        made.push(list.iter().chain(list).cloned().collect());
    }
    let plain = pool.iter().filter(|value| scalar_text(value).is_some()).count();
    if plain > 0 { Vec::new() } else { made }
}
