//! Message values to columns.

use crate::decimals;
use crate::errors::to_py;
use crate::fetched::FetchedMessages;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use streamreg_core::decode::{self as core, Column, ColumnType, Item, Value, debezium};
use streamreg_core::error::Error;

#[pyclass(frozen, module = "streamreg._core")]
pub struct Decoder {
    decoder: core::Decoder,
    names: Vec<String>,
}

/// A decoder of CSV records, whose fields `names` tells.
#[pyfunction]
#[pyo3(signature = (columns, names, delimiter = ',', many = false))]
pub fn csv_decoder(columns: Columns, names: Vec<String>, delimiter: char, many: bool) -> PyResult<Decoder> {
    Decoder::of(columns, many, |schema| core::csv::Dialect::new(delimiter)?.decoder(schema, &names))
}

/// A decoder of JSON objects.
#[pyfunction]
#[pyo3(signature = (columns, paths = Vec::new(), numbers_in_strings = false, many = false))]
pub fn json_decoder(
    columns: Columns,
    paths: Vec<(String, String)>,
    numbers_in_strings: bool,
    many: bool,
) -> PyResult<Decoder> {
    Decoder::of(columns, many, |schema| core::json::Options { paths, numbers_in_strings }.decoder(schema))
}

/// The schemas that one refers to: of each the name that it is called by, and its text.
type References = Vec<(String, String)>;

/// A schema of a registry: its text and those that it refers to, or why values are not read by it.
type Registered = (u32, Option<(String, References)>, String);

fn registered(schemas: Vec<Registered>) -> impl Iterator<Item = (u32, core::protobuf::Registered)> {
    schemas.into_iter().map(|(id, schema, why)| (id, schema.ok_or(why)))
}

/// The texts alone: schemas of Avro say their names themselves.
fn texts(references: References) -> Vec<String> {
    references.into_iter().map(|(_, text)| text).collect()
}

/// A decoder of Avro records behind the frames of these schemas.
#[pyfunction]
pub fn avro_decoder(
    columns: Columns,
    paths: Vec<(String, String)>,
    schemas: Vec<Registered>,
) -> PyResult<Decoder> {
    let schemas = registered(schemas).map(|(id, schema)| {
        let schema = schema.map(|(text, references)| (text, texts(references)));
        (id, schema)
    });
    let schemas = schemas.collect();
    Decoder::of(columns, false, |schema| Ok(core::avro::Reader::new(schema, &paths)?.decoder(schemas)))
}

/// What keeps a schema from giving all columns that need a value: of each the name, and why.
#[pyfunction]
pub fn avro_problems(
    columns: Columns,
    paths: Vec<(String, String)>,
    schema: &str,
    references: References,
) -> PyResult<Vec<(String, String)>> {
    let references = texts(references);
    typed(columns)
        .and_then(|columns| core::avro::Reader::new(columns, &paths)?.problems(schema, &references))
        .map_err(|error| to_py(&error))
}

/// A decoder of Protobuf messages behind the frames of these schemas.
#[pyfunction]
pub fn protobuf_decoder(
    columns: Columns,
    paths: Vec<(String, String)>,
    schemas: Vec<Registered>,
) -> PyResult<Decoder> {
    let schemas = registered(schemas).collect();
    Decoder::of(columns, false, |schema| Ok(core::protobuf::Reader::new(schema, &paths)?.decoder(schemas)))
}

/// What keeps a schema from giving all columns that need a value: of each the name, and why.
#[pyfunction]
pub fn protobuf_problems(
    columns: Columns,
    paths: Vec<(String, String)>,
    schema: &str,
    references: References,
) -> PyResult<Vec<(String, String)>> {
    typed(columns)
        .and_then(|columns| core::protobuf::Reader::new(columns, &paths)?.problems(schema, &references))
        .map_err(|error| to_py(&error))
}

/// A decoder of JSON objects behind the frames of these schemas.
#[pyfunction]
pub fn framed_json_decoder(
    columns: Columns,
    paths: Vec<(String, String)>,
    numbers_in_strings: bool,
    schemas: Vec<Registered>,
) -> PyResult<Decoder> {
    let schemas = registered(schemas).map(|(id, schema)| (id, schema.map(drop))).collect();
    Decoder::of(columns, false, |schema| {
        core::json::Options { paths, numbers_in_strings }.framed_decoder(schema, schemas)
    })
}

/// The ids of the schemas that values were written by, ascending; of those that have a frame.
#[pyfunction]
pub fn schema_ids(values: Held<'_>) -> Vec<u32> {
    core::schema_ids(&values.values())
}

/// A decoder of values that are the one column themselves.
#[pyfunction]
pub fn raw_decoder(columns: Columns) -> PyResult<Decoder> {
    Decoder::of(columns, false, core::raw::decoder)
}

/// Names and types, as Python has them.
type Columns = Vec<(String, String)>;

fn typed(columns: Columns) -> Result<Vec<(String, ColumnType)>, Error> {
    columns.into_iter().map(|(name, kind)| Ok((name, ColumnType::named(&kind)?))).collect()
}

impl Decoder {
    fn of(
        columns: Columns,
        many: bool,
        make: impl FnOnce(Vec<(String, ColumnType)>) -> Result<core::Decoder, Error>,
    ) -> PyResult<Self> {
        let names = columns.iter().map(|(name, _)| name.clone()).collect();
        let decoder = typed(columns).and_then(make).map_err(|error| to_py(&error))?;
        Ok(Self { decoder: if many { decoder.of_many() } else { decoder }, names })
    }
}

#[pymethods]
impl Decoder {
    fn decode(&self, py: Python<'_>, values: Held<'_>) -> PyResult<Decoded> {
        let values = values.values();
        let decoded = py.detach(|| self.decoder.decode(&values));
        let columns = PyList::empty(py);
        for column in decoded.columns {
            match column {
                Column::Float(values) => columns.append(values.into_pyarray(py))?,
                Column::Int(values) => columns.append(values.into_pyarray(py))?,
                Column::Decimal(words) => columns.append(decimals::array(py, words)?)?,
                Column::Bool(values) => columns.append(values.into_pyarray(py))?,
                Column::Datetime(micros, _) => columns.append(viewed(micros.into_pyarray(py), "M8[us]")?)?,
                Column::Timedelta(micros, _) => columns.append(viewed(micros.into_pyarray(py), "m8[us]")?)?,
                Column::Text(text) => columns.append(Text(text))?,
            }
        }
        let missing = decoded.missing.into_iter().map(|mask| mask.map(|mask| mask.into_pyarray(py)));
        let missing = PyList::new(py, missing.collect::<Vec<_>>())?.unbind();
        let reject_spans = decoded.rejects.iter().map(|reject| reject.span.clone()).collect();
        let rejects = decoded.rejects.into_iter().map(|reject| {
            let column = reject.column.and_then(|index| self.names.get(index).cloned());
            (reject.message, reject.kind.name(), column, reject.detail)
        });
        Ok(Decoded {
            rows: decoded.rows,
            columns: columns.unbind(),
            missing,
            messages: decoded.messages.map(|messages| messages.into_pyarray(py).unbind()),
            rejects: PyList::new(py, rejects.collect::<Vec<_>>())?.unbind(),
            tombstones: decoded.tombstones,
            spans: decoded.spans,
            reject_spans,
        })
    }
}

/// The values of messages, held so that they stay whatever becomes of a list.
pub enum Held<'py> {
    List(Vec<Option<Bound<'py, PyBytes>>>),
    Fetched(Bound<'py, FetchedMessages>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Held<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(fetched) = object.cast::<FetchedMessages>() {
            return Ok(Self::Fetched(fetched.to_owned()));
        }
        let value = |value: Bound<'py, PyAny>| -> PyResult<_> {
            if value.is_none() { Ok(None) } else { Ok(Some(value.cast_into::<PyBytes>()?)) }
        };
        object.cast::<PyList>()?.iter().map(value).collect::<PyResult<_>>().map(Self::List)
    }
}

impl Held<'_> {
    fn values(&self) -> Vec<Value<'_>> {
        match self {
            Self::List(list) => {
                list.iter().map(|value| value.as_ref().map(PyBytesMethods::as_bytes)).collect()
            }
            Self::Fetched(fetched) => fetched.get().values(),
        }
    }
}

/// Change events of Debezium, split.
#[pyclass(frozen, get_all, module = "streamreg._core")]
pub struct ChangeEvents {
    operations: String,
    before: Py<PyList>,
    after: Py<PyList>,
    rejects: Py<PyList>,
}

/// Splits the envelopes of a batch.
#[pyfunction]
pub fn debezium_events(py: Python<'_>, values: Held<'_>) -> PyResult<ChangeEvents> {
    let values = values.values();
    let events = py.detach(|| debezium::Splitter::new().map(|splitter| splitter.split(&values)));
    let (mut operations, mut rejects) = (String::with_capacity(values.len()), Vec::new());
    let (before, after) = (PyList::empty(py), PyList::empty(py));
    for (value, event) in values.iter().copied().zip(events.map_err(|error| to_py(&error))?) {
        let (mut rows, mut operation) = ([None, None], '-');
        match event {
            Some(Ok(event)) => {
                operation = letter(event.operation);
                rows = [event.before, event.after];
            }
            Some(Err(reject)) => rejects.push((reject.message, reject.kind.name(), reject.detail)),
            None => {}
        }
        operations.push(operation);
        for (list, span) in [&before, &after].into_iter().zip(rows) {
            let row = value.zip(span).and_then(|(value, span)| value.get(span));
            list.append(row.map(|row| PyBytes::new(py, row)))?;
        }
    }
    Ok(ChangeEvents {
        operations,
        before: before.unbind(),
        after: after.unbind(),
        rejects: PyList::new(py, rejects)?.unbind(),
    })
}

/// What an operation is called in `ChangeEvents.operations`.
fn letter(operation: debezium::Operation) -> char {
    match operation {
        debezium::Operation::Insert => 'c',
        debezium::Operation::Update => 'u',
        debezium::Operation::Delete => 'd',
        debezium::Operation::Truncate => 't',
        debezium::Operation::Message => 'm',
        debezium::Operation::Nothing => '-',
    }
}

/// The same memory as an array of another type.
fn viewed<'py>(array: Bound<'py, PyArray1<i64>>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    array.call_method1("view", (dtype,))
}

#[pyclass(frozen, module = "streamreg._core")]
pub struct Decoded {
    #[pyo3(get)]
    rows: usize,
    #[pyo3(get)]
    columns: Py<PyList>,
    #[pyo3(get)]
    missing: Py<PyList>,
    #[pyo3(get)]
    messages: Option<Py<PyArray1<u32>>>,
    #[pyo3(get)]
    rejects: Py<PyList>,
    #[pyo3(get)]
    tombstones: usize,
    spans: Option<Vec<core::Span>>,
    reject_spans: Vec<Option<core::Span>>,
}

#[pymethods]
impl Decoded {
    /// Where the record of a row stands in the value of its message; `None` if it is all of it.
    fn span(&self, row: usize) -> Option<(usize, usize)> {
        self.spans.as_ref()?.get(row).map(|span| (span.start, span.end))
    }

    /// The same of a reject.
    fn reject_span(&self, reject: usize) -> Option<(usize, usize)> {
        self.reject_spans.get(reject)?.as_ref().map(|span| (span.start, span.end))
    }
}

#[pyclass(frozen, module = "streamreg._core")]
pub struct Text(pub core::Text);

#[pymethods]
impl Text {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = self.0.iter().map(|item| match item {
            Item::Str(text) => PyString::new(py, text).into_any(),
            Item::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        });
        PyList::new(py, items.collect::<Vec<_>>())
    }

    fn take(&self, py: Python<'_>, mask: PyReadonlyArray1<'_, bool>) -> PyResult<Self> {
        let mask = mask.as_slice()?;
        py.detach(|| self.0.take(mask)).map(Self).map_err(|error| to_py(&error))
    }
}

/// The fields of one CSV record.
#[pyfunction]
#[pyo3(signature = (value, delimiter = ','))]
pub fn split_header(value: &[u8], delimiter: char) -> PyResult<Vec<String>> {
    core::csv::Dialect::new(delimiter).and_then(|dialect| dialect.names(value)).map_err(|error| to_py(&error))
}

/// The first record of a value that may hold many.
#[pyfunction]
#[pyo3(signature = (value, delimiter = ','))]
pub fn first_record(value: &[u8], delimiter: char) -> PyResult<&[u8]> {
    let dialect = core::csv::Dialect::new(delimiter).map_err(|error| to_py(&error))?;
    Ok(dialect.first_record(value))
}

/// Where the records of a text end.
#[pyfunction]
pub fn record_ends(
    py: Python<'_>,
    text: &[u8],
    delimiter: char,
    most: usize,
    last: bool,
) -> PyResult<Vec<usize>> {
    let dialect = core::csv::Dialect::new(delimiter).map_err(|error| to_py(&error))?;
    Ok(py.detach(|| dialect.ends(text, most, last)))
}
