//! How many files the process may have open: a connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Takes as many as the system allows. Services get few unless they ask, for the sake of programs that count on low numbers.
pub(crate) fn take_all() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the number of open files stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_the_system_allows_is_left() {
        take_all();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
