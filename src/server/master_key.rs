//! Loads the master key, or creates it on first use.
//!
//! Invariant: a key is created only for a database that is bound to none, and is bound in the same startup, so a second
//! server with another key does not start. Neither does a server without the key to which the database is bound: continuing
//! would lose the sealed values.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use crate::{
    connections::secrets::SEALED_WITH,
    db::{Db, DbError},
    primitives::vault::{MasterKey, Vault},
    server::{
        bootstrap::{self, OpenError},
        config::{Config, KeySource},
    },
    settings_store,
};

const WHAT_A_KEY_IS: &str = "a master key is 32 random bytes in base64, for example from: openssl rand -base64 32";
const OTHER_KEY: &str = "This database is bound to another master key. Use the same key on every server of an installation: copy \
                         master.key from the first server, or restore the right key. Nothing was changed.";

/// Opens the vault of this database, and binds the database to its key.
///
/// # Errors
/// Returns a sentence that says what is wrong and what to do.
pub(crate) async fn open(config: &Config, db: &Db) -> Result<Vault, OpenError> {
    let failed = |error: DbError| OpenError::of(&config.database, &error);
    let bound_to = bound_to(db).await.map_err(failed)?;
    let (key, is_new) = match configured(&config.master_key)? {
        Some(key) => (key, false),
        None => match &config.master_key {
            KeySource::File(path) if bound_to.is_none() => make(path)?,
            source => return Err(missing(source).into()),
        },
    };
    let vault = Vault::new(key);
    let bound_to = match bound_to {
        Some(id) => id,
        None => bind(db, &vault).await.map_err(failed)?,
    };
    if bound_to == vault.key_id().as_bytes() {
        return Ok(vault);
    }
    if let KeySource::File(path) = &config.master_key
        && is_new
    {
        // Another server bound its key first, and nothing was sealed with this one.
        let _ = fs::remove_file(path);
    }
    Err(OTHER_KEY.to_owned().into())
}

/// The key, as found by a command that changes nothing.
pub(crate) enum Found {
    /// The key that the database is bound to.
    Bound(Vault),
    /// A key exists, but the database is not bound to one yet.
    Unbound,
    /// No key exists, and the database is not bound to one.
    NoKey,
}

/// Finds the vault of this database. Creates and binds nothing.
///
/// # Errors
/// Returns a sentence that says what is wrong and what to do.
pub(crate) async fn find(source: &KeySource, db: &Db) -> Result<Found, String> {
    let bound_to = match bound_to(db).await {
        Ok(id) => id,
        // A database without tables is not bound to a key either.
        Err(error) if error.is_no_such_table() => None,
        Err(error) => return Err(bootstrap::sentence(&error)),
    };
    match (configured(source)?.map(Vault::new), bound_to) {
        (None, Some(_)) => Err(missing(source)),
        (Some(vault), Some(id)) if id == vault.key_id().as_bytes() => Ok(Found::Bound(vault)),
        (Some(_), Some(_)) => Err(OTHER_KEY.to_owned()),
        (Some(_), None) => Ok(Found::Unbound),
        (None, None) => Ok(Found::NoKey),
    }
}

/// True if the vault opens the values sealed in the database. Since the start, another server may have bound its key first.
///
/// # Errors
/// If the database cannot be read.
pub(crate) async fn fits(db: &Db, vault: &Vault) -> Result<bool, DbError> {
    Ok(bound_to(db).await?.is_none_or(|id| id == vault.key_id().as_bytes()))
}

/// Returns the id of the key that the database is bound to.
async fn bound_to(db: &Db) -> Result<Option<Vec<u8>>, DbError> {
    settings_store::find(&mut db.reader().await?, SEALED_WITH).await
}

/// Binds the database to a key unless it is bound, and returns the id of the key to which it is then bound.
async fn bind(db: &Db, vault: &Vault) -> Result<Vec<u8>, DbError> {
    let mut tx = db.begin().await?;
    let id = settings_store::claim(&mut tx, SEALED_WITH, vault.key_id().as_bytes()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Reads the configured key; `None` if its file does not exist.
fn configured(source: &KeySource) -> Result<Option<MasterKey>, String> {
    match source {
        KeySource::Variable(text) => match MasterKey::parse(&text.0) {
            Some(key) => Ok(Some(key)),
            None => Err(format!("KS_PAY_MASTER_KEY is not a valid master key: {WHAT_A_KEY_IS}.")),
        },
        KeySource::File(path) => read(path),
    }
}

fn missing(source: &KeySource) -> String {
    let path = match source {
        KeySource::Variable(_) => "KS_PAY_MASTER_KEY".to_owned(),
        KeySource::File(path) => path.display().to_string(),
    };
    format!(
        "The database is bound to a master key, but there is no master key at {path}. Restore the key file from your backup, copy it from \
         another server of this installation, or set KS_PAY_MASTER_KEY."
    )
}

fn read(path: &Path) -> Result<Option<MasterKey>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let mode = fs::metadata(path).map(|data| data.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        return Err(format!("Others may read the master key. Run: chmod 600 {}", path.display()));
    }
    match MasterKey::parse(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(format!("{} holds no master key: {WHAT_A_KEY_IS}.", path.display())),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(data) if error.kind() == io::ErrorKind::PermissionDenied => {
            let (owner, me) = (bootstrap::user(data.uid()), bootstrap::user(rustix::process::geteuid().as_raw()));
            format!(
                "The master key at {shown} belongs to {owner}, and {me} may not read it. Run ks-pay as {owner}, or run `chown {me} {shown}` as root."
            )
        }
        _ => format!("The master key at {shown} cannot be read: {error}."),
    }
}

/// Creates the file atomically and never overwrites one: if two servers start together, one key wins. Returns that key, and
/// whether this server created it.
fn make(path: &Path) -> Result<(MasterKey, bool), String> {
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::StorageFull {
            return bootstrap::disk_full_message(&format!("The master key {}", path.display()));
        }
        format!("The master key cannot be written to {}: {error}. Allow this user to write there.", path.display())
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let draft = directory.join(format!(".master.key.{}", std::process::id()));
    let key = MasterKey::generate();
    let _ = fs::remove_file(&draft);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = writeln!(file, "{}", *key.to_base64()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => {
            fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
            Ok((key, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok((read(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?, false))
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let (made, is_new) = make(&path).unwrap();
        assert!(is_new);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, is_new) = make(&path).unwrap();
        assert!(!is_new);
        assert_eq!(*again.to_base64(), *made.to_base64());
        assert_eq!(*read(&path).unwrap().unwrap().to_base64(), *made.to_base64());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        fs::write(&path, "hush").unwrap();
        assert!(read(&path).is_err_and(|said| said.contains("chmod 600")));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path).is_err_and(|said| !said.contains("hush")));
    }
}
