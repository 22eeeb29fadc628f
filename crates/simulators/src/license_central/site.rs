//! Everything a request can reach: the store, the plans, and where each page and endpoint is.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};

use super::{arrivals::Arrivals, faults::Faults, lists, page, soap_endpoint, start_page, store::Store, web_depot};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) arrivals: Arc<Arrivals>,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Host and port to speak of when the asker names none.
    pub(crate) authority: String,
    /// Where people reach us, if that is another address than the one asked at.
    pub(crate) public_url: Option<String>,
}

impl Site {
    /// Names the address under which the asker reached us, without a slash at its end.
    pub(crate) fn base(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let plain = |host: &&str| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
        };
        format!("{}://{}", self.scheme, host.filter(plain).unwrap_or(&self.authority))
    }

    /// Writes the link with which a customer comes to the WebDepot.
    pub(crate) fn ticket_url(&self, headers: &HeaderMap, ticket: &str) -> String {
        let base = self.public_url.clone().unwrap_or_else(|| self.base(headers));
        format!("{base}{}", web_depot::path(ticket))
    }
}

/// Says whether a form or script of another site sent a request: browsers tell, others say nothing and may pass.
pub(crate) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin), host) => origin.split_once("://").map(|(_, authority)| authority) != host,
        (None, None, _) => false,
    }
}

/// Joins paths and handlers. Every path may end in a slash.
pub(crate) fn router(site: Arc<Site>) -> Router {
    let routes = [
        ("/soap", get(soap_endpoint::wsdl).post(soap_endpoint::call)),
        ("/items", get(lists::items).post(lists::add_item)),
        ("/books", get(lists::books)),
        ("/webdepot", get(web_depot::show)),
        ("/webdepot/license", get(web_depot::show).post(web_depot::act)),
    ];
    let mut router = Router::new()
        .route("/", get(start_page::show))
        .route("/style.css", get(page::style));
    for (path, methods) in routes {
        router = router.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    router
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is nothing here; the start page is /\n") })
        .with_state(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_form_of_another_site_is_told_from_our_own() {
        let own = [
            headers(&[]),
            headers(&[("sec-fetch-site", "same-origin")]),
            headers(&[("sec-fetch-site", "none")]),
            headers(&[("origin", "http://localhost:1"), ("host", "localhost:1")]),
        ];
        assert!(own.iter().all(|headers| !is_from_elsewhere(headers)));
        let others = [
            headers(&[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:1"),
                ("host", "localhost:1"),
            ]),
            headers(&[("origin", "http://evil.example"), ("host", "localhost:1")]),
            headers(&[("origin", "null"), ("host", "localhost:1")]),
        ];
        assert!(others.iter().all(is_from_elsewhere));
    }

    #[test]
    fn the_address_is_the_one_asked_for_unless_that_is_no_address() {
        let site = Site {
            store: Store::new(),
            faults: Faults::default(),
            arrivals: Arc::new(Arrivals::new(false)),
            scheme: "https",
            authority: "127.0.0.1:8".to_owned(),
            public_url: None,
        };
        assert_eq!(
            site.base(&headers(&[("host", "license.example:44")])),
            "https://license.example:44"
        );
        assert_eq!(site.base(&headers(&[("host", "[::1]:44")])), "https://[::1]:44");
        assert_eq!(site.base(&headers(&[("host", "a\"><script>")])), "https://127.0.0.1:8");
        assert_eq!(site.base(&headers(&[])), "https://127.0.0.1:8");
        assert_eq!(
            site.ticket_url(&headers(&[]), "A-B"),
            "https://127.0.0.1:8/webdepot?ticket=A-B"
        );
    }
}
