//! The route table, read from the sources, so that a test covers each route that is added.

/// A path with its methods.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// The name of the path in `urls.rs`.
    pub(crate) name: &'static str,
    pub(crate) pattern: &'static str,
    methods: &'static str,
}

impl Route {
    /// True if the method (`get`, `post` or their forms for pages before sign-in) has a handler.
    pub(crate) fn has(&self, method: &str) -> bool {
        self.methods.contains(&format!("{method}(")) || self.methods.contains(&format!("{method} ="))
    }

    /// Returns the permission that the method needs.
    pub(crate) fn permission(&self, method: &str) -> Option<&'static str> {
        Some(self.methods.split_once(&format!("{method}("))?.1.split_once(')')?.0)
    }
}

/// Returns all routes, in the order of the table.
pub(crate) fn all() -> Vec<Route> {
    let paths = include_str!("../../../src/urls.rs");
    let calls = include_str!("../../../src/server/routes.rs").split("route!(").skip(1);
    let named = calls.filter_map(|call| call.split_once("urls::")?.1.split_once(','));
    let routes = named.map(|(name, rest)| {
        let pattern = paths.split_once(&format!("const {name}: &str =")).unwrap().1.split('"').nth(1).unwrap();
        Route { name, pattern, methods: rest.split("\n}").next().unwrap().split(';').next().unwrap() }
    });
    let routes: Vec<Route> = routes.collect();
    assert!(routes.len() > 50, "{}", routes.len());
    routes
}
