//! How the types of columns are stored: ids, other integers and booleans as INTEGER.
//!
//! Invariant: the message of a failed conversion names types and no value.

use std::{borrow::Cow, fmt};

use rusqlite::types::{Type as Storage, Value as OwnedValue, ValueRef as Borrowed};
use sqlx::{Decode, Encode, Type, TypeInfo, Value, ValueRef, encode::IsNull, error::BoxDynError};

use super::{Sqlite, cells::Cells};

/// One of SQLite's five types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteTypeInfo(Storage);

impl SqliteTypeInfo {
    pub(super) const NULL: Self = Self(Storage::Null);
}

impl fmt::Display for SqliteTypeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TypeInfo for SqliteTypeInfo {
    fn is_null(&self) -> bool {
        self.0 == Storage::Null
    }

    fn name(&self) -> &'static str {
        match self.0 {
            Storage::Null => "NULL",
            Storage::Integer => "INTEGER",
            Storage::Real => "REAL",
            Storage::Text => "TEXT",
            Storage::Blob => "BLOB",
        }
    }
}

/// A value of a row.
pub struct SqliteValueRef<'r>(pub(super) Borrowed<'r>);

/// A copy of a value.
pub struct SqliteValue(OwnedValue);

impl<'r> ValueRef<'r> for SqliteValueRef<'r> {
    type Database = Sqlite;

    fn to_owned(&self) -> SqliteValue {
        SqliteValue(match self.0 {
            Borrowed::Null => OwnedValue::Null,
            Borrowed::Integer(number) => OwnedValue::Integer(number),
            Borrowed::Real(number) => OwnedValue::Real(number),
            Borrowed::Text(text) => OwnedValue::Text(String::from_utf8_lossy(text).into_owned()),
            Borrowed::Blob(blob) => OwnedValue::Blob(blob.to_vec()),
        })
    }

    fn type_info(&self) -> Cow<'_, SqliteTypeInfo> {
        Cow::Owned(SqliteTypeInfo(self.0.data_type()))
    }

    fn is_null(&self) -> bool {
        self.0 == Borrowed::Null
    }
}

impl Value for SqliteValue {
    type Database = Sqlite;

    fn as_ref(&self) -> SqliteValueRef<'_> {
        SqliteValueRef(Borrowed::from(&self.0))
    }

    fn type_info(&self) -> Cow<'_, SqliteTypeInfo> {
        Cow::Owned(SqliteTypeInfo(self.0.data_type()))
    }

    fn is_null(&self) -> bool {
        self.0 == OwnedValue::Null
    }
}

/// Implements a type that is stored as `$storage`: `$encode` makes the stored value, `$decode` reads it.
macro_rules! stored_as {
    ($type:ty, $storage:ident, |$value:ident| $encode:expr, |$stored:ident| $decode:expr) => {
        impl Type<Sqlite> for $type {
            fn type_info() -> SqliteTypeInfo {
                SqliteTypeInfo(Storage::$storage)
            }
        }

        impl Encode<'_, Sqlite> for $type {
            fn encode_by_ref(&self, cells: &mut Cells) -> Result<IsNull, BoxDynError> {
                let $value = self;
                cells.push($encode);
                Ok(IsNull::No)
            }
        }

        impl Decode<'_, Sqlite> for $type {
            fn decode(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
                let $stored = value.0;
                Ok($decode)
            }
        }
    };
}

stored_as!(i64, Integer, |number| Borrowed::Integer(*number), |stored| stored.as_i64()?);
stored_as!(i32, Integer, |number| Borrowed::Integer(i64::from(*number)), |stored| i32::try_from(stored.as_i64()?)?);
stored_as!(bool, Integer, |is_set| Borrowed::Integer(i64::from(*is_set)), |stored| stored.as_i64()? != 0);
stored_as!(f64, Real, |number| Borrowed::Real(*number), |stored| stored.as_f64()?);
stored_as!(String, Text, |text| Borrowed::Text(text.as_bytes()), |stored| stored.as_str()?.to_owned());
stored_as!(Vec<u8>, Blob, |blob| Borrowed::Blob(blob), |stored| stored.as_blob()?.to_vec());

impl Type<Sqlite> for str {
    fn type_info() -> SqliteTypeInfo {
        SqliteTypeInfo(Storage::Text)
    }
}

impl Encode<'_, Sqlite> for &str {
    fn encode_by_ref(&self, cells: &mut Cells) -> Result<IsNull, BoxDynError> {
        cells.push(Borrowed::Text(self.as_bytes()));
        Ok(IsNull::No)
    }
}

impl Type<Sqlite> for [u8] {
    fn type_info() -> SqliteTypeInfo {
        SqliteTypeInfo(Storage::Blob)
    }
}

impl Encode<'_, Sqlite> for &[u8] {
    fn encode_by_ref(&self, cells: &mut Cells) -> Result<IsNull, BoxDynError> {
        cells.push(Borrowed::Blob(self));
        Ok(IsNull::No)
    }
}

sqlx_core::impl_encode_for_option!(Sqlite);
