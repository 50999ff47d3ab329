//! Values in SQLite's five types: the parameters of a statement, or the rows of a result.
//!
//! Invariant: texts and blobs are in one buffer, so that the number of allocations does not grow with the number of values.

use rusqlite::types::ValueRef;

/// Values, in order.
#[derive(Default)]
pub struct Cells {
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text { start: usize, end: usize },
    Blob { start: usize, end: usize },
}

impl Cells {
    pub(super) fn push(&mut self, value: ValueRef<'_>) {
        let cell = match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Real(number),
            ValueRef::Text(text) => {
                let (start, end) = self.store(text);
                Cell::Text { start, end }
            }
            ValueRef::Blob(blob) => {
                let (start, end) = self.store(blob);
                Cell::Blob { start, end }
            }
        };
        self.cells.push(cell);
    }

    fn store(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        (start, self.bytes.len())
    }

    /// Returns the value with that index, which must be less than [`Self::len`].
    pub(super) fn get(&self, index: usize) -> ValueRef<'_> {
        match self.cells[index] {
            Cell::Null => ValueRef::Null,
            Cell::Integer(number) => ValueRef::Integer(number),
            Cell::Real(number) => ValueRef::Real(number),
            Cell::Text { start, end } => ValueRef::Text(&self.bytes[start..end]),
            Cell::Blob { start, end } => ValueRef::Blob(&self.bytes[start..end]),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Reserves memory for that many more values, and for that many more bytes of texts and blobs.
    pub(super) fn reserve(&mut self, values: usize, bytes: usize) {
        self.cells.reserve(values);
        self.bytes.reserve(bytes);
    }
}
